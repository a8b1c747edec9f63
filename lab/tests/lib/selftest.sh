# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that run the vfio selftests on a device, in the one IOMMU mode that every
# kernel has, or that see them fail on vfio-pci. Sourced, after tap.sh.

# The harness takes the first filter that matches.
ONE_MODE=(-V vfio_type1_iommu -V iommufd_compat_type1 -V iommufd_compat_type1v2 -V iommufd)

# selftest BDF PROGRAM [TEST...]: runs all of its tests, or only these
selftest()
{
	local bdf=$1 program=$2 filters=("${ONE_MODE[@]}")
	shift 2

	[ $# -gt 0 ] || filters=(-v vfio_type1v2_iommu)
	"/lab/selftests/$program" "${filters[@]}" "${@/#/-t}" "$bdf"
}

# by_runner MODES BDF PROGRAM...: the same by the kernel's own runner, with the TAP of the
# programs, but without the runner's own around it. MODES are options of the harness; without
# any, all IOMMU modes are tested. In emulation a program takes longer than the 45 s that the
# runner gives it on hardware.
by_runner()
{
	local modes=$1 bdf=$2 programs=() program
	shift 2

	for program; do
		programs+=(-t "vfio:vfio_pci_nosnoop_$program")
		export "KSELFTEST_VFIO_PCI_NOSNOOP_${program^^}_ARGS=$modes"
	done
	VFIO_SELFTESTS_BDF=$bdf /lab/selftests/kselftest/run_kselftest.sh \
		--override-timeout 1800 "${programs[@]}" |
		sed -nE "s/^# ((not )?ok [0-9]+ )/\1/p; s/^(not ok [0-9]+)( selftests: vfio: )/\1 the whole of /p; /^# [^#]/p"
}

# fails BDF PROGRAM TEST TEXT: TEST ran, failed, and printed TEXT, which it prints only if
# it found what it looks for. Enable No Snoop is 0 before it, so that TEST itself has to set
# the bit: a test that does nothing would pass. With BEFORE=1 the bit is set, for tests
# of what open has to do.
fails()
{
	local output status=0

	output=$(VFIO_NOSNOOP_BEFORE=${BEFORE:-0} selftest "$1" "$2" "$3" 2>&1) || status=$?
	echo "$output"
	[ $status != 0 ]
	contains "$output" "not ok 1 $2.vfio_type1v2_iommu.$3"
	contains "$output" "$4"
}
