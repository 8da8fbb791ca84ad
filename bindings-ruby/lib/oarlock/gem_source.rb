# frozen_string_literal: true

# Publishing gems to a source in a bucket: `gem s3`, and `gem push --host s3://…`.
#
# Each index file follows from one other: info/NAME from gems/*, versions from info/NAME, and the four files
# of DERIVED from versions.
#
# Invariant: a writer reads the ETag of an index file before it reads what the file follows from, and writes
# it only under that ETag. So no writer replaces a newer state by an older one. A gem is stored before any
# index file lists it, and deleted after none does.
require "rubygems"
require_relative "rubygems"

module Oarlock
  # @private
  module GemSource
    # The source, or a gem, is not in a state for the command. The message names what to do.
    class Refused < StandardError; end

    # Whether a refusal is for want of a right, and not of an identity, such as an unknown key.
    def self.right_missing?(error) = error.code.nil? || error.code == "AccessDenied"

    # Runs the block for each item, on so many threads. The first failure ends it.
    def self.at_once(items, threads = 16)
      queue = Queue.new
      failure = nil
      workers = Array.new([threads, items.size].min) do
        Thread.new do
          Thread.current.report_on_exception = false
          while failure.nil? && (item = queue.pop)
            yield item
          end
        rescue StandardError => error
          failure ||= error
        end
      end
      items.each { |item| queue << item }
      queue.close
      workers.each(&:join)
      raise failure if failure
    ensure
      workers&.each(&:kill)
    end
  end
end

require_relative "gem_source/compact"
require_relative "gem_source/layout"
require_relative "gem_source/gem_file"
require_relative "gem_source/stored_gem"
require_relative "gem_source/source"
require_relative "gem_source/push"
require_relative "gem_source/yank"
require_relative "gem_source/index"
require_relative "gem_source/check"
require_relative "gem_source/mirror"
