# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that run the vfio selftests on a device: in one IOMMU mode, which every
# kernel has, and to see them fail on vfio-pci. Sourced, after tap.sh.

# The harness takes the first filter that matches.
ONE_MODE=(-V vfio_type1_iommu -V iommufd_compat_type1 -V iommufd_compat_type1v2 -V iommufd)

# selftest BDF PROGRAM [TEST...]: all of its tests, or those
selftest()
{
	local bdf=$1 program=$2 filters=("${ONE_MODE[@]}")
	shift 2

	[ $# -gt 0 ] || filters=(-v vfio_type1v2_iommu)
	"/lab/selftests/$program" "${filters[@]}" "${@/#/-t}" "$bdf"
}

# fails BDF PROGRAM TEST TEXT: it ran, was not ok, and says TEXT, which nothing says
# but what the test looks for. Enable No Snoop is 0 before, for then the test itself
# has to set it: one that does nothing passes. BEFORE=1 for what open has to do.
fails()
{
	local output status=0

	output=$(VFIO_NOSNOOP_BEFORE=${BEFORE:-0} selftest "$1" "$2" "$3" 2>&1) || status=$?
	echo "$output"
	[ $status != 0 ]
	contains "$output" "not ok 1 $2.vfio_type1v2_iommu.$3"
	contains "$output" "$4"
}
