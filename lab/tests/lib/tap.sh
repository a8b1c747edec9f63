# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the lab's own tests: TAP output, and what they all do to devices. Sourced.

TAP_COUNT=0
TAP_FAILED=0

# check NAME COMMAND...: one test. It fails if any line of COMMAND fails, because that runs
# in a shell of its own with errexit. If it fails, its output is shown; lines that begin
# with "note: " are shown in any case. Do not call it as a condition: there errexit has no
# effect.
check()
{
	# These names must not hide variables of the caller from COMMAND.
	local check_name=$1 check_output check_status
	shift

	TAP_COUNT=$((TAP_COUNT + 1))
	check_output=$(set -e; "$@" 2>&1)
	check_status=$?
	if [ $check_status = 0 ]; then
		echo "ok $TAP_COUNT $check_name"
		sed -n 's/^note: /# &/p' <<<"$check_output"
	else
		TAP_FAILED=$((TAP_FAILED + 1))
		echo "not ok $TAP_COUNT $check_name"
		sed 's/^/# /' <<<"${check_output:-a command failed with exit status $check_status}"
	fi
}

# try COMMAND...: runs COMMAND, which fails if any line of it fails, and leaves its status
# in STATUS. Succeeds itself, so that the caller goes on in either case.
try()
{
	set +e
	(set -e; "$@")
	# shellcheck disable=SC2034 # for the caller
	STATUS=$?
	set -e
}

finish()
{
	echo "1..$TAP_COUNT"
	[ $TAP_FAILED = 0 ]
}

# is GOT WANTED: whether they are equal; if not, prints both
is()
{
	[ "$1" = "$2" ] || { echo "got '$1', not '$2'"; return 1; }
}

# contains TEXT PART
contains()
{
	[[ $1 == *"$2"* ]] || { echo "no '$2' in '$1'"; return 1; }
}

# total LOG COUNT...: prints these counts of a model's in one line, from the last line of its
# log. Fails if one is not there. Not by jq, which takes three times as long to start as tail
# does, in software.
total()
{
	local line count numbers=()

	line=$(tail -n 1 "$1")
	for count in "${@:2}"; do
		[[ $line =~ \"$count\":([0-9]+)[,}] ]] ||
			{ echo "no $count in the last line of $1" >&2; return 1; }
		numbers+=("${BASH_REMATCH[1]}")
	done
	echo "${numbers[*]}"
}

# bind BDF DRIVER: if it fails, bash prints the error in words
bind()
{
	[ -e "/sys/bus/pci/drivers/$2" ] || modprobe "$2"
	echo "$2" >"/sys/bus/pci/devices/$1/driver_override"
	echo "$1" >"/sys/bus/pci/drivers/$2/bind"
}

unbind()
{
	echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
	echo >"/sys/bus/pci/devices/$1/driver_override"
}

# driver_of BDF: prints its driver, or nothing
driver_of()
{
	[ ! -e "/sys/bus/pci/devices/$1/driver" ] ||
		basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
}

# steps BDF[,UUID] STEP...: prints the answers of vfio-steps in one line
steps()
{
	local printed

	mapfile -t printed < <(/lab/tools/vfio-steps "$@" 2>&1)
	echo "${printed[*]}"
}

# steps_by DRIVER BDF STEP...: the same, with the function bound to DRIVER meanwhile
steps_by()
{
	bind "$2" "$1"
	steps "${@:2}"
	unbind "$2"
}

# kernel_log_mark: puts a mark into the kernel's log; kernel_log: prints what came after
# it. A line's number would not do as a mark, because the oldest lines are dropped. The
# log is not cleared, because kernel_is_sane reads all of it.
kernel_log_mark()
{
	KERNEL_LOG_MARK="mark $EPOCHREALTIME"
	echo "$KERNEL_LOG_MARK" >/dev/kmsg
}

kernel_log()
{
	dmesg | sed "1,/$KERNEL_LOG_MARK/d"
}

# said BDF: prints what the driver, but not the PCI or VFIO core, has said of the device
# since the mark
said()
{
	kernel_log | sed -n "s/.*vfio-pci-nosnoop $1: //p" |
		sed -E '/^(probe with driver|vgaarb:)/d'
}

# kernel_is_sane: the last test of each script. The script's head may say what is tolerated.
kernel_is_sane()
{
	local tolerate

	tolerate=$(sed -n 's/^# tolerate: "\(.*\)"$/\1/p' "$0")
	! dmesg | grep -vE "${tolerate:-^$}" |
		grep -E 'BUG:|WARNING:|Oops|blocked for more than|rcu.*stall|general protection'
}
