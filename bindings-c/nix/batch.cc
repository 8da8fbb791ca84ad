#include "batch.hh"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <sstream>

#include "host.hh"
#include "pump.hh"

namespace oarlock_nix {

namespace {
constexpr std::chrono::milliseconds turn(50);
constexpr std::chrono::milliseconds undo_limit(1000);
}  // namespace

struct batch::node {
  upload what;
  bool unless_there = false;
  // Those that must land first, and those that wait for this one.
  std::size_t waits = 0;
  std::vector<std::shared_ptr<node>> next;
};

// Outlives the batch as long as a job refers to it.
struct batch::state {
  explicit state(const bucket &into) : into(into) {}
  const bucket into;
  mutable std::mutex mutex;
  std::condition_variable changed;
  // By key, those that have not landed.
  std::map<std::string, std::shared_ptr<node>> nodes;
  std::size_t unfinished = 0;
  std::size_t running = 0;
  std::exception_ptr failed;
  std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);
};

batch::batch(const bucket &into, bool replaces)
    : state_(std::make_shared<state>(into)), replaces_(replaces) {}

batch::~batch() {
  *state_->stop = true;
  std::unique_lock lock(state_->mutex);
  if (state_->running == 0) return;
  pump::here().wake();
  state_->changed.wait_for(lock, undo_limit, [&] { return state_->running == 0; });
}

void batch::add(upload what, bool unless_there) {
  auto next = std::make_shared<node>();
  {
    const std::lock_guard lock(mutex_);
    open_[std::this_thread::get_id()].push_back(what.key);
  }
  next->what = std::move(what);
  next->unless_there = unless_there && !replaces_;
  admit(std::move(next), {});
}

void batch::add_narinfo(upload what, const std::vector<std::string> &references) {
  auto next = std::make_shared<node>();
  std::vector<std::string> after;
  {
    const std::lock_guard lock(mutex_);
    after = std::exchange(open_[std::this_thread::get_id()], {});
  }
  for (const auto &reference : references) {
    if (reference != what.key) after.push_back(reference);
  }
  next->what = std::move(what);
  admit(std::move(next), after);
}

void batch::admit(std::shared_ptr<node> next, const std::vector<std::string> &after) {
  // Twice as much as moves: there is always something to start.
  const std::size_t room = 2 * host::connections();
  {
    std::unique_lock lock(state_->mutex);
    while (!state_->failed && state_->unfinished >= room) {
      lock.unlock();
      host::check_interrupt();
      lock.lock();
      state_->changed.wait_for(lock, turn);
    }
    if (state_->failed) std::rethrow_exception(state_->failed);
    // Two paths may have one NAR.
    if (next->unless_there && state_->nodes.count(next->what.key) != 0) return;
    for (const auto &key : after) {
      const auto found = state_->nodes.find(key);
      if (found == state_->nodes.end()) continue;
      found->second->next.push_back(next);
      ++next->waits;
    }
    state_->nodes[next->what.key] = next;
    ++state_->unfinished;
    if (next->waits != 0) return;
    ++state_->running;
  }
  launch(state_, next);
}

void batch::launch(const std::shared_ptr<state> &all, const std::shared_ptr<node> &next) {
  if (!next->unless_there) return write(all, next);
  const auto done = [all, next](const oarlock::value &there, std::exception_ptr failed) {
    // A user without permission to read may still write.
    if (!failed && there.as_bool()) return land(all, next);
    write(all, next);
  };
  pump::here().run({[all, next] { return all->into.begin_exists(next->what.key); }, done, false, all->stop});
}

void batch::write(const std::shared_ptr<state> &all, const std::shared_ptr<node> &next) {
  const auto done = [all, next](const oarlock::value &, std::exception_ptr failed) {
    if (!failed) return land(all, next);
    all->into.explain(failed, "write", next->what.key, [all](std::exception_ptr why) { fail(all, why); });
  };
  pump::here().run({[all, next] { return all->into.begin_write(next->what); }, done, true, all->stop});
}

void batch::land(const std::shared_ptr<state> &all, const std::shared_ptr<node> &done) {
  std::vector<std::shared_ptr<node>> ready;
  {
    const std::lock_guard lock(all->mutex);
    const auto found = all->nodes.find(done->what.key);
    if (found != all->nodes.end() && found->second == done) all->nodes.erase(found);
    --all->unfinished;
    --all->running;
    for (auto &waiting : std::exchange(done->next, {})) {
      if (--waiting->waits == 0 && !*all->stop) ready.push_back(waiting);
    }
    all->running += ready.size();
  }
  for (const auto &each : ready) launch(all, each);
  all->changed.notify_all();
}

void batch::fail(const std::shared_ptr<state> &all, std::exception_ptr why) {
  {
    const std::lock_guard lock(all->mutex);
    // What is cancelled because of the first failure is no failure of its own.
    if (!all->failed) all->failed = why;
    --all->running;
    *all->stop = true;
  }
  pump::here().wake();
  all->changed.notify_all();
}

void batch::finish() {
  std::unique_lock lock(state_->mutex);
  while (state_->unfinished != 0 && !(state_->failed && state_->running == 0)) {
    lock.unlock();
    host::check_interrupt();
    lock.lock();
    state_->changed.wait_for(lock, turn);
  }
  if (state_->failed) std::rethrow_exception(state_->failed);
}

bool batch::landed(const std::string &key) const {
  const std::lock_guard lock(state_->mutex);
  return state_->nodes.count(key) == 0;
}

std::vector<std::string> references_of(const std::string &narinfo) {
  constexpr std::string_view field = "References: ";
  std::vector<std::string> found;
  std::istringstream lines(narinfo);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, field.size(), field) != 0) continue;
    std::istringstream words(line.substr(field.size()));
    // "hash-name": the file is named by the hash alone.
    for (std::string word; words >> word;) found.push_back(word.substr(0, word.find('-')) + ".narinfo");
  }
  return found;
}

}  // namespace oarlock_nix
