# SPDX-License-Identifier: GPL-2.0-only
#
# Whether the results of "compare" are as they have to be on the kernel $kernel of a
# $machine: vfio-pci shows the problem and vfio-pci-nosnoop does not, and KVM was told of
# the device where the kernel can tell it, which Arm's cannot.

if $machine == "aarch64" then
	[.before, .after | .kvm_registered_noncoherent_dma] == [null, null]
else
	(.before.kvm_registered_noncoherent_dma > 0) and
	((.after.kvm_registered_noncoherent_dma > 0) == ($kernel == "newest")) and
	($kernel == "newest" or .by_group.kvm_registered_noncoherent_dma > 0)
end and
(.before | .lspci.while_open == 1
	and ([.guest[].no_snoop] | max) == 1
	and .hardware.no_snoop_requests > 0 and .hardware.moments > 0
	and ([.guest[].corrupted] | add) > 0) and
(.after | .lspci == {before_open: 1, while_open: 0, after_close: 1}
	and ([.guest[] | .no_snoop + .set_by_writes] | add) == 0
	and .hardware.requests > 0
	and .hardware.no_snoop_requests == 0 and .hardware.moments == 0
	and ([.guest[].corrupted] | add) == 0)
