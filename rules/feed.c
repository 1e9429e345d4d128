/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of feeds.  Others write them, and a download may fail in many ways: what is not an
 * address is counted and told, and a file of which little can be used is no list at all.
 */
#include "feeds.h"

#include <stdio.h>
#include <stdlib.h>

#include "geo.h"

#define WIDEST_V4 8  /* wider than what anybody was ever given */
#define WIDEST_V6 19
#define SHOWN 40     /* bytes of a wrong line */

static const char *absurd(const struct prefix *p, enum feed_list list)
{
	bool v4 = addr_is_v4(&p->addr) && p->len >= ADDR_V4_BITS;

	if (p->len < (v4 ? ADDR_V4_BITS + WIDEST_V4 : WIDEST_V6))
		return v4 ? "is wider than a /8" : "is wider than a /19";
	/* an allow list may well name the local network */
	if (list == FEED_BLOCK && prefix_is_odd(p))
		return "is or holds private or reserved addresses";
	return NULL;
}

/* ---- one entry ---- */

static void note(struct feed_reading *r, struct slice text, const char *what)
{
	struct feed_note *to = &r->out->note[r->out->notes];
	int n = (int)(text.n < SHOWN ? text.n : SHOWN);

	if (r->out->notes == FEED_NOTES)
		return;
	r->out->notes++;
	to->line = r->line;
	snprintf(to->text, FEED_NOTE, "\"%.*s%s\" %s", n, text.p, text.n > SHOWN ? "..." : "",
		 what);
	for (char *c = to->text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static bool grow(struct feed_text *t)
{
	size_t room = t->room ? t->room * 2 : 1024;
	struct feed_item *more;

	if (t->n < t->room)
		return true;
	more = realloc(t->item, room * sizeof(*more));
	if (!more)
		return false;
	t->item = more;
	t->room = room;
	return true;
}

void feed_take(struct feed_reading *r, struct slice text)
{
	struct feed_text *t = r->out;
	struct prefix who;
	const char *why;

	if (prefix_parse(text, &who) < 0) {
		t->wrong++;
		note(r, text, "is no address");
		return;
	}
	why = absurd(&who, r->list);
	if (why) {
		t->ignored++;
		note(r, text, why);
		return;
	}
	if (!grow(t)) {
		r->no_memory = true;
		return;
	}
	t->nets += who.len < 128;
	t->item[t->n++] = (struct feed_item){ who, r->line };
}

/* ---- lines ---- */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static void take_line(struct feed_reading *r, const char *p, const char *end)
{
	const char *stop = p;

	while (stop < end && *stop != '#' && *stop != ';')
		stop++;
	while (p < stop && blank(*p))
		p++;
	while (stop > p && blank(stop[-1]))
		stop--;
	if (stop > p)
		feed_take(r, slice_between(p, stop));
}

static void take_lines(struct feed_reading *r, const char *p, const char *end)
{
	for (r->line = 1; p < end && !r->no_memory; r->line++) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		take_line(r, p, eol ? eol : end);
		p = eol ? eol + 1 : end;
	}
}

/* ---- a file ---- */

static bool may_be_json(enum feed_format format)
{
	return format == FEED_AUTO || format == FEED_APIBAN || format == FEED_DROP;
}

static const char *use_of(const struct feed_text *t)
{
	if (!t->n && t->wrong)
		return "it holds no address at all: a failed download?";
	if (t->wrong > t->n)
		return "it is mostly no addresses: a failed download?";
	if (!t->n && t->ignored)
		return "it holds no address that can be used";
	return NULL;
}

const char *feed_read(struct feed_text *out, const char *bytes, size_t n, enum feed_list list,
		      enum feed_format format)
{
	struct feed_reading r = { .out = out, .list = list, .format = format };
	const char *end = bytes + n, *first;
	bool whole = true;

	*out = (struct feed_text){ 0 };
	if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) /* as some editors begin a file */
		bytes += 3;
	first = bytes;
	while (first < end && (blank(*first) || *first == '\n'))
		first++;
	if (first < end && (*first == '{' || *first == '[') && may_be_json(format))
		whole = feed_json(&r, bytes, end);
	else
		take_lines(&r, bytes, end);
	if (r.no_memory)
		return "it is too long for the memory there is";
	if (!whole)
		return "it is JSON that breaks off or is wrong";
	return use_of(out);
}

void feed_text_free(struct feed_text *t)
{
	free(t->item);
	*t = (struct feed_text){ 0 };
}
