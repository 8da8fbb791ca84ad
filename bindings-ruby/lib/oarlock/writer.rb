# frozen_string_literal: true

# Objects as files to write: a writer that stores at `close`.
#
# Invariant: it behaves as Ruby's IO does, to the byte. The object appears whole or not at all.
require_relative "encodings"

module Oarlock
  # An object opened for writing; see {Store#open}. It has IO's methods, and works where an IO is written: in
  # IO.copy_stream, CSV, Marshal, Zlib, Logger and their like.
  class Writer
    # Bytes to gather before they are sent.
    GATHER = 256 * 1024
    private_constant :GATHER

    # @return [PutReply, nil] once it is closed
    attr_reader :reply
    # @return [Integer] the bytes written
    attr_reader :pos
    alias tell pos
    # @return [Boolean] whether each write is sent at once; false unless it was set
    attr_accessor :sync

    # @private
    def initialize(call, place:, encodings:)
      @call = call
      @place = place
      @encodings = encodings
      @buffer = String.new
      @pos = 0
      @sync = false
    end

    # As IO#write: writes each argument and returns the number of bytes.
    #
    # @return [Integer]
    def write(*chunks) = chunks.sum { |chunk| syswrite(@encodings.encode(chunk.to_s)) }

    # As IO#syswrite: writes the bytes of a text as they are.
    #
    # @return [Integer]
    def syswrite(chunk)
      check_open
      chunk = chunk.to_s
      # A binary view, so that appending mixes no encodings.
      @buffer << (chunk.encoding == Encoding::BINARY ? chunk : chunk.dup.force_encoding(Encoding::BINARY))
      @pos += chunk.bytesize
      flush if @sync || @buffer.bytesize >= GATHER
      chunk.bytesize
    end

    # As IO#write_nonblock on a file: it writes everything.
    #
    # @return [Integer]
    def write_nonblock(chunk, exception: true) = syswrite(chunk) # rubocop:disable Lint/UnusedMethodArgument

    # As IO#<<.
    #
    # @return [self]
    def <<(chunk)
      write(chunk)
      self
    end

    # As IO#print.
    #
    # @return [nil]
    def print(*chunks)
      write(*chunks)
      nil
    end

    # As IO#printf.
    #
    # @return [nil]
    def printf(format, *values)
      write(format(format, *values))
      nil
    end

    # As IO#putc.
    #
    # @param char [String, Integer]
    # @return [String, Integer] `char`
    def putc(char)
      write(char.is_a?(String) ? char[0] : [char].pack("C"))
      char
    end

    # As IO#puts.
    #
    # @return [nil]
    def puts(*lines)
      lines = [""] if lines.empty?
      lines.each do |line|
        array = Array.try_convert(line)
        next array.empty? ? nil : puts(*array.flatten) if array

        line = line.to_s
        write(line)
        newline = line.encoding.dummy? ? "\n" : "\n".encode(line.encoding)
        write("\n") unless line.end_with?(newline)
      end
      nil
    end

    # Sends the gathered bytes. The object appears no sooner.
    #
    # @return [self]
    def flush
      check_open
      return self if @buffer.empty?

      gathered, @buffer = @buffer, String.new
      @call.want ? @call.feed(gathered) : @call.result
      self
    end

    # As IO#fsync: sends the gathered bytes. Only {#close} makes the object durable.
    #
    # @return [0]
    def fsync
      flush
      0
    end
    alias fdatasync fsync

    # @return [Encoding, nil] the encoding that text is converted to; nil: none
    def external_encoding = @encodings.external

    # @return [Encoding, nil] the other encoding of a mode such as "w:utf-16le:utf-8", which changes nothing
    def internal_encoding = @encodings.internal

    # As IO#set_encoding.
    #
    # @return [self]
    def set_encoding(external, internal = nil)
      @encodings.set(external, internal)
      self
    end

    # As IO#binmode: text is written as it is.
    #
    # @return [self]
    def binmode
      check_open
      @encodings.binmode
      self
    end

    # As IO#binmode?.
    def binmode? = @encodings.binary?

    # As IO#tty?.
    def tty? = false
    alias isatty tty?

    # Stores the object.
    #
    # @return [nil]
    def close
      return if closed?

      flush
      call, @call = @call, nil
      call.feed_end if call.want
      @reply = call.result
      nil
    end
    alias close_write close

    # Stores nothing.
    #
    # @return [nil]
    def abort
      call, @call = @call, nil
      call&.abandon
      nil
    end

    # Whether it was closed.
    def closed? = @call.nil?

    # @return [String] the object and the position, without bytes
    def inspect = "#<#{self.class} #{@place}, #{closed? ? "closed" : "at byte #{pos}"}>"

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
