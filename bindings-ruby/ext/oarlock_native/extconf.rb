# frozen_string_literal: true

# Builds the extension with cargo when the gem is installed. With the rb_sys gem at hand its Makefile is used;
# without it, one is written here, so that a plain `gem install` needs nothing but Rust and Ruby's headers.
#
# Invariant: the library ends up as oarlock/oarlock_native in every RubyGems, and no build leftover stays in
# the installed gem. `OARLOCK_PROFILE=dev` builds quickly instead of well.

require "mkmf"

NAME = "oarlock/oarlock_native"

begin
  require "rb_sys/mkmf"
rescue LoadError
  # Not needed; see below.
end

if defined?(RbSys)
  create_rust_makefile(NAME) do |r|
    r.profile = ENV.fetch("OARLOCK_PROFILE", "release").to_sym
  end
else
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
    DESTDIR =
    sitearchdir = #{RbConfig::CONFIG["sitearchdir"]}
    RUBYARCHDIR = $(sitearchdir)
    MANIFEST = #{File.expand_path("Cargo.toml", __dir__)}

    all: #{library}

    # cargo decides what to rebuild. {library}: cargo
    \tcp #{built} $@

    cargo:
    \tRUBY="#{RbConfig.ruby}" cargo rustc --locked --lib --profile #{profile} \\
    \t  --manifest-path "$(MANIFEST)" --target-dir target #{link}

    install: #{library}
    \tmkdir -p "$(DESTDIR)$(RUBYARCHDIR)/#{File.dirname(NAME)}"
    \tcp #{library} "$(DESTDIR)$(RUBYARCHDIR)/#{NAME}.#{RbConfig::CONFIG["DLEXT"]}"
    \trm -rf target #{library}

    clean:
    \trm -rf target #{library}

    distclean: clean

    .PHONY: all cargo install clean distclean
  MAKE
end
