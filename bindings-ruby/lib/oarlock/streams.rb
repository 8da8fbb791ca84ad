# frozen_string_literal: true

# The sources and sinks that a host may pass, and how each is served.
#
# Invariant: a string is content and never a path. A Pathname is a file, which oarlock's own threads read and
# write. Everything else is host code and runs on the thread that waits. Names no verb.
module Oarlock
  # @private
  class Source
    # The argument for the extension.
    attr_reader :argument

    # @param given [String, Pathname, #read, #each]
    def initialize(given)
      @given = given
      @argument =
        if given.is_a?(String) then [:bytes, given]
        elsif Oarlock.pathname?(given) then [:file, given.to_path]
        elsif given.respond_to?(:read) then [:fed, size_left]
        elsif given.respond_to?(:each) then [:fed, nil]
        else raise TypeError, "a source is a String, a Pathname, or has read(n) or each; not a #{given.class}"
        end
    end

    # Feeds the call until all bytes are sent.
    def feed(call)
      return unless @argument.first == :fed

      call.guard { @given.respond_to?(:read) ? feed_read(call) : feed_each(call) }
    end

    # @return [String] without bytes
    def inspect = "#<#{self.class} of a #{@given.class}>"

    private

    def feed_read(call)
      while (size = call.want)
        chunk = @given.read(size)
        chunk.nil? || chunk == "" ? call.feed_end : call.feed(chunk)
      end
    end

    def feed_each(call)
      @given.each do |chunk|
        next if chunk == ""
        break unless call.want

        call.feed(chunk)
      end
      call.feed_end while call.want
    end

    # The bytes left to read, if that is certain.
    def size_left
      known = @given.is_a?(::File) ? @given.stat.file? : defined?(::StringIO) && @given.is_a?(::StringIO)
      [@given.size - @given.pos, 0].max if known
    end
  end

  # @private
  module Sink
    # The argument for the extension, and the receiver of the chunks.
    #
    # @param given [nil, Pathname, #write]
    def self.of(given, block)
      raise ArgumentError, "bytes go into one place: give `into` or a block, not both" if given && block

      if block then [[:stream, nil], block]
      elsif given.nil? then nil
      elsif Oarlock.pathname?(given) then [[:file, given.to_path], nil]
      elsif given.respond_to?(:write) then [[:stream, nil], ->(chunk) { write_all(given, chunk) }]
      else
        raise TypeError, "bytes go into a Pathname, something with write, or a block; not into a " \
                         "#{given.class}"
      end
    end

    # An object's `write` may write fewer bytes than given, as a socket's or a pipe's wrapper does.
    def self.write_all(io, chunk)
      until chunk.empty?
        written = io.write(chunk)
        return unless written.is_a?(Integer) && written < chunk.bytesize
        raise IOError, "#{io.class}#write took no byte of #{chunk.bytesize}" unless written.positive?

        chunk = chunk.byteslice(written..)
      end
    end
  end

  # @private
  def self.pathname?(value) = defined?(::Pathname) && value.is_a?(::Pathname)
end
