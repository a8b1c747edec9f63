# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the lab's own tests, inside the machine: TAP output and what they all
# need to do to devices. Sourced.

TAP_COUNT=0
TAP_FAILED=0

# check NAME COMMAND...: one test, which any line of COMMAND that fails makes fail:
# it runs in a shell of its own with errexit. What it prints is shown then, and lines
# of it that begin with "note: " in any case. Not to be called as a condition, for
# there bash has no errexit.
check()
{
	# By names that hide none of the caller's from COMMAND
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

# try COMMAND...: for who has to look at something behind COMMAND, whether it succeeds
# or not; leaves its status in STATUS. Any line of it that fails makes it fail.
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

# is GOT WANTED: equal, or says what was got
is()
{
	[ "$1" = "$2" ] || { echo "got '$1', not '$2'"; return 1; }
}

# contains TEXT PART
contains()
{
	[[ $1 == *"$2"* ]] || { echo "no '$2' in '$1'"; return 1; }
}

total()
{
	tail -n 1 "$1" | jq ".$2"
}

# bind BDF DRIVER: returns the errno's name on failure, as text
bind()
{
	modprobe "$2"
	echo "$2" >"/sys/bus/pci/devices/$1/driver_override"
	echo "$1" >"/sys/bus/pci/drivers/$2/bind"
}

unbind()
{
	echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
	echo >"/sys/bus/pci/devices/$1/driver_override"
}

# driver_of BDF: or nothing
driver_of()
{
	[ ! -e "/sys/bus/pci/devices/$1/driver" ] ||
		basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
}

# steps BDF[,UUID] STEP...: what vfio-steps answers, in one line
steps()
{
	timeout 60 /lab/tools/vfio-steps "$@" 2>&1 | paste -sd ' '
}

# steps_by DRIVER BDF STEP...: bound to it for that long
steps_by()
{
	bind "$2" "$1"
	steps "${@:2}"
	unbind "$2"
}

# kernel_log_mark: a line in the kernel's log; kernel_log: what came after it. Not by
# the number of the line, for the oldest lines go, and nothing is cleared, for
# kernel_is_sane reads all.
kernel_log_mark()
{
	KERNEL_LOG_MARK="mark $EPOCHREALTIME"
	echo "$KERNEL_LOG_MARK" >/dev/kmsg
}

kernel_log()
{
	dmesg | sed "1,/$KERNEL_LOG_MARK/d"
}

# said BDF: what the driver has said about the device since then, not the cores
said()
{
	kernel_log | sed -n "s/.*vfio-pci-nosnoop $1: //p" |
		sed -E '/^(probe with driver|vgaarb:)/d'
}

# kernel_is_sane: the last test of each script, whose head may say what is
# tolerated
kernel_is_sane()
{
	local tolerate

	tolerate=$(sed -n 's/^# tolerate: "\(.*\)"$/\1/p' "$0")
	! dmesg | grep -vE "${tolerate:-^$}" |
		grep -E 'BUG:|WARNING:|Oops|blocked for more than|rcu.*stall|general protection'
}
