# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The lab's own kernels, from Debian's newest kernel source, with the changes to
# VFIO's core in patches/core/. Their keys do not contain the driver, which is a
# module built for them later, nor the rest of the root file system, for they
# take minutes. Sourced, after lib.sh and rootfs.sh.

# compile_kernel CONFIG... FOLDER: fragments over tinyconfig, the last wins. Left
# there: vmlinuz, config, version, lib/modules/VERSION and, to build modules for
# it, build. Everything else is gone, that is 3 GB.
compile_kernel()
{
	local folder=${*: -1}

	set -- "${@:1:$#-1}"
	LAB_LIMIT=5400 in_rootfs "$ROOTFS" "$LAB/kernels:/lab/kernels:ro" \
		"$TOP/patches/core:/lab/patches:ro" "$folder:/lab/out" -- nice bash -euc '
		mkdir /lab/out/linux
		cd /lab/out/linux
		tar -xJf /usr/src/linux-source-*.tar.xz --strip-components=1
		git apply /lab/patches/*.patch
		mkdir /tmp/wanted
		scripts/kconfig/merge_config.sh -m -O /tmp/wanted "$@"
		make -s tinyconfig
		scripts/kconfig/merge_config.sh -m .config /tmp/wanted/.config
		make -s olddefconfig

		# Kconfig drops in silence what it finds unmet.
		missing=0
		while read -r line; do
			case $line in
			CONFIG_*) grep -qxF "$line" .config && continue ;;
			"# CONFIG_"*)
				name=${line#\# }
				grep -q "^${name%% *}=" .config || continue
				;;
			*) continue ;;
			esac
			echo "not in the configuration: $line"
			missing=1
		done </tmp/wanted/.config
		[ $missing = 0 ]

		make -s -j"$(nproc)" bzImage modules
		make -s INSTALL_MOD_PATH=/lab/out modules_install
		make -s run-command KBUILD_RUN_COMMAND='\''$(srctree)/scripts/package/install-extmod-build /lab/out/build'\''
		make -s kernelrelease >/lab/out/version
		cp arch/x86/boot/bzImage /lab/out/vmlinuz
		cp .config /lab/out/config
		[ -z "${KEEP_VMLINUX:-}" ] || cp vmlinux /lab/out/vmlinux
		cd ..
		rm -rf linux lib/modules/*/build' \
		bash "${@/#//lab/kernels/}"
}

# The kernel's source and the tools, from which alone it follows
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

	cached "kernel-$name" "$(key_of patches/core "${@/#/lab/kernels/}" lab/kernel.sh)-$(kernel_tools | sha256sum | cut -c1-12)" \
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
		base.config kunit.config debug.config
}
