// oarlock for C++17: a header-only skin over oarlock.h. Handles free themselves, failures are thrown as oarlock::error.
//
//   oarlock::store store("s3://bucket/prefix", {{"region", "eu-central-1"}});
//   store.put("greeting", "hello", {{"content_type", "text/plain"}});
//   oarlock::value reply = store.get("greeting", {{"range", "0-3"}});
//   std::cout << reply["body"].as_bytes() << '\n';
//   for (const auto &page : store.list("logs/"))
//     for (const auto &row : page["entries"]) std::cout << row["key"].as_str() << '\n';
//
// The conventions of oarlock.h hold: a call belongs to one thread at a time, but cancel() and progress() may come from any;
// functions given to a source, a sink or a call run on the thread that waits, and what they throw comes out of its wait.
// Maps are oarlock::options{{"name", "text"}}, lists oarlock::list{"a", "b"}, bytes oarlock::bytes{…}.

#ifndef OARLOCK_HPP
#define OARLOCK_HPP

#include "oarlock/call.hpp"
#include "oarlock/data.hpp"
#include "oarlock/stream.hpp"

namespace oarlock {

// A place that holds objects. Copies are cheap.
class store {
 public:
  explicit store(const std::string &url, const options &settings = {}) {
    oarlock_store *opened = nullptr;
    oarlock_error *why = nullptr;
    detail::check(oarlock_store_open(url.c_str(), settings.get(), &opened, &why), why);
    handle_.reset(opened);
  }
  store(const store &other) : handle_(oarlock_store_clone(other.get())) {}
  store(store &&) noexcept = default;
  store &operator=(store other) noexcept { return handle_ = std::move(other.handle_), *this; }

  // Closes the store: what is asked of it later fails with OARLOCK_INVALID_INPUT.
  void close() noexcept { handle_.reset(); }
  std::string url() const { return detail::text(oarlock_store_url(get())).value_or(std::string()); }
  value settings() const {
    oarlock_value *settings = nullptr;
    oarlock_error *why = nullptr;
    detail::check(oarlock_store_settings(get(), &settings, &why), why);
    return value(settings);
  }

  // Starts any verb by name, with its parameters and options by name.
  call start(const std::string &verb, const options &arguments, source from = {}, sink to = {}) const {
    return call(get(), verb, arguments, std::move(from), std::move(to));
  }
  // A verb that answers page by page.
  pages start_pages(const std::string &verb, const options &arguments) const { return pages(get(), verb, arguments); }
  reader open_reader(const std::string &key, const options &with = {}) const { return reader(get(), key, with); }
  writer open_writer(const std::string &key, const options &with = {}) const { return writer(get(), key, with); }
  const oarlock_store *get() const noexcept { return handle_.get(); }

#include "oarlock/verbs.hpp"

 private:
  detail::store_handle handle_;
};

// Every verb, see oarlock_verbs.
inline value verbs() {
  oarlock_value *table = nullptr;
  oarlock_error *why = nullptr;
  detail::check(oarlock_verbs(&table, &why), why);
  return value(table);
}

}  // namespace oarlock

#endif
