# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034 # the options are lab/vm's
#
# The options of lab/vm and their defaults. Sourced, after common.sh.

usage()
{
	cat <<-'END'
	usage: lab/vm [OPTION]... -- COMMAND [ARGUMENT]...

	Boots a virtual machine (QEMU, with an emulated IOMMU without snoop control), runs
	COMMAND in it as root, prints what COMMAND prints and returns its exit status.

	  --kernel newest|lts|patched|debug|counting
	                        newest: the kernel of Debian's backports (default)
	                        lts: trixie's own
	                        patched: the newest, with the changes to VFIO's core
	                        (patches/core/); the first build takes some minutes
	                        debug: the same, built to find mistakes
	                        (lab/kernels/debug.config); 15 minutes
	                        counting: the same, built to count which lines of the
	                        driver are reached (lab/kernels/counting.config)
	  --arch amd64|arm64    the processor (amd64). With arm64 the kernel is newest, on
	                        which a user of VFIO has no MSI, or lts, on which they
	                        have; the machine does not survive suspend
	  --disk FOLDER         a machine as a user has it: with a disk of its own, which
	                        new_disk() in lab/lib/disk.sh makes, and there Debian's
	                        init and newest kernel, but not the driver. What changes
	                        on the disk stays for the next time. COMMAND can install
	                        packages with apt
	  --model "OPTIONS"     add a PCIe endpoint served by the device model, with its
	                        options (lab/vm --model-help lists them); can be repeated
	  --function "OPTIONS"  the same, as the next function in the last model's slot
	  --integrated "OPTIONS"  the same, on the root bus, for --rciep
	  --socket PATH         add a vfio-user device that another program serves there
	  --qemu "EXTRA"        more arguments for QEMU, split at spaces
	  --append "EXTRA"      more of the kernel's command line
	  --cpus N              processors (2)
	  --memory MEGABYTES    memory (2048)
	  --icount              count instructions: one processor, time in instructions
	  --timeout SECONDS     how long it may take in all (600; debug kernel: 3600)
	  --state FOLDER        keep the logs there: console.log, model0.log, …
	  --tolerate REGEX      do not count lines of the kernel's log that match as
	                        complaints
	  --quiet               no progress messages
	  --model-help, --help

	LAB_KERNEL and LAB_ARCH in the environment replace the defaults of --kernel and
	--arch. LAB_GCOV names a folder in which each machine with the counting kernel
	leaves a folder with gcov's counts for the driver. LAB_RECORD names a folder in
	which each machine leaves its logs in a folder of its own, machine1 and so on.

	In the machine, the checkout is /lab/src (read-only), the vfio selftests are in
	/lab/selftests, and vfio-nosnoop is in /lab/cli. MODEL0_BDF and MODEL0_LOG
	(MODEL1_…) are the address and the log of each model, SOCKET0_BDF likewise. While
	the file that MODEL0_ABSENT names exists, that function is missing from its slot,
	and nobody is told.

	Exit status: that of COMMAND. 124: the time limit was over. 125: the machine died
	or did not start. 126: COMMAND succeeded, but the kernel complained meanwhile; the
	lines are shown. A complaint is a warning, an oops or a hung task, and on the debug
	kernel also what KASAN, UBSAN, lockdep and kmemleak find.
	END
}

# What lab/vm does without options
kernel=${LAB_KERNEL:-newest}
arch=${LAB_ARCH:-amd64}
models=()
functions=()
sockets=()
qemu_extra=()
append=
cpus=2
memory=2048
icount=
timeout=
state=
disk=
tolerate=

argument()
{
	[ $# -ge 2 ] || { printf 'lab/vm: %s needs a value (see --help)\n' "$1" >&2; exit 2; }
}

# read_options ARGUMENT...: leaves the options in the variables above, and what comes after
# -- in $command. Ends the script if an option is wrong.
read_options()
{
	local words number socket

	while [ $# -gt 0 ]; do
		case $1 in
		--kernel) argument "$@"; kernel=$2; shift 2 ;;
		--disk) argument "$@"; disk=$2; shift 2 ;;
		--arch) argument "$@"; arch=$2; shift 2 ;;
		--model) argument "$@"; models+=("$2"); functions+=(0); shift 2 ;;
		--function)
			argument "$@"
			{ [ ${#models[@]} -gt 0 ] && [ "${functions[-1]}" != integrated ]; } || { printf 'lab/vm: --function comes after --model\n' >&2; exit 2; }
			models+=("$2")
			functions+=($((functions[-1] + 1)))
			shift 2
			;;
		--integrated) argument "$@"; models+=("$2"); functions+=(integrated); shift 2 ;;
		--socket) argument "$@"; sockets+=("$2"); shift 2 ;;
		--qemu)
			argument "$@"
			read -ra words <<<"$2"
			qemu_extra+=("${words[@]}")
			shift 2
			;;
		--append) argument "$@"; append+=" $2"; shift 2 ;;
		--cpus) argument "$@"; cpus=$2; shift 2 ;;
		--memory) argument "$@"; memory=$2; shift 2 ;;
		--icount) icount=1; shift ;;
		--timeout) argument "$@"; timeout=$2; shift 2 ;;
		--state) argument "$@"; state=$2; shift 2 ;;
		--tolerate) argument "$@"; tolerate=$2; shift 2 ;;
		--quiet) LAB_QUIET=1; shift ;;
		--help) usage; exit 0 ;;
		--model-help) models=(--help); shift; set -- -- ;;
		--) shift; break ;;
		*) printf 'lab/vm: no option %s (see --help; the command comes after --)\n' "$1" >&2; exit 2 ;;
		esac
	done
	command=("$@")

	case $kernel in
	newest|lts|patched|debug|counting) ;;
	*) printf 'lab/vm: --kernel is newest, lts, patched, debug or counting\n' >&2; exit 2 ;;
	esac
	case $arch,$kernel in
	amd64,*|arm64,newest|arm64,lts) ;;
	arm64,*) printf 'lab/vm: for arm64 there is no kernel but newest and lts\n' >&2; exit 2 ;;
	*) printf 'lab/vm: --arch is amd64 or arm64\n' >&2; exit 2 ;;
	esac
	[ -n "$timeout" ] || { [ "$kernel" = debug ] && timeout=3600; } || timeout=600
	for number in "$cpus" "$memory" "$timeout"; do
		case $number in
		''|*[!0-9]*|0*) printf 'lab/vm: not a number above 0: %s\n' "$number" >&2; exit 2 ;;
		esac
	done
	for socket in "${sockets[@]}"; do
		[ -S "$socket" ] || die "no socket $socket: start the device's server first"
	done

	case $disk,$arch in
	?*,arm64) printf 'lab/vm: a machine with a disk is amd64\n' >&2; exit 2 ;;
	esac
	[ -z "$disk" ] || [ -d "$disk/usr/lib/modules" ] ||
		die "no disk in $disk: make one with new_disk() of lab/lib/disk.sh"
}
