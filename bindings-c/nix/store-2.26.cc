// The same stores of Nix 2.26, which uploads many paths at a time by itself.
//
// Law: only what this Nix has differently from others. Built for another Nix, it says so and registers nothing.

#include <binary-cache-store.hh>
#include <callback.hh>
#include <compression.hh>
#include <environment-variables.hh>
#include <filetransfer.hh>
#include <globals.hh>
#include <nar-info-disk-cache.hh>
#include <signals.hh>

#include "store.hh"

namespace oarlock_nix {

namespace host {

bool interrupted() { return nix::getInterrupted(); }
void check_interrupt() { nix::checkInterrupt(); }
std::exception_ptr interruption() { return std::make_exception_ptr(nix::Interrupted("interrupted by the user")); }
std::shared_ptr<void> on_interrupt(std::function<void()> woken) { return std::shared_ptr<nix::InterruptCallback>(nix::createInterruptCallback(std::move(woken))); }
void warn(const std::string &sentence) { nix::warn("%s", sentence); }
std::size_t connections() {
  const std::size_t allowed = nix::fileTransferSettings.httpConnections.get();
  // 0 is no limit for Nix; there is one for the process's descriptors.
  return allowed == 0 ? 128 : allowed;
}

}  // namespace host

namespace {

class Remembered : public CertainCache {
 public:
  using CertainCache::CertainCache;
  int createCache(const std::string &uri, const nix::Path &storeDir, bool wantMassQuery, int priority) override {
    return real->createCache(uri, storeDir, wantMassQuery, priority);
  }
  std::optional<CacheInfo> upToDateCacheExists(const std::string &uri) override { return real->upToDateCacheExists(uri); }
};

struct OarlockStore : virtual StoreSettings, virtual nix::BinaryCacheStore {
  using Params = nix::Store::Params;

  OarlockStore(std::string_view scheme, std::string_view place, const Params &params)
      : StoreConfig(for_nix(params)), BinaryCacheStoreConfig(params), StoreSettings(params), Store(params), BinaryCacheStore(params),
        files(*this, std::string(scheme), std::string(place), params) {
    diskCache = std::make_shared<Remembered>(files, [](const std::string &) { return false; });
  }

  std::string getUri() override { return files.uri(); }
  std::optional<nix::TrustedFlag> isTrustedClient() override { return std::nullopt; }

  void init() override {
    if (const auto known = diskCache->upToDateCacheExists(getUri())) {
      wantMassQuery.setDefault(known->wantMassQuery);
      priority.setDefault(known->priority);
      return;
    }
    BinaryCacheStore::init();
    diskCache->createCache(getUri(), storeDir, wantMassQuery, priority);
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

  bool fileExists(const std::string &path) override { return files.exists(path); }
  void upsertFile(const std::string &path, std::shared_ptr<std::basic_iostream<char>> stream, const std::string &mime) override {
    files.upsert(path, stream, mime, nullptr);
  }
  void getFile(const std::string &path, nix::Sink &sink) override { files.get(path, sink); }
  void getFile(const std::string &path, nix::Callback<std::optional<std::string>> callback) noexcept override {
    files.get(path, std::move(callback), shared_from_this());
  }
  nix::StorePathSet queryAllValidPaths() override { return files.paths(); }

  void computeFSClosure(const nix::StorePathSet &paths, nix::StorePathSet &out, bool flip, bool outputs, bool derivers) override {
    if (!flip) foresee(*this, paths);
    Store::computeFSClosure(paths, out, flip, outputs, derivers);
  }

 private:
  Files files;
};

struct Registration {
  Registration() {
    if (nix::nixVersion.compare(0, 5, "2.26.") == 0) nix::Implementations::add<OarlockStore, StoreSettings>();
    else nix::warn("oarlock's plugin was built for Nix 2.26 and leaves Nix %s alone", nix::nixVersion);
  }
} registration;

}  // namespace

}  // namespace oarlock_nix
