// oarlock for C++17: a header-only skin over oarlock.h. Handles free themselves, failures are thrown as
// oarlock::error.
//
//   oarlock::store store("s3://bucket/prefix", {{"region", "eu-central-1"}});
//   store.put("greeting", "hello", {{"content_type", "text/plain"}});
//   oarlock::value reply = store.get("greeting", {{"range", "0-3"}});
//   std::cout << reply["body"].as_bytes() << '\n';
//   for (const auto &page : store.list("logs/"))
//     for (const auto &row : page["entries"]) std::cout << row["key"].as_str() << '\n';
//
// The conventions of oarlock.h hold: a call belongs to one thread at a time, but cancel() and progress() may
// come from any; functions given to a source, a sink or a call run on the thread that waits, and what they
// throw comes out of its wait. Maps are oarlock::options{{"name", "text"}}, lists oarlock::list{"a", "b"},
// bytes oarlock::bytes{…}.

#ifndef OARLOCK_HPP
#define OARLOCK_HPP

#if __cplusplus < 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201703L)
#error "oarlock.hpp needs C++17: compile with -std=c++17 or later"
#endif

#include <map>

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
  // Takes a C store over.
  explicit store(oarlock_store *raw) noexcept : handle_(raw) {}

  // Closes the store: every later use fails with OARLOCK_INVALID_INPUT.
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
  // Runs any verb by name and waits for its reply.
  value run(const std::string &verb, const options &arguments, source from = {}, sink to = {}) const {
    return call(get(), verb, arguments, std::move(from), std::move(to), true).wait();
  }
  // A verb that returns page by page.
  pages start_pages(const std::string &verb, const options &arguments) const {
    return pages(get(), verb, arguments);
  }
  reader open_reader(const std::string &key, const options &with = {}) const {
    return reader(get(), key, with);
  }
  writer open_writer(const std::string &key, const options &with = {}) const {
    return writer(get(), key, with);
  }
  const oarlock_store *get() const noexcept { return handle_.get(); }

#include "oarlock/verbs.hpp"

 private:
  detail::store_handle handle_;
};

// The storage classes of a package server, read from its .gcfg file or from that file's text.
//
//   oarlock::storage_classes classes("/etc/rstudio-pm/rstudio-pm.gcfg");
//   classes["packages"].put("archive.tar.gz", oarlock::source::file("archive.tar.gz"));
//
// `settings` are for all classes that are kept in S3, `overrides` for single ones: a map of settings under
// each class's name. They win over the file's, those of a class over those of all; a key to encrypt
// with that the file names stays in force.
//
//   oarlock::storage_classes old(path, {}, {{"packages", oarlock::options{{"encryption_legacy_wrapping",
//   true}}}});
class storage_classes {
 public:
  explicit storage_classes(const std::string &path_or_text, const options &settings = {},
                           const options &overrides = {}) {
    oarlock_classes *opened = nullptr;
    oarlock_error *why = nullptr;
    detail::check(
        oarlock_classes_open_with(path_or_text.c_str(), settings.get(), overrides.get(), &opened, &why), why);
    handle_.reset(opened);
  }

  // The classes' names, a list in order.
  value names() const {
    oarlock_value *names = nullptr;
    oarlock_error *why = nullptr;
    detail::check(oarlock_classes_names(get(), &names, &why), why);
    return value(names);
  }
  // The store of a class.
  store operator[](const std::string &name) const {
    oarlock_store *opened = nullptr;
    oarlock_error *why = nullptr;
    detail::check(oarlock_classes_store(get(), name.c_str(), &opened, &why), why);
    return store(opened);
  }
  // The file's entry of a class: a StorageClass.
  value about(const std::string &name) const {
    oarlock_value *about = nullptr;
    oarlock_error *why = nullptr;
    detail::check(oarlock_classes_about(get(), name.c_str(), &about, &why), why);
    return value(about);
  }
  // Tries the classes that are kept in S3 as a package server does when it starts, those with SkipValidation
  // left out: what store::explain reports with `check`, by class. A row whose `error` is not null keeps the
  // class from working.
  std::map<std::string, value> check() const {
    std::map<std::string, value> told;
    for (const auto &name : names()) {
      const std::string tried(name.as_str());
      const value row = about(tried);
      if (row["kind"].as_str() == "s3" && !row["skip_validation"].as_bool())
        told.emplace(tried, (*this)[tried].explain({{"check", true}}));
    }
    return told;
  }
  const oarlock_classes *get() const noexcept { return handle_.get(); }

 private:
  detail::classes_handle handle_;
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
