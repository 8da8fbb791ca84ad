// A binary cache's files as objects of a bucket: looked for, read, written, listed; and the sentences for
// what goes wrong.
//
// Invariant: what runs on Nix's threads waits in short turns and asks Nix each time whether to go on; sources
// and sinks of Nix run on the thread that called, with no frame of oarlock below them. S3 and its options are
// oarlock's: the URL and the settings are handed over as they came. Only reads may go without keys, and only
// if none were found in any place: so Nix has always read public buckets.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <oarlock.hpp>

#include "pump.hh"

namespace oarlock_nix {

// Why a file could not be had, in a sentence that names it, its cache, who asked, and what to do.
class trouble : public std::runtime_error {
 public:
  enum kind { missing, denied, other };
  trouble(kind what, const std::string &sentence) : std::runtime_error(sentence), kind_(what) {}
  kind what_kind() const noexcept { return kind_; }

 private:
  kind kind_;
};

struct file {
  std::string body;
  // As the server returns it, "" for none.
  std::string encoding;
};

using progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// A file to write. Its stream is read once, on the thread that serves the call.
struct upload {
  std::string key;
  std::shared_ptr<std::istream> from;
  std::uint64_t size = 0;
  std::string mime;
  std::string encoding;
  progress moved = nullptr;
};

using parameters = std::vector<std::pair<std::string, std::string>>;

class bucket {
 public:
  // `place` is a URL without parameters. Those go along as parts of the URL, of two for one setting the first
  // counts; `settings` are the user's own word, which counts before them and is trusted more.
  bucket(const std::string &place, const parameters &given, const parameters &settings);

  const std::string &url() const noexcept { return url_; }
  // Whether it is read without keys, because there are none.
  bool by_stranger() const;

  bool exists(const std::string &key) const;
  file read(const std::string &key) const;
  // Hands the bytes over as they come; answers how they are encoded.
  std::string stream(const std::string &key, const std::function<void(std::string_view)> &to,
                     const progress &moved) const;
  void write(const upload &what) const;
  void list(const std::function<void(std::string_view key)> &each) const;
  // Reads without waiting: `told` learns, on the pump's thread, the file or a `trouble`.
  void fetch(const std::string &key, std::function<void(file, std::exception_ptr)> told) const;
  // The same for a file of a known size, for nobody who waits: nothing if it fails, is larger, or `stop` is
  // set.
  void fetch_small(const std::string &key, std::uint64_t size, std::shared_ptr<std::atomic<bool>> stop,
                   std::function<void(std::optional<file>)> told) const;

  // Where requests go, without asking anyone: what the parameters, the environment and the profile say.
  // Throws if a profile is named that does not exist.
  struct reach {
    std::string endpoint, region, profile;
  };
  reach find_reach() const;

  // For the pump: the calls themselves, and what their failures mean.
  oarlock::call begin_exists(const std::string &key) const;
  oarlock::call begin_write(const upload &what) const;
  void explain(std::exception_ptr failed, const char *doing, const std::string &key,
               std::function<void(std::exception_ptr)> told) const;

 private:
  // Copies share what is known of the keys.
  struct stranger;
  template <typename Work>
  auto reading(const char *what, const std::string &key, Work work) const;
  template <typename Work>
  auto doing(const char *what, const std::string &key, const oarlock::store &by, Work work) const;
  oarlock::store reader() const;
  bool none_found(const oarlock::error &error) const;
  void tell_of_stranger() const;
  void explain(const oarlock::store &by, std::exception_ptr failed, const char *doing, const std::string &key,
               std::function<void(std::exception_ptr)> told) const;
  oarlock::value wait(oarlock::call &call) const;
  oarlock::call heard(oarlock::call call, const std::string &key) const;

  oarlock::store store_;
  std::string url_;
  std::shared_ptr<stranger> stranger_;
};

}  // namespace oarlock_nix
