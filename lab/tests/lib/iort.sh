# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests that give vfio-nosnoop a dump, $work/dump, and a copy of the ACPI table IORT,
# $work/table. Sourced, after command.sh.

# shellcheck source=cli/tests/bytes.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../cli/tests/bytes.sh"

# table_says SNOOPING STATUS VERDICT WORDS: vfio-nosnoop says this of $model, as JSON, by
# its exit status and in words
table_says()
{
	local dumped=(-F "$work/dump" --iort "$work/table" status "$model")

	is "$(json '.devices[0] | [.iommu.kind, .iommu.enforces_snooping, .verdict]' "${dumped[@]}")" \
		"[\"SMMUv3\",$1,\"$3\"]"
	is "$(run "${dumped[@]}")" "$2"
	contains "$(flat)" "an Arm SMMUv3, which enforces snooping if the root complex has CANWBS."
	contains "$(flat)" "$4"
}
