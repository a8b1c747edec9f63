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
#include "sysroot.h"

/**
 * kernel_has_driver() - Whether the driver is loaded
 *
 * Return: true if it is.
 */
bool kernel_has_driver(void)
{
	return sysroot_has("/sys/bus/pci/drivers/" DRIVER_NAME);
}

/* Each line begins with a module's path. Both spellings of the name are accepted. */
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
enum tristate kernel_has_module(char *release, size_t size)
{
	static const char * const lists[] = { "modules.dep", "modules.builtin" };
	enum tristate known = NOT_KNOWN;
	unsigned int i;
	FILE *list;

	if (sysroot_read(release, size, "/proc/sys/kernel/osrelease"))
		return NOT_KNOWN;
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		list = sysroot_open("/lib/modules/%s/%s", release, lists[i]);
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
 * Return: NOT_KNOWN if the driver is not loaded, or has no such parameter.
 */
enum tristate kernel_parameter(const char *name)
{
	char text[NAME_SIZE];

	if (sysroot_read(text, sizeof(text),
			 "/sys/module/vfio_pci_nosnoop/parameters/%s", name))
		return NOT_KNOWN;
	return strcmp(text, "Y") ? KNOWN_NO : KNOWN_YES;
}

/**
 * kernel_parameters() - What the driver's parameters are now
 *
 * Return: all parameters that this program looks at.
 */
struct parameters kernel_parameters(void)
{
	enum tristate govern_pf = kernel_parameter("govern_pf");

	return (struct parameters){
		.disable_denylist = kernel_parameter("disable_denylist") == KNOWN_YES,
		.strict = kernel_parameter("strict") == KNOWN_YES,
		.govern_pf = govern_pf,
		.lacks_govern_pf = govern_pf == NOT_KNOWN && kernel_has_driver(),
	};
}

/* Whether a file has a word between two zero bytes */
static enum tristate has_word(const char *path, const char *word)
{
	size_t length = 0, room = 0, wanted = strlen(word) + 2;
	char pattern[NAME_SIZE], *data = NULL;
	enum tristate found;
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
 * The change to VFIO's core adds no name that a program could call or list. But it adds
 * a member to struct vfio_device, and BTF has that: the BTF of the module vfio, if it is
 * a module and loaded, else the kernel's.
 *
 * Return: NOT_KNOWN without BTF, or if VFIO is not loaded.
 */
enum tristate kernel_tells_kvm(void)
{
	static const char member[] = "enforces_coherency";
	char path[PATH_SIZE];

	if (!sysroot_has("/sys/module/vfio"))
		return NOT_KNOWN;
	sysroot_path(path, "/sys/kernel/btf/vfio");
	if (!access(path, F_OK))
		return has_word(path, member);
	/* If vfio is a module without BTF, the kernel's BTF does not have it either. */
	if (sysroot_has("/sys/module/vfio/initstate"))
		return NOT_KNOWN;
	sysroot_path(path, "/sys/kernel/btf/vmlinux");
	return has_word(path, member);
}

/**
 * kernel_kvm_asks() - Whether KVM asks if the DMA of a device is coherent
 * @arch: where the name of the kernel's architecture goes
 *
 * Only KVM on x86 does. Elsewhere kvm_arch_register_noncoherent_dma() is empty.
 *
 * Return: true also for a kernel from before 6.1, which does not tell its architecture.
 */
bool kernel_kvm_asks(char arch[NAME_SIZE])
{
	return sysroot_read(arch, NAME_SIZE, "/proc/sys/kernel/arch") ||
	       !strcmp(arch, "x86_64") || !strcmp(arch, "i686");
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
		snprintf(path, size, "%s%s/%s", sysroot_prefix(), folders[i], name);
		if (!access(path, X_OK))
			return true;
	}
	return false;
}

static int log_fd = -1;

/**
 * kernel_log_begin() - Have kernel_log_said() look only at what is logged from now on
 */
void kernel_log_begin(void)
{
	if (!sysroot_is_running())
		return;
	if (log_fd < 0)
		log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd >= 0)
		lseek(log_fd, 0, SEEK_END);
}

/**
 * kernel_log_said() - What the driver said last about a function
 * @bdf: the function's address
 * @text: where it goes
 * @size: of @text
 *
 * Return: false if it said nothing, or the log cannot be read.
 */
bool kernel_log_said(const char *bdf, char *text, size_t size)
{
	char record[8192], start[NAME_SIZE];
	bool found = false;
	ssize_t length;
	char *at;

	snprintf(start, sizeof(start), ";" DRIVER_NAME " %s: ", bdf);
	while (log_fd >= 0) {
		length = read(log_fd, record, sizeof(record) - 1);
		/* EPIPE: some records were overwritten. The next read gets those after them. */
		if (length < 0 && errno == EPIPE)
			continue;
		if (length <= 0)
			break;
		record[length] = '\0';
		at = strstr(record, start);
		/* The driver core adds a line of its own, which only repeats the error. */
		if (!at || strstr(at, "probe with driver"))
			continue;
		at += strlen(start);
		snprintf(text, size, "%.*s", (int)strcspn(at, "\n"), at);
		found = true;
	}
	return found;
}
