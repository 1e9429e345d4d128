/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat status`: how the daemon stands, at a glance. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "client.h"
#include "ctl.h"
#include "times.h"

#define BETWEEN_NS 500000000l /* two readings make a rate */

static void usage(FILE *to)
{
	fputs("usage: sipmoat status [--json] [-s SOCKET]\n"
	      "How sipmoatd stands: mode, packets, calls, bans, and what needs a look now.\n\n"
	      "  -j, --json         as one JSON object (docs/control.md)\n"
	      "  -s, --socket PATH  instead of " CLIENT_SOCKET "\n", to);
}

static uint64_t of(const struct reply *r, const char *key)
{
	return reply_number(r, -1, key);
}

static double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* For how long, as people say it; "" where the clock was set since. */
static void print_since(const struct reply *r, const char *key, char out[TIME_TEXT])
{
	uint64_t since = of(r, key), now = of(r, "time");

	out[0] = '\0';
	if (now >= since)
		time_short(now - since, out);
}

static void print_calls(struct reply *r)
{
	(void)reply_rows(r, "calls");
	printf("calls      %" PRIu64 " answered, %" PRIu64 " ring, %" PRIu64 " begin\n",
	       reply_number(r, 0, "answered"), reply_number(r, 0, "ringing"),
	       reply_number(r, 0, "asked"));
}

static void print_alarms(struct reply *r)
{
	size_t n = reply_rows(r, "alarms");

	for (int i = 0; i < (int)n; i++)
		printf("%-9s  %s\n", i ? "" : "alarms", reply_text(r, i, "text"));
	if (!n)
		puts("alarms     none");
}

static void print_status(struct reply *r, double rate)
{
	char up[TIME_TEXT], loaded[TIME_TEXT];
	double delay, most;

	print_since(r, "started", up);
	print_since(r, "loaded", loaded);
	(void)reply_value(r, -1, "delay", &delay);
	(void)reply_value(r, -1, "delay_most", &most);
	printf("sipmoat    %s, up %s\n", reply_text(r, -1, "version"), up);
	printf("mode       %s%s\n", reply_text(r, -1, "mode"),
	       reply_true(r, -1, "mode_by_hand") ? ", set by hand" : "");
	printf("config     number %" PRIu64 " since the start, loaded %s ago\n",
	       of(r, "generation"), loaded);
	printf("workers    %" PRIu64 " of %" PRIu64 " run, steering is %s\n", of(r, "alive"),
	       of(r, "workers"), reply_text(r, -1, "steering"));
	printf("packets    %.0f a second; %" PRIu64 " seen, %" PRIu64 " dropped, %" PRIu64
	       " only observed\n", rate, of(r, "packets"), of(r, "dropped"), of(r, "observed"));
	printf("queues     packets wait %.3f ms, %.3f at most; %" PRIu64 " found one full\n",
	       delay * 1e3, most * 1e3, of(r, "queue_full"));
	print_calls(r);
	printf("phones     %" PRIu64 " contacts are registered\n", of(r, "registrations"));
	printf("bans       %" PRIu64 "\n", of(r, "bans"));
	print_alarms(r);
}

static int ask(const struct list_options *o, struct reply **out)
{
	return client_ask(o->socket, "status", "status", NULL, out);
}

int status_main(int argc, char **argv)
{
	const struct timespec between = { .tv_nsec = BETWEEN_NS };
	struct list_options o;
	struct reply *r;
	uint64_t before;
	double began;
	int status;

	if (!list_options(argc, argv, usage, &o))
		return o.status;
	status = ask(&o, &r);
	if (status != CTL_OK)
		return status;
	if (o.json) {
		puts(reply_line(r));
		reply_free(r);
		return CTL_OK;
	}
	before = of(r, "packets");
	reply_free(r);
	began = seconds_now();
	nanosleep(&between, NULL);
	status = ask(&o, &r);
	if (status != CTL_OK)
		return status;
	if (of(r, "packets") < before) /* it began anew */
		before = 0;
	print_status(r, (double)(of(r, "packets") - before) / (seconds_now() - began));
	reply_free(r);
	return CTL_OK;
}
