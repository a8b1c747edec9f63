// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: test_mangled FOLDER [COUNT [SEED]]
 *
 * Dumps with random errors in bytes, lines and fields are read by this program and,
 * for comparison, by libpci, as lspci -F does. The test is red if the sanitizers
 * complain, if a function that libpci decodes is refused, or if libpci reads the bit as
 * 1, but the function is taken for safe or its bit for 0.
 */

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <pci/pci.h>

#include "attribute.h"
#include "machine.h"
#include "message.h"

#define SEEDS_MAX	32
#define DUMP_MAX	(64 << 10)

struct text {
	char bytes[2 * DUMP_MAX];
	size_t size;
};

static struct text seeds[SEEDS_MAX];
static int nr_seeds;

/* How many functions were compared, and in how many libpci saw the bit set */
static struct counts {
	int functions;
	int set;
} *counts;

/* The sanitizers must not exit with the status that a message has. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "exitcode=99";
}

const char *__ubsan_default_options(void)
{
	return "exitcode=99";
}

static unsigned int below(unsigned int limit)
{
	return limit ? random() % limit : 0;
}

static int is_seed(const struct dirent *entry)
{
	return strstr(entry->d_name, ".txt") != NULL;
}

/* Files are read in the order of their names, so that a seed always gives the same dumps. */
static void read_seeds(const char *folder)
{
	struct dirent **names;
	char path[4096];
	int count, i;
	FILE *file;

	count = scandir(folder, &names, is_seed, alphasort);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		file = nr_seeds < SEEDS_MAX ? fopen(path, "re") : NULL;
		free(names[i]);
		if (!file)
			continue;
		seeds[nr_seeds].size = fread(seeds[nr_seeds].bytes, 1, DUMP_MAX, file);
		fclose(file);
		nr_seeds++;
	}
	if (count >= 0)
		free(names);
}

/* Replaces SIZE bytes at AT by those of PUT. */
static void splice(struct text *text, size_t at, size_t size, const char *put, size_t length)
{
	if (at + size > text->size || text->size - size + length > sizeof(text->bytes))
		return;
	memmove(text->bytes + at + length, text->bytes + at + size, text->size - at - size);
	memcpy(text->bytes + at, put, length);
	text->size += length - size;
}

static void line_at(const struct text *text, size_t *at, size_t *size)
{
	size_t end = *at;

	while (*at && text->bytes[*at - 1] != '\n')
		(*at)--;
	while (end < text->size && text->bytes[end] != '\n')
		end++;
	*size = end - *at + (end < text->size);
}

static void mangle_once(struct text *text)
{
	static const char digits[] = "0123456789abcdef 0123456789abcdef:.\n>xX+-";
	size_t at = below(text->size), from = below(text->size), size;
	char byte = below(256), line[512];

	switch (below(8)) {
	case 0:
		splice(text, at, 1, &byte, 1);
		break;
	case 1:
	case 2:
		byte = digits[below(sizeof(digits) - 1)];
		splice(text, at, 1, &byte, 1);
		break;
	case 3:
		splice(text, at, below(text->size - at < 40 ? text->size - at : 40), "", 0);
		break;
	case 4:
		line_at(text, &at, &size);
		splice(text, at, size, "", 0);
		break;
	case 5:
		line_at(text, &from, &size);
		size = size < sizeof(line) ? size : sizeof(line);
		memcpy(line, text->bytes + from, size);
		line_at(text, &at, &from);
		splice(text, at, 0, line, size);
		break;
	case 6:
		text->size = below(4) ? text->size : at;
		break;
	default:
		/* Change a digit of a byte of hex, which keeps the dump complete. */
		while (at + 2 < text->size && text->bytes[at] != ' ')
			at++;
		if (at + 2 < text->size)
			text->bytes[at + 1 + below(2)] = digits[below(16)];
	}
}

__noreturn __printf(1, 2)
static void pci_failed(char *format, ...)
{
	(void)format;
	_exit(0);
}

__printf(1, 2)
static void pci_warned(char *format, ...)
{
	(void)format;
}

static bool is_doubled(const struct pci_access *access, const struct pci_dev *dev)
{
	const struct pci_dev *other;

	for (other = access->devices; other; other = other->next)
		if (other != dev && other->domain == dev->domain && other->bus == dev->bus &&
		    other->dev == dev->dev && other->func == dev->func)
			return true;
	return false;
}

/* Whether libpci sees the bit of a function set; only for the header of an endpoint */
static bool libpci_sees_bit(struct pci_dev *dev)
{
	struct pci_cap *cap;

	if (pci_read_byte(dev, PCI_HEADER_TYPE) & 0x7f)
		return false;
	if (!(pci_read_word(dev, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return false;
	cap = pci_find_cap(dev, PCI_CAP_ID_EXP, PCI_CAP_NORMAL);
	return cap && pci_read_word(dev, cap->addr + PCI_EXP_DEVCTL) & PCI_EXP_DEVCTL_NOSNOOP;
}

__noreturn __printf(1, 2)
static void wrong(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	_exit(3);
}

/* libpci also reads addresses that cannot exist. */
static bool can_be(const struct pci_dev *dev)
{
	return dev->dev <= 0x1f && dev->func <= 7;
}

static bool any_can_be(const struct pci_access *access)
{
	const struct pci_dev *dev = access->devices;

	while (dev && !can_be(dev))
		dev = dev->next;
	return dev;
}

static void compare(const struct machine *machine, const struct pci_access *access)
{
	const struct device *ours;
	struct address address;
	struct pci_dev *dev;

	for (dev = access->devices; dev; dev = dev->next) {
		if (!can_be(dev))
			continue;
		address = (struct address){ dev->domain, dev->bus, dev->dev, dev->func };
		ours = machine_find(machine, &address);
		if (!ours)
			wrong("%02x:%02x.%x is refused", dev->bus, dev->dev, dev->func);
		counts->functions++;
		if (is_doubled(access, dev) || !libpci_sees_bit(dev))
			continue;
		counts->set++;
		if (ours->facts.bit == KNOWN_NO && !ours->vf)
			wrong("%s has the bit set, and 0 is told", ours->bdf);
		if (verdict_words(ours->verdict)->status == STATUS_COHERENT)
			wrong("%s has the bit set, and is called safe", ours->bdf);
	}
}

static struct pci_access *read_by_libpci(const char *path)
{
	struct pci_access *access = pci_alloc();

	access->error = pci_failed;
	access->warning = pci_warned;
	access->debug = pci_warned;
	access->method = PCI_ACCESS_DUMP;
	pci_set_param(access, "dump.name", (char *)path);
	pci_init(access);
	pci_scan_bus(access);
	return access;
}

/* Runs in a process of its own, because either reader may end it. */
static void try_dump(const char *path)
{
	struct machine machine = { .dump = path };
	struct pci_access *access;

	/* Messages about the file do not count, only those of the sanitizers. */
	access = read_by_libpci(path);
	if (!any_can_be(access))
		_exit(0);
	machine_load_dump(&machine);
	machine_judge(&machine);
	compare(&machine, access);
	pci_cleanup(access);
	free(machine.devices);
	_exit(0);
}

/* Where libpci's reader gives up, ours still has to come to an end. */
static void try_alone(const char *path)
{
	struct machine machine = { .dump = path };

	machine_load_dump(&machine);
	machine_judge(&machine);
	free(machine.devices);
	_exit(0);
}

/* Returns whether TRY went well. A message that the dump has no function is fine, too. */
static bool fork_and_try(void (*try)(const char *path), const char *path)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(4);
		try(path);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	return WIFEXITED(status) &&
	       (!WEXITSTATUS(status) || (try == try_alone && WEXITSTATUS(status) == EXIT_FAILED));
}

static bool turn(int fd, const char *path)
{
	static struct text text;
	int times = 1 + below(6);

	text = seeds[below(nr_seeds)];
	while (times--)
		mangle_once(&text);
	if (ftruncate(fd, 0) || pwrite(fd, text.bytes, text.size, 0) != (ssize_t)text.size)
		return false;
	return fork_and_try(try_alone, path) && fork_and_try(try_dump, path);
}

/* Keeps the dump beside this program. */
static void keep(const char *path, const char *program)
{
	char command[4096];

	snprintf(command, sizeof(command), "cp -L %s %s.txt", path, program);
	if (!system(command))
		printf("# it is %s.txt\n", program);
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[2]) : 600, seed = argc > 3 ? atoi(argv[3]) : 1;
	int fd = memfd_create("mangled", 0), i;
	char path[64];

	/* The processes that compare share this. */
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (argc < 2 || fd < 0 || counts == MAP_FAILED)
		return 2;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	srandom(seed);
	read_seeds(argv[1]);
	for (i = 0; nr_seeds && i < count; i++) {
		fflush(stdout);
		if (!turn(fd, path)) {
			printf("not ok 1 mangled dump %d of seed %d\n", i, seed);
			keep(path, *argv);
			return 1;
		}
	}
	if (counts->set < count / 20) {
		printf("not ok 1 mangled dumps: only %d functions had the bit set\n", counts->set);
		return 1;
	}
	printf("ok 1 mangled dumps: %d of them, %d functions as libpci has them, %d with the bit set\n1..1\n",
	       count, counts->functions, counts->set);
	return 0;
}
