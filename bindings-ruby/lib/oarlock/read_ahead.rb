# frozen_string_literal: true

# Reads objects before `gem` and Bundler request them, which they do one after the other.
#
# Invariant: it is a guess. An object that fails, or that nobody reads ahead, is read as it is requested. The
# bodies that nobody took yet are bounded.
module Oarlock
  module RubyGems
    # Objects by their URIs.
    class ReadAhead
      # Requests at a time.
      THREADS = 16
      # Bytes that nobody took yet, above which no further request starts. Default: 64 MiB.
      LIMIT = 64 << 20

      # @param following [#call] the URIs of what will be requested after an object, by its URI and body
      # @yield [String] gets the object of a URI
      def initialize(following = ->(*) { [] }, &get)
        @following = following
        @get = get
        @lock = Mutex.new
        @changed = ConditionVariable.new
        @wanted = []
        @bodies = {}
        @held = 0
        @known = {}
        @threads = 0
      end

      # Starts to read objects, each at most once.
      #
      # @param uris [Array<String>]
      def want(uris)
        @lock.synchronize do
          added = uris.uniq.reject { |uri| @known[uri] }
          added.each { |uri| @known[uri] = true }
          @wanted.concat(added)
          more = [THREADS - @threads, @wanted.size].min
          more.times { Thread.new { work } }
          @threads += more
        end
      end

      # The body of an object that was read ahead, once; else nil.
      def take(uri)
        @lock.synchronize do
          @known[uri] = true
          @wanted.delete(uri)
          @changed.wait(@lock) while @bodies[uri] == :reading
          body = @bodies.delete(uri) or return
          @held -= body.bytesize
          @changed.broadcast
          body
        end
      end

      private

      def work
        while (uri = start)
          begin
            body = @get.call(uri)
            # Before it is there: who takes it must find those on their way.
            want(@following.call(uri, body))
          rescue Error
            body = nil # Who requests it gets the failure.
          ensure
            finish(uri, body)
          end
        end
      end

      # The next object, once there is room for it.
      def start
        @lock.synchronize do
          @changed.wait(@lock) while @held > LIMIT && !@wanted.empty?
          uri = @wanted.shift
          # Under the lock: `want` starts a thread in place of one that ends.
          uri ? @bodies[uri] = :reading : @threads -= 1
          uri
        end
      end

      def finish(uri, body)
        @lock.synchronize do
          body ? @bodies[uri] = body : @bodies.delete(uri)
          @held += body.bytesize if body
          @changed.broadcast
        end
      end
    end
  end
end
