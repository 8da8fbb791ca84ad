# frozen_string_literal: true

# Requests at a time for Bundler, which sends as many as the machine has processors. Loaded when an index is
# read, so that `bundle exec` does not pay for it.
require "bundler/fetcher/compact_index"
require "bundler/installer/parallel_installer"
require "bundler/worker"
require_relative "rubygems"

module Oarlock
  # Gets the files of a compact index.
  module BundlerInfo
    private

    # As Bundler's own, with more workers.
    def bundle_worker(func = nil)
      if remote.uri.scheme == "s3"
        name = "Compact Index (#{display_uri.host})"
        @bundle_worker ||= Bundler::Worker.new(RubyGems::ReadAhead::THREADS, name, func)
      end
      super
    end
  end

  # Reads gems before Bundler installs those that come first: it downloads only as many at a time as it
  # installs.
  module BundlerInstaller
    # As Bundler's own.
    def call(installer, specs, *rest, **more)
      uris = specs.filter_map do |spec|
        uri = spec.remote&.uri if spec.respond_to?(:remote)
        file = "#{spec.full_name}.gem"
        "#{uri}gems/#{file}" if uri&.scheme == "s3" && !::File.exist?("#{Bundler.bundle_path}/cache/#{file}")
      end
      RubyGems.read_ahead(uris)
      super
    end
  end

  Bundler::Fetcher::CompactIndex.prepend(BundlerInfo)
  Bundler::ParallelInstaller.singleton_class.prepend(BundlerInstaller)
end
