{
  description = "oarlock for Nix: s3:// binary caches, by a store plugin or by the program oarlock-nix";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      each = made: builtins.listToAttrs (map (system: { name = system; value = made system; }) systems);
    in
    {
      # For the Nix of your own: oarlock.lib.plugin { inherit pkgs; nix = …; }. It is the program where no plugin
      # is known for that Nix.
      lib.plugin = import ./default.nix;
      packages = each (
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
          # nixpkgs throws for a version that it has removed.
          known = builtins.tryEval (pkgs.nixVersions.nix_2_26 or pkgs.nix);
        in
        {
          default = self.lib.plugin {
            inherit pkgs;
            nix = if known.success then known.value else pkgs.nix;
          };
          oarlock-nix = self.lib.plugin {
            inherit pkgs;
            program = true;
          };
        }
      );
    };
}
