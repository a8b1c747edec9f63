# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests of VFs, whose requests are governed by their PF's Enable No Snoop. The PF is
# QEMU's igb, with the bit that lab-devctl-overlay gives it. Sourced, after tap.sh.

pf=$(cd /sys/bus/pci/devices/0000:00:1c.0 && echo 0000:??:??.?)
pf_sysfs=/sys/bus/pci/devices/$pf
debugfs=/sys/kernel/debug/lab-devctl-overlay/$pf

pf_bit()
{
	cat "$debugfs/no_snoop"
}

# set_pf_bit 0|1
set_pf_bit()
{
	setpci -s "$pf" "CAP_EXP+8.w=$((800 * $1)):800"
}

vf_of()
{
	basename "$(readlink "$pf_sysfs/virtfn$1")"
}

# numvfs N: asks for N VFs; prints the error, if there is one
numvfs()
{
	echo "$1" 2>&1 >"$pf_sysfs/sriov_numvfs" | sed 's/.*: //'
}

# give_the_bit: gives the PF the bit, and turns its bus mastering off
give_the_bit()
{
	modprobe lab-devctl-overlay "bdf=$pf"
	setpci -s "$pf" COMMAND=0:4
}

# two_vfs: creates two VFs with whatever driver the PF has, and binds them to
# vfio-pci-nosnoop; $vf and $other
two_vfs()
{
	local i

	is "$(numvfs 2)" ""
	vf=$(vf_of 0)
	other=$(vf_of 1)
	for i in "$vf" "$other"; do
		[ "$(driver_of "$i")" = vfio-pci-nosnoop ] || bind "$i" vfio-pci-nosnoop
	done
}

# vf_moments: prints how often a VF mastered the bus while its PF's bit was set
vf_moments()
{
	cat "$debugfs/vf_moments"
}

# govern: loads the driver with govern_pf=1, and has igb's own driver create two VFs
govern()
{
	give_the_bit
	modprobe vfio-pci-nosnoop govern_pf=1
	modprobe igb
	echo 0 >"$pf_sysfs/sriov_drivers_autoprobe"
	two_vfs
	# Arguments for steps
	# shellcheck disable=SC2034 # for the caller
	{
		master=(write config+4 2 4)
		set_bit="setpci -s $pf CAP_EXP+8.w=800:800"
		show_bit="cat $debugfs/no_snoop"
	}
}

# held: while a VF masters the bus, its PF's bit is 0; before and after that it is set
held()
{
	local before

	set_pf_bit 1
	before=$(vf_moments)
	kernel_log_mark
	is "$(steps "$vf" run "$show_bit" "${master[@]}" run "setpci -s $vf COMMAND; $show_bit")" \
		"open 0 ok 0004 0"
	is "$(said "$vf" | head -n 1)" "No Snoop is disabled in PF $pf (was enabled)"
	is "$(pf_bit)" 1
	is "$(vf_moments)" "$before"
}
