# frozen_string_literal: true

# The objects of a gem source: read with their ETags, and replaced only under them.
#
# Invariant: nothing here replaces an object blindly, except one whose content follows from a gem. A lost race
# is tried again on what the winner wrote.
require "uri"

module Oarlock
  module GemSource
    # A source that one may publish to.
    class Source
      # An index as it was read: ETags by key, and the file `versions`.
      Snapshot = Struct.new(:etags, :versions)

      # An object that never changes, for checking that the server refuses writes whose condition fails.
      PROBE = "conditional-writes"
      # Its content.
      PROBE_TEXT = "oarlock checks with this object that the server honours conditional writes.\n"

      # Seconds for which a writer competes with others. Each lost race is another writer's success.
      PATIENCE = 600
      # Seconds of the first and of the longest pause between two attempts.
      PAUSES = [0.02, 2.0].freeze

      attr_reader :store, :url

      # @param url [String] s3://bucket/prefix
      # @param profile [String, nil] the profile to use instead of the identity in `.gemrc`
      def initialize(url, profile: nil)
        uri = URI.parse(url.to_s)
        raise Refused, "#{url} is no s3:// source" unless uri.scheme == "s3"

        @url = "s3://#{uri.host}#{uri.path.chomp("/")}/"
        @store = RubyGems.open(uri, profile: profile)
      end

      # The ETags of the index files, by key.
      def etags
        store.list("", delimiter: "/").reject(&:is_prefix).to_h { |entry| [entry.key, entry.etag] }
      rescue PermissionDeniedError => error
        raise unless GemSource.right_missing?(error)

        raise Refused, "#{url}: a publisher needs s3:ListBucket too; without it a missing object looks " \
                       "like a forbidden one (#{error.message})"
      end

      # The ETags first, because what is derived from `versions` is written under them.
      def snapshot
        etags = self.etags
        text, etags["versions"] = read("versions")
        Snapshot.new(etags.compact, Versions.new(text))
      end

      # The content and the ETag of an object, both nil if there is none.
      def read(key)
        body = store.get(key)
        [body, body.meta.etag]
      rescue NotFoundError
        [nil, nil]
      end

      # Writes an object, provided that the one of this ETag is still there, or none where that is nil.
      #
      # @return [String, nil] the new ETag, or nil if another writer was faster
      def replace(key, etag, body)
        condition = etag ? {if_match: etag} : {if_none_match: "*"}
        about = {**GemSource.headers(key), **GemSource.metadata(key, body)}
        store.put(key, body, **about, **condition).etag || true
      rescue PreconditionError, NotFoundError
        nil
      end

      # Runs the block until it returns something other than nil or false. It gets false the first time, and
      # true when it must read again what it had read before.
      def compete(key)
        give_up = now + PATIENCE
        pause, longest = PAUSES
        again = false
        until (value = yield again)
          if now > give_up
            raise Refused, "#{url}#{key}: other writers were faster for #{PATIENCE} s; try again"
          end

          sleep(rand * pause)
          pause = [pause * 2, longest].min
          again = true
        end
        value
      end

      # Replaces the info file of a name by what the block makes of it.
      #
      # @yield [Info, Boolean] the file, and whether there is one
      # @return [Info] as stored
      def edit(name)
        key = GemSource.info_key(name)
        compete(key) do
          text, etag = read(key)
          wanted = yield Info.parse(text), !text.nil?
          wanted if wanted.to_s == text || (text.nil? && wanted.lines.empty?) ||
                    replace(key, etag, wanted.to_s)
        end
      end

      # Makes `versions`, and all that follows from it, agree with info files.
      #
      # @param snapshot [Snapshot]
      # @yield [Snapshot] stores the info files, and again after each lost race: the winner may have changed
      #   what they follow from
      # @yieldreturn [Hash{String => Info}] as stored
      def publish(snapshot)
        versions = compete("versions") do |again|
          snapshot = self.snapshot if again
          wanted = snapshot.versions.with(yield(snapshot), GemSource.timestamp)
          next wanted if wanted.equal?(snapshot.versions)

          wanted if replace("versions", snapshot.etags["versions"], wanted.to_s)
        end
        derive(versions, snapshot.etags)
      end

      # Writes the files that follow from `versions`.
      #
      # @param etags [Hash] theirs, read before `versions` was
      def derive(versions, etags)
        compete("specs.4.8.gz") do |again|
          etags, versions = snapshot.to_a if again
          GemSource.derived(versions).map do |key, body|
            etags[key] == Digest::MD5.hexdigest(body) || replace(key, etags[key], body)
          end.all?
        end
      end

      # @raise [Refused] if the server ignores conditions: then writers at the same time lose entries
      def require_conditions
        return if honours_conditions?

        raise Refused, "#{url}: the server ignores conditional writes, so publishers at the same time " \
                       "would lose each other's gems; use another server, or --unsafe if nobody else " \
                       "publishes"
      end

      # Whether the server refuses a write whose condition fails.
      def honours_conditions?
        # The first write creates the object where it is missing.
        (refuses?(if_none_match: "*") || refuses?(if_none_match: "*")) && refuses?(if_match: "0" * 32)
      end

      # @raise [Refused] if `versions` is broken, or missing because another tool made the index
      def require_index(snapshot)
        unless snapshot.versions.whole?
          raise Refused, "#{url}versions is broken; run `gem s3 index --source #{url}`"
        end
        return if snapshot.etags["versions"] || (DERIVED & snapshot.etags.keys).empty?

        raise Refused, "#{url} has an index without `versions`, made by another tool; run `gem s3 index " \
                       "--source #{url}` once"
      end

      private

      def refuses?(condition)
        store.put(PROBE, PROBE_TEXT, **GemSource.headers(PROBE), **condition)
        false
      rescue PreconditionError
        true
      rescue UnsupportedError
        false
      end

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    # The present time as the index has it.
    def self.timestamp(time = Time.now) = time.utc.strftime("%Y-%m-%dT%H:%M:%SZ")
  end
end
