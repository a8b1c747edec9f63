// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel has: the module, the change to VFIO's core, and its log */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "message.h"
#include "tree.h"

/**
 * kernel_has_driver() - Whether the driver is loaded
 *
 * Return: true if it is.
 */
bool kernel_has_driver(void)
{
	return tree_has("/sys/bus/pci/drivers/" DRIVER_NAME);
}

/* Each line begins with a module's path; DKMS and a kernel spell it alike. */
static bool lists_module(FILE *list)
{
	char *line = NULL;
	bool found = false;
	size_t size = 0;

	while (!found && getline(&line, &size, list) > 0) {
		line[strcspn(line, ":\n")] = '\0';
		found = strstr(line, "/vfio-pci-nosnoop.ko") ||
			strstr(line, "/vfio_pci_nosnoop.ko");
	}
	free(line);
	return found;
}

/**
 * kernel_has_module() - Whether modprobe will find the driver
 * @release: where the kernel's release goes
 * @size: of @release
 *
 * Return: NOT_KNOWN if there is no list of modules.
 */
enum know kernel_has_module(char *release, size_t size)
{
	static const char * const lists[] = { "modules.dep", "modules.builtin" };
	enum know known = NOT_KNOWN;
	unsigned int i;
	FILE *list;

	if (tree_read(release, size, "/proc/sys/kernel/osrelease"))
		return NOT_KNOWN;
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		list = tree_open("/lib/modules/%s/%s", release, lists[i]);
		if (!list)
			continue;
		known = KNOWN_NO;
		if (lists_module(list))
			known = KNOWN_YES;
		fclose(list);
		if (known == KNOWN_YES)
			break;
	}
	return known;
}

/**
 * kernel_parameter() - Whether a parameter of the driver is on
 * @name: its name
 *
 * Return: false, too, if the driver is not loaded: that is their default.
 */
bool kernel_parameter(const char *name)
{
	char text[TREE_WORD];

	return !tree_read(text, sizeof(text),
			  "/sys/module/vfio_pci_nosnoop/parameters/%s", name) &&
	       !strcmp(text, "Y");
}

/* Whether a file has a word between two zeros */
static enum know has_word(const char *path, const char *word)
{
	size_t length = 0, room = 0, wanted = strlen(word) + 2;
	char pattern[TREE_WORD], *data = NULL;
	enum know found;
	ssize_t more;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NOT_KNOWN;
	do {
		if (room - length < 1 << 20) {
			room += 4 << 20;
			data = allocate(data, room, 1);
		}
		more = read(fd, data + length, room - length);
		if (more > 0)
			length += more;
	} while (more > 0);
	close(fd);

	memset(pattern, 0, sizeof(pattern));
	snprintf(pattern + 1, sizeof(pattern) - 1, "%s", word);
	found = memmem(data, length, pattern, wanted) ? KNOWN_YES : KNOWN_NO;
	if (!length)
		found = NOT_KNOWN;
	free(data);
	return found;
}

/**
 * kernel_tells_kvm() - Whether a driver can vouch for its device in VFIO
 *
 * The change to VFIO's core adds no name that a program could call or list,
 * but a member to struct vfio_device, which BTF tells of: that of the module
 * vfio, if it is one and loaded, else the kernel's.
 *
 * Return: NOT_KNOWN without BTF, or if VFIO is not loaded.
 */
enum know kernel_tells_kvm(void)
{
	static const char member[] = "enforces_coherency";
	char path[TREE_PATH];

	if (!tree_has("/sys/module/vfio"))
		return NOT_KNOWN;
	tree_path(path, "/sys/kernel/btf/vfio");
	if (!access(path, F_OK))
		return has_word(path, member);
	/* A module without BTF of its own is not in the kernel's either. */
	if (tree_has("/sys/module/vfio/initstate"))
		return NOT_KNOWN;
	tree_path(path, "/sys/kernel/btf/vmlinux");
	return has_word(path, member);
}

/**
 * kernel_find_program() - Where an administrator's program is
 * @name: its name
 * @path: where its path goes
 * @size: of @path
 *
 * Return: false if it is not installed.
 */
bool kernel_find_program(const char *name, char *path, size_t size)
{
	static const char * const folders[] = { "/usr/sbin", "/sbin", "/usr/bin", "/bin" };
	unsigned int i;

	for (i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(path, size, "%s%s/%s", tree_root(), folders[i], name);
		if (!access(path, X_OK))
			return true;
	}
	return false;
}

static int log_fd = -1;

/**
 * kernel_log_begin() - Have kernel_log_said() look at what comes from now on
 */
void kernel_log_begin(void)
{
	if (!tree_is_ours())
		return;
	if (log_fd < 0)
		log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd >= 0)
		lseek(log_fd, 0, SEEK_END);
}

/**
 * kernel_log_said() - What the driver said last of a function
 * @bdf: the function's address
 * @text: where it goes
 * @size: of @text
 *
 * Return: false if it said nothing, or the log cannot be read.
 */
bool kernel_log_said(const char *bdf, char *text, size_t size)
{
	char record[8192], start[TREE_WORD];
	bool found = false;
	ssize_t length;
	char *at;

	snprintf(start, sizeof(start), ";" DRIVER_NAME " %s: ", bdf);
	while (log_fd >= 0) {
		length = read(log_fd, record, sizeof(record) - 1);
		/* EPIPE: some were overwritten, those behind them are there */
		if (length < 0 && errno == EPIPE)
			continue;
		if (length <= 0)
			break;
		record[length] = '\0';
		at = strstr(record, start);
		/* The driver core's own line repeats the error */
		if (!at || strstr(at, "probe with driver"))
			continue;
		at += strlen(start);
		snprintf(text, size, "%.*s", (int)strcspn(at, "\n"), at);
		found = true;
	}
	return found;
}
