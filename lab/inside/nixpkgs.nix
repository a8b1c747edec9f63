# SPDX-License-Identifier: GPL-2.0-only
#
# usage: --arg pkgs 'import nixpkgs.nix "VERSION"'
#
# Stands in for the parts of nixpkgs that packaging/default.nix uses: a stdenv that runs
# the same phases with the tools of this root file system, and the headers of its kernel
# VERSION.
version:

{
  linuxPackages.kernel = {
    modDirVersion = version;
    moduleBuildDependencies = [ ];
    dev = "";
  };
  pkg-config = "pkg-config";
  pciutils = "pciutils";
  util-linux = "util-linux";

  stdenv.mkDerivation = package: derivation (removeAttrs package [ "meta" ] // {
    name = "${package.pname}-${package.version}";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
    args = [
      "-ec"
      ''
        patchShebangs() { grep -rl '^#!/bin/bash' "$1" | xargs sed -i "1s,.*,#!$(command -v bash),"; }
        cp -r "$src" source
        chmod -R u+w source
        cd source
        eval "$postPatch"
        make $makeFlags $buildFlags
        if [ -n "$installPhase" ]; then
          eval "$installPhase"
        else
          make $makeFlags install
        fi
      ''
    ];
  });
}
