#include "ahead.hh"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host.hh"
#include "pump.hh"

namespace oarlock_nix {

namespace {
constexpr std::chrono::milliseconds turn(50);
// What counts as small, and what all that waits to be read may take.
constexpr std::uint64_t small = 1 << 20;
constexpr std::uint64_t room = 12 << 20;
constexpr std::size_t narrow = 4;
constexpr std::size_t step = 2;
// Unwanted files are given up when so many reads in a row found nothing.
constexpr std::size_t patience = 8;
constexpr std::size_t most_candidates = 1 << 17;
}  // namespace

struct read_ahead::state {
  struct entry {
    std::uint64_t size = 0;
    bool ended = false;
    std::optional<file> got;
    std::shared_ptr<std::atomic<bool>> stop;
  };

  explicit state(const bucket &from) : from(from) {}
  const bucket from;
  std::mutex mutex;
  std::condition_variable changed;
  // Keys in the order in which they will be fetched; only those in `sizes` still count.
  std::deque<std::string> likely, unlikely;
  std::unordered_map<std::string, std::uint64_t> sizes;
  std::unordered_map<std::string, entry> entries;
  std::uint64_t used = 0;
  std::size_t width = narrow;
  std::size_t misses = 0;
  bool closed = false;

  std::size_t widest() const { return 2 * host::connections(); }

  std::optional<std::pair<std::string, std::uint64_t>> next() {
    for (auto *queue : {&likely, &unlikely}) {
      while (!queue->empty()) {
        const auto found = sizes.find(queue->front());
        if (found != sizes.end() && used + found->second > room) return {};
        const std::string key = std::move(queue->front());
        queue->pop_front();
        if (found == sizes.end()) continue;
        const auto size = found->second;
        sizes.erase(found);
        return std::pair(key, size);
      }
    }
    return {};
  }

  void drop(std::unordered_map<std::string, entry>::iterator at) {
    *at->second.stop = true;
    used -= at->second.size;
    entries.erase(at);
  }
};

read_ahead::read_ahead(const bucket &from) : state_(std::make_shared<state>(from)) {}

read_ahead::~read_ahead() {
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  if (state_->entries.empty()) return;
  while (!state_->entries.empty()) state_->drop(state_->entries.begin());
  pump::here().wake();
}

void read_ahead::foresee(const std::string &key, std::uint64_t size, bool likely) {
  if (size == 0 || size > small) return;
  const std::lock_guard lock(state_->mutex);
  if (state_->sizes.size() >= most_candidates || state_->entries.count(key) != 0) return;
  if (state_->sizes.emplace(key, size).second) (likely ? state_->likely : state_->unlikely).push_back(key);
}

std::optional<file> read_ahead::take(const std::string &key) {
  std::optional<file> got;
  {
    std::unique_lock lock(state_->mutex);
    state_->sizes.erase(key);
    auto found = state_->entries.find(key);
    if (found == state_->entries.end()) {
      if (++state_->misses >= patience && !state_->entries.empty()) {
        // What was fetched is not what Nix reads.
        while (!state_->entries.empty()) state_->drop(state_->entries.begin());
        state_->misses = 0;
        state_->width = narrow;
      }
    } else {
      while (found != state_->entries.end() && !found->second.ended) {
        lock.unlock();
        host::check_interrupt();
        lock.lock();
        found = state_->entries.find(key);
        if (found == state_->entries.end() || found->second.ended) break;
        state_->changed.wait_for(lock, turn);
        found = state_->entries.find(key);
      }
      if (found != state_->entries.end()) {
        got = std::move(found->second.got);
        state_->used -= found->second.size;
        state_->entries.erase(found);
      }
      state_->misses = 0;
      state_->width = std::min(state_->width + step, state_->widest());
    }
  }
  fill(state_);
  return got;
}

void read_ahead::fill(const std::shared_ptr<state> &all) {
  struct wanted {
    std::string key;
    std::uint64_t size;
    std::shared_ptr<std::atomic<bool>> stop;
  };
  std::vector<wanted> begun;
  {
    const std::lock_guard lock(all->mutex);
    while (!all->closed && all->entries.size() < all->width) {
      auto next = all->next();
      if (!next) break;
      auto stop = std::make_shared<std::atomic<bool>>(false);
      all->entries[next->first] = {next->second, false, {}, stop};
      all->used += next->second;
      begun.push_back({next->first, next->second, stop});
    }
  }
  for (const auto &each : begun) {
    all->from.fetch_small(each.key, each.size, each.stop,
                          [all, key = each.key, stop = each.stop](std::optional<file> got) {
                            const std::lock_guard lock(all->mutex);
                            const auto found = all->entries.find(key);
                            if (found == all->entries.end() || found->second.stop != stop) return;
                            found->second.ended = true;
                            found->second.got = std::move(got);
                            all->changed.notify_all();
                          });
  }
}

}  // namespace oarlock_nix
