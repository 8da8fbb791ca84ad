# frozen_string_literal: true

# Objects as files to read: a reader that fetches from its position.
#
# Invariant: it behaves as Ruby's IO does, to the byte. It reads one version of the object, or fails. It
# returns the last byte only after the whole object was checked.
require_relative "encodings"
require_relative "lines"

module Oarlock
  # An object opened for reading; see {Store#open}. It has IO's methods, and works where an IO is read: in
  # IO.copy_stream, CSV, YAML, Marshal, Zlib, Rack and their like.
  #
  # A stream from the first byte is checked as `get` does. If the bytes are wrong, the read that would return
  # the last byte raises instead, and so does every later read until the next seek. A stream that starts after
  # a seek is a range, which can't be checked. An encrypted object is fetched whole, once, and verified before
  # the first byte is returned, also after a seek.
  class Reader
    include Lines

    # Bytes by which an estimated size may be wrong: one block of AES.
    PADDING = 16
    private_constant :PADDING

    # @return [ObjectMeta]
    attr_reader :meta
    # @return [Integer] the content's size in bytes; if `head` could only estimate it, reading to the end
    #   corrects it
    attr_reader :size
    # @return [Integer] the offset of the next byte
    attr_reader :pos
    alias tell pos

    # @private
    def initialize(store, key, encodings:, timeout:, **options)
      raise ArgumentError, "a reader takes no range; seek in it instead" if options.key?(:range)

      known = VERBS["head"][:options].map { |option| option[:name].to_sym }
      @store = store
      @encodings = encodings
      @timeout = timeout
      @meta = store.head(key, timeout: timeout, **options.slice(*known))
      unless @meta.size
        message = "the server does not send the object's size, which a reader needs; fetch it with `get`"
        raise ServiceError.new(message, key: key)
      end
      # The first request fixes the version that the others read.
      pinned = {if_match: @meta.etag, version_id: @meta.version_id}.compact
      # In an encrypted object it seeks in the whole, which is fetched once and verified.
      @values = {whole: true, **options, key: key, **pinned}
      @size = @meta.size
      @estimated = @meta.size_estimated
      # Whether the size alone decides that nothing is left. Otherwise the stream's end decides: an encrypted
      # object that is empty, or cut to less than its tag, fails there.
      @settled = @size.positive? && !@estimated
      @pos = @lineno = 0
      empty_buffer
      @closed = false
      by_bom if encodings.bom?
    end

    # As IO#read: `size` bytes in binary, fewer at the end, nil after it; or all that is left.
    #
    # @param size [Integer, nil]
    # @param into [String, nil] gets the bytes
    # @return [String, nil]
    def read(size = nil, into = nil)
      check_open
      raise ArgumentError, "negative length #{size} given" if size&.negative?

      fill(size)
      bytes = take(size || unread)
      bytes = @encodings.decode(bytes) unless size
      kept = size && into&.encoding
      into&.replace(bytes)
      into&.force_encoding(kept) if kept
      return if bytes.empty? && size&.positive?

      into || bytes
    end

    # As IO#readpartial: the available bytes, at most `size`.
    #
    # @param size [Integer]
    # @param into [String, nil] gets the bytes
    # @return [String]
    def readpartial(size, into = nil)
      check_open
      raise ArgumentError, "negative length #{size} given" if size.negative?

      unless fill([size, 1].min)
        into&.clear
        raise EOFError, "end of object reached"
      end
      # The last byte is returned separately, after the check.
      more if unread < size && pos + unread == @size - 1
      read([size, unread].min, into)
    end
    alias sysread readpartial

    # As IO#read_nonblock on a file: it waits for bytes if it has none.
    #
    # @param exception [Boolean] whether the end raises EOFError; otherwise it is nil
    # @return [String, nil]
    def read_nonblock(size, into = nil, exception: true)
      readpartial(size, into)
    rescue EOFError
      raise if exception
    end

    # As IO#pread: bytes at an offset, by a request of their own. The position stays; threads may share the
    # reader for this.
    #
    # @return [String]
    def pread(size, offset, into = nil)
      check_open
      raise ArgumentError, "negative string size (or size too big)" if size.negative?
      raise Errno::EINVAL, "before the first byte" if offset.negative?
      raise EOFError, "end of object reached" if size.positive? && offset >= @size

      bytes, encoding = String.new, into&.encoding
      if size.positive?
        range = offset...offset + size
        @store.call("get", **@values, range: range, timeout: @timeout) { |chunk| bytes << chunk }
      end
      into ? into.replace(bytes).force_encoding(encoding) : bytes.force_encoding(Encoding::BINARY)
    end

    # As IO#eof?: whether the last byte was read.
    def eof?
      check_open
      return false unless unread.zero?

      # Without a settled size only the stream's end decides.
      (pos >= size || @estimated) && !more
    end
    alias eof eof?

    # As IO#seek.
    #
    # @param offset [Integer]
    # @param whence IO::SEEK_SET, IO::SEEK_CUR or IO::SEEK_END, or :SET, :CUR or :END
    # @return [0]
    def seek(offset, whence = IO::SEEK_SET)
      check_open
      bases = {IO::SEEK_SET => 0, SET: 0, IO::SEEK_CUR => pos, CUR: pos, IO::SEEK_END => size, END: size}
      base = bases.fetch(whence) { raise ArgumentError, "unknown whence: #{whence.inspect}" }
      target = base + offset
      raise Errno::EINVAL, "before the first byte" if target.negative?

      # Bytes that were put back are no bytes of the object.
      take(@put_back)
      if target.between?(pos, pos + unread)
        take(target - pos)
      else
        stop
        @pos = target
      end
      0
    end

    # As IO#pos=.
    def pos=(offset)
      seek(offset)
      offset
    end

    # As IO#rewind.
    #
    # @return [0]
    def rewind
      seek(0)
      @lineno = 0
    end

    # Cancels the request in progress.
    #
    # @return [nil]
    def close
      stop
      @closed = true
      nil
    end
    alias close_read close

    # Whether it was closed.
    def closed? = @closed

    # As IO#sync: nothing is held back.
    def sync = true

    # As IO#tty?.
    def tty? = false
    alias isatty tty?

    # @return [String] the object and the position, without bytes
    def inspect
      "#<#{self.class} #{@store.url_of(@values[:key])}, #{closed? ? "closed" : "at byte #{pos} of #{size}"}>"
    end

    # @private
    def within
      yield
    ensure
      close
    end

    private

    def check_open = @closed && raise(IOError, "closed stream")

    # Fetches until at least `size` bytes, or all, are ready; false if there are fewer.
    def fill(size)
      nil while (size.nil? || unread < size) && more
      size.nil? || unread >= size
    end

    # Fetches more bytes; false at the end.
    def more
      raise @failed if @failed

      from = pos + unread
      return false if from >= size && (@settled || (@call.nil? && from.positive?))

      values = from.zero? ? @values : {**@values, range: from..}
      @call ||= @store.start("get", values, nil, [:stream, nil], timeout: @timeout)
      chunk = @call.chunk
      to = from + (chunk ? chunk.bytesize : 0)
      finish(chunk, to) if chunk.nil? || (!@estimated && to >= size)
      append(chunk) if chunk
      !chunk.nil?
    rescue CorruptError, DecryptError, KeyCommitmentError, ChangedError => error
      # A later read must not skip the last bytes and take the object for complete.
      @failed = error
      raise
    end

    # Takes the stream's result before its last bytes are returned; they end at `to`.
    def finish(chunk, to)
      call, @call = @call, nil
      if chunk && call.chunk
        call.abandon
        raise ChangedError.new("the object is longer than its reported size", key: @values[:key])
      end
      call.result
      if (to - size).abs > (@estimated ? PADDING : 0)
        why = "the object ended at byte #{to}, but its reported size was #{size}"
        raise ChangedError.new(why, key: @values[:key])
      end
      @size, @estimated, @settled = to, false, true
    end

    def stop
      call, @call = @call, nil
      empty_buffer
      @failed = nil
      call&.abandon
    end

    # The buffer: bytes from `@at` on are next, of which `@put_back` were put back.

    def empty_buffer
      @buffer = String.new
      @at = @put_back = 0
    end

    # The number of bytes that are ready.
    def unread = @buffer.bytesize - @at

    def append(chunk)
      if unread.zero?
        @buffer = chunk
      else
        @buffer = @buffer.byteslice(@at..) unless @at.zero?
        @buffer << chunk
      end
      @at = 0
    end

    # The next bytes, which stay where they are.
    def peek(size) = @buffer.byteslice(@at, size)

    # The offset of bytes from the next one.
    def index(bytes, from) = @buffer.index(bytes, @at + from)&.-(@at)

    def take(size)
      whole = @at.zero? && size >= @buffer.bytesize
      bytes = whole ? @buffer : @buffer.byteslice(@at, size)
      @at += bytes.bytesize
      @pos += bytes.bytesize
      @put_back = [@put_back - bytes.bytesize, 0].max
      # The caller may change the bytes that it gets.
      @buffer, @at = String.new, 0 if @at == @buffer.bytesize
      bytes
    end

    def take_byte
      byte = @buffer.getbyte(@at)
      @at += 1
      @pos += 1
      @put_back -= 1 if @put_back.positive?
      byte
    end

    def unget(bytes)
      @buffer = bytes + peek(unread)
      @at = 0
      @pos -= bytes.bytesize
      @put_back += bytes.bytesize
      nil
    end
  end
end
