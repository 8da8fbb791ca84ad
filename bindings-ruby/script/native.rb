# frozen_string_literal: true

# Builds a precompiled gem for this platform: native.rb OUT RUBY=LIBRARY…, with the extension for each Ruby,
# such as ruby3.3=target/native/3.3/oarlock_native.so. `make gem-native` calls it.
#
# Invariant: the gem installs without Rust, headers and a compiler. It is installed into an empty directory by
# each of the Rubies, and used. Where a version between them is missing, loading the gem names the others.
require "fileutils"
require "rubygems/package"
require "tmpdir"

ROOT = File.expand_path("../..", __dir__)
# Each version of Ruby whose extension format differs from the one before.
VERSIONS = %w[3.1 3.2 3.3 3.4 4.0].freeze
TRIAL = <<~'RUBY'
  require "oarlock"
  require "tmpdir"
  Dir.mktmpdir do |place|
    store = Oarlock.open("file://#{place}")
    store.put("a", "b")
    print store.get("a"), $LOADED_FEATURES.grep(/oarlock_native/).first[%r{[^/]+(?=/[^/]+\z)}]
  end
RUBY

# The version of a Ruby, such as 3.3.
def version(ruby) = IO.popen([ruby, "-e", 'print RUBY_VERSION[/\d+\.\d+/]'], &:read)

# Installs the gem by a Ruby where neither Rust nor a compiler is, and uses it.
def try(ruby, gem, directory)
  bare = {"PATH" => "#{directory}/bin", "GEM_HOME" => directory, "GEM_PATH" => directory, "RUBYLIB" => nil}
  run = [ruby, "-rrubygems/gem_runner", "-e", "Gem::GemRunner.new.run(ARGV)", "--"]
  system(bare, *run, "install", "--local", "--no-document", "--quiet", gem, exception: true)
  output = IO.popen([bare, ruby, "-e", TRIAL], &:read)
  abort "the installed gem does not work in #{ruby}: #{output}" unless output == "b#{version(ruby)}"
end

out, *given = ARGV
abort "usage: native.rb OUT RUBY=LIBRARY…" if out.nil? || given.empty? || !given.all?(/=/)
libraries = given.to_h do |pair|
  ruby, library = pair.split("=", 2)
  ruby = [RbConfig::CONFIG["bindir"], *ENV["PATH"].split(":")].map { |place| File.expand_path(ruby, place) }
                                                              .find { |path| File.executable?(path) } || ruby
  [version(ruby), [ruby, library]]
end
strange = libraries.keys - VERSIONS
abort "unknown Ruby #{strange.join(", ")}" unless strange.empty?
# An extension may load in a Ruby that it was not built for, and go wrong later.
same = libraries.values.map { |_, library| File.binread(library) }.uniq.size < libraries.size
abort "the same library is given for two Rubies" if same
span = VERSIONS[VERSIONS.index(libraries.keys.min)..VERSIONS.index(libraries.keys.max)]

spec = Gem::Specification.load("#{ROOT}/oarlock.gemspec")
spec.extensions = []
# RubyGems before 3.3.22 takes a platform with `gnu` for the same as one without.
spec.platform = Gem::Platform.local.to_s.sub(/linux\z/, "linux-gnu")
after = VERSIONS[VERSIONS.index(span[-1]) + 1]
spec.required_ruby_version = [">= #{span[0]}", *("< #{after}.dev" if after)]
spec.files = spec.files.grep_v(%r{\A(core|bindings-ruby/ext)/.*\.(rs|toml)\z|Cargo|extconf})

Dir.mktmpdir("oarlock-gem-") do |copy|
  spec.files.each do |file|
    FileUtils.mkdir_p(File.dirname("#{copy}/#{file}"))
    FileUtils.cp("#{ROOT}/#{file}", "#{copy}/#{file}")
  end
  libraries.each do |version, (_, library)|
    name = "bindings-ruby/lib/oarlock/#{version}/oarlock_native.#{RbConfig::CONFIG["DLEXT"]}"
    FileUtils.mkdir_p(File.dirname("#{copy}/#{name}"))
    FileUtils.install(library, "#{copy}/#{name}", mode: 0o755)
    spec.files += [name]
  end
  built = Dir.chdir(copy) { File.expand_path(Gem::Package.build(spec, false, true)) }
  FileUtils.mkdir_p(out)
  FileUtils.mv(built, out)
  gem = File.join(File.expand_path(out), File.basename(built))
  libraries.each { |version, (ruby, _)| try(ruby, gem, "#{copy}/home-#{version}") }

  missing = span - libraries.keys
  puts "#{gem} (#{File.size(gem) / 1024} KiB, Ruby #{libraries.keys.sort.join(", ")}" \
       "#{", not #{missing.join(", ")}" unless missing.empty?})"
end
