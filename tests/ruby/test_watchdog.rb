# frozen_string_literal: true

require_relative "support"

# A run that stands still ends, and names the test. It leaves no process: one would keep the output open.
class WatchdogTest < OarlockTest
  def stuck(code)
    ruby(<<~RUBY, status: nil)
      require "#{__dir__}/watchdog"
      Watchdog.start(0.2, grace: 0.5)
      Watchdog.enter("OneTest#test_one")
      spawn(RbConfig.ruby, "-e", "sleep")
      #{code}
    RUBY
  end

  def test_ruby_code_that_waits
    output = stuck("Thread.new { sleep }; Queue.new.pop")
    assert_match(/OneTest#test_one, or what follows it, stood still for 0\.2 s/, output)
    assert_match(/in `pop'/, output)
    assert_match(/in `sleep'/, output)
    refute_match(/runs no Ruby code/, output)
  end

  def test_a_thread_that_keeps_rubys_lock
    output = stuck(<<~'RUBY')
      require "fiddle"
      lock = Fiddle::Handle::DEFAULT["pthread_mutex_lock"]
      lock = Fiddle::Function.new(lock, [Fiddle::TYPE_VOIDP], Fiddle::TYPE_INT, need_gvl: true)
      mutex = "\0" * 40
      2.times { lock.call(mutex) }
    RUBY
    assert_match(/OneTest#test_one/, output)
    assert_match(/runs no Ruby code/, output)
  end
end
