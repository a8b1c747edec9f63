# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Runs a hostile nested guest, which writes a mirror of config space, and checks what it
# achieved. Sourced, after tap.sh.

bdf_of()
{
	local bdf=MODEL$1_BDF

	echo "${!bdf}"
}

# guest DRIVER MODEL PARAMETER...: runs the guest. /run/facts gets its facts; $moments and
# $requests are the moments, and the requests with No Snoop, during this run alone, because
# the counts in the model's log go on from one run to the next.
guest()
{
	local log=MODEL$2_LOG

	moments=$(total "${!log}" moments)
	requests=$(total "${!log}" no_snoop_requests)
	"$(dirname "${BASH_SOURCE[0]}")/../../nested/run" "$1" "$(bdf_of "$2")" "${!log}" "${@:3}" >/run/facts || return 1
	moments=$(($(fact .hardware.moments) - moments))
	requests=$(($(fact .hardware.no_snoop_requests) - requests))
}

fact()
{
	jq "$1" /run/facts
}

# held: what the guest did through the mirror had no effect
held()
{
	guest vfio-pci-nosnoop "$@" &&
		is "$(fact .guest.mirror.vendor)" "$(($(cat "/sys/bus/pci/devices/$(bdf_of "$1")/vendor")))" &&
		is "$(fact .guest.mirror.set_by_writes)" 0 &&
		is "$(fact .guest.mirror.corrupted)" 0 &&
		is "$requests" 0 && is "$moments" 0
}

broken()
{
	guest vfio-pci "$@" && [ "$(fact .guest.mirror.set_by_writes)" -gt 0 ] &&
		[ "$(fact .guest.mirror.corrupted)" -gt 0 ] &&
		[ "$requests" -gt 0 ] && [ "$moments" -gt 0 ]
}
