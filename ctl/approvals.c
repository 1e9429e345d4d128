/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat approvals`: what waits for approval, and what was approved. */
#include <inttypes.h>
#include <stdio.h>

#include "client.h"
#include "ctl.h"

static void usage(FILE *to)
{
	fputs("usage: sipmoat approvals [--json] [-s SOCKET]\n"
	      "Lists what waits for approval, and what was approved and still holds.\n\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static void print_rows(struct reply *r)
{
	size_t n = reply_rows(r, "approvals");
	uint64_t all = reply_number(r, -1, "total");

	if (!n) {
		puts("nothing waits, and nothing was approved");
		return;
	}
	printf("%-9s  %-7s  %8s  %-20s  %-20s  %-20s  %s\n", "token", "state", "seconds", "user",
	       "from", "number", "what");
	for (int i = 0; i < (int)n; i++) {
		const char *token = reply_text(r, i, "token");

		printf("%-9s  %-7s  %8" PRIu64 "  %-20s  %-20s  %-20s  %s\n",
		       token[0] ? token : "-", reply_text(r, i, "state"),
		       reply_number(r, i, "seconds"), reply_text(r, i, "user"),
		       reply_true(r, i, "shown") ? "anywhere" : reply_text(r, i, "source"),
		       reply_text(r, i, "number"), reply_text(r, i, "what"));
	}
	if (all > n)
		printf("... and %" PRIu64 " more\n", all - n);
}

int approvals_main(int argc, char **argv)
{
	struct list_options o;
	struct reply *r;
	int status;

	if (!list_options(argc, argv, usage, &o))
		return o.status;
	status = client_ask(o.socket, "approvals", "approvals", NULL, &r);
	if (status != CTL_OK)
		return status;
	if (o.json)
		puts(reply_line(r));
	else
		print_rows(r);
	reply_free(r);
	return CTL_OK;
}
