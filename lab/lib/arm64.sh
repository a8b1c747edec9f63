# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What an arm64 machine needs beside the root file system, which is made for this processor.
# tools/ is laid over the root file system: a cross compiler, QEMU, firmware for a machine
# with ACPI, and the arm64 kernels of trixie and of backports with their headers. root/ is
# the machine's own root file system, with QEMU for a nested guest and what DKMS needs. All
# packages are only unpacked, because most programs in them cannot run here; dpkg takes them
# for installed. It is made only when somebody asks for such a machine. Sourced, after
# common.sh and rootfs.sh.

ARM64_TOOLS="qemu-system-arm gcc-aarch64-linux-gnu linux-headers-arm64:arm64
	linux-image-arm64:arm64 libc6-dev:arm64 uuid-dev:arm64 libpci-dev:arm64 libmount-dev:arm64 pkgconf:arm64 qemu-efi-aarch64"
ARM64_ROOT="base-files bash busybox-static coreutils dash diffutils dkms findutils gawk
	grep iproute2 jq kmod libc-bin libuuid1 mount pciutils procps qemu-system-arm sed
	util-linux linux-headers-arm64/trixie-backports"

# arm64: prints the folder, and makes it first if it is not there
arm64()
{
	cached arm64 "$(key_of lab/lib/arm64.sh lab/inside/arm64)-${ROOTFS##*-}" \
		"unpacking cross compiler, QEMU and kernel for arm64 (about 440 MB to download, 1.2 GB in $CACHE)" \
		unpack_layer arm64 "$ARM64_TOOLS" "$ARM64_ROOT"
}
