# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The root file system that the lab works in: the tools on this side (QEMU,
# compiler, kernel headers) and the machine under test on the other. Sourced.

# Debian's metapackages, as versions leave the mirror. The kernel of trixie
# first, then backports': the second is added beside the first.
ROOTFS_STABLE="linux-image-amd64 linux-headers-amd64 systemd-sysv kmod
	busybox-static cpio pciutils procps iproute2 jq gcc make ccache libc6-dev
	libcmocka-dev libasan8 libubsan1 libuuid1 uuid-dev perl
	python3-minimal shellcheck codespell xz-utils zstd git flex bison bc libelf-dev
	libssl-dev rsync cbmc python3-sphinx python3-yaml python3-ply python3-git
	dpdk librte-net-e1000-25 librte-mempool-ring25 gnuplot-nox
	libpci-dev libmount-dev libjson-c-dev pkgconf driverctl mandoc groff-base bash-completion"
ROOTFS_BACKPORTS="linux-image-amd64 linux-headers-amd64 linux-source
	linux-libc-dev qemu-system-x86"

# shellcheck source=lab/lib/debian.sh
. "$LAB/lib/debian.sh"

make_rootfs()
{
	# shellcheck disable=SC2086 # a list of packages is to be split
	PACKAGES=$ROOTFS_BACKPORTS debian_root trixie "$1" $ROOTFS_STABLE -- \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--customize-hook="$LAB/hooks/rootfs-hook"
}

# rootfs: prints where the root file system is, after making it if need be
rootfs()
{
	mkdir -p "$CACHE"
	need_host_tools
	cached rootfs "$(key_of lab/lib/{debian,rootfs}.sh lab/hooks/rootfs-hook)" \
		"making the root file system: Debian trixie with kernels, QEMU and compilers from your Debian mirror (about 690 MB to download, 1.5 GB in $CACHE)" \
		make_rootfs
}

# kernel_version ROOTFS newest|lts: backports' kernel or trixie's own
kernel_version()
{
	local versions

	mapfile -t versions < <(cd "$1/lib/modules" && printf '%s\n' * | sort -V)
	case $2 in
	newest) printf '%s\n' "${versions[-1]}" ;;
	lts) printf '%s\n' "${versions[0]}" ;;
	*) die "no kernel '$2': newest or lts" ;;
	esac
}
