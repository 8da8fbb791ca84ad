# frozen_string_literal: true

# What the tests of the Ruby binding stand on: a directory, fake-s3, and a server that never answers.
#
# Invariant: nothing sleeps to wait; whoever waits, waits for an event, and not for ever. Only what is special
# about Ruby is tested here: what every language must do alike, the cases of `tests/cases` say.
require "minitest"
require "minitest/autorun"
require "json"
require "net/http"
require "pathname"
require "socket"
require "stringio"
require "timeout"
require "tmpdir"
require "oarlock"
require_relative "watchdog"

Watchdog.start
Warning[:experimental] = false

# The server under `tests/fake-s3`, one for the whole run; it ends with the pipe that holds it.
module Fake
  ROOT = Pathname(__dir__).join("../..").expand_path
  TARGET = Pathname(ENV.fetch("CARGO_TARGET_DIR", ROOT.join("target").to_s))
  KEYS = {access_key_id: "test", secret_access_key: "secret", region: "us-east-1"}.freeze

  def self.endpoint
    @endpoint ||= begin
      program = TARGET.join("debug/fake-s3")
      abort "#{program} is missing; build it with `cargo build -p fake-s3`" unless program.exist?

      @leash = IO.popen([program.to_s], "r+")
      JSON.parse(@leash.gets)["endpoint"]
    end
  end

  # Sends a request to the server's control interface.
  def self.tell(door, body)
    answer = Net::HTTP.post(URI("#{endpoint}/_fake/#{door}"), JSON.generate(body),
                            "content-type" => "application/json")
    raise "fake-s3 answered #{answer.code}: #{answer.body}" unless answer.code == "200"
  end

  # The requests so far; with a number, once there are so many.
  def self.log(wait = nil) = JSON.parse(Net::HTTP.get(URI("#{endpoint}/_fake/log#{"?wait=#{wait}" if wait}")))

  # A store on a bucket of its own.
  def self.store(**settings)
    bucket = "ruby-#{@count = @count.to_i + 1}"
    tell("bucket", {name: bucket})
    Oarlock.open("s3://#{bucket}", endpoint: endpoint, **KEYS, **settings)
  end

  # Runs the block with every answer so many milliseconds late.
  def self.late(milliseconds)
    tell("latency", {ms: milliseconds})
    yield
  ensure
    tell("latency", {ms: 0})
  end
end

# A server that accepts requests and never responds; it reports when one came and when its sender gave up.
class Silence
  attr_reader :came, :left

  def initialize
    @server = TCPServer.new("127.0.0.1", 0)
    @came = Queue.new
    @left = Queue.new
    @thread = Thread.new { loop { serve(@server.accept) } }
  end

  def endpoint = "http://127.0.0.1:#{@server.addr[1]}"

  def store(**settings) = Oarlock.open("s3://bucket", endpoint: endpoint, max_attempts: 1, **Fake::KEYS,
                                       **settings)

  def close
    @thread.kill.join
    @server.close
  end

  private

  def serve(client)
    Thread.new do
      @came << client.readpartial(65_536)
      nil while client.readpartial(65_536)
    rescue EOFError, Errno::ECONNRESET
      @left << true
    ensure
      client.close
    end
  end
end

# A test case of this suite.
class OarlockTest < Minitest::Test
  LIB = Fake::ROOT.join("bindings-ruby/lib").to_s

  def before_setup
    Watchdog.enter("#{self.class}##{name}")
    super
  end

  def setup
    @directory = Dir.mktmpdir("oarlock-ruby-")
    @store = Oarlock.open("file://#{@directory}/objects")
    Dir.mkdir("#{@directory}/objects")
  end

  def teardown
    FileUtils.remove_entry(@directory)
  end

  # What the queue gets, within a time in which it certainly would.
  def soon(queue) = Timeout.timeout(20) { queue.pop }

  def clock = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def assert_prompt(limit = 1.0)
    from = clock
    value = yield
    assert_operator clock - from, :<, limit, "took too long"
    value
  end

  # Runs a program of its own with the library; its output. One that hangs is ended: closing its pipe would
  # wait for it.
  def ruby(script, *arguments, status: 0)
    program = [RbConfig.ruby, "-I#{LIB}", "-e", script, *arguments]
    child = IO.popen(program, in: File::NULL, err: %i[child out])
    output = Timeout.timeout(100) { child.read }
    child.close
    assert_equal status, $?.exitstatus, output if status
    output
  ensure
    Process.kill(:KILL, child.pid) if child && !child.closed?
  end
end
