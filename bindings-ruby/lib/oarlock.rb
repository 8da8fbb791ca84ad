# frozen_string_literal: true

# oarlock: S3 storage for Ruby, by the core that serves the other languages too.
#
# Invariant: verbs, options, settings, replies and error kinds come from the core's tables; this folder makes
# Ruby methods and classes of them. Host code (blocks, readers, loggers) runs on the calling thread, never on
# another.
module Oarlock
end

# A precompiled gem, for Linux, holds an extension for each version of Ruby; a gem from source, the one that
# it built.
precompiled = "#{__dir__}/oarlock/#{RUBY_VERSION[/\d+\.\d+/]}/oarlock_native.so"
begin
  require File.exist?(precompiled) ? precompiled : "oarlock/oarlock_native"
rescue LoadError
  others = Dir["#{__dir__}/oarlock/*/oarlock_native.so"].map { |path| File.basename(File.dirname(path)) }
  raise if others.empty? || File.exist?(precompiled)

  raise LoadError, "this precompiled oarlock has extensions for Ruby #{others.sort.join(", ")}, not for " \
                   "#{RUBY_VERSION}; build it from source: gem install oarlock --platform ruby"
end
require_relative "oarlock/errors"
require_relative "oarlock/records"
require_relative "oarlock/call"
require_relative "oarlock/streams"
require_relative "oarlock/listing"
require_relative "oarlock/store"
require_relative "oarlock/storage_classes"
require_relative "oarlock/reader"
require_relative "oarlock/writer"
require_relative "oarlock/log"
require_relative "oarlock/bar"

module Oarlock
  # The version of the library.
  VERSION = Native::VERSION

  # Opens the store that a URL names. Sends no request.
  #
  # @example
  #   store = Oarlock.open("s3://bucket/prefix", region: "eu-central-1")
  #   Oarlock.open("file:///srv/objects") { |store| store.put("a", "hello") }
  #
  # @param url [String] `s3://bucket/prefix?setting=value` or `file:///directory`
  # @param settings the settings that {SETTINGS} lists; they win over the URL's
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

  # Seconds that an exiting process waits for calls to undo what they started on a server.
  DRAIN_SECONDS = 2
  private_constant :DRAIN_SECONDS

  at_exit do
    next if Native.drain(0)

    # A call that is still in progress, such as a writer's that was not closed, can't finish any more.
    ObjectSpace.each_object(Native::Call, &:cancel)
    give_up = Process.clock_gettime(Process::CLOCK_MONOTONIC) + DRAIN_SECONDS
    # In small steps, so that a second Ctrl-C interrupts the wait.
    Thread.pass until Native.drain(0.02) || Process.clock_gettime(Process::CLOCK_MONOTONIC) > give_up
  end
end
