# frozen_string_literal: true

require_relative "support"

# A call that waits stops nobody else and is stopped by whatever stops Ruby code, at once and with nothing
# left behind.
class WaitingTest < OarlockTest
  def setup
    super
    @silence = Silence.new
    @slow = @silence.store
  end

  def teardown
    @silence.close
    super
  end

  # A thread that waits for an answer that never comes, once its request has arrived.
  def waiting(&block)
    thread = Thread.new(&block || -> { @slow.get("a") })
    thread.report_on_exception = false
    soon(@silence.came)
    thread
  end

  def test_other_threads_run
    store = Fake.store
    store.put("a", "x")
    ticks = 0
    ticker = Thread.new { loop { ticks += 1; Thread.pass } }
    Fake.late(200) { store.get("a") }
    before = ticks
    Fake.late(200) { store.get("a") }
    assert_operator ticks - before, :>, 100
  ensure
    ticker&.kill
  end

  # A lookup at the first call would run under a lock, for which another thread's first call would wait while
  # it holds Ruby's.
  def test_the_first_calls_of_threads_look_up_no_class
    script = <<~RUBY
      require "oarlock"
      store = Oarlock.open("file://#{@directory}")
      Oarlock::Native.send(:remove_const, :Call)
      puts Array.new(4) { Thread.new { store.exists?("a") } }.map(&:value).inspect
      $stdout.flush
      # What runs at exit may need the class.
      exit!
    RUBY
    ruby = [RbConfig.ruby, "-I#{Fake::ROOT}/bindings-ruby/lib", "-e", script]
    child = IO.popen(ruby, err: %i[child out])
    assert_equal "[false, false, false, false]\n", Timeout.timeout(30) { child.read }
  ensure
    Process.kill(:KILL, child.pid)
    child.close
  end

  def test_fifty_threads_wait_at_a_time
    store = Fake.store
    store.put("a", "x")
    Fake.late(100) do
      assert_prompt(2.5) do
        Array.new(50) { Thread.new { store.get("a") } }.each { |thread| assert_equal "x", thread.value }
      end
    end
  end

  def test_timeout
    assert_prompt { assert_raises(Timeout::Error) { Timeout.timeout(0.2) { @slow.get("a") } } }
    assert soon(@silence.left)
  end

  def test_own_timeout
    error = assert_prompt { assert_raises(Oarlock::TimeoutError) { @slow.get("a", timeout: 0.2) } }
    assert_equal ["get", "a", "Timeout"], [error.verb, error.key, error.kind]
    assert_predicate error, :retryable?
    assert_match(/0\.2 seconds.*verb get.*key "a"/, error.message)
    assert soon(@silence.left)
  end

  def test_kill
    ensured = false
    thread = waiting { begin @slow.get("a") ensure ensured = true end }
    assert_prompt { thread.kill.join }
    assert ensured
    assert soon(@silence.left)
  end

  def test_raise
    thread = waiting
    thread.raise(IndexError, "from outside")
    error = assert_prompt { assert_raises(IndexError) { thread.join } }
    assert_equal "from outside", error.message
    assert soon(@silence.left)
  end

  def test_trap_that_does_not_raise
    store = Fake.store
    store.put("a", "x")
    hits = 0
    before = trap("USR1") { hits += 1 }
    answer = Queue.new
    Fake.late(300) do
      waiter = Thread.main
      poker = Thread.new do
        3.times { Process.kill("USR1", Process.pid) && Thread.pass until hits.positive? }
        answer << waiter.alive?
      end
      assert_equal "x", store.get("a")
      poker.join
    end
    assert_operator hits, :>=, 1
  ensure
    trap("USR1", before || "DEFAULT")
  end

  INTERRUPTED = <<~'RUBY'
    require "oarlock"
    store = Oarlock.open("s3://bucket", endpoint: ARGV[0], access_key_id: "k", secret_access_key: "s",
                         max_attempts: 1)
    Thread.new { store.get("sibling") }.report_on_exception = false if ARGV[1] == "sibling"
    begin
      store.get("a")
    rescue Interrupt
      puts "interrupted"
    ensure
      puts "ensured"
    end
  RUBY

  def test_interrupt
    %w[alone sibling].each do |company|
      4.times do
        child = IO.popen([RbConfig.ruby, "-I#{LIB}", "-e", INTERRUPTED, @silence.endpoint, company])
        (company == "sibling" ? 2 : 1).times { soon(@silence.came) }
        # The wait is on: the request has arrived, which its own thread of the core wrote.
        Process.kill("INT", child.pid)
        assert_prompt(4) { assert_equal "interrupted\nensured\n", child.read }
        child.close
        assert_equal 0, $?.exitstatus
      end
    end
  end

  FORGOTTEN = <<~'RUBY'
    require "oarlock"
    store = Oarlock.open("s3://#{ARGV[1]}", endpoint: ARGV[0], access_key_id: "test",
                         secret_access_key: "secret",
                         multipart_threshold: 5 << 20, multipart_chunksize: 5 << 20)
    writer = store.open("a", "wb")
    writer << "x" * 12_000_000
    nil until store.list_uploads.any?
  RUBY

  def test_a_writer_forgotten_at_the_end_of_the_process
    store = Fake.store
    assert_empty ruby(FORGOTTEN, Fake.endpoint, store.url[%r{s3://([^/]+)}, 1])
    assert_empty store.list_uploads.to_a
    refute store.exists?("a")
  end

  def test_progress_and_log
    told = []
    body = "x" * 3_000_000
    @store.put("a", body, progress: ->(done, total) { told << [done, total, Thread.current] })
    assert_equal [[body.bytesize, body.bytesize]], told.map { |done, total, _| [done, total] }.last(1)
    assert_equal [Thread.current], told.map(&:last).uniq

    store = Fake.store
    lines = StringIO.new
    require "logger"
    Oarlock.logger = Logger.new(lines, level: Logger::DEBUG)
    store.put("a", "x")
    refute_empty lines.string
    refute_match(/secret|Signature=/, lines.string)
  ensure
    Oarlock.logger = nil
  end

  def test_a_handler_that_raises
    store = Fake.store
    assert_raises(KeyError) { store.put("a", "x" * 100_000, progress: ->(*) { raise KeyError, "mine" }) }
  end
end
