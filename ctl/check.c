/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat check [-c FILE]`: is this config what its author meant? */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl.h"
#include "engine.h"

static void usage(FILE *to)
{
	fprintf(to, "usage: sipmoat check [-c FILE]\n"
		    "Reads FILE (" SIPMOAT_SYSCONFDIR "/sipmoat.conf), conf.d/*.conf and the lists "
		    "beside it,\nsays everything that is wrong with them, and what rules of your "
		    "own (pattern)\nthere are, in the order in which they are asked.\n\n"
		    "  -c, --config FILE  that one\n"
		    "  -h, --help         this text\n\n"
		    "Exit status: 0 good, 1 wrong, 2 wrong usage.\n");
}

static void print_note(const struct conf_note *n)
{
	char *text = conf_note_text(n);

	fprintf(stderr, "%s: %s\n", n->severity == CONF_WARNING ? "warning" : "error",
		text ? text : n->text);
	free(text);
}

static int print_report(const struct conf_report *r)
{
	/* errors that were not kept are counted all the same */
	unsigned errors = r->errors + r->degraded;

	for (unsigned i = 0; i < r->n; i++)
		print_note(&r->note[i]);
	if (r->n == CONF_NOTES)
		fputs("... and more that are not shown\n", stderr);
	if (!errors)
		puts("configuration OK");
	else
		printf("%u error%s\n", errors, errors == 1 ? "" : "s");
	return errors ? CTL_REFUSED : CTL_OK;
}

static void print_line(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

int check_main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *file = SIPMOAT_SYSCONFDIR "/sipmoat.conf";
	struct conf_report report = { 0 };
	struct ruleset *rs;
	int opt, status;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
		if (opt == 'h') {
			usage(stdout);
			return CTL_OK;
		}
		if (opt != 'c') {
			usage(stderr);
			return CTL_USAGE;
		}
		file = optarg;
	}
	if (optind < argc) {
		fprintf(stderr, "sipmoat check: \"%s\" is not understood\n", argv[optind]);
		usage(stderr);
		return CTL_USAGE;
	}
	rs = ruleset_load(file, &report);
	if (rs)
		ruleset_describe(rs, print_line, NULL);
	ruleset_free(rs);
	status = print_report(&report);
	conf_report_free(&report);
	return status;
}
