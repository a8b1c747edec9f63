# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The lab's own kernels, from Debian's newest kernel source, with the changes to VFIO's core
# in patches/core/. A build takes minutes, so their keys contain neither the driver, which
# is built for them later as a module, nor the root file system as a whole. Sourced, after
# common.sh and rootfs.sh.

# compile_kernel CONFIG... FOLDER: builds a kernel from fragments, of which the last wins.
# Leaves in FOLDER vmlinux or, compressed, vmlinuz, and config, version, lib/modules/VERSION
# and build, which is for building modules. Removes everything else, which is 3 GB.
compile_kernel()
{
	local folder=${*: -1}

	set -- "${@:1:$#-1}"
	LAB_LIMIT=5400 in_rootfs "$ROOTFS" "$TOP:/lab/src:ro" "$folder:/lab/out" -- \
		nice /lab/src/lab/inside/kernel "$@"
}

# kernel_tools: prints the versions of the kernel's source and of the tools that build it,
# on which alone the result depends
kernel_tools()
{
	dpkg-query --admindir="$ROOTFS/var/lib/dpkg" --show \
		"linux-source-*" "gcc-1*" binutils
}

# own_kernel NAME WHAT CONFIG...
own_kernel()
{
	local name=$1 what=$2
	shift 2

	cached "kernel-$name" "$(key_of patches/core "${@/#/lab/kernels/}" lab/inside/kernel)-$(kernel_tools | sha256sum | cut -c1-12)" \
		"$what" compile_kernel "$@"
}

patched_kernel()
{
	own_kernel patched "building the patched kernel from Debian's source (some minutes, once)" \
		base.config kunit.config
}

debug_kernel()
{
	own_kernel debug "building the debug kernel from Debian's source (5 to 15 minutes, once)" \
		base.config kunit.config igb.config faults.config debug.config
}

counting_kernel()
{
	own_kernel counting "building the counting kernel from Debian's source (some minutes, once)" \
		base.config kunit.config igb.config faults.config counting.config
}
