// The stores `s3://` and `oarlock+s3://` of Nix 2.8: a BinaryCacheStore whose files are objects in a bucket.
//
// Invariant: only what this Nix has differently from others.

#include <binary-cache-store.hh>
#include <callback.hh>
#include <compression.hh>
#include <filetransfer.hh>
#include <globals.hh>
#include <nar-info-disk-cache.hh>

#include "cache.hh"

namespace oarlock_nix {

bool host::interrupted() { return nix::_isInterrupted; }

namespace {

class Remembered : public CertainCache {
 public:
  using CertainCache::CertainCache;
  void createCache(const std::string &uri, const nix::Path &storeDir, bool wantMassQuery,
                   int priority) override {
    real->createCache(uri, storeDir, wantMassQuery, priority);
  }
  std::optional<CacheInfo> cacheExists(const std::string &uri) override { return real->cacheExists(uri); }
};

struct OarlockStore : CacheInBucket {
  OarlockStore(const std::string &scheme, const std::string &place, const Params &params)
      : StoreConfig(for_nix(params)), BinaryCacheStoreConfig(params), StoreSettings(params), Store(params),
        BinaryCacheStore(params), CacheInBucket(scheme, place, params) {
    remembered = std::make_shared<Remembered>(files, [](const std::string &key) {
      return filling.second != nullptr && !filling.second->landed(key);
    });
    diskCache = remembered;
  }

  void init() override { open(diskCache->cacheExists(getUri())); }

  // A batch looks when a file's turn to be uploaded has come.
  bool fileExists(const std::string &path) override { return uploading() == nullptr && files.exists(path); }
  void upsertFile(const std::string &path, std::shared_ptr<std::basic_iostream<char>> stream,
                  const std::string &mime) override {
    batch *under = uploading();
    if (under) remembered->settle(*under, false);
    files.upsert(path, stream, mime, under);
  }

  // This Nix hands over one path after the other; their uploads overlap.
  void addMultipleToStore(nix::Source &source, nix::RepairFlag repair,
                          nix::CheckSigsFlag checkSigs) override {
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

  std::shared_ptr<CertainCache> remembered;
  std::mutex batching;
};

struct Registration {
  Registration() { register_for<OarlockStore>("2.8"); }
} registration;

}  // namespace

}  // namespace oarlock_nix
