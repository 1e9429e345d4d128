/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat approvals`: what waits for approval, and what was approved. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "ctl.h"
#include "lists.h"

static void usage(FILE *to)
{
	fputs("usage: sipmoat approvals [--json] [-s SOCKET]\n"
	      "Lists what waits for approval, and what was approved and still holds.\n\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static void put_row(struct grid *t, const struct reply *r, int row)
{
	const char *token = reply_text(r, row, "token"), *state = reply_text(r, row, "state");

	grid_put(t, token[0] ? token : "-");
	grid_put_toned(t, state, strcmp(state, "granted") == 0 ? TONE_GOOD : TONE_WARN);
	grid_put_number(t, reply_number(r, row, "seconds"));
	grid_put(t, reply_text(r, row, "user"));
	grid_put(t, reply_true(r, row, "shown") ? "anywhere" : reply_text(r, row, "source"));
	grid_put(t, reply_text(r, row, "number"));
	grid_put(t, reply_text(r, row, "what"));
}

static bool print_rows(struct reply *r)
{
	static const struct grid_column columns[] = {
		{ "token", GRID_WHOLE }, { "state", GRID_WHOLE }, { "seconds", GRID_NUMBER },
		{ "user", GRID_TEXT }, { "from", GRID_WHOLE }, { "number", GRID_TEXT },
		{ "what", GRID_TEXT },
	};
	const struct list list = { "approvals", "nothing waits, and nothing was approved", columns,
				   sizeof(columns) / sizeof(*columns), put_row };

	return list_print(r, &list);
}

int approvals_main(int argc, char **argv)
{
	return list_main(argc, argv, usage, print_rows);
}
