# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034 # for the tests
#
# For tests of vfio-nosnoop on a machine whose IOMMU cannot enforce snooping. The functions
# are the first model and, if the test has them, QEMU's igb (with the bit that
# lab-devctl-overlay gives it), its e1000e and its disk. Sourced, after user.sh.

command=/lab/cli/vfio-nosnoop
sysfs=/sys/bus/pci/devices
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# behind PORT: prints the first function behind that root port, if there is such a port
behind()
{
	(cd "$sysfs/0000:00:$1.0" 2>/dev/null && echo 0000:??:??.0)
}

model=$MODEL0_BDF
igb=$(behind 1c)
e1000e=$(behind 1d)

# run ARGUMENT...: runs the command, with its output in $work/out and its errors in
# $work/err; prints the exit status
run()
{
	local status=0

	timeout 60 "$command" "$@" >"$work/out" 2>"$work/err" || status=$?
	echo $status
}

# json QUERY ARGUMENT...
json()
{
	local query=$1
	shift

	run --json "$@" >/dev/null
	jq -c "$query" "$work/out"
}

verdict()
{
	json '.devices[0].verdict' status "$1" | tr -d '"'
}

flat()
{
	tr -s ' \n' ' ' <"$work/out"
}

override_of()
{
	cat "$sysfs/$1/driver_override"
}

# setpci_bit BDF: prints true or false for the bit, as another program reads it, or null
# without the capability
setpci_bit()
{
	local devctl

	devctl=$(setpci -s "$1" CAP_EXP+8.w 2>/dev/null)
	case $devctl in
	'') echo null ;;
	?[89a-f]??) echo true ;;
	*) echo false ;;
	esac
}

# drivers_of_the_host: loads the host's drivers of these functions, and sets igb's bit
drivers_of_the_host()
{
	modprobe igb
	modprobe e1000e
	modprobe virtio_blk
	modprobe lab-devctl-overlay "bdf=$igb"
	setpci -s "$igb" CAP_EXP+8.w=800:800
}
