/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool statefile_path(const char *file, char out[STATEFILE_PATH])
{
	const char *dir = getenv("STATE_DIRECTORY");
	int n;

	if (!file[0])
		return false;
	if (strchr(file, '/'))
		n = snprintf(out, STATEFILE_PATH, "%s", file);
	else if (dir && dir[0] == '/')
		n = snprintf(out, STATEFILE_PATH, "%s/%s", dir, file);
	else
		return false;
	return n < STATEFILE_PATH;
}

static int write_fresh(const char *fresh, int (*put)(FILE *f, void *arg), void *arg)
{
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	int r = f ? 0 : -errno;

	if (!f) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	/* one that somebody else had left there would keep its mode */
	if (fchmod(fd, 0600))
		r = -errno;
	if (!r)
		r = put(f, arg);
	if (!r && (fflush(f) || fsync(fd)))
		r = -errno;
	if (fclose(f) && !r)
		r = -errno;
	return r;
}

/* The new name itself is safe only when the directory is. */
static void sync_directory(const char *path)
{
	char dir[STATEFILE_PATH];
	char *slash;
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	slash[slash == dir] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

int statefile_write(const char *path, int (*put)(FILE *f, void *arg), void *arg)
{
	char fresh[STATEFILE_PATH + 8];
	int r;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	r = write_fresh(fresh, put, arg);
	if (!r && rename(fresh, path))
		r = -errno;
	if (!r)
		sync_directory(path);
	else if (r != -ENOENT)
		(void)unlink(fresh);
	return r;
}

/* NULL when it was read; else why not. */
static const char *read_all(int fd, size_t size, struct statefile *out)
{
	out->bytes = malloc(size ? size : 1);
	if (!out->bytes)
		return strerror(ENOMEM);
	for (out->n = 0; out->n < size;) {
		ssize_t r = read(fd, out->bytes + out->n, size - out->n);

		if (r < 0)
			return strerror(errno);
		if (r == 0)
			break;
		out->n += (size_t)r;
	}
	return NULL;
}

const char *statefile_doubt(const struct stat *is)
{
	if (!S_ISREG(is->st_mode))
		return "it is no ordinary file";
	if ((is->st_uid != geteuid() && is->st_uid) || is->st_mode & (S_IWGRP | S_IWOTH))
		return "somebody else may have written it";
	return NULL;
}

/* *fd is to be closed, unless it is -1. */
static const char *open_it(const char *path, int *fd, struct stat *is)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return *fd < 0 || fstat(*fd, is) ? strerror(errno) : statefile_doubt(is);
}

size_t statefile_begin(const char *path, void *out, size_t n)
{
	struct stat is;
	int fd;
	ssize_t r = open_it(path, &fd, &is) ? 0 : read(fd, out, n);

	if (fd >= 0)
		close(fd);
	return r > 0 ? (size_t)r : 0;
}

const char *statefile_read(const char *path, off_t most, struct statefile *out)
{
	struct stat is;
	int fd;
	const char *why = open_it(path, &fd, &is);

	if (!why && is.st_size > most)
		why = "it is far too long";
	if (!why)
		why = read_all(fd, (size_t)is.st_size, out);
	if (fd >= 0)
		close(fd);
	return why;
}
