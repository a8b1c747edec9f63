# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests of the command share: they run it, and make trees like /sys and /proc,
# with IOMMUs, groups and users that no machine has together. Writes to such a tree have no
# effect, so these tests only look at what was written. lab/tests/vm/command-live tests
# that binding works. The tests source this file.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=cli/tests/bytes.sh
. "$here/bytes.sh"
# shellcheck source=lab/tests/lib/tap.sh
. "$here/../../lab/tests/lib/tap.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/vfio-nosnoop.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree
# shellcheck disable=SC2034 # the tests use it
ours=vfio-pci-nosnoop

# run ARGUMENT...: runs the command on the tree, if there is one, and prints its status.
# $work/out gets its output, $work/err its errors. $work/documents collects all documents.
run()
{
	local status=0 root=()

	[ ! -d "$tree" ] || root=(--root "$tree")
	timeout 20 "$VFIO_NOSNOOP" "${root[@]}" "$@" >"$work/out" 2>"$work/err" || status=$?
	[[ " $* " != *" --json "* ]] || cat "$work/out" >>"$work/documents"
	echo $status
}

# json QUERY ARGUMENT...: runs the command, and prints what QUERY finds in its document
json()
{
	run --json "${@:2}" >/dev/null
	jq -c "$1" "$work/out"
}

fits_schema()
{
	check "all documents fit the schema" "$here/fits_schema" \
		"$here/../vfio-nosnoop.schema.json" "$work/documents"
}

# flat: prints the command's last output in one line
flat()
{
	tr -s ' \n' ' ' <"$work/out"
}

# lacks TEXT PART
lacks()
{
	[[ $1 != *"$2"* ]] || { echo "'$2' in '$1'"; return 1; }
}

# link TARGET NAME: makes a relative link, as sysfs has them
link()
{
	mkdir -p "$(dirname "$2")"
	ln -sfnr "$1" "$2"
}

new_tree()
{
	rm -rf "$tree"
	mkdir -p "$tree"/sys/{bus/pci/{devices,drivers},devices,module,kernel/{iommu_groups,btf},class,fs} \
		"$tree"/{proc/self,proc/sys/kernel,etc,usr/sbin,lib/modules/9.9}
	echo 9.9 >"$tree/proc/sys/kernel/osrelease"
	: >"$tree/lib/modules/9.9/modules.dep"
	: >"$tree/sys/bus/pci/drivers_probe"
	has_driver "$ours"
}

# has_driver NAME: this driver is loaded
has_driver()
{
	local folder=$tree/sys/bus/pci/drivers/$1

	mkdir -p "$folder"
	: >"$folder/bind"
	: >"$folder/unbind"
}

# device ADDRESS [FOLDER]: puts the function of config() into FOLDER, or on the root bus
device()
{
	folder=$tree/sys/devices/${2:-pci0000:00}/$1
	mkdir -p "$folder"
	link "$folder" "$tree/sys/bus/pci/devices/$1"
	printf '0x%02x%02x\n' "${BYTES[1]}" "${BYTES[0]}" >"$folder/vendor"
	printf '0x%02x%02x\n' "${BYTES[3]}" "${BYTES[2]}" >"$folder/device"
	printf '0x%02x%02x%02x\n' "${BYTES[11]}" "${BYTES[10]}" "${BYTES[9]}" >"$folder/class"
	echo "(null)" >"$folder/driver_override"
	binary "${SIZE:-256}" >"$folder/config"
}

driver()
{
	has_driver "$1"
	link "$tree/sys/bus/pci/drivers/$1" "$folder/driver"
	[[ $1 != vfio* ]] || mkdir -p "$folder/vfio-dev/vfio0"
}

group()
{
	link "$tree/sys/kernel/iommu_groups/$1" "$folder/iommu_group"
	mkdir -p "$tree/sys/kernel/iommu_groups/$1"
}

# iommu NAME [ECAP]
iommu()
{
	mkdir -p "$tree/sys/devices/virtual/iommu/$1"
	if [ -n "${2:-}" ]; then
		mkdir -p "$tree/sys/devices/virtual/iommu/$1/intel-iommu"
		echo "$2" >"$tree/sys/devices/virtual/iommu/$1/intel-iommu/ecap"
	fi
	link "$tree/sys/devices/virtual/iommu/$1" "$folder/iommu"
}

# A GPU and its sound function behind a root port, in group 14. VT-d has no Snoop Control.
make_gpu()
{
	new_tree
	config 01:00.0 10de 1d10 030000
	pm 60
	express 78 1 2910
	device 0000:01:00.0 pci0000:00/0000:00:01.0
	driver nouveau
	group 14
	iommu dmar0 7e3ff0505e
	config 01:00.1 10de 0fb8 040300
	express 78 1 2910
	device 0000:01:00.1 pci0000:00/0000:00:01.0
	driver snd_hda_intel
	group 14
	iommu dmar0
	config 00:01.0 8086 1901 060400 1
	put 1 19 01 01
	express 40 4 0000
	device 0000:00:01.0
	driver pcieport
	group 14
}

# make_nic DEVCTL: a NIC, alone in group 5, behind dmar0
make_nic()
{
	new_tree
	config 02:00.0 8086 1533 020000
	express a0 0 "$1"
	device 0000:02:00.0 pci0000:00/0000:00:02.0
	driver igb
	group 5
	iommu dmar0 7e3ff0505e
}

# copy NAME COMMAND...: makes a copy of the tree that COMMAND makes. COMMAND runs only once.
copy()
{
	local name=$work/made-$1
	shift

	if [ ! -e "$name" ]; then
		"$@"
		cp -a "$tree" "$name"
	fi
	rm -rf "$tree"
	cp -a "$name" "$tree"
}

gpu()
{
	copy gpu make_gpu
	gpu_folder=$tree/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0
	# shellcheck disable=SC2034 # the caller uses it
	sound_folder=$tree/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.1
	folder=$gpu_folder
}

# nic [DEVCTL]
nic()
{
	local devctl=${1:-2810}

	copy "nic-$devctl-${SIZE:-}" make_nic "$devctl"
	folder=$tree/sys/devices/pci0000:00/0000:00:02.0/0000:02:00.0
}

# process PID NAME FILE...: there is a process with these files open
process()
{
	local pid=$1 fd=3 file
	mkdir -p "$tree/proc/$pid/fd" "$tree/proc/$pid/fdinfo"
	echo "$2" >"$tree/proc/$pid/comm"
	shift 2
	for file; do
		ln -s "$file" "$tree/proc/$pid/fd/$fd"
		echo "pos:	0" >"$tree/proc/$pid/fdinfo/$fd"
		fd=$((fd + 1))
	done
}

vf()
{
	nic "$1" && pf_folder=$folder && config 02:10.0 ffff ffff 020000 && express a0 0 0000 &&
		device 0000:02:10.0 pci0000:00/0000:00:02.0 && group 6 && iommu dmar0 &&
		echo 0x8086 >"$folder/vendor" && echo 0x10ca >"$folder/device" &&
		link "$pf_folder" "$folder/physfn"
}

# parameter NAME VALUE: the driver is a loaded module, and its parameter has this value
parameter()
{
	mkdir -p "$tree/sys/module/vfio_pci_nosnoop/parameters" &&
		echo live >"$tree/sys/module/vfio_pci_nosnoop/initstate" &&
		echo "$2" >"$tree/sys/module/vfio_pci_nosnoop/parameters/$1"
}

# lockdown MODE: none, integrity or confidentiality
lockdown()
{
	mkdir -p "$tree/sys/kernel/security" && echo "none integrity confidentiality" |
		sed "s/$1/[&]/" >"$tree/sys/kernel/security/lockdown"
}

# companion ADDRESS DEVICE CLASS: a function in group 5 with the header of an endpoint and
# without capabilities, as processors and chipsets have them
companion()
{
	config "$1" 8086 "$2" "$3" && put 2 6 0000 && device "0000:$1" && group 5 && iommu dmar0
}

# refuses WORDS ARGUMENT...: the command fails with these words, and writes nothing
refuses()
{
	local words=$1
	shift

	is "$(run "$@")" 1 && contains "$(cat "$work/err")" "$words" &&
		is "$(find "$tree/sys" \( -name bind -o -name unbind -o -name drivers_probe \) -size +0)" "" &&
		is "$(cat "$tree"/sys/devices/pci*/*/driver_override "$tree"/sys/devices/pci*/*/*/driver_override 2>/dev/null | sort -u)" "(null)"
}
