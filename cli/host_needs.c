// SPDX-License-Identifier: GPL-2.0-only
/* What the host cannot do without: file systems, swap and the default route */

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <libmount.h>

#include "host_needs.h"
#include "sysroot.h"

#define DEPTH_MAX	16	/* of stacked devices, which may form a loop by mistake */

static bool on_block(const char *name, const char *bdf, int depth);

/* Whether there is a folder named BDF in the device's path */
static bool has_folder(const char *path, const char *bdf)
{
	char folder[NAME_SIZE];

	snprintf(folder, sizeof(folder), "/%s/", bdf);
	return strstr(path, folder);
}

/* A namespace with several paths is not in the folder of any of its controllers. */
static bool on_nvme_paths(const char *path, const char *bdf)
{
	char folder_path[PATH_SIZE], real[PATH_SIZE];
	const char *at = strstr(path, "/nvme-subsystem/"), *end;
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	if (!at)
		return false;
	at += strlen("/nvme-subsystem/");
	end = at + strcspn(at, "/");
	sysroot_path(folder_path, "%.*s", (int)(end - path), path);
	folder = opendir(folder_path);
	while (folder && !found && (entry = readdir(folder))) {
		if (strncmp(entry->d_name, "nvme", 4) ||
		    sysroot_real(real, "%.*s/%s", (int)(end - path), path, entry->d_name))
			continue;
		strcat(real, "/");
		found = has_folder(real, bdf);
	}
	if (folder)
		closedir(folder);
	return found;
}

/* Whether any of the block devices that a folder links to is on the function */
static bool on_any_block(const char *folder_path, const char *bdf, int depth)
{
	struct dirent *entry;
	bool found = false;
	DIR *folder = opendir(folder_path);

	while (folder && !found && (entry = readdir(folder)))
		if (*entry->d_name != '.')
			found = on_block(entry->d_name, bdf, depth);
	if (folder)
		closedir(folder);
	return found;
}

/* Whether a disk, a partition, or a device made of such is on the function */
static bool on_block(const char *name, const char *bdf, int depth)
{
	char path[PATH_SIZE], slaves[PATH_SIZE];

	if (!depth || sysroot_real(path, "/sys/class/block/%s", name))
		return false;
	if (has_folder(path, bdf) || on_nvme_paths(path, bdf))
		return true;
	/* A partition has no slaves of its own, its disk has. */
	if (sysroot_has("%s/partition", path)) {
		*strrchr(path, '/') = '\0';
		return on_block(strrchr(path, '/') + 1, bdf, depth - 1);
	}
	sysroot_path(slaves, "%s/slaves", path);
	return on_any_block(slaves, bdf, depth - 1);
}

/* The names in /dev/mapper and those that udev makes are links to the kernel's names. */
static bool on_node(const char *node, const char *bdf)
{
	char path[PATH_SIZE], *name;

	if (strncmp(node, "/dev/", 5))
		return false;
	if (sysroot_real(path, "%s", node))
		snprintf(path, sizeof(path), "%s", node);
	name = strrchr(path, '/') + 1;
	return on_block(name, bdf, DEPTH_MAX);
}

static bool on_number(dev_t number, const char *bdf)
{
	char name[NAME_SIZE];

	return !sysroot_link(name, "/sys/dev/block/%u:%u", major(number), minor(number)) &&
	       on_block(name, bdf, DEPTH_MAX);
}

/* Whether a file system or swap is on the function. TEXT says which. */
static bool mounts_need(const char *bdf, char *text, size_t size)
{
	struct libmnt_table *table = mnt_new_table();
	struct libmnt_iter *each = mnt_new_iter(MNT_ITER_FORWARD);
	char mounts[PATH_SIZE], swaps[PATH_SIZE];
	struct libmnt_fs *fs;
	bool found = false;

	sysroot_path(mounts, "/proc/self/mountinfo");
	sysroot_path(swaps, "/proc/swaps");
	mnt_table_parse_file(table, mounts);
	mnt_table_parse_swaps(table, swaps);
	while (!found && !mnt_table_next_fs(table, each, &fs)) {
		const char *source = mnt_fs_get_source(fs);
		bool swap = mnt_fs_is_swaparea(fs);

		found = on_number(mnt_fs_get_devno(fs), bdf) || (source && on_node(source, bdf));
		if (found)
			snprintf(text, size, swap ? "the swap on %s" :
				 "the file system mounted on %s",
				 swap ? source : mnt_fs_get_target(fs));
	}
	mnt_free_iter(each);
	mnt_unref_table(table);
	return found;
}

/* mountinfo has only one of the devices of a btrfs, sysfs has all. */
static bool btrfs_needs(const char *bdf, char *text, size_t size)
{
	char path[PATH_SIZE], devices[PATH_SIZE];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	sysroot_path(path, "/sys/fs/btrfs");
	folder = opendir(path);
	while (folder && !found && (entry = readdir(folder))) {
		if (*entry->d_name == '.')
			continue;
		sysroot_path(devices, "/sys/fs/btrfs/%s/devices", entry->d_name);
		found = on_any_block(devices, bdf, DEPTH_MAX);
		if (found)
			snprintf(text, size, "the mounted btrfs %s", entry->d_name);
	}
	if (folder)
		closedir(folder);
	return found;
}

/* Whether the interface belongs to the function, or is made of one that does */
static bool on_interface(const char *name, const char *bdf, int depth)
{
	char path[PATH_SIZE], real[PATH_SIZE];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	if (!depth || sysroot_real(real, "/sys/class/net/%s", name))
		return false;
	if (has_folder(real, bdf))
		return true;
	sysroot_path(path, "/sys/class/net/%s", name);
	folder = opendir(path);
	while (folder && !found && (entry = readdir(folder)))
		if (!strncmp(entry->d_name, "lower_", 6))
			found = on_interface(entry->d_name + 6, bdf, depth - 1);
	if (folder)
		closedir(folder);
	return found;
}

static bool route_needs(const char *bdf, char *text, size_t size)
{
	char line[PATH_SIZE], name[NAME_SIZE], to[NAME_SIZE], mask[NAME_SIZE];
	bool found = false;
	FILE *routes;

	routes = sysroot_open("/proc/net/route");
	while (routes && !found && fgets(line, sizeof(line), routes))
		found = sscanf(line, "%63s %63s %*s %*s %*s %*s %*s %63s", name, to, mask) == 3 &&
			!strcmp(to, "00000000") && !strcmp(mask, "00000000") &&
			on_interface(name, bdf, DEPTH_MAX);
	if (routes)
		fclose(routes);

	routes = sysroot_open("/proc/net/ipv6_route");
	while (routes && !found && fgets(line, sizeof(line), routes))
		found = sscanf(line, "%63s %63s %*s %*s %*s %*s %*s %*s %*s %63s",
			       to, mask, name) == 3 &&
			strspn(to, "0") == 32 && !strcmp(mask, "00") &&
			on_interface(name, bdf, DEPTH_MAX);
	if (routes)
		fclose(routes);

	if (found)
		snprintf(text, size, "the default route, through %s", name);
	return found;
}

/**
 * host_needs() - What the host would lose with a function
 * @bdf: the function's address
 * @what: what it would lose, in words
 * @size: of @what
 *
 * Return: @what, or NULL if nothing was found. ZFS is not found.
 */
const char *host_needs(const char *bdf, char *what, size_t size)
{
	char text[NAME_SIZE];

	if (mounts_need(bdf, what, size) || btrfs_needs(bdf, what, size) ||
	    route_needs(bdf, what, size))
		return what;
	if (!sysroot_read(text, sizeof(text), "/sys/bus/pci/devices/%s/boot_vga", bdf) &&
	    !strcmp(text, "1")) {
		snprintf(what, size, "the display that the machine booted with");
		return what;
	}
	return NULL;
}
