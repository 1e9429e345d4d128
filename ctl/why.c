/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat why`: how an address, a user or a call stands, what was seen, what to do. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "client.h"
#include "ctl.h"
#include "letters.h"
#include "lists.h"
#include "times.h"

#define SHOWN 5     /* events, unless more are asked for */
#define LINE_MOST 512

static void usage(FILE *to)
{
	fputs("usage: sipmoat why ADDRESS|PREFIX|USER|CALL-ID [--all] [--json] [-s SOCKET]\n"
	      "Says how somebody stands: banned, allowed, trusted or none of it; which checks\n"
	      "found what, with the messages that showed it; when a ban ends; and what to do so\n"
	      "that it does not happen again.\n\n"
	      "  -a, --all          all events that are remembered, not only the last ones\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

struct why_options {
	const char *what, *socket;
	bool all, json;
};

/* false: all is done, and *status is to be returned. */
static bool read_options(int argc, char **argv, struct why_options *o, int *status)
{
	static const struct option known[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*o = (struct why_options){ .socket = CLIENT_SOCKET };
	*status = CTL_USAGE;
	optind = 1;
	while ((c = getopt_long(argc, argv, "ajs:h", known, NULL)) != -1) {
		if (c == 'a') {
			o->all = true;
		} else if (c == 'j') {
			o->json = true;
		} else if (c == 's') {
			o->socket = optarg;
		} else {
			usage(c == 'h' ? stdout : stderr);
			*status = c == 'h' ? CTL_OK : CTL_USAGE;
			return false;
		}
	}
	if (optind + 1 == argc) {
		o->what = argv[optind];
		return true;
	}
	fputs("sipmoat why: give it one address, prefix, user or Call-ID\n", stderr);
	usage(stderr);
	return false;
}

/* What came is escaped; a line feed is where a line of the message ended. */
static void print_excerpt(const char *text)
{
	while (text[0]) {
		const char *end = strstr(text, "\\x0a");
		size_t n = end ? (size_t)(end - text) : strlen(text);

		printf("      | %.*s\n", (int)(n < LINE_MOST ? n : LINE_MOST), text);
		text += n + (end ? strlen("\\x0a") : 0);
	}
}

static void print_event(const struct reply *r, int row)
{
	char time[TIME_TEXT];

	time_told(reply_text(r, row, "time"), time);
	printf("  %s  %s\n", time, reply_text(r, row, "text"));
	print_excerpt(reply_text(r, row, "excerpt"));
}

static void print_events(struct reply *r, bool all)
{
	size_t n = reply_rows(r, "events"), shown = all || n < SHOWN ? n : SHOWN;

	if (!n)
		return;
	puts("\nWhat was told, the latest first:");
	for (size_t i = 0; i < shown; i++)
		print_event(r, (int)i);
	if (shown < n)
		printf("  ... and %zu more: --all\n", n - shown);
}

static void print_checks(struct reply *r)
{
	size_t n = reply_rows(r, "checks");

	if (!n)
		return;
	puts("\nHow to prevent it, if it hit somebody harmless:");
	for (int i = 0; i < (int)n; i++)
		printf("  %s (%" PRIu64 " found): %s\n", reply_text(r, i, "check"),
		       reply_number(r, i, "findings"), reply_text(r, i, "remedy"));
}

/* Of it, of a prefix around it, or of those in it. */
static void print_bans(struct reply *r)
{
	size_t n = reply_rows(r, "bans");

	for (int i = 0; i < (int)n; i++)
		printf("  %s %s: %s\n", reply_text(r, i, "who"), reply_text(r, i, "state"),
		       reply_text(r, i, "note"));
}

/* What takes it back: of a prefix around it that has to be named. */
static void print_undo(struct reply *r, const char *what, const char *state, const char *command)
{
	struct prefix asked, who;
	const char *before = "";
	size_t n = prefix_parse(slice_of(what), &asked) == 0 ? reply_rows(r, "bans") : 0;

	for (int i = 0; i < (int)n; i++) {
		const char *name = reply_text(r, i, "who");

		if (strcmp(reply_text(r, i, "state"), state) != 0 ||
		    prefix_parse(slice_of(name), &who) < 0 || who.len > asked.len ||
		    !prefix_has(&who, &asked.addr))
			continue;
		printf("%ssipmoat %s %s", before, command, name);
		before = " && ";
	}
	if (!before[0])
		printf("sipmoat %s %s", command, what);
}

static void print_ways_out(struct reply *r, const char *what)
{
	const char *is = reply_text(r, -1, "is");

	if (strcmp(is, "banned") == 0) {
		fputs("\nTo lift it now: ", stdout);
		print_undo(r, what, "banned", "unban");
		printf("; to let it through for a while: sipmoat allow %s --for 1h\n", what);
	} else if (strcmp(is, "allowed") == 0) {
		fputs("\nTo end it: ", stdout);
		print_undo(r, what, "allowed", "disallow");
		putchar('\n');
	}
}

static void print_head(const struct reply *r, const char *what)
{
	const char *country = reply_text(r, -1, "country");
	char shown[LINE_MOST];

	letters_show(shown, sizeof(shown), what, sizeof(shown), letters_utf8());
	printf("%s%s%s%s: %s\n%s\n", shown, country[0] ? " (" : "", country, country[0] ? ")" : "",
	       reply_text(r, -1, "is"), reply_text(r, -1, "text"));
}

/* What the memory holds of it, and by what member it is asked for. */
static const struct held {
	const char *list, *title, *key;
	bool (*print)(struct reply *r);
	const char *record; /* the command for what is past, where there is none now */
} held_of_address[] = {
	{ "sources", "What is known of it", "source", sources_print },
	{ "registrations", "Registered", "source", registrations_print },
	{ "calls", "Calls", "source", calls_print },
	{ "dialogs", "Dialogs", "source", dialogs_print },
	{ 0 },
}, held_of_name[] = {
	{ "registrations", "Registered", "user", registrations_print },
	{ "calls", "Calls", "user", calls_print },
	{ "calls", "The call", "call_id", calls_print, "call_history" },
	{ "dialogs", "Dialogs", "user", dialogs_print },
	{ "dialogs", "Its dialogs", "call_id", dialogs_print },
	{ 0 },
};

/* "1001" of "1001@pbx.example": the memory holds users without their domain. */
static void user_of(const char *what, char out[LINE_MOST])
{
	size_t n = strcspn(what, "@");

	snprintf(out, LINE_MOST, "%.*s", (int)(n && n < LINE_MOST ? n : LINE_MOST - 1), what);
}

/* Where that is anything: as the subcommand of that name prints it. */
static int print_held(const struct why_options *o, const struct held *h, const char *what)
{
	char user[LINE_MOST];
	const bool by_user = strcmp(h->key, "user") == 0;
	const struct client_arg args[] = { { .key = h->key, .text = by_user ? user : what },
					   { 0 } };
	struct reply *r;
	int status;

	user_of(what, user);
	status = client_ask(o->socket, "why", h->list, args, &r);
	if (status == CTL_OK && h->record && !reply_rows(r, h->list)) {
		reply_free(r);
		status = client_order(o->socket, "why", h->record, args, 0, &r);
		if (r && status != CTL_OK) { /* nothing is recorded, and that is no trouble */
			reply_free(r);
			return CTL_OK;
		}
	}
	if (status != CTL_OK)
		return status;
	if (reply_rows(r, h->list)) {
		printf("\n%s:\n", h->title);
		(void)h->print(r);
	}
	reply_free(r);
	return CTL_OK;
}

/* For people; programs ask for each list by itself. */
static int print_all(struct reply *r, const struct why_options *o)
{
	const char *site = reply_text(r, -1, "site");
	int status = CTL_OK;

	print_head(r, o->what);
	print_bans(r);
	for (const struct held *h = site[0] ? held_of_address : held_of_name;
	     h->list && status == CTL_OK; h++)
		status = print_held(o, h, site[0] ? site : o->what);
	print_events(r, o->all);
	print_checks(r);
	print_ways_out(r, o->what);
	return status;
}

int why_main(int argc, char **argv)
{
	struct client_arg args[2] = { { .key = "what" } };
	struct why_options o;
	struct reply *r;
	int status;

	if (!read_options(argc, argv, &o, &status))
		return status;
	args[0].text = o.what;
	status = client_ask(o.socket, "why", "why", args, &r);
	if (status != CTL_OK)
		return status;
	if (o.json)
		puts(reply_line(r));
	else
		status = print_all(r, &o);
	reply_free(r);
	return status;
}
