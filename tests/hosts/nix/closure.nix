# Derivations that /bin/sh builds without anything else: leaves, and one that refers to all of them.
{ leaves ? 10, salt ? "" }:
let
  made = name: script: derivation {
    inherit name salt;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" script ];
  };
  leaf = number: made "leaf-${toString number}" "echo leaf ${toString number} $salt > $out; echo log of ${toString number}";
in
made "boat" "echo ${toString (builtins.genList leaf leaves)} > $out"
