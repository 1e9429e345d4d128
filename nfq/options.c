/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

static void usage(FILE *to)
{
	fprintf(to, "usage: sipmoatd [-c FILE] [-t]\n"
		    "Guards this host's SIP traffic, in the foreground.\n\n"
		    "  -c, --config FILE  read FILE instead of " SIPMOAT_SYSCONFDIR
		    "/sipmoat.conf\n"
		    "  -t, --test         check the configuration and leave: 0 good, 78 bad\n"
		    "  -v, --version      print the version\n"
		    "  -h, --help         print this\n\n"
		    "SIGHUP reloads the configuration, SIGUSR1 logs the counters, SIGTERM drains\n"
		    "the queues and stops; bans stay in force.\n");
}

int options_parse(int argc, char **argv, struct options *out)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 't' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*out = (struct options){ .config = SIPMOAT_SYSCONFDIR "/sipmoat.conf" };
	while ((c = getopt_long(argc, argv, "c:tvh", known, NULL)) != -1) {
		switch (c) {
		case 'c':
			out->config = optarg;
			break;
		case 't':
			out->test = true;
			break;
		case 'v':
			printf("sipmoatd %s\n", SIPMOAT_VERSION);
			return EX_OK;
		case 'h':
			usage(stdout);
			return EX_OK;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "sipmoatd: unexpected argument: %s\n", argv[optind]);
		usage(stderr);
		return EX_USAGE;
	}
	return -1;
}
