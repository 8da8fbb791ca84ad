{
  description = "oarlock's store plugin for Nix: s3:// binary caches";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      each = made: builtins.listToAttrs (map (system: { name = system; value = made system; }) systems);
    in
    {
      # For the Nix of your own: oarlock.lib.plugin { inherit pkgs; nix = …; }
      lib.plugin = import ./default.nix;
      packages = each (
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
        in
        {
          default = self.lib.plugin {
            inherit pkgs;
            nix = pkgs.nixVersions.nix_2_26 or pkgs.nix;
          };
        }
      );
    };
}
