# frozen_string_literal: true

# The compact index: the texts of `info/NAME` and `versions`.
#
# Invariant: pure text, the same for the same content. A number is VERSION or VERSION-PLATFORM. Lines that
# this file did not write are kept byte for byte. Sends no request.
module Oarlock
  module GemSource
    # The first line of every file of the compact index, or the last of its head.
    RULE = "---\n"

    # The version and the platform of a number.
    def self.split(number)
      version, platform = number.split("-", 2)
      [Gem::Version.new(version), platform || Gem::Platform::RUBY]
    end

    # Numbers by version, then platform, where `ruby` comes first.
    def self.sort(numbers)
      numbers.sort_by do |number|
        version, platform = split(number)
        [version, platform == Gem::Platform::RUBY ? 0 : 1, platform, number]
      end
    end

    # A gem's file `info/NAME`: a line for each number.
    class Info
      # The lines, by their numbers.
      attr_reader :lines

      # @param text [String, nil] the file, nil if there is none
      def self.parse(text)
        lines = text.to_s.dup.force_encoding(Encoding::UTF_8).lines(chomp: true)
        new(lines.reject { |line| line.empty? || line == RULE.chomp }.to_h { |line| [line[/\A\S+/], line] })
      end

      # The line of a gem. Only runtime dependencies: a client resolves all that a line names.
      def self.line(spec, number, sha256, created_at)
        needs = spec.runtime_dependencies.sort_by(&:name)
        needs = needs.map { |need| "#{need.name}:#{requirements(need.requirement)}" }.join(",")
        rules = {checksum: sha256, ruby: spec.required_ruby_version, rubygems: spec.required_rubygems_version}
        rules = rules.reject { |_, rule| rule.is_a?(Gem::Requirement) && rule.none? || rule.nil? }
        rules = {**rules, created_at: created_at}.map do |name, rule|
          "#{name}:#{rule.is_a?(Gem::Requirement) ? requirements(rule) : rule}"
        end
        "#{number} #{needs}|#{rules.join(",")}"
      end

      def self.requirements(requirement) = requirement.as_list.sort.join("&")
      private_class_method :requirements

      def initialize(lines) = @lines = lines

      # The numbers, sorted.
      def numbers = GemSource.sort(@lines.keys)

      # The value of a field in a number's line, such as `checksum`.
      def field(number, name) = @lines[number]&.split("|", 2)&.last&.[](/(?:\A|,)#{name}:([^,]*)/, 1)

      # The names of the gems that a number needs.
      def needs(number) = @lines[number][/ ([^|]*)\|/, 1].to_s.split(",").map { |need| need[/\A[^:]+/] }

      # With these lines added or replaced, and these numbers removed.
      def with(lines = {}, without: []) = Info.new({**@lines, **lines}.except(*without))

      # The file.
      def to_s = RULE + numbers.map { |number| "#{@lines[number]}\n" }.join
    end

    # The file `versions`: the numbers of every gem, and the MD5 of its file `info/NAME`.
    #
    # Changes are appended as lines, so that clients fetch only what is new. It also records which numbers
    # were yanked, so that they are not published again.
    class Versions
      # VERSION or VERSION-PLATFORM, yanked after a hyphen.
      NUMBER = /\A-?\d+(?:\.[0-9a-zA-Z]+)*(?:-[a-zA-Z0-9._-]+)?\z/

      # A gem: its listed and its yanked numbers, and the MD5 of its info file.
      Row = Struct.new(:listed, :yanked, :md5)

      # @param text [String, nil] the file, nil if there is none
      def initialize(text)
        @text = text && text.dup.force_encoding(Encoding::UTF_8)
      end

      # Whether it has a head, whole lines, and versions only.
      def whole?
        return true unless @text

        rows
        @text.match?(/^---\n/) && @text.end_with?("\n") && !@malformed
      end

      # The gems, by name, as far as they can be read.
      def rows
        @rows ||= begin
          rows = Hash.new { |all, name| all[name] = Row.new([], [], nil) }
          body = @text.to_s.split(/^---$\n?/, 2)[1]
          # A line that was cut off may end with a part of a number.
          body.to_s.each_line { |line| read(rows, line) if line.end_with?("\n") }
          rows.default = Row.new([].freeze, [].freeze, nil).freeze
          rows
        end
      end

      # With the lines that make it agree with these info files.
      #
      # @param infos [Hash{String => Info}]
      # @param now [String] the time for the head of a new file
      def with(infos, now)
        added = infos.sort.filter_map { |name, info| change(name, info) }
        return self if added.empty? && @text

        Versions.new((@text || "created_at: #{now}\n#{RULE}") + added.join)
      end

      # A new file with one line for each gem.
      #
      # @param rows [Hash{String => Row}]
      def self.compact(rows, created_at)
        lines = rows.sort.map do |name, row|
          numbers = GemSource.sort(row.listed) + GemSource.sort(row.yanked).map { |number| "-#{number}" }
          "#{name} #{numbers.join(",")} #{row.md5}\n"
        end
        new("created_at: #{created_at}\n#{RULE}#{lines.join}")
      end

      # The file.
      def to_s = @text

      # A digest of all lines with a prerelease, or with a version that is none. Each push or yank adds a
      # line, so no digest comes back.
      def history(prerelease)
        lines = @text.to_s.each_line.drop_while { |line| line != RULE }.drop(1).select do |line|
          line.split(" ", 3)[1].to_s.split(",").any? do |number|
            number.delete_prefix("-")[/\A[^-]*/].match?(/[a-z]/i) == prerelease
          end
        end
        Digest::MD5.hexdigest(lines.join)
      end

      private

      def read(rows, line)
        name, numbers, md5 = line.split(" ", 3)
        row = rows[name]
        numbers.to_s.split(",").each do |number|
          next @malformed = true unless number.match?(NUMBER)

          if number.start_with?("-")
            row.listed.delete(number = number.delete_prefix("-"))
            row.yanked |= [number]
          else
            row.yanked.delete(number)
            row.listed |= [number]
          end
        end
        row.md5 = md5&.chomp
      end

      def change(name, info)
        row = rows[name]
        added = GemSource.sort(info.lines.keys - row.listed)
        removed = GemSource.sort(row.listed - info.lines.keys)
        md5 = Digest::MD5.hexdigest(info.to_s)
        return if added.empty? && removed.empty? && row.md5 == md5

        # A line needs a number. Where only the content changed, one is removed and added at once.
        removed = added = info.numbers.last(1) if added.empty? && removed.empty?
        numbers = removed.map { |number| "-#{number}" } + added
        "#{name} #{numbers.join(",")} #{md5}\n" unless numbers.empty?
      end
    end
  end
end
