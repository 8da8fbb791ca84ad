// What goes in and comes out: options, lists, values, errors. A part of oarlock.hpp, which is to be included
// in its place.
//
// Invariant: plain data; nothing here starts a call, and no verb or option is named.

#ifndef OARLOCK_DATA_HPP
#define OARLOCK_DATA_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../oarlock.h"

namespace oarlock {

using time_point = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

namespace detail {

template <typename T, void (*Free)(T *)>
struct freer {
  void operator()(T *handle) const noexcept { Free(handle); }
};

using store_handle = std::unique_ptr<oarlock_store, freer<oarlock_store, oarlock_store_free>>;
using classes_handle = std::unique_ptr<oarlock_classes, freer<oarlock_classes, oarlock_classes_free>>;
using call_handle = std::unique_ptr<oarlock_call, freer<oarlock_call, oarlock_call_free>>;
using options_handle = std::unique_ptr<oarlock_options, freer<oarlock_options, oarlock_options_free>>;
using source_handle = std::unique_ptr<oarlock_source, freer<oarlock_source, oarlock_source_free>>;
using sink_handle = std::unique_ptr<oarlock_sink, freer<oarlock_sink, oarlock_sink_free>>;
using error_handle = std::unique_ptr<oarlock_error, freer<oarlock_error, oarlock_error_free>>;

inline std::optional<std::string> text(const char *text) {
  return text ? std::optional<std::string>(text) : std::nullopt;
}
inline const std::uint8_t *raw(const char *data) { return reinterpret_cast<const std::uint8_t *>(data); }

}  // namespace detail

// What went wrong: what() is a sentence to show.
class error : public std::runtime_error {
 public:
  // Takes the C error over, which may be NULL.
  error(oarlock_status kind, oarlock_error *raw) : error(kind, detail::error_handle(raw)) {}
  // An error of this skin's own.
  error(oarlock_status kind, const std::string &message, std::string key)
      : std::runtime_error(message), kind_(kind), status_(0), retryable_(false), key_(std::move(key)) {}

  oarlock_status kind() const noexcept { return kind_; }
  const char *kind_name() const noexcept { return oarlock_status_name(kind_); }
  const std::optional<std::string> &verb() const noexcept { return verb_; }
  const std::optional<std::string> &bucket() const noexcept { return bucket_; }
  const std::optional<std::string> &key() const noexcept { return key_; }
  const std::optional<std::string> &code() const noexcept { return code_; }
  const std::optional<std::string> &request_id() const noexcept { return request_id_; }
  // The HTTP status, or 0.
  int status() const noexcept { return status_; }
  bool retryable() const noexcept { return retryable_; }

 private:
  error(oarlock_status kind, const detail::error_handle &raw)
      : std::runtime_error(raw ? oarlock_error_message(raw.get()) : oarlock_status_name(kind)),
        kind_(kind),
        status_(oarlock_error_http_status(raw.get())),
        retryable_(oarlock_error_retryable(raw.get())),
        verb_(detail::text(oarlock_error_verb(raw.get()))),
        bucket_(detail::text(oarlock_error_bucket(raw.get()))),
        key_(detail::text(oarlock_error_key(raw.get()))),
        code_(detail::text(oarlock_error_code(raw.get()))),
        request_id_(detail::text(oarlock_error_request_id(raw.get()))) {}

  oarlock_status kind_;
  int status_;
  bool retryable_;
  std::optional<std::string> verb_, bucket_, key_, code_, request_id_;
};

namespace detail {

// By reference, because the call that gives the status may be evaluated after its neighbour.
inline void check(oarlock_status status, oarlock_error *const &raw = nullptr) {
  if (status != OARLOCK_OK) throw error(status, raw);
}

}  // namespace detail

// A value, or a part of one, that was answered; it keeps the whole alive. Looking for what is not there gives
// null.
class value {
 public:
  value() = default;
  explicit value(std::shared_ptr<const oarlock_value> shared) : value_(std::move(shared)) {}
  explicit value(oarlock_value *whole)
      : value_(whole,
               [](const oarlock_value *freed) { oarlock_value_free(const_cast<oarlock_value *>(freed)); }) {}

  oarlock_type type() const { return oarlock_value_type(value_.get()); }
  bool is_null() const { return type() == OARLOCK_TYPE_NULL; }
  bool as_bool() const { return oarlock_value_bool(value_.get()); }
  std::int64_t as_int() const { return oarlock_value_int(value_.get()); }
  // Text and bytes live as long as any value of the same reply.
  std::string_view as_str() const {
    std::size_t size = 0;
    const char *data = oarlock_value_str(value_.get(), &size);
    return data ? std::string_view(data, size) : std::string_view();
  }
  std::string_view as_bytes() const {
    std::size_t size = 0;
    const std::uint8_t *data = oarlock_value_bytes(value_.get(), &size);
    return data ? std::string_view(reinterpret_cast<const char *>(data), size) : std::string_view();
  }
  // A time outside of what the clock can tell is cut to the clock's first or last.
  time_point as_time() const {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    oarlock_value_time(value_.get(), &seconds, &nanoseconds);
    constexpr std::int64_t most =
        std::chrono::duration_cast<std::chrono::seconds>(time_point::duration::max()).count() - 1;
    return time_point(std::chrono::seconds(std::clamp(seconds, -most, most)) +
                      std::chrono::nanoseconds(nanoseconds));
  }

  // Items of a list, entries of a map.
  std::size_t size() const { return oarlock_value_count(value_.get()); }
  value at(std::size_t index) const { return part(oarlock_value_at(value_.get(), index)); }
  std::string_view name(std::size_t index) const {
    const char *name = oarlock_value_name(value_.get(), index);
    return name ? std::string_view(name) : std::string_view();
  }
  value operator[](const std::string &name) const {
    return part(oarlock_value_get(value_.get(), name.c_str()));
  }

  class iterator;
  inline iterator begin() const;
  inline iterator end() const;

 private:
  value part(const oarlock_value *part) const {
    value result;
    if (part) result.value_ = std::shared_ptr<const oarlock_value>(value_, part);
    return result;
  }

  std::shared_ptr<const oarlock_value> value_;
};

class value::iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = value;
  using difference_type = std::ptrdiff_t;
  using pointer = const value *;
  using reference = value;
  iterator(const value &whole, std::size_t index) : whole_(whole), index_(index) {}
  value operator*() const { return whole_.at(index_); }
  iterator &operator++() { return ++index_, *this; }
  bool operator==(const iterator &other) const { return index_ == other.index_; }
  bool operator!=(const iterator &other) const { return index_ != other.index_; }

 private:
  value whole_;
  std::size_t index_;
};

inline value::iterator value::begin() const { return iterator(*this, 0); }
inline value::iterator value::end() const { return iterator(*this, size()); }

class options;
class list;

// Raw bytes as an option's value.
struct bytes {
  std::string data;
};

class argument;

namespace detail {
using ask = std::function<argument(const value &)>;
inline std::function<oarlock_status(oarlock_options *, const char *)> asked(ask function);
}  // namespace detail

// The value of one option: nullptr, bool, a whole number, text, bytes, a time, a list, options (a map) or a
// function.
class argument {
 public:
  argument(std::nullptr_t)
      : put_([](oarlock_options *to, const char *name) { return oarlock_options_set_null(to, name); }) {}
  template <typename T, std::enable_if_t<std::is_same_v<T, bool>, int> = 0>
  argument(T flag)
      : put_([flag](oarlock_options *to, const char *name) {
          return oarlock_options_set_bool(to, name, flag);
        }) {}
  template <typename T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  argument(T number)
      : put_([number](oarlock_options *to, const char *name) {
          return oarlock_options_set_int(to, name, static_cast<std::int64_t>(number));
        }) {}
  template <typename T, std::enable_if_t<std::is_convertible_v<const T &, std::string_view>, int> = 0>
  argument(const T &text)
      : put_([text = std::string(std::string_view(text))](oarlock_options *to, const char *name) {
          return oarlock_options_set_text(to, name, text.data(), text.size());
        }) {}
  argument(bytes raw)
      : put_([raw = std::move(raw)](oarlock_options *to, const char *name) {
          return oarlock_options_set_bytes(to, name, detail::raw(raw.data.data()), raw.data.size());
        }) {}
  argument(time_point time)
      : put_([time](oarlock_options *to, const char *name) {
          const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
          return oarlock_options_set_time(to, name, seconds.time_since_epoch().count(),
                                          static_cast<std::uint32_t>((time - seconds).count()));
        }) {}
  inline argument(options entries);
  inline argument(list items);
  // A function that returns values to the core, on the thread that waits; what it throws becomes the error's
  // message. The question and its parts live until it returns.
  template <typename F, std::enable_if_t<!std::is_same_v<F, argument> &&
                                             std::is_invocable_r_v<argument, const F &, const value &>,
                                         int> = 0>
  argument(F function) : put_(detail::asked(std::function<argument(const value &)>(std::move(function)))) {}

  // A mistake is kept; the function that takes the options throws it.
  void put(oarlock_options *to, const char *name) const { put_(to, name); }

 private:
  std::function<oarlock_status(oarlock_options *, const char *)> put_;
};

// Values by name: settings, parameters, options, maps.
class options {
 public:
  options() : handle_(oarlock_options_new()) {}
  options(std::initializer_list<std::pair<std::string, argument>> entries) : options() {
    for (const auto &[name, value] : entries) set(name, value);
  }
  options(const options &other) : handle_(oarlock_options_copy(other.get())) {}
  options(options &&) noexcept = default;
  options &operator=(options other) noexcept { return handle_ = std::move(other.handle_), *this; }

  options &set(const std::string &name, const argument &value) {
    return value.put(handle_.get(), name.c_str()), *this;
  }
  // A copy without what the verb does not take.
  options only_for(const std::string &verb) const {
    options copy;
    copy.handle_.reset(oarlock_options_copy_for(handle_.get(), verb.c_str()));
    return copy;
  }
  const oarlock_options *get() const noexcept { return handle_.get(); }

 private:
  detail::options_handle handle_;
};

// Values in order.
class list {
 public:
  list() = default;
  list(std::initializer_list<argument> items) {
    for (const auto &item : items) add(item);
  }

  list &add(const argument &item) {
    return item.put(const_cast<oarlock_options *>(items_.get()), nullptr), *this;
  }
  const oarlock_options *get() const noexcept { return items_.get(); }

 private:
  options items_;
};

inline argument::argument(options entries)
    : put_([entries = std::move(entries)](oarlock_options *to, const char *name) {
        return oarlock_options_set_map(to, name, entries.get());
      }) {}
inline argument::argument(list items)
    : put_([items = std::move(items)](oarlock_options *to, const char *name) {
        return oarlock_options_set_list(to, name, items.get());
      }) {}

namespace detail {

inline int on_ask(void *userdata, const oarlock_value *question, oarlock_options *answer) noexcept {
  try {
    const auto &function = **static_cast<std::shared_ptr<ask> *>(userdata);
    function(value(std::shared_ptr<const oarlock_value>(question, [](const oarlock_value *) {
    }))).put(answer, nullptr);
    return 0;
  } catch (const std::exception &error) {
    oarlock_options_set_str(answer, nullptr, error.what());
  } catch (...) {
    oarlock_options_set_str(answer, nullptr, "an exception that is no std::exception");
  }
  return -1;
}

inline void on_release(void *userdata) noexcept { delete static_cast<std::shared_ptr<ask> *>(userdata); }

inline std::function<oarlock_status(oarlock_options *, const char *)> asked(ask function) {
  return [shared = std::make_shared<ask>(std::move(function))](oarlock_options *to, const char *name) {
    return oarlock_options_set_callback(to, name, on_ask, new std::shared_ptr<ask>(shared), on_release);
  };
}

}  // namespace detail

}  // namespace oarlock

#endif
