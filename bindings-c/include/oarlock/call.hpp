// Sources, sinks and calls. A part of oarlock.hpp, which is to be included in its place.
//
// Invariant: no exception goes through C. What a lent function throws is kept, the call fails, and the wait
// that ran it throws it on.

#ifndef OARLOCK_CALL_HPP
#define OARLOCK_CALL_HPP

#include <exception>
#include <istream>
#include <ostream>

#include "data.hpp"

namespace oarlock {

namespace detail {

// What C++ lends a call. What its functions throw waits here until the wait that ran them can throw it.
struct lent {
  std::function<std::size_t(char *, std::size_t)> read;
  std::function<void(std::string_view)> write;
  std::function<bool(std::uint64_t, std::optional<std::uint64_t>)> progress;
  std::function<void(int, std::string_view)> log;
  std::exception_ptr thrown;

  template <typename Result, typename Body>
  Result guard(Result failed, Body body) noexcept {
    try {
      return body();
    } catch (...) {
      if (!thrown) thrown = std::current_exception();
      return failed;
    }
  }
};

inline std::ptrdiff_t on_read(void *userdata, std::uint8_t *buffer, std::size_t size) {
  auto *lender = static_cast<lent *>(userdata);
  return lender->guard<std::ptrdiff_t>(
      -1, [&] { return static_cast<std::ptrdiff_t>(lender->read(reinterpret_cast<char *>(buffer), size)); });
}

inline int on_write(void *userdata, const std::uint8_t *data, std::size_t size) {
  auto *lender = static_cast<lent *>(userdata);
  return lender->guard(
      -1, [&] { return lender->write(std::string_view(reinterpret_cast<const char *>(data), size)), 0; });
}

inline int on_progress(void *userdata, std::uint64_t done, std::int64_t total) {
  auto *lender = static_cast<lent *>(userdata);
  return lender->guard(-1, [&] {
    return lender->progress(done, total < 0 ? std::nullopt
                                            : std::optional<std::uint64_t>(static_cast<std::uint64_t>(total)))
               ? 0
               : 1;
  });
}

inline void on_log(void *userdata, int level, const char *message) {
  auto *lender = static_cast<lent *>(userdata);
  lender->guard(0, [&] { return lender->log(level, message), 0; });
}

}  // namespace detail

// Where bytes come from: a copy of some text or bytes, unless made by one of the functions.
class source {
 public:
  source() = default;
  template <typename T, std::enable_if_t<std::is_convertible_v<const T &, std::string_view>, int> = 0>
  source(const T &data) {
    const std::string_view view(data);
    handle_.reset(oarlock_source_bytes(detail::raw(view.data()), view.size()));
  }

  // Bytes that stay where they are, unchanged, until the call is gone.
  static source view(std::string_view data) {
    return source(oarlock_source_view(detail::raw(data.data()), data.size()));
  }
  static source file(const std::string &path) { return source(oarlock_source_file(path.c_str())); }
  // Fills the buffer and returns how much of it; 0 is the end.
  static source from(std::function<std::size_t(char *, std::size_t)> read, std::int64_t size = -1) {
    auto lender = std::make_shared<detail::lent>();
    lender->read = std::move(read);
    source made(oarlock_source_callback(detail::on_read, lender.get(), size));
    made.lender_ = std::move(lender);
    return made;
  }
  static source from(std::istream &stream) {
    return from([&stream](char *buffer, std::size_t size) {
      stream.read(buffer, static_cast<std::streamsize>(size));
      if (stream.bad()) throw std::runtime_error("the stream cannot be read");
      return static_cast<std::size_t>(stream.gcount());
    });
  }
  // The bytes that call::write is given.
  static source pushed() { return source(oarlock_source_pushed()); }

 private:
  friend class call;
  explicit source(oarlock_source *handle) : handle_(handle) {}
  detail::source_handle handle_;
  std::shared_ptr<detail::lent> lender_;
};

// Where bytes go: the reply's `body`, unless made by one of the functions.
class sink {
 public:
  sink() = default;

  static sink file(const std::string &path) { return sink(oarlock_sink_file(path.c_str())); }
  static sink to(std::function<void(std::string_view)> write) {
    auto lender = std::make_shared<detail::lent>();
    lender->write = std::move(write);
    sink made(oarlock_sink_callback(detail::on_write, lender.get()));
    made.lender_ = std::move(lender);
    return made;
  }
  static sink to(std::ostream &stream) {
    return to([&stream](std::string_view data) {
      if (!stream.write(data.data(), static_cast<std::streamsize>(data.size())))
        throw std::runtime_error("the stream cannot be written");
    });
  }
  // The caller of call::read.
  static sink pulled() { return sink(oarlock_sink_pulled()); }

 private:
  friend class call;
  explicit sink(oarlock_sink *handle) : handle_(handle) {}
  detail::sink_handle handle_;
  std::shared_ptr<detail::lent> lender_;
};

// A verb under way. Letting go of it cancels it.
class call {
 public:
  // `blocking`: who makes it waits for it at once, and what is short is done by the thread that waits.
  call(const oarlock_store *store, const std::string &verb, const options &arguments, source from, sink to,
       bool blocking = false)
      : source_(std::move(from.lender_)),
        sink_(std::move(to.lender_)),
        own_(std::make_shared<detail::lent>()) {
    oarlock_call *started = nullptr;
    oarlock_error *why = nullptr;
    const auto start = blocking ? oarlock_start_blocking : oarlock_start;
    detail::check(start(store, verb.c_str(), arguments.get(), from.handle_.release(), to.handle_.release(),
                        &started, &why),
                  why);
    handle_.reset(started);
  }

  // Waits for the end, through signals, and gives the reply: once.
  value wait() {
    for (;;) {
      if (auto reply = wait_for(-1)) return *std::move(reply);
    }
  }
  // The same, but nothing when the time (milliseconds) is over or a signal was handled. With 0 it never
  // waits.
  std::optional<value> wait_for(int timeout_ms) {
    oarlock_value *reply = nullptr;
    return served(
               [&](oarlock_error **why) { return oarlock_call_wait(handle_.get(), timeout_ms, &reply, why); })
               ? std::optional<value>(value(reply))
               : std::nullopt;
  }
  // Reads from a pulled sink; 0 is the end.
  std::size_t read(char *buffer, std::size_t size) {
    for (;;) {
      if (const auto count = read_for(buffer, size, -1)) return *count;
    }
  }
  // The same, but nothing when nothing came in time (milliseconds) or a signal was handled.
  std::optional<std::size_t> read_for(char *buffer, std::size_t size, int timeout_ms) {
    std::size_t count = 0;
    return served([&](oarlock_error **why) {
      return oarlock_call_read(handle_.get(), timeout_ms, reinterpret_cast<std::uint8_t *>(buffer), size,
                               &count, why);
    })
               ? std::optional<std::size_t>(count)
               : std::nullopt;
  }
  // Writes to a pushed source.
  void write(std::string_view data) {
    while (!served([&](oarlock_error **why) {
      return oarlock_call_write(handle_.get(), -1, detail::raw(data.data()), data.size(), why);
    })) {}
  }

  // Readable while there is something to serve with wait_for(0).
  int fd() {
    int fd = -1;
    oarlock_error *why = nullptr;
    detail::check(oarlock_call_fd(handle_.get(), &fd, &why), why);
    return fd;
  }
  // From any thread.
  void cancel() const noexcept { oarlock_call_cancel(handle_.get()); }
  // Bytes moved and the total, if it is known; from any thread.
  std::pair<std::uint64_t, std::optional<std::uint64_t>> progress() const {
    std::uint64_t done = 0;
    std::int64_t total = -1;
    oarlock_call_progress(handle_.get(), &done, &total);
    return {done, total < 0 ? std::nullopt : std::optional<std::uint64_t>(static_cast<std::uint64_t>(total))};
  }
  // `false` cancels the call.
  call &on_progress(std::function<bool(std::uint64_t, std::optional<std::uint64_t>)> progress) {
    own_->progress = std::move(progress);
    return detail::check(oarlock_call_on_progress(handle_.get(), detail::on_progress, own_.get())), *this;
  }
  call &on_log(std::function<void(int, std::string_view)> log) {
    own_->log = std::move(log);
    return detail::check(oarlock_call_on_log(handle_.get(), detail::on_log, own_.get())), *this;
  }

 private:
  template <typename Serve>
  bool served(Serve serve) {
    oarlock_error *why = nullptr;
    const oarlock_status status = serve(&why);
    for (const auto &lender : {source_, sink_, own_}) {
      if (status != OARLOCK_PENDING && lender && lender->thrown) {
        oarlock_error_free(why);
        std::rethrow_exception(std::exchange(lender->thrown, nullptr));
      }
    }
    if (status != OARLOCK_PENDING) detail::check(status, why);
    return status == OARLOCK_OK;
  }

  // Before the handle, so that they are freed after it.
  std::shared_ptr<detail::lent> source_, sink_, own_;
  detail::call_handle handle_;
};

}  // namespace oarlock

#endif
