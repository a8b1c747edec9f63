# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the lab builds from this checkout, each in the cache under a key of
# what it is made from. Sourced, after lib.sh and rootfs.sh. All of it is
# built inside the root file system, none with this machine's tools.
#
# For the machine's processor: with ARM64, the folder of arm64.sh, for that one.
ARM64=

# in_tools [BIND...] -- COMMAND...: in_rootfs, where the compiler for the machine
# is ${CROSS_COMPILE}gcc, and what kbuild wants is in the environment
in_tools()
{
	local binds=()

	if [ -z "$ARM64" ]; then
		in_rootfs "$ROOTFS" "$@"
		return
	fi
	while [ "$1" != -- ]; do
		binds+=("$1")
		shift
	done
	in_rootfs "$ARM64/tools:$ROOTFS" "${binds[@]}" "$ARM64/root:/lab/arm64:ro" -- \
		env ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- "${@:2}"
}

# tools_key: the end of the key of what is made there
tools_key()
{
	if [ -n "$ARM64" ]; then
		printf '%s\n' "${ARM64##*/}"
	else
		printf '%s\n' "${ROOTFS##*-}"
	fi
}

# Parts of the kernel's source: for selftests, checkpatch and comparisons.
# The drivers are there for headers that selftests link to, but for vfio's and those
# whose tables lab/tests/rootfs/table-of-ways-around reads.
LINUX_SOURCE_PARTS="MAINTAINERS Documentation/driver-api/index.rst
	scripts tools/include tools/arch
	tools/testing/selftests/vfio tools/testing/selftests/lib.mk
	tools/testing/selftests/Makefile tools/testing/selftests/kselftest
	tools/testing/selftests/run_kselftest.sh
	tools/testing/selftests/kselftest.h
	tools/testing/selftests/kselftest_harness.h
	drivers/vfio drivers/dma/ioat drivers/dma/idxd
	drivers/net/ethernet/intel/igb"

unpack_source()
{
	local archives=("$ROOTFS"/usr/src/linux-source-*.tar.xz) top parts

	top=$(basename "${archives[0]}" .tar.xz)
	# shellcheck disable=SC2086 # lists of paths are to be split
	parts=$({ printf '%s\n' $LINUX_SOURCE_PARTS; "$LAB/tests/rootfs/table-of-ways-around" --files; } |
		sort -u | sed "s,^,$top/,")
	# shellcheck disable=SC2086
	in_rootfs "$ROOTFS" "$1:/lab/out" -- tar -xJf "/usr/src/$top.tar.xz" \
		-C /lab/out --strip-components=1 $parts
}

linux_source()
{
	cached source "$(key_of lab/build.sh lab/tests/rootfs/table-of-ways-around)-${ROOTFS##*-}" \
		"unpacking the parts of the kernel's source that tests need" \
		unpack_source
}

# The module as modprobe finds it: a folder to lay over /lib/modules/VERSION.
# Beside it the lab's own, for tests only. For one of the lab's own kernels, from
# its folder KERNEL; with KUnit tests where that has KUnit, and with what gcov needs to
# know in gcov/ where it counts, as the debug kernel does.
compile_module()
{
	local version=$1 kernel=$2 folder=$3

	in_tools "$TOP:/lab/src:ro" "$folder:/lab/out" \
		${kernel:+"$kernel:/lab/kernel:ro"} -- /lab/src/lab/inside/module "$version"
}

# module VERSION [KERNEL]
module()
{
	cached "module-$1" "$(key_of Makefile compat drivers/vfio/pci/nosnoop lab/overlay lab/complain lab/inside/module)-$(tools_key)${2:+-${2##*/kernel-}}" \
		"building vfio-pci-nosnoop for Linux $1" \
		compile_module "$1" "${2:-}"
}

compile_model()
{
	in_rootfs "$ROOTFS" "$TOP:/lab/src:ro" "$1:/lab/out" -- \
		make -s -C /lab/src/lab/model OUT=/lab/out
}

model()
{
	cached model "$(key_of lab/model)-${ROOTFS##*-}" \
		"building the device model" compile_model
}

# The tree's own vfio selftests with ours beside them, those for the tree and
# those of lab/selftests, and in kselftest/ as the tree installs them. Three
# things are changed:
# one test wants the VF to be bound to "vfio-pci" where its comment wants the
# PF's driver; the tests that run in one IOMMU mode only take iommufd, which
# Debian's kernels have not; and BARs are mapped in parts, where the driver
# refuses to map all.
compile_selftests()
{
	local source=$1 folder=$2

	in_tools "$TOP:/lab/src:ro" "$source:/lab/linux:ro" \
		"$folder:/lab/out" -- /lab/src/lab/inside/selftests
}

selftests()
{
	local source

	source=$(linux_source)
	cached selftests "$(key_of tools/testing/selftests/vfio lab/selftests lab/model/registers.h lab/inside/selftests lab/sparse-bars.h lab/tree)-$(tools_key)" \
		"building the vfio selftests" compile_selftests "$source"
}

# The machine's first file system: enough modules of the kernel VERSION, which is
# in /lab/disk for a machine that has one, to mount the real one.
compile_initrd()
{
	local version=$1 init=$2 folder=$3 disk=${4:-}

	in_tools "$TOP:/lab/src:ro" "$folder:/lab/out" \
		${disk:+"$disk:/lab/disk:ro"} -- /lab/src/lab/inside/initrd "$version" "$init"
}

initrd()
{
	cached "initrd-$1" "$(key_of lab/init lab/inside/initrd)-$(tools_key)" \
		"making the first file system for Linux $1" compile_initrd "$1" init
}

# The nested guest: its init alone in a file system, on Debian's kernel.
compile_guest()
{
	in_rootfs "$ROOTFS" "$TOP:/lab/src:ro" "$1:/lab/out" -- sh -ec '
		mkdir /tmp/initrd
		gcc -O2 -Wall -Wextra -Werror -static -I/lab/src/lab/model \
			-o /tmp/initrd/init /lab/src/lab/guest/init.c
		cd /tmp/initrd
		echo init | cpio -o -H newc --quiet | gzip -1 >/lab/out/initrd'
}

guest()
{
	cached guest "$(key_of lab/guest lab/model/registers.h lab/build.sh)-${ROOTFS##*-}" \
		"building the nested guest" compile_guest
}

# Small programs that the lab's own tests and make bench use inside the machine.
compile_tools()
{
	in_tools "$TOP:/lab/src:ro" "$1:/lab/out" -- /lab/src/lab/inside/programs
}

tools()
{
	cached tools "$(key_of lab/programs lab/model/{registers,types}.h bench lab/inside/programs)-$(tools_key)" \
		"building the tests' tools" compile_tools
}

# Debian's packages, as make deb leaves them
debs()
{
	cached debs "$(key_of README.md debian dkms compat drivers/vfio/pci/nosnoop cli Documentation lab/deb lab/inside/deb)-${ROOTFS##*-}" \
		"building Debian's packages" "$LAB/deb"
}

# The user's command, as packages have it
compile_cli()
{
	in_rootfs "$ROOTFS" "$TOP:/lab/src:ro" "$1:/lab/out" -- sh -ec '
		make -s -C /lab/src/cli OUT=/tmp/cli WERROR=-Werror
		cp /tmp/cli/vfio-nosnoop /lab/out'
}

cli()
{
	cached cli "$(key_of cli drivers/vfio/pci/nosnoop/devices.{c,h} lab/build.sh)-${ROOTFS##*-}" \
		"building the user's command" compile_cli
}
