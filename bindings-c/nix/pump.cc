#include "pump.hh"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "host.hh"

namespace oarlock_nix {

namespace {

std::atomic<pump *> current{nullptr};

// Nix takes signals on a thread of its own; what runs here must never be chosen for one.
class all_signals_blocked {
 public:
  all_signals_blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~all_signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

// Before Nix's own objects go, the thread that might use them does.
struct at_exit {
  ~at_exit() { pump::close(); }
} ending;

}  // namespace

// No lock guards the choice: a thread of the parent might have held it at the fork.
pump &pump::here() {
  pump *found = current.load();
  while (found == nullptr || found->process_ != getpid()) {
    auto *made = new pump;
    if (current.compare_exchange_strong(found, made)) {
      made->begin();
      return *made;
    }
    ::close(made->wake_fd_);
    delete made;
  }
  return *found;
}

pump::pump() : process_(getpid()), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_fd_ < 0)
    throw std::system_error(errno, std::generic_category(), "oarlock's plugin cannot make a descriptor");
}

void pump::begin() {
  const all_signals_blocked quiet;
  thread_ = std::thread([this] { serve(); });
}

void pump::close() noexcept {
  pump *found = current.load();
  if (found == nullptr || found->process_ != getpid() || !found->thread_.joinable()) return;
  {
    const std::lock_guard lock(found->mutex_);
    found->closing_ = true;
  }
  found->wake();
  found->thread_.join();
}

void pump::wake() noexcept {
  const std::uint64_t one = 1;
  // A counter that is full wakes as well.
  [[maybe_unused]] const auto written = write(wake_fd_, &one, sizeof one);
}

void pump::run(job wanted) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(wanted));
  }
  wake();
}

void pump::serve() {
  interrupt_ = host::on_interrupt([this] { wake(); });
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (closing_) break;
    }
    heed();
    fill();
    poll_once();
  }
  interrupt_.reset();
  running_.clear();
}

// Starts as many jobs as may be under way.
void pump::fill() {
  while (running_.size() < host::connections()) {
    job next;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.empty()) return;
      next = std::move(queue_.front());
      queue_.pop_front();
    }
    if (next.stop && *next.stop) {
      next.done({}, std::make_exception_ptr(oarlock::error(OARLOCK_CANCELLED, nullptr)));
      continue;
    }
    try {
      oarlock::call call = next.start();
      running_.push_back({std::move(next), std::move(call)});
    } catch (...) {
      next.done({}, std::current_exception());
    }
  }
}

void pump::turn_away(std::exception_ptr why) {
  std::deque<job> queue;
  {
    const std::lock_guard lock(mutex_);
    queue.swap(queue_);
  }
  for (auto &waiting : queue) waiting.done({}, why);
}

// Ends what is no longer wanted: at once if there is nothing to undo, else when it has been undone.
void pump::heed() {
  const bool interrupted = host::interrupted();
  if (interrupted) turn_away(host::interruption());
  for (auto at = running_.begin(); at != running_.end();) {
    const auto each = at++;
    if (!interrupted && !(each->of.stop && *each->of.stop)) continue;
    if (each->of.undoes) {
      if (!std::exchange(each->cancelled, true)) each->call.cancel();
    } else {
      const job ended = std::move(each->of);
      running_.erase(each);
      ended.done({}, interrupted ? host::interruption()
                                 : std::make_exception_ptr(oarlock::error(OARLOCK_CANCELLED, nullptr)));
    }
  }
}

void pump::poll_once() {
  std::vector<pollfd> watched{{wake_fd_, POLLIN, 0}};
  for (auto &each : running_) {
    try {
      watched.push_back({each.call.fd(), POLLIN, 0});
    } catch (const oarlock::error &) {
      // Out of descriptors: looked after at every turn instead.
      watched.push_back({-1, 0, POLLIN});
    }
  }
  // A descriptor that is missing must not make the others wait.
  const bool blind =
      std::any_of(watched.begin(), watched.end(), [](const pollfd &each) { return each.fd < 0; });
  const int ready = poll(watched.data(), watched.size(), blind ? 10 : -1);
  if (ready > 0 && watched[0].revents != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = read(wake_fd_, &count, sizeof count);
  }
  std::size_t place = 1;
  for (auto at = running_.begin(); at != running_.end(); ++place) {
    const auto each = at++;
    if (watched[place].fd >= 0 && watched[place].revents == 0) continue;
    oarlock::value reply;
    std::exception_ptr failed;
    try {
      auto ended = each->call.wait_for(0);
      if (!ended) continue;
      reply = *std::move(ended);
    } catch (...) {
      failed = std::current_exception();
    }
    if (failed && each->cancelled && host::interrupted()) failed = host::interruption();
    const job ended = std::move(each->of);
    running_.erase(each);
    ended.done(std::move(reply), failed);
  }
}

}  // namespace oarlock_nix
