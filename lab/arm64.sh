# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What an arm64 machine needs beside the root file system, which stays this
# processor's: in tools/, to lay over it, a cross compiler, QEMU, and Debian's
# newest arm64 kernel with its headers; in root/, the machine's own root file
# system. All of it is only unpacked, as most of it cannot run here. For those
# alone who ask for such a machine. Sourced, after lib.sh and rootfs.sh.

ARM64_TOOLS="qemu-system-arm gcc-aarch64-linux-gnu linux-headers-arm64:arm64
	linux-image-arm64:arm64 libc6-dev:arm64 uuid-dev:arm64"
ARM64_ROOT="base-files bash busybox-static coreutils dash diffutils findutils gawk
	grep iproute2 jq kmod libc-bin libuuid1 mount pciutils procps sed util-linux"

unpack_arm64()
{
	local binds=("$1:/lab/out")

	# The network may be another than when the root file system was made.
	[ ! -e /etc/resolv.conf ] || binds+=("/etc/resolv.conf:/etc/resolv.conf:ro")
	in_rootfs "$ROOTFS" "${binds[@]}" -- env TOOLS="$ARM64_TOOLS" \
		ROOT="$ARM64_ROOT" bash -euo pipefail -c '
		apt=(apt-get -qy --no-install-recommends -o Dir::State::lists=/tmp/lists
			-o Dir::Cache=/tmp/cache -o APT::Architectures::=arm64)
		mkdir -p /tmp/lists/partial /tmp/cache/archives/partial

		# unpack FOLDER: what was downloaded
		unpack()
		{
			mkdir -p "/lab/out/$1/usr"
			for package in /tmp/cache/archives/*.deb; do
				dpkg-deb --fsys-tarfile "$package" |
					tar -x -C "/lab/out/$1" --keep-directory-symlink \
						--exclude="./usr/share/doc/*" --exclude="./usr/share/man/*" \
						--exclude="./usr/share/locale/*" --exclude="./usr/lib/modules/*/dtb/*"
				rm "$package"
			done
		}

		"${apt[@]}" -o APT::Architectures::=amd64 update
		"${apt[@]}" -o APT::Architectures::=amd64 -t trixie-backports \
			install --download-only $TOOLS
		unpack tools
		depmod -b /lab/out/tools/usr "$(ls /lab/out/tools/usr/lib/modules)"

		# As if nothing were installed, for all that they depend on
		"${apt[@]}" -o APT::Architecture=arm64 -o Dir::State::status=/dev/null \
			install --download-only $ROOT
		unpack root
		ln -s gawk /lab/out/root/usr/bin/awk' &&
		mkdir -p "$1"/root/{dev,proc,sys,run,tmp,root,lab}
}

# arm64: prints where that is, after making it if need be
arm64()
{
	cached arm64 "$(key_of lab/arm64.sh)-${ROOTFS##*-}" \
		"unpacking cross compiler, QEMU and kernel for arm64 (about 210 MB to download, 510 MB in $CACHE)" \
		unpack_arm64
}
