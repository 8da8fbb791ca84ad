// One thread that serves the calls nobody waits for, and reports each one's end.
//
// Invariant: a thread of oarlock's runtime never enters Nix; this thread reports to Nix,
// which is C++ of the plugin's own. It starts with the first job, not when the plugin is loaded, and once in
// every process: a forked child makes its own and never touches its parent's. As many calls are under way as
// Nix allows connections; the others wait their turn.

#pragma once

#include <sys/types.h>

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <oarlock.hpp>

namespace oarlock_nix {

struct job {
  // Begins the call, on the pump's thread.
  std::function<oarlock::call()> start;
  // Receives the reply or, if the second is not null, the failure: once, on the pump's thread. Never throws.
  std::function<void(oarlock::value, std::exception_ptr)> done;
  // Whether a cancelled call has something to undo that is worth waiting for.
  bool undoes = false;
  // Set by whoever no longer wants the job; `wake` makes it heard.
  std::shared_ptr<std::atomic<bool>> stop = nullptr;
};

class pump {
 public:
  // This process's own.
  static pump &here();
  void run(job wanted);
  void wake() noexcept;
  // Ends the thread; jobs that are still under way are dropped.
  static void close() noexcept;

 private:
  struct running {
    job of;
    oarlock::call call;
    bool cancelled = false;
  };

  pump();
  void begin();
  void serve();
  void fill();
  void turn_away(std::exception_ptr why);
  void poll_once();
  void heed();

  const pid_t process_;
  const int wake_fd_;
  std::mutex mutex_;
  std::deque<job> queue_;
  bool closing_ = false;
  std::list<running> running_;
  std::shared_ptr<void> interrupt_;
  std::thread thread_;
};

}  // namespace oarlock_nix
