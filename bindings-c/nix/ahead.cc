#include "ahead.hh"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host.hh"
#include "pump.hh"

namespace oarlock_nix {

namespace {
constexpr std::chrono::milliseconds turn(50);
// What counts as small, and what all that is fetched or waits to be read may take.
constexpr std::uint64_t small = 1 << 20;
constexpr std::uint64_t room = 32 << 20;
// Of the unlikely files so many at first, and so many more with each that was wanted.
constexpr std::size_t narrow = 4;
constexpr std::size_t step = 2;
// Unwanted files are given up when so many reads in a row found nothing.
constexpr std::size_t patience = 8;
constexpr std::size_t most_candidates = 1 << 17;
}  // namespace

struct read_ahead::state {
  struct entry {
    std::uint64_t size = 0;
    bool likely = false;
    bool ended = false;
    std::optional<file> got;
    std::shared_ptr<std::atomic<bool>> stop;
  };
  using entry_at = std::unordered_map<std::string, entry>::iterator;

  struct candidate {
    std::string key;
    std::uint64_t size;
    bool likely;
  };

  explicit state(const bucket &from) : from(from) {}
  const bucket from;
  std::mutex mutex;
  std::condition_variable changed;
  // Keys that may be fetched; only those in `sizes` still count. Nix learns of a path before it learns of
  // what the path refers to, and reads them the other way round: the likely ones are fetched from the back.
  std::vector<std::string> likely;
  std::deque<std::string> unlikely;
  std::unordered_map<std::string, std::uint64_t> sizes;
  std::unordered_map<std::string, entry> entries;
  std::uint64_t used = 0;
  // Entries that are likely and still coming, and those that are unlikely.
  std::size_t coming = 0, guesses = 0;
  std::size_t width = narrow;
  std::size_t misses = 0;
  bool full = false;
  bool closed = false;

  // The size of a key that may still be fetched, if there is room for it.
  std::optional<candidate> chosen(const std::string &key, bool is_likely) {
    const auto found = sizes.find(key);
    full = used + found->second > room;
    if (full) return {};
    const candidate next{key, found->second, is_likely};
    sizes.erase(found);
    return next;
  }

  std::optional<candidate> next() {
    while (!likely.empty() && sizes.count(likely.back()) == 0) likely.pop_back();
    if (!likely.empty()) return coming < host::connections() ? chosen(likely.back(), true) : std::nullopt;
    while (!unlikely.empty() && sizes.count(unlikely.front()) == 0) unlikely.pop_front();
    if (unlikely.empty() || guesses >= std::min(width, 2 * host::connections())) return {};
    return chosen(unlikely.front(), false);
  }

  void begin(const candidate &next, const std::shared_ptr<std::atomic<bool>> &stop) {
    entries[next.key] = {next.size, next.likely, false, {}, stop};
    used += next.size;
    ++(next.likely ? coming : guesses);
  }

  void end(entry &of, std::optional<file> got) {
    if (of.likely) --coming;
    of.ended = true;
    of.got = std::move(got);
    changed.notify_all();
  }

  entry_at remove(entry_at at) {
    if (!at->second.likely) --guesses;
    if (at->second.likely && !at->second.ended) --coming;
    used -= at->second.size;
    return entries.erase(at);
  }

  entry_at drop(entry_at at) {
    *at->second.stop = true;
    return remove(at);
  }

  // A read found nothing here. What was fetched may not be what Nix reads.
  void missed() {
    if (++misses < patience) return;
    for (auto at = entries.begin(); at != entries.end();)
      at = at->second.likely && !full ? std::next(at) : drop(at);
    misses = 0;
    width = narrow;
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
  if (!state_->sizes.emplace(key, size).second) return;
  if (likely)
    state_->likely.push_back(key);
  else
    state_->unlikely.push_back(key);
}

std::optional<file> read_ahead::take(const std::string &key) {
  std::optional<file> got;
  {
    std::unique_lock lock(state_->mutex);
    state_->sizes.erase(key);
    auto found = state_->entries.find(key);
    if (found == state_->entries.end()) {
      state_->missed();
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
        if (!found->second.likely) state_->width += step;
        state_->remove(found);
      }
      state_->misses = 0;
    }
  }
  fill(state_);
  return got;
}

void read_ahead::fill(const std::shared_ptr<state> &all) {
  std::vector<std::pair<state::candidate, std::shared_ptr<std::atomic<bool>>>> begun;
  {
    const std::lock_guard lock(all->mutex);
    while (!all->closed) {
      auto next = all->next();
      if (!next) break;
      auto stop = std::make_shared<std::atomic<bool>>(false);
      all->begin(*next, stop);
      begun.emplace_back(*std::move(next), std::move(stop));
    }
  }
  for (const auto &[next, stop] : begun) {
    all->from.fetch_small(next.key, next.size, stop,
                          [all, key = next.key, stop = stop](std::optional<file> got) {
                            const bool succeeded = got.has_value();
                            {
                              const std::lock_guard lock(all->mutex);
                              const auto found = all->entries.find(key);
                              if (found == all->entries.end() || found->second.stop != stop) return;
                              all->end(found->second, std::move(got));
                            }
                            // After a failure the next read starts the next fetch: the server may be gone.
                            if (succeeded) fill(all);
                          });
  }
}

}  // namespace oarlock_nix
