# frozen_string_literal: true

# Builds the extension with cargo when the gem is installed: a plain `gem install` needs only Rust and Ruby's
# headers.
#
# Invariant: the library is stored once, in the gem's lib/oarlock, by every RubyGems, and no build leftover
# stays. RubyGems copies to lib what it finds in its own directory for extensions, so nothing is put there.
# `OARLOCK_PROFILE=dev` builds quickly instead of well.
require "mkmf"

unless find_executable("cargo")
  abort "oarlock is built with cargo, which was not found; install Rust and try again"
end

profile = ENV.fetch("OARLOCK_PROFILE", "release")
built = "target/#{profile == "dev" ? "debug" : profile}/liboarlock_native.#{RbConfig::CONFIG["SOEXT"]}"
library = "oarlock_native.#{RbConfig::CONFIG["DLEXT"]}"
# On macOS Ruby's own symbols are found when the extension is loaded.
is_darwin = RbConfig::CONFIG["target_os"].include?("darwin")
link = is_darwin ? "-- -C link-arg=-Wl,-undefined,dynamic_lookup" : ""
File.write("Makefile", <<~MAKE)
  MANIFEST = #{File.expand_path("Cargo.toml", __dir__)}
  LIBRARY = #{File.expand_path("../../lib/oarlock", __dir__)}/#{library}

  all:
  \tRUBY="#{RbConfig.ruby}" cargo rustc --locked --lib --profile #{profile} \\
  \t  --manifest-path "$(MANIFEST)" --target-dir target #{link}

  # A new file, not new bytes in the old one, which a running Ruby has mapped.
  install: all
  \trm -f "$(LIBRARY)"
  \tcp #{built} "$(LIBRARY)"
  \trm -rf target

  clean:
  \trm -rf target

  distclean: clean

  .PHONY: all install clean distclean
MAKE
