// Uploads that go on while Nix, which uploads one at a time, prepares the next.
//
// Invariant: whoever finds a .narinfo finds all it speaks of. So one is written after the files of its own
// path and after the .narinfos of its references; everything else is written as soon as there is room. Room
// is bounded: `add` waits for it. The first failure stops all, and what is still under way when a batch goes
// away is cancelled and undone. Several threads may fill one.

#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bucket.hh"

namespace oarlock_nix {

class batch {
 public:
  // With `replaces`, what is there already is written again.
  batch(const bucket &into, bool replaces);
  ~batch();
  batch(const batch &) = delete;

  // Takes an upload; throws what an earlier one failed with. With `unless_there`, an object that is there
  // already is left as it is.
  void add(upload what, bool unless_there);
  // The same for the .narinfo that ends a path, with the .narinfos of its references.
  void add_narinfo(upload what, const std::vector<std::string> &references);
  // Waits for all; throws the first failure.
  void finish();
  // Whether a file that was taken is no longer under way.
  bool landed(const std::string &key) const;

 private:
  struct node;
  struct state;
  void admit(std::shared_ptr<node> next, const std::vector<std::string> &after);
  static void launch(const std::shared_ptr<state> &all, const std::shared_ptr<node> &next);
  static void write(const std::shared_ptr<state> &all, const std::shared_ptr<node> &next);
  static void land(const std::shared_ptr<state> &all, const std::shared_ptr<node> &done);
  static void fail(const std::shared_ptr<state> &all, std::exception_ptr why);

  std::shared_ptr<state> state_;
  const bool replaces_;
  // By thread, files of the path that its .narinfo has not ended yet: a path belongs to one thread.
  std::mutex mutex_;
  std::map<std::thread::id, std::vector<std::string>> open_;
};

// The .narinfos that a .narinfo's text refers to.
std::vector<std::string> references_of(const std::string &narinfo);

}  // namespace oarlock_nix
