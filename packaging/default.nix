# SPDX-License-Identifier: GPL-2.0-only
#
# For NixOS, in configuration.nix:
#
#   let nosnoop = import /path/to/packaging { inherit pkgs; inherit (config.boot.kernelPackages) kernel; };
#   in {
#     boot.extraModulePackages = [ nosnoop.module ];
#     environment.systemPackages = [ nosnoop.command pkgs.driverctl ];
#   }
#
# NixOS has no DKMS, so the list of "vfio-nosnoop alias" does not become aliases.
{ pkgs ? import <nixpkgs> { }, kernel ? pkgs.linuxPackages.kernel }:

let
  changelog = builtins.readFile ../debian/changelog;
  version = builtins.elemAt (builtins.match "[^(]*\\(([^)]*)\\).*" changelog) 0;
  src = builtins.path {
    name = "vfio-pci-nosnoop";
    path = ./..;
    filter = path: type: ! builtins.elem (baseNameOf path) [ ".git" "build" ];
  };
in
{
  module = pkgs.stdenv.mkDerivation {
    pname = "vfio-pci-nosnoop";
    version = "${version}-${kernel.modDirVersion}";
    inherit src;
    nativeBuildInputs = kernel.moduleBuildDependencies;
    hardeningDisable = [ "pic" ];
    postPatch = "patchShebangs compat";
    buildFlags = [ "KDIR=${kernel.dev}/lib/modules/${kernel.modDirVersion}/build" ];
    installPhase = ''
      install -D -m 644 drivers/vfio/pci/nosnoop/vfio-pci-nosnoop.ko \
        -t $out/lib/modules/${kernel.modDirVersion}/updates
      install -D -m 644 Documentation/man/vfio-pci-nosnoop.4 -t $out/share/man/man4
    '';
    meta.license = "GPL-2.0-only";
  };

  command = pkgs.stdenv.mkDerivation {
    pname = "vfio-nosnoop";
    inherit version src;
    nativeBuildInputs = [ pkgs.pkg-config ];
    buildInputs = [ pkgs.pciutils pkgs.util-linux ];
    makeFlags = [ "-C" "cli" "prefix=$(out)" ];
    meta.license = "GPL-2.0-only";
  };
}
