# frozen_string_literal: true

# s3:// sources for Bundler. Put this at the top of the Gemfile. Installed gems run without oarlock, by
# `bundle exec` and by `bundler/setup`; `$0` is `bundle` in the commands that need a source:
#
#   begin
#     require "oarlock/bundler"
#   rescue LoadError
#     warn "s3:// sources need oarlock: gem install oarlock" if $0.end_with?("bundle")
#   end
#   source "s3://bucket/gems"
#
# Invariant: Bundler sends its requests for a gem server to the bucket, through the same stores and `.gemrc`
# as `gem`. A missing index is no failure, because Bundler supports older ones. A failure that stays is not
# tried again. Settings of other sources stay as they are.
require "bundler"
require "digest"
require "net/http"
require_relative "../rubygems_plugin"

module Oarlock
  # Adds s3:// URIs to Bundler's downloader, which does not support them.
  module BundlerDownloader
    # The classes of responses that this Bundler expects.
    NET =
      begin
        require "bundler/vendored_net_http"
        Gem::Net
      rescue LoadError
        Net
      end
    # Requests for these may fail where the source works without them. A user who may not list the bucket gets
    # "access denied" for what is missing.
    OPTIONAL = %r{/(versions|info/[^/]+)\z}
    # The older API of gem servers, which a bucket never has.
    DEPENDENCIES = %r{/api/v1/dependencies\z}
    # An ETag that may be the MD5 of its object.
    MD5 = /\A\h{32}\z/

    # The response to a request for an object of an s3:// source.
    def fetch(uri, headers = {}, *rest)
      return super unless uri.scheme == "s3"
      raise Bundler::Fetcher::FallbackError, "a bucket has no dependency API" if uri.path.match?(DEPENDENCIES)

      require_relative "bundler_parallel"
      Bundler.ui.debug("S3 GET s3://#{uri.host}#{uri.path}")
      etag = headers["If-None-Match"]&.delete_prefix("W/")&.delete('"')
      tail(uri, etag, headers["Range"]) || whole(RubyGems.get(uri, if_none_match: etag))
    rescue NotModifiedError
      NET::HTTPNotModified.new("1.1", "304", "Not Modified")
    rescue Error => error
      raise failure(uri, error)
    end

    private

    # The last bytes of an index that has grown, if Bundler can verify what it joins; else nil.
    def tail(uri, etag, range)
      return unless etag && range

      part = RubyGems.get(uri, range: range.delete_prefix("bytes="), if_none_match: etag)
      digest = part.meta.metadata["sha256"]
      return unless digest || part.meta.etag.to_s.match?(MD5)
      # This Bundler believes no ETag.
      return if NET != Net && !digest

      response(NET::HTTPPartialContent.new("1.1", "206", "Partial Content"), part, digest)
    rescue RangeError, InvalidInputError, UnsupportedError
      # It has shrunk, or it is encrypted.
      nil
    end

    def whole(body) = response(NET::HTTPOK.new("1.1", "200", "OK"), body, nil)

    # Older Bundlers take an ETag for an MD5, which an ETag of S3 need not be.
    def response(response, body, digest)
      # Marked as read; otherwise the response would read from a socket.
      response.instance_variable_set(:@read, true)
      response.body = String.new(body)
      etag = body.meta.etag.to_s
      is_part = response.is_a?(NET::HTTPPartialContent)
      is_md5 = etag.match?(MD5) && (is_part || etag == Digest::MD5.hexdigest(body))
      response["ETag"] = "\"#{etag}\"" if NET != Net || is_md5
      response["Repr-Digest"] = "sha-256=:#{[[digest].pack("H*")].pack("m0")}:" if digest
      response
    end

    def failure(uri, error)
      is_absent = error.is_a?(NotFoundError) || (error.code == "AccessDenied" && uri.path.match?(OPTIONAL))
      # Bundler then tries the next kind of index.
      return Bundler::Fetcher::FallbackError.new(error.message) if is_absent

      error.retryable? ? Bundler::HTTPError.new(error.message) : BundlerRefusal.new(error.message)
    end
  end

  # A failure that stays. Bundler neither tries again nor looks for another kind of index.
  class BundlerRefusal < Bundler::Fetcher::AuthenticationRequiredError
    # The message of its base class is about the credentials of a URL.
    def initialize(message) = Bundler::HTTPError.instance_method(:initialize).bind_call(self, message)
  end

  # Bundler reads some words in a failure's message as a status, and tries all others again.
  module BundlerIndex
    # As Bundler's own.
    def specs(...)
      require_relative "bundler_parallel"
      super
    rescue Bundler::HTTPError => error
      cause = error.cause
      raise unless cause.is_a?(Gem::RemoteFetcher::FetchError) && cause.uri.to_s.start_with?("s3:")

      kind = cause.is_a?(PermanentFailure) ? BundlerRefusal : Bundler::HTTPError
      raise kind.new(cause.message)
    end
  end

  # Ends Bundler's attempts to download a gem at a failure that stays.
  module BundlerRetry
    # As Bundler's own, with one more failure that ends the attempts.
    def initialize(name, exceptions = nil, *rest)
      super(name, [*exceptions, PermanentFailure], *rest)
    end
  end

  Bundler::Fetcher::Downloader.prepend(BundlerDownloader)
  Bundler::Fetcher::Index.prepend(BundlerIndex)
  Bundler::Retry.prepend(BundlerRetry)
end
