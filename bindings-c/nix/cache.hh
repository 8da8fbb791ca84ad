// The store itself, and the answers of Nix to `host`, as far as every Nix has the same. Included by the file
// for one Nix, after `store.hh`'s needs.
//
// Invariant: what differs between two of them is in their store-*.cc alone. A plugin registers in the Nix it
// was built for, and logs a warning in any other.

#pragma once

#include "store.hh"

namespace oarlock_nix {

namespace host {

void check_interrupt() { nix::checkInterrupt(); }
std::exception_ptr interruption() {
  return std::make_exception_ptr(nix::Interrupted("interrupted by the user"));
}
std::shared_ptr<void> on_interrupt(std::function<void()> woken) {
  return std::shared_ptr<nix::InterruptCallback>(nix::createInterruptCallback(std::move(woken)));
}
void warn(const std::string &sentence) { nix::warn("%s", sentence); }
std::size_t connections() {
  const std::size_t allowed = nix::fileTransferSettings.httpConnections.get();
  // 0 is no limit for Nix; there is one for the process's descriptors.
  return allowed == 0 ? 128 : allowed;
}

}  // namespace host

struct CacheInBucket : virtual StoreSettings, virtual nix::BinaryCacheStore {
  // A derived class constructs the virtual bases.
  CacheInBucket(const std::string &scheme, const std::string &place, const Params &params)
      : StoreConfig(params), BinaryCacheStoreConfig(params), StoreSettings(params), Store(params),
        BinaryCacheStore(params), files(*this, scheme, place, params) {}

  std::string getUri() override { return files.uri(); }

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
  void upsertFile(const std::string &path, std::shared_ptr<std::basic_iostream<char>> stream,
                  const std::string &mime) override {
    batch *under = uploading();
    if (under) certain->settle();
    files.upsert(path, stream, mime, under);
  }
  void getFile(const std::string &path, nix::Sink &sink) override { files.get(path, sink); }
  void getFile(const std::string &path,
               nix::Callback<std::optional<std::string>> callback) noexcept override {
    files.get(path, std::move(callback), shared_from_this());
  }
  nix::StorePathSet queryAllValidPaths() override { return files.paths(); }

  void computeFSClosure(const nix::StorePathSet &paths, nix::StorePathSet &out, bool flip, bool outputs,
                        bool derivers) override {
    if (!flip) foresee(*this, paths);
    Store::computeFSClosure(paths, out, flip, outputs, derivers);
  }

 protected:
  // The batch that this thread fills, and of which store.
  inline static thread_local std::pair<const CacheInBucket *, batch *> filling;

  struct Filling {
    Filling(const CacheInBucket &store, batch &uploads)
        : before(std::exchange(filling, {&store, &uploads})) {}
    ~Filling() { filling = before; }
    std::pair<const CacheInBucket *, batch *> before;
  };

  batch *uploading() const { return filling.first == this ? filling.second : nullptr; }

  // Nix waits for each upload of a copy; in a batch they overlap.
  template <typename Work>
  void batched(bool replaces, Work work) {
    const std::lock_guard one(batching);
    batch uploads(files.where(), replaces);
    certain->begin(uploads);
    try {
      work(uploads);
      translated([&] { uploads.finish(); });
      certain->end();
    } catch (...) {
      // Nix thinks that all of them are there.
      clearPathInfoCache();
      certain->end();
      throw;
    }
  }

  // What Nix remembers of it, if anything.
  template <typename Known>
  void open(const Known &known) {
    if (known) {
      wantMassQuery.setDefault(known->wantMassQuery);
      priority.setDefault(known->priority);
      return;
    }
    BinaryCacheStore::init();
    diskCache->createCache(getUri(), storeDir, wantMassQuery, priority);
  }

  Files files;
  // What `diskCache` is too.
  std::shared_ptr<CertainCache> certain;

 private:
  std::mutex batching;
};

// At the plugin's start: `interface` is the version of Nix up to its second dot.
template <typename Made>
void register_for(const std::string &interface) {
  if (nix::nixVersion.compare(0, interface.size() + 1, interface + ".") == 0)
    nix::Implementations::add<Made, StoreSettings>();
  else nix::warn("oarlock's plugin was built for Nix %s and leaves Nix %s alone", interface, nix::nixVersion);
}

}  // namespace oarlock_nix
