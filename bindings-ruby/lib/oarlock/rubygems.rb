# frozen_string_literal: true

# s3:// sources for RubyGems: reads `s3_source` of `.gemrc`, gets objects, answers as RubyGems' own fetcher
# does.
#
# Law: what `.gemrc` said before means what it meant; every setting of oarlock may stand there too, by its own
# name. No message ever holds a signed URL or a credential.
require "rubygems/remote_fetcher"
require "oarlock"

module Oarlock
  # @private
  module RubyGems
    # RubyGems' words for settings, in oarlock's.
    WORDS = {
      "id" => :access_key_id, "secret" => :secret_access_key, "security_token" => :session_token
    }.freeze
    # Without any of these a bucket's entry says nothing of credentials.
    CREDENTIALS = %i[access_key_id provider profile anonymous].freeze
    # The region of RubyGems' own providers, which read it nowhere else.
    REGION = "us-east-1"

    # The time of a cached file is this machine's, in whole seconds; that of the object is the server's. What
    # changed around then is fetched once more, for an index that is taken for unchanged stays stale until the
    # next change.
    CLOCKS_DIFFER = 60

    # What a HEAD answers: RubyGems asks it for its URI.
    Response = Struct.new(:uri)

    @stores = {}

    class << self
      # The object's bytes; nil if it did not change since `mtime`; for a HEAD, something with its URI.
      def fetch(uri, mtime, head)
        place = "s3://#{uri.host}#{uri.path}"
        options = mtime ? {if_modified_since: mtime - CLOCKS_DIFFER} : {}
        return get(uri, **options) unless head

        # Asked for the source itself, RubyGems wants to know whether there is a compact index.
        key = key(uri)
        key += "versions" if key.empty? || key.end_with?("/")
        store(uri).head(key, **options)
        Response.new(uri)
      rescue NotModifiedError
        nil
      rescue Error => error
        raise Gem::RemoteFetcher::FetchError.new(error.message, place)
      end

      # The object's bytes; options are those of `get`.
      def get(uri, **options) = store(uri).get(key(uri), **options)

      private

      def key(uri) = unescape(uri.path.to_s.delete_prefix("/"))

      def store(uri)
        @stores[[uri.host, uri.userinfo]] ||= Oarlock.open("s3://#{uri.host}", **settings(uri))
      end

      def settings(uri)
        entry = entry(uri.host)
        if uri.user
          # In the URL itself, where `/` and `+` must be escaped.
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

      # What `.gemrc` says of a bucket, in oarlock's words; names may be symbols or text, as may the bucket's.
      # No entry means the credentials that any other program on this machine would find.
      def entry(bucket)
        given = named(named(Gem.configuration.to_enum(:each), "s3_source"), bucket)
        entry = given.to_h { |name, value| [WORDS.fetch(plain(name), plain(name).to_sym), value] }
        entry[:provider] = entry[:provider].to_s if entry.key?(:provider)
        entry
      end

      def named(pairs, wanted) = pairs.find { |name, _| plain(name) == wanted }&.last || {}

      # Newer RubyGems reads `.gemrc` with a parser that knows no symbols.
      def plain(name) = name.to_s.delete_prefix(":")

      def unescape(text) = text.b.gsub(/%(\h\h)/) { $1.hex.chr }.force_encoding(Encoding::UTF_8)
    end
  end
end
