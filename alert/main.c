/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sipmoat-alert: tells a command or a URL of what the daemon tells (sipmoat-alert(8)). */
#include <curl/curl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "follow.h"
#include "link.h"
#include "nobody.h"

enum { EXIT_FINE, EXIT_FAILED, EXIT_USAGE };

struct options {
	const char *config, *socket; /* socket NULL: as the config says */
};

static void usage(FILE *to)
{
	fputs("usage: sipmoat alert [-c FILE] [-s SOCKET]\n"
	      "Follows the events of sipmoatd and tells alerts.command or alerts.url of those\n"
	      "that alerts.what names, until it is ended.\n\n"
	      "  -c, --config FILE  instead of " SIPMOAT_SYSCONFDIR "/sipmoat.conf\n"
	      "  -s, --socket PATH  instead of the config's, " LINK_SOCKET "\n", to);
}

/* -1: go on. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*o = (struct options){ .config = SIPMOAT_SYSCONFDIR "/sipmoat.conf" };
	while ((c = getopt_long(argc, argv, "c:s:h", known, NULL)) != -1) {
		if (c == 'c') {
			o->config = optarg;
		} else if (c == 's') {
			o->socket = optarg;
		} else {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_FINE : EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	usage(stderr);
	return EXIT_USAGE;
}

/* The daemon and `sipmoat check` say all that is wrong; here it is enough that it loads. */
static struct ruleset *load(const char *config)
{
	struct conf_report report = { 0 };
	struct ruleset *rs = ruleset_load(config, &report);

	for (unsigned i = 0; !rs && i < report.n; i++) {
		char *text = conf_note_text(&report.note[i]);

		fprintf(stderr, "sipmoat alert: %s\n", text ? text : report.note[i].text);
		free(text);
	}
	conf_report_free(&report);
	return rs;
}

int main(int argc, char **argv)
{
	const struct settings *s;
	struct follow_conf f;
	struct ruleset *rs;
	struct options o;
	int r = read_options(argc, argv, &o);

	if (r >= 0)
		return r;
	rs = load(o.config);
	if (!rs)
		return EXIT_USAGE;
	s = ruleset_settings(rs);
	if (!s->alerts_command[0] && !s->alerts_url[0]) {
		fprintf(stderr, "sipmoat alert: %s: neither alerts.command nor alerts.url is "
			"set\n", o.config);
		ruleset_free(rs);
		return EXIT_USAGE;
	}
	if (!nobody_become("sipmoat-alert", "alert")) {
		ruleset_free(rs);
		return EXIT_FAILED;
	}
	signal(SIGPIPE, SIG_IGN);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	f = (struct follow_conf){ .what = &s->alerts_what, .socket = o.socket };
	if (!f.socket)
		f.socket = strchr(s->control_socket, '/') ? s->control_socket : LINK_SOCKET;
	f.sender = sender_start(&(struct sender_conf){
		.deliver = { s->alerts_command, s->alerts_url, s->alerts_format == ALERTS_TEXT,
			     s->alerts_timeout },
		.room = s->alerts_queue, .per_minute = s->alerts_per_minute,
		.retries = s->alerts_retries });
	if (!f.sender) {
		fprintf(stderr, "sipmoat alert: not enough memory\n");
		ruleset_free(rs);
		return EXIT_FAILED;
	}
	follow(&f);
}
