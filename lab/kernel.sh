# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The debug kernel, from Debian's newest kernel source and debug.config. Its
# key does not contain the driver, which is a module built for it later, nor
# the rest of the root file system, for it takes ten minutes. Sourced, after
# lib.sh and rootfs.sh.

# Left there: vmlinuz, config, version, lib/modules/VERSION and, to build
# modules for it, build. Everything else is gone, that is 3 GB.
compile_kernel()
{
	LAB_LIMIT=5400 in_rootfs "$ROOTFS" "$LAB/debug.config:/lab/debug.config:ro" \
		"$1:/lab/out" -- nice bash -euc '
		mkdir /lab/out/linux
		cd /lab/out/linux
		tar -xJf /usr/src/linux-source-*.tar.xz --strip-components=1
		make -s tinyconfig
		scripts/kconfig/merge_config.sh -m .config /lab/debug.config
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
			echo "debug.config: not in the configuration: $line"
			missing=1
		done </lab/debug.config
		[ $missing = 0 ]

		make -s -j"$(nproc)" bzImage modules
		make -s INSTALL_MOD_PATH=/lab/out modules_install
		make -s run-command KBUILD_RUN_COMMAND='\''$(srctree)/scripts/package/install-extmod-build /lab/out/build'\''
		make -s kernelrelease >/lab/out/version
		cp arch/x86/boot/bzImage /lab/out/vmlinuz
		cp .config /lab/out/config
		[ -z "${KEEP_VMLINUX:-}" ] || cp vmlinux /lab/out/vmlinux
		cd ..
		rm -rf linux lib/modules/*/build'
}

# The kernel's source and the tools, from which alone it follows
kernel_tools()
{
	dpkg-query --admindir="$ROOTFS/var/lib/dpkg" --show \
		"linux-source-*" "gcc-1*" binutils
}

debug_kernel()
{
	cached kernel "$(key_of lab/debug.config lab/kernel.sh)-$(kernel_tools | sha256sum | cut -c1-12)" \
		"building the debug kernel from Debian's source (5 to 15 minutes, once)" \
		compile_kernel
}
