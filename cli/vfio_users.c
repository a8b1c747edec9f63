// SPDX-License-Identifier: GPL-2.0-only
/* Which process has a function open through VFIO */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "vfio_users.h"

/* An open file of VFIO */
struct opened {
	struct user user;
	enum { OPENED_GROUP, OPENED_CDEV, OPENED_DEVICE } what;
	char name[NAME_SIZE];	/* the group's number, vfioN, or the function's address */
};

static struct opened *opened;
static int nr_opened;
static bool looked, incomplete;

static void add_opened(const struct user *user, int what, const char *name)
{
	opened = allocate(opened, nr_opened + 1, sizeof(*opened));
	opened[nr_opened].user = *user;
	opened[nr_opened].what = what;
	snprintf(opened[nr_opened].name, NAME_SIZE, "%s", name);
	nr_opened++;
}

/*
 * An open function is an anonymous inode. Since 6.18 the kernel tells which function it
 * is. Before that its name is "" here: it may be one of any of the process's groups.
 */
static void add_device(const struct user *user, const char *fd)
{
	static const char key[] = "vfio-device-syspath:";
	char line[PATH_SIZE] = "", *last = NULL;
	FILE *info;

	info = sysroot_open("/proc/%d/fdinfo/%s", user->pid, fd);
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
	char path[PATH_SIZE], target[PATH_SIZE];
	ssize_t length;

	sysroot_path(path, "/proc/%d/fd/%s", user->pid, fd);
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
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *folder;

	sysroot_path(path, "/proc/%d/fd", pid);
	folder = opendir(path);
	if (!folder) {
		/* A process that has ended meanwhile has nothing open. */
		if (errno != ENOENT && errno != ESRCH)
			incomplete = true;
		return;
	}
	sysroot_read(user.name, sizeof(user.name), "/proc/%d/comm", pid);
	while ((entry = readdir(folder)))
		if (isdigit(*entry->d_name))
			look_at_fd(&user, entry->d_name);
	closedir(folder);
}

static void look(void)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *folder;

	if (looked)
		return;
	looked = true;
	sysroot_path(path, "/proc");
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
 * vfio_user_of() - Find a process that has a function open through VFIO
 * @bdf: the function's address
 * @group: the number of its IOMMU group, or less than 0
 * @user: the process that was found
 *
 * Return: what it has open. Only root sees that of other users' processes.
 */
enum holds vfio_user_of(const char *bdf, int group, struct user *user)
{
	enum holds holds = HOLDS_NOTHING;
	char number[NAME_SIZE];
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
			if (!sysroot_has("/sys/bus/pci/devices/%s/vfio-dev/%s", bdf, one->name))
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
 * vfio_users_open() - Whether a function is open
 * @bdf: the function's address
 * @group: the number of its IOMMU group, or less than 0
 *
 * Return: NOT_KNOWN if there were processes that could not be looked at.
 */
enum tristate vfio_users_open(const char *bdf, int group)
{
	struct user user;

	if (vfio_user_of(bdf, group, &user) == HOLDS_DEVICE)
		return KNOWN_YES;
	return incomplete ? NOT_KNOWN : KNOWN_NO;
}
