/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the stages over one packet; what the checks find is turned into a decision by
 * settle.c.
 */
#include "engine.h"

#include <stdlib.h>

#include "account.h"
#include "answer.h"
#include "check.h"
#include "checks.h"
#include "inside.h"
#include "number/number.h"
#include "ruleset.h"
#include "running.h"
#include "scratch.h"
#include "settle.h"
#include "shown.h"
#include "sip/strict.h"
#include "state/answered.h"
#include "state/audits.h"
#include "state/callproof.h"
#include "state/calls.h"
#include "state/challenges.h"
#include "state/flows.h"
#include "state/legs.h"
#include "state/memory.h"
#include "state/state.h"
#include "state/visitors.h"

#define KNOWN_BY_CALL 3600 /* s: who calls again within that time finds his lane open */

/* One packet on its way through the stages. */
struct passage {
	struct probe probe;
	struct names names;
	struct number number;
	struct account account;
	struct call_draft draft;
	struct evidence *ev;
	struct sip_msg *sip; /* room for one */
	struct answers *answers;
	struct decision *d;
	const struct ruleset *rs;
	unsigned zone; /* of the outside end, whatever its user is judged by */
};

struct scratch *scratch_new(void)
{
	struct scratch *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->strict = strict_new();
	s->room = flow_room_new();
	if (s->strict && s->room)
		return s;
	scratch_free(s);
	return NULL;
}

void scratch_free(struct scratch *s)
{
	if (!s)
		return;
	if (s->strict)
		strict_free(s->strict);
	flow_room_free(s->room);
	free(s);
}

const struct parcel *engine_answer(const struct scratch *s)
{
	return &s->answers.last;
}

const struct parcel *engine_trying(const struct scratch *s)
{
	return &s->answers.trying;
}

static void decision_init(struct decision *d, const struct pkt *pkt)
{
	d->verdict = VERDICT_ACCEPT;
	d->check = CHECK_NONE;
	d->kind = SIP_NONE;
	d->method = METHOD_UNKNOWN;
	d->status = d->code = d->messages = 0;
	d->dir = pkt->dir;
	d->zone = 0;
	d->parsed = d->notify = d->observed = d->proven = d->absorbed = false;
	d->kept = KEPT_NONE;
	d->answer_after = 0;
	d->reset = d->call = false;
	d->approved = false;
	d->token[0] = 0;
	d->ban = d->known = d->called = d->mark = d->mark_time = 0;
	d->ban_proven = d->ban_capped = false;
	d->ban_times = 0;
	d->defect = DEFECT_COUNT;
	d->reason[0] = d->evidence[0] = 0;
}

static void decision_parsed(struct decision *d, const struct sip_msg *sip)
{
	d->parsed = true;
	d->messages++;
	d->kind = (uint8_t)sip->kind;
	d->method = (uint8_t)sip->method;
	d->status = sip->status;
}

/* Who of the stages from..to looks at packets of this direction, from this peer; before
 * there is a message none of them needs one. */
static uint32_t asked_of(const struct passage *g, enum stage from, enum stage to)
{
	const struct probe *p = &g->probe;
	const struct lookers *l = &g->rs->lookers;
	uint32_t asked = l->stage[from];

	while (from < to)
		asked |= l->stage[++from];
	asked &= p->zone->asked & l->way[p->pkt->dir == DIR_OUTBOUND][p->trusted];
	if (!p->sip || (p->sip->kind != SIP_REQUEST && p->sip->kind != SIP_RESPONSE))
		return asked & l->nothing;
	return asked & (p->sip->kind == SIP_RESPONSE ? l->response :
						       l->request[p->sip->method]);
}

/* What was refused before it was read, or named: to answer it takes its names. */
static void read_early(struct passage *g, unsigned check)
{
	struct probe *p = &g->probe;
	uint8_t action = p->zone->policy[check].action;

	if (p->names || action_passes(action) || action == ACTION_DROP ||
	    (!p->sip && p->pkt->proto != PROTO_UDP))
		return;
	if (!p->sip) {
		sip_parse(g->sip, p->pkt->payload);
		p->sip = g->sip;
		decision_parsed(g->d, p->sip);
	}
	if (p->sip->kind != SIP_REQUEST)
		return;
	names_read(p->state, p->pkt, p->sip, p->site_key, &g->names);
	p->names = &g->names;
}

static void absorb(struct decision *d)
{
	d->verdict = VERDICT_DROP;
	d->absorbed = true;
}

/* true when the packet's fate is sealed. */
static bool hit(struct passage *g, unsigned check)
{
	struct probe *p = &g->probe;
	const struct sip_msg *sip = p->sip;
	const struct names *names = p->names;
	bool sealed = true;

	read_early(g, check);
	/* nobody is to blame for acknowledging what we said */
	if (p->names && p->sip->method == METHOD_ACK && p->pkt->proto == PROTO_UDP &&
	    answered_acked(p->state, p->names->invite, p->now))
		absorb(g->d);
	else
		sealed = settle(p, check, g->ev, g->answers, g->d);
	/* for the next check it is not read yet */
	p->sip = sip;
	p->names = names;
	return sealed;
}

/* For the next check.  The texts are long, and most checks write none. */
static void evidence_clear(struct evidence *ev)
{
	ev->reason[0] = ev->text[0] = 0;
	memset((char *)ev + offsetof(struct evidence, no_ban), 0,
	       sizeof(*ev) - offsetof(struct evidence, no_ban));
	_Static_assert(GROUNDS_MESSAGE == 0, "it begins with that");
	ev->defect = DEFECT_COUNT;
}

/* Runs checks of the stages from..to; true when the packet's fate is sealed. */
static bool run_stages(struct passage *g, enum stage from, enum stage to)
{
	const struct zone *zone = g->probe.zone;

	for (uint32_t asked = asked_of(g, from, to); asked; asked &= asked - 1) {
		unsigned i = (unsigned)__builtin_ctz(asked);
		const struct check *c = checks[i];
		enum found found;

		evidence_clear(g->ev);
		found = c->run(&g->probe, zone->conf[i], g->ev);
		g->probe.trusted |= found == TRUST;
		if (found == TRUST || (found == HIT && hit(g, i)))
			return true;
		g->d->approved |= g->ev->approved;
	}
	return false;
}

/* Who asks for what: of the requests that a call, or something like it, begins with. */
static void read_asked(struct passage *g)
{
	struct probe *p = &g->probe;
	enum sip_method m = p->sip->method;

	if (m != METHOD_INVITE && m != METHOD_REFER && m != METHOD_MESSAGE &&
	    m != METHOD_SUBSCRIBE)
		return;
	if (p->pkt->dir == DIR_INBOUND) {
		account_read(p, &g->account);
		p->account = &g->account;
	}
	if (m != METHOD_INVITE || p->names->to)
		return;
	number_of_uri(p->rules, p->sip->uri, &g->number);
	p->number = &g->number;
	p->draft = &g->draft;
}

/* What memory will read is on its way while the checks without memory run. */
static void name_message(struct passage *g)
{
	struct probe *p = &g->probe;

	p->names = NULL;
	p->number = NULL;
	p->account = NULL;
	p->draft = NULL;
	if (p->sip->kind != SIP_REQUEST && p->sip->kind != SIP_RESPONSE)
		return;
	names_read(p->state, p->pkt, p->sip, p->site_key, &g->names);
	memory_prefetch(p->state, p->sip, &g->names, table_prefetch);
	p->names = &g->names;
	if (p->sip->kind == SIP_REQUEST)
		read_asked(g);
	if (p->zone->weak && audit_restricts(p)) {
		p->zone = p->zone->weak;
		g->d->zone = (uint8_t)(p->zone - g->rs->zone);
	}
}

/* What passes is remembered.  true when the packet's fate is sealed. */
static bool run_behaviour(struct passage *g)
{
	struct probe *p = &g->probe;
	struct call_facts facts;
	bool in_call;

	if (!p->names)
		return false;
	if (answer_acked(p) || legs_answer(p->state, p->pkt, p->sip, p->names, p->now)) {
		/* whom it is for never saw what it answers */
		if (p->spared)
			return false;
		absorb(g->d);
		return true;
	}
	memory_prefetch(p->state, p->sip, p->names, table_prefetch_value);
	if (p->draft)
		running_draft(p);
	if (run_stages(g, STAGE_BEHAVIOUR, STAGE_BEHAVIOUR)) {
		if (p->draft)
			calls_refused(p->state, p->draft, p->now);
		return true;
	}
	running_facts(p, &facts);
	in_call = memory_learn(p->state, &g->rs->settings, p->pkt, p->sip, p->names,
			       p->draft ? &facts : NULL, shown_by(p), p->now);
	if (p->pkt->dir == DIR_INBOUND &&
	    call_proves(p->state, p->sip, p->names, p->proof, in_call, p->now)) {
		g->d->site = p->site;
		g->d->called = KNOWN_BY_CALL;
		source_met(p->state, &p->pkt->src, p->site_key, p->now);
	}
	return false;
}

/* true when the packet's fate is sealed. */
static bool run_message(struct passage *g, struct slice bytes, struct sip_msg *sip)
{
	struct probe *p = &g->probe;

	/* it comes while the message is parsed */
	state_prefetch_site(p->state, p->site_key);
	sip_parse(sip, bytes);
	p->sip = sip;
	decision_parsed(g->d, sip);
	/* the message before it on that connection may have been somebody else's */
	p->zone = &g->rs->zone[g->zone];
	g->d->zone = (uint8_t)g->zone;
	p->proof = (uint8_t)source_prove(p->state, p->site_key, sip, p->now);
	p->tag_shared = p->proof == PROOF_TAG && tag_common(p->state, sip->to.tag, p->now);
	g->d->proven |= p->proof != PROOF_NONE;
	if (run_stages(g, STAGE_FRAME, STAGE_FRAME))
		return true;
	name_message(g);
	return run_stages(g, STAGE_MESSAGE, STAGE_MESSAGE) || run_behaviour(g);
}

/* A connection with bytes of ours in it: of what it still brings only answers to a BYE count. */
static bool run_cut(struct passage *g, struct scratch *s, struct segment *seg)
{
	struct probe *p = &g->probe;
	struct slice message;

	if (!(seg->notes & FLOW_CUT))
		return false;
	while (flow_next(seg, &message)) {
		sip_parse(&s->sip, message);
		decision_parsed(g->d, &s->sip);
		names_read(p->state, p->pkt, &s->sip, p->site_key, &g->names);
		(void)legs_answer(p->state, p->pkt, &s->sip, &g->names, p->now);
	}
	absorb(g->d);
	return true;
}

/*
 * A segment passes when nothing that it completes is refused.  To drop it alone
 * would only make its sender repeat it, until he gives up: the connection ends.
 */
static void run_segment(struct passage *g, struct scratch *s)
{
	struct probe *p = &g->probe;
	struct segment seg;
	struct slice message;

	flow_take(p->state, &g->rs->settings, s->room, p->pkt, p->now, &seg);
	if (run_cut(g, s, &seg))
		return;
	p->segment = &seg;
	if (seg.notes & FLOW_OPENED) {
		source_returned(p->state, p->site_key, p->now);
		visitor_note(p->state, &p->site, p->site_key, true, p->now);
	}
	if (!run_stages(g, STAGE_TRANSPORT, STAGE_TRANSPORT))
		while (flow_next(&seg, &message) && !run_message(g, message, &s->sip))
			;
	p->segment = NULL;
	if (g->d->verdict == VERDICT_ACCEPT)
		return;
	if (s->ev.gentle) {
		flow_undo(p->state, &seg, p->now);
		return;
	}
	g->d->reset = true;
	g->d->ending = seg.ending;
	if (g->d->verdict == VERDICT_DROP)
		flow_end(p->state, &seg, p->now);
	else
		g->d->ending.ends = RESET_INSIDE; /* the other one has to read */
}

/* TCP that can be followed; what is damaged is judged as it is. */
static bool is_segment(const struct pkt *pkt)
{
	return pkt->proto == PROTO_TCP &&
	       !(pkt->flags & ~(unsigned)PKT_BAD_CHECKSUM);
}

/* Judged only by checks that say so before it is remembered: it comes from our own servers,
 * or from peers that are trusted. */
static bool learn(struct passage *g, struct slice bytes, struct sip_msg *sip)
{
	struct probe *p = &g->probe;
	uint32_t known;

	sip_parse(sip, bytes);
	p->sip = sip;
	decision_parsed(g->d, sip);
	name_message(g);
	if (p->pkt->dir == DIR_OUTBOUND) {
		known = source_learn(p->state, p->pkt, sip, p->now);
		if (known > g->d->known)
			g->d->known = known;
	}
	return run_stages(g, STAGE_MESSAGE, STAGE_MESSAGE) || run_behaviour(g);
}

static void run_learned(struct passage *g, struct scratch *s)
{
	struct probe *p = &g->probe;
	struct segment seg;
	struct slice message;

	if (!is_segment(p->pkt)) {
		if (p->pkt->payload.n)
			(void)learn(g, p->pkt->payload, &s->sip);
		return;
	}
	flow_take(p->state, &g->rs->settings, s->room, p->pkt, p->now, &seg);
	if (run_cut(g, s, &seg))
		return;
	/* all calls of a server, or of a carrier, may come over this one connection */
	p->spared = g->rs->settings.tcp_shared == SHARED_SPARE;
	while (flow_next(&seg, &message) && !learn(g, message, &s->sip))
		;
	if (g->d->verdict == VERDICT_ACCEPT)
		return;
	g->d->reset = true;
	g->d->ending = seg.ending;
	flow_end(p->state, &seg, p->now);
}

static void run_inbound(struct passage *g, struct scratch *s)
{
	bool segment = is_segment(g->probe.pkt);

	if (run_stages(g, STAGE_SOURCE, segment ? STAGE_SOURCE : STAGE_TRANSPORT)) {
		if (g->probe.trusted)
			run_learned(g, s);
	} else if (segment) {
		run_segment(g, s);
	} else {
		(void)run_message(g, g->probe.pkt->payload, &s->sip);
	}
}

/* The zone of the outside end; of a packet that leaves, that of one coming back. */
static void find_zone(struct passage *g)
{
	struct probe *p = &g->probe;
	struct pkt back = *p->pkt;
	unsigned zone;

	if (back.dir == DIR_OUTBOUND) {
		back.src = p->pkt->dst;
		back.sport = p->pkt->dport;
	}
	zone = zone_find(g->rs, p->state, &back, p->site_key, p->now);
	g->zone = zone;
	if (back.dir == DIR_INBOUND)
		g->d->zone = (uint8_t)zone;
	p->zone = &g->rs->zone[zone];
}

void engine_run(const struct ruleset *rs, struct state *st, struct scratch *s, struct pkt *pkt,
		uint64_t now, struct decision *d)
{
	struct passage g;

	pkt->dir = (uint8_t)inside_direction(rs, pkt);
	decision_init(d, pkt);
	if (pkt->dir == DIR_INTERNAL)
		return;
	memory_begin(st, now);
	g.sip = &s->sip;
	g.answers = &s->answers;
	g.ev = &s->ev; /* what is large in it is filled when it is needed */
	g.d = d;
	g.rs = rs;
	g.probe = (struct probe){ .pkt = pkt, .strict = s->strict, .rules = rs, .state = st,
				  .now = now, .wall = state_wall(st, now) };
	g.probe.site = addr_site(pkt->dir == DIR_OUTBOUND ? &pkt->dst : &pkt->src);
	g.probe.site_key = key_of_addr(st, &g.probe.site);
	state_prefetch(st, g.probe.site_key);
	find_zone(&g);
	if (pkt->dir == DIR_OUTBOUND) {
		d->site = g.probe.site;
		run_learned(&g, s);
	} else {
		run_inbound(&g, s);
	}
	if (d->proven || d->known || d->called || d->ban)
		visitor_note(st, &g.probe.site, g.probe.site_key, !d->ban, now);
}
