# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A root file system with the tools that make packages of Debian and of other distributions.
# They are not in the lab's own root file system, because that would take longer to make.
# Sourced, after common.sh and rootfs.sh.

PACKAGING_TOOLS="build-essential debhelper dh-dkms lintian
	rpm rpmlint elfutils cpio mount makepkg libarchive-tools file fakeroot zstd nix-bin dkms kmod
	gcc make libc6-dev libpci-dev libmount-dev pkgconf"

make_packaging_root()
{
	# shellcheck disable=SC2016,SC2086 # for the hook; a list of packages is to be split
	debian_root trixie "$1" $PACKAGING_TOOLS -- --dpkgopt='path-exclude=/usr/share/man/*' \
		--customize-hook='mkdir "$1/lab"'
}

# packaging_root: prints the folder, and makes it first if it is not there
packaging_root()
{
	mkdir -p "$CACHE"
	need_host_tools
	cached packaging "$(key_of lab/lib/{debian,packaging}.sh)" \
		"making a root file system with packaging tools, from your Debian mirror (about 590 MB in $CACHE)" \
		make_packaging_root
}
