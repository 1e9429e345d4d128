/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat mode`: whether the running daemon only tells, or acts. */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "ctl.h"
#include "notes.h"

#define WAIT 120 /* s: a reload may be under way */

static void usage(FILE *to)
{
	fputs("usage: sipmoat mode [observe|enforce|config] [--json] [-s SOCKET]\n"
	      "Says in which mode the daemon is, or sets it at once: \"observe\" judges and tells\n"
	      "all and drops nothing, \"enforce\" acts.  What is set so holds over reloads and\n"
	      "restarts, until \"config\" gives the word back to the configuration.\n\n"
	      "  -j, --json         the answer as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n"
	      "  -h, --help         this text\n\n"
	      "Exit status: 0 done, 1 refused, or in part, 2 wrong usage, 3 no answer.\n", to);
}

static void print_who(const struct reply *r)
{
	uint64_t uid = reply_number(r, -1, "uid");
	const struct passwd *user = getpwuid((uid_t)uid);

	if (user)
		printf(" by %s", user->pw_name);
	else
		printf(" by user id %" PRIu64, uid);
}

static void print_mode(const struct reply *r)
{
	const char *mode = reply_text(r, -1, "mode"), *config = reply_text(r, -1, "config");
	time_t since = (time_t)reply_number(r, -1, "since");
	char when[32];
	struct tm tm;

	if (!reply_true(r, -1, "by_hand")) {
		printf("%s, as the config says\n", mode);
		return;
	}
	printf("%s, set by hand", mode);
	if (localtime_r(&since, &tm) && strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm))
		printf(" on %s", when);
	print_who(r);
	printf("; the config says %s%s\n", config, strcmp(mode, config) == 0 ? ", too" : "");
}

int mode_main(int argc, char **argv)
{
	struct client_arg args[] = { { "mode", NULL, 0 }, { NULL, NULL, 0 } };
	struct list_options o;
	struct reply *r;
	int status;

	if (!list_arguments(argc, argv, usage, 1, &o))
		return o.status;
	args[0].text = argv[o.first];
	if (!args[0].text)
		status = client_order(o.socket, "mode", "mode", NULL, 0, &r);
	else
		status = client_order(o.socket, "mode", "set_mode", args, WAIT, &r);
	if (status == CTL_UNREACHABLE)
		return status;
	if (o.json) {
		puts(reply_line(r));
	} else {
		notes_print(r, stderr);
		if (status == CTL_OK)
			print_mode(r);
		else
			fprintf(stderr, "sipmoat mode: %s\n", reply_text(r, -1, "text"));
	}
	if (status == CTL_OK)
		status = notes_outcome(r, "mode");
	reply_free(r);
	return status;
}
