# frozen_string_literal: true

module Oarlock
  # A line that shows the progress of a call, for `progress:`. It writes to the given IO, else to standard
  # error if that is a terminal.
  #
  # @example
  #   Oarlock::Bar.open("archive") { |bar| store.get("archive", into: Pathname("archive"), progress: bar) }
  class Bar
    UNITS = %w[B KiB MiB GiB TiB].freeze
    # Seconds between two updates.
    EVERY = 0.1
    private_constant :UNITS, :EVERY

    # Shows a bar during the block.
    #
    # @yield [Bar]
    # @return what the block returns
    def self.open(title = nil, io = nil)
      bar = new(title, io)
      yield bar
    ensure
      bar&.close
    end

    # @param title [String, nil] the start of the line
    # @param io [#write, nil] default: standard error, if it is a terminal
    def initialize(title = nil, io = nil)
      @title = title
      @io = io || ($stderr if $stderr.tty?)
      @width = 0
      @next = 0
    end

    # Shows the bytes done and the total, if it is known.
    def call(done, total)
      now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      return if @io.nil? || (done != total && now < @next)

      @next = now + EVERY
      far = total&.positive? ? "#{size(done)} of #{size(total)}, #{100 * done / total} %" : size(done)
      line = [@title, far].compact.join(": ")
      @io.write("\r#{line.ljust(@width)}")
      @width = line.size
    end

    # Ends the line.
    def close
      @io&.write("\n") if @width.positive?
      @io = nil
    end

    private

    def size(size)
      unit = UNITS.each_index.find { |power| size < 1024**(power + 1) } || UNITS.size - 1
      unit.zero? ? "#{size} B" : format("%.1f %s", size.fdiv(1024**unit), UNITS[unit])
    end
  end
end
