/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat ban`, `unban`, `allow`, `disallow`: an operator's own bans, and their opposite. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "client.h"
#include "ctl.h"
#include "times.h"

#define MOST 315360000 /* ten years */
#define NOTE_MOST 99   /* bytes that the daemon keeps */

struct order {
	const char *name;
	const char *done; /* of whom it was done to */
	bool lifts;
	const char *help;
};

static void usage(const struct order *o, FILE *to)
{
	fprintf(to, "usage: sipmoat %s ADDRESS[/LENGTH]%s [-s SOCKET]\n%s\n", o->name,
		o->lifts ? "" : " [--for TIME] [--note TEXT]", o->help);
	if (!o->lifts)
		fputs("  -f, --for TIME     \"90s\", \"15m\", \"8h\", \"2d\": up to 10 years;\n"
		      "                     else for good, reboots included\n"
		      "  -n, --note TEXT    why: shown by sipmoat bans, up to 99 characters\n", to);
	fputs("  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static int misused(const struct order *o, const char *text)
{
	fprintf(stderr, "sipmoat %s: %s\n", o->name, text);
	usage(o, stderr);
	return CTL_USAGE;
}

/* What can be seen here need not be asked. */
static bool makes_sense(const struct order *o, const char *who, const char *note)
{
	struct prefix p;

	if (prefix_parse(slice_of(who), &p) < 0) {
		fprintf(stderr, "sipmoat %s: \"%.60s\" is neither an address nor a prefix: write "
				"203.0.113.7, 203.0.113.0/24 or 2001:db8::/48\n", o->name, who);
		return false;
	}
	if (note && strlen(note) > NOTE_MOST) {
		fprintf(stderr, "sipmoat %s: the note has %zu bytes, and %d are kept: shorten it\n",
			o->name, strlen(note), NOTE_MOST);
		return false;
	}
	return true;
}

static void say(const struct order *o, const struct reply *r)
{
	uint64_t seconds = reply_number(r, -1, "seconds"), n = reply_number(r, -1, "lifted");
	char text[TIME_TEXT];

	printf("%s: %s", reply_text(r, -1, "who"), o->done);
	if (o->lifts && n > 1)
		printf(", %" PRIu64 " in all", n);
	time_short(seconds, text);
	if (!o->lifts)
		printf(" %s%s", seconds ? "for " : "for good", seconds ? text : "");
	putchar('\n');
	if (!o->lifts && !reply_true(r, -1, "kept"))
		fprintf(stderr, "sipmoat %s: this is not kept on disk: a restart or a reboot may "
				"undo it (see sipmoatd's log)\n", o->name);
}

static int give(const struct order *o, const char *socket, const char *who, uint64_t seconds,
		const char *note)
{
	struct client_arg args[4] = { { "who", who, 0 } };
	unsigned n = 1;
	struct reply *r;
	int status;

	if (seconds)
		args[n++] = (struct client_arg){ "seconds", NULL, seconds };
	if (note)
		args[n++] = (struct client_arg){ "note", note, 0 };
	status = client_ask(socket, o->name, o->name, args, &r);
	if (status != CTL_OK)
		return status;
	say(o, r);
	reply_free(r);
	return CTL_OK;
}

static int order_main(const struct order *o, int argc, char **argv)
{
	static const struct option known[] = {
		{ "for", required_argument, NULL, 'f' },
		{ "note", required_argument, NULL, 'n' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *socket = CLIENT_SOCKET, *note = NULL;
	uint64_t seconds = 0;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "f:n:s:h", known, NULL)) != -1) {
		if (c == 'f' && !o->lifts) {
			seconds = time_parse(optarg, MOST);
			if (!seconds)
				return misused(o, "--for must be a time such as \"90m\" or \"2d\", "
					       "up to 10 years");
		} else if (c == 'n' && !o->lifts) {
			note = optarg;
		} else if (c == 's') {
			socket = optarg;
		} else if (c == 'h') {
			usage(o, stdout);
			return CTL_OK;
		} else if (c == '?') {
			usage(o, stderr);
			return CTL_USAGE;
		} else {
			return misused(o, "it takes neither a time nor a note");
		}
	}
	if (optind + 1 != argc)
		return misused(o, "give it one address or prefix");
	if (!makes_sense(o, argv[optind], note))
		return CTL_USAGE;
	return give(o, socket, argv[optind], seconds, note);
}

int ban_main(int argc, char **argv)
{
	static const struct order o = {
		"ban", "banned", false,
		"Bans an address or a prefix at once; of IPv6 an address stands for its /64.\n"
		"Whoever is never banned (bans.never) is refused, with the reason.\n"
	};

	return order_main(&o, argc, argv);
}

int unban_main(int argc, char **argv)
{
	static const struct order o = {
		"unban", "unbanned", true,
		"Lifts a ban, whoever set it, and of a prefix all bans that lie in it; what was\n"
		"remembered to make the next one longer is forgotten.\n"
	};

	return order_main(&o, argc, argv);
}

int allow_main(int argc, char **argv)
{
	static const struct order o = {
		"allow", "allowed", false,
		"Has an address or a prefix treated as trusted: judged by hardly any check, in\n"
		"the lane of known sources, and above every ban.\n"
	};

	return order_main(&o, argc, argv);
}

int disallow_main(int argc, char **argv)
{
	static const struct order o = {
		"disallow", "no longer allowed", true,
		"Takes back what sipmoat allow gave, to the prefix and to all that lies in it.\n"
	};

	return order_main(&o, argc, argv);
}
