# frozen_string_literal: true

# oarlock: S3 storage for Ruby, by the core that serves the other languages too.
#
# Law: what verbs, options, settings, replies and error kinds there are, the core's tables say; this folder
# dresses them in Ruby. Host code (blocks, readers, loggers) runs on the thread that calls, never on another.
module Oarlock
end

require "oarlock/oarlock_native"
require_relative "oarlock/errors"
require_relative "oarlock/records"
require_relative "oarlock/call"
require_relative "oarlock/streams"
require_relative "oarlock/listing"
require_relative "oarlock/store"
require_relative "oarlock/storage_classes"
require_relative "oarlock/file"
require_relative "oarlock/log"
require_relative "oarlock/bar"

module Oarlock
  # The version of the library.
  VERSION = Native::VERSION

  # Opens the place that a URL names. No network is touched.
  #
  # @example
  #   store = Oarlock.open("s3://bucket/prefix", region: "eu-central-1")
  #   Oarlock.open("file:///srv/objects") { |store| store.put("a", "hello") }
  #
  # @param url [String] `s3://bucket/prefix?setting=value` or `file:///directory`
  # @param settings what the URL does not say; {SETTINGS} lists them; they win over the URL's
  # @yield [Store] the store, closed after the block
  # @return [Store] or what the block returns
  # @raise [ConfigError] for a malformed URL, an unknown setting or settings that exclude each other
  def self.open(url, **settings)
    store = Store.new(url, **settings)
    return store unless block_given?

    begin
      yield store
    ensure
      store.close
    end
  end

  # How long a process that ends waits for calls to undo what they began on a server.
  DRAIN_SECONDS = 2
  private_constant :DRAIN_SECONDS

  at_exit do
    next if Native.drain(0)

    # What is still under way, a writer that nobody closed, say, will not come to its end any more.
    ObjectSpace.each_object(Native::Call, &:cancel)
    give_up = Process.clock_gettime(Process::CLOCK_MONOTONIC) + DRAIN_SECONDS
    # In small steps, between which a second Ctrl-C comes through.
    Thread.pass until Native.drain(0.02) || Process.clock_gettime(Process::CLOCK_MONOTONIC) > give_up
  end
end
