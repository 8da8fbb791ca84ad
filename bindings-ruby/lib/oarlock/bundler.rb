# frozen_string_literal: true

# s3:// sources for Bundler. Stand it at the head of the Gemfile; without the rescue, `bundle exec` would ask
# for oarlock in the bundle:
#
#   begin
#     require "oarlock/bundler"
#   rescue LoadError
#     nil # what is installed needs it no more
#   end
#   source "s3://bucket/gems"
#
# Law: what Bundler asks of a gem server it asks of the bucket, through the same stores and the same `.gemrc`
# as `gem` does; a missing index is no failure, for Bundler knows older ones. Settings of other sources stay
# as they are.
require "bundler"
require "net/http"
require_relative "../rubygems_plugin"

module Oarlock
  # What Bundler's downloader does with s3:// URIs: it has no way of its own.
  module BundlerDownloader
    def fetch(uri, headers = {}, *rest)
      return super unless uri.scheme == "s3"

      require_relative "rubygems"
      Bundler.ui.debug("S3 GET s3://#{uri.host}#{uri.path}")
      respond(RubyGems.get(uri, if_none_match: headers["If-None-Match"]&.delete_prefix("W/")&.delete('"')))
    rescue NotModifiedError
      Net::HTTPNotModified.new("1.1", "304", "Not Modified")
    rescue NotFoundError => error
      # Bundler goes on to the next kind of index.
      raise Bundler::Fetcher::FallbackError, error.message
    rescue Error => error
      raise Bundler::HTTPError, error.message
    end

    private

    # Without an ETag: Bundler takes it for an MD5, which on S3 it is not always.
    def respond(body)
      response = Net::HTTPOK.new("1.1", "200", "OK")
      # Told as read already, or the response would look for a socket.
      response.instance_variable_set(:@read, true)
      response.body = body
      response
    end
  end

  Bundler::Fetcher::Downloader.prepend(BundlerDownloader)
end
