# SPDX-License-Identifier: GPL-2.0-only
#
# Reads a part of a model's log. Prints how many moments there were, how many of them a
# reset ended, and how many have not ended. A moment ends with a reset, with a write of
# COMMAND without mastering, or with a write of DEVCTL without the bit. If that last write
# is one of the whole word and changes other bits of DEVCTL, too, it is the PCI core's
# restore, and so a part of a reset: the driver clears only the bit, and writes the user's
# byte alone. A write of COMMAND that directly precedes a device_reset is QEMU's, which turns
# mastering off before it resets the device, and so a part of that reset.

/"event":"moment"/ { moments++; lasts = 1; stopped = 0; next }
/"event":"reset"/ { resets += lasts || stopped && /"cause":"device_reset"/; lasts = 0 }
{ stopped = 0 }
/"event":"command".*"new":"0x[0-9a-f]*[012389ab]"/ { stopped = lasts; lasts = 0 }
/"event":"devctl".*"new":"0x.[0-7][0-9a-f]*"/ {
	match($0, /"old":"0x[^"]*/); old = substr($0, RSTART + 9, 4)
	match($0, /"new":"0x[^"]*/); new = substr($0, RSTART + 9, 4)
	same = substr(old, 1, 1) substr(old, 3) == substr(new, 1, 1) substr(new, 3)
	same = same && index("89abcdef", substr(old, 2, 1)) == index("01234567", substr(new, 2, 1))
	if (lasts && !same && /"bytes":2,/)
		resets++
	lasts = 0
}
END { print moments + 0, resets + 0, lasts + 0 }
