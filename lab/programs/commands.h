/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs that take commands have in common: commands on standard input, one
 * per line, and a page that makes the kernel wait in the middle of a call.
 */
#ifndef LAB_COMMANDS_H
#define LAB_COMMANDS_H

#include "vfio.h"

#include <poll.h>
#include <linux/userfaultfd.h>
#include <sys/syscall.h>

#define PAGE		4096

/* Two pages: the second is held back. */
struct held {
	int uffd;
	u8 *pages;
};

/* The descriptor must not block, because poll() does not work on a userfaultfd that does. */
static inline int hold_page_back(struct held *held)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	held->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (held->uffd < 0 || ioctl(held->uffd, UFFDIO_API, &api))
		return -errno;
	held->pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (unsigned long)held->pages + PAGE;
	range.range.len = PAGE;
	if (held->pages == MAP_FAILED || ioctl(held->uffd, UFFDIO_REGISTER, &range))
		return -errno;
	return 0;
}

/* Waits until the kernel asks for the page. */
static inline int wait_for_kernel(struct held *held, int timeout_ms)
{
	struct pollfd pollfd = { .fd = held->uffd, .events = POLLIN };
	struct uffd_msg message;

	if (poll(&pollfd, 1, timeout_ms) != 1)
		return -ETIMEDOUT;
	return result_of(read(held->uffd, &message, sizeof(message)));
}

/* Fills it with @data, and with zeros after that. */
static inline int fill_page(struct held *held, const void *data, size_t size)
{
	u8 page[PAGE] = { 0 };
	struct uffdio_copy copy = {
		.dst = (unsigned long)held->pages + PAGE,
		.src = (unsigned long)page,
		.len = PAGE,
	};

	memcpy(page, data, size);
	return result_of(ioctl(held->uffd, UFFDIO_COPY, &copy));
}

/* To be called when nobody waits for the page any longer */
static inline void release_page(struct held *held)
{
	munmap(held->pages, 2 * PAGE);
	close(held->uffd);
}

/* A missing word is an empty string. */
static inline void take_commands(void (*command)(const char *verb, char *word[]))
{
	char line[256], *verb, *word[3];
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		verb = strtok(line, "\n ");
		for (i = 0; i < 3; i++) {
			word[i] = strtok(NULL, "\n ");
			if (!word[i])
				word[i] = "";
		}
		if (verb)
			command(verb, word);
	}
}

#endif /* LAB_COMMANDS_H */
