# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that look at one device after the other. $device is the current one, $log the
# log of its model. Sourced, after user.sh.

# use BDF LOG: makes this the current device, and has a user open it
use()
{
	device=$1
	log=$2
	driver_is "$device" "$log"
	start_user "$device"
	check "${log##*/}: opens" does open
}

leave()
{
	check "${log##*/}: closes" does close
	end_user
	unbind "$device"
}

# method NAME: sets the method for resets of this function alone
method()
{
	echo "$1" >"/sys/bus/pci/devices/$device/reset_method"
}

bits_are()
{
	local command devctl

	registers "$device" &&
		is "mastering $((0x$command >> 2 & 1)), bit $((0x$devctl >> 11 & 1))" \
			"mastering $1, bit $2"
}

# since BYTES PATTERN: prints how many lines match in the log after its first BYTES bytes
since()
{
	tail -c "+$(($1 + 1))" "$log" | grep -cE "$2" || [ $? = 1 ]
}
