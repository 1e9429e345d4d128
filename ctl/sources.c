/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat sources`: who had to do with us of late, and what is known of them. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "ctl.h"
#include "lists.h"
#include "times.h"

static void usage(FILE *to)
{
	fputs("usage: sipmoat sources [--source ADDR[/N]] [--state STATE] [--sort ORDER]\n"
	      "                       [--most N] [--json] [-s SOCKET]\n"
	      "Lists the sources that something is remembered of, or that were refused within the\n"
	      "last hour.\n\n"
	      "  -a, --source ADDR  only this address, or those in this prefix\n"
	      "  -t, --state STATE  stranger, returned, registered, partner, banned or allowed\n"
	      "  -o, --sort ORDER   by what: last (seen), score or rate\n"
	      "  -n, --most N       that many at most, 1 to 3000 (1000)\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static const struct list_filter filters[] = {
	{ "source", 'a', false }, { "state", 't', false }, { "sort", 'o', false },
	{ "most", 'n', true }, { 0 },
};

/* What it is now: "banned" before what it has proven. */
static void put_state(struct grid *t, const struct reply *r, int row)
{
	const char *state = reply_text(r, row, "state"), *is = reply_text(r, row, "standing");

	if (strcmp(state, "banned") == 0)
		grid_put_toned(t, state, TONE_BAD);
	else if (state[0] || strcmp(is, "registered") == 0)
		grid_put_toned(t, state[0] ? state : is, TONE_GOOD);
	else
		grid_put(t, reply_true(r, row, "partner") ? "partner" : is);
}

static void put_row(struct grid *t, const struct reply *r, int row)
{
	uint64_t now = reply_number(r, -1, "time"), score = reply_number(r, row, "score");
	char rate[TIME_TEXT], text[TIME_TEXT];
	double n = 0;

	(void)reply_value(r, row, "rate", &n);
	snprintf(rate, sizeof(rate), "%.1f", n);
	snprintf(text, sizeof(text), "%u", (unsigned)score);
	grid_put(t, reply_text(r, row, "source"));
	list_put_text(t, reply_text(r, row, "country"));
	put_state(t, r, row);
	grid_put_toned(t, text, score ? TONE_WARN : TONE_PLAIN);
	grid_put(t, rate);
	list_put_age(t, reply_number(r, row, "last"), now);
	grid_put_number(t, reply_number(r, row, "users"));
	grid_put_number(t, reply_number(r, row, "failed"));
	grid_put_number(t, reply_number(r, row, "refused"));
	grid_put_number(t, reply_number(r, row, "open"));
	grid_put_number(t, reply_number(r, row, "bans"));
	list_put_age(t, reply_number(r, row, "first"), now);
	list_put_text(t, reply_text(r, row, "note"));
}

bool sources_print(struct reply *r)
{
	static const struct grid_column columns[] = {
		{ "source", GRID_WHOLE }, { "country", GRID_WHOLE | GRID_SPARE },
		{ "is", GRID_WHOLE }, { "score", GRID_NUMBER }, { "msg/s", GRID_NUMBER },
		{ "last", GRID_WHOLE }, { "users", GRID_NUMBER | GRID_SPARE },
		{ "failed", GRID_NUMBER | GRID_SPARE }, { "refused", GRID_NUMBER | GRID_SPARE },
		{ "open", GRID_NUMBER | GRID_SPARE }, { "bans", GRID_NUMBER | GRID_SPARE },
		{ "first", GRID_WHOLE | GRID_SPARE }, { "why", GRID_TEXT },
	};
	const struct list list = { "sources", "no source is remembered", columns,
				   sizeof(columns) / sizeof(*columns), put_row };

	return list_print(r, &list);
}

int sources_main(int argc, char **argv)
{
	return list_filtered(argc, argv, usage, filters, sources_print);
}
