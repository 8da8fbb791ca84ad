# frozen_string_literal: true

# Where a gem source keeps what, with which headers, and the files that follow from `versions`.
#
# Invariant: those files are functions of `versions` alone, the same bytes each time. After a change none has
# bytes, and so an ETag, that it had before: a slow writer would take an old state for the one that it read.
# Sends no request.
require "stringio"
require "zlib"

module Oarlock
  module GemSource
    # The files that follow from `versions`.
    DERIVED = %w[names specs.4.8.gz latest_specs.4.8.gz prerelease_specs.4.8.gz].freeze

    # A gem never changes under its name. Caches must check an index file each time: a stale one hides a gem
    # that another index file lists.
    FOREVER = "max-age=31536000, immutable"
    FRESH = "no-cache"

    def self.gem_key(full_name) = "gems/#{full_name}.gem"
    def self.quick_key(full_name) = "quick/Marshal.4.8/#{full_name}.gemspec.rz"
    def self.info_key(name) = "info/#{name}"

    # The headers of an object, as options of `put`. Never a content encoding: clients expand the files
    # themselves.
    def self.headers(key)
      case key
      when %r{\Agems/} then {content_type: "application/x-tar", cache_control: FOREVER}
      when %r{\Aquick/} then {content_type: "application/octet-stream", cache_control: FOREVER}
      when /\.gz\z/ then {content_type: "application/x-gzip", cache_control: FRESH}
      else {content_type: "text/plain; charset=utf-8", cache_control: FRESH}
      end
    end

    # The metadata of an index file, as an option of `put`. With the digest of a file of the compact index,
    # Bundler 2.5 and later can fetch only what was added to it.
    def self.metadata(key, body)
      return {} unless key.match?(%r{\A(?:versions|names|info/.*)\z})

      {metadata: {"sha256" => Digest::SHA256.hexdigest(body)}}
    end

    # The content of `quick/Marshal.4.8/NAME.gemspec.rz`.
    def self.quick(spec)
      spec = spec.dup
      spec.abbreviate
      spec.sanitize
      Zlib::Deflate.deflate(Marshal.dump(spec))
    end

    # The content of the files of DERIVED, by their keys.
    #
    # @param versions [Versions]
    def self.derived(versions)
      rows = versions.rows.sort
      platforms = Hash.new { |all, platform| all[platform] = platform }
      all = rows.flat_map do |name, row|
        GemSource.sort(row.listed).map do |number|
          version, platform = split(number)
          [name, version, platforms[platform]]
        end
      end
      prereleases, released = all.partition { |_, version, _| version.prerelease? }
      {
        # Of yanked gems too: a list that only grows never returns to an earlier state.
        "names" => RULE + rows.map { |name, _| "#{name}\n" }.join,
        "specs.4.8.gz" => specs(released, versions.history(false)),
        "latest_specs.4.8.gz" => specs(latest(released), versions.history(false)),
        "prerelease_specs.4.8.gz" => specs(prereleases, versions.history(true))
      }
    end

    # The newest version of each gem for each platform, unless a newer one runs on all platforms.
    def self.latest(tuples)
      tuples.chunk_while { |one, other| one.first == other.first }.flat_map do |gem|
        newest = gem.to_h { |tuple| [tuple.last, tuple] }
        all = newest[Gem::Platform::RUBY]
        newest.values.reject { |tuple| all && tuple[1] < all[1] }.sort_by { |tuple| gem.index(tuple) }
      end
    end
    private_class_method :latest

    # The history is a comment, which clients skip. Without a time, which would make each file another one.
    def self.specs(tuples, history)
      out = StringIO.new("".b)
      Zlib::GzipWriter.wrap(out) do |gzip|
        gzip.mtime = 1
        gzip.comment = history
        gzip.write(Marshal.dump(tuples))
        gzip.finish
      end
      out.string
    end
    private_class_method :specs
  end
end
