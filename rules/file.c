/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

/* A file may grow or shrink while it is read: what is read is what counts. */
static int read_all(int fd, char *p, size_t room, size_t *n)
{
	*n = 0;
	while (*n < room) {
		ssize_t got = read(fd, p + *n, room - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		*n += (size_t)got;
	}
	return -EFBIG;
}

static int load_fd(int fd, size_t limit, char **bytes, size_t *n)
{
	struct stat st;
	char *p;
	int err;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > limit)
		return -EFBIG;
	p = malloc((size_t)st.st_size + 2);
	if (!p)
		return -ENOMEM;
	err = read_all(fd, p, (size_t)st.st_size + 1, n);
	if (err) {
		free(p);
		return err;
	}
	p[*n] = '\0';
	*bytes = p;
	return 0;
}

int file_load(const char *path, size_t limit, char **bytes, size_t *n)
{
	/* O_NONBLOCK: a FIFO somebody put there must not hang the start */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
	err = load_fd(fd, limit, bytes, n);
	close(fd);
	return err;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int file_sealed(const char *path, size_t limit)
{
	char *bytes;
	size_t n;
	int fd, err = file_load(path, limit, &bytes, &n);

	if (err)
		return err;
	fd = memfd_create("sipmoat", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	err = fd < 0 ? -errno : write_all(fd, bytes, n);
	free(bytes);
	if (!err && fcntl(fd, F_ADD_SEALS,
			  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		err = -errno;
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

const char *file_error(int err, char room[FILE_ERROR])
{
	if (err == -EFBIG)
		return "is too large, or grew while it was read";
	if (err == -EINVAL)
		return "is not a regular file";
	/* glibc and musl differ in what strerror_r returns, and agree in this */
	errno = -err;
	snprintf(room, FILE_ERROR, "%m");
	return room;
}
