# frozen_string_literal: true

# RubyGems loads this file at every `gem` command: s3:// sources are fetched by oarlock from now on.
#
# Law: costs nothing until an s3:// source is used. The fetcher's class is opened, not loaded: it comes with
# the network library, and the commands that need neither should not pay for them.
module Oarlock
  # What Gem::RemoteFetcher does with s3:// URIs in place of signing them itself.
  module GemFetcher
    def fetch_s3(uri, mtime = nil, head = false)
      require_relative "oarlock/rubygems"
      RubyGems.fetch(uri, mtime, head)
    end

    # A source with a prefix is meant to end in a slash, else the last step of its path gets lost on the way
    # to `gems/`.
    def download(spec, source_uri, *rest)
      slash = source_uri.to_s.start_with?("s3:") && !source_uri.to_s.end_with?("/")
      super(spec, slash ? "#{source_uri}/" : source_uri, *rest)
    end
  end
end

class Gem::RemoteFetcher # :nodoc:
  prepend Oarlock::GemFetcher
end
