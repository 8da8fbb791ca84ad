# oarlock for the Nix of nixpkgs: `nix-build` gives the store plugin, to be named in nix.conf:
#   plugin-files = ./result/lib/nix/plugins/liboarlock-nix.so
# A plugin is built for the very Nix that loads it, one of those whose interface is known: 2.8 and 2.26. For
# any other Nix it gives `oarlock-nix` and says so: the program that serves a cache over HTTP.
{
  pkgs ? import <nixpkgs> { },
  nix ? pkgs.nix,
  # The program, whatever Nix it is for.
  program ? false,
}:
let
  inherit (pkgs) lib stdenv rustPlatform;
  known = [ "2.8" "2.26" ];
  interface = lib.versions.majorMinor nix.version;
  isKnown = lib.elem interface known;
  instead = "oarlock's plugin knows Nix ${lib.concatStringsSep " and " known}, not ${nix.version}: "
    + "this is the program oarlock-nix instead; see bindings-c/nix/cache/README.md";
  channel = lib.findFirst (lib.hasPrefix "channel = ") "" (lib.splitString "\n" (builtins.readFile ./rust-toolchain.toml));
  rust = lib.removeSuffix "\"" (lib.removePrefix "channel = \"" channel);
  common = {
    version = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).workspace.package.version;
    src = lib.cleanSource ./.;
    cargoDeps = rustPlatform.importCargoLock { lockFile = ./Cargo.lock; };
    nativeBuildInputs = [
      pkgs.cmake
      pkgs.pkg-config
      pkgs.cargo
      pkgs.rustc
      rustPlatform.cargoSetupHook
      rustPlatform.bindgenHook
    ];
    dontUseCmakeConfigure = true;
    meta = {
      description = "s3:// binary caches in Nix through oarlock";
      license = [ lib.licenses.mit lib.licenses.asl20 ];
      platforms = lib.platforms.linux;
    };
  };
  plugin = stdenv.mkDerivation (common // {
    pname = "oarlock-nix";
    buildInputs = [ nix.dev pkgs.boost pkgs.nlohmann_json ];
    buildPhase = ''
      make -C bindings-c/nix plugin STORE=${interface} NIX_FLAGS="-std=c++20 $(pkg-config --cflags nix-store nix-main)"
    '';
    installPhase = ''
      install -D -t $out/lib/nix/plugins target/release/nix/liboarlock-nix.so
    '';
  });
  server = stdenv.mkDerivation (common // {
    pname = "oarlock-nix-program";
    buildPhase = ''
      cargo build --release --offline -p oarlock-nix
    '';
    installPhase = ''
      install -D -t $out/bin target/release/oarlock-nix
    '';
  });
in
assert lib.assertMsg (lib.versionAtLeast pkgs.rustc.version rust) "oarlock needs Rust ${rust} or newer, not ${pkgs.rustc.version}";
if program then server else if isKnown then plugin else builtins.trace instead server
