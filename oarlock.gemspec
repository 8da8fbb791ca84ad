# frozen_string_literal: true

# The Ruby gem: the binding and the core it is built from. It stands at the root because the core must be within the gem.
#
# Build it with `make -C bindings-ruby gem`, which leaves out of the workspace what the gem does not carry.
Gem::Specification.new do |spec|
  spec.name = "oarlock"
  spec.version = File.read(File.join(__dir__, "Cargo.toml"))[/^version = "(.+)"/, 1]
  spec.summary = "S3 storage, credential resolution and client-side encryption; s3:// sources for RubyGems"
  spec.description = "One Rust core for S3 storage, embedded in Ruby: streams, files, listings, every way to find credentials, " \
                     "interruptible and fork-safe. Installed, it also serves RubyGems' s3:// sources."
  spec.authors = ["The oarlock authors"]
  spec.licenses = ["MIT", "Apache-2.0"]
  spec.required_ruby_version = ">= 3.1"
  addresses = File.read(File.join(__dir__, "addresses.toml")).scan(/^(\w+) = "(.+)"$/).to_h
  spec.homepage = addresses.fetch("homepage")
  spec.metadata = {
    "homepage_uri" => spec.homepage, "source_code_uri" => addresses.fetch("source"),
    "documentation_uri" => addresses.fetch("documentation"), "changelog_uri" => addresses.fetch("changelog"),
    "bug_tracker_uri" => addresses.fetch("issues"), "rubygems_mfa_required" => "true"
  }
  spec.bindir = "exe"
  spec.executables = ["oarlock-explain"]
  spec.require_paths = ["bindings-ruby/lib"]
  spec.extensions = ["bindings-ruby/ext/oarlock_native/extconf.rb"]
  spec.extra_rdoc_files = ["bindings-ruby/doc/store.rb"]
  # Named folder by folder: what cargo and make leave beside the sources must not slip in.
  spec.files = Dir.chdir(__dir__) do
    %w[
      Cargo.toml Cargo.lock addresses.toml LICENSE-APACHE LICENSE-MIT THIRD-PARTY.txt
      CHANGELOG.md POLICY.md SECURITY.md SEMANTICS.md
      core/Cargo.toml core/src/**/*.rs core/tests/**/*.rs core/gcm/Cargo.toml core/gcm/src/*.rs
      core/crc/Cargo.toml core/crc/src/*.rs core/crc/stand-in/Cargo.toml core/crc/stand-in/src/*.rs
      bindings-ruby/ext/oarlock_native/Cargo.toml bindings-ruby/ext/oarlock_native/extconf.rb bindings-ruby/ext/oarlock_native/src/*.rs
      bindings-ruby/lib/**/*.rb bindings-ruby/sig/* bindings-ruby/doc/*.rb
      bindings-ruby/README.md bindings-ruby/PUBLISHING.md .yardopts exe/oarlock-explain
    ].flat_map { |pattern| Dir[pattern].sort }
  end
end
