#include "bucket.hh"

#include <cctype>
#include <chrono>
#include <mutex>
#include <optional>

#include "host.hh"

namespace oarlock_nix {

namespace {

// Between two looks at whether Nix still wants it.
constexpr int turn_ms = 50;
// What undoing an upload may take when Nix wants to end.
constexpr std::chrono::milliseconds undo_limit(1000);
// Bytes that Nix is handed at a time.
constexpr std::size_t chunk = 1 << 18;

oarlock::options options_of(const parameters &settings) {
  oarlock::options options;
  for (const auto &[name, value] : settings) options.set(name, value);
  return options;
}

std::string encoded(const std::string &text) {
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '_' || c == '.') out += static_cast<char>(c);
    else out += {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
  }
  return out;
}

std::string with(const std::string &place, const parameters &given) {
  std::string url = place, mark = "?";
  for (const auto &[name, value] : given)
    url += std::exchange(mark, "&") + encoded(name) + "=" + encoded(value);
  return url;
}

oarlock::options keyed(const std::string &key) { return {{"key", key}}; }

constexpr const char *give_key = "; give the cache's key by the oarlock-encryption parameters";

// The identity of the requests. Needs the providers of keys only, which have just returned some.
std::string identity(const oarlock::value &rows, bool stranger) {
  std::string provider, key, source;
  for (const auto &row : rows) {
    const auto what = row["what"].as_str();
    if (what == "provider") provider = row["value"].as_str();
    if (what == "access_key_id") {
      key = row["value"].as_str();
      source = row["source"].as_str();
    }
  }
  if (provider == "anonymous")
    return stranger ? "asked without credentials, for no credentials were found"
                    : "asked without credentials";
  if (key.empty()) return provider.empty() ? "" : "credentials were looked for by: " + provider;
  return "asked as " + key + " from " + (source.empty() ? provider : source);
}

// Where who asks is what matters.
bool about_identity(const oarlock::error &error) {
  return error.kind() == OARLOCK_PERMISSION_DENIED || error.kind() == OARLOCK_CREDENTIALS;
}

trouble::kind kind_of(const oarlock::error &error) {
  if (error.kind() == OARLOCK_NOT_FOUND) return trouble::missing;
  // By the bucket, not by KMS; for the request, not for a wrong key, signature or clock.
  const auto code = error.code().value_or("");
  const bool plain =
      code.empty() || code == "AccessDenied" || code == "AllAccessDisabled" || code == "Forbidden";
  return error.kind() == OARLOCK_PERMISSION_DENIED && error.status() == 403 && plain ? trouble::denied
                                                                                     : trouble::other;
}

std::exception_ptr told(const oarlock::error &error, const char *doing, const std::string &key,
                        const std::string &url, const std::string &who) {
  std::string sentence = std::string("cannot ") + doing + (key.empty() ? "" : " '" + key + "' in") + " '" +
                         url + "': " + error.what();
  if (!who.empty()) sentence += "; " + who;
  if (kind_of(error) == trouble::denied) {
    const std::string_view verb = error.verb().value_or("");
    sentence += verb == "put"    ? "; it needs s3:PutObject"
                : verb == "list" ? "; it needs s3:ListBucket"
                                 : "; it needs s3:GetObject";
  } else if (error.kind() == OARLOCK_DECRYPT || error.kind() == OARLOCK_KEY_COMMITMENT) {
    sentence += give_key;
  }
  return std::make_exception_ptr(trouble(kind_of(error), sentence));
}

// What was read. If the metadata still hold an envelope, the object was not decrypted: a store that decrypts
// removes it.
file opened(const oarlock::value &reply, const std::string &key, const std::string &url) {
  const auto metadata = reply["meta"]["metadata"];
  for (std::size_t at = 0; at < metadata.size(); ++at) {
    if (metadata.name(at).substr(0, 6) == "x-amz-")
      throw trouble(trouble::other, "cannot read '" + key + "' in '" + url + "': it is encrypted" + give_key);
  }
  return {std::string(reply["body"].as_bytes()), std::string(reply["meta"]["content_encoding"].as_str())};
}

}  // namespace

struct bucket::stranger {
  const std::string url;
  const parameters settings;
  std::mutex mutex;
  std::optional<oarlock::store> store;
  bool told = false;
};

bucket::bucket(const std::string &place, const parameters &given, const parameters &settings) try
    : store_(with(place, given), options_of(settings)), url_(store_.url()),
      stranger_(new stranger{with(place, given), settings, {}, {}, {}}) {
} catch (const oarlock::error &error) {
  throw trouble(trouble::other, "cannot open '" + place + "': " + error.what());
}

// Warns of retries and the like. The function runs on the thread that waits for the call.
oarlock::call bucket::heard(oarlock::call call, const std::string &key) const {
  constexpr int warning = 30;
  const auto what = key.empty() ? url_ : "'" + key + "' in '" + url_ + "'";
  call.on_log([what](int level, std::string_view text) {
    if (level >= warning) host::warn(what + ": " + std::string(text));
  });
  return call;
}

// Waits in turns, so that Ctrl-C is heard. An upload that is given up is undone before Nix goes on.
oarlock::value bucket::wait(oarlock::call &call) const {
  try {
    for (;;) {
      host::check_interrupt();
      if (auto reply = call.wait_for(turn_ms)) return *std::move(reply);
    }
  } catch (const oarlock::error &) {
    throw;
  } catch (...) {
    call.cancel();
    const auto until = std::chrono::steady_clock::now() + undo_limit;
    try {
      while (!call.wait_for(turn_ms) && std::chrono::steady_clock::now() < until) {
      }
    } catch (...) {
      // That it was cancelled, which is known.
    }
    throw;
  }
}

bool bucket::by_stranger() const {
  const std::lock_guard lock(stranger_->mutex);
  return stranger_->store.has_value();
}

oarlock::store bucket::reader() const {
  const std::lock_guard lock(stranger_->mutex);
  return stranger_->store.value_or(store_);
}

// Whether it failed because there are no keys; from now on it is read without.
bool bucket::none_found(const oarlock::error &error) const {
  if (error.code().value_or("") != "NoCredentials") return false;
  const std::lock_guard lock(stranger_->mutex);
  if (!stranger_->store) {
    auto settings = options_of(stranger_->settings);
    settings.set("anonymous", true);
    stranger_->store.emplace(stranger_->url, settings);
  }
  return true;
}

// Warns once a read without keys has succeeded. If it fails, the error contains the same sentence.
void bucket::tell_of_stranger() const {
  {
    const std::lock_guard lock(stranger_->mutex);
    if (!stranger_->store || std::exchange(stranger_->told, true)) return;
  }
  host::warn("no credentials were found; '" + url_ +
             "' is read without any, as a public bucket (oarlock-anonymous=true silences this)");
}

template <typename Work>
auto bucket::reading(const char *what, const std::string &key, Work work) const {
  return doing(what, key, reader(), [&](const oarlock::store &by) {
    try {
      return work(by);
    } catch (const oarlock::error &error) {
      if (!none_found(error)) throw;
    }
    const auto told = doing(what, key, reader(), work);
    tell_of_stranger();
    return told;
  });
}

template <typename Work>
auto bucket::doing(const char *what, const std::string &key, const oarlock::store &by, Work work) const {
  try {
    return work(by);
  } catch (const oarlock::error &error) {
    std::string who;
    if (about_identity(error)) {
      try {
        auto asked = by.start("explain", {});
        who = identity(wait(asked), by_stranger());
      } catch (const oarlock::error &) {
        // Then the sentence goes without.
      }
    }
    std::rethrow_exception(told(error, what, key, url_, who));
  }
}

void bucket::explain(std::exception_ptr failed, const char *doing, const std::string &key,
                     std::function<void(std::exception_ptr)> tell) const {
  explain(store_, failed, doing, key, std::move(tell));
}

void bucket::explain(const oarlock::store &by, std::exception_ptr failed, const char *doing,
                     const std::string &key, std::function<void(std::exception_ptr)> tell) const {
  try {
    std::rethrow_exception(failed);
  } catch (const oarlock::error &error) {
    if (!about_identity(error)) return tell(told(error, doing, key, url_, ""));
    const auto finish = [error, doing, key, url = url_, stranger = by_stranger(),
                         tell](const oarlock::value &rows, std::exception_ptr) {
      tell(told(error, doing, key, url, identity(rows, stranger)));
    };
    pump::here().run({[by] { return by.start("explain", {}); }, finish});
  } catch (...) {
    tell(failed);
  }
}

oarlock::call bucket::begin_exists(const std::string &key) const {
  return heard(store_.start("exists", keyed(key)), key);
}

bool bucket::exists(const std::string &key) const {
  return doing("look for", key, store_, [&](const oarlock::store &) {
    auto call = begin_exists(key);
    return wait(call).as_bool();
  });
}

file bucket::read(const std::string &key) const {
  return reading("read", key, [&](const oarlock::store &by) {
    auto call = heard(by.start("get", keyed(key)), key);
    return opened(wait(call), key, url_);
  });
}

void bucket::fetch(const std::string &key, std::function<void(file, std::exception_ptr)> tell) const {
  const auto done = [self = *this, by = reader(), key, tell](const oarlock::value &reply,
                                                             std::exception_ptr failed) {
    try {
      if (failed) std::rethrow_exception(failed);
    } catch (const oarlock::error &error) {
      if (self.none_found(error)) return self.fetch(key, tell);
      return self.explain(by, failed, "read", key, [tell](std::exception_ptr why) { tell({}, why); });
    } catch (...) {
      return tell({}, failed);
    }
    self.tell_of_stranger();
    file got;
    try {
      got = opened(reply, key, self.url_);
    } catch (...) {
      failed = std::current_exception();
    }
    tell(std::move(got), failed);
  };
  pump::here().run(
      {[self = *this, by = reader(), key] { return self.heard(by.start("get", keyed(key)), key); }, done});
}

void bucket::fetch_small(const std::string &key, std::uint64_t size, std::shared_ptr<std::atomic<bool>> stop,
                         std::function<void(std::optional<file>)> tell) const {
  const auto body = std::make_shared<std::string>();
  const auto start = [by = reader(), key, size, body] {
    return by.start("get", keyed(key), {}, oarlock::sink::to([size, body](std::string_view data) {
                      if (body->size() + data.size() > size) throw std::length_error("larger than foreseen");
                      body->append(data);
                    }));
  };
  const auto done = [key, url = url_, body, tell](const oarlock::value &reply, std::exception_ptr failed) {
    if (failed) return tell({});
    try {
      tell(file{std::move(*body), opened(reply, key, url).encoding});
    } catch (...) {
      tell({});
    }
  };
  pump::here().run({start, done, false, std::move(stop)});
}

bucket::reach bucket::find_reach() const {
  return doing("open", "", store_, [&](const oarlock::store &by) {
    auto call = by.start("explain", {{"identity", false}});
    reach found;
    std::string name, style;
    for (const auto &row : wait(call)) {
      const auto what = row["what"].as_str(), value = row["value"].as_str();
      const bool given = !row["source"].is_null() && row["source"].as_str() != "default";
      if (what == "bucket") name = value;
      if (what == "addressing_style") style = value;
      if (!given) continue;
      if (what == "endpoint" && row["error"].is_null()) found.endpoint = value;
      if (what == "region") found.region = value;
      if (what == "profile") found.profile = value;
    }
    if (const auto end = found.profile.find(", which is in none"); end != std::string::npos)
      throw trouble(trouble::other, "cannot open '" + url_ + "': there is no profile '" +
                                        found.profile.substr(0, end) + "' in the shared AWS files");
    // The endpoint's own address, without the bucket.
    const std::string before = "://" + name + ".", after = "/" + name;
    auto &url = found.endpoint;
    if (const auto at = url.find(before); style == "virtual" && at != std::string::npos)
      url.erase(at + 3, name.size() + 1);
    else if (url.size() > after.size() && url.compare(url.size() - after.size(), after.size(), after) == 0)
      url.erase(url.size() - after.size());
    return found;
  });
}

std::string bucket::stream(const std::string &key, const std::function<void(std::string_view)> &to,
                           const progress &moved) const {
  return reading("read", key, [&](const oarlock::store &by) {
    auto call = heard(by.start("get", keyed(key), {}, oarlock::sink::pulled()), key);
    std::vector<char> buffer(chunk);
    for (;;) {
      host::check_interrupt();
      const auto count = call.read_for(buffer.data(), buffer.size(), turn_ms);
      if (!count) continue;
      if (*count == 0) break;
      // Reported first: Nix may not come back from what follows once it has seen the end of an archive.
      if (moved) {
        const auto [done, total] = call.progress();
        moved(done, total.value_or(0));
      }
      // No frame of oarlock is on the stack here, which a coroutine of Nix may now leave for another.
      to(std::string_view(buffer.data(), *count));
    }
    return std::string(wait(call)["meta"]["content_encoding"].as_str());
  });
}

oarlock::call bucket::begin_write(const upload &what) const {
  auto options = keyed(what.key);
  options.set("content_type", what.mime);
  if (!what.encoding.empty()) options.set("content_encoding", what.encoding);
  auto call = store_.start("put", options,
                           oarlock::source::from(
                               [from = what.from](char *buffer, std::size_t size) {
                                 from->read(buffer, static_cast<std::streamsize>(size));
                                 if (from->bad())
                                   throw std::runtime_error("the file to upload cannot be read");
                                 return static_cast<std::size_t>(from->gcount());
                               },
                               static_cast<std::int64_t>(what.size)));
  call = heard(std::move(call), what.key);
  if (what.moved) {
    call.on_progress([moved = what.moved](std::uint64_t done, std::optional<std::uint64_t> total) {
      return moved(done, total.value_or(0)), true;
    });
  }
  return call;
}

void bucket::write(const upload &what) const {
  doing("write", what.key, store_, [&](const oarlock::store &) {
    auto call = begin_write(what);
    wait(call);
  });
}

void bucket::list(const std::function<void(std::string_view)> &each) const {
  reading("list", "", [&](const oarlock::store &by) {
    oarlock::options options{{"prefix", ""}, {"delimiter", "/"}};
    for (;;) {
      auto call = heard(by.start("list", options), "");
      const auto page = wait(call);
      for (const auto &entry : page["entries"]) {
        if (!entry["is_prefix"].as_bool()) each(entry["key"].as_str());
      }
      const auto next = page["next"];
      if (next.is_null()) return true;
      options.set("continuation", next.as_str());
    }
  });
}

}  // namespace oarlock_nix
