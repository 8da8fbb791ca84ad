// Small files fetched before Nix, which reads one after the other, asks for them.
//
// Invariant: bounded in bytes, whatever sizes a cache gives its files, and as many at a time as Nix allows
// connections. Nothing is fetched before the first read. Files that are hardly wanted are few: their number
// grows with each that was. A file is handed out once; one that could not be fetched counts as never
// foreseen, so that its reader gets the error.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bucket.hh"

namespace oarlock_nix {

class read_ahead {
 public:
  explicit read_ahead(const bucket &from);
  ~read_ahead();
  read_ahead(const read_ahead &) = delete;

  // A file that may be read, and its size if the cache is right. The likely ones are fetched first.
  void foresee(const std::string &key, std::uint64_t size, bool likely);
  // The file, if it was fetched ahead; waits for it if it is under way. Fetches others meanwhile.
  std::optional<file> take(const std::string &key);

 private:
  struct state;
  static void fill(const std::shared_ptr<state> &all);

  std::shared_ptr<state> state_;
};

}  // namespace oarlock_nix
