# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Makes config spaces byte by byte, for dumps like those of lspci -xxxx and for sysfs.
# Tests source this file. Numbers are hexadecimal, without 0x.

declare -A BYTES
ADDRESS=

# put WIDTH OFFSET VALUE...: writes the values one after the other, little-endian
put()
{
	local width=$1 offset=$((0x$2)) value i
	shift 2

	for value; do
		for ((i = 0; i < width; i++)); do
			BYTES[$offset]=$((0x$value >> 8 * i & 0xff))
			offset=$((offset + 1))
		done
	done
}

# config ADDRESS VENDOR DEVICE CLASS [TYPE]: begins a function. CLASS includes the
# programming interface.
config()
{
	BYTES=()
	ADDRESS=$1
	put 2 0 "$2" "$3"
	put 2 4 0006 0010
	put 1 9 "${4:4:2}" "${4:2:2}" "${4:0:2}"
	put 1 e "${5:-0}"
	put 1 34 0
	LAST=34
}

# cap OFFSET ID: adds a capability to the list; its contents are put afterwards
cap()
{
	put 1 "$LAST" "$1"
	put 1 "$1" "$2" 0
	LAST=$(printf %x $((0x$1 + 1)))
}

# express OFFSET TYPE DEVCTL: adds a PCI Express capability, version 2
express()
{
	cap "$1" 10
	put 2 "$(printf %x $((0x$1 + 2)))" "$(printf %x $((0x$2 << 4 | 2)))"
	put 4 "$(printf %x $((0x$1 + 4)))" 10008021
	put 2 "$(printf %x $((0x$1 + 8)))" "$3"
}

pm()
{
	cap "$1" 01
	put 2 "$(printf %x $((0x$1 + 2)))" 0003 0008
}

msi()
{
	cap "$1" 05
	put 2 "$(printf %x $((0x$1 + 2)))" 0080
}

# sriov OFFSET NUMBER FIRST STRIDE DEVICE [CONTROL]: adds this extended capability, after
# another at 100
sriov()
{
	local at=$((0x$1))

	put 4 100 "$(printf %x $((at << 20 | 0x20001)))"
	put 4 "$1" 00010010
	put 2 "$(printf %x $((at + 8)))" "${6:-0009}"
	put 2 "$(printf %x $((at + 0x10)))" "$2"
	put 2 "$(printf %x $((at + 0x14)))" "$3" "$4"
	put 2 "$(printf %x $((at + 0x1a)))" "$5"
}

# dump SIZE: prints the function as lspci does. SIZE is decimal.
dump()
{
	local i

	printf '%s Class: Some device' "$ADDRESS"
	for ((i = 0; i < $1; i++)); do
		[ $((i % 16)) != 0 ] || printf '\n%02x:' $i
		printf ' %02x' "${BYTES[$i]:-0}"
	done
	printf '\n\n'
}

# binary SIZE: prints config space as sysfs has it. SIZE is decimal.
binary()
{
	local i text=

	for ((i = 0; i < $1; i++)); do
		printf -v text '%s\\x%02x' "$text" "${BYTES[$i]:-0}"
	done
	# shellcheck disable=SC2059 # it is a format on purpose
	printf "$text"
}

# iort SEGMENT FLAGS [REVISION] [KIND]: prints ACPI's table IORT with an SMMUv3, or a node
# of type KIND in its place, and then the root complex of the segment
iort()
{
	BYTES=()
	put 4 0 54524f49 ac
	put 1 8 "${3:-7}"
	put 4 24 2 30
	put 1 30 "${4:-4}" 44
	put 1 74 2 38
	put 4 7c 1 24
	put 1 8b "$2"
	put 4 90 "$1"
	# Node 74 has one mapping, at 24 in the node. It maps 10000 IDs from 0 on to node 30.
	put 4 98 0 ffff 0 30
	binary 172
}
