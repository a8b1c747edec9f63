# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the lab's scripts share: messages, the cache and its keys, and in_rootfs, which
# runs a command in the root file system. Sourced, never run.

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOP=$(dirname "$LAB")
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/vfio-pci-nosnoop
LAB_QUIET=${LAB_QUIET:-}

# Progress goes to standard error, so that a command's output stays its own.
say()
{
	[ -n "$LAB_QUIET" ] || printf 'lab: %s\n' "$*" >&2
}

die()
{
	printf 'lab: %s\n' "$*" >&2
	exit 1
}

need_root()
{
	[ "$(id -u)" = 0 ] ||
		die "this needs root (it makes a root file system and mounts it): try again with sudo"
}

# From the host the lab needs only mmdebstrap and what every Debian has. Everything else
# comes with the root file system.
need_host_tools()
{
	local missing=()

	[ -x /usr/bin/mmdebstrap ] || missing+=(mmdebstrap)
	[ -f /usr/share/keyrings/debian-archive-trixie-stable.gpg ] ||
		[ -f /usr/share/keyrings/debian-archive-trixie-stable.pgp ] ||
		missing+=(debian-archive-keyring)
	[ ${#missing[@]} = 0 ] && return

	say "installing on this machine with apt-get: ${missing[*]}"
	if ! { apt-get -q update &&
	       DEBIAN_FRONTEND=noninteractive apt-get -qy install \
			--no-install-recommends "${missing[@]}"; } >"$CACHE/apt.log" 2>&1; then
		tail -n 5 "$CACHE/apt.log" >&2
		die "apt-get could not install ${missing[*]} (whole log: $CACHE/apt.log)"
	fi
}

# key_of PATH...: prints a short name for the contents of files and folders
key_of()
{
	(cd "$TOP" && find "$@" -type f -print0 | LC_ALL=C sort -z |
		xargs -0 sha256sum) | sha256sum | cut -c1-12
}

# still_at_it FOLDER: says every 15 s how long it has taken and how large FOLDER is, until
# the script ends or stops this job
still_at_it()
{
	local start=$SECONDS

	while sleep 1 && kill -0 $$ 2>/dev/null; do
		[ $(((SECONDS - start) % 15)) != 0 ] ||
			say "… $((SECONDS - start)) s, $(du -sm "$1" 2>/dev/null | cut -f1) MB so far"
	done
}

# make_cached NAME FOLDER WHAT COMMAND...: makes FOLDER, for cached, if it is not there
make_cached()
{
	local name=$1 folder=$2 what=$3 lock ticker status=0 start=$SECONDS
	shift 3

	mkdir -p "$CACHE"
	exec {lock}>"$CACHE/$name.lock"
	# The debug kernel takes an hour on a busy machine.
	flock -w 7200 "$lock" || die "waited two hours for another run to make $name"
	if [ ! -d "$folder" ]; then
		say "$what"
		rm -rf "$folder.part"
		mkdir -p "$folder.part"
		still_at_it "$folder.part" >/dev/null {lock}>&- &
		ticker=$!
		("$@" "$folder.part") >"$CACHE/$name.log" 2>&1 || status=1
		kill $ticker || true
		wait $ticker || true
		if [ $status != 0 ]; then
			tail -n 25 "$CACHE/$name.log" >&2
			rm -rf "$folder.part"
			exec {lock}>&-
			die "$name could not be made (whole log: $CACHE/$name.log)"
		fi
		# A root file system's folder has the date of a Debian package, and
		# would be removed as old.
		touch "$folder.part"
		mv "$folder.part" "$folder"
		# Removes those that were not used for a month. While we hold the lock,
		# nobody is making one.
		find "$CACHE" -maxdepth 1 -name "$name-*" -type d -mtime +30 \
			-exec rm -rf {} +
		say "… done in $((SECONDS - start)) s"
	fi
	exec {lock}>&-
}

# cached NAME KEY WHAT COMMAND...: prints the folder $CACHE/NAME-KEY. If it is not there
# yet, COMMAND makes it: its last argument is an empty folder to fill. COMMAND has to
# fail by its exit status, because set -e has no effect there. Two runs at the same time
# make the folder once. A run that is interrupted leaves nothing that looks complete.
cached()
{
	local name=$1 folder=$CACHE/$1-$2
	shift 2

	# If the folder is there, do not wait for a run that makes another of this NAME.
	[ -d "$folder" ] || make_cached "$name" "$folder" "$@"
	# The date says when it was last used.
	touch "$folder"
	printf '%s\n' "$folder"
}

# in_rootfs [LAYER:]ROOTFS [BIND...] -- COMMAND...: runs COMMAND in the root file system,
# with the files of the folder LAYER laid over it. COMMAND has mount and process
# namespaces of its own, so that nothing that it starts or mounts outlives it or us,
# however we end. BIND is FROM:TO[:ro], with TO below /lab. After LAB_LIMIT seconds
# COMMAND is killed (status 137). What ccache keeps is in $CACHE/ccache.
in_rootfs()
{
	mkdir -p "$CACHE/ccache"
	setpriv --pdeathsig KILL timeout --signal=KILL "${LAB_LIMIT:-1200}" \
		setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child \
		"$LAB/inside/in-rootfs" "$1" "$CACHE/ccache:/lab/ccache" "${@:2}" &
	wait $!
}

# unpack_layer PROGRAM [ARGUMENT...] FOLDER: has the program of lab/inside fill FOLDER, in
# the root file system. For cached, after the caller has set ROOTFS.
unpack_layer()
{
	local binds=("$TOP:/lab/src:ro" "${*: -1}:/lab/out")

	# The network may have changed since the root file system was made.
	[ ! -e /etc/resolv.conf ] || binds+=("/etc/resolv.conf:/etc/resolv.conf:ro")
	in_rootfs "$ROOTFS" "${binds[@]}" -- "/lab/src/lab/inside/$1" "${@:2:$#-2}"
}

# end_jobs: ends the caller's background jobs and all that they started
end_jobs()
{
	local job

	for job in $(jobs -p); do
		kill -TERM -- "-$job" 2>/dev/null
	done
	wait
}

# work_folder: makes a folder $work for a script that has background jobs. When the script
# ends, in whatever way, its jobs are ended and the folder is removed.
work_folder()
{
	work=$(mktemp -d "${TMPDIR:-/tmp}/vfio-pci-nosnoop.XXXXXX") || exit 1
	# Gives each job a process group of its own, which end_jobs needs.
	set -m
	trap 'end_jobs; rm -rf "$work"' EXIT
}

# A signal ends a script at once, not only when the command that it waits for ends. A second
# one, which timeout sends right after the first, must not end it before it has cleaned up.
trap 'trap "" INT TERM HUP; exit 130' INT
trap 'trap "" INT TERM HUP; exit 143' TERM HUP
