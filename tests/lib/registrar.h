/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A server and the phones that register with it, through the whole engine.
 *
 * Ownership: set_up takes, tear_down gives back.
 */
#ifndef SIPMOAT_REGISTRAR_H
#define SIPMOAT_REGISTRAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "check.h"
#include "rules.h"
#include "state/bindings.h"
#include "state/names.h"
#include "state/state.h"

#define START (1000 * NS)
#define HOME "203.0.113.9"
#define HOTEL "198.51.100.7"
#define PHONE "Contact: <sip:100@10.0.0.5:5060>"

struct world {
	struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	unsigned requests; /* each its own branch */
};

static void set_up(struct world *w)
{
	const uint8_t seed[16] = { 3 }, server[4] = { 192, 0, 2, 10 };
	struct prefix inside = { addr_v4(server), 128 };

	*w = (struct world){ .rs = rules_load("") };
	assert_int_equal(ruleset_set_inside(w->rs, &inside, 1), 0);
	w->st = state_new(ruleset_settings(w->rs), seed);
	w->s = scratch_new();
}

static void tear_down(struct world *w)
{
	scratch_free(w->s);
	state_free(w->st);
	ruleset_free(w->rs);
}

static struct addr addr(const char *text)
{
	struct addr a = { { 0 } };

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

static void send(struct world *w, const char *src, const char *dst, const char *text, uint64_t at)
{
	struct pkt pkt = { .src = addr(src), .dst = addr(dst), .sport = 5060, .dport = 5060,
			   .proto = PROTO_UDP, .version = 4, .payload = slice_of(text) };
	struct decision d;

	engine_run(w->rs, w->st, w->s, &pkt, START + at, &d);
	assert_int_equal(d.verdict, VERDICT_ACCEPT);
}

/* headers: lines with CRLF but for the last */
static void ask(struct world *w, const char *phone, const char *user, const char *headers,
		uint64_t at)
{
	char text[1024];

	w->requests++;
	snprintf(text, sizeof(text),
		 "REGISTER sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK%u\r\n"
		 "From: <sip:%s@pbx.example>;tag=a\r\nTo: <sip:%s@pbx.example>\r\n"
		 "Call-ID: c1\r\nCSeq: %u REGISTER\r\nMax-Forwards: 70\r\n%s\r\n"
		 "Content-Length: 0\r\n\r\n",
		 w->requests, user, user, w->requests, headers);
	send(w, phone, "192.0.2.10", text, at);
}

static void answer(struct world *w, const char *src, const char *dst, const char *user,
		   unsigned status, const char *headers, uint64_t at)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "SIP/2.0 %u Well\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK%u\r\n"
		 "From: <sip:%s@pbx.example>;tag=a\r\nTo: <sip:%s@pbx.example>;tag=b\r\n"
		 "Call-ID: c1\r\nCSeq: %u REGISTER\r\n%s\r\nContent-Length: 0\r\n\r\n",
		 status, w->requests, user, user, w->requests, headers);
	send(w, src, dst, text, at);
}

static void accepted(struct world *w, const char *phone, const char *user, const char *headers,
		     uint64_t at)
{
	answer(w, "192.0.2.10", phone, user, 200, headers, at);
}

/* Asked for and granted alike. */
static void registers(struct world *w, const char *phone, const char *user, const char *headers,
		      uint64_t at)
{
	ask(w, phone, user, headers, at);
	accepted(w, phone, user, headers, at);
}

static uint64_t site(struct world *w, const char *phone)
{
	struct addr a = addr(phone);

	return key_of_addr(w->st, &a);
}

static uint64_t aor(struct world *w, const char *user)
{
	char text[64];

	snprintf(text, sizeof(text), "<sip:%s@pbx.example>", user);
	return name_aor(w->st, slice_of(text));
}

static bool held(struct world *w, const char *user, const char *phone, uint64_t at)
{
	char text[64];

	snprintf(text, sizeof(text), "<sip:%s@elsewhere.example>", user);
	return binding_held(w->st, name_user(w->st, slice_of(text)), site(w, phone), START + at);
}

static unsigned live(struct world *w, const char *user, uint64_t at)
{
	struct contacts_asked none = { .n = 0 };
	struct contacts c;

	contacts_find(w->st, aor(w, user), &none, START + at, &c);
	return c.live;
}

#endif
