// What a binary cache in a bucket is in Nix's own types, as far as every Nix has the same: its settings, its
// files, what it remembers.
//
// Invariant: what Nix calls a parameter is one of the settings below; oarlock has settings of the same names
// and their S3 meaning. Nix sees only its own exceptions. Included by the file for one Nix, which has
// included Nix's headers and implements `host`.

#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <unistd.h>

#include "ahead.hh"
#include "batch.hh"
#include "bucket.hh"
#include "host.hh"

namespace oarlock_nix {

// Parameters that are oarlock's own settings begin so.
constexpr std::string_view own = "oarlock-";
// Those that are the plugin's.
constexpr std::string_view denied_as_missing = "oarlock-denied-as-missing";
constexpr std::string_view settings_file = "oarlock-settings-file";

struct StoreSettings : virtual nix::BinaryCacheStoreConfig {
  using BinaryCacheStoreConfig::BinaryCacheStoreConfig;

  const std::string name() override { return "S3 Binary Cache Store (oarlock)"; }
  static std::set<std::string> uriSchemes() { return {"s3", "oarlock+s3"}; }

  // Text, because oarlock reads them: what is not given has oarlock's default, which may come from the
  // environment or the profile.
  using Text = const nix::Setting<std::string>;
  Text profile{(StoreConfig *)this, "", "profile",
               "The profile in the shared AWS files that credentials, region and endpoint come from."};
  Text region{(StoreConfig *)this,
              "",
              "region",
              "The region of the bucket; by default that of the environment or the profile, else us-east-1.",
              {"aws-region"}};
  Text scheme{(StoreConfig *)this, "", "scheme",
              "How an endpoint without a scheme is reached: https (the default) or http."};
  Text endpoint{
      (StoreConfig *)this, "", "endpoint",
      "Where the server is: a URL, or a host with or without a port; by default AWS in the region."};
  Text addressingStyle{(StoreConfig *)this, "", "addressing-style",
                       "How the bucket is addressed: path, virtual or auto."};
  Text multipartUpload{(StoreConfig *)this, "", "multipart-upload",
                       "Whether large files may be uploaded in parts; true by default."};
  Text multipartThreshold{(StoreConfig *)this, "", "multipart-threshold",
                          "Bytes from which on a file is uploaded in parts."};
  Text multipartChunkSize{
      (StoreConfig *)this, "", "multipart-chunk-size", "Bytes in a part.", {"buffer-size"}};
  Text storageClass{(StoreConfig *) this, "", "storage-class", "The storage class of new objects."};
  Text tlsCertificate{(StoreConfig *)this, "", "tls-certificate",
                      "A PEM file with the certificate that shows the server who asks."};
  Text tlsPrivateKey{(StoreConfig *)this, "", "tls-private-key",
                     "A PEM file with the key of that certificate."};
  Text narinfoCompression{(StoreConfig *)this, "", "narinfo-compression",
                          "Compression method for .narinfo files."};
  Text lsCompression{(StoreConfig *) this, "", "ls-compression", "Compression method for .ls files."};
  Text logCompression{(StoreConfig *) this, "", "log-compression", "Compression method for log/* files."};
  const nix::Setting<bool> deniedAsMissing{(StoreConfig *)this, false, std::string(denied_as_missing),
                                           "Whether a file that the server denies counts as one that is not "
                                           "there, is remembered as such, and is not warned of."};

  Text settingsFile{(StoreConfig *)this, "", std::string(settings_file),
                    "A file with oarlock's settings, `name = value` by line; for keys."};

  // Those that speak of the server.
  std::vector<Text *> remote{&profile,
                             &region,
                             &scheme,
                             &endpoint,
                             &addressingStyle,
                             &multipartUpload,
                             &multipartThreshold,
                             &multipartChunkSize,
                             &storageClass,
                             &tlsCertificate,
                             &tlsPrivateKey};

  // How a file is to be compressed, "" for not at all.
  std::string compressionOf(const std::string &path) const {
    const auto method = nix::hasSuffix(path, ".narinfo") ? narinfoCompression.get()
                        : nix::hasSuffix(path, ".ls")    ? lsCompression.get()
                        : nix::hasPrefix(path, "log/")   ? logCompression.get()
                                                         : "";
    return method == "none" ? "" : method;
  }
};

using Params = std::map<std::string, std::string>;

// The parameters that Nix gets: it warns of those that it does not have. Those with oarlock's prefix are
// oarlock's, which refuses unknown ones.
inline Params for_nix(Params params) {
  for (auto at = params.begin(); at != params.end();) {
    at = nix::hasPrefix(at->first, own) && at->first != denied_as_missing && at->first != settings_file
             ? params.erase(at)
             : std::next(at);
  }
  return params;
}

// The certificates to trust, if the user set them. Later versions of Nix have a setting for it.
inline std::optional<std::string> trusted(const std::string &) { return nix::getEnv("NIX_SSL_CERT_FILE"); }
inline std::optional<std::string> trusted(const nix::Setting<std::string> &file) {
  return file.overridden ? file.get() : trusted(file.get());
}

// What is oarlock's: the cache's parameters, then Nix's global settings where the user has set them.
inline parameters for_oarlock(const StoreSettings &config, const Params &params) {
  parameters given;
  for (const auto &[name, value] : params) {
    if (nix::hasPrefix(name, own) && name != denied_as_missing && name != settings_file)
      given.emplace_back(name.substr(own.size()), value);
  }
  for (const auto *setting : config.remote) {
    if (setting->get() != "") given.emplace_back(setting->name, setting->get());
  }
  const auto &transfer = nix::fileTransferSettings;
  if (transfer.tries.overridden)
    given.emplace_back("max-attempts", std::to_string(std::clamp(transfer.tries.get(), 1u, 20u)));
  // 0 is no limit for Nix; a day is none that anyone waits for.
  if (transfer.connectTimeout.overridden) {
    const auto limit = transfer.connectTimeout.get();
    given.emplace_back("connect-timeout", std::to_string(limit == 0 ? 86400 : limit));
  }
  if (transfer.stalledDownloadTimeout.overridden)
    given.emplace_back("stalled-download-timeout", std::to_string(transfer.stalledDownloadTimeout.get()));
  // The user's own limit wins over these, which keep a copy of anything within 64 MiB of memory.
  const auto unless_given = [&](const char *name, const char *value) {
    for (const auto &[other, _] : given) {
      if (other == name || other == (std::string_view(name) == "multipart-chunk-size" ? "multipart-chunksize"
                                                                                       : "max_concurrency"))
        return;
    }
    given.emplace_back(name, value);
  };
  unless_given("max-concurrency", "3");
  unless_given("multipart-chunk-size", "5MiB");
  if (const auto file = trusted(nix::settings.caFile)) given.emplace_back("ssl-cert-file", *file);
  return given;
}

// Where processes of this user share temporary credentials, in memory: the daemon has a process for each
// client, and a credential_process or a sign-in is to run once. Nothing where there is no such directory.
inline std::optional<std::string> credentials_place() {
  const auto own_runtime = nix::getEnv("XDG_RUNTIME_DIR").value_or("");
  const std::string above = own_runtime != "" ? own_runtime : geteuid() == 0 ? "/run" : "";
  if (above == "" || access(above.c_str(), W_OK | X_OK) != 0) return std::nullopt;
  return above + "/oarlock-nix";
}

// Nix only warns of a parameter that it does not have. One that was to guard the cache must not be lost so:
// the upload would be unsigned, or in the clear.
inline void refuse_near_misses(nix::Config &config, const std::map<std::string, std::string> &params) {
  std::map<std::string, nix::AbstractConfig::SettingInfo> known;
  config.getSettings(known);
  for (const auto &[name, _] : params) {
    if (known.count(name) != 0 || nix::hasPrefix(name, own)) continue;
    for (const auto *guard : {"secret", "key", "sign", "encrypt", "kms", "sse"}) {
      if (name.find(guard) == std::string::npos) continue;
      const bool signs = name.find("encrypt") == std::string::npos && name.find("kms") == std::string::npos &&
                         name.find("sse") == std::string::npos;
      throw nix::UsageError("unknown parameter '%s': a cache is signed by 'secret-key=/file', and encrypted "
                            "by parameters that begin with 'oarlock-encryption-'; did you mean '%s'?",
                            name, signs ? "secret-key" : std::string(own) + "encryption-kms-key-id");
    }
  }
}

// The settings in a file for oarlock, `name = value` by line: keys, which must not be in a URL or in
// nix.conf, which everyone may read.
inline parameters from_file(const std::string &path) {
  const auto suffix = nix::trim(nix::fileTransferSettings.userAgentSuffix.get());
  parameters settings{{"app-name", suffix == "" ? "nix" : "nix " + suffix}};
  const auto shared = [&] {
    for (const auto &[name, _] : settings) {
      if (name == "credentials-cache" || name == "credentials_cache") return settings;
    }
    if (const auto place = credentials_place()) settings.emplace_back("credentials-cache", *place);
    return settings;
  };
  if (path == "") return shared();
  std::istringstream lines(nix::readFile(path));
  std::size_t number = 0;
  for (std::string line; ++number, std::getline(lines, line);) {
    const auto equals = line.find('=');
    const auto name = nix::trim(line.substr(0, equals));
    if (name == "" || name[0] == '#') continue;
    if (equals == std::string::npos)
      throw nix::UsageError("line %d of '%s' is not of the form 'name = value'", number, path);
    settings.emplace_back(name, nix::trim(line.substr(equals + 1)));
  }
  return shared();
}

// Nix handles its own exceptions only.
template <typename Work>
auto translated(Work work) {
  try {
    return work();
  } catch (const trouble &why) {
    throw nix::Error("%s", why.what());
  } catch (const oarlock::error &why) {
    throw nix::Error("%s", why.what());
  }
}

// The files of one cache.
class Files {
 public:
  Files(StoreSettings &config, const std::string &scheme, const std::string &place, const Params &params)
      : config_((refuse_near_misses(config, params), config)),
        bucket_(translated([&] {
          return bucket("s3://" + place, for_oarlock(config, params), from_file(config.settingsFile));
        })),
        uri_(translated([&] { return uri_of(scheme, place, bucket_.find_reach()); })), ahead_(bucket_) {}

  // The name of this cache: Nix caches under it what a cache has.
  const std::string &uri() const { return uri_; }
  const bucket &where() const { return bucket_; }

  bool exists(const std::string &path) {
    return translated([&] {
      try {
        return bucket_.exists(path);
      } catch (const trouble &why) {
        // A user without permission to read may still write. Other failures appear then.
        if (why.what_kind() != trouble::denied) throw;
        return false;
      }
    });
  }

  // Writes a file now or, if there is one, by the batch.
  void upsert(const std::string &path, std::shared_ptr<std::basic_iostream<char>> stream,
              const std::string &mime, batch *by) {
    const bool narinfo = nix::hasSuffix(path, ".narinfo");
    std::vector<std::string> references;
    upload what{path, stream, 0, mime, config_.compressionOf(path)};
    if (narinfo || what.encoding != "") {
      auto text = nix::StreamToSourceAdapter(stream).drain();
      if (narinfo) references = references_of(text);
      if (what.encoding != "") text = nix::compress(what.encoding, text);
      what.from = std::make_shared<std::stringstream>(std::move(text));
    }
    what.from->seekg(0, std::ios::end);
    what.size = what.from->tellg();
    what.from->seekg(0);
    what.moved = told_as("uploading", path);
    translated([&] {
      if (by == nullptr) bucket_.write(what);
      else if (narinfo) by->add_narinfo(std::move(what), references);
      else by->add(std::move(what), nix::hasPrefix(path, "nar/"));
    });
  }

  void get(const std::string &path, nix::Sink &sink) {
    const bool nar = nix::hasPrefix(path, "nar/");
    translated([&] {
      try {
        if (!nar) return sink(decoded(bucket_.read(path)));
        if (auto early = nar ? ahead_.take(path) : std::nullopt; early && plain(early->encoding))
          return sink(early->body);
        const auto encoding =
            bucket_.stream(path, [&](std::string_view data) { sink(data); }, told_as("downloading", path));
        if (!plain(encoding))
          throw nix::Error("'%s/%s' is stored with the Content-Encoding %s, which is not undone for NARs",
                           uri_, path, encoding);
      } catch (const trouble &why) {
        // Nix requests a NAR because its .narinfo exists: if it is denied, that is an error.
        const bool gone = nar ? why.what_kind() == trouble::missing ||
                                    (why.what_kind() == trouble::denied && config_.deniedAsMissing)
                              : absent(path, why);
        if (!gone) throw;
        throw nix::NoSuchBinaryCacheFile("file '%s' does not exist in binary cache '%s'", path, uri_);
      }
    });
  }

  // The same without waiting. `keep` holds the store as long as its answer is awaited.
  void get(const std::string &path, nix::Callback<std::optional<std::string>> callback,
           std::shared_ptr<nix::Store> keep) noexcept {
    const auto told = std::make_shared<nix::Callback<std::optional<std::string>>>(std::move(callback));
    try {
      bucket_.fetch(path, [this, keep, path, told](file got, std::exception_ptr failed) {
        std::optional<std::string> data;
        try {
          translated([&] {
            try {
              if (failed) std::rethrow_exception(failed);
              data = decoded(std::move(got));
            } catch (const trouble &why) {
              if (!absent(path, why)) throw;
            }
          });
        } catch (...) {
          return told->rethrow();
        }
        (*told)(std::move(data));
      });
    } catch (...) {
      told->rethrow();
    }
  }

  nix::StorePathSet paths() {
    constexpr std::string_view suffix = ".narinfo";
    nix::StorePathSet found;
    translated([&] {
      bucket_.list([&](std::string_view key) {
        if (key.size() != nix::StorePath::HashLen + suffix.size() || !nix::hasSuffix(key, suffix)) return;
        found.insert(nix::StorePath(std::string(key.substr(0, nix::StorePath::HashLen)) + "-" +
                                    nix::Store::MissingName));
      });
    });
    return found;
  }

  // Nix has learnt of a NAR, which it may read next: not if the path is in the local store already, which is
  // what it mostly copies to.
  void foresee(const nix::NarInfo &info) {
    if (!nix::hasPrefix(info.url, "nar/")) return;
    const auto path = nix::settings.nixStore + "/" + std::string(info.path.to_string());
    ahead_.foresee(info.url, info.fileSize, access(path.c_str(), F_OK) != 0);
  }

  bool was_denied(const std::string &key) const {
    const std::lock_guard lock(mutex_);
    return denied_.count(key) != 0;
  }

 private:
  // All that distinguishes this cache from others: Nix keeps what it remembers of a cache under this name.
  static std::string uri_of(const std::string &scheme, const std::string &place, const bucket::reach &reach) {
    std::string uri = scheme + "://" + place, mark = "?";
    for (const auto &[name, value] :
         {std::pair("endpoint", reach.endpoint), std::pair("profile", reach.profile),
          std::pair("region", reach.region)}) {
      if (value != "") uri += std::exchange(mark, "&") + name + "=" + value;
    }
    return uri;
  }

  static bool plain(const std::string &encoding) {
    return encoding.empty() || encoding == "identity" || encoding == "none" || encoding == "aws-chunked";
  }
  static std::string decoded(file got) {
    return plain(got.encoding) ? std::move(got.body) : nix::decompress(got.encoding, got.body);
  }

  progress told_as(const char *doing, const std::string &path) const {
    const auto activity = std::make_shared<nix::Activity>(
        *nix::logger, nix::lvlTalkative, nix::actFileTransfer, nix::fmt("%s '%s/%s'", doing, uri_, path),
        nix::Logger::Fields{uri_ + "/" + path});
    return [activity](std::uint64_t done, std::uint64_t total) { activity->progress(done, total); };
  }

  // Whether a file is to count as not there. A server denies what is not there to those who may not list; but
  // it may be there.
  bool absent(const std::string &key, const trouble &why) {
    if (why.what_kind() == trouble::missing) return true;
    if (why.what_kind() != trouble::denied) return false;
    if (config_.deniedAsMissing) return true;
    // A cache that is public shows at least what it is.
    if (bucket_.by_stranger() && key == "nix-cache-info") return false;
    {
      const std::lock_guard lock(mutex_);
      denied_.insert(key);
    }
    if (!warned_.exchange(true)) {
      nix::warn("%s; what is denied counts as missing now and is asked for again next time (%s=true silences "
                "this; with s3:ListBucket the server tells the two apart)",
                why.what(), denied_as_missing);
    }
    return true;
  }

  const StoreSettings &config_;
  const bucket bucket_;
  const std::string uri_;
  read_ahead ahead_;
  mutable std::mutex mutex_;
  std::set<std::string> denied_;
  std::atomic<bool> warned_ = false;
};

// Nix's cache of .narinfos, without what is not known for certain: what the server denied, and what is not
// uploaded yet. While a batch is under way it counts what that batch uploads as there, and keeps what was
// seen to be there or missing since: however short a time Nix may remember a cache for, the copy goes by one
// state.
class CertainCache : public nix::NarInfoDiskCache {
  using Info = std::shared_ptr<const nix::ValidPathInfo>;

 public:
  explicit CertainCache(Files &files) : real(nix::getNarInfoDiskCache()), files(files) {}

  // Around a batch; there is one at a time.
  void begin(const batch &uploads) {
    const std::lock_guard lock(mutex);
    under_way = &uploads;
    const auto now = std::chrono::steady_clock::now();
    for (auto at = missing.begin(); at != missing.end();)
      at = now - at->second > lately ? missing.erase(at) : std::next(at);
  }
  void end() {
    settle(true);
    const std::lock_guard lock(mutex);
    under_way = nullptr;
    held.clear();
    missing.clear();
  }
  // Remembers those that were under way and have been uploaded since.
  void settle(bool ended = false) {
    std::list<std::tuple<std::string, std::string, Info>> landed;
    {
      const std::lock_guard lock(mutex);
      if (!under_way) return;
      for (auto at = unsettled.begin(); at != unsettled.end();) {
        const auto &[uri, hashPart, info] = *at;
        if (under_way->landed(hashPart + ".narinfo")) landed.push_back(std::move(*at));
        else if (!ended) {
          ++at;
          continue;
        }
        at = unsettled.erase(at);
      }
    }
    for (const auto &[uri, hashPart, info] : landed) real->upsertNarInfo(uri, hashPart, info);
  }

  std::pair<Outcome, std::shared_ptr<nix::NarInfo>> lookupNarInfo(const std::string &uri,
                                                                  const std::string &hashPart) override {
    {
      const std::lock_guard lock(mutex);
      if (under_way) {
        if (const auto found = held.find(hashPart); found != held.end()) return {oValid, found->second};
        if (missing.count(hashPart) != 0) return {oInvalid, nullptr};
      }
    }
    auto told = real->lookupNarInfo(uri, hashPart);
    if (told.first == oValid) files.foresee(*told.second);
    return told;
  }
  void upsertNarInfo(const std::string &uri, const std::string &hashPart, Info info) override {
    const auto known = std::dynamic_pointer_cast<const nix::NarInfo>(info);
    {
      const std::lock_guard lock(mutex);
      if (!info && missing.size() < most) missing[hashPart] = std::chrono::steady_clock::now();
      if (info) missing.erase(hashPart);
      if (known && under_way) {
        held[hashPart] = std::make_shared<nix::NarInfo>(*known);
        if (!under_way->landed(hashPart + ".narinfo")) {
          unsettled.emplace_back(uri, hashPart, info);
          return;
        }
      }
    }
    if (known) files.foresee(*known);
    if (info || !files.was_denied(hashPart + ".narinfo")) real->upsertNarInfo(uri, hashPart, info);
  }
  void upsertRealisation(const std::string &uri, const nix::Realisation &realisation) override {
    real->upsertRealisation(uri, realisation);
  }
  void upsertAbsentRealisation(const std::string &uri, const nix::DrvOutput &id) override {
    if (!files.was_denied("realisations/" + id.to_string() + ".doi")) real->upsertAbsentRealisation(uri, id);
  }
  std::pair<Outcome, std::shared_ptr<nix::Realisation>> lookupRealisation(const std::string &uri,
                                                                          const nix::DrvOutput &id) override {
    return real->lookupRealisation(uri, id);
  }

 protected:
  nix::ref<NarInfoDiskCache> real;

 private:
  // What was missing so lately counts as missing for a batch that begins.
  static constexpr std::chrono::seconds lately{60};
  static constexpr std::size_t most = 1 << 17;

  Files &files;
  std::mutex mutex;
  const batch *under_way = nullptr;
  std::map<std::string, std::shared_ptr<nix::NarInfo>> held;
  std::map<std::string, std::chrono::steady_clock::time_point> missing;
  std::list<std::tuple<std::string, std::string, Info>> unsettled;
};

// Asks for all paths of a closure together: Nix, which asks for one after the other, then finds what was
// answered.
inline void foresee(nix::Store &store, const nix::StorePathSet &paths) {
  struct Known {
    std::mutex mutex;
    std::condition_variable changed;
    nix::StorePathSet wanted;
    std::size_t asked = 0;
  };
  const auto known = std::make_shared<Known>();
  known->wanted = paths;
  nix::StorePathSet seen;
  for (;;) {
    nix::StorePathSet wanted;
    {
      std::unique_lock lock(known->mutex);
      while (known->wanted.empty() && known->asked != 0) known->changed.wait(lock);
      if (known->wanted.empty()) return;
      wanted.swap(known->wanted);
    }
    for (const auto &path : wanted) {
      if (!seen.insert(path).second) continue;
      {
        const std::lock_guard lock(known->mutex);
        ++known->asked;
      }
      store.queryPathInfo(path, {[known](std::future<nix::ref<const nix::ValidPathInfo>> told) {
        nix::StorePathSet references;
        try {
          references = told.get()->references;
        } catch (...) {
          // Nix requests it again, and reports the error.
        }
        const std::lock_guard lock(known->mutex);
        known->wanted.merge(references);
        --known->asked;
        known->changed.notify_all();
      }});
    }
  }
}

}  // namespace oarlock_nix
