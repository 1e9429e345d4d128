/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of calls as memory learns them, and a check that takes for each call: one that
 * runs, one in a day, and the seconds that it lasts.
 *
 * Ownership: world_open takes, world_close gives back.
 */
#ifndef SIPMOAT_CALLER_H
#define SIPMOAT_CALLER_H

#include "rules.h"
#include "state/calls.h"
#include "state/key.h"
#include "state/quotas.h"

#define SERVER "192.0.2.10"

struct world {
	struct ruleset *rules;
	struct state *st;
	uint64_t now;
	char room[2048];
	struct sip_msg sip;
	struct pkt pkt;
	struct names names;
};

enum going { IN, OUT };

/* A message with these ends of a dialog; "" as a tag: none. */
struct says {
	const char *start; /* "INVITE" or "200 INVITE" */
	const char *from, *to;
	const char *call;  /* NULL: "c" */
	const char *user;  /* whom it is for, NULL: "b"; part of the branch, too */
	unsigned cseq;
	const char *lines; /* further headers, with their line ends */
};

static inline void world_open(struct world *w, const char *conf)
{
	static const uint8_t seed[16] = { 3 };

	w->rules = rules_load(conf);
	w->st = state_new(ruleset_settings(w->rules), seed);
	w->now = 1000000 * NS;
	if (!w->st)
		abort();
}

static inline void world_close(struct world *w)
{
	state_free(w->st);
	ruleset_free(w->rules);
}

static inline void ends_of(struct world *w, enum going way, const char *host)
{
	struct addr outside, inside, site;

	if (addr_parse(slice_of(host), &outside) || addr_parse(slice_of(SERVER), &inside))
		abort();
	w->pkt = (struct pkt){
		.src = way == IN ? outside : inside, .dst = way == IN ? inside : outside,
		.sport = 5060, .dport = 5060, .proto = PROTO_UDP,
		.dir = way == IN ? DIR_INBOUND : DIR_OUTBOUND,
	};
	site = addr_site(&outside);
	memory_begin(w->st, 1);
	names_read(w->st, &w->pkt, &w->sip, key_of_addr(w->st, &site), &w->names);
}

static inline void write_says(struct world *w, const struct says *m)
{
	bool response = m->start[0] < 'A';
	const char *method = response ? m->start + 4 : m->start;
	const char *user = m->user ? m->user : "b", *call = m->call ? m->call : "c";
	bool same = strcmp(method, "CANCEL") == 0;
	char line[96], from[48] = "", to[48] = "";

	snprintf(line, sizeof(line), response ? "SIP/2.0 %.3s Ok" : "%s sip:%s@pbx.example SIP/2.0",
		 m->start, user);
	if (m->from[0])
		snprintf(from, sizeof(from), ";tag=%s", m->from);
	if (m->to[0])
		snprintf(to, sizeof(to), ";tag=%s", m->to);
	snprintf(w->room, sizeof(w->room),
		 "%s\r\nVia: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK%s%s%u%s\r\nFrom: "
		 "<sip:a@pbx.example>%s\r\nTo: <sip:b@pbx.example>%s\r\nCall-ID: %s\r\n"
		 "CSeq: %u %s\r\nMax-Forwards: 70\r\n%sContent-Length: 0\r\n\r\n",
		 line, same ? "INVITE" : method, call, m->cseq, user, from, to, call, m->cseq,
		 method, m->lines ? m->lines : "");
	sip_parse(&w->sip, slice_of(w->room));
}

static inline struct quota quota_for(enum slot_kind kind)
{
	return (struct quota){ .key = 0x1234567890abcdefu + (uint64_t)kind * 0x9e3779b97f4a7c15u,
			       .window = kind == SLOT_NOW ? 0 : 864000, .act = 1000000 };
}

static inline unsigned used(struct world *w, enum slot_kind kind)
{
	struct quota q = quota_for(kind);

	return quota_used(w->st, &q, w->now);
}

static inline void take(struct world *w, struct call_draft *d)
{
	static const enum slot_kind kinds[] = { SLOT_NOW, SLOT_COUNT, SLOT_SECONDS };

	for (unsigned i = 0; !d->again && i < 3; i++) {
		struct quota q = quota_for(kinds[i]);
		uint32_t n;

		if (kinds[i] != SLOT_SECONDS)
			(void)quota_take(w->st, &q, 1, w->now, &n);
		d->slot[d->slots++] = (struct call_slot){ .key = q.key, .window = q.window,
							  .act = q.act, .kind = kinds[i] };
	}
}

/* It passes. */
static inline void hear(struct world *w, enum going way, const char *host, const struct says *m)
{
	struct call_draft draft;
	struct call_facts facts = { .draft = &draft };
	bool asks = m->start[0] == 'I' && !m->to[0];

	write_says(w, m);
	ends_of(w, way, host);
	if (asks) {
		struct call_asks a = { .names = &w->names, .cseq = m->cseq, .trunk = -1,
				       .outbound = way == OUT,
				       .inside = way == OUT ? &w->pkt.src : &w->pkt.dst };

		call_draft_begin(w->st, &a, w->now, &draft);
		take(w, &draft);
	}
	memory_learn(w->st, ruleset_settings(w->rules), &w->pkt, &w->sip, &w->names,
		     asks ? &facts : NULL, SHOWS_NOTHING, w->now);
}

/* So many seconds go by. */
static inline void run(struct world *w, unsigned seconds)
{
	struct call_due due[CALL_DUES];

	while (seconds--) {
		w->now += NS;
		while (calls_sweep(w->st, false, w->now, due))
			;
	}
}

#endif
