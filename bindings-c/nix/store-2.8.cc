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
    certain = std::make_shared<Remembered>(files);
    diskCache = certain;
  }

  void init() override { open(diskCache->cacheExists(getUri())); }

  // This Nix hands over one path after the other.
  void addMultipleToStore(nix::Source &source, nix::RepairFlag repair,
                          nix::CheckSigsFlag checkSigs) override {
    batched(repair, [&](batch &uploads) {
      const Filling here(*this, uploads);
      Store::addMultipleToStore(source, repair, checkSigs);
    });
  }
};

struct Registration {
  Registration() { register_for<OarlockStore>("2.8"); }
} registration;

}  // namespace

}  // namespace oarlock_nix
