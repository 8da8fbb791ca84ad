# frozen_string_literal: true

# A gem in a source: its specification from the first bytes of the object, its checksum from the metadata.
#
# Invariant: a gem that a push stored is not read whole. One that another tool stored is, once, and verified;
# `adopt` then gives it the metadata of a pushed one.
require "rubygems/package"
require "stringio"
require "tempfile"

module Oarlock
  module GemSource
    # The facts in a stored gem's metadata.
    Record = Struct.new(:sha256, :created_at) do
      # @return [Record, nil]
      def self.of(meta)
        facts = meta.metadata.values_at("sha256", "created-at")
        new(*facts) if facts.all?
      end

      # The metadata of the object.
      def metadata = {"sha256" => sha256, "created-at" => created_at}
    end

    # A gem as it lies in a source.
    class StoredGem
      # RubyGems writes the metadata first; those of most gems fit.
      HEAD = 0...(32 << 10)

      attr_reader :spec, :record, :meta

      # @raise [Refused] for an object that is no whole gem
      # @raise [NotFoundError]
      def self.read(source, key)
        body = source.store.get(key, range: HEAD)
        record = Record.of(body.meta)
        spec = record && metadata(body)
        return whole(source, key) unless spec

        GemFile.check(spec, "#{source.url}#{key}")
        new(spec, record, body.meta)
      rescue UnsupportedError
        # A store that encrypts returns no ranges, which it can't verify.
        whole(source, key)
      rescue RangeError
        raise Refused, "#{source.url}#{key} is empty"
      end

      # Reads the object to its end.
      def self.whole(source, key)
        Tempfile.create("oarlock-gem", binmode: true) do |file|
          digest = Digest::SHA256.new
          meta = source.store.head(key)
          source.store.get(key, if_match: meta.etag) do |chunk|
            digest << chunk
            file.write(chunk)
          end
          file.flush
          gem = GemFile.new(file.path, "#{source.url}#{key}")
          record = Record.of(meta) || Record.new(nil, GemSource.timestamp(meta.last_modified))
          new(gem.spec, Record.new(digest.hexdigest, record.created_at), meta)
        end
      end

      # The specification in the first bytes of a gem, or nil if it does not lie there.
      def self.metadata(head)
        Gem.load_yaml
        Gem::Package::TarReader.new(StringIO.new(head)).each do |entry|
          next unless entry.full_name == "metadata.gz"

          packed = entry.read.to_s
          return unless packed.bytesize == entry.header.size

          return Gem::Specification.from_yaml(Gem::Util.gunzip(packed))
        end
        nil
      rescue Gem::Exception, Zlib::Error, ArgumentError, TypeError, EOFError, Psych::Exception
        nil # Reading the whole gem gives the reason.
      end
      private_class_method :metadata

      def initialize(spec, record, meta)
        @spec = spec
        @record = record
        @meta = meta
      end

      # VERSION or VERSION-PLATFORM.
      def number = GemFile.number(spec)
      # The line in the gem's info file.
      def line = Info.line(spec, number, record.sha256, record.created_at)

      # Whether a push stored the gem, or `adopt` made it like that.
      def adopted? = Record.of(meta) == record

      # Gives the object the metadata and the headers of a pushed gem.
      #
      # @param created_at [String, nil] when it was first published, if that is known
      def adopt(source, created_at)
        @record = Record.new(record.sha256, created_at || record.created_at)
        source.store.copy(meta.key, meta.key, source_if_match: meta.etag, metadata: record.metadata,
                          **GemSource.headers(meta.key))
      end
    end
  end
end
