# frozen_string_literal: true

# Ends a run in which one test stands still, and prints the test, its processes and every thread's backtrace.
#
# Invariant: a process of its own watches, so that it also works if a thread never gives Ruby's lock back.
require "io/wait"

module Watchdog
  # Seconds that a test may last; the slowest takes ten.
  LIMIT = 120
  # Seconds for the backtraces.
  GRACE = 10

  # Watches this process until it ends.
  def self.start(limit = LIMIT, grace: GRACE)
    names, @names = IO.pipe
    run = Process.pid
    trap("USR2") { give_up }
    # It outlives this process by a moment, and nothing waits for it.
    fork do
      @names.close
      watch(names, run, limit, grace)
      exit!
    end
    names.close
  end

  # A test starts.
  def self.enter(test) = @names.puts(test)

  def self.give_up
    Thread.list.each { |thread| $stderr.puts(thread.inspect, *thread.backtrace) }
    exit!(1)
  end

  def self.watch(names, run, limit, grace)
    last = "the run before its first test"
    while names.wait_readable(limit)
      last = names.gets(chomp: true) or return
    end
    warn "#{last}, or what follows it, stood still for #{limit} s"
    others = below(run) - [Process.pid]
    [run, *others].each { |pid| warn describe(pid) }
    Process.kill(:USR2, run)
    unless names.wait_readable(grace)
      warn "the process runs no Ruby code; its threads:"
      system("gdb", "-batch", "-ex", "thread apply all backtrace", "-p", run.to_s)
      Process.kill(:KILL, run)
    end
    others.each { |pid| kill(pid) }
  end

  # The processes that a process started, and those that they started.
  def self.below(pid)
    children = Dir["/proc/#{pid}/task/*/children"].flat_map { |path| File.read(path).split.map(&:to_i) }
    children + children.flat_map { |child| below(child) }
  end

  # What a process is, and what each of its threads waits for in the kernel.
  def self.describe(pid)
    waits = Dir["/proc/#{pid}/task/*/wchan"].map { |path| File.read(path) }.tally
    "#{pid} #{File.read("/proc/#{pid}/cmdline").tr("\0\n", "  ")[0, 200]}: #{waits}"
  rescue SystemCallError
    "#{pid} has ended"
  end

  # Otherwise it would keep the run's output open.
  def self.kill(pid)
    Process.kill(:KILL, pid)
  rescue Errno::ESRCH
    nil
  end

  private_class_method :give_up, :watch, :below, :describe, :kill
end
