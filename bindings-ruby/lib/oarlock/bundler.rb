# frozen_string_literal: true

# s3:// sources for Bundler. Put this at the top of the Gemfile. Without the rescue, `bundle exec` would
# require oarlock in the bundle:
#
#   begin
#     require "oarlock/bundler"
#   rescue LoadError
#     nil # installed gems do not need it
#   end
#   source "s3://bucket/gems"
#
# Invariant: Bundler sends its requests for a gem server to the bucket, through the same stores and `.gemrc`
# as `gem`. A missing index is no failure, because Bundler supports older ones. Settings of other sources stay
# as they are.
require "bundler"
require "net/http"
require_relative "../rubygems_plugin"

module Oarlock
  # Adds s3:// URIs to Bundler's downloader, which does not support them.
  module BundlerDownloader
    # The response to a request for an object of an s3:// source.
    def fetch(uri, headers = {}, *rest)
      return super unless uri.scheme == "s3"

      require_relative "rubygems"
      Bundler.ui.debug("S3 GET s3://#{uri.host}#{uri.path}")
      respond(RubyGems.get(uri, if_none_match: headers["If-None-Match"]&.delete_prefix("W/")&.delete('"')))
    rescue NotModifiedError
      Net::HTTPNotModified.new("1.1", "304", "Not Modified")
    rescue NotFoundError => error
      # Bundler then tries the next kind of index.
      raise Bundler::Fetcher::FallbackError, error.message
    rescue Error => error
      raise Bundler::HTTPError, error.message
    end

    private

    # Without an ETag: Bundler takes it for an MD5, which an ETag of S3 need not be.
    def respond(body)
      response = Net::HTTPOK.new("1.1", "200", "OK")
      # Marked as read; otherwise the response would read from a socket.
      response.instance_variable_set(:@read, true)
      response.body = body
      response
    end
  end

  Bundler::Fetcher::Downloader.prepend(BundlerDownloader)
end
