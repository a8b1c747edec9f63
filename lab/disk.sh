# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Machines as users have them: Debian on a disk of its own, which is a folder
# here, with systemd and udev, and with Debian's packages to install from without
# a network. Sourced, after lib.sh and rootfs.sh.

# What the machine has when it is new; and what can be installed in it, from the
# release itself and from its backports.
DISK_PACKAGES="systemd-sysv udev dbus kmod pciutils procps iproute2 apt-utils jq
	linux-image-amd64"
POOL_STABLE="dkms linux-headers-amd64"
POOL_BACKPORTS="linux-image-amd64 linux-headers-amd64"

# Debian 13 is also where the walk through the README takes place.
pool_stable()
{
	printf '%s' "$POOL_STABLE"
	[ "$1" != trixie ] ||
		printf ' driverctl libvirt-daemon-system libvirt-clients qemu-system-x86 ipxe-qemu'
}

# make_disk RELEASE FOLDER: FOLDER/root, FOLDER/packages
# In a mount namespace: what a run that is cut off leaves mounted is gone with it.
make_disk()
{
	local release=$1 folder=$2 mirror valid=true

	mirror=$(debian_mirror)
	eval "$(apt-config shell valid Acquire::Check-Valid-Until)"
	mkdir "$folder/packages"
	# shellcheck disable=SC2086 # lists of packages are to be split
	INITRD=No RELEASE=$release PACKAGES=$folder/packages \
		POOL_STABLE=$(pool_stable "$release") POOL_BACKPORTS=$POOL_BACKPORTS \
		unshare --mount mmdebstrap --mode=root --variant=apt \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Retries "3"' \
		--aptopt="Acquire::Check-Valid-Until \"$valid\"" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt=force-unsafe-io \
		--include="$(echo $DISK_PACKAGES | tr ' ' ,)" \
		--customize-hook="$LAB/disk-hook" \
		"$release" "$folder/root" \
		"deb $mirror $release main" \
		"deb $mirror $release-updates main" \
		"deb $mirror $release-backports main"
}

# disk_base bookworm|trixie: prints the folder with a new machine's disk in root
# and the packages it can install
disk_base()
{
	cached "disk-$1" "$(key_of lab/disk.sh lab/disk-hook)" \
		"making a machine as a user has it: Debian $1, with packages to install" \
		make_disk "$1"
}

# new_disk bookworm|trixie FOLDER: a new machine's disk, to be FOLDER
new_disk()
{
	local base

	base=$(disk_base "$1") || return
	cp -a "$base/root" "$2"
}

disk_release()
{
	sed -n 's/^VERSION_CODENAME=//p' "$1/etc/os-release"
}

# disk_kernel FOLDER: the kernel that the machine boots, its newest
disk_kernel()
{
	find "$1/boot" -name 'vmlinuz-*' | sed 's/.*vmlinuz-//' | sort -V | tail -n 1
}

# on_disk FOLDER COMMAND...: runs it on that disk, without starting the machine
on_disk()
{
	local folder=$1 base
	shift

	base=$(disk_base "$(disk_release "$folder")") || return
	in_rootfs "$(realpath "$folder")" "$TOP:/lab/src:ro" \
		"$base/packages:/lab/packages:ro" -- "$@"
}

# install_on_disk FOLDER ARGUMENT...: apt-get install with these, on that disk;
# packages that are files here are files there
install_on_disk()
{
	local folder=$1 argument arguments=()
	shift

	for argument; do
		case $argument in
		*.deb)
			cp "$argument" "$folder/root"
			argument=/root/${argument##*/}
			;;
		esac
		arguments+=("$argument")
	done
	# shellcheck disable=SC2016 # for the shell there
	on_disk "$folder" sh -ec '
		export DEBIAN_FRONTEND=noninteractive INITRD=No
		apt-get update -q
		apt-get install -y -q "$@"' sh "${arguments[@]}"
}
