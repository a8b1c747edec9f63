# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Machines as users have them: Debian on a disk of its own, which here is a folder, with
# systemd and udev, and with Debian packages that can be installed without a network.
# Sourced, after common.sh and rootfs.sh.

# What a new machine has, and what can be installed in it, from the release itself and from
# its backports.
DISK_PACKAGES="systemd-sysv udev dbus kmod pciutils procps iproute2 apt-utils jq
	linux-image-amd64"
POOL_STABLE="dkms linux-headers-amd64"
POOL_BACKPORTS="linux-image-amd64 linux-headers-amd64"
# The kernel that Debian 13 had from there before its newest
POOL_BEFORE=7.2

# Of the kernels' modules the machine has only those that it may load, in folders and files
# whose names begin so. With the others, for hardware and file systems that it does not have,
# depmod takes minutes in software, once for each kernel.
DISK_MODULES="arch block crypto lib mm virt drivers/acpi drivers/block drivers/char
	drivers/crypto drivers/dca drivers/dma drivers/i2c drivers/iommu
	drivers/net/ethernet/intel/igb drivers/net/tun.ko drivers/net/tap.ko
	drivers/net/veth.ko drivers/net/virtio_net.ko drivers/net/net_failover.ko drivers/pci
	drivers/pps drivers/ptp drivers/vfio drivers/vhost drivers/virtio
	fs/9p fs/autofs fs/binfmt fs/configfs fs/efivarfs fs/fscache fs/fuse fs/netfs
	fs/overlayfs
	net/802 net/9p net/bridge net/core net/ipv4 net/ipv6 net/llc net/netfilter net/packet
	net/unix"

# On Debian 13 the test of the README runs, too.
pool_stable()
{
	printf '%s' "$POOL_STABLE"
	[ "$1" != trixie ] ||
		printf ' driverctl libvirt-daemon-system libvirt-clients qemu-system-x86 ipxe-qemu'
}

# make_disk RELEASE FOLDER: makes FOLDER/root and FOLDER/packages
make_disk()
{
	local release=$1 folder=$2 modules

	# shellcheck disable=SC2086 # lists of names are to be split
	mapfile -t modules < <(printf -- '--dpkgopt=path-include=*/modules/*/kernel/%s*\n' \
		$DISK_MODULES)
	mkdir "$folder/packages"
	# shellcheck disable=SC2086 # a list of packages is to be split
	RELEASE=$release PACKAGES=$folder/packages POOL_STABLE=$(pool_stable "$release") \
		POOL_BACKPORTS=$POOL_BACKPORTS POOL_BEFORE=$POOL_BEFORE \
		debian_root "$release" "$folder/root" $DISK_PACKAGES -- \
		--dpkgopt='path-exclude=*/modules/*/kernel/*' "${modules[@]}" \
		--customize-hook="$LAB/hooks/disk-hook"
}

# disk_base bookworm|trixie: prints the folder that has a new machine's disk in root, and
# the packages that it can install in packages
disk_base()
{
	cached "disk-$1" "$(key_of lab/lib/{debian,disk}.sh lab/hooks/disk-hook)" \
		"making a machine as a user has it: Debian $1, with packages to install" \
		make_disk "$1"
}

# kernel_before: the version of Linux POOL_BEFORE that Debian 13 can install
kernel_before()
{
	local headers

	headers=$(echo "$(disk_base trixie)"/packages/backports/linux-headers-$POOL_BEFORE.*-amd64_*.deb)
	headers=${headers##*/linux-headers-}
	echo "${headers%%_*}"
}

# new_disk bookworm|trixie FOLDER: makes a new machine's disk as FOLDER
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

# disk_kernel FOLDER: prints the kernel that the machine boots, which is its newest
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

# install_on_disk FOLDER ARGUMENT...: runs apt-get install with these arguments on that
# disk. Arguments that are files are copied there.
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
