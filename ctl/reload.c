/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat reload`: the running daemon reads its configuration anew, or says why not. */
#include <inttypes.h>
#include <stdio.h>

#include "client.h"
#include "ctl.h"
#include "notes.h"

#define WAIT 120 /* s: lists of millions take their time */

static void usage(FILE *to)
{
	fputs("usage: sipmoat reload [--json] [-s SOCKET]\n"
	      "Has the daemon read its configuration anew.  What is wrong in it is told, and then\n"
	      "the old one stays in force.\n\n"
	      "  -j, --json         the answer as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n"
	      "  -h, --help         this text\n\n"
	      "Exit status: 0 reloaded, 1 refused, or in part, 2 wrong usage, 3 no answer.\n", to);
}

int reload_main(int argc, char **argv)
{
	struct list_options o;
	struct reply *r;
	int status;

	if (!list_options(argc, argv, usage, &o))
		return o.status;
	status = client_order(o.socket, "reload", "reload", NULL, WAIT, &r);
	if (status == CTL_UNREACHABLE)
		return status;
	if (o.json)
		puts(reply_line(r));
	else
		notes_print(r, status == CTL_OK ? stdout : stderr);
	if (status != CTL_OK && !o.json)
		fprintf(stderr, "sipmoat reload: %s\n", reply_text(r, -1, "text"));
	if (status == CTL_OK)
		status = notes_outcome(r, "reload");
	if (status == CTL_OK && !o.json)
		printf("configuration reloaded: generation %" PRIu64 "\n",
		       reply_number(r, -1, "generation"));
	reply_free(r);
	return status;
}
