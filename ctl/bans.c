/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat bans`: who is banned, and who is allowed. */
#include <pwd.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "ctl.h"
#include "lists.h"
#include "times.h"

#define BY_TEXT 32

static void usage(FILE *to)
{
	fputs("usage: sipmoat bans [--json] [-s SOCKET]\n"
	      "Lists who is banned or allowed: how long yet, by which check or by whom, whether\n"
	      "the source was shown to be who it says, which ban of it that is, and why.\n\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

/* The check, or the user: by name where this host knows one. */
static void print_by(const struct reply *r, int row, char out[BY_TEXT])
{
	const char *check = reply_text(r, row, "check");
	const struct passwd *user;
	uint64_t uid = reply_number(r, row, "uid");

	if (check[0]) {
		snprintf(out, BY_TEXT, "%s", check);
		return;
	}
	if (!reply_number(r, row, "since")) { /* nobody's by sipmoat */
		snprintf(out, BY_TEXT, "nft");
		return;
	}
	user = getpwuid((uid_t)uid);
	if (user)
		snprintf(out, BY_TEXT, "%.*s", BY_TEXT - 1, user->pw_name);
	else
		snprintf(out, BY_TEXT, "uid %" PRIu64, uid);
}

static void put_row(struct grid *t, const struct reply *r, int row)
{
	char left[TIME_TEXT] = "for good", by[BY_TEXT], times[TIME_TEXT] = "-";
	uint64_t seconds = reply_number(r, row, "seconds"), n = reply_number(r, row, "times");
	const char *state = reply_text(r, row, "state");

	if (seconds)
		time_short(seconds, left);
	if (n)
		snprintf(times, sizeof(times), "%" PRIu64, n);
	print_by(r, row, by);
	grid_put(t, reply_text(r, row, "who"));
	grid_put_toned(t, state, strcmp(state, "banned") == 0 ? TONE_BAD : TONE_GOOD);
	grid_put(t, left);
	grid_put(t, by);
	grid_put(t, reply_true(r, row, "proven") ? "yes" : "-");
	grid_put(t, times);
	grid_put(t, reply_text(r, row, "note"));
}

static bool print_rows(struct reply *r)
{
	static const struct grid_column columns[] = {
		{ "who", GRID_WHOLE }, { "is", GRID_WHOLE }, { "for", GRID_WHOLE },
		{ "by", GRID_TEXT }, { "proven", GRID_WHOLE },
		{ "times", GRID_NUMBER | GRID_SPARE }, { "why", GRID_TEXT },
	};
	const struct list list = { "bans", "nobody is banned or allowed", columns,
				   sizeof(columns) / sizeof(*columns), put_row };

	return list_print(r, &list);
}

int bans_main(int argc, char **argv)
{
	return list_main(argc, argv, usage, print_rows);
}
