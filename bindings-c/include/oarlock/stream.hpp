// An object as a std::istream or std::ostream, a listing as a range. A part of oarlock.hpp, which is to be
// included in its place.
//
// Invariant: only the verbs that a stream or a range is made of are named here (head, get, put), and of
// options only what moves them on.

#ifndef OARLOCK_STREAM_HPP
#define OARLOCK_STREAM_HPP

#include <cstring>
#include <istream>
#include <ostream>
#include <streambuf>
#include <vector>

#include "call.hpp"

namespace oarlock {

// The pages of a listing, fetched one by one as a range-for comes to them; it can be gone through once.
class pages {
 public:
  pages(const oarlock_store *store, std::string verb, options arguments)
      : store_(oarlock_store_clone(store)), verb_(std::move(verb)), arguments_(std::move(arguments)) {}

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = value;
    using difference_type = std::ptrdiff_t;
    using pointer = const value *;
    using reference = const value &;
    explicit iterator(pages *from = nullptr) : from_(from) {}
    const value &operator*() const { return from_->page_; }
    const value *operator->() const { return &from_->page_; }
    iterator &operator++() {
      if (!from_->advance()) from_ = nullptr;
      return *this;
    }
    bool operator==(const iterator &other) const { return from_ == other.from_; }
    bool operator!=(const iterator &other) const { return from_ != other.from_; }

   private:
    pages *from_;
  };
  iterator begin() { return fetch(), iterator(this); }
  iterator end() { return iterator(); }

 private:
  void fetch() { page_ = call(store_.get(), verb_, arguments_, source(), sink(), true).wait(); }
  bool advance() {
    const value next = page_["next"];
    if (next.is_null()) return false;
    arguments_.set("continuation", next.as_str());
    return fetch(), true;
  }

  detail::store_handle store_;
  std::string verb_;
  options arguments_;
  value page_;
};

namespace detail {

// Reads one object in ranges, pinned to the ETag it had when it was opened. From the first byte on it is
// checked as `get` does: the read that would hand over the last byte throws instead if the bytes are wrong.
// What is read after a seek cannot be checked, except in an encrypted object: that is verified as a whole
// first.
class read_buffer : public std::streambuf {
 public:
  read_buffer(const oarlock_store *store, const std::string &key, options with)
      : store_(oarlock_store_clone(store)), with_(std::move(with)) {
    // In an encrypted object it seeks in the whole, which is fetched once and verified.
    with_.set("key", key).set("whole", true);
    const value meta = call(store_.get(), "head", with_.only_for("head"), source(), sink()).wait();
    key_ = key;
    // A reader needs the size; without it the object would look empty.
    if (meta["size"].is_null()) throw error(OARLOCK_SERVICE, nullptr);
    size_ = meta["size"].as_int();
    estimated_ = meta["size_estimated"].as_bool();
    settled_ = size_ > 0 && !estimated_;
    if (!meta["etag"].is_null()) with_.set("if_match", meta["etag"].as_str());
  }

 protected:
  int_type underflow() override {
    if (gptr() == egptr()) {
      if (buffer_.empty()) buffer_.resize(1 << 18);
      const std::size_t count = fill(buffer_.data(), buffer_.size());
      setg(buffer_.data(), buffer_.data(), buffer_.data() + count);
    }
    return gptr() == egptr() ? traits_type::eof() : traits_type::to_int_type(*gptr());
  }

  std::streamsize xsgetn(char *to, std::streamsize wanted) override {
    std::streamsize got = std::min<std::streamsize>(wanted, egptr() - gptr());
    if (got > 0) {
      std::memcpy(to, gptr(), static_cast<std::size_t>(got));
      setg(eback(), gptr() + got, egptr());
    }
    while (got < wanted) {
      const std::size_t count = fill(to + got, static_cast<std::size_t>(wanted - got));
      if (count == 0) break;
      got += static_cast<std::streamsize>(count);
    }
    return got;
  }

  pos_type seekoff(off_type offset, std::ios_base::seekdir whence, std::ios_base::openmode) override {
    const off_type here = position_ - (egptr() - gptr());
    const off_type target = offset + (whence == std::ios_base::cur   ? here
                                      : whence == std::ios_base::end ? size_
                                                                     : 0);
    if (target < 0) return pos_type(off_type(-1));
    if (target != here) {
      call_.reset();
      position_ = target;
      setg(nullptr, nullptr, nullptr);
    }
    return pos_type(target);
  }

  pos_type seekpos(pos_type position, std::ios_base::openmode which) override {
    return seekoff(off_type(position), std::ios_base::beg, which);
  }

 private:
  // The next bytes; 0 at the end. The stream's end is taken before its last bytes are handed over.
  std::size_t fill(char *to, std::size_t wanted) {
    if (wanted == 0 || (position_ >= size_ && (settled_ || (!call_ && position_ > 0)))) return 0;
    if (!call_) {
      options from(with_);
      if (position_ > 0) from.set("range", std::to_string(position_) + "-");
      call_.emplace(store_.get(), "get", from, source(), sink::pulled());
    }
    const std::size_t count = call_->read(to, wanted);
    const off_type end = position_ + static_cast<off_type>(count);
    if (count == 0 || (!estimated_ && end >= size_)) finish(count > 0, end);
    position_ = end;
    return count;
  }

  // Sees that the stream ends at this byte, and without an error.
  void finish(bool more, off_type end) {
    char next = 0;
    if (more && call_->read(&next, 1) > 0) {
      throw error(OARLOCK_CHANGED, "the object is longer than its size told", key_);
    }
    // An estimate may be wrong by one block of AES.
    const off_type difference = end > size_ ? end - size_ : size_ - end;
    if (difference > (estimated_ ? 16 : 0)) {
      const std::string told = ", but its size was told as " + std::to_string(size_);
      throw error(OARLOCK_CHANGED, "the object ended at byte " + std::to_string(end) + told, key_);
    }
    call_.reset();
    size_ = end;
    estimated_ = false;
    settled_ = true;
  }

  store_handle store_;
  options with_;
  std::optional<call> call_;
  std::vector<char> buffer_;
  std::string key_;
  off_type size_ = 0;
  // Whether `head` could only estimate the size.
  bool estimated_ = false;
  // Whether the size alone shows that nothing is left. Otherwise only the stream's end does: an encrypted
  // object that is empty, or cut to less than its tag, is refused there.
  bool settled_ = false;
  // Of the next byte of the call.
  off_type position_ = 0;
};

// Pushes what is written to a put.
class write_buffer : public std::streambuf {
 public:
  write_buffer(const oarlock_store *store, const std::string &key, options with)
      : call_(std::in_place, store, "put", with.set("key", key), source::pushed(), sink()), buffer_(1 << 20) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }

  value close() {
    if (!call_) throw error(OARLOCK_INVALID_INPUT, nullptr);
    sync();
    value reply = call_->wait();
    call_.reset();
    return reply;
  }

 protected:
  int_type overflow(int_type next) override {
    sync();
    if (!traits_type::eq_int_type(next, traits_type::eof())) sputc(traits_type::to_char_type(next));
    return traits_type::not_eof(next);
  }

  int sync() override {
    if (call_ && pptr() != pbase())
      call_->write(std::string_view(pbase(), static_cast<std::size_t>(pptr() - pbase())));
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return call_ ? 0 : -1;
  }

 private:
  std::optional<call> call_;
  std::vector<char> buffer_;
};

}  // namespace detail

// An object as a stream to read and seek in. A failure is thrown as oarlock::error; one while opening too.
class reader : public std::istream {
 public:
  reader(const oarlock_store *store, const std::string &key, options with)
      : std::istream(nullptr), buffer_(store, key, std::move(with)) {
    rdbuf(&buffer_);
    exceptions(std::ios::badbit);
  }

 private:
  detail::read_buffer buffer_;
};

// An object as a stream to write: close() stores it. One that goes away before, by an exception for example,
// stores nothing.
class writer : public std::ostream {
 public:
  writer(const oarlock_store *store, const std::string &key, options with)
      : std::ostream(nullptr), buffer_(store, key, std::move(with)) {
    rdbuf(&buffer_);
    exceptions(std::ios::badbit);
  }

  // Waits until the object is stored and gives the reply of `put`.
  value close() { return buffer_.close(); }

 private:
  detail::write_buffer buffer_;
};

}  // namespace oarlock

#endif
