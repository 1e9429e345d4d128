/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server, phones that log in, and an audit whose answers are put in by hand, through the
 * whole engine: `w` from set_up to tear_down.  Include after cmocka.h.
 */
#ifndef SIPMOAT_TEST_AUDITED_H
#define SIPMOAT_TEST_AUDITED_H

#include <stdio.h>

#include "audit.h"
#include "event.h"
#include "rules.h"
#include "state/state.h"

#define START (1000 * NS)
#define MIN (60 * NS)
#define HOUR (60 * MIN)
#define DAY (24 * HOUR)
#define SERVER "192.0.2.10"
#define HOME "203.0.113.9"
#define HOTEL "198.51.100.7"

#define CONF \
	"inside = [ \"192.0.2.10\" ]; emergency = [ \"112\" ];" \
	"zones = ( { name = \"office\"; addresses = [ \"198.51.100.7\" ]; }," \
	" { name = \"restricted\"; assigned = true;" \
	"   method = { mode = \"enforce\"; allow = [ \"MESSAGE\", \"ACK\" ]; };" \
	"   destination = { deny = [ \"^9\" ]; }; } );"
#define AUDIT "password = { mode = \"enforce\"; flags = [ ]; };"
#define ZONED "password = { mode = \"enforce\"; flags = [ ]; zone = \"restricted\"; };"

struct world {
	struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	struct audit_plan plan;
	unsigned n;       /* each request its own branch, Call-ID and nonce */
	struct decision d; /* of the latest packet */
	uint64_t now;
};

static struct world w;

static void set_up(const char *conf)
{
	const uint8_t seed[16] = { 3 };

	w = (struct world){ .rs = rules_load(conf), .now = START };
	w.st = state_new(ruleset_settings(w.rs), seed);
	w.s = scratch_new();
	assert_non_null(w.st);
	(void)ruleset_audit(w.rs, &w.plan);
}

static int tear_down(void **arg)
{
	(void)arg;
	scratch_free(w.s);
	state_free(w.st);
	ruleset_free(w.rs);
	return 0;
}

static struct addr addr(const char *text)
{
	struct addr a = { { 0 } };

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

static void send(const char *src, const char *dst, const char *text)
{
	struct pkt pkt = { .src = addr(src), .dst = addr(dst), .sport = 5060, .dport = 5060,
			   .proto = PROTO_UDP, .version = 4, .payload = slice_of(text) };

	w.now += NS / 100;
	engine_run(w.rs, w.st, w.s, &pkt, w.now, &w.d);
}

/* What a login says. */
struct login {
	const char *phone, *user, *realm;
	const char *more; /* parameters of the credentials */
};

static void asks(const char *phone, const char *method, const char *to, const char *from,
		 const char *headers)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "%s sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK%u\r\n"
		 "From: <sip:%s@pbx.example>;tag=a%u\r\nTo: <sip:%s>\r\nCall-ID: c%u\r\n"
		 "CSeq: 1 %s\r\nMax-Forwards: 70\r\nContact: <sip:%s@10.0.0.5>\r\n%s"
		 "Content-Length: 0\r\n\r\n",
		 method, to, w.n, from, w.n, to, w.n, method, from, headers);
	send(phone, SERVER, text);
}

static void answers(const char *phone, const char *method, const char *user, unsigned status,
		    const char *headers)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "SIP/2.0 %u Well\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK%u\r\n"
		 "From: <sip:%s@pbx.example>;tag=a%u\r\nTo: <sip:%s@pbx.example>;tag=b\r\n"
		 "Call-ID: c%u\r\nCSeq: 1 %s\r\n%sContent-Length: 0\r\n\r\n",
		 status, w.n, user, w.n, user, w.n, method, headers);
	send(SERVER, phone, text);
}

static void challenged(const struct login *l, const char *method)
{
	char headers[256];

	snprintf(headers, sizeof(headers),
		 "WWW-Authenticate: Digest realm=\"%s\", nonce=\"n%u\"\r\n", l->realm, w.n);
	answers(l->phone, method, l->user, 401, headers);
}

static void credentials(const struct login *l, unsigned nonce, char out[512])
{
	snprintf(out, 512, "Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"n%u\", "
		 "uri=\"sip:pbx.example\", response=\"0123456789abcdef0123456789abcdef\"%s\r\n"
		 "Expires: 600\r\n", l->user, l->realm, nonce, l->more ? l->more : "");
}

/* REGISTER, its challenge, REGISTER with credentials; the answer is due. */
static void tries(const struct login *l)
{
	char headers[512];
	unsigned nonce = ++w.n;

	asks(l->phone, "REGISTER", "pbx.example", l->user, "");
	challenged(l, "REGISTER");
	w.n++;
	credentials(l, nonce, headers);
	asks(l->phone, "REGISTER", "pbx.example", l->user, headers);
}

static void logs_in(const struct login *l)
{
	tries(l);
	assert_int_equal(w.d.verdict, VERDICT_ACCEPT);
	answers(l->phone, "REGISTER", l->user, 200, "Expires: 600\r\n");
}

static const struct login at_home = { HOME, "1001", "pbx.example", NULL };
static const struct login at_hotel = { HOTEL, "1001", "pbx.example", NULL };

static struct audit_task task;
static struct event event;

static bool waits(void)
{
	return state_audit_next(w.st, w.now, &task);
}

static bool done(enum audit_result result)
{
	return state_audit_done(w.st, &w.plan, &task, result, w.now, &event);
}

#endif
