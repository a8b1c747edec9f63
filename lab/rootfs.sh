# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The root file system that the lab works in: the tools on this side (QEMU,
# compiler, kernel headers) and the machine under test on the other. Sourced.

# Debian's metapackages, as versions leave the mirror. The kernel of trixie
# first, then backports': the second is added beside the first.
ROOTFS_STABLE="linux-image-amd64 linux-headers-amd64 systemd-sysv kmod
	busybox-static cpio pciutils procps iproute2 jq gcc make libc6-dev
	libcmocka-dev libasan8 libubsan1 libuuid1 uuid-dev perl
	python3-minimal shellcheck xz-utils git flex bison bc libelf-dev
	libssl-dev rsync cbmc python3-sphinx python3-yaml python3-ply python3-git
	dpdk librte-net-e1000-25 librte-mempool-ring25 gnuplot-nox
	build-essential debhelper dh-dkms dkms lintian
	libpci-dev driverctl mandoc groff-base bash-completion"
ROOTFS_BACKPORTS="linux-image-amd64 linux-headers-amd64 linux-source
	linux-libc-dev qemu-system-x86"

# The mirror this machine already uses; the lab names none.
debian_mirror()
{
	local mirror

	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
			'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1)
	[ -n "$mirror" ] ||
		mirror=$(grep -hsoE '^(URIs:|deb( \[[^]]*\])?) +[a-z]+://[^ ]+' \
				/etc/apt/sources.list /etc/apt/sources.list.d/* |
			grep -oE '[a-z]+://[^ ]+' | grep -E '/debian/?$' | head -n 1)
	[ -n "$mirror" ] ||
		die "apt on this machine knows no Debian mirror: add one to /etc/apt/sources.list.d"
	printf '%s\n' "$mirror"
}

make_rootfs()
{
	local mirror valid=true folder=$1

	mirror=$(debian_mirror)
	# A mirror that stands still is known as such to this machine's apt.
	eval "$(apt-config shell valid Acquire::Check-Valid-Until)"
	# shellcheck disable=SC2086 # lists of packages are to be split
	INITRD=No MIRROR=$mirror PACKAGES=$ROOTFS_BACKPORTS \
		unshare --mount mmdebstrap --mode=root --variant=apt \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Retries "3"' \
		--aptopt="Acquire::Check-Valid-Until \"$valid\"" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt=force-unsafe-io \
		--include="$(echo $ROOTFS_STABLE | tr ' ' ,)" \
		--customize-hook="$LAB/rootfs-hook" \
		trixie "$folder" \
		"deb $mirror trixie main" \
		"deb $mirror trixie-updates main" \
		"deb $mirror trixie-backports main"
}

# rootfs: prints where the root file system is, after making it if need be
rootfs()
{
	mkdir -p "$CACHE"
	need_host_tools
	cached rootfs "$(key_of lab/rootfs.sh lab/rootfs-hook)" \
		"making the root file system: Debian trixie with kernels, QEMU and compilers from your Debian mirror (about 500 MB to download, 2 GB in $CACHE)" \
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
