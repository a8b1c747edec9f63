# SPDX-License-Identifier: GPL-2.0-only
#
# Reads a trace of the kernel's allocator. Prints how much was allocated and not freed, and
# how much of that is the structure for the device, as requested and as allocated. Nodes of
# radix trees do not count, because many objects share one, and only some allocations need
# a new one. Fails if nothing was allocated.

function field(name) {
	match($0, " " name "=[^ ]*")
	return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
}
/ name=radix_tree_node / { next }
/ (kmalloc|kmem_cache_alloc): / { live[field("ptr")] = field("bytes_alloc") }
/ (kfree|kmem_cache_free): / { delete live[field("ptr")] }
/ kmalloc: .*_vfio_alloc_device/ {
	structure = field("bytes_req")
	allocated = field("bytes_alloc")
}
END {
	for (ptr in live)
		memory += live[ptr]
	if (!memory || !structure)
		exit 1
	printf "{\"driver\":\"%s\",\"memory\":%d,\"structure\":%d,\"allocated\":%d}\n",
		driver, memory, structure, allocated
}
