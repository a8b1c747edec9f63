// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys, /proc, /dev and /etc, or the same folders below another root. All paths that
 * callers give begin at that root.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

#include "sysroot.h"

static char root[PATH_MAX];

/**
 * sysroot_set() - Look below another root than /
 * @path: a folder with sys/, proc/ and so on
 *
 * Return: 0 or a negative errno.
 */
int sysroot_set(const char *path)
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
 * sysroot_prefix() - What to put before a path
 *
 * Return: the root, "" for /.
 */
const char *sysroot_prefix(void)
{
	return root;
}

/**
 * sysroot_is_running() - Whether the files are those of the running kernel
 *
 * Return: true unless there is another root.
 */
bool sysroot_is_running(void)
{
	return !*root;
}

static void format_path(char path[PATH_SIZE], const char *format, va_list ap)
{
	int length = snprintf(path, PATH_SIZE, "%s", root);

	/* A file with a longer path does not exist. */
	if (length >= PATH_SIZE ||
	    vsnprintf(path + length, PATH_SIZE - length, format, ap) >=
	    PATH_SIZE - length)
		*path = '\0';
}

/**
 * sysroot_path() - Make a path that includes the root
 * @path: where it goes
 * @format: the path from the root on, as for printf()
 */
void sysroot_path(char path[PATH_SIZE], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	format_path(path, format, ap);
	va_end(ap);
}

/**
 * sysroot_has() - Whether something is there
 * @format: the path, as for printf()
 *
 * Return: true if it is.
 */
bool sysroot_has(const char *format, ...)
{
	char path[PATH_SIZE];
	va_list ap;

	va_start(ap, format);
	format_path(path, format, ap);
	va_end(ap);
	return !access(path, F_OK);
}

/**
 * sysroot_read() - Read a small file
 * @text: where it goes, without spaces and newlines at its end; "" on failure
 * @size: of @text
 * @format: the path, as for printf()
 *
 * Return: 0 or a negative errno.
 */
int sysroot_read(char *text, size_t size, const char *format, ...)
{
	char path[PATH_SIZE];
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
 * sysroot_link() - Read the last name in the target of a symbolic link
 * @name: where it goes; "" on failure
 * @format: the path of the link, as for printf()
 *
 * Return: 0 or a negative errno.
 */
int sysroot_link(char name[NAME_SIZE], const char *format, ...)
{
	char path[PATH_SIZE], target[PATH_MAX], *last;
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
	return snprintf(name, NAME_SIZE, "%s", last) < NAME_SIZE ? 0 : -ENAMETOOLONG;
}

/**
 * sysroot_real() - Find where a path leads, without symbolic links
 * @real: where it goes, from the root on; "" on failure
 * @format: the path, as for printf()
 *
 * Return: 0 or a negative errno.
 */
int sysroot_real(char real[PATH_SIZE], const char *format, ...)
{
	char path[PATH_SIZE], full[PATH_MAX];
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
	return snprintf(real, PATH_SIZE, "%s", full + length) < PATH_SIZE ?
	       0 : -ENAMETOOLONG;
}

/**
 * sysroot_open() - Open a file to read it
 * @format: the path, as for printf()
 *
 * Return: the stream, or NULL with errno set.
 */
FILE *sysroot_open(const char *format, ...)
{
	char path[PATH_SIZE];
	va_list ap;

	va_start(ap, format);
	format_path(path, format, ap);
	va_end(ap);
	return fopen(path, "re");
}

/**
 * sysroot_write() - Write a value to an existing file, in one piece
 * @path: from sysroot_path()
 * @value: what is written, followed by a newline
 *
 * Return: 0 or a negative errno.
 */
int sysroot_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	char text[PATH_SIZE];
	int length, error = 0;

	if (fd < 0)
		return -errno;
	length = snprintf(text, sizeof(text), "%s\n", value);
	if (write(fd, text, length) < 0)
		error = -errno;
	close(fd);
	return error;
}

static int fill(int fd, const char *text)
{
	size_t length = strlen(text);
	ssize_t written = write(fd, text, length);

	if (written < 0)
		return -errno;
	if ((size_t)written < length)
		return -ENOSPC;
	return fchmod(fd, 0644) || fsync(fd) ? -errno : 0;
}

/**
 * sysroot_replace() - Make a file, whole or not at all
 * @path: from sysroot_path(); an existing file is replaced
 * @text: all of it
 *
 * Return: 0 or a negative errno.
 */
int sysroot_replace(const char *path, const char *text)
{
	char temporary[PATH_SIZE + 8];
	int fd, error;

	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = fill(fd, text);
	close(fd);
	if (!error && rename(temporary, path))
		error = -errno;
	if (error)
		unlink(temporary);
	return error;
}
