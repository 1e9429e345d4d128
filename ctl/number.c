/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `sipmoat number`: how a number is read, and what the policy says to a call to it.  The
 * latter is not worked out here: a server that has been running for a week, a phone that
 * registers with it, and its INVITE are shown to the engine, which says what it says.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "ctl.h"
#include "engine.h"

#define DEFAULT_CONFIG SIPMOAT_SYSCONFDIR "/sipmoat.conf"
#define MESSAGE 4096
#define WEEK (8 * 86400 * NS) /* longer than any time of learning may be */

struct asked {
	const char *config; /* NULL: the default one, or none */
	const char *from;
	struct addr source, server;
	uint64_t wall;
	char *const *number;
	unsigned n;
	struct ruleset *rules;
	struct state *state; /* of one number */
	struct scratch *scratch;
	uint64_t now;
	char text[MESSAGE];
};

static const char usage[] =
	"usage: sipmoat number [-c FILE] [--from USER] [--source ADDR] [--at TIME] NUMBER...\n"
	"\n"
	"Says how each NUMBER, or URI, is read, and what becomes of a call to it by a user who\n"
	"has just registered: as by one of the first calls that the gateway sees.\n"
	"\n"
	"  -c, --config FILE  the config (default: " DEFAULT_CONFIG "\n"
	"                     when it can be read, else the built-in defaults)\n"
	"      --from USER    who calls (default: 100)\n"
	"      --source ADDR  from where (default: 203.0.113.1)\n"
	"      --at TIME      when, \"2026-12-24 18:00\" in UTC (default: now)\n"
	"  -h, --help         this text\n"
	"\n"
	"Exit status: 0 done, 1 the config was refused, 2 usage.\n";

static const struct option longs[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "from", required_argument, NULL, 'f' },
	{ "source", required_argument, NULL, 's' },
	{ "at", required_argument, NULL, 'a' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const uint8_t seed[16] = "sipmoat number";

static int refuse(const char *what)
{
	fprintf(stderr, "sipmoat number: %s\n", what);
	return CTL_REFUSED;
}

/* ---- what is asked ---- */

static bool take_time(struct asked *a, const char *text)
{
	struct tm tm = { 0 };
	char *end = strptime(text, "%Y-%m-%d %H:%M", &tm);
	time_t wall;

	if (!end || *end)
		return false;
	wall = timegm(&tm);
	a->wall = wall > 0 ? (uint64_t)wall : 0;
	return wall > 0;
}

/* A user stands in headers as he is. */
static bool is_user(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				"-_.!~*'()&=+$,;?/%");

	return n && !text[n] && n < 64;
}

static bool take_option(struct asked *a, int o)
{
	switch (o) {
	case 'c':
		a->config = optarg;
		return true;
	case 'f':
		a->from = optarg;
		return is_user(optarg);
	case 's':
		return addr_parse(slice_of(optarg), &a->source) == 0;
	case 'a':
		return take_time(a, optarg);
	}
	return false;
}

/* CTL_OK: go on; CTL_USAGE; -1: help was asked for and given. */
static int parse_options(struct asked *a, int argc, char **argv)
{
	int o;

	opterr = 0;
	optind = 1;
	a->from = "100";
	a->wall = (uint64_t)time(NULL);
	(void)addr_parse(SLICE("203.0.113.1"), &a->source);
	while ((o = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		if (o == 'h') {
			fputs(usage, stdout);
			return -1;
		}
		if (!take_option(a, o)) {
			fprintf(stderr, "sipmoat number: \"%s\" is no option, or nothing it "
				"takes\n%s", argv[optind - 1], usage);
			return CTL_USAGE;
		}
	}
	a->number = argv + optind;
	a->n = (unsigned)(argc - optind);
	if (a->n)
		return CTL_OK;
	fprintf(stderr, "sipmoat number: name at least one number\n%s", usage);
	return CTL_USAGE;
}

static int load_rules(struct asked *a)
{
	struct conf_report report = { NULL, 0, 0, 0 };
	const char *file = a->config;

	if (!file && access(DEFAULT_CONFIG, R_OK) == 0)
		file = DEFAULT_CONFIG;
	a->rules = ruleset_load(file, &report);
	for (unsigned i = 0; i < report.n; i++) {
		char *text = conf_note_text(&report.note[i]);

		fprintf(stderr, "sipmoat number: %s\n", text ? text : report.note[i].text);
		free(text);
	}
	conf_report_free(&report);
	return a->rules ? CTL_OK : refuse("the config was refused");
}

/* A server of the config, of the caller's family, or one that stands for it. */
static int choose_server(struct asked *a)
{
	bool v4 = addr_is_v4(&a->source);
	const struct prefix *inside;
	struct prefix one;
	size_t n;

	inside = ruleset_inside(a->rules, &n);
	for (size_t i = 0; i < n; i++)
		if (addr_is_v4(&inside[i].addr) == v4) {
			a->server = inside[i].addr;
			return CTL_OK;
		}
	(void)addr_parse(v4 ? SLICE("192.0.2.10") : SLICE("2001:db8::10"), &a->server);
	one = (struct prefix){ a->server, 128 };
	return ruleset_set_inside(a->rules, &one, 1) < 0 ? refuse("out of memory") : CTL_OK;
}

/* ---- what happens ---- */

/* Shows the engine the message in a->text; outbound: of the server. */
static void show(struct asked *a, bool outbound, struct decision *d)
{
	struct pkt pkt = { .src = outbound ? a->server : a->source,
			   .dst = outbound ? a->source : a->server, .sport = 5060, .dport = 5060,
			   .version = addr_is_v4(&a->source) ? 4 : 6, .proto = PROTO_UDP,
			   .payload = slice_of(a->text) };

	a->now += NS / 10;
	memset(d, 0, sizeof(*d));
	state_set_wall(a->state, a->now, a->wall);
	engine_run(a->rules, a->state, a->scratch, &pkt, a->now, d);
}

/* An address as it stands in a URI. */
static void host_print(const struct addr *addr, char out[ADDR_TEXT + 2])
{
	char text[ADDR_TEXT];

	addr_print(addr, text);
	snprintf(out, ADDR_TEXT + 2, addr_is_v4(addr) ? "%s" : "[%s]", text);
}

/* A message of the phone, or, with a status line, the server's answer to it. */
static void write_message(struct asked *a, const char *line, const char *method, unsigned cseq,
			  const char *to, const char *more)
{
	char phone[ADDR_TEXT + 2], server[ADDR_TEXT + 2];

	host_print(&a->source, phone);
	host_print(&a->server, server);
	snprintf(a->text, sizeof(a->text),
		 "%s\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bKnumber%u%s;rport\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=number%s\r\nTo: <%s>%s\r\n"
		 "Call-ID: number-%s\r\nCSeq: %u %s\r\nContact: <sip:%s@%s:5060>\r\n%s"
		 "Content-Length: 0\r\n\r\n",
		 line, phone, cseq, method, a->from, server, method, to,
		 strncmp(line, "SIP/", 4) == 0 ? ";tag=server" : "", method, cseq, method,
		 a->from, phone, more);
}

/* The phone logs in: who calls is then known. */
static void register_phone(struct asked *a)
{
	char server[ADDR_TEXT + 2], line[ADDR_TEXT + 32], to[ADDR_TEXT + 80], login[512];
	struct decision d;

	host_print(&a->server, server);
	snprintf(line, sizeof(line), "REGISTER sip:%s SIP/2.0", server);
	snprintf(to, sizeof(to), "sip:%s@%s", a->from, server);
	snprintf(login, sizeof(login),
		 "Expires: 3600\r\nAuthorization: Digest username=\"%s\", realm=\"number\", "
		 "nonce=\"number%u\", uri=\"sip:%s\", response=\"%032d\", algorithm=MD5\r\n",
		 a->from, 1u, server, 0);
	write_message(a, line, "REGISTER", 1, to, "Expires: 3600\r\n");
	show(a, false, &d);
	write_message(a, "SIP/2.0 401 Unauthorized", "REGISTER", 1, to,
		      "WWW-Authenticate: Digest realm=\"number\", nonce=\"number1\"\r\n");
	show(a, true, &d);
	write_message(a, line, "REGISTER", 2, to, login);
	show(a, false, &d);
	write_message(a, "SIP/2.0 200 OK", "REGISTER", 2, to, "Expires: 3600\r\n");
	show(a, true, &d);
}

static bool is_uri(const char *text)
{
	static const char *const schemes[] = { "sip:", "sips:", "tel:", "urn:" };

	for (unsigned i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

/* The number as the user of a URI, escaped; of a URI what would end the request line. */
static void write_uri(const struct asked *a, const char *number, char *out, size_t room)
{
	bool whole = is_uri(number);
	char server[ADDR_TEXT + 2];
	size_t n = (size_t)snprintf(out, room, whole ? "" : "sip:");

	host_print(&a->server, server);
	for (; *number && n + ADDR_TEXT + 8 < room; number++) {
		char one[] = { *number, '\0' };
		bool plain = whole ? *number > ' ' && *number < 127 :
				     is_user(one) && *number != '%';

		n += (size_t)snprintf(out + n, 4, plain ? "%c" : "%%%02X",
				      (unsigned char)*number);
	}
	if (!whole)
		snprintf(out + n, room - n, "@%s", server);
}

static void say(void *arg, const char *what, const char *text)
{
	(void)arg;
	printf("  %-9s %s\n", what, text);
}

static const char *fate(const struct decision *d)
{
	if (d->verdict != VERDICT_ACCEPT)
		return d->token[0] ? "is refused until somebody approves" : "is refused";
	if (d->check == CHECK_NONE)
		return "passes";
	return d->observed ? "passes, and would be refused" : "passes, and is told";
}

/* CTL_OK or CTL_REFUSED. */
static int tell(struct asked *a, const char *number)
{
	char uri[MESSAGE / 2], line[MESSAGE / 2 + 64];
	struct decision d;

	a->state = state_new(ruleset_settings(a->rules), seed);
	if (!a->state)
		return refuse("out of memory");
	a->now = NS;
	write_message(a, "SIP/2.0 200 OK", "OPTIONS", 1, "sip:number", "");
	show(a, true, &d); /* the server is there, and memory begins */
	a->now += WEEK;
	register_phone(a);
	write_uri(a, number, uri, sizeof(uri));
	snprintf(line, sizeof(line), "INVITE %s SIP/2.0", uri);
	write_message(a, line, "INVITE", 1, uri, "");
	show(a, false, &d);
	for (const char *p = number; *p; p++)
		putchar(*p >= ' ' && *p < 127 ? *p : '?');
	putchar('\n');
	ruleset_number(a->rules, d.zone, number, say, NULL);
	say(NULL, "zone", ruleset_zone_name(a->rules, d.zone));
	printf("  %-9s %s%s%s%s%s\n", "call", fate(&d), d.check != CHECK_NONE ? ": " : "",
	       d.check != CHECK_NONE ? check_name(d.check) : "",
	       d.check != CHECK_NONE ? ", " : "", d.check != CHECK_NONE ? d.reason : "");
	state_free(a->state);
	return CTL_OK;
}

int number_main(int argc, char **argv)
{
	struct asked *a = calloc(1, sizeof(*a));
	int rc = a ? parse_options(a, argc, argv) : refuse("out of memory");

	if (rc == CTL_OK)
		rc = load_rules(a);
	if (rc == CTL_OK)
		rc = choose_server(a);
	if (rc == CTL_OK && !(a->scratch = scratch_new()))
		rc = refuse("out of memory");
	for (unsigned i = 0; rc == CTL_OK && i < a->n; i++)
		rc = tell(a, a->number[i]);
	if (a) {
		scratch_free(a->scratch);
		ruleset_free(a->rules);
	}
	free(a);
	return rc < 0 ? CTL_OK : rc;
}
