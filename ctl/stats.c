/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat stats`: everything that is counted, for people, as JSON, or for Prometheus. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"
#include "ctl.h"
#include "lists.h"
#include "metrics.h"
#include "times.h"

struct stats_options {
	const char *socket, *textfile;
	bool json, prometheus;
	int status;
};

static void usage(FILE *to)
{
	fputs("usage: sipmoat stats [--json | --prometheus | --textfile PATH] [-s SOCKET]\n"
	      "Everything that sipmoatd counts, since its start.\n\n"
	      "  -j, --json           as one JSON object (docs/control.md)\n"
	      "  -p, --prometheus     as Prometheus reads it (docs/metrics.md)\n"
	      "  -t, --textfile PATH  that into a file, which is always whole, for the textfile\n"
	      "                       collector of node_exporter\n"
	      "  -s, --socket PATH    instead of " CLIENT_SOCKET "\n", to);
}

static bool read_options(int argc, char **argv, struct stats_options *o)
{
	static const struct option known[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "prometheus", no_argument, NULL, 'p' },
		{ "textfile", required_argument, NULL, 't' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*o = (struct stats_options){ .socket = CLIENT_SOCKET, .status = CTL_USAGE };
	optind = 1;
	while ((c = getopt_long(argc, argv, "jpt:s:h", known, NULL)) != -1) {
		if (c == 'j') {
			o->json = true;
		} else if (c == 'p') {
			o->prometheus = true;
		} else if (c == 't') {
			o->textfile = optarg;
		} else if (c == 's') {
			o->socket = optarg;
		} else {
			usage(c == 'h' ? stdout : stderr);
			o->status = c == 'h' ? CTL_OK : CTL_USAGE;
			return false;
		}
	}
	if (optind == argc && o->json + o->prometheus + (o->textfile != NULL) <= 1)
		return true;
	usage(stderr);
	return false;
}

/* ---- for people ---- */

/* What is zero is left out. */
static void put_metric(const struct metric *m, void *arg)
{
	struct grid *t = arg;
	char value[TIME_TEXT];

	if (!m->value)
		return;
	if (m->time)
		time_clock((uint64_t)m->value, value);
	else
		snprintf(value, sizeof(value), "%.15g", m->value);
	grid_put(t, m->name);
	list_put_text(t, m->of);
	grid_put(t, value);
	grid_put(t, m->help);
}

static void put_table(struct grid *t, const struct reply *r, int row)
{
	uint64_t live = reply_number(r, row, "live"), out = reply_number(r, row, "evicted"),
		 refused = reply_number(r, row, "refused");

	if (!live && !out && !refused)
		return;
	grid_put(t, reply_text(r, row, "table"));
	grid_put_number(t, live);
	grid_put_number(t, reply_number(r, row, "records"));
	grid_put_number(t, out);
	grid_put_number(t, refused);
}

/* false: no memory. */
static bool print_stats(struct reply *r)
{
	static const struct grid_column columns[] = {
		{ "counter", GRID_WHOLE }, { "of", GRID_WHOLE }, { "value", GRID_NUMBER },
		{ "what it is", GRID_TEXT },
	}, of_tables[] = {
		{ "table", GRID_WHOLE }, { "live", GRID_NUMBER }, { "of", GRID_NUMBER },
		{ "evicted", GRID_NUMBER }, { "refused", GRID_NUMBER },
	};
	const struct list tables = { "tables", "", of_tables,
				     sizeof(of_tables) / sizeof(*of_tables), put_table };
	struct grid *t = grid_new(columns, sizeof(columns) / sizeof(*columns));
	bool done;

	metrics_walk(r, put_metric, t);
	done = grid_print(t, "stats");
	grid_free(t);
	putchar('\n');
	return done && list_print(r, &tables);
}

/* ---- into a file ---- */

static int fail(const char *path, int e)
{
	fprintf(stderr, "sipmoat stats: %s: %s\n", path, strerror(e));
	return CTL_REFUSED;
}

/* Beside it, then renamed: who reads it at any time reads all of it. */
static int write_textfile(const char *path, struct reply *r)
{
	char tmp[4096];
	FILE *f = NULL;
	int fd, e = 0;

	if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp))
		return fail(path, ENAMETOOLONG);
	fd = mkstemp(tmp);
	if (fd < 0)
		return fail(tmp, errno);
	if (!fchmod(fd, 0644))
		f = fdopen(fd, "w");
	if (!f) {
		e = errno;
		close(fd);
	} else {
		metrics_write(f, r);
		if (ferror(f))
			e = EIO;
		if (fclose(f) && !e)
			e = errno;
	}
	if (!e && rename(tmp, path))
		e = errno;
	if (!e)
		return CTL_OK;
	unlink(tmp);
	return fail(path, e);
}

int stats_main(int argc, char **argv)
{
	struct stats_options o;
	struct reply *r;
	int status, wrote = CTL_OK;

	if (!read_options(argc, argv, &o))
		return o.status;
	status = client_ask(o.socket, "stats", "stats", NULL, &r);
	/* that nobody answers is a metric, too */
	if (o.textfile)
		wrote = write_textfile(o.textfile, r);
	else if (o.prometheus)
		metrics_write(stdout, r);
	else if (r && o.json)
		puts(reply_line(r));
	else if (r && !print_stats(r))
		wrote = CTL_REFUSED;
	reply_free(r);
	return status != CTL_OK ? status : wrote;
}
