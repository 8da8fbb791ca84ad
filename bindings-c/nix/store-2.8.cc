// The stores `s3://` and `oarlock+s3://` of Nix 2.8: a BinaryCacheStore whose files are objects in a bucket.
//
// Law: what Nix calls a parameter is one of the settings below, whose S3 meaning oarlock knows by the same names; this file only hands them
// on. Built for another Nix, it says so and registers nothing.

#include <binary-cache-store.hh>
#include <callback.hh>
#include <compression.hh>
#include <filetransfer.hh>
#include <globals.hh>
#include <nar-info-disk-cache.hh>

#include <condition_variable>

#include "batch.hh"
#include "bucket.hh"
#include "host.hh"

namespace oarlock_nix {

namespace host {

bool interrupted() { return nix::_isInterrupted; }
void check_interrupt() { nix::checkInterrupt(); }
std::exception_ptr interruption() { return std::make_exception_ptr(nix::Interrupted("interrupted by the user")); }
std::shared_ptr<void> on_interrupt(std::function<void()> woken) { return std::shared_ptr<nix::InterruptCallback>(nix::createInterruptCallback(std::move(woken))); }
// 0 is no limit for Nix; there is one for the process's descriptors.
std::size_t connections() {
  const std::size_t allowed = nix::fileTransferSettings.httpConnections.get();
  return allowed == 0 ? 128 : allowed;
}
void warn(const std::string &sentence) { nix::warn(sentence.find('%') == std::string::npos ? sentence : nix::replaceStrings(sentence, "%", "%%")); }

}  // namespace host

namespace {

using nix::Setting;

struct OarlockStoreConfig : virtual nix::BinaryCacheStoreConfig {
  using BinaryCacheStoreConfig::BinaryCacheStoreConfig;

  const std::string name() override { return "S3 Binary Cache Store (oarlock)"; }

  // Text, because oarlock reads them: what is not given has oarlock's default, which may come from the environment or the profile.
  using Text = const Setting<std::string>;
  Text profile{(StoreConfig *) this, "", "profile", "The profile in the shared AWS files that credentials, region and endpoint come from."};
  Text region{(StoreConfig *) this, "", "region", "The region of the bucket; by default that of the environment or the profile, else us-east-1.", {"aws-region"}};
  Text scheme{(StoreConfig *) this, "", "scheme", "How an endpoint without a scheme is reached: https (the default) or http."};
  Text endpoint{(StoreConfig *) this, "", "endpoint", "Where the server is: a URL, or a host with or without a port; by default AWS in the region."};
  Text addressingStyle{(StoreConfig *) this, "", "addressing-style", "How the bucket is addressed: path, virtual or auto."};
  Text multipartUpload{(StoreConfig *) this, "", "multipart-upload", "Whether large files may be uploaded in parts; true by default."};
  Text multipartThreshold{(StoreConfig *) this, "", "multipart-threshold", "Bytes from which on a file is uploaded in parts."};
  Text multipartChunkSize{(StoreConfig *) this, "", "multipart-chunk-size", "Bytes in a part.", {"buffer-size"}};
  Text storageClass{(StoreConfig *) this, "", "storage-class", "The storage class of new objects."};
  Text tlsCertificate{(StoreConfig *) this, "", "tls-certificate", "A PEM file with the certificate that shows the server who asks."};
  Text tlsPrivateKey{(StoreConfig *) this, "", "tls-private-key", "A PEM file with the key of that certificate."};
  Text narinfoCompression{(StoreConfig *) this, "", "narinfo-compression", "Compression method for .narinfo files."};
  Text lsCompression{(StoreConfig *) this, "", "ls-compression", "Compression method for .ls files."};
  Text logCompression{(StoreConfig *) this, "", "log-compression", "Compression method for log/* files."};
  const Setting<bool> deniedAsMissing{(StoreConfig *) this, false, "oarlock-denied-as-missing",
    "Whether a file that the server denies counts as one that is not there, is remembered as such, and is not warned of."};

  // Those that speak of the server.
  std::vector<Text *> remote{&profile, &region, &scheme, &endpoint, &addressingStyle, &multipartUpload, &multipartThreshold, &multipartChunkSize,
                             &storageClass, &tlsCertificate, &tlsPrivateKey};
};

// Parameters that are oarlock's own settings begin so.
constexpr std::string_view own = "oarlock-";

// Nix's cache of .narinfos, without what is not known for certain: what the server denied, and what is not uploaded yet.
class CertainCache : public nix::NarInfoDiskCache {
 public:
  CertainCache(nix::ref<NarInfoDiskCache> real, std::function<bool(const std::string &key)> denied, std::function<bool(const std::string &key)> underWay)
      : real(real), denied(std::move(denied)), underWay(std::move(underWay)) {}

  // Remembers those that were under way and have been uploaded since.
  void settle(const batch &uploads) {
    for (const auto &[uri, hashPart, info] : std::exchange(held, {})) {
      if (uploads.landed(hashPart + ".narinfo")) real->upsertNarInfo(uri, hashPart, info);
    }
  }

  void createCache(const std::string &uri, const nix::Path &storeDir, bool wantMassQuery, int priority) override {
    real->createCache(uri, storeDir, wantMassQuery, priority);
  }
  std::optional<CacheInfo> cacheExists(const std::string &uri) override { return real->cacheExists(uri); }
  std::pair<Outcome, std::shared_ptr<nix::NarInfo>> lookupNarInfo(const std::string &uri, const std::string &hashPart) override {
    return real->lookupNarInfo(uri, hashPart);
  }
  void upsertNarInfo(const std::string &uri, const std::string &hashPart, std::shared_ptr<const nix::ValidPathInfo> info) override {
    // Only the thread that uploads has any under way.
    if (info && underWay(hashPart + ".narinfo")) held.emplace_back(uri, hashPart, info);
    else if (info || !denied(hashPart + ".narinfo")) real->upsertNarInfo(uri, hashPart, info);
  }
  void upsertRealisation(const std::string &uri, const nix::Realisation &realisation) override { real->upsertRealisation(uri, realisation); }
  void upsertAbsentRealisation(const std::string &uri, const nix::DrvOutput &id) override {
    if (!denied("realisations/" + id.to_string() + ".doi")) real->upsertAbsentRealisation(uri, id);
  }
  std::pair<Outcome, std::shared_ptr<nix::Realisation>> lookupRealisation(const std::string &uri, const nix::DrvOutput &id) override {
    return real->lookupRealisation(uri, id);
  }

 private:
  nix::ref<NarInfoDiskCache> real;
  std::function<bool(const std::string &)> denied, underWay;
  std::vector<std::tuple<std::string, std::string, std::shared_ptr<const nix::ValidPathInfo>>> held;
};

std::map<std::string, std::string> settingsOf(const OarlockStoreConfig &config, const nix::Store::Params &params) {
  std::map<std::string, std::string> settings{{"app-name", "nix"}};
  const auto &transfer = nix::fileTransferSettings;
  if (transfer.tries.overridden) settings["max-attempts"] = std::to_string(std::max(1u, transfer.tries.get()));
  if (transfer.connectTimeout.overridden && transfer.connectTimeout.get() != 0) settings["connect-timeout"] = std::to_string(transfer.connectTimeout.get());
  if (transfer.stalledDownloadTimeout.overridden) settings["stalled-download-timeout"] = std::to_string(transfer.stalledDownloadTimeout.get());
  if (const auto file = nix::getEnv("NIX_SSL_CERT_FILE")) settings["ssl-cert-file"] = *file;
  for (const auto *setting : config.remote) {
    if (setting->get() != "") settings[setting->name] = setting->get();
  }
  // The URL's own word comes last.
  for (const auto &[name, value] : params) {
    if (nix::hasPrefix(name, own) && name != config.deniedAsMissing.name) settings[name.substr(own.size())] = value;
  }
  return settings;
}

struct OarlockStore : virtual OarlockStoreConfig, virtual nix::BinaryCacheStore {
  OarlockStore(const std::string &scheme, const std::string &place, const Params &params)
      : StoreConfig(foreign(params)),
        BinaryCacheStoreConfig(params),
        OarlockStoreConfig(params),
        Store(params),
        BinaryCacheStore(params),
        uri(uriOf(scheme, place, params)),
        files("s3://" + place, settingsOf(*this, params)) {
    certain = std::make_shared<CertainCache>(nix::getNarInfoDiskCache(), [this](const std::string &key) { return wasDenied(key); },
      [](const std::string &key) { return filling.second != nullptr && !filling.second->landed(key); });
    diskCache = certain;
  }

  static std::set<std::string> uriSchemes() { return {"s3", "oarlock+s3"}; }
  std::string getUri() override { return uri; }

  void init() override {
    if (const auto known = diskCache->cacheExists(uri)) {
      wantMassQuery.setDefault(known->wantMassQuery);
      priority.setDefault(known->priority);
      return;
    }
    BinaryCacheStore::init();
    diskCache->createCache(uri, storeDir, wantMassQuery, priority);
  }

  // A .narinfo is small: reading it costs no more than asking for it.
  bool isValidPathUncached(const nix::StorePath &path) override {
    try {
      queryPathInfo(path);
      return true;
    } catch (nix::InvalidPath &) {
      return false;
    }
  }

  bool fileExists(const std::string &path) override {
    // Looked for when its turn to be uploaded comes.
    if (uploading()) return false;
    try {
      return files.exists(path);
    } catch (trouble &why) {
      // Who may not look may still write; what else is wrong will show then.
      if (why.what_kind() == trouble::denied) return false;
      throw nix::Error("%s", why.what());
    }
  }

  void upsertFile(const std::string &path, std::shared_ptr<std::basic_iostream<char>> stream, const std::string &mime) override {
    const auto &compression = nix::hasSuffix(path, ".narinfo") ? narinfoCompression.get()
                              : nix::hasSuffix(path, ".ls")    ? lsCompression.get()
                              : nix::hasPrefix(path, "log/")   ? logCompression.get()
                                                               : none;
    std::vector<std::string> references;
    upload what{path, stream, 0, mime, ""};
    batch *under = uploading();
    if (nix::hasSuffix(path, ".narinfo") || (compression != "" && compression != "none")) {
      auto text = nix::StreamToSourceAdapter(stream).drain();
      references = references_of(text);
      if (compression != "" && compression != "none") {
        text = nix::compress(compression, text);
        what.encoding = compression;
      }
      what.from = std::make_shared<std::stringstream>(std::move(text));
    }
    what.from->seekg(0, std::ios::end);
    what.size = what.from->tellg();
    what.from->seekg(0);
    const auto activity = std::make_shared<nix::Activity>(*nix::logger, nix::lvlTalkative, nix::actFileTransfer,
      nix::fmt("uploading '%s/%s'", uri, path), nix::Logger::Fields{uri + "/" + path});
    what.moved = [activity](std::uint64_t done, std::uint64_t total) { activity->progress(done, total); };
    translated([&] {
      if (!under) files.write(what);
      else if (nix::hasSuffix(path, ".narinfo")) under->add_narinfo(std::move(what), references);
      else under->add(std::move(what), nix::hasPrefix(path, "nar/"));
    });
  }

  void getFile(const std::string &path, nix::Sink &sink) override {
    translated([&] {
      try {
        if (!nix::hasPrefix(path, "nar/")) return sink(decoded(files.read(path)));
        const nix::Activity activity(*nix::logger, nix::lvlTalkative, nix::actFileTransfer, nix::fmt("downloading '%s/%s'", uri, path),
          nix::Logger::Fields{uri + "/" + path});
        const auto encoding = files.stream(path, [&](std::string_view data) { sink(data); },
          [&](std::uint64_t done, std::uint64_t total) { activity.progress(done, total); });
        if (!plain(encoding)) throw nix::Error("'%s/%s' is stored with the Content-Encoding %s, which Nix does not undo for NARs", uri, path, encoding);
      } catch (trouble &why) {
        if (!nix::hasPrefix(path, "nar/") && absent(path, why)) throw nix::NoSuchBinaryCacheFile("file '%s' does not exist in binary cache '%s'", path, uri);
        if (why.what_kind() == trouble::missing || (why.what_kind() == trouble::denied && deniedAsMissing))
          throw nix::NoSuchBinaryCacheFile("file '%s' does not exist in binary cache '%s'", path, uri);
        throw;
      }
    });
  }

  void getFile(const std::string &path, nix::Callback<std::optional<std::string>> callback) noexcept override {
    const auto told = std::make_shared<decltype(callback)>(std::move(callback));
    try {
      const auto keep = std::static_pointer_cast<OarlockStore>(std::dynamic_pointer_cast<OarlockStore>(shared_from_this()));
      files.fetch(path, [keep, path, told](file got, std::exception_ptr failed) {
        std::optional<std::string> data;
        try {
          keep->translated([&] {
            try {
              if (failed) std::rethrow_exception(failed);
              data = decoded(std::move(got));
            } catch (trouble &why) {
              if (!keep->absent(path, why)) throw;
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

  // Nix hands over one path after the other; their uploads overlap.
  void addMultipleToStore(nix::Source &source, nix::RepairFlag repair, nix::CheckSigsFlag checkSigs) override {
    const std::lock_guard one(batching);
    batch uploads(files);
    const Uploading here(*this, uploads);
    try {
      Store::addMultipleToStore(source, repair, checkSigs);
      translated([&] { uploads.finish(); });
      certain->settle(uploads);
    } catch (...) {
      // Nix thinks that all of them are there.
      clearPathInfoCache();
      certain->settle(uploads);
      throw;
    }
  }

  // Nix asks for one path after the other; here all that are known of are asked for together, and Nix finds what they answered.
  void computeFSClosure(const nix::StorePathSet &paths, nix::StorePathSet &out, bool flip, bool outputs, bool derivers) override {
    if (!flip) foresee(paths);
    Store::computeFSClosure(paths, out, flip, outputs, derivers);
  }

  nix::StorePathSet queryAllValidPaths() override {
    constexpr std::string_view suffix = ".narinfo";
    nix::StorePathSet paths;
    translated([&] {
      files.list([&](std::string_view key) {
        if (key.size() != nix::StorePath::HashLen + suffix.size() || !nix::hasSuffix(key, suffix)) return;
        paths.insert(nix::StorePath(std::string(key.substr(0, nix::StorePath::HashLen)) + "-" + MissingName));
      });
    });
    return paths;
  }

 private:
  inline static const std::string none;
  // The batch that this thread fills, and of which store.
  inline static thread_local std::pair<const OarlockStore *, batch *> filling;

  struct Uploading {
    Uploading(const OarlockStore &store, batch &uploads) : before(std::exchange(filling, {&store, &uploads})) {}
    ~Uploading() { filling = before; }
    std::pair<const OarlockStore *, batch *> before;
  };

  void foresee(const nix::StorePathSet &paths) {
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
        queryPathInfo(path, {[known](std::future<nix::ref<const nix::ValidPathInfo>> told) {
          nix::StorePathSet references;
          try {
            references = told.get()->references;
          } catch (...) {
            // Nix asks again, and says why.
          }
          const std::lock_guard lock(known->mutex);
          known->wanted.merge(references);
          --known->asked;
          known->changed.notify_all();
        }});
      }
    }
  }

  batch *uploading() const { return filling.first == this ? filling.second : nullptr; }

  // Nix names what it does not know; what begins with oarlock's name is known to oarlock, or refused by it.
  static Params foreign(Params params) {
    for (auto at = params.begin(); at != params.end();) {
      at = nix::hasPrefix(at->first, own) && at->first != "oarlock-denied-as-missing" ? params.erase(at) : std::next(at);
    }
    return params;
  }

  // What tells this cache from others: Nix remembers by it what a cache has.
  static std::string uriOf(const std::string &scheme, const std::string &place, const Params &params) {
    std::string uri = scheme + "://" + place, mark = "?";
    for (const auto *name : {"endpoint", "scheme"}) {
      const auto found = params.find(name);
      if (found != params.end()) uri += std::exchange(mark, "&") + name + "=" + found->second;
    }
    return uri;
  }

  static bool plain(const std::string &encoding) { return encoding.empty() || encoding == "identity" || encoding == "none" || encoding == "aws-chunked"; }
  static std::string decoded(file got) { return plain(got.encoding) ? std::move(got.body) : nix::decompress(got.encoding, got.body); }

  // Nix knows its own exceptions only.
  template <typename Work>
  void translated(Work work) {
    try {
      work();
    } catch (trouble &why) {
      throw nix::Error("%s", why.what());
    } catch (oarlock::error &why) {
      throw nix::Error("%s: %s", uri, why.what());
    }
  }

  // Whether a file is to count as not there. A server denies what is not there to those who may not list; but it may be there.
  bool absent(const std::string &key, const trouble &why) {
    if (why.what_kind() == trouble::missing) return true;
    if (why.what_kind() != trouble::denied) return false;
    if (deniedAsMissing) return true;
    {
      const std::lock_guard lock(mutex);
      denied.insert(key);
    }
    if (!warned.exchange(true))
      host::warn(std::string(why.what()) + "; what is denied counts as missing now, and is asked for again next time (oarlock-denied-as-missing=true silences this; s3:ListBucket lets the server tell the two apart)");
    return true;
  }

  bool wasDenied(const std::string &key) {
    const std::lock_guard lock(mutex);
    return denied.count(key) != 0;
  }

  const std::string uri;
  const bucket files;
  std::shared_ptr<CertainCache> certain;
  std::mutex batching;
  std::mutex mutex;
  std::set<std::string> denied;
  std::atomic<bool> warned = false;
};

struct Registration {
  Registration() {
    if (nix::nixVersion.compare(0, 4, "2.8.") == 0) nix::Implementations::add<OarlockStore, OarlockStoreConfig>();
    else host::warn("oarlock's plugin was built for Nix 2.8 and leaves Nix " + nix::nixVersion + " alone");
  }
} registration;

}  // namespace

}  // namespace oarlock_nix
