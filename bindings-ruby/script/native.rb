# frozen_string_literal: true

# Builds a precompiled gem for this platform: native.rb OUT VERSION=LIBRARY…, with the extension of each
# version of Ruby, such as 3.1=target/native/3.1/release/liboarlock_native.so. `make gem-native` calls it.
#
# Invariant: the gem installs without Rust, headers and a compiler, and only where one of its extensions fits.
# Then it is installed into an empty directory and used.
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
    print store.get("a")
  end
RUBY

out, *given = ARGV
abort "usage: native.rb OUT VERSION=LIBRARY…" if out.nil? || given.empty? || !given.all?(/=/)
libraries = given.map { |pair| pair.split("=", 2) }
libraries = libraries.sort_by { |version, _| VERSIONS.index(version) || abort("unknown Ruby #{version}") }
span = VERSIONS[VERSIONS.index(libraries[0][0])..VERSIONS.index(libraries[-1][0])]
abort "the gem would lack Ruby #{(span - libraries.map(&:first)).join(", ")}" if span.size > libraries.size

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
  libraries.each do |version, library|
    name = "bindings-ruby/lib/oarlock/#{version}/oarlock_native.#{RbConfig::CONFIG["DLEXT"]}"
    FileUtils.mkdir_p(File.dirname("#{copy}/#{name}"))
    FileUtils.install(library, "#{copy}/#{name}", mode: 0o755)
    spec.files += [name]
  end
  built = Dir.chdir(copy) { File.expand_path(Gem::Package.build(spec, false, !spec.homepage.nil?)) }
  FileUtils.mkdir_p(out)
  FileUtils.mv(built, out)
  gem = File.join(File.expand_path(out), File.basename(built))

  # An environment without Rust and headers.
  home = "#{copy}/home"
  bare = {"PATH" => "#{copy}/bin", "GEM_HOME" => home, "GEM_PATH" => home, "RUBYLIB" => nil}
  ruby = RbConfig.ruby
  run = [ruby, "-rrubygems/gem_runner", "-e", "Gem::GemRunner.new.run(ARGV)", "--"]
  system(bare, *run, "install", "--local", "--no-document", "--quiet", gem, exception: true)
  output = IO.popen([bare, ruby, "-e", TRIAL], &:read)
  abort "the installed gem does not work: #{output}" unless output == "b"

  puts "#{gem} (#{File.size(gem) / 1024} KiB, Ruby #{span.join(", ")})"
end
