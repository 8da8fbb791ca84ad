# frozen_string_literal: true

# What `gem s3` does with its options: runs a subcommand, prints the result, and reports failures in a line.
require "json"
require_relative "../gem_source"

module Oarlock
  module GemSource
    # One run of `gem s3`.
    class Command
      # @param ui [Gem::UserInteraction]
      def initialize(ui, options)
        @ui = ui
        @options = options
      end

      # @return [Boolean] whether all was done
      def run(word, arguments)
        send(word, arguments) != false
      rescue Error, Refused => error
        @ui.alert_error(error.message)
        false
      end

      private

      def push(paths)
        raise Refused, "gem s3 push takes the files of built gems" if paths.empty?

        pushed = Push.new(source, **mode).call(paths, &bar("Storing"))
        print(pushed) { |gem| "#{gem.name} #{gem.number}: #{gem.action} (#{source.url})" }
      end

      def yank(arguments)
        name, number = version("yank", arguments)
        Yank.new(source, **mode).call(name, number, keep_gem: @options[:keep_gem])
        print([{name: name, number: number, action: dry("yanked")}])
      end

      def unyank(arguments)
        name, number = version("unyank", arguments)
        Unyank.new(source, **mode).call(name, number)
        print([{name: name, number: number, action: dry("listed again")}])
      end

      def index(_)
        report = Index.new(source, **mode).call(&bar("Reading"))
        report.missing.each do |name|
          @ui.alert_warning("#{name} was listed, but its gem is gone; it counts as yanked")
        end
        print([report]) do
          "#{dry("indexed")} #{report.gems} gems of #{report.names} names; #{report.adopted} were adopted"
        end
      end

      def check(_)
        findings = Check.new(source, deep: @options[:deep]).call
        print(findings) do |found|
          [found.ok ? "ok  " : "BAD ", [found.what, *found.detail].join(": ")].join(" ")
        end
        findings.all?(&:ok)
      end

      def list(names)
        rows = Versions.new(source.read("versions").first).rows
        rows = rows.slice(*names) unless names.empty?
        gems = rows.sort.filter_map do |name, row|
          {name: name, versions: GemSource.sort(row.listed).reverse} unless row.listed.empty?
        end
        print(gems) { |gem| "#{gem[:name]} (#{gem[:versions].join(", ")})" }
        !gems.empty? || names.empty?
      end

      def mirror(names)
        raise Refused, "gem s3 mirror takes --from URL, the source to copy from" unless @options[:from]
        raise Refused, "gem s3 mirror takes the names of gems, as NAME or NAME:VERSION" if names.empty?

        chosen = @options.slice(:platform, :newer_than, :dependencies)
        pushed = Mirror.new(@options[:from], source, **mode, **chosen).call(names, &bar("Storing"))
        print(pushed) { |gem| "#{gem.name} #{gem.number}: #{gem.action} (#{source.url})" }
      end

      def source
        @source ||= Source.new(@options[:source] || only_source, profile: @options[:profile])
      end

      def only_source
        sources = Gem.sources.map(&:to_s).select { |url| url.start_with?("s3:") }
        return sources.first if sources.size == 1

        sources = sources.map { |url| url.sub(%r{//.*@}, "//") }
        known = sources.empty? ? "has none" : "has #{sources.join(", ")}"
        raise Refused, "which source? give --source s3://bucket/prefix; .gemrc #{known}"
      end

      # Shows how far a command is, if it has more than a gem.
      def bar(doing)
        reporter = nil
        lambda do |done, all|
          next if @options[:json] || all < 2

          reporter ||= @ui.ui.progress_reporter(all, "#{doing} #{all} gems", "")
          reporter.updated("#{done}/#{all}")
          reporter.done if done == all
        end
      end

      def mode = {unsafe: @options[:unsafe], dry_run: @options[:dry_run]}

      def dry(done) = @options[:dry_run] ? "would be #{done}" : done

      def version(word, arguments)
        unless arguments.size == 1 && @options[:version]
          raise Refused, "gem s3 #{word} takes one name, and -v VERSION"
        end

        platform = @options[:platform]
        number = [@options[:version], (platform unless [nil, Gem::Platform::RUBY].include?(platform))]
        [arguments.first, number.compact.join("-")]
      end

      def print(results)
        return @ui.say(JSON.generate(results.map(&:to_h))) if @options[:json]

        results.each { |result| @ui.say(block_given? ? yield(result) : result.values.join(" ")) }
      end
    end
  end
end
