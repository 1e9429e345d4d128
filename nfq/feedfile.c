/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feedfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confined.h"

#define FILE_MOST ((off_t)256 << 20)
#define LOSS 10 /* entries: nobody takes so many off a list at once and leaves none */

int feedfile_init(struct feedfile *f, const struct feed_entry *e)
{
	*f = (struct feedfile){ .list = e->list, .format = e->format };
	snprintf(f->name, sizeof(f->name), "%s", e->name);
	f->path = strdup(e->file);
	return f->path ? 0 : -ENOMEM;
}

void feedfile_free(struct feedfile *f)
{
	free(f->path);
	feed_text_free(&f->text);
	*f = (struct feedfile){ 0 };
}

bool feedfile_same(const struct feedfile *f, const struct feed_entry *e)
{
	return strcmp(f->name, e->name) == 0 && strcmp(f->path, e->file) == 0 &&
	       f->list == e->list && f->format == e->format;
}

static bool same_stamp(const struct feedfile_stamp *a, const struct feedfile_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static struct feedfile_stamp stamp_of(const struct stat *is)
{
	return (struct feedfile_stamp){ is->st_dev, is->st_ino, is->st_size, is->st_mtim };
}

/* NULL, or why not. */
static const char *read_bytes(int fd, size_t size, char *bytes)
{
	for (size_t n = 0; n < size;) {
		ssize_t r = read(fd, bytes + n, size - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return strerror(errno);
		if (r == 0)
			return "it became shorter while it was read";
		n += (size_t)r;
	}
	return NULL;
}

/* With a wrong line, if there is one. */
static enum feedfile_news refuse(char why[FEEDFILE_WHY], const char *text,
				 const struct feed_text *t)
{
	if (t && t->notes)
		snprintf(why, FEEDFILE_WHY, "%s (line %u: %s)", text, t->note[0].line,
			 t->note[0].text);
	else
		snprintf(why, FEEDFILE_WHY, "%s", text);
	return FEEDFILE_BAD;
}

static enum feedfile_news judge(struct feedfile *f, int fd, size_t size, struct feed_text *fresh,
				char why[FEEDFILE_WHY])
{
	char *bytes = malloc(size + 1);
	const char *bad = bytes ? read_bytes(fd, size, bytes) : "it is too long for the memory";

	if (!bad)
		bad = feed_read(fresh, bytes, size, f->list, f->format);
	free(bytes);
	if (!bad && !fresh->n && f->text.n >= LOSS)
		bad = "it is empty, and was not before: a failed download?";
	if (!bad)
		return FEEDFILE_FRESH;
	refuse(why, bad, fresh);
	feed_text_free(fresh);
	return FEEDFILE_BAD;
}

static const char *unfit(const struct stat *is)
{
	if (!S_ISREG(is->st_mode))
		return "it is no ordinary file";
	if (is->st_mode & S_IWOTH)
		return "anybody may write it";
	if (is->st_size > FILE_MOST)
		return "it is far too long";
	return NULL;
}

/* The file is open: is there anything new in it? */
static enum feedfile_news look_at(struct feedfile *f, int fd, bool anyway,
				  struct feed_text *fresh, char why[FEEDFILE_WHY])
{
	struct feedfile_stamp stamp;
	struct stat is;
	bool quiet;

	if (fstat(fd, &is))
		return refuse(why, strerror(errno), NULL);
	stamp = stamp_of(&is);
	quiet = !f->any || same_stamp(&stamp, &f->seen) || stamp.ino != f->judged.ino;
	f->seen = stamp;
	if (!anyway && (!quiet || (f->any && same_stamp(&stamp, &f->judged))))
		return FEEDFILE_SAME;
	f->any = true;
	f->judged = stamp;
	if (unfit(&is))
		return refuse(why, unfit(&is), NULL);
	return judge(f, fd, (size_t)is.st_size, fresh, why);
}

enum feedfile_news feedfile_look(struct feedfile *f, bool anyway, struct feed_text *fresh,
				 char why[FEEDFILE_WHY])
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum feedfile_news news;

	*fresh = (struct feed_text){ 0 };
	why[0] = '\0';
	if (fd < 0) {
		int e = errno;

		f->any = false;
		snprintf(why, FEEDFILE_WHY, "%s%s", strerror(e), confined_hint(e));
		return FEEDFILE_BAD;
	}
	news = look_at(f, fd, anyway, fresh, why);
	close(fd);
	return news;
}
