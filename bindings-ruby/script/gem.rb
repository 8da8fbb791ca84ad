# frozen_string_literal: true

# Builds the gem into the directory given (default: dist). The workspace has members that the gem does not
# carry, and cargo refuses a workspace with members missing; so the gem is built from a copy of its files
# whose manifest and lock name only what is there.
#
# Invariant: the copy's lock is the workspace's, less what nobody uses any more: no version in it changes.
require "fileutils"
require "rubygems/package"
require "tmpdir"

ROOT = File.expand_path("../..", __dir__)
out = File.expand_path(ARGV.fetch(0, "#{ROOT}/dist"))
FileUtils.mkdir_p(out)

def locked(directory) = File.read("#{directory}/Cargo.lock").scan(/^name = "(.+)"\nversion = "(.+)"/).to_a

Dir.mktmpdir("oarlock-gem-") do |copy|
  spec = Gem::Specification.load("#{ROOT}/oarlock.gemspec")
  [*spec.files, "oarlock.gemspec"].each do |file|
    FileUtils.mkdir_p(File.dirname("#{copy}/#{file}"))
    FileUtils.cp("#{ROOT}/#{file}", "#{copy}/#{file}")
  end

  manifest = File.read("#{copy}/Cargo.toml")
  members = manifest[/^members = \[(.*?)\]/m, 1] || abort("Cargo.toml lists no members in the way expected")
  kept = members.scan(/"(.+?)"/).flatten.select { |member| spec.files.include?("#{member}/Cargo.toml") }
  File.write("#{copy}/Cargo.toml", manifest.sub(/^members = \[.*?\]/m, "members = #{kept.inspect}"))

  # Reading the workspace makes cargo prune the lock; --offline, so that it cannot look for anything newer.
  Dir.chdir(copy) do
    system("cargo", "metadata", "--offline", "--format-version", "1", out: File::NULL, exception: true)
    strange = locked(copy) - locked(ROOT)
    abort "the gem's lock would hold what the workspace's does not: #{strange.inspect}" unless strange.empty?

    spec = Gem::Specification.load("oarlock.gemspec")
    built = Gem::Package.build(spec, false, true)
    FileUtils.mv(built, out)
    puts "#{out}/#{built}"
  end
end
