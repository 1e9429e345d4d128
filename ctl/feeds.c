/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat feeds`: block lists and allow lists of the running daemon. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "client.h"
#include "ctl.h"

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

static void print_rows(struct reply *r)
{
	size_t n = reply_rows(r, "feeds");
	char time[32];

	if (!n) {
		puts("there are no feeds");
		return;
	}
	printf("%-20s  %-5s  %9s  %8s  %6s  %7s  %-19s  %s\n", "feed", "list", "entries",
	       "prefixes", "wrong", "ignored", "loaded", "file");
	for (int i = 0; i < (int)n; i++) {
		const char *why = reply_text(r, i, "refused");

		printf("%-20s  %-5s  %9" PRIu64 "  %8" PRIu64 "  %6" PRIu64 "  %7" PRIu64
		       "  %-19s  %s\n", reply_text(r, i, "name"), reply_text(r, i, "list"),
		       reply_number(r, i, "entries"), reply_number(r, i, "prefixes"),
		       reply_number(r, i, "wrong"), reply_number(r, i, "ignored"),
		       when(reply_number(r, i, "loaded"), time), reply_text(r, i, "file"));
		if (why[0])
			printf("  refused as it is now: %s\n", why);
	}
	n = reply_rows(r, "kernel");
	for (int i = 0; i < (int)n; i++)
		printf("in the kernel to %s: %" PRIu64 " addresses, %" PRIu64 " ranges%s\n",
		       reply_text(r, i, "list"), reply_number(r, i, "addresses"),
		       reply_number(r, i, "ranges"),
		       reply_true(r, i, "writing") ? ", not all of it yet" : "");
}

int feeds_main(int argc, char **argv)
{
	struct list_options o;
	struct reply *r;
	int status;

	if (!list_options(argc, argv, usage, &o))
		return o.status;
	status = client_ask(o.socket, "feeds", "feeds", NULL, &r);
	if (status != CTL_OK)
		return status;
	if (o.json)
		puts(reply_line(r));
	else
		print_rows(r);
	reply_free(r);
	return CTL_OK;
}
