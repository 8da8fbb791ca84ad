# frozen_string_literal: true

# Downloads for Bundler's installer. Loaded when an index is read, so that `bundle exec` does not pay for it.
require "bundler/installer/parallel_installer"
require_relative "rubygems"

module Oarlock
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

  Bundler::ParallelInstaller.singleton_class.prepend(BundlerInstaller)
end
