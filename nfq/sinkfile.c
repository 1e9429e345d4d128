/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sinkfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sinkfile_init(struct sinkfile *f, const char *path, uint64_t most, unsigned keep)
{
	*f = (struct sinkfile){ .path = strdup(path), .most = most, .keep = keep, .fd = -1 };
	return f->path ? 0 : -ENOMEM;
}

static void let_go(struct sinkfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

void sinkfile_close(struct sinkfile *f)
{
	if (!f->path)
		return;
	let_go(f);
	free(f->path);
	f->path = NULL;
}

/* A pipe or a device in its place would hold us up. */
static int open_it(struct sinkfile *f)
{
	int fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		      0640);
	struct stat st;
	int r = fd < 0 ? -errno : fstat(fd, &st) ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;

	if (r) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	f->fd = fd;
	f->size = (uint64_t)st.st_size;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	return 0;
}

void sinkfile_look(struct sinkfile *f)
{
	struct stat st;

	if (f->fd < 0)
		return;
	if (lstat(f->path, &st) || st.st_dev != f->dev || st.st_ino != f->ino)
		let_go(f);
	else
		f->size = (uint64_t)st.st_size; /* it may have been cut */
}

static void name_old(const struct sinkfile *f, unsigned n, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, n ? "%s.%u" : "%s", f->path, n);
}

static void turn(struct sinkfile *f)
{
	char from[PATH_MAX], to[PATH_MAX];

	let_go(f);
	for (unsigned n = f->keep; n > 0; n--) {
		name_old(f, n - 1, from);
		name_old(f, n, to);
		(void)rename(from, to);
	}
	/* also where it could not be renamed: it must not grow */
	(void)unlink(f->path);
}

int sinkfile_put(struct sinkfile *f, const char *line, size_t n)
{
	ssize_t written;
	int r;

	if (f->fd >= 0 && f->size && f->size + n > f->most)
		turn(f);
	r = f->fd < 0 ? open_it(f) : 0;
	if (r)
		return r;
	written = write(f->fd, line, n);
	if (written == (ssize_t)n) {
		f->size += n;
		return 0;
	}
	r = written < 0 ? -errno : -ENOSPC;
	if (written > 0 && ftruncate(f->fd, (off_t)f->size))
		let_go(f);
	return r;
}
