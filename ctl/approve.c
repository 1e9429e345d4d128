/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat approve TOKEN`, `sipmoat approve --revoke USER`: the operator's word. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "client.h"
#include "ctl.h"
#include "times.h"

#define MOST 2419200

static void usage(FILE *to)
{
	fputs("usage: sipmoat approve TOKEN [--for TIME] [-s SOCKET]\n"
	      "       sipmoat approve --revoke USER [-s SOCKET]\n"
	      "Lets the user whose call was refused with TOKEN have what he asked for, for a\n"
	      "while; or takes all that a user was granted, and his tokens, back.\n\n"
	      "  -f, --for TIME     \"90s\", \"15m\", \"8h\", \"2d\", \"1w\": up to 4 weeks;\n"
	      "                     else approve.grant of the configuration\n"
	      "  -r, --revoke USER  all of that user\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static int approve(const char *socket, const char *token, uint64_t seconds)
{
	struct client_arg args[] = { { "token", token, 0 }, { "seconds", NULL, seconds },
				     { NULL, NULL, 0 } };
	char text[TIME_TEXT];
	struct reply *r;
	int status;

	if (!seconds)
		args[1].key = NULL;
	status = client_ask(socket, "approve", "approve", args, &r);
	if (status != CTL_OK)
		return status;
	printf("%s ", reply_text(r, -1, "user"));
	if (!reply_true(r, -1, "shown"))
		printf("at %s ", reply_text(r, -1, "source"));
	printf("may have %s for ", reply_text(r, -1, "what"));
	time_short(reply_number(r, -1, "seconds"), text);
	puts(text);
	reply_free(r);
	return CTL_OK;
}

static int revoke(const char *socket, const char *user)
{
	const struct client_arg args[] = { { "user", user, 0 }, { NULL, NULL, 0 } };
	struct reply *r;
	int status = client_ask(socket, "approve", "revoke", args, &r);

	if (status != CTL_OK)
		return status;
	printf("%" PRIu64 " taken back\n", reply_number(r, -1, "revoked"));
	reply_free(r);
	return CTL_OK;
}

static int misused(const char *text)
{
	fprintf(stderr, "sipmoat approve: %s\n", text);
	usage(stderr);
	return CTL_USAGE;
}

int approve_main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "for", required_argument, NULL, 'f' },
		{ "revoke", required_argument, NULL, 'r' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *socket = CLIENT_SOCKET, *user = NULL;
	uint64_t seconds = 0;
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "f:r:s:h", known, NULL)) != -1) {
		switch (c) {
		case 'f':
			seconds = time_parse(optarg, MOST);
			if (!seconds)
				return misused("--for must be a time such as \"90m\" or \"8h\", "
					       "up to 4 weeks");
			break;
		case 'r':
			user = optarg;
			break;
		case 's':
			socket = optarg;
			break;
		case 'h':
			usage(stdout);
			return CTL_OK;
		default:
			usage(stderr);
			return CTL_USAGE;
		}
	}
	if (user && (optind < argc || seconds))
		return misused("--revoke takes a user and nothing else");
	if (user)
		return revoke(socket, user);
	if (optind + 1 != argc)
		return misused("give it one token");
	return approve(socket, argv[optind], seconds);
}
