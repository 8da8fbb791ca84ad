# As much of nixpkgs as `default.nix` and `flake.nix` ask for, by nixpkgs' names and meanings; a package is its name, and what is made is told as it was asked for.
{ nixVersion, rustVersion ? "99.0" }:
let
  inherit (builtins) substring stringLength elemAt;
  package = name: { inherit name; };
in
rec {
  lib = {
    inherit (builtins) elem concatStringsSep;
    versions.majorMinor = version: let parts = builtins.splitVersion version; in "${elemAt parts 0}.${elemAt parts 1}";
    versionAtLeast = one: other: builtins.compareVersions one other >= 0;
    hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
    removePrefix = prefix: text: if lib.hasPrefix prefix text then substring (stringLength prefix) (-1) text else text;
    removeSuffix = suffix: text:
      let head = stringLength text - stringLength suffix; in
      if head >= 0 && substring head (-1) text == suffix then substring 0 head text else text;
    findFirst = wanted: otherwise: list: let found = builtins.filter wanted list; in if found == [ ] then otherwise else builtins.head found;
    splitString = by: text: builtins.filter builtins.isString (builtins.split by text);
    assertMsg = holds: sentence: if holds then true else builtins.trace sentence false;
    cleanSource = path: path;
    licenses = { mit = "MIT"; asl20 = "Apache-2.0"; };
    platforms.linux = [ "x86_64-linux" "aarch64-linux" ];
  };
  stdenv.mkDerivation = asked: asked // { type = "derivation"; name = "${asked.pname}-${asked.version}"; };
  rustPlatform = {
    importCargoLock = { lockFile }: builtins.fromTOML (builtins.readFile lockFile);
    cargoSetupHook = package "cargo-setup-hook";
    bindgenHook = package "bindgen-hook";
  };
  rustc = { name = "rustc"; version = rustVersion; };
  cargo = package "cargo";
  cmake = package "cmake";
  pkg-config = package "pkg-config";
  boost = package "boost";
  nlohmann_json = package "nlohmann_json";
  nix = { name = "nix"; version = nixVersion; dev = package "nix-dev"; };
  # nixpkgs throws for what it has removed.
  nixVersions = if lib.versionAtLeast nixVersion "2.27" then { nix_2_26 = throw "nix_2_26 has been removed"; } else { };
}
