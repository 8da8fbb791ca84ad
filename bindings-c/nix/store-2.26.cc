// The stores `s3://` and `oarlock+s3://` of Nix 2.26, which uploads many paths at a time by itself.
//
// Invariant: only what this Nix has differently from others.

// What this Nix was built with; its other headers ask for it.
#include <config-util.hh>
#include <config-store.hh>

#include <binary-cache-store.hh>
#include <callback.hh>
#include <compression.hh>
#include <environment-variables.hh>
#include <filetransfer.hh>
#include <finally.hh>
#include <globals.hh>
#include <nar-info-disk-cache.hh>
#include <signals.hh>

#include "cache.hh"

namespace oarlock_nix {

bool host::interrupted() { return nix::getInterrupted(); }

namespace {

class Remembered : public CertainCache {
 public:
  using CertainCache::CertainCache;
  int createCache(const std::string &uri, const nix::Path &storeDir, bool wantMassQuery,
                  int priority) override {
    return real->createCache(uri, storeDir, wantMassQuery, priority);
  }
  std::optional<CacheInfo> upToDateCacheExists(const std::string &uri) override {
    return real->upToDateCacheExists(uri);
  }
};

struct OarlockStore : CacheInBucket {
  OarlockStore(std::string_view scheme, std::string_view place, const Params &params)
      : StoreConfig(for_nix(params)), BinaryCacheStoreConfig(params), StoreSettings(params), Store(params),
        BinaryCacheStore(params), CacheInBucket(std::string(scheme), std::string(place), params) {
    certain = std::make_shared<Remembered>(files);
    diskCache = certain;
  }

  std::optional<nix::TrustedFlag> isTrustedClient() override { return std::nullopt; }
  void init() override { open(diskCache->upToDateCacheExists(getUri())); }

  // This Nix uploads as many paths at a time as the machine has processors, each on a thread of a pool.
  void addMultipleToStore(PathsSource &&paths, nix::Activity &act, nix::RepairFlag repair,
                          nix::CheckSigsFlag checkSigs) override {
    batched(repair, [&](batch &uploads) {
      copied = &uploads;
      const Finally done([&] { copied = nullptr; });
      Store::addMultipleToStore(std::move(paths), act, repair, checkSigs);
    });
  }
  void addMultipleToStore(nix::Source &source, nix::RepairFlag repair,
                          nix::CheckSigsFlag checkSigs) override {
    batched(repair, [&](batch &uploads) {
      const Filling here(*this, uploads);
      Store::addMultipleToStore(source, repair, checkSigs);
    });
  }
  void addToStore(const nix::ValidPathInfo &info, nix::Source &source, nix::RepairFlag repair,
                  nix::CheckSigsFlag checkSigs) override {
    batch *uploads = copied;
    if (!uploads) return BinaryCacheStore::addToStore(info, source, repair, checkSigs);
    const Filling here(*this, *uploads);
    BinaryCacheStore::addToStore(info, source, repair, checkSigs);
  }
  using BinaryCacheStore::addToStore;

 private:
  // Set while the pool's threads call `addToStore`.
  std::atomic<batch *> copied = nullptr;
};

struct Registration {
  Registration() { register_for<OarlockStore>("2.26"); }
} registration;

}  // namespace

}  // namespace oarlock_nix
