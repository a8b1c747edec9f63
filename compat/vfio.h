/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For kernels without the changes to VFIO's core in patches/core/: the driver
 * builds and keeps its promise, but nobody asks it. KVM takes the device's DMA
 * for non-coherent, if the IOMMU does not enforce snooping, and the core does
 * not keep the user from the BARs while mastering is turned on.
 *
 * Included before all else, so it includes nothing itself.
 */
#define vfio_device_set_enforces_coherency(device)	((void)(device))
#define vfio_pci_core_set_master_gate(vdev, gate)	((void)(vdev), (void)(gate))
