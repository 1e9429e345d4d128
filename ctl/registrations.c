/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat registrations`: who is registered, where and with what. */
#include <stdio.h>

#include "client.h"
#include "ctl.h"
#include "lists.h"
#include "times.h"

static void usage(FILE *to)
{
	fputs("usage: sipmoat registrations [--user USER] [--source ADDR[/N]] [--most N]\n"
	      "                             [--json] [-s SOCKET]\n"
	      "Lists the registrations that servers behind sipmoat have accepted.\n\n"
	      "  -u, --user USER    only those of this user\n"
	      "  -a, --source ADDR  only those from this address, or this prefix\n"
	      "  -n, --most N       that many at most, 1 to 3000 (1000)\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static const struct list_filter filters[] = {
	{ "user", 'u', false }, { "source", 'a', false }, { "most", 'n', true }, { 0 },
};

static void put_row(struct grid *t, const struct reply *r, int row)
{
	uint64_t now = reply_number(r, -1, "time");
	char from[80];

	snprintf(from, sizeof(from), "%s %u", reply_text(r, row, "source"),
		 (unsigned)reply_number(r, row, "port"));
	grid_put(t, reply_text(r, row, "user"));
	list_put_text(t, reply_text(r, row, "domain"));
	grid_put(t, from);
	grid_put(t, reply_text(r, row, "transport"));
	list_put_text(t, reply_text(r, row, "country"));
	list_put_age(t, reply_number(r, row, "since"), now);
	list_put_age(t, now, reply_number(r, row, "until"));
	list_put_text(t, reply_text(r, row, "server"));
	list_put_text(t, reply_text(r, row, "agent"));
}

bool registrations_print(struct reply *r)
{
	static const struct grid_column columns[] = {
		{ "user", GRID_WHOLE }, { "domain", GRID_TEXT | GRID_SPARE },
		{ "from", GRID_WHOLE }, { "over", GRID_WHOLE },
		{ "country", GRID_WHOLE | GRID_SPARE }, { "age", GRID_WHOLE },
		{ "for", GRID_WHOLE }, { "at", GRID_WHOLE | GRID_SPARE }, { "device", GRID_TEXT },
	};
	const struct list list = { "registrations", "nobody is registered", columns,
				   sizeof(columns) / sizeof(*columns), put_row };

	return list_print(r, &list);
}

int registrations_main(int argc, char **argv)
{
	return list_filtered(argc, argv, usage, filters, registrations_print);
}
