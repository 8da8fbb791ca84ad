# frozen_string_literal: true

# `gem push` to a host that is an s3:// source: by --host, by RUBYGEMS_HOST, or by the gem's own metadata.
# Bundler's `rake release` runs it.
#
# Invariant: any other host is left to `gem push`.
module Oarlock
  module GemSource
    # Extends the command `gem push`.
    module PushHost
      # Publishes the gem, or leaves it to `gem push`.
      def execute
        host = push_host.to_s
        return super unless host.start_with?("s3:")

        Oarlock.loadable
        require_relative "command"
        done = Command.new(self, {source: host}).run("push", options[:args])
        terminate_interaction 1 unless done
      end

      private

      # The host by the rules of `gem push`.
      def push_host
        return options[:host] if @user_defined_host

        metadata = Gem::Package.new(get_one_gem_name).spec.metadata
        metadata.values_at("default_gem_server", "allowed_push_host").compact.first || options[:host]
      end
    end
  end
end
