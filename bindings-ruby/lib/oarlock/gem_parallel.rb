# frozen_string_literal: true

# Requests at a time for `gem install`, which downloads eight gems at a time unless `.gemrc` names another
# number, and one with `--install-dir`. Loaded once `gem install` fetches from an s3:// source.
require_relative "read_ahead"

module Oarlock
  # Reads all gems of an installation before RubyGems downloads them.
  module GemInstaller
    # As RubyGems' own.
    def install(options, ...)
      cache = ::File.join(options[:install_dir] || Gem.dir, "cache")
      RubyGems.read_ahead(sorted_requests.filter_map { |request| gem_uri(request.spec, cache) })
      super
    end

    private

    # Where the gem comes from, if that is an s3:// source and it is neither installed nor in the cache.
    def gem_uri(spec, cache)
      uri = spec.source.uri if spec.source.instance_of?(Gem::Source)
      return unless uri&.scheme == "s3"

      file = "#{Gem::NameTuple.new(spec.name, spec.version, spec.platform.to_s).full_name}.gem"
      "#{uri.to_s.chomp("/")}/gems/#{file}" unless ::File.exist?("#{cache}/#{file}")
    end
  end

  Gem::RequestSet.prepend(GemInstaller)
end
