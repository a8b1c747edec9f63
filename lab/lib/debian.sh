# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Root file systems of Debian, from the mirror that this machine uses. Sourced by
# rootfs.sh.

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

# debian_root SUITE FOLDER PACKAGE... -- OPTION...: makes one with these packages, by
# mmdebstrap with these options, too. Its hooks have MIRROR, and know the suite's updates
# and backports. In a mount namespace: what a run that is cut off leaves mounted is gone
# with it.
debian_root()
{
	local suite=$1 folder=$2 packages='' valid=true MIRROR
	shift 2

	while [ "$1" != -- ]; do
		packages+=${packages:+,}$1
		shift
	done
	shift
	MIRROR=$(debian_mirror)
	# A mirror that stands still is known as such to this machine's apt.
	eval "$(apt-config shell valid Acquire::Check-Valid-Until)"
	export MIRROR
	INITRD=No unshare --mount mmdebstrap --mode=root --variant=apt \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Retries "3"' \
		--aptopt="Acquire::Check-Valid-Until \"$valid\"" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt=force-unsafe-io \
		--include="$packages" "$@" "$suite" "$folder" \
		"deb $MIRROR $suite main" \
		"deb $MIRROR $suite-updates main" \
		"deb $MIRROR $suite-backports main"
}
