# frozen_string_literal: true

# Objects as files: a reader that fetches from its position, a writer that stores at `close`.
#
# Invariant: they behave as Ruby's IO does, to the byte, and work with IO.copy_stream and code that calls
# `read` or `write`. A reader reads one version of the object, or fails. It returns the last byte only after
# the whole object was checked.
module Oarlock
  # An object opened for reading; see {Store#open}.
  #
  # A stream from the first byte is checked as `get` does. If the bytes are wrong, the read that would return
  # the last byte raises instead, and so does every later read until the next seek. A stream that starts after
  # a seek is a range, which can't be checked.
  class Reader
    include Enumerable

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
    def initialize(store, key, encoding:, timeout:, **options)
      raise ArgumentError, "a reader takes no range; seek in it instead" if options.key?(:range)

      known = VERBS["head"][:options].map { |option| option[:name].to_sym }
      @store = store
      @encoding = encoding
      @timeout = timeout
      @meta = store.head(key, timeout: timeout, **options.slice(*known))
      unless @meta.size
        message = "the server does not send the object's size, which a reader needs; fetch it with `get`"
        raise ServiceError.new(message, key: key)
      end
      # The first request fixes the version that the others read.
      pinned = {if_match: @meta.etag, version_id: @meta.version_id}.compact
      @values = {**options, key: key, **pinned}
      @size = @meta.size
      @estimated = @meta.size_estimated
      # Whether the size alone decides that nothing is left. Otherwise the stream's end decides: an encrypted
      # object that is empty, or cut to less than its tag, fails there.
      @settled = @size.positive? && !@estimated
      @pos = 0
      @buffer = String.new
      @closed = false
    end

    # As IO#read: `size` bytes in binary, fewer at the end, nil after it; or all that is left.
    def read(size = nil, into = nil)
      check_open
      raise ArgumentError, "negative length #{size} given" if size&.negative?

      fill(size)
      bytes = take(size || @buffer.bytesize)
      bytes.force_encoding(@encoding) unless size
      into&.replace(bytes)
      return if bytes.empty? && size&.positive?

      into || bytes
    end

    # As IO#readpartial: the available bytes, at most `size`.
    def readpartial(size, into = nil)
      fill([size, 1].min)
      raise EOFError, "end of object reached" if @buffer.empty? && size.positive?

      # The last byte is returned separately, after the check.
      more if @buffer.bytesize < size && pos + @buffer.bytesize == @size - 1
      read([size, @buffer.bytesize].min, into)
    end

    # As IO#gets: the next line with its separator, or nil.
    def gets(separator = "\n", chomp: false)
      check_open
      raise ArgumentError, "the separator is empty" if separator == ""

      wanted = separator&.b
      from = 0
      until wanted.nil? || (found = @buffer.index(wanted, from))
        from = [@buffer.bytesize - separator.bytesize + 1, 0].max
        break unless more
      end
      fill(nil) unless separator
      line = take(found ? found + separator.bytesize : @buffer.bytesize).force_encoding(@encoding)
      return if line.empty?

      chomp && separator ? line.chomp(separator) : line
    end

    # As IO#readline.
    def readline(...) = gets(...) || raise(EOFError, "end of object reached")

    # As IO#each_line.
    def each_line(separator = "\n", chomp: false)
      return to_enum(:each_line, separator, chomp: chomp) unless block_given?

      while (line = gets(separator, chomp: chomp))
        yield line
      end
      self
    end
    alias each each_line

    # Whether the last byte was read.
    def eof?
      check_open
      return false unless @buffer.empty?

      # Without a settled size only the stream's end decides.
      (pos >= size || @estimated) && !more
    end
    alias eof eof?

    # As IO#seek: IO::SEEK_SET, IO::SEEK_CUR or IO::SEEK_END, or their symbols.
    def seek(offset, whence = IO::SEEK_SET)
      check_open
      bases = {IO::SEEK_SET => 0, SET: 0, IO::SEEK_CUR => pos, CUR: pos, IO::SEEK_END => size, END: size}
      base = bases.fetch(whence) { raise ArgumentError, "unknown whence: #{whence.inspect}" }
      target = base + offset
      raise Errno::EINVAL, "before the first byte" if target.negative?

      if target.between?(pos, pos + @buffer.bytesize)
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
    def rewind = seek(0)

    # As IO#binmode: lines and whole contents are binary from now on.
    def binmode
      @encoding = Encoding::BINARY
      self
    end

    # Cancels the request in progress.
    def close
      stop
      @closed = true
      nil
    end

    # Whether it was closed.
    def closed? = @closed

    # @private
    def within
      yield
    ensure
      close
    end

    private

    def check_open = @closed && raise(IOError, "closed stream")

    # Fetches until at least `size` bytes, or all, are ready.
    def fill(size)
      nil while (size.nil? || @buffer.bytesize < size) && more
    end

    # Fetches more bytes; false at the end.
    def more
      raise @failed if @failed

      from = pos + @buffer.bytesize
      return false if from >= size && (@settled || (@call.nil? && from.positive?))

      values = from.zero? ? @values : {**@values, range: from..}
      @call ||= @store.start("get", values, nil, [:stream, nil], timeout: @timeout)
      chunk = @call.chunk
      to = from + (chunk ? chunk.bytesize : 0)
      finish(chunk, to) if chunk.nil? || (!@estimated && to >= size)
      @buffer << chunk if chunk
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

    def take(size)
      bytes = @buffer.byteslice(0, size)
      @buffer = @buffer.byteslice(size..) || String.new
      @pos += bytes.bytesize
      bytes
    end

    def stop
      call, @call = @call, nil
      @buffer = String.new
      @failed = nil
      call&.abandon
    end
  end

  # An object opened for writing; see {Store#open}.
  class Writer
    # Bytes to gather before they are sent.
    GATHER = 256 * 1024
    private_constant :GATHER

    # @return [PutReply, nil] once it is closed
    attr_reader :reply
    # @return [Integer] the bytes written
    attr_reader :pos
    alias tell pos

    # @private
    def initialize(call)
      @call = call
      @buffer = String.new
      @pos = 0
    end

    # As IO#write: writes each argument and returns the number of bytes.
    def write(*chunks)
      check_open
      before = pos
      chunks.each do |chunk|
        chunk = chunk.to_s
        @pos += chunk.bytesize
        # A binary view, so that appending mixes no encodings.
        @buffer << (chunk.encoding == Encoding::BINARY ? chunk : chunk.dup.force_encoding(Encoding::BINARY))
        flush if @buffer.bytesize >= GATHER
      end
      pos - before
    end

    # As IO#<<.
    def <<(chunk)
      write(chunk)
      self
    end

    # As IO#print.
    def print(*chunks)
      write(*chunks)
      nil
    end

    # As IO#puts.
    def puts(*lines)
      lines = [""] if lines.empty?
      lines.flatten.each { |line| write(line.to_s.end_with?("\n") ? line : "#{line}\n") }
      nil
    end

    # Sends the gathered bytes.
    def flush
      check_open
      return self if @buffer.empty?

      gathered, @buffer = @buffer, String.new
      @call.want ? @call.feed(gathered) : @call.result
      self
    end

    # A writer is always binary.
    def binmode = self

    # Stores the object.
    def close
      return if closed?

      flush
      call, @call = @call, nil
      call.feed_end if call.want
      @reply = call.result
      nil
    end

    # Stores nothing.
    def abort
      call, @call = @call, nil
      call&.abandon
      nil
    end

    # Whether it was closed.
    def closed? = @call.nil?

    # @private
    def within
      value = yield
      close
      value
    ensure
      abort
    end

    private

    def check_open = @call || raise(IOError, "closed stream")
  end
end
