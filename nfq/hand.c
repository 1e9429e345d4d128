/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hand.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "statefile.h"

#define FILE_MOST ((off_t)4 << 20)
#define TOLD 5 /* damaged lines that are told one by one */

struct hand {
	pthread_mutex_t writing; /* of the file; taken before lock */
	pthread_mutex_t lock;    /* of all below but path and strange, which stay */
	char path[STATEFILE_PATH]; /* "": nothing is kept */
	bool dirty;
	bool failed; /* to write it, and it was said */
	struct hand_entry *entry;
	size_t n;
	char *strange; /* lines that could not be read, with their ends */
	size_t strange_n;
};

void hand_note(char out[HAND_NOTE], const char *text)
{
	snprintf(out, HAND_NOTE, "%s", text);
	for (char *p = out; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

void hand_print(const struct hand_entry *e, char out[HAND_LINE])
{
	char who[PREFIX_TEXT], until[24] = "-";

	prefix_print(&e->who, who);
	if (e->until)
		snprintf(until, sizeof(until), "%" PRIu64, e->until);
	snprintf(out, HAND_LINE, "%s %s %s %" PRIu32 " %" PRIu64 "%s%s", e->allow ? "allow" : "ban",
		 who, until, e->uid, e->since, e->note[0] ? " " : "", e->note);
}

/* The next word of a line; "" at its end. */
static struct slice next_word(const char **line)
{
	const char *p = *line + strspn(*line, " \t"), *end = p + strcspn(p, " \t");

	*line = end;
	return slice_between(p, end);
}

static bool read_number(struct slice s, uint64_t most, uint64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || n > most / 10)
			return false;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = n;
	return s.n && n <= most;
}

bool hand_parse(const char *line, struct hand_entry *out)
{
	struct slice what = next_word(&line), who = next_word(&line), until = next_word(&line),
		     uid = next_word(&line), since = next_word(&line);
	uint64_t number;

	*out = (struct hand_entry){ .allow = slice_eq(what, SLICE("allow")) };
	if ((!out->allow && !slice_eq(what, SLICE("ban"))) || prefix_parse(who, &out->who) < 0 ||
	    !read_number(uid, UINT32_MAX, &number) ||
	    !read_number(since, INT64_MAX, &out->since))
		return false;
	out->uid = (uint32_t)number;
	if (!slice_eq(until, SLICE("-")) &&
	    (!read_number(until, INT64_MAX, &out->until) || !out->until))
		return false;
	hand_note(out->note, line + strspn(line, " \t"));
	return true;
}

/* ---- the list ---- */

static struct hand_entry *find(const struct hand *h, const struct prefix *who, bool allow)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->entry[i].allow == allow && h->entry[i].who.len == who->len &&
		    addr_eq(&h->entry[i].who.addr, &who->addr))
			return &h->entry[i];
	return NULL;
}

static bool put(struct hand *h, const struct hand_entry *e)
{
	struct hand_entry *at = find(h, &e->who, e->allow);

	if (!at && h->n == HAND_MOST)
		return false;
	*(at ? at : &h->entry[h->n++]) = *e;
	return true;
}

static void drop_ended(struct hand *h, uint64_t wall)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->n; i++)
		if (!h->entry[i].until || h->entry[i].until > wall)
			h->entry[kept++] = h->entry[i];
	h->n = kept;
}

/* ---- the file ---- */

static int write_lines(FILE *f, void *arg)
{
	const struct hand *h = arg;
	char line[HAND_LINE];

	for (size_t i = 0; i < h->n; i++) {
		hand_print(&h->entry[i], line);
		if (fprintf(f, "%s\n", line) < 0)
			return -(errno ? errno : EIO);
	}
	if (h->strange_n && fwrite(h->strange, 1, h->strange_n, f) != h->strange_n)
		return -(errno ? errno : EIO);
	return 0;
}

/* What is to be written, so that nobody waits for the disk; false: nothing. */
static bool snapshot(struct hand *h, struct hand *out)
{
	bool dirty;

	pthread_mutex_lock(&h->lock);
	dirty = h->dirty && h->path[0];
	*out = (struct hand){ .strange = h->strange, .strange_n = h->strange_n };
	if (dirty)
		out->entry = malloc((h->n + 1) * sizeof(*out->entry));
	if (out->entry) {
		memcpy(out->entry, h->entry, h->n * sizeof(*out->entry));
		out->n = h->n;
		h->dirty = false;
	}
	pthread_mutex_unlock(&h->lock);
	return dirty;
}

void hand_sync(struct hand *h)
{
	struct hand copy;
	int r;

	pthread_mutex_lock(&h->writing);
	if (snapshot(h, &copy)) {
		r = copy.entry ? statefile_write(h->path, write_lines, &copy) : -ENOMEM;
		pthread_mutex_lock(&h->lock);
		if (r && !h->failed)
			log_warn("what is banned or allowed by hand is not kept: %s: %s", h->path,
				 strerror(-r));
		h->failed = r != 0;
		h->dirty |= r != 0;
		pthread_mutex_unlock(&h->lock);
		free(copy.entry);
	}
	pthread_mutex_unlock(&h->writing);
}

/* Every line is kept: as an entry, or as it is. */
static void read_line(struct hand *h, char *line, unsigned number, unsigned *damaged)
{
	struct hand_entry e;
	size_t n = strlen(line);

	if (hand_parse(line, &e) && put(h, &e))
		return;
	memcpy(h->strange + h->strange_n, line, n);
	h->strange_n += n;
	h->strange[h->strange_n++] = '\n';
	if (!line[strspn(line, " \t")] || line[0] == '#')
		return;
	if (++*damaged <= TOLD)
		log_warn("%s:%u: cannot be read as \"ban|allow PREFIX UNTIL UID SINCE NOTE\": "
			 "skipped", h->path, number);
}

static int read_lines(struct hand *h, struct statefile *file)
{
	unsigned number = 1, damaged = 0;
	char *all, *line, *end;

	h->strange = malloc(file->n + 2);
	all = realloc(file->bytes, file->n + 2);
	if (!all || !h->strange)
		return -ENOMEM;
	file->bytes = (unsigned char *)all;
	all[file->n] = all[file->n + 1] = '\0';
	/* a NUL would hide the rest of its line, and lose it */
	for (size_t i = 0; i < file->n; i++)
		if (!all[i])
			all[i] = '?';
	for (line = all; *line; line = end + 1, number++) {
		end = line + strcspn(line, "\n");
		*end = '\0';
		read_line(h, line, number, &damaged);
	}
	if (damaged > TOLD)
		log_warn("%s: %u more lines like that", h->path, damaged - TOLD);
	return 0;
}

static int load(struct hand *h, uint64_t wall)
{
	struct statefile file = { NULL, 0 };
	const char *why;
	int r = 0;

	if (!h->path[0] || (access(h->path, F_OK) && errno == ENOENT))
		return 0;
	why = statefile_read(h->path, FILE_MOST, &file);
	if (why) {
		log_error("what was banned or allowed by hand is not known: %s: %s; the file is "
			  "left alone", h->path, why);
		h->path[0] = '\0';
	} else {
		r = read_lines(h, &file);
		drop_ended(h, wall);
		if (h->n)
			log_info("%zu bans and allowances by hand, of %s", h->n, h->path);
	}
	free(file.bytes);
	return r;
}

int hand_open(struct hand **out, const char *file, uint64_t wall)
{
	struct hand *h = calloc(1, sizeof(*h));
	int r = -ENOMEM;

	*out = NULL;
	if (!h)
		return r;
	pthread_mutex_init(&h->lock, NULL);
	pthread_mutex_init(&h->writing, NULL);
	if (!statefile_path(file, h->path))
		h->path[0] = '\0';
	h->entry = calloc(HAND_MOST, sizeof(*h->entry));
	if (h->entry)
		r = load(h, wall);
	if (r) {
		hand_close(h);
		return r;
	}
	*out = h;
	return 0;
}

void hand_close(struct hand *h)
{
	if (!h)
		return;
	hand_sync(h);
	pthread_mutex_destroy(&h->lock);
	pthread_mutex_destroy(&h->writing);
	free(h->entry);
	free(h->strange);
	free(h);
}

/* ---- for others ---- */

bool hand_kept(struct hand *h)
{
	bool kept;

	pthread_mutex_lock(&h->lock);
	kept = h->path[0] && !h->failed;
	pthread_mutex_unlock(&h->lock);
	return kept;
}

bool hand_put(struct hand *h, const struct hand_entry *e, uint64_t wall)
{
	bool done;

	pthread_mutex_lock(&h->lock);
	drop_ended(h, wall);
	done = put(h, e);
	h->dirty |= done;
	pthread_mutex_unlock(&h->lock);
	return done;
}

bool hand_remove(struct hand *h, const struct prefix *who, bool allow)
{
	struct hand_entry *e;

	pthread_mutex_lock(&h->lock);
	e = find(h, who, allow);
	if (e) {
		*e = h->entry[--h->n];
		h->dirty = true;
	}
	pthread_mutex_unlock(&h->lock);
	return e != NULL;
}

bool hand_find(struct hand *h, const struct prefix *who, bool allow, struct hand_entry *out)
{
	const struct hand_entry *e;

	pthread_mutex_lock(&h->lock);
	e = find(h, who, allow);
	if (e)
		*out = *e;
	pthread_mutex_unlock(&h->lock);
	return e != NULL;
}

size_t hand_list(struct hand *h, struct hand_entry *out, size_t room)
{
	size_t n;

	pthread_mutex_lock(&h->lock);
	n = h->n;
	for (size_t i = 0; i < n && i < room; i++)
		out[i] = h->entry[i];
	pthread_mutex_unlock(&h->lock);
	return n;
}
