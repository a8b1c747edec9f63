# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the lab's own tests, inside the machine: TAP output and what they all
# need to do to devices. Sourced.

TAP_COUNT=0
TAP_FAILED=0

# check NAME COMMAND...: one test; what COMMAND prints is shown if it fails, and
# lines of it that begin with "note: " in any case
check()
{
	local name=$1 output
	shift

	TAP_COUNT=$((TAP_COUNT + 1))
	if output=$("$@" 2>&1); then
		echo "ok $TAP_COUNT $name"
		sed -n 's/^note: /# &/p' <<<"$output"
	else
		TAP_FAILED=$((TAP_FAILED + 1))
		echo "not ok $TAP_COUNT $name"
		sed 's/^/# /' <<<"$output"
	fi
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

# kernel_is_sane: the last test of each script, whose head may say what is
# tolerated
kernel_is_sane()
{
	local tolerate

	tolerate=$(sed -n 's/^# tolerate: "\(.*\)"$/\1/p' "$0")
	! dmesg | grep -vE "${tolerate:-^$}" |
		grep -E 'BUG:|WARNING:|Oops|blocked for more than|rcu.*stall|general protection'
}
