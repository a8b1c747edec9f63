// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who uses a function: processes that have it open through VFIO, and what the
 * host cannot do without, which is file systems, swap and the default route.
 */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "message.h"
#include "users.h"

#define DEPTH_MAX	16	/* of devices upon devices, with loops by mistake */

/* One open file of VFIO's */
struct opened {
	struct user user;
	enum { OPENED_GROUP, OPENED_CDEV, OPENED_DEVICE } what;
	char name[TREE_WORD];	/* group's number, vfioN, or the address */
};

static struct opened *opened;
static int nr_opened;
static bool looked, incomplete;

static void add_opened(const struct user *user, int what, const char *name)
{
	opened = allocate(opened, nr_opened + 1, sizeof(*opened));
	opened[nr_opened].user = *user;
	opened[nr_opened].what = what;
	snprintf(opened[nr_opened].name, TREE_WORD, "%s", name);
	nr_opened++;
}

/*
 * An open function is an anonymous inode, of which the kernel tells since 6.18
 * what it is. Before that it is "", which may be any of the process's groups.
 */
static void add_device(const struct user *user, const char *fd)
{
	static const char key[] = "vfio-device-syspath:";
	char line[TREE_PATH] = "", *last = NULL;
	FILE *info;

	info = tree_open("/proc/%d/fdinfo/%s", user->pid, fd);
	while (info && fgets(line, sizeof(line), info)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		line[strcspn(line, "\n")] = '\0';
		last = strrchr(line, '/');
		break;
	}
	if (info)
		fclose(info);
	add_opened(user, OPENED_DEVICE, last ? last + 1 : "");
}

static void look_at_fd(const struct user *user, const char *fd)
{
	static const char cdev[] = "/dev/vfio/devices/", group[] = "/dev/vfio/";
	char path[TREE_PATH], target[TREE_PATH];
	ssize_t length;

	tree_path(path, "/proc/%d/fd/%s", user->pid, fd);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return;
	target[length] = '\0';
	if (!strncmp(target, cdev, strlen(cdev)))
		add_opened(user, OPENED_CDEV, target + strlen(cdev));
	else if (!strncmp(target, group, strlen(group)) &&
		 isdigit(target[strlen(group)]))
		add_opened(user, OPENED_GROUP, target + strlen(group));
	else if (!strcmp(target, "anon_inode:[vfio-device]"))
		add_device(user, fd);
}

static void look_at_process(int pid)
{
	struct user user = { .pid = pid };
	char path[TREE_PATH];
	struct dirent *entry;
	DIR *folder;

	tree_path(path, "/proc/%d/fd", pid);
	folder = opendir(path);
	if (!folder) {
		/* One that has ended meanwhile has nothing open. */
		if (errno != ENOENT && errno != ESRCH)
			incomplete = true;
		return;
	}
	tree_read(user.name, sizeof(user.name), "/proc/%d/comm", pid);
	while ((entry = readdir(folder)))
		if (isdigit(*entry->d_name))
			look_at_fd(&user, entry->d_name);
	closedir(folder);
}

static void look(void)
{
	char path[TREE_PATH];
	struct dirent *entry;
	DIR *folder;

	if (looked)
		return;
	looked = true;
	tree_path(path, "/proc");
	folder = opendir(path);
	if (!folder) {
		incomplete = true;
		return;
	}
	while ((entry = readdir(folder)))
		if (isdigit(*entry->d_name))
			look_at_process(atoi(entry->d_name));
	closedir(folder);
}

/* Whether this process has open functions that the kernel does not name */
static bool has_nameless(int pid)
{
	int i;

	for (i = 0; i < nr_opened; i++)
		if (opened[i].user.pid == pid &&
		    opened[i].what == OPENED_DEVICE && !*opened[i].name)
			return true;
	return false;
}

/**
 * users_of() - Find a process that has a function open through VFIO
 * @bdf: the function's address
 * @group: the number of its IOMMU group, or less than 0
 * @user: the process that was found
 *
 * Return: what it has open. Of other users' processes only root sees that.
 */
enum holds users_of(const char *bdf, int group, struct user *user)
{
	enum holds holds = HOLDS_NOTHING;
	char number[TREE_WORD];
	int i;

	look();
	snprintf(number, sizeof(number), "%d", group);
	for (i = 0; i < nr_opened; i++) {
		const struct opened *one = &opened[i];

		if (one->what == OPENED_GROUP) {
			if (strcmp(one->name, number))
				continue;
			if (!has_nameless(one->user.pid)) {
				if (holds == HOLDS_NOTHING)
					*user = one->user;
				holds = HOLDS_GROUP;
				continue;
			}
		} else if (one->what == OPENED_CDEV) {
			if (!tree_has("/sys/bus/pci/devices/%s/vfio-dev/%s", bdf, one->name))
				continue;
		} else if (strcmp(one->name, bdf)) {
			continue;
		}
		*user = one->user;
		return HOLDS_DEVICE;
	}
	return holds;
}

/**
 * users_open() - Whether a function is open
 * @bdf: the function's address
 * @group: the number of its IOMMU group, or less than 0
 *
 * Return: NOT_KNOWN if there were processes that could not be looked at.
 */
enum know users_open(const char *bdf, int group)
{
	struct user user;

	if (users_of(bdf, group, &user) == HOLDS_DEVICE)
		return KNOWN_YES;
	return incomplete ? NOT_KNOWN : KNOWN_NO;
}

static bool on_block(const char *name, const char *bdf, int depth);

/* Whether there is a folder named BDF in the device's path */
static bool has_folder(const char *path, const char *bdf)
{
	char folder[TREE_WORD];

	snprintf(folder, sizeof(folder), "/%s/", bdf);
	return strstr(path, folder);
}

/* With several paths to a namespace it is in none of the controllers' folders. */
static bool on_nvme_paths(const char *path, const char *bdf)
{
	char folder_path[TREE_PATH], real[TREE_PATH];
	const char *at = strstr(path, "/nvme-subsystem/"), *end;
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	if (!at)
		return false;
	at += strlen("/nvme-subsystem/");
	end = at + strcspn(at, "/");
	tree_path(folder_path, "%.*s", (int)(end - path), path);
	folder = opendir(folder_path);
	while (folder && !found && (entry = readdir(folder))) {
		if (strncmp(entry->d_name, "nvme", 4) ||
		    tree_real(real, "%.*s/%s", (int)(end - path), path, entry->d_name))
			continue;
		strcat(real, "/");
		found = has_folder(real, bdf);
	}
	if (folder)
		closedir(folder);
	return found;
}

/* each NAME of FOLDER, a folder of links to block devices */
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

/* A disk, a partition, or something that is made of such */
static bool on_block(const char *name, const char *bdf, int depth)
{
	char path[TREE_PATH], slaves[TREE_PATH];

	if (!depth || tree_real(path, "/sys/class/block/%s", name))
		return false;
	if (has_folder(path, bdf) || on_nvme_paths(path, bdf))
		return true;
	/* A partition's are its disk's. */
	if (tree_has("%s/partition", path)) {
		*strrchr(path, '/') = '\0';
		return on_block(strrchr(path, '/') + 1, bdf, depth - 1);
	}
	tree_path(slaves, "%s/slaves", path);
	return on_any_block(slaves, bdf, depth - 1);
}

/* /dev/mapper's and udev's names are links to the kernel's. */
static bool on_node(const char *node, const char *bdf)
{
	char path[TREE_PATH], *name;

	if (strncmp(node, "/dev/", 5))
		return false;
	if (tree_real(path, "%s", node))
		snprintf(path, sizeof(path), "%s", node);
	name = strrchr(path, '/') + 1;
	return on_block(name, bdf, DEPTH_MAX);
}

static bool on_number(unsigned int major, unsigned int minor, const char *bdf)
{
	char name[TREE_WORD];

	return !tree_link(name, "/sys/dev/block/%u:%u", major, minor) &&
	       on_block(name, bdf, DEPTH_MAX);
}

/* The mount point in TEXT, of SIZE, whose device or source is on the function */
static bool mounts_need(const char *bdf, char *text, size_t size)
{
	char line[4 * TREE_PATH], point[TREE_PATH], source[TREE_PATH], *rest;
	unsigned int major, minor;
	bool found = false;
	FILE *mounts;

	mounts = tree_open("/proc/self/mountinfo");
	while (mounts && !found && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*u %*u %u:%u %*s %1023s", &major, &minor, point) != 3)
			continue;
		rest = strstr(line, " - ");
		if (!rest || sscanf(rest, " - %*s %1023s", source) != 1)
			*source = '\0';
		found = on_number(major, minor, bdf) || on_node(source, bdf);
	}
	if (mounts)
		fclose(mounts);
	if (found)
		snprintf(text, size, "the file system mounted on %s", point);
	return found;
}

/* btrfs names one of its devices in mountinfo, and all of them here. */
static bool btrfs_needs(const char *bdf, char *text, size_t size)
{
	char path[TREE_PATH], devices[TREE_PATH];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	tree_path(path, "/sys/fs/btrfs");
	folder = opendir(path);
	while (folder && !found && (entry = readdir(folder))) {
		if (*entry->d_name == '.')
			continue;
		tree_path(devices, "/sys/fs/btrfs/%s/devices", entry->d_name);
		found = on_any_block(devices, bdf, DEPTH_MAX);
		if (found)
			snprintf(text, size, "the mounted btrfs %s", entry->d_name);
	}
	if (folder)
		closedir(folder);
	return found;
}

static bool swap_needs(const char *bdf, char *text, size_t size)
{
	char line[TREE_PATH], node[TREE_PATH];
	bool found = false;
	FILE *swaps;

	swaps = tree_open("/proc/swaps");
	while (swaps && !found && fgets(line, sizeof(line), swaps))
		found = sscanf(line, "%1023s", node) == 1 && on_node(node, bdf);
	if (swaps)
		fclose(swaps);
	if (found)
		snprintf(text, size, "the swap on %s", node);
	return found;
}

/* An interface of the function, or one that is made of such */
static bool on_interface(const char *name, const char *bdf, int depth)
{
	char path[TREE_PATH], real[TREE_PATH];
	struct dirent *entry;
	bool found = false;
	DIR *folder;

	if (!depth || tree_real(real, "/sys/class/net/%s", name))
		return false;
	if (has_folder(real, bdf))
		return true;
	tree_path(path, "/sys/class/net/%s", name);
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
	char line[TREE_PATH], name[TREE_WORD], to[TREE_WORD], mask[TREE_WORD];
	bool found = false;
	FILE *routes;

	routes = tree_open("/proc/net/route");
	while (routes && !found && fgets(line, sizeof(line), routes))
		found = sscanf(line, "%63s %63s %*s %*s %*s %*s %*s %63s", name, to, mask) == 3 &&
			!strcmp(to, "00000000") && !strcmp(mask, "00000000") &&
			on_interface(name, bdf, DEPTH_MAX);
	if (routes)
		fclose(routes);

	routes = tree_open("/proc/net/ipv6_route");
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
 * users_need() - What the host would lose with a function
 * @bdf: the function's address
 * @what: where it goes, in words
 * @size: of @what
 *
 * Return: @what, or NULL if nothing was found. ZFS is not seen.
 */
const char *users_need(const char *bdf, char *what, size_t size)
{
	char text[TREE_WORD];

	if (mounts_need(bdf, what, size) || btrfs_needs(bdf, what, size) ||
	    swap_needs(bdf, what, size) || route_needs(bdf, what, size))
		return what;
	if (!tree_read(text, sizeof(text), "/sys/bus/pci/devices/%s/boot_vga", bdf) &&
	    !strcmp(text, "1")) {
		snprintf(what, size, "the display that the machine booted with");
		return what;
	}
	return NULL;
}
