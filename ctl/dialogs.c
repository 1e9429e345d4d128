/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat dialogs`: which there are, and between whom. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "ctl.h"
#include "lists.h"

static void usage(FILE *to)
{
	fputs("usage: sipmoat dialogs [--user USER] [--source ADDR[/N]] [--state STATE]\n"
	      "                       [--most N] [--json] [-s SOCKET]\n"
	      "Lists the dialogs of calls, and subscriptions.  A call through a PBX is two.\n\n"
	      "  -u, --user USER    only those from or to this user\n"
	      "  -a, --source ADDR  only those with an end at this address, or in this prefix\n"
	      "  -t, --state STATE  early, answered, confirmed or ended\n"
	      "  -n, --most N       that many at most, 1 to 3000 (1000)\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static const struct list_filter filters[] = {
	{ "user", 'u', false }, { "source", 'a', false }, { "state", 't', false },
	{ "most", 'n', true }, { 0 },
};

static void put_row(struct grid *t, const struct reply *r, int row)
{
	const char *state = reply_text(r, row, "state"), *second = reply_text(r, row, "second");

	grid_put(t, reply_text(r, row, "kind"));
	grid_put_toned(t, state, strcmp(state, "confirmed") == 0 ? TONE_GOOD :
				 strcmp(state, "ended") == 0 ? TONE_QUIET : TONE_WARN);
	list_put_age(t, reply_number(r, row, "since"), reply_number(r, -1, "time"));
	list_put_text(t, reply_text(r, row, "from"));
	list_put_text(t, reply_text(r, row, "to"));
	list_put_text(t, reply_text(r, row, "source"));
	list_put_text(t, second[0] ? second : reply_text(r, row, "server"));
	list_put_text(t, reply_text(r, row, "country"));
	list_put_text(t, reply_text(r, row, "call_id"));
}

bool dialogs_print(struct reply *r)
{
	static const struct grid_column columns[] = {
		{ "kind", GRID_WHOLE }, { "state", GRID_WHOLE }, { "age", GRID_WHOLE },
		{ "from", GRID_TEXT }, { "to", GRID_TEXT }, { "outside", GRID_WHOLE },
		{ "with", GRID_WHOLE | GRID_SPARE }, { "country", GRID_WHOLE | GRID_SPARE },
		{ "Call-ID", GRID_TEXT },
	};
	const struct list list = { "dialogs", "there is no such dialog", columns,
				   sizeof(columns) / sizeof(*columns), put_row };

	return list_print(r, &list);
}

int dialogs_main(int argc, char **argv)
{
	return list_filtered(argc, argv, usage, filters, dialogs_print);
}
