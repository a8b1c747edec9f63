# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034 # for the tests
#
# For tests of lab-devctl-overlay, on QEMU's igb (which has FLR, and loses its state in
# D3hot) and on a device model with AF FLR. Both hardwire the bit to 0. Sourced, after
# tap.sh.

igb=$(cd /sys/bus/pci/devices/0000:00:1c.0 && echo 0000:??:??.?)
port=0000:00:1c.0
model=$MODEL0_BDF
debugfs=/sys/kernel/debug/lab-devctl-overlay

# counter NAME [BDF]
counter()
{
	cat "$debugfs/${2:-$igb}/$1"
}

# The whole register, as any user of the kernel's accessors reads it
devctl()
{
	setpci -s "${1:-$igb}" CAP_EXP+8.w
}

bit()
{
	echo $(((0x$(devctl "$1") & 0x800) / 0x800))
}

load()
{
	modprobe lab-devctl-overlay "bdf=$igb,$model"
}
