# frozen_string_literal: true

# `gem s3`: publishes to a gem source in a bucket.
#
# Invariant: only the command line is here; `oarlock/gem_source` does the work, and is loaded when a command
# runs. The exit status is 0 if all was done, 1 if not.
require "rubygems/command"

class Gem::Commands::S3Command < Gem::Command # :nodoc:
  # The first argument of `gem s3`.
  SUBCOMMANDS = %w[push yank unyank index check list mirror].freeze

  def initialize
    super("s3", "Publish gems to a source in an S3 bucket", {})

    add_option("-s", "--source URL", "The source, s3://bucket/prefix.",
               "Default: the only s3:// source of .gemrc") { |url, options| options[:source] = url }
    add_option("--profile NAME", "The profile of the shared AWS files whose identity publishes,",
               "in place of the one in .gemrc") { |name, options| options[:profile] = name }
    add_option("-n", "--dry-run", "Write nothing; print what would be done") do |_, options|
      options[:dry_run] = true
    end
    add_option("--json", "Print the results as JSON") { |_, options| options[:json] = true }
    add_option("--unsafe", "Publish to a server without conditional writes,",
               "where publishers at the same time lose entries") { |_, options| options[:unsafe] = true }
    add_option("-v", "--version VERSION", "yank, unyank: the version") do |text, options|
      options[:version] = text
    end
    add_option("--platform PLATFORM", "yank, unyank: the build for this platform.",
               "mirror: only builds for it and for ruby.", "Default: ruby; mirror: all") do |text, options|
      options[:platform] = text
    end
    add_option("--keep-gem", "yank: leave the gem, for lock files that name it") do |_, options|
      options[:keep_gem] = true
    end
    add_option("--deep", "check: read every gem whole") { |_, options| options[:deep] = true }
    add_option("--from URL", "mirror: the source to copy from") { |url, options| options[:from] = url }
    add_option("--newer-than DATE", "mirror: only versions that were built after this day") do |text, options|
      options[:newer_than] = text
    end
    add_option("--no-dependencies", "mirror: leave out what the gems need") do |_, options|
      options[:dependencies] = false
    end
  end

  def arguments # :nodoc:
    <<~TEXT
      push FILE...             publish built gems
      yank NAME -v VERSION     take a version out, and its gem unless --keep-gem
      unyank NAME -v VERSION   list a version again whose gem was kept
      index                    make the index anew from the gems that are there
      check                    compare index and gems; test the server and the permissions
      list [NAME...]           list what the source has
      mirror NAME[:VERSION]... copy gems and what they need from another source
    TEXT
  end

  def usage # :nodoc:
    "#{program_name} #{SUBCOMMANDS.join("|")} [ARGUMENT...]"
  end

  def description # :nodoc:
    <<~TEXT
      Publishes gems to a source in an S3 bucket, where any number of publishers may work at the same time.
      `gem push --host s3://bucket/prefix` and `rake release` do the same as `gem s3 push`.
    TEXT
  end

  def execute # :nodoc:
    require_relative "../../oarlock/gem_source/command"
    word, *arguments = options[:args]
    unless SUBCOMMANDS.include?(word)
      alert_error "gem s3 takes one of: #{SUBCOMMANDS.join(", ")}"
      terminate_interaction 1
    end

    terminate_interaction 1 unless Oarlock::GemSource::Command.new(self, options).run(word, arguments)
  end
end
