# The Nix store plugin for users of nixpkgs: `nix-build`, then `plugin-files = ./result/lib/nix/plugins/liboarlock-nix.so`.
# It must be built for the very Nix that loads it, one of those whose interface is known: 2.8 and 2.26.
{
  pkgs ? import <nixpkgs> { },
  nix ? pkgs.nix,
}:
let
  inherit (pkgs) lib stdenv rustPlatform;
  known = [ "2.8" "2.26" ];
  interface = lib.versions.majorMinor nix.version;
  rust = lib.removeSuffix "\"" (lib.removePrefix "channel = \"" (lib.findFirst (lib.hasPrefix "channel = ") "" (lib.splitString "\n" (builtins.readFile ./rust-toolchain.toml))));
in
assert lib.assertMsg (lib.elem interface known) "oarlock's plugin knows Nix ${lib.concatStringsSep " and " known}, not ${nix.version}";
assert lib.assertMsg (lib.versionAtLeast pkgs.rustc.version rust) "oarlock needs Rust ${rust} or newer, not ${pkgs.rustc.version}";
stdenv.mkDerivation {
  pname = "oarlock-nix";
  version = (builtins.fromTOML (builtins.readFile ./Cargo.toml)).workspace.package.version;
  src = lib.cleanSource ./.;
  cargoDeps = rustPlatform.importCargoLock { lockFile = ./Cargo.lock; };
  nativeBuildInputs = [ pkgs.cmake pkgs.pkg-config pkgs.cargo pkgs.rustc rustPlatform.cargoSetupHook rustPlatform.bindgenHook ];
  buildInputs = [ nix.dev pkgs.boost pkgs.nlohmann_json ];
  dontUseCmakeConfigure = true;
  buildPhase = ''
    make -C bindings-c/nix plugin STORE=${interface} NIX_FLAGS="-std=c++20 $(pkg-config --cflags nix-store nix-main)"
  '';
  installPhase = ''
    install -D -t $out/lib/nix/plugins target/release/nix/liboarlock-nix.so
  '';
  meta = {
    description = "s3:// binary caches in Nix through oarlock";
    license = [ lib.licenses.mit lib.licenses.asl20 ];
    platforms = lib.platforms.linux;
  };
}
