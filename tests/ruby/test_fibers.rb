# frozen_string_literal: true

require_relative "support"

# A minimal Fiber scheduler: it can wait for a descriptor, and for a time.
class Scheduler
  def initialize
    @readable = {}
    @until = {}
    @ready = []
  end

  def io_wait(io, _events, limit)
    @until[Fiber.current] = now + limit if limit
    @readable[Fiber.current] = io
    Fiber.yield
    came = @readable.delete(Fiber.current).nil?
    @until.delete(Fiber.current)
    came && IO::READABLE
  end

  def kernel_sleep(seconds = nil) = io_wait(nil, 0, seconds)

  def block(_blocker, limit = nil) = io_wait(nil, 0, limit)

  def unblock(_blocker, fiber) = @ready << fiber

  def fiber(&block) = Fiber.new(blocking: false, &block).tap(&:resume)

  def close
    until @readable.empty? && @ready.empty?
      @ready.shift.resume until @ready.empty?
      limit = @until.values.min
      came, = IO.select(@readable.values.compact, nil, nil, limit && [limit - now, 0].max)
      @readable.to_a.each do |fiber, io|
        next unless came&.include?(io) || (@until[fiber] && @until[fiber] <= now)

        @readable.delete(fiber) if came&.include?(io)
        fiber.resume
      end
    end
  end

  private

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

# Under a Fiber scheduler a call yields to the other fibers.
class FibersTest < OarlockTest
  def scheduled
    Thread.new do
      Fiber.set_scheduler(Scheduler.new)
      yield
    end.join
  end

  def test_five_fibers_wait_at_a_time
    store = Fake.store
    store.put("a", "x")
    store.get("a")
    bodies = []
    Fake.late(300) do
      assert_prompt(1.2) { scheduled { 5.times { Fiber.schedule { bodies << store.get("a") } } } }
    end
    assert_equal ["x"] * 5, bodies
  end

  def test_a_limit
    silence = Silence.new
    errors = []
    assert_prompt(1.5) do
      scheduled do
        3.times { Fiber.schedule { silence.store.get("a", timeout: 0.2) rescue errors << $!.class } }
      end
    end
    assert_equal [Oarlock::TimeoutError] * 3, errors
  ensure
    silence&.close
  end
end
