// The stores `s3://` and `oarlock+s3://` of Nix 2.8: a BinaryCacheStore whose files are objects in a bucket.
//
// Law: only what this Nix has differently from others. Built for another Nix, it says so and registers nothing.

#include <binary-cache-store.hh>
#include <callback.hh>
#include <compression.hh>
#include <filetransfer.hh>
#include <globals.hh>
#include <nar-info-disk-cache.hh>

#include "store.hh"

namespace oarlock_nix {

namespace host {

bool interrupted() { return nix::_isInterrupted; }
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
  void createCache(const std::string &uri, const nix::Path &storeDir, bool wantMassQuery, int priority) override {
    real->createCache(uri, storeDir, wantMassQuery, priority);
  }
  std::optional<CacheInfo> cacheExists(const std::string &uri) override { return real->cacheExists(uri); }
};

struct OarlockStore : virtual StoreSettings, virtual nix::BinaryCacheStore {
  using Params = nix::Store::Params;

  OarlockStore(const std::string &scheme, const std::string &place, const Params &params)
      : StoreConfig(for_nix(params)), BinaryCacheStoreConfig(params), StoreSettings(params), Store(params), BinaryCacheStore(params), files(*this, scheme, place, params) {
    remembered = std::make_shared<Remembered>(files, [](const std::string &key) { return filling.second != nullptr && !filling.second->landed(key); });
    diskCache = remembered;
  }

  std::string getUri() override { return files.uri(); }

  void init() override {
    if (const auto known = diskCache->cacheExists(getUri())) {
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

  // A batch looks when a file's turn to be uploaded has come.
  bool fileExists(const std::string &path) override { return uploading() == nullptr && files.exists(path); }
  void upsertFile(const std::string &path, std::shared_ptr<std::basic_iostream<char>> stream, const std::string &mime) override {
    batch *under = uploading();
    if (under) remembered->settle(*under, false);
    files.upsert(path, stream, mime, under);
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

  // This Nix hands over one path after the other; their uploads overlap.
  void addMultipleToStore(nix::Source &source, nix::RepairFlag repair, nix::CheckSigsFlag checkSigs) override {
    const std::lock_guard one(batching);
    batch uploads(files.where(), repair);
    const Filling here(*this, uploads);
    try {
      Store::addMultipleToStore(source, repair, checkSigs);
      translated([&] { uploads.finish(); });
      remembered->settle(uploads, true);
    } catch (...) {
      // Nix thinks that all of them are there.
      clearPathInfoCache();
      remembered->settle(uploads, true);
      throw;
    }
  }

 private:
  // The batch that this thread fills, and of which store.
  inline static thread_local std::pair<const OarlockStore *, batch *> filling;

  struct Filling {
    Filling(const OarlockStore &store, batch &uploads) : before(std::exchange(filling, {&store, &uploads})) {}
    ~Filling() { filling = before; }
    std::pair<const OarlockStore *, batch *> before;
  };

  batch *uploading() const { return filling.first == this ? filling.second : nullptr; }

  Files files;
  std::shared_ptr<CertainCache> remembered;
  std::mutex batching;
};

struct Registration {
  Registration() {
    if (nix::nixVersion.compare(0, 4, "2.8.") == 0) nix::Implementations::add<OarlockStore, StoreSettings>();
    else nix::warn("oarlock's plugin was built for Nix 2.8 and leaves Nix %s alone", nix::nixVersion);
  }
} registration;

}  // namespace

}  // namespace oarlock_nix
