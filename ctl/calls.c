/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat calls`: those that go on, and those that have just ended. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "ctl.h"
#include "lists.h"
#include "times.h"

static void usage(FILE *to)
{
	fputs("usage: sipmoat calls [--user USER] [--source ADDR[/N]] [--state STATE] [--most N]\n"
	      "                     [--json] [-s SOCKET]\n"
	      "       sipmoat calls --history [--since TIME] [--user USER] [--most N] [--json]\n"
	      "                     [-s SOCKET]\n"
	      "Lists the calls that go on, and those that ended within the last minute; or those\n"
	      "that are on record (docs/store.md).\n\n"
	      "  --history          what is on record, the latest first\n"
	      "  -S, --since TIME   ... of so long: 90m, 12h, 7d; without it of a day\n"
	      "  -u, --user USER    only those of this account, or from or to this user\n"
	      "  -a, --source ADDR  only those whose end outside is there\n"
	      "  -t, --state STATE  asked, ringing, answered, ended, canceled or failed\n"
	      "  -n, --most N       that many at most, 1 to 3000 (1000)\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static const struct list_filter filters[] = {
	{ "user", 'u', false }, { "source", 'a', false }, { "state", 't', false },
	{ "most", 'n', true }, { 0 },
};

static const struct list_filter of_history[] = {
	{ "user", 'u', false }, { "since", 'S', true, true }, { "most", 'n', true }, { 0 },
};

static enum grid_tone tone_of(const char *state)
{
	if (strcmp(state, "answered") == 0)
		return TONE_GOOD;
	if (strcmp(state, "ringing") == 0)
		return TONE_WARN;
	return strcmp(state, "failed") == 0 ? TONE_BAD : TONE_QUIET;
}

/* "486 refused", "bye", "" */
static void put_end(struct grid *t, const struct reply *r, int row)
{
	uint64_t status = reply_number(r, row, "status");
	const char *why = reply_text(r, row, "why"), *check = reply_text(r, row, "check");
	char text[96];

	if (strcmp(why, "refused") == 0)
		snprintf(text, sizeof(text), "%" PRIu64 " %s", status, why);
	else
		snprintf(text, sizeof(text), "%s%s%s", why, check[0] ? " by " : "", check);
	grid_put(t, text);
}

static void put_row(struct grid *t, const struct reply *r, int row)
{
	const char *state = reply_text(r, row, "state"), *user = reply_text(r, row, "user");
	const char *number = reply_text(r, row, "number");
	char began[TIME_TEXT], talk[TIME_TEXT] = "-", cost[TIME_TEXT] = "-";
	double spent;

	time_clock(reply_number(r, row, "began"), began);
	if (reply_number(r, row, "answered"))
		time_span(reply_number(r, row, "seconds"), talk);
	if (reply_value(r, row, "cost", &spent))
		snprintf(cost, sizeof(cost), "%.2f", spent);
	grid_put_toned(t, state, tone_of(state));
	grid_put(t, began);
	grid_put(t, talk);
	grid_put(t, reply_text(r, row, "direction"));
	grid_put(t, user[0] ? user : reply_text(r, row, "from"));
	grid_put(t, number[0] ? number : reply_text(r, row, "to"));
	grid_put(t, reply_text(r, row, "source"));
	list_put_text(t, reply_text(r, row, "country"));
	list_put_text(t, reply_text(r, row, "trunk"));
	grid_put(t, cost);
	put_end(t, r, row);
}

bool calls_print(struct reply *r)
{
	static const struct grid_column columns[] = {
		{ "state", GRID_WHOLE }, { "began", GRID_WHOLE }, { "talk", GRID_NUMBER },
		{ "way", GRID_WHOLE }, { "user", GRID_TEXT }, { "to", GRID_TEXT },
		{ "outside", GRID_WHOLE }, { "country", GRID_WHOLE | GRID_SPARE },
		{ "trunk", GRID_TEXT | GRID_SPARE }, { "cost", GRID_NUMBER | GRID_SPARE },
		{ "end", GRID_TEXT },
	};
	const struct list list = { "calls", "there is no such call", columns,
				   sizeof(columns) / sizeof(*columns), put_row };

	return list_print(r, &list);
}

int calls_main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--history") != 0)
			continue;
		memmove(argv + i, argv + i + 1, (size_t)(argc - i) * sizeof(*argv));
		return list_command("call_history", argc - 1, argv, usage, of_history, calls_print);
	}
	return list_filtered(argc, argv, usage, filters, calls_print);
}
