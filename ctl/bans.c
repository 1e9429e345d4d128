/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat bans`: who is banned, and who is allowed. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>

#include "client.h"
#include "ctl.h"
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

static void print_row(const struct reply *r, int row)
{
	char left[TIME_TEXT] = "for good", by[BY_TEXT], times[TIME_TEXT] = "-";
	uint64_t seconds = reply_number(r, row, "seconds"), n = reply_number(r, row, "times");

	if (seconds)
		time_print(seconds, left);
	if (n)
		snprintf(times, sizeof(times), "%" PRIu64, n);
	print_by(r, row, by);
	printf("%-28s  %-7s  %-12s  %-12s  %-6s  %-5s  %s\n", reply_text(r, row, "who"),
	       reply_text(r, row, "state"), left, by,
	       reply_true(r, row, "proven") ? "proven" : "-", times, reply_text(r, row, "note"));
}

static void print_rows(struct reply *r)
{
	size_t n = reply_rows(r, "bans");
	uint64_t all = reply_number(r, -1, "total");

	if (!n) {
		puts("nobody is banned or allowed");
		return;
	}
	printf("%-28s  %-7s  %-12s  %-12s  %-6s  %-5s  %s\n", "who", "is", "for", "by", "source",
	       "times", "why");
	for (int i = 0; i < (int)n; i++)
		print_row(r, i);
	if (all > n)
		printf("... and %" PRIu64 " more\n", all - n);
}

int bans_main(int argc, char **argv)
{
	struct list_options o;
	struct reply *r;
	int status;

	if (!list_options(argc, argv, usage, &o))
		return o.status;
	status = client_ask(o.socket, "bans", "bans", NULL, &r);
	if (status != CTL_OK)
		return status;
	if (o.json)
		puts(reply_line(r));
	else
		print_rows(r);
	reply_free(r);
	return CTL_OK;
}
