// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys, /proc, /dev and /etc, or those below another root. All paths that
 * callers name begin at the root.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "tree.h"

static char root[PATH_MAX];

/**
 * tree_set() - Look below another root than /
 * @path: a folder with sys/, proc/ and so on
 *
 * Return: 0 or a negative errno.
 */
int tree_set(const char *path)
{
	struct stat st;

	if (!realpath(path, root) || stat(root, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (!strcmp(root, "/"))
		*root = '\0';
	return 0;
}

/**
 * tree_root() - The root, "" for /
 *
 * Return: to be put before a path.
 */
const char *tree_root(void)
{
	return root;
}

/**
 * tree_is_ours() - Whether it is the running kernel that is looked at
 *
 * Return: true unless there is another root.
 */
bool tree_is_ours(void)
{
	return !*root;
}

static void format_path(char path[TREE_PATH], const char *format, va_list ap)
{
	int length = snprintf(path, TREE_PATH, "%s", root);

	/* One that is too long is no path that there is. */
	if (length >= TREE_PATH ||
	    vsnprintf(path + length, TREE_PATH - length, format, ap) >=
	    TREE_PATH - length)
		*path = '\0';
}

/**
 * tree_path() - A path below the root, as the kernel is to see it
 * @path: where it goes
 * @format: the path from the root on, as for printf()
 */
void tree_path(char path[TREE_PATH], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	format_path(path, format, ap);
	va_end(ap);
}

/**
 * tree_has() - Whether something is there
 * @format: the path, as for printf()
 *
 * Return: true if it is.
 */
bool tree_has(const char *format, ...)
{
	char path[TREE_PATH];
	va_list ap;

	va_start(ap, format);
	format_path(path, format, ap);
	va_end(ap);
	return !access(path, F_OK);
}

/**
 * tree_read() - Read a small file
 * @text: where it goes, without spaces and newlines at its end; "" on failure
 * @size: of @text
 * @format: the path, as for printf()
 *
 * Return: 0 or a negative errno.
 */
int tree_read(char *text, size_t size, const char *format, ...)
{
	char path[TREE_PATH];
	ssize_t length;
	int fd, error;
	va_list ap;

	va_start(ap, format);
	format_path(path, format, ap);
	va_end(ap);

	*text = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	error = length < 0 ? -errno : 0;
	close(fd);
	if (error)
		return error;
	while (length && strchr("\n ", text[length - 1]))
		length--;
	text[length] = '\0';
	return 0;
}

/**
 * tree_link() - The last name in what a symbolic link points to
 * @name: where it goes; "" on failure
 * @format: the path of the link, as for printf()
 *
 * Return: 0 or a negative errno.
 */
int tree_link(char name[TREE_WORD], const char *format, ...)
{
	char path[TREE_PATH], target[PATH_MAX], *last;
	ssize_t length;
	va_list ap;

	va_start(ap, format);
	format_path(path, format, ap);
	va_end(ap);

	*name = '\0';
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	return snprintf(name, TREE_WORD, "%s", last) < TREE_WORD ? 0 : -ENAMETOOLONG;
}

/**
 * tree_real() - Where a path leads, without symbolic links
 * @real: where it goes, from the root on; "" on failure
 * @format: the path, as for printf()
 *
 * Return: 0 or a negative errno.
 */
int tree_real(char real[TREE_PATH], const char *format, ...)
{
	char path[TREE_PATH], full[PATH_MAX];
	size_t length = strlen(root);
	va_list ap;

	va_start(ap, format);
	format_path(path, format, ap);
	va_end(ap);

	*real = '\0';
	if (!realpath(path, full))
		return -errno;
	if (strncmp(full, root, length))
		return -EXDEV;
	return snprintf(real, TREE_PATH, "%s", full + length) < TREE_PATH ?
	       0 : -ENAMETOOLONG;
}

/**
 * tree_open() - Open a file to read it
 * @format: the path, as for printf()
 *
 * Return: the stream, or NULL with errno set.
 */
FILE *tree_open(const char *format, ...)
{
	char path[TREE_PATH];
	va_list ap;

	va_start(ap, format);
	format_path(path, format, ap);
	va_end(ap);
	return fopen(path, "re");
}

/**
 * tree_write() - Write a value to a file that is there, in one piece
 * @path: from tree_path()
 * @value: what is written, with a newline behind it
 *
 * Return: 0 or a negative errno.
 */
int tree_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	char text[TREE_PATH];
	int length, error = 0;

	if (fd < 0)
		return -errno;
	length = snprintf(text, sizeof(text), "%s\n", value);
	if (write(fd, text, length) < 0)
		error = -errno;
	close(fd);
	return error;
}
