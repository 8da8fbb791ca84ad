# frozen_string_literal: true

# A built .gem file: its specification, its checksum, and whether a source may take it.
#
# Invariant: what a file is comes from its content, never from its name. Sends no request.
require "rubygems/package"
require "digest/md5" # Loaded now: threads at once would race for it.
require "digest/sha2"
require "pathname"

module Oarlock
  module GemSource
    # A gem as it is published.
    class GemFile
      # Bytes of the two empty blocks at the end of a tar archive.
      END_OF_TAR = 1024
      private_constant :END_OF_TAR

      attr_reader :path, :spec, :sha256

      # Reads a file and verifies the checksums in it.
      #
      # @param place [String] the name of the file in messages
      # @raise [Refused] for a file that is no whole gem, or whose name or platform no client would accept
      def initialize(path, place = path)
        @path = path
        raise Refused, "#{place} is not a whole gem: its end is missing" unless ended?

        package = Gem::Package.new(path)
        package.verify
        @spec = package.spec
        @sha256 = Digest::SHA256.file(path).hexdigest
        GemFile.check(@spec, place)
      rescue Errno::ENOENT
        raise Refused, "there is no file #{place}"
      rescue SystemCallError => error
        raise Refused, "cannot read #{place}: #{error.message}"
      rescue Gem::Package::Error, Gem::Security::Exception, IOError, Zlib::Error, ArgumentError => error
        raise Refused, "#{place} is not a whole gem: #{error.message}"
      end

      # A tar archive ends with two empty blocks. RubyGems accepts one that was cut off between its members.
      def ended?
        size = File.size(@path)
        size > END_OF_TAR && File.binread(@path, END_OF_TAR, size - END_OF_TAR).count("^\0").zero?
      end
      private :ended?

      # @raise [Refused] if clients would not accept the gem, or its line would break the index
      def self.check(spec, place)
        names = [spec.name, *spec.runtime_dependencies.map(&:name)]
        wrong = names.find { |name| !name.to_s.match?(Gem::Specification::VALID_NAME_PATTERN) }
        raise Refused, "#{place}: clients do not accept the name #{wrong.inspect}" if wrong
        raise Refused, "#{place}: the gem has no version" unless spec.version.to_s.match?(/\A\d/)
        return if platform(spec).match?(/\A[a-zA-Z0-9._-]+\z/)

        raise Refused, "#{place}: clients do not accept the platform #{platform(spec).inspect}"
      end

      # The platform as the gem's author wrote it.
      def self.platform(spec)
        platform = spec.original_platform.to_s
        platform.empty? ? Gem::Platform::RUBY : platform
      end

      # VERSION or VERSION-PLATFORM.
      def self.number(spec)
        platform = platform(spec)
        platform == Gem::Platform::RUBY ? spec.version.to_s : "#{spec.version}-#{platform}"
      end

      # The name of the gem.
      def name = spec.name
      # VERSION or VERSION-PLATFORM.
      def number = GemFile.number(spec)
      # The key of the gem in a source.
      def key = GemSource.gem_key(spec.full_name)
      # The name, and the number with the platform as the gem's author wrote it.
      def full_name = "#{name}-#{number}"

      # The host that the gem's author allows, or nil for any.
      def allowed_push_host
        host = spec.metadata["allowed_push_host"].to_s
        host unless host.empty?
      end
    end
  end
end
