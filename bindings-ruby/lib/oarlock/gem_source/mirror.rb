# frozen_string_literal: true

# Copies gems from another source, of https:// or s3://, and publishes them.
#
# Invariant: RubyGems' own client reads the other source, so that `.gemrc` holds for it. Nothing is published
# unless all that was chosen could be fetched.
require "rubygems/spec_fetcher"
require "time"
require "tmpdir"

module Oarlock
  module GemSource
    # One copying of some gems.
    class Mirror
      # @param from [String] the other source
      # @param platform [String, nil] only builds for it, and for all platforms
      # @param newer_than [String, nil] only versions that were built after this day
      # @param dependencies [Boolean] whether to copy what the gems need
      def initialize(from, source, platform: nil, newer_than: nil, dependencies: true, **mode)
        url = from.end_with?("/") ? from : "#{from}/"
        @from = Gem::Source.new(url)
        @push = Push.new(source, **mode)
        @platforms = [Gem::Platform::RUBY, platform] if platform
        @dependencies = dependencies
        @newer_than = newer_than && Time.parse("#{newer_than} UTC")
      rescue ArgumentError
        raise Refused, "--newer-than takes a day, such as 2026-01-31, not #{newer_than.inspect}"
      end

      # @param names [Array<String>] NAME for the newest version, or NAME:REQUIREMENT for all that match
      # @yield [Integer, Integer] gems stored, and all
      # @return [Array<Push::Pushed>]
      def call(names, &progress)
        chosen = {}
        names.each { |word| choose(*word.split(":", 2)).each { |tuple| add(tuple, chosen) } }
        raise Refused, "#{@from.uri} has nothing of #{names.join(", ")} that was chosen" if chosen.empty?

        Dir.mktmpdir("oarlock-mirror-") do |directory|
          @push.call(chosen.values.map { |spec| @from.download(spec, directory) }, &progress)
        end
      rescue Gem::RemoteFetcher::FetchError => error
        raise Refused, "mirror: #{error.message}"
      end

      private

      # The versions of a name. Without a requirement, the newest for each platform.
      def choose(name, requirement = nil)
        wanted = Gem::Dependency.new(name, *requirement&.split(/\s*,\s*/))
        found = tuples(wanted)
        raise Refused, "#{@from.uri} has no gem #{wanted}" if found.empty?

        requirement ? found : newest(found)
      end

      def tuples(wanted)
        kinds = wanted.prerelease? ? %i[released prerelease] : %i[released]
        found = kinds.flat_map { |kind| all(kind)[wanted.name] || [] }
        found.select { |tuple| wanted.requirement.satisfied_by?(tuple.version) && allowed?(tuple) }
      end

      def all(kind) = (@all ||= {})[kind] ||= @from.load_specs(kind).group_by(&:name)

      def allowed?(tuple) = @platforms.nil? || @platforms.include?(tuple.platform.to_s)

      def newest(tuples)
        version = tuples.map(&:version).max
        tuples.select { |tuple| tuple.version == version }
      end

      # Adds a version, and then what it needs.
      def add(tuple, chosen)
        return if chosen.key?(tuple)

        spec = @from.fetch_spec(tuple)
        return if @newer_than && spec.date <= @newer_than

        chosen[tuple] = spec
        return if @dependencies == false

        spec.runtime_dependencies.each do |need|
          found = tuples(need)
          raise Refused, "#{@from.uri} has no #{need}, which #{spec.full_name} needs" if found.empty?

          newest(found).each { |one| add_needed(one, chosen) }
        end
      end

      # What a gem needs is copied whatever its age.
      def add_needed(tuple, chosen)
        newer_than, @newer_than = @newer_than, nil
        add(tuple, chosen)
      ensure
        @newer_than = newer_than
      end
    end
  end
end
