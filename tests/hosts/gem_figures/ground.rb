# frozen_string_literal: true

# What the figures of gem sources stand on: fake-s3 with a delay for each request, commands whose time, CPU
# and memory are measured, and a table.
require "yaml"

ROOT = File.expand_path("../../..", __dir__)
$LOAD_PATH.unshift("#{ROOT}/bindings-ruby/lib")
LEASH = IO.popen(["#{ENV.fetch("CARGO_TARGET_DIR", "#{ROOT}/target")}/debug/fake-s3"], "r+")
require "json"
ENDPOINT = JSON.parse(LEASH.gets)["endpoint"]

require_relative "../gems"
require_relative "../proofs"
require_relative "../publishers"
require "oarlock/gem_source"
include Oarlock::GemSource # rubocop:disable Style/MixinUsage

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

# Forgets the requests so far, and delays each from now on by so many milliseconds.
def late(milliseconds)
  Fake.forget
  Fake.post("latency", {ms: milliseconds})
end

# A directory with a home and a `.gemrc`, in which commands run.
class Ground
  # What a command took.
  Took = Struct.new(:seconds, :cpu, :mebibytes)
  BUCKET = "figures"

  attr_reader :directory

  def initialize(directory)
    @directory = directory
    Fake.post("bucket", {name: BUCKET, anonymous_read: true})
    entry = {"id" => "test", "secret" => "secret", "endpoint" => ENDPOINT, "path_style" => true}
    File.write("#{directory}/.gemrc", YAML.dump({"s3_source" => {BUCKET => entry}}))
    Gem.configuration = Gem::ConfigFile.new(["--config-file", "#{directory}/.gemrc"])
  end

  # Builds a gem of a number of a source.
  def build(name, version, ...) = build_gem("#{directory}/pkg", name, version, ...)

  # Runs a command in a new home. A stock one has no oarlock.
  def measured(*command, stock: false, files: {})
    home = Dir.mktmpdir(nil, directory)
    files.each { |name, text| File.write("#{home}/#{name}", text) }
    before = Process.times
    started = now
    pid = spawn(environment(home, stock), *command, chdir: home, out: File::NULL)
    peak = 0
    until (ended = Process.wait2(pid, Process::WNOHANG))
      peak = [peak, File.read("/proc/#{pid}/status")[/VmHWM:\s+(\d+)/, 1].to_i / 1024].max
      sleep 0.005 # A measurement, not a wait for an event.
    end
    raise "#{command.join(" ")} failed" unless ended.last.success?

    took = now - started
    after = Process.times
    Took.new(took, after.cutime + after.cstime - before.cutime - before.cstime, peak)
  end

  private

  def environment(home, stock)
    {
      "HOME" => home, "GEM_HOME" => "#{home}/gems", "GEM_PATH" => "#{home}/gems",
      "GEMRC" => "#{directory}/.gemrc", "BUNDLE_USER_HOME" => "#{home}/.bundle", "BUNDLE_GEMFILE" => nil,
      "BUNDLE_PATH" => nil, "RUBYLIB" => stock ? nil : "#{ROOT}/bindings-ruby/lib", "RUBYOPT" => nil
    }
  end
end
