/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat feeds`: block lists and allow lists of the running daemon. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client.h"
#include "ctl.h"
#include "lists.h"

static void usage(FILE *to)
{
	fputs("usage: sipmoat feeds [--json] [-s SOCKET]\n"
	      "Lists the feeds: what is in force of each, and why a file is refused.\n\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static const char *when(uint64_t wall, char out[32])
{
	time_t t = (time_t)wall;
	struct tm tm;

	if (!wall || !localtime_r(&t, &tm) || !strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm))
		return "never";
	return out;
}

static void put_row(struct grid *t, const struct reply *r, int row)
{
	const char *why = reply_text(r, row, "refused");
	char text[32], *note;

	grid_put(t, reply_text(r, row, "name"));
	grid_put(t, reply_text(r, row, "list"));
	grid_put_number(t, reply_number(r, row, "entries"));
	grid_put_number(t, reply_number(r, row, "prefixes"));
	grid_put_number(t, reply_number(r, row, "wrong"));
	grid_put_number(t, reply_number(r, row, "ignored"));
	grid_put(t, when(reply_number(r, row, "loaded"), text));
	grid_put_toned(t, reply_text(r, row, "file"), why[0] ? TONE_BAD : TONE_PLAIN);
	if (!why[0] || asprintf(&note, "refused as it is now: %s", why) < 0)
		return;
	grid_note(t, note);
	free(note);
}

static bool print_feeds(struct reply *r)
{
	static const struct grid_column columns[] = {
		{ "feed", GRID_TEXT }, { "list", GRID_WHOLE }, { "entries", GRID_NUMBER },
		{ "prefixes", GRID_NUMBER }, { "wrong", GRID_NUMBER },
		{ "ignored", GRID_NUMBER }, { "loaded", GRID_WHOLE }, { "file", GRID_TEXT },
	};
	const struct list list = { "feeds", "there are no feeds", columns,
				   sizeof(columns) / sizeof(*columns), put_row };

	return list_print(r, &list);
}

static bool print_rows(struct reply *r)
{
	bool done = print_feeds(r);
	size_t n = reply_rows(r, "feeds") ? reply_rows(r, "kernel") : 0;

	for (int i = 0; i < (int)n; i++)
		printf("in the kernel to %s: %" PRIu64 " addresses, %" PRIu64 " ranges%s\n",
		       reply_text(r, i, "list"), reply_number(r, i, "addresses"),
		       reply_number(r, i, "ranges"),
		       reply_true(r, i, "writing") ? ", not all of it yet" : "");
	return done;
}

int feeds_main(int argc, char **argv)
{
	return list_main(argc, argv, usage, print_rows);
}
