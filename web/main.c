/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sipmoat-web: the status page and the metrics (sipmoat-web(8), docs/web.md). */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "http.h"
#include "link.h"
#include "nobody.h"
#include "place.h"
#include "upstream.h"

enum { EXIT_FINE, EXIT_FAILED, EXIT_USAGE };

struct options {
	struct gate gate;
	struct sockaddr_storage at;
	const char *listen, *socket, *token_file;
};

static void usage(FILE *to)
{
	fputs("usage: sipmoat web [--listen ADDRESS[:PORT]] [--token-file FILE] [--name NAME]...\n"
	      "                   [-s SOCKET]\n"
	      "Serves the status page, and /metrics for Prometheus.  Nothing can be changed\n"
	      "there.\n\n"
	      "  -l, --listen ADDRESS:PORT  instead of " PLACE_DEFAULT "; of another address than\n"
	      "                             a loopback one only with a token\n"
	      "  -t, --token-file FILE      who looks must know its first line\n"
	      "  -n, --name NAME            browsers may call this host so, too\n"
	      "  -s, --socket PATH          instead of " LINK_SOCKET "\n", to);
}

static int wrong(const char *what, const char *why)
{
	fprintf(stderr, "sipmoat web: %s%s\n", what, why);
	return EXIT_USAGE;
}

/* -1: go on. */
static int take_option(struct options *o, int c)
{
	switch (c) {
	case 'l':
		o->listen = optarg;
		return -1;
	case 't':
		o->token_file = optarg;
		return -1;
	case 's':
		o->socket = optarg;
		return -1;
	case 'n':
		if (o->gate.names == GATE_NAMES)
			return wrong("too many names", "");
		o->gate.name[o->gate.names++] = optarg;
		return -1;
	default:
		usage(c == 'h' ? stdout : stderr);
		return c == 'h' ? EXIT_FINE : EXIT_USAGE;
	}
}

static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "token-file", required_argument, NULL, 't' },
		{ "name", required_argument, NULL, 'n' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char err[GATE_ERROR];
	int c, r = -1;

	*o = (struct options){ .listen = PLACE_DEFAULT, .socket = LINK_SOCKET };
	while (r < 0 && (c = getopt_long(argc, argv, "l:t:n:s:h", known, NULL)) != -1)
		r = take_option(o, c);
	if (r >= 0)
		return r;
	if (optind < argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!place_read(o->listen, &o->at))
		return wrong(o->listen, ": no address and port to listen on");
	if (o->token_file && !gate_read(&o->gate, o->token_file, err))
		return wrong(err, "");
	if (!o->token_file && !place_is_loopback(&o->at))
		return wrong(o->listen, ": others can reach that: --token-file is needed");
	return gate_session(&o->gate) ? -1 : wrong("no random numbers", "");
}

static int serve(const struct options *o, const sigset_t *ends)
{
	const struct timespec second = { .tv_sec = 1 };
	struct board *b = board_new();
	struct http *h = b ? http_start(b, &o->gate, (const struct sockaddr *)&o->at) : NULL;
	struct upstream *u = h ? upstream_start(b, o->socket, http_told, h) : NULL;

	if (!u) {
		fprintf(stderr, "sipmoat web: cannot serve at %s: %s\n", o->listen,
			strerror(b ? errno : ENOMEM));
		http_stop(h);
		board_free(b);
		return EXIT_FAILED;
	}
	fprintf(stderr, "sipmoat web: serves at %s%s\n", o->listen,
		o->gate.token[0] ? ", to who knows the token" : "");
	while (sigtimedwait(ends, NULL, &second) < 0)
		http_beat(h);
	upstream_stop(u);
	http_stop(h);
	board_free(b);
	return EXIT_FINE;
}

int main(int argc, char **argv)
{
	struct options o;
	sigset_t ends;
	int r = read_options(argc, argv, &o);

	if (r >= 0)
		return r;
	/* whoever is root could change what the daemon does; this one looks */
	if (!nobody_become("sipmoat-web", "web"))
		return EXIT_FAILED;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	return serve(&o, &ends);
}
