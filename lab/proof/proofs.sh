# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What is proved: each line names a function prove_NAME of this folder. For each there is
# at least one wrong edit of the driver, or of a rule of vfio-pci, that refutes it. See
# proof() and broken() in lab/inside/prove. Sourced.

# The longest first, so that two are at work until the end
proof write_pm_ctrl "the driver looks at the bit just before and just after each write of PM_CTRL's dword, and otherwise only for COMMAND"
proof write_command "the driver looks at the bit, with success, just before each write of COMMAND, and looks again just after"
proof write_order "each byte of a write is passed on once and in order, except Device Status after the byte with the bit, and that byte never goes to the core"
proof write_result "a write moves the position by its length, or returns the error of the part that failed"
proof write_whole "a chunk that is written in pieces is in memory before the first piece is written"
proof write_locks "config access is unlocked while the driver waits for user memory, and at the end"
proof write_power "the device is kept in D0 only for what the driver does itself, and each time released"
proof write_hardware "the bit and FLR never reach hardware, other bits do and have their effect, and the driver looks first if the bit is on"
proof write_range "nothing is written if any byte is beyond config space"
proof write_as_core "a write of a dword that is left to the core goes there unchanged"

proof devctl_hardware "Device Control is written as by vfio-pci, except for the bit"
proof devctl_copy "virtual bits are kept as by vfio-pci"
proof devctl_reset "the same writes reset the function as with vfio-pci"
proof devctl_readrq "MRRS is set when vfio-pci sets it, and to the same value"
proof devctl_status "vfio-pci changes nothing for a write of Device Status"
proof devctl_read "Device Control reads as with vfio-pci, except for the bit"

proof read_clear "the bit is 0 in the user's buffer, also after a read that fails later on"
proof read_as_core "MRRS reads as it was last written, and all other bits as the core has them"
proof read_moves "a read moves the position if it succeeds, and otherwise fails as the core's read or with EFAULT"

proof written_clear "Enable No Snoop is never written as 1"
proof written_without_flr "FLR is never written as 1"
proof shown_clear "Enable No Snoop reads as 0"
proof shown_as_core "MRRS reads as it was written, and all other bits as the core has them"
proof readrq "the size of a read request is a power of two from 128 to 16384"
proof covers "an access covers a byte exactly if it contains that byte"
proof registers "COMMAND is recognized by each of its bytes, PM_CTRL by each byte of its dword"
proof core "a dword is left to the core if the driver cares for none of its bytes"
proof segment "a segment is aligned, and Device Control is written byte by byte"
proof segment_start "a segment's start tells whether it has a byte that the driver cares for"
proof segment_at_once "a segment in one capability is one chunk for the core"
proof segment_chunks "segments do not change the core's chunks, except in one dword"
proof mirror_in_page "a range that is said to share a page with a mirror does"
proof mirror_in_no_page "a range that is said to share none has no byte in such a page"
proof mirror_segment "a segment of BAR0 is all in one mirror or in none, and as long as possible"
proof mirror_segment_moves "a segment of BAR0 is never empty"
proof mirror_pages "a mirror's pages are those from its first byte to its last"
proof msi_ack "exactly the writes within MSI's two read-only bytes acknowledge MSI"

broken "COMMAND is written without a look before" write_command config.c \
	'0,/held = nosnoop_hold(nosnoop, cause)/s//held = 0/'
broken "COMMAND is written without a look after" write_command config.c \
	'/buf, count, ppos);/{n;s/nosnoop_hold(nosnoop, cause)/0/}'
broken "COMMAND is written though the look failed" write_command config.c \
	's/if (held && command)/if (0)/'
broken "COMMAND's upper byte does not count as COMMAND" write_command policy.h \
	's/pos == PCI_COMMAND || pos == PCI_COMMAND + 1/pos == PCI_COMMAND/'
broken "COMMAND is written with all that follows it" write_command policy.h \
	's/hi_pos) ? 1 : chunk/hi_pos) ? 1 : count/'
broken "COMMAND is written with the dword before it" write_command config.c \
	's/pos % sizeof(u32) + count <= sizeof(u32) &&//'
broken "PM_CTRL is left to the core" write_pm_ctrl config.c \
	's/ && !nosnoop_is_pm(pos, nosnoop->pm_pos))$/)/'
broken "PM_CTRL's dword is left to the core" write_pm_ctrl policy.h \
	's/ && !nosnoop_is_pm(pos, pm_pos);/;/'
broken "the driver looks at the bit for every write" write_pm_ctrl config.c \
	's/^\tif (pos != nosnoop->hi_pos && !command && .*/\tif (0)/'
broken "the byte with the bit is left to the core" write_order config.c \
	's/pos != nosnoop->hi_pos && !command/!command/'
broken "the byte with the bit is written with its dword" write_order policy.h \
	's|pos / sizeof(u32) != hi_pos / sizeof(u32) && ||'
broken "the byte with the bit is written with the one before it" write_order policy.h \
	's/nosnoop_covers(pos, chunk, hi_pos) ? 1 : chunk/chunk/'
broken "each piece is the first" write_order config.c \
	's/buf + done, count - done/buf, count - done/'
broken "the last byte is left out" write_order config.c \
	's/while (done < count)/while (done + 1 < count)/'
broken "a byte after Device Status is skipped with it" write_order config.c \
	's/return min(count, sizeof(u32) - 1)/return min(count, sizeof(u32))/'
broken "a look that fails refuses PM_CTRL" write_result config.c \
	's/if (held && command)/if (held)/'
broken "the look after COMMAND does not count" write_result config.c \
	's/return held && command ? held : ret/return ret/'
broken "the position moves with what was written before an error" write_result config.c \
	's/^\t\t\treturn ret;/{\n\t\t\t*ppos += done;\n&\n\t\t}/'
broken "an error is not returned if something was written before it" write_result config.c \
	's/^\t\t\treturn ret;/\t\t\treturn done ?: ret;/'
broken "a device that stays asleep gives another error" write_result config.c \
	's/return -EIO/return -EFAULT/'
broken "only the first byte is faulted in" write_whole config.c \
	's/fault_in_readable(buf, min(count, sizeof(u32)))/fault_in_readable(buf, 1)/'
broken "the user's byte is read with config access locked" write_locks config.c \
	'/^\tif (get_user(user, buf))/,+1d; s/^\told = /\tif (get_user(user, buf))\n\t\treturn -EFAULT;\n&/'
broken "config access stays locked" write_locks config.c \
	's/^\tpci_cfg_access_unlock(pdev);//'
broken "the reset is done with config access locked" write_locks config.c \
	'/^\tpci_cfg_access_unlock(pdev);/d; s/^\treturn min(count,/\tpci_cfg_access_unlock(pdev);\n&/'
broken "MRRS is set with config access unlocked" write_locks config.c \
	'/^\t\tif (nosnoop_readrq(user) != nosnoop_readrq(old))/,+2d; s/^\tpci_cfg_access_unlock(pdev);/&\n\tif (nosnoop_readrq(user) != nosnoop_readrq(old))\n\t\tpcie_set_readrq(pdev, max(nosnoop_readrq(user), pcie_get_mps(pdev)));/'
broken "an error leaves the device in D0" write_power config.c \
	's/^\tpm_runtime_put(/\tif (ret < 0)\n\t\treturn ret;\n&/'
broken "the device may sleep when it is written" write_power config.c \
	'/^\tpm_runtime_put(dev);/d; /^\tif (pm_runtime_resume_and_get(/{n;s/$/\n\tpm_runtime_put(dev);/}'
broken "a device that stays asleep is written" write_power config.c \
	's/^\t\treturn -EIO;/\t\tret = -EIO;/'
broken "the core's pieces wake the device, too" write_power config.c \
	's/^\tif (pos != nosnoop->hi_pos && !command && .*/\tif (0)/'
broken "the user's byte goes to hardware" write_hardware config.c \
	's/nosnoop_hi_to_hw(hw, user)/user/'
broken "a function that does not answer is written" write_hardware config.c \
	's/!PCI_POSSIBLE_ERROR(hw)/1/'
broken "the byte is written without a look at the bit" write_hardware config.c \
	'/^\tif (hw & NOSNOOP_HI(/,+1d'
broken "the driver looks even if the bit is off" write_hardware config.c \
	's/^\tif (hw & NOSNOOP_HI(.*/\tif (1)/'
broken "MRRS may be less than MPS" write_hardware config.c \
	's/max(nosnoop_readrq(user),/min(nosnoop_readrq(user),/'
broken "a range that wraps around passes" write_range config.c \
	's/count > cfg_size - min(pos, cfg_size)/pos + count > cfg_size/'
broken "the part within config space is written first" write_range config.c \
	's/count > cfg_size - min(pos, cfg_size)/pos >= cfg_size/'
broken "the core accepts any range" write_range kernel.h \
	's/^\t\treturn -EFAULT;/\t\treturn 0;/'
broken "what is left to the core goes there in pieces" write_as_core config.c \
	's/if (likely(pos %/if (likely(0 \&\& pos %/'
broken "the core gets a copy of the position" write_as_core config.c \
	's/vfio_pci_core_write(&nosnoop->core.vdev, buf, count, ppos);$/vfio_pci_core_write(\&nosnoop->core.vdev, buf, count, \&(loff_t){ *ppos });/'

broken "Phantom Functions is writable" devctl_hardware policy.h \
	's/PCI_EXP_DEVCTL_EXT_TAG |/PCI_EXP_DEVCTL_PHANTOM | &/'
broken "Aux Power PM is not writable" devctl_hardware policy.h \
	's/PCI_EXP_DEVCTL_AUX_PME)/PCI_EXP_DEVCTL_EXT_TAG)/'
broken "MRRS is written as it is" devctl_hardware policy.h \
	's/PCI_EXP_DEVCTL_EXT_TAG |/PCI_EXP_DEVCTL_READRQ | &/'
broken "MRRS is not kept" devctl_copy config.c \
	's/WRITE_ONCE(nosnoop->hi, user)/(void)0/'
broken "another bit is taken for FLR" devctl_reset config.c \
	's/user & NOSNOOP_HI(PCI_EXP_DEVCTL_BCR_FLR)/user \& NOSNOOP_HI(PCI_EXP_DEVCTL_AUX_PME)/'
broken "FLR is done even if the function does not have it" devctl_reset config.c \
	's/pdev->devcap & PCI_EXP_DEVCAP_FLR/1/'
broken "MRRS is set each time" devctl_readrq config.c \
	's/nosnoop_readrq(user) != nosnoop_readrq(old)/1/'
broken "MRRS is shifted too far" devctl_readrq policy.h 's/READRQ)) >> 4/READRQ)) >> 5/'
broken "Device Status has a bit that can be written" devctl_status kernel.h \
	's/^\tp_setw(perm, PCI_EXP_DEVCTL2,/\tp_setw(perm, PCI_EXP_DEVSTA, NO_VIRT, PCI_EXP_DEVSTA_CED);\n&/'
broken "Device Status has a bit in the core's copy" devctl_status kernel.h \
	's/^\tp_setw(perm, PCI_EXP_DEVCTL2,/\tp_setw(perm, PCI_EXP_DEVSTA, PCI_EXP_DEVSTA_AUXPD, PCI_EXP_DEVSTA_AUXPD);\n&/'
broken "MRRS is shown as in the core's copy" devctl_read policy.h \
	's/HI(PCI_EXP_DEVCTL_READRQ | PCI_EXP_DEVCTL_NOSNOOP_EN)/HI(PCI_EXP_DEVCTL_NOSNOOP_EN)/'

broken "a read that fails is left as it is" read_clear config.c \
	's/^\tif (nosnoop_covers(pos, count/\tif (ret > 0 \&\& nosnoop_covers(pos, count/'
broken "MRRS reads as 0" read_as_core config.c 's/READ_ONCE(nosnoop->hi)/0/'
broken "a read that fails after the core's part moves the position" read_moves config.c \
	'/ret = vfio_pci_core_read(/s/$/\n\t*ppos = next;/'
broken "the core's error is replaced" read_moves config.c \
	's/ret < 0 ? ret : -EFAULT/-EFAULT/'
broken "a read does not move the position" read_moves config.c 's/\*ppos = next;//'

broken "the bit passes through in writes" written_clear policy.h \
	's/PCI_EXP_DEVCTL_AUX_PME)/PCI_EXP_DEVCTL_AUX_PME | PCI_EXP_DEVCTL_NOSNOOP_EN)/'
broken "the bit is left as it is in hardware" written_clear policy.h \
	's/NOSNOOP_HI(PCI_EXP_DEVCTL_NOSNOOP_EN |/NOSNOOP_HI(/'
broken "FLR is left as it is in hardware" written_without_flr policy.h \
	's/^[[:space:]]*PCI_EXP_DEVCTL_BCR_FLR));/0));/'
broken "the bit is shown in reads" shown_clear policy.h \
	's/PCI_EXP_DEVCTL_READRQ | PCI_EXP_DEVCTL_NOSNOOP_EN/PCI_EXP_DEVCTL_READRQ/'
broken "Phantom Functions reads as 0" shown_as_core policy.h \
	's/PCI_EXP_DEVCTL_READRQ | PCI_EXP_DEVCTL_NOSNOOP_EN/PCI_EXP_DEVCTL_PHANTOM | &/'
broken "read requests are twice as large" readrq policy.h 's/return 128 <</return 256 <</'
broken "an access covers the byte after it" covers policy.h \
	's/count > byte - pos/count >= byte - pos/'
broken "only the lower half of PM_CTRL's dword counts as PM_CTRL" registers policy.h \
	's/round_down(pos, sizeof(u32))/round_down(pos, sizeof(u16))/'
broken "STATUS is taken for COMMAND" registers policy.h \
	's/pos == PCI_COMMAND + 1/pos == PCI_COMMAND + 2/'
broken "the dword with COMMAND is left to the core" core policy.h \
	's|pos / sizeof(u32) != PCI_COMMAND / sizeof(u32) &&||'
broken "the dword with the bit is left to the core" core policy.h \
	's|pos / sizeof(u32) != hi_pos / sizeof(u32) && ||'
broken "the dword with PM_CTRL is left to the core" core policy.h \
	's/ && !nosnoop_is_pm(pos, pm_pos);/;/'
broken "only the first dword is left to the core" core policy.h \
	's|pos / sizeof(u32) != PCI_COMMAND / sizeof(u32)|pos < PCI_COMMAND|'
broken "a segment may start anywhere" segment policy.h \
	's/count >= 2 && pos % 2 == 0/count >= 2/'
broken "the byte with the bit is in a segment with what precedes it" segment_start policy.h \
	's/nosnoop_covers(pos, chunk, hi_pos) ? 1 : chunk/chunk/'
broken "a segment is longer than a chunk" segment_at_once policy.h \
	's/count >= 4 && pos % 4 == 0/count >= 4/'
broken "a segment is shorter than a chunk" segment_chunks policy.h \
	's/chunk = 2;/chunk = 1;/'
broken "one page more counts as a page with a mirror" mirror_in_page policy.h \
	's/nosnoop_mirror_start(mirrors) - pos < count/nosnoop_mirror_start(mirrors) - pos <= count/'
broken "only the first page is looked at" mirror_in_no_page policy.h \
	's/nosnoop_mirror_start(mirrors) - pos < count/0/'
broken "a mirror ends a byte later" mirror_segment policy.h \
	's/return min(count, mirrors->offset + mirrors->size - pos)/return min(count, mirrors->offset + mirrors->size + 1 - pos)/'
broken "what precedes a mirror is in one segment with it" mirror_segment policy.h \
	's/return min(count, mirrors->offset - pos)/return count/'
broken "the byte after a mirror counts as in it" mirror_segment_moves policy.h \
	's/pos >= mirrors->offset + mirrors->size/pos > mirrors->offset + mirrors->size/'
broken "a mirror's last page is left out" mirror_pages policy.h \
	's/return round_up(/return round_down(/'
broken "MSI's flags acknowledge it" msi_ack policy.h \
	's/msi_cap + PCI_MSI_FLAGS/msi_cap + PCI_MSI_FLAGS + 1/'
broken "the end of config space acknowledges MSI" msi_ack policy.h 's/return msi_cap &&/return/'
