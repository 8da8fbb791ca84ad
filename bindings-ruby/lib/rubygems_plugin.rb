# frozen_string_literal: true

# RubyGems loads this file at every `gem` command, so that oarlock fetches s3:// sources.
#
# Invariant: costs nothing until an s3:// source is used. It reopens the fetcher's class without loading it:
# that would load the network library, which most commands do not need.
module Oarlock
  # What marks a failure of a fetch that stays: the same request would fail again.
  module PermanentFailure; end

  # Puts oarlock into the load path: `bundle exec gem` has only what the bundle lists there.
  def self.loadable
    $LOAD_PATH << __dir__ unless $LOAD_PATH.include?(__dir__)
  end

  # Replaces how Gem::RemoteFetcher handles s3:// URIs, which it would sign itself.
  module GemFetcher
    # The bytes of an object of an s3:// source.
    def fetch_s3(uri, mtime = nil, head = false)
      Oarlock.loadable
      require_relative "oarlock/rubygems"
      RubyGems.fetch(uri, mtime, head)
    end

    # A source with a prefix must end in a slash; otherwise joining `gems/` drops the last segment of its
    # path.
    def download(spec, source_uri, *rest)
      slash = source_uri.to_s.start_with?("s3:") && !source_uri.to_s.end_with?("/")
      super(spec, slash ? "#{source_uri}/" : source_uri, *rest)
    end
  end

  # Finds `gem s3`, and makes `gem push --host s3://…` publish as `gem s3 push` does.
  module GemCommands
    # The command of a name.
    def [](name)
      Oarlock.loadable if name.to_s == "s3"
      command = super
      return command unless name.to_s == "push" && command

      require_relative "oarlock/gem_source/push_host"
      command.extend(GemSource::PushHost)
    end
  end
end

class Gem::RemoteFetcher # :nodoc:
  prepend Oarlock::GemFetcher
end

# Only `gem` has commands; Bundler loads this file too.
if defined?(Gem::CommandManager)
  Gem::CommandManager.prepend(Oarlock::GemCommands)
  Gem::CommandManager.instance.register_command(:s3)
end
