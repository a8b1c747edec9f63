# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Headers of Debian's kernels that the root file system does not have, to lay over it: 6.1,
# of the release before, and 7.2, which backports had before the newest. They are downloaded
# only when somebody builds for these kernels. Sourced, after common.sh and rootfs.sh.

# headers: prints the folder, and gets the headers first if they are not there
headers()
{
	cached headers "$(key_of lab/lib/headers.sh lab/inside/headers)-${ROOTFS##*-}" \
		"unpacking headers of other kernels (about 28 MB to download, 180 MB in $CACHE)" \
		unpack_layer headers
}
