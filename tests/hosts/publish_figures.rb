# frozen_string_literal: true

# Figures of publishing to a source of many gems: requests and seconds of a push, seconds and memory of an
# index, and a hundred publishers at a time. Prints a table.
#
#   ruby tests/hosts/publish_figures.rb [GEMS [PUBLISHERS]]
#
# The server is fake-s3 with a delay for each request: 20 ms for a push, 5 ms for an index.
require "json"
require "net/http"
require "tmpdir"
require "yaml"

ROOT = File.expand_path("../..", __dir__)
$LOAD_PATH.unshift("#{ROOT}/bindings-ruby/lib")
require "oarlock/gem_source"
require "rubygems/user_interaction"

GEMS = Integer(ARGV.fetch(0, 10_000))
PUBLISHERS = Integer(ARGV.fetch(1, 100))
EACH = 5
include Oarlock::GemSource # rubocop:disable Style/MixinUsage

TARGET = ENV.fetch("CARGO_TARGET_DIR", "#{ROOT}/target")
LEASH = IO.popen(["#{TARGET}/debug/fake-s3"], "r+")
ENDPOINT = JSON.parse(LEASH.gets)["endpoint"]

def fake(door, body) = Net::HTTP.post(URI("#{ENDPOINT}/_fake/#{door}"), JSON.generate(body))
def log = JSON.parse(Net::HTTP.get(URI("#{ENDPOINT}/_fake/log")))
def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def build(directory, name, version)
  spec = Gem::Specification.new(name, version) do |s|
    s.summary = "A gem of the figures"
    s.authors = ["oarlock"]
    s.license = "MIT"
    s.homepage = "https://example.com"
    s.files = []
    s.add_dependency("gem_0", ">= 0.1", "< 9") unless name == "gem_0"
  end
  Dir.chdir(directory) do
    File.expand_path(Gem::DefaultUserInteraction.use_ui(Gem::SilentUI.new) { Gem::Package.build(spec, true) })
  end
end

# Seconds, and the peak memory in MiB, of a command in a process of its own.
def measured(*command, env)
  started = now
  pid = spawn(env, *command, out: File::NULL)
  peak = 0
  until (ended = Process.wait2(pid, Process::WNOHANG))
    peak = [peak, File.read("/proc/#{pid}/status")[/VmHWM:\s+(\d+)/, 1].to_i / 1024].max
    sleep 0.005
  end
  raise "#{command.join(" ")} failed" unless ended.last.success?

  [now - started, peak]
end

Dir.mktmpdir("oarlock-figures-") do |directory|
  fake("bucket", {name: "figures"})
  gemrc = "#{directory}/.gemrc"
  entry = {"id" => "test", "secret" => "secret", "endpoint" => ENDPOINT, "path_style" => true}
  File.write(gemrc, YAML.dump({"s3_source" => {"figures" => entry}}))
  Gem.configuration = Gem::ConfigFile.new(["--config-file", gemrc])
  env = {"HOME" => directory, "GEMRC" => gemrc, "RUBYLIB" => "#{ROOT}/bindings-ruby/lib", "RUBYOPT" => nil}
  url = "s3://figures/many"
  source = Source.new(url)
  gems = Array.new(GEMS) { |n| build(directory, "gem_#{n / 4}", "1.#{n % 4}") }
  Oarlock::GemSource.at_once(gems) do |path|
    gem = GemFile.new(path)
    facts = {"sha256" => gem.sha256, "created-at" => "2026-01-01T00:00:00Z"}
    source.store.put(gem.key, Pathname(path), metadata: facts)
  end

  puts "| what | result |", "|---|---|"
  fake("latency", {ms: 5})
  seconds, memory = measured("gem", "s3", "index", "--source", url, env)
  puts format("| index of %d gems, 5 ms a request | %.1f s, %d MiB at most |", GEMS, seconds, memory)
  seconds, memory = measured("gem", "s3", "index", "--source", url, env)
  puts format("| again, nothing to write | %.1f s, %d MiB at most |", seconds, memory)

  fake("latency", {ms: 20})
  {"gem_0 9.0" => "another version", "gem_new 1.0" => "a new name"}.each do |words, what|
    path = build(directory, *words.split)
    fake("reset", {keep_objects: true})
    fake("latency", {ms: 20})
    seconds, = measured("gem", "s3", "push", path, "--source", url, env)
    puts format("| push of %s, 20 ms a request | %d requests, %.2f s |", what, log.size, seconds)
  end

  fake("reset", {keep_objects: true})
  crowd = Array.new(PUBLISHERS) { |one| Array.new(EACH) { |n| build(directory, "crowd_#{one}", "1.#{n}") } }
  started = now
  children = crowd.map do |mine|
    fork do
      mine.each { |path| Push.new(Source.new("s3://figures/crowd")).call([path]) }
      exit!(0)
    rescue StandardError => error
      warn error.full_message
      exit!(1)
    end
  end
  failed = children.count { |pid| !Process.wait2(pid).last.success? }
  rows = Source.new("s3://figures/crowd").snapshot.versions.rows
  kept = rows.sum { |_, row| row.listed.size }
  races = log.select { |request| request["status"] == 412 }
  lost = races.count { |request| !request["key"].to_s.end_with?("conditional-writes") }
  puts format("| %d publishers of %d gems each | %d of %d kept, %d failed, %d lost races, %.1f s |",
              PUBLISHERS, EACH, kept, PUBLISHERS * EACH, failed, lost, now - started)
  wrong = Check.new(Source.new("s3://figures/crowd")).call.reject(&:ok)
  abort wrong.map { |found| "#{found.what}: #{found.detail}" }.join("\n") unless wrong.empty? && failed.zero?
end
