/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "engine.h"
#include "feed.h"
#include "ports.h"
#include "report.h"
#include "servers.h"

#define DEFAULT_CONFIG SIPMOAT_SYSCONFDIR "/sipmoat.conf"
#define SWEEP_ROOM 64 /* connections that are found at once */
#define CALLS_ROOM 8  /* likewise calls of which something is due */

struct replay {
	const char *config; /* NULL: the default one, or none */
	const char *inside; /* as written, NULL: not given */
	bool json;
	char *const *files;
	unsigned n;
	struct ruleset *rules;
	struct state *state;
	struct scratch *scratch;
	struct sip_msg sip;
	struct report *report;
	uint64_t swept; /* engine's time of the last sweep, 0: none yet */
	uint64_t now;   /* of the last packet */
	uint64_t tcp;   /* and of the last TCP packet that was judged */
};

static const char usage[] =
	"usage: sipmoat replay [-c FILE] [--inside CIDR,...] [--json] FILE.pcap...\n"
	"\n"
	"Judges the packets of capture files as the daemon would, with the captures' own\n"
	"time; several files are read as one, in the order given.\n"
	"\n"
	"  -c, --config FILE     the config (default: " DEFAULT_CONFIG "\n"
	"                        when it can be read, else the built-in defaults)\n"
	"      --inside CIDR,..  the protected servers (default: as configured, else\n"
	"                        worked out from who answers)\n"
	"      --json            one object a packet, then a summary\n"
	"  -h, --help            this text\n"
	"\n"
	"Exit status: 0 done, 1 a file or the config was refused, 2 usage.\n";

static const struct option longs[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "inside", required_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* a fixed seed: the same capture gives the same output */
static const uint8_t seed[16] = "sipmoat replay";

static int refuse(const char *what)
{
	fprintf(stderr, "sipmoat replay: %s\n", what);
	return CTL_REFUSED;
}

/* CTL_OK: go on; CTL_USAGE; -1: help was asked for and given. */
static int parse_options(struct replay *r, int argc, char **argv)
{
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		switch (o) {
		case 'c':
			r->config = optarg;
			break;
		case 'i':
			r->inside = optarg;
			break;
		case 'j':
			r->json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		default:
			fprintf(stderr, "sipmoat replay: \"%s\" is no option or lacks its "
				"value\n%s", argv[optind - 1], usage);
			return CTL_USAGE;
		}
	}
	r->files = argv + optind;
	r->n = (unsigned)(argc - optind);
	if (r->n)
		return CTL_OK;
	fprintf(stderr, "sipmoat replay: name at least one capture file\n%s", usage);
	return CTL_USAGE;
}

static int load_rules(struct replay *r)
{
	struct conf_report report = { NULL, 0, 0, 0 };
	const char *file = r->config;

	if (!file && access(DEFAULT_CONFIG, R_OK) == 0)
		file = DEFAULT_CONFIG;
	r->rules = ruleset_load(file, &report);
	for (unsigned i = 0; i < report.n; i++) {
		char *text = conf_note_text(&report.note[i]);

		fprintf(stderr, "sipmoat replay: %s\n", text ? text : report.note[i].text);
		free(text);
	}
	conf_report_free(&report);
	if (!r->rules)
		return refuse("the config was refused, nothing was judged");
	if (!r->json)
		printf("config: %s\n", file ? file : "built-in defaults");
	return CTL_OK;
}

/* Every file is tried first: a missing one must not be found after half the output. */
static int try_files(const struct replay *r)
{
	char err[CAPTURE_ERROR];

	for (unsigned i = 0; i < r->n; i++) {
		struct capture *c = capture_open(r->files[i], err);

		if (!c) {
			fprintf(stderr, "sipmoat replay: %s: %s\n", r->files[i], err);
			return CTL_REFUSED;
		}
		capture_close(c);
	}
	return CTL_OK;
}

static int inside_given(struct replay *r)
{
	size_t n = 0, room = strlen(r->inside) + 1;
	struct prefix *list = calloc(room, sizeof(*list));
	int rc = CTL_USAGE;

	for (const char *at = r->inside, *end; list; at = end + 1) {
		struct slice text;

		end = strchrnul(at, ',');
		text = slice_trim(slice_between(at, end));
		if (prefix_parse(text, &list[n++]) < 0) {
			fprintf(stderr, "sipmoat replay: --inside: \"%.*s\" is no address or "
				"prefix such as 192.0.2.10 or 2001:db8::/64\n", (int)text.n,
				text.p);
			goto out;
		}
		if (!*end)
			break;
	}
	rc = CTL_OK;
	if (!list || ruleset_set_inside(r->rules, list, n) < 0)
		rc = refuse("out of memory");
out:
	free(list);
	return rc;
}

static void say_server(const struct server *s, FILE *to)
{
	char text[ADDR_TEXT];

	addr_print(&s->addr, text);
	if (s->answers)
		fprintf(to, "inside: %s (sent %" PRIu64 " answers)\n", text, s->answers);
	else if (s->requests)
		fprintf(to, "inside: %s (got %" PRIu64 " requests, nobody answered)\n", text,
			s->requests);
	else
		fprintf(to, "inside: %s (sent answers, the requests are not in the capture)\n",
			text);
}

static int inside_found(struct replay *r)
{
	FILE *to = r->json ? stderr : stdout;
	struct servers servers;
	struct prefix *list = NULL;
	int rc = servers_find(&servers, r->files, r->n, ruleset_settings(r->rules));

	if (rc == 0 && !servers.n)
		fprintf(to, "inside: nobody is asked anything; all packets count as inbound\n");
	if (rc == 0)
		list = calloc(servers.n + 1, sizeof(*list));
	for (size_t i = 0; list && i < servers.n; i++) {
		list[i] = (struct prefix){ servers.server[i].addr, 128 };
		say_server(&servers.server[i], to);
	}
	rc = list ? ruleset_set_inside(r->rules, list, servers.n) : -1;
	free(list);
	servers_free(&servers);
	return rc < 0 ? refuse("out of memory") : CTL_OK;
}

static int set_inside(struct replay *r)
{
	size_t n;

	if (r->inside)
		return inside_given(r);
	ruleset_inside(r->rules, &n);
	return n ? CTL_OK : inside_found(r);
}

/* What the daemon's place on the wire would make of the packet. */
static void judge(struct replay *r, struct feed_item *item, struct decision *d)
{
	memset(d, 0, sizeof(*d));
	d->verdict = VERDICT_ACCEPT;
	d->check = CHECK_NONE;
	d->defect = DEFECT_COUNT;
	if (item->kind == FEED_OVERLAP) {
		d->verdict = VERDICT_DROP;
		d->notify = true;
		snprintf(d->reason, sizeof(d->reason), "overlapping or impossible fragments: "
			 "the kernel does not put them together");
	}
	if (item->kind != FEED_PACKET || !ports_steer(ruleset_settings(r->rules), &item->pkt))
		return;
	engine_run(r->rules, r->state, r->scratch, &item->pkt, item->now, d);
	if (item->pkt.proto == PROTO_TCP)
		r->tcp = item->now;
}

/* The time of the capture then. */
static uint64_t when_of(const struct feed_item *item, uint64_t now)
{
	uint64_t ago = item->now - now;

	return item->when > ago ? item->when - ago : 0;
}

static void calls_at(struct replay *r, const struct feed_item *item, uint64_t now)
{
	struct call_notice call[CALLS_ROOM];
	size_t n;

	do {
		n = engine_calls(r->rules, r->state, r->scratch, now, call, CALLS_ROOM);
		for (size_t i = 0; i < n; i++)
			report_call(r->report, when_of(item, now), &call[i]);
	} while (n == CALLS_ROOM);
}

static void sweep_at(struct replay *r, const struct feed_item *item, uint64_t now)
{
	uint64_t when = when_of(item, now);
	struct reset waited[SWEEP_ROOM];
	struct addr server;
	bool hears;
	size_t n;

	do {
		n = engine_sweep(r->rules, r->state, now, waited, SWEEP_ROOM);
		for (size_t i = 0; i < n; i++)
			if (waited[i].ends == RESET_BOTH)
				report_waited(r->report, when, &waited[i]);
	} while (n == SWEEP_ROOM);
	while (state_sight_news(r->state, now, &server, &hears))
		report_sight(r->report, when, &server, hears);
	calls_at(r, item, now);
}

/*
 * Once a second of the capture's time, as the daemon does it, before the packet is
 * judged.  In a long pause of TCP there is nothing left to end at some time: what
 * comes later only needs the last one of these sweeps, but for calls that go on.
 */
static void sweep(struct replay *r, const struct feed_item *item)
{
	const struct settings *s = ruleset_settings(r->rules);
	uint32_t patience = s->tcp_first > s->tcp_idle ? s->tcp_first : s->tcp_idle;
	uint64_t all_ended = r->tcp + (patience + 2) * NS;

	if (!r->swept)
		r->swept = item->now;
	while (item->now - r->swept >= NS) {
		uint64_t last = item->now - (item->now - r->swept) % NS;

		r->swept += NS;
		if (r->swept > all_ended) {
			uint64_t at = r->swept;

			do
				calls_at(r, item, at);
			while (engine_calls_run(r->state) && (at += NS) < last);
			r->swept = last;
		}
		sweep_at(r, item, r->swept);
	}
}

/*
 * What the packet says.  A datagram is read again here: the engine does not parse
 * what it stops by its source alone.  Over TCP it is what the engine judged, the
 * last of the messages that the segment completed.
 */
static void message_of(struct replay *r, const struct feed_item *item, const struct decision *d,
		       struct report_message *m)
{
	*m = (struct report_message){ .kind = d->kind, .status = d->status };
	if (item->pkt.proto == PROTO_TCP && item->kind == FEED_PACKET) {
		bool sip = d->kind == SIP_REQUEST || d->kind == SIP_RESPONSE;

		m->method = slice_of(sip_method_name(d->method));
		/* what breaks the framing comes last, and is no message */
		m->count = d->messages - (d->messages && !sip);
		return;
	}
	if ((item->kind != FEED_PACKET && item->kind != FEED_CUT) || !item->pkt.payload.n ||
	    !ports_steer(ruleset_settings(r->rules), &item->pkt))
		return;
	sip_parse(&r->sip, item->pkt.payload);
	m->kind = (uint8_t)r->sip.kind;
	m->status = r->sip.status;
	m->method = r->sip.method_name;
	m->count = m->kind == SIP_REQUEST || m->kind == SIP_RESPONSE;
}

/* 0, or -1 and err says why. */
static int judge_all(struct replay *r, struct feed *feed, char err[CAPTURE_ERROR])
{
	struct report_message message;
	struct feed_item item;
	struct decision d;
	int got;

	while ((got = feed_next(feed, &item, err)) == 1) {
		state_set_wall(r->state, item.now, item.when / NS);
		sweep(r, &item);
		r->now = item.now;
		judge(r, &item, &d);
		message_of(r, &item, &d, &message);
		if (decision_answers(&d)) {
			const struct parcel *answer = engine_answer(r->scratch);

			message.answer = (struct slice){ answer->bytes, answer->n };
		}
		if (report_packet(r->report, &item, &message, &d))
			continue;
		snprintf(err, CAPTURE_ERROR, "out of memory");
		return -1;
	}
	return got;
}

static int run(struct replay *r)
{
	struct feed *feed = feed_new(r->files, r->n);
	char err[CAPTURE_ERROR] = "out of memory";
	struct table_fill table[TABLE_COUNT];
	int got = -1, rc = CTL_REFUSED;

	r->report = report_new(r->json);
	if (feed && r->report)
		got = judge_all(r, feed, err);
	if (r->report) {
		state_fill(r->state, r->now, table);
		report_end(r->report, table);
	}
	if (got < 0)
		refuse(err);
	else
		rc = CTL_OK;
	report_free(r->report);
	feed_free(feed);
	return rc;
}

int replay_main(int argc, char **argv)
{
	struct replay *r = calloc(1, sizeof(*r));
	int rc = r ? parse_options(r, argc, argv) : refuse("out of memory");

	if (rc == CTL_OK)
		rc = load_rules(r);
	if (rc == CTL_OK)
		rc = try_files(r);
	if (rc == CTL_OK)
		rc = set_inside(r);
	if (rc == CTL_OK) {
		r->state = state_new(ruleset_settings(r->rules), seed);
		r->scratch = scratch_new();
		rc = r->state && r->scratch ? run(r) : refuse("out of memory");
	}
	if (r) {
		scratch_free(r->scratch);
		state_free(r->state);
		ruleset_free(r->rules);
	}
	free(r);
	return rc < 0 ? CTL_OK : rc;
}
