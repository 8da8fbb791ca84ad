# frozen_string_literal: true

# s3:// sources for RubyGems: reads `s3_source` of `.gemrc`, gets objects, returns them as RubyGems' own
# fetcher does.
#
# Invariant: an existing `.gemrc` keeps its meaning; it may also contain every setting of oarlock, by its own
# name. No message ever holds a signed URL or a credential.
require "rubygems/remote_fetcher"
require "uri"
require "oarlock"
require_relative "gem_source/compact"
require_relative "read_ahead"

module Oarlock
  # @private
  module RubyGems
    # RubyGems' names of settings, and oarlock's.
    WORDS = {
      "id" => :access_key_id, "secret" => :secret_access_key, "security_token" => :session_token
    }.freeze
    # A bucket's entry without any of these names no credentials.
    CREDENTIALS = %i[access_key_id provider profile anonymous].freeze
    # The region of RubyGems' own providers, which read it from nowhere else.
    REGION = "us-east-1"

    # A cached file's time is this machine's, in whole seconds; an object's is the server's. An object that
    # changed around then is fetched again, because an index that is wrongly taken for unchanged stays stale
    # until its next change.
    CLOCKS_DIFFER = 60

    # Folders to look into for the index of a source without one.
    NEARBY = 10

    # The result of a HEAD; RubyGems reads its URI.
    Response = Struct.new(:uri)

    # What a gem's file of the compact index is in a source's URI.
    INFO = %r{\A(?<source>.*/)info/(?<name>[^/]+)\z}

    @stores = {}
    @ahead = {}

    class << self
      # Returns the object's bytes, nil if it did not change since `mtime`, or for a HEAD a {Response}.
      def fetch(uri, mtime, head)
        parallel
        place = "s3://#{uri.host}#{uri.path}"
        options = mtime ? {if_modified_since: mtime - CLOCKS_DIFFER} : {}
        return mtime ? get(uri, **options) : read(uri) unless head

        # With a HEAD of the source itself RubyGems checks for a compact index.
        key = key(uri)
        key += "versions" if key.empty? || key.end_with?("/")
        store(uri).head(key, **options)
        Response.new(uri)
      rescue NotModifiedError
        nil
      rescue Error => error
        message = error.is_a?(NotFoundError) && missing_index(uri) || error.message
        failure = Gem::RemoteFetcher::FetchError.new(message, place)
        failure.extend(PermanentFailure) unless error.retryable?
        raise failure
      end

      # Reads objects of these URIs before they are requested. In a forked child, with threads of its own.
      def read_ahead(uris) = ahead.want(uris)

      # The object's bytes; options are those of `get`.
      def get(uri, **options) = store(uri).get(key(uri), **options)

      # The store of a source, with its prefix. A profile replaces the identity of `.gemrc`.
      def open(uri, profile: nil)
        Oarlock.open("s3://#{uri.host}#{uri.path}", **settings(uri, profile))
      end

      private

      # `gem install` has loaded its part of RubyGems before the first fetch; other commands have no need of
      # it.
      def parallel
        return if @is_parallel || Gem.autoload?(:RequestSet) || !defined?(Gem::RequestSet)

        @is_parallel = true
        require_relative "gem_parallel"
      end

      def ahead = @ahead[Process.pid] ||= ReadAhead.new(method(:following)) { |uri| get(URI.parse(uri)) }

      def read(uri)
        body = ahead.take(uri.to_s) and return body

        get(uri).tap { |fetched| read_ahead(following(uri, fetched)) }
      end

      # What RubyGems requests after a gem's file of the compact index: the specification of the newest
      # version, and the files of the gems that it needs.
      def following(uri, body)
        place = INFO.match(uri.to_s) or return []
        info = GemSource::Info.parse(body)
        newest = info.numbers.reverse.find do |number|
          version, platform = GemSource.split(number)
          !version.prerelease? && (platform == Gem::Platform::RUBY || Gem::Platform.local =~ platform)
        end
        return [] unless newest

        ["#{place[:source]}quick/Marshal.4.8/#{place[:name]}-#{newest}.gemspec.rz",
         *info.needs(newest).map { |name| "#{place[:source]}info/#{name}" }]
      rescue ArgumentError
        [] # A version that RubyGems does not know.
      end

      # What to say of a source without an index: which one near it has one.
      def missing_index(uri)
        prefix = key(uri)[%r{\A(.*/)?(?=(latest_|prerelease_)?specs\.4\.8\.gz\z)}] or return
        store = store(uri)
        source = "s3://#{uri.host}/#{prefix}"
        if store.exists?("#{prefix}versions")
          return "#{source} has a compact index only, without specs.4.8.gz; `gem s3 index` writes both"
        end

        near = nearby(store, prefix).find { |folder| store.exists?("#{folder}specs.4.8.gz") }
        "no gem index at #{source}: there is no specs.4.8.gz" +
          (near ? "; did you mean s3://#{uri.host}/#{near}?" : "; `gem s3 push` makes one")
      rescue Error
        # A user who may not list the bucket gets the plain message.
        nil
      end

      # The folders above a prefix and in it, at most {NEARBY}.
      def nearby(store, prefix)
        parts = prefix.split("/")
        above = (0...parts.size).map { |count| parts.first(count).map { |part| "#{part}/" }.join }.reverse
        within = store.list(prefix, delimiter: "/", page_size: NEARBY).lazy.select(&:is_prefix).map(&:key)
        beside = store.list(above.first.to_s, delimiter: "/", page_size: NEARBY)
        beside = beside.lazy.select(&:is_prefix).map(&:key)
        [*within.first(NEARBY), *above, *(beside.first(NEARBY) unless above.empty?)]
      end

      def key(uri) = unescape(uri.path.to_s.delete_prefix("/"))

      def store(uri)
        @stores[[uri.host, uri.userinfo]] ||= Oarlock.open("s3://#{uri.host}", **settings(uri))
      end

      def settings(uri, profile = nil)
        entry = entry(uri.host)
        if profile
          entry = {**entry.except(*CREDENTIALS, :secret_access_key, :session_token), profile: profile}
        elsif uri.user
          # Userinfo in the URL, where `/` and `+` must be escaped.
          id, secret = unescape(uri.user), unescape(uri.password.to_s)
          entry = {region: REGION, **entry, access_key_id: id, secret_access_key: secret}
        elsif !entry.empty?
          id, secret = entry.key?(:access_key_id), entry.key?(:secret_access_key)
          entry = {region: REGION, **entry} if id || %w[env instance_profile].include?(entry[:provider])
          if (CREDENTIALS & entry.keys).empty? || id != secret
            raise ConfigError, "s3_source for #{uri.host} in .gemrc has no id and secret, and no provider"
          end
        end
        certificates = Gem.configuration.ssl_ca_cert
        name = defined?(BundlerDownloader) ? "bundler" : "rubygems"
        {app_name: name, **(certificates ? {ca_bundle: certificates} : {}), **entry}
      end

      # The entry of `.gemrc` for a bucket, as oarlock's settings. Names, and the bucket's, may be symbols or
      # text. Without an entry the default credentials are used.
      def entry(bucket)
        given = named(named(Gem.configuration.to_enum(:each), "s3_source"), bucket)
        entry = given.to_h { |name, value| [WORDS.fetch(plain(name), plain(name).to_sym), value] }
        entry[:provider] = entry[:provider].to_s if entry.key?(:provider)
        entry
      end

      def named(pairs, wanted) = pairs.find { |name, _| plain(name) == wanted }&.last || {}

      # Newer RubyGems reads `.gemrc` with a parser that supports no symbols.
      def plain(name) = name.to_s.delete_prefix(":")

      def unescape(text) = text.b.gsub(/%(\h\h)/) { $1.hex.chr }.force_encoding(Encoding::UTF_8)
    end
  end
end
