# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the lab builds from this checkout. The cache keeps each result under a key of
# the files that it is made from. Everything is built inside the root file system,
# nothing with the tools of the computer that you work on. Sourced, after common.sh and
# rootfs.sh.
#
# ARM64 is empty, or the folder that arm64() in arm64.sh prints: then everything is
# built for an arm64 machine.
ARM64=

# in_tools [BIND...] -- COMMAND...: as in_rootfs. The compiler for the machine is
# ${CROSS_COMPILE}gcc, and the environment has what kbuild and pkg-config need.
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
		env ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
		PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig "${@:2}"
}

# tools_key: prints the end of the key of what in_tools makes
tools_key()
{
	if [ -n "$ARM64" ]; then
		printf '%s\n' "${ARM64##*/}"
	else
		printf '%s\n' "${ROOTFS##*-}"
	fi
}

# Parts of the kernel's source, for selftests, checkpatch and comparisons. Most drivers
# are here for the headers that selftests link to. VFIO's are here for themselves, and
# lab/tests/rootfs/table-of-ways-around adds those whose tables it reads.
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
	cached source "$(key_of lab/lib/build.sh lab/tests/rootfs/table-of-ways-around)-${ROOTFS##*-}" \
		"unpacking the parts of the kernel's source that tests need" \
		unpack_source
}

# What depmod writes, with our modules in UPDATES. It reads all modules of the kernel, which
# takes as long as to compile ours, and what it writes changes only with what LINKED says.
run_depmod()
{
	local version=$1 kernel=$2 updates=$3 folder=$4

	in_tools "$TOP:/lab/src:ro" "$folder:/lab/out" "$updates:/lab/updates:ro" \
		${kernel:+"$kernel:/lab/kernel:ro"} -- /lab/src/lab/inside/depmod "$version"
}

# depmod_key LINKED: not by key_of, because the path of LINKED has the key of the driver in it
depmod_key()
{
	sha256sum "$1" "$LAB/inside/depmod" | cut -d' ' -f1 | sha256sum | cut -c1-12
}

# The module as modprobe finds it: a folder to lay over /lib/modules/VERSION. The lab's
# own modules, for tests only, are beside it. KERNEL is the folder of one of the lab's
# own kernels. If that kernel has KUnit, the KUnit tests are built, too; for the counting
# kernel, gcov/ has the files that gcov needs.
compile_module()
{
	local version=$1 kernel=$2 folder=$3 known

	in_tools "$TOP:/lab/src:ro" "$folder:/lab/out" \
		${kernel:+"$kernel:/lab/kernel:ro"} -- /lab/src/lab/inside/module "$version" || return
	known=$(cached "depmod-$version" "$(depmod_key "$folder/linked")-$(tools_key)${kernel:+-${kernel##*/kernel-}}" \
		"finding out what modules need for Linux $version" \
		run_depmod "$version" "$kernel" "$folder/updates") || return
	cp "$known"/* "$folder"
}

# module VERSION [KERNEL]
module()
{
	cached "module-$1" "$(key_of Makefile compat drivers/vfio/pci/nosnoop lab/modules lab/inside/{module,depmod})-$(tools_key)${2:+-${2##*/kernel-}}" \
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

# The kernel's own vfio selftests with ours beside them: those for the kernel's tree and
# those of lab/selftests. In kselftest/ they are as the kernel's tree installs them.
# Three things are changed:
# - One test wants the VF to be bound to "vfio-pci", although its comment wants the
#   driver of the PF.
# - The tests that run in one IOMMU mode only take iommufd, which Debian's kernels do not
#   have.
# - BARs are mapped in parts, because the driver refuses to map some of them whole.
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
	cached selftests "$(key_of tools/testing/selftests/vfio lab/selftests lab/model/registers.h lab/inside/selftests lab/make/tree)-$(tools_key)" \
		"building the vfio selftests" compile_selftests "$source"
}

# Debian's kernel VERSION, as the ELF file that was compressed into it. QEMU starts that
# without the kernel's own code to unpack itself, which in software took a fifth of the
# processor time of a boot.
compile_vmlinux()
{
	local version=$1 source=$2 folder=$3

	in_rootfs "$ROOTFS" "$source:/lab/source:ro" "$folder:/lab/out" -- sh -c \
		'/lab/source/scripts/extract-vmlinux "/boot/vmlinuz-$0" >/lab/out/vmlinux' "$version"
}

vmlinux()
{
	local source

	source=$(linux_source)
	cached "vmlinux-$1" "$(key_of lab/lib/build.sh)-${ROOTFS##*-}" \
		"unpacking Linux $1" compile_vmlinux "$1" "$source"
}

# The machine's first file system. It has the modules that are needed to mount the real
# one. For a machine with a disk, the kernel VERSION is in /lab/disk.
compile_initrd()
{
	local version=$1 init=$2 folder=$3 disk=${4:-}

	in_tools "$TOP:/lab/src:ro" "$folder:/lab/out" \
		${disk:+"$disk:/lab/disk:ro"} -- /lab/src/lab/inside/initrd "$version" "$init"
}

initrd()
{
	cached "initrd-$1" "$(key_of lab/boot/init lab/inside/initrd)-$(tools_key)" \
		"making the first file system for Linux $1" compile_initrd "$1" init
}

# The nested guest's file system, which has nothing but its init. The kernel is Debian's.
compile_guest()
{
	in_tools "$TOP:/lab/src:ro" "$1:/lab/out" -- sh -ec '
		mkdir /tmp/initrd
		"${CROSS_COMPILE:-}gcc" -O2 -Wall -Wextra -Werror -static -I/lab/src/lab/model \
			-o /tmp/initrd/init /lab/src/lab/nested/init.c
		cd /tmp/initrd
		echo init | cpio -o -H newc --quiet | gzip -1 >/lab/out/initrd'
}

guest()
{
	cached guest "$(key_of lab/nested lab/model/registers.h lab/lib/build.sh)-$(tools_key)" \
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

# The Debian packages, as make deb leaves them
debs()
{
	cached debs "$(key_of README.md debian dkms packaging compat drivers/vfio/pci/nosnoop cli Documentation lab/make/deb lab/inside/{deb,arm64} lab/lib/{arm64,debian,packaging}.sh)-${ROOTFS##*-}" \
		"building Debian's packages" "$LAB/make/deb"
}

# The user's command, as it is in the packages
compile_cli()
{
	in_tools "$TOP:/lab/src:ro" "$1:/lab/out" -- sh -ec '
		make -s -C /lab/src/cli OUT=/tmp/cli WERROR=-Werror CC="${CROSS_COMPILE:-}gcc"
		cp /tmp/cli/vfio-nosnoop /lab/out'
}

cli()
{
	cached cli "$(key_of cli drivers/vfio/pci/nosnoop/devices.{c,h} lab/lib/build.sh)-$(tools_key)" \
		"building the user's command" compile_cli
}
