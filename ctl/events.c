/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat events`: what the daemon has told, and, with -f, what it tells. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "ctl.h"
#include "eventtone.h"
#include "grid.h"
#include "letters.h"
#include "times.h"

#define SINCE_MOST 315360000
#define AT_ONCE 500
#define WAIT 30 /* s that the daemon may wait for news */
#define AGAIN 1000 /* ms between two tries to reach it again */
#define SHOWN 1024
#define OFF "\033[0m"
#define ARGS 6

struct want {
	const char *socket, *check, *source;
	uint64_t since; /* s; 0: as much as it has, at most AT_ONCE */
	bool follow, json;
};

static void usage(FILE *to)
{
	fputs("usage: sipmoat events [-f] [--check NAME] [--source ADDR[/N]] [--since TIME]\n"
	      "                      [--json] [-s SOCKET]\n"
	      "Prints the last events that the daemon told, at most 500, the latest last.\n\n"
	      "  -f, --follow         and then all that come; over a restart of the daemon, too\n"
	      "  -c, --check NAME     of this check alone\n"
	      "  -a, --source ADDR    of this address or prefix alone\n"
	      "  -S, --since TIME     not older than \"90s\", \"15m\", \"8h\", \"2d\", \"1w\"\n"
	      "  -j, --json           a JSON object for each, a line each (docs/control.md)\n"
	      "  -s, --socket PATH    instead of " CLIENT_SOCKET "\n"
	      "  -h, --help           this text\n\n"
	      "Exit status: 0 done, 1 refused, 2 wrong usage, 3 no answer.\n", to);
}

static void print_line(const struct reply *r, int row, const struct grid_style *style)
{
	const char *on = style->colour ? grid_tone_on(event_tone(r, row)) : "";
	char shown[SHOWN], time[TIME_TEXT];

	time_told(reply_text(r, row, "time"), time);
	fputs(time, stdout);
	letters_show(shown, sizeof(shown), reply_text(r, row, "text"), SIZE_MAX, style->utf8);
	printf("  %s%-7s  %s%s\n", on, reply_text(r, row, "level"), shown, on[0] ? OFF : "");
}

/* At its place among the lines; where a program reads them it would be none of them. */
static void print_missed(uint64_t missed, bool json, const struct grid_style *style)
{
	const char *on = style->colour ? grid_tone_on(TONE_WARN) : "";

	if (missed && json)
		fprintf(stderr, "sipmoat events: %" PRIu64 " %s missed\n", missed,
			missed == 1 ? "event was" : "events were");
	else if (missed)
		printf("%s... %" PRIu64 " %s missed%s\n", on, missed,
		       missed == 1 ? "event was" : "events were", on[0] ? OFF : "");
}

/* false: no memory. */
static bool print_events(struct reply *r, bool json)
{
	struct grid_style style = grid_style(stdout);
	size_t n = reply_rows(r, "events");

	print_missed(reply_number(r, -1, "missed"), json, &style);
	for (int i = 0; i < (int)n; i++) {
		char *line = json ? reply_row(r, i) : NULL;

		if (json && !line) {
			fputs("sipmoat events: not enough memory\n", stderr);
			return false;
		}
		if (json)
			puts(line);
		else
			print_line(r, i, &style);
		free(line);
	}
	fflush(stdout);
	return true;
}

/* after: those behind it, for which it may wait. */
static int ask(const struct want *w, struct link *l, const uint64_t *after, struct reply **out)
{
	struct client_arg args[ARGS] = { { "most", NULL, AT_ONCE } };
	unsigned n = 1;

	if (w->check)
		args[n++] = (struct client_arg){ "check", w->check, 0 };
	if (w->source)
		args[n++] = (struct client_arg){ "source", w->source, 0 };
	if (after) {
		args[n++] = (struct client_arg){ "after", NULL, *after };
		args[n++] = (struct client_arg){ "wait", NULL, WAIT };
	} else if (w->since) {
		args[n++] = (struct client_arg){ "since", NULL, w->since };
	}
	return link_ask(l, "events", args, after ? WAIT : 0, out);
}

static void tell_trouble(const char *socket, int e, const char *then)
{
	char why[LINK_TROUBLE];

	link_trouble(socket, e, why);
	fprintf(stderr, "sipmoat events: %s%s\n", why, then);
}

/* Once the daemon has answered, a restart of it is waited for. */
static bool may_come_back(int e)
{
	return e != EPROTO && e != ENOMEM;
}

/* The daemon again, or NULL: nobody reads any more. */
static struct link *wait_for_it(const char *socket)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };
	struct link *l;

	do {
		if (poll(&reader, 1, AGAIN) > 0)
			return NULL;
	} while (link_open(socket, &l));
	return l;
}

/* It failed at what is asked of it: the status to end with, or CTL_OK to ask anew, unless
 * there is no link any more. */
static int begin_anew(const struct want *w, struct link **l, int e, bool known, bool *gone)
{
	bool waits = w->follow && known && may_come_back(e);

	if (!*gone)
		tell_trouble(w->socket, e, waits ? "; waiting for it" : "");
	if (!waits)
		return CTL_UNREACHABLE;
	*gone = true;
	link_close(*l);
	*l = wait_for_it(w->socket);
	return CTL_OK;
}

/* What one answer holds; its end is the next question's beginning. */
static int take(const struct want *w, struct reply *r, uint64_t *after)
{
	if (!reply_true(r, -1, "ok")) {
		fprintf(stderr, "sipmoat events: %s\n", reply_text(r, -1, "text"));
		return client_status(r);
	}
	*after = reply_number(r, -1, "last");
	return print_events(r, w->json) ? CTL_OK : CTL_REFUSED;
}

/* Closes *l. */
static int print_all(const struct want *w, struct link **l)
{
	bool known = false, gone = false;
	int status = CTL_OK;
	uint64_t after = 0;

	do {
		struct reply *r;
		int e = ask(w, *l, known ? &after : NULL, &r);

		if (e) {
			status = begin_anew(w, l, e, known, &gone);
			continue;
		}
		if (gone)
			fputs("sipmoat events: sipmoatd is back\n", stderr);
		gone = false;
		known = true;
		status = take(w, r, &after);
		reply_free(r);
	} while (w->follow && *l && status == CTL_OK && !ferror(stdout));
	link_close(*l);
	return status;
}

static int print_wanted(const struct want *w)
{
	struct link *l;
	int e = link_open(w->socket, &l);

	if (!e)
		return print_all(w, &l);
	tell_trouble(w->socket, e, "");
	return CTL_UNREACHABLE;
}

int events_main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "check", required_argument, NULL, 'c' },
		{ "source", required_argument, NULL, 'a' },
		{ "since", required_argument, NULL, 'S' },
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct want w = { .socket = CLIENT_SOCKET };
	const char *since = NULL;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "fc:a:S:js:h", known, NULL)) != -1) {
		switch (c) {
		case 'f':
			w.follow = true;
			break;
		case 'c':
			w.check = optarg;
			break;
		case 'a':
			w.source = optarg;
			break;
		case 'S':
			since = optarg;
			w.since = time_parse(optarg, SINCE_MOST);
			break;
		case 'j':
			w.json = true;
			break;
		case 's':
			w.socket = optarg;
			break;
		default:
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? CTL_OK : CTL_USAGE;
		}
	}
	if (optind < argc || (since && !w.since)) {
		if (since && !w.since)
			fprintf(stderr, "sipmoat events: --since must be a time such as \"90s\" "
					"or \"8h\"\n");
		usage(stderr);
		return CTL_USAGE;
	}
	return print_wanted(&w);
}
