/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include "caps.h"
#include "checks.h"
#include "decoy.h"
#include "ruleset.h"
#include "sip/reply.h"
#include "state/answered.h"
#include "state/flows.h"
#include "state/key.h"
#include "state/names.h"

#define RETRY 0x7265747279 /* mixed into the key of a transaction */

/*
 * cause: Q.850, as RFC 3398 8.2.6.1 maps them, for gateways to the telephone network.
 * later: it may say Retry-After (RFC 3261 20.33).  phrase: of those that checks say.
 */
static const struct status {
	uint16_t code;
	uint8_t cause;
	bool later;
	const char *phrase;
} statuses[] = {
	{ 400, 41, false, "Bad Request" }, { 402, 21, false, NULL },
	{ 403, 21, false, "Forbidden" }, { 404, 1, true, NULL },
	{ 405, 63, false, "Method Not Allowed" },
	{ 406, 79, false, NULL }, { 408, 102, false, NULL }, { 410, 22, false, NULL },
	{ 413, 127, true, NULL }, { 414, 127, false, NULL }, { 415, 79, false, NULL },
	{ 416, 127, false, NULL }, { 423, 127, false, "Interval Too Brief" },
	{ 480, 18, true, NULL }, { 481, 41, false, NULL }, { 482, 25, false, NULL },
	{ 483, 25, false, NULL }, { 484, 28, false, NULL }, { 485, 1, false, NULL },
	{ 486, 17, true, NULL }, { 500, 41, true, NULL }, { 501, 79, false, NULL },
	{ 502, 38, false, NULL }, { 503, 41, true, "Service Unavailable" },
	{ 504, 102, false, NULL }, { 505, 127, false, NULL }, { 513, 127, false, NULL },
	{ 600, 17, true, NULL }, { 603, 21, true, NULL }, { 604, 1, false, NULL },
};

static const struct status *status_find(unsigned code)
{
	static const struct status other;

	for (unsigned i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (statuses[i].code == code)
			return &statuses[i];
	return &other;
}

bool answer_later(unsigned code)
{
	return status_find(code)->later;
}

/* On connections of servers and trusted peers others depend: there p->segment is not set. */
static bool can_carry(const struct probe *p)
{
	return p->pkt->proto == PROTO_UDP || (p->segment && !p->segment->guessed);
}

/* RFC 7118 5: a message is one of the WebSocket. */
static bool frame(struct parcel *out)
{
	char head[WEBSOCKET_HEAD];
	uint32_t n = websocket_head(out->n, head);

	if (out->n + n > sizeof(out->bytes))
		return false;
	memmove(out->bytes + n, out->bytes, out->n);
	memcpy(out->bytes, head, n);
	out->n = (uint16_t)(out->n + n);
	return true;
}

/* Over TCP it gets its place in the stream; nothing follows it after `last`. */
static bool place(const struct probe *p, uint64_t last, struct parcel *out)
{
	const struct segment *seg = p->segment;

	if (!seg || !out->n)
		return true;
	return (seg->kind != STREAM_WEBSOCKET || frame(out)) &&
	       flow_answer(p->state, seg, out->n, last, p->now, &out->seq, &out->ack);
}

/* Whoever repeats Call-ID and From tag gets it; nobody else can know it, and it tells
 * nothing of the keys of the tables. */
static uint64_t tag_of(const struct probe *p)
{
	const struct slice from = { (const char *)&p->names->from, sizeof(p->names->from) };

	return name_bytes(p->state, NAME_ANSWER, from);
}

/* The same for each repetition, and another for each client: else all would be back at
 * once. */
static uint32_t retry_of(const struct probe *p, const struct policy *policy)
{
	uint64_t any = key_with(p->names->txn, RETRY) >> KEY_PLACE_BITS;

	return policy->retry_least + (uint32_t)(any % (policy->retry_most -
						       policy->retry_least + 1));
}

/* What the operator says, or the check where he does not.  Nothing in it tells which check
 * it was but what he wants told. */
static void put_truth(const struct probe *p, unsigned check, const struct evidence *ev,
		      struct reply *r)
{
	const struct policy *policy = &p->zone->policy[check];
	const struct status *s;

	r->status = policy->code;
	r->phrase = slice_of(policy->phrase);
	if (ev->status && policy->code == policy_code(checks[check])) {
		r->status = ev->status;
		r->headers = slice_of(ev->headers);
	}
	s = status_find(r->status);
	if (r->status != policy->code)
		r->phrase = slice_of(s->phrase);
	if (s->later && policy->retry_least)
		r->retry_after = retry_of(p, policy);
	if (p->sip->method == METHOD_INVITE)
		r->cause = s->cause;
}

/* The requests of scanners are short, and what has to be said need not fit into as much. */
static bool make(const struct probe *p, struct reply *r, struct parcel *out)
{
	r->brief = false;
	if (reply_make(out, p->pkt, p->sip, r))
		return true;
	r->brief = true;
	return reply_make(out, p->pkt, p->sip, r);
}

/* There is no room for the header that the status must have. */
static bool plain(const struct probe *p, struct reply *r, struct parcel *out)
{
	const struct status *s = status_find(403);

	r->status = s->code;
	r->phrase = slice_of(s->phrase);
	r->headers = SLICE_NONE;
	r->cause = p->sip->method == METHOD_INVITE ? s->cause : 0;
	return make(p, r, out);
}

static bool tell_truth(const struct probe *p, unsigned check, const struct evidence *ev,
		       struct reply *r, struct parcel *out)
{
	put_truth(p, check, ev, r);
	return make(p, r, out) || (r->headers.n && plain(p, r, out));
}

static bool tell_lie(const struct probe *p, struct reply *r, struct parcel *out)
{
	char lines[DECOY_LINES];

	return decoy_fill(p, lines, r) && make(p, r, out);
}

/* Both answers together are no larger than one may be; who is sent what others asked for
 * gets one packet alone. */
static void try_make(const struct probe *p, unsigned room, struct parcel *out)
{
	const struct reply r = { .status = 100, .phrase = SLICE("Trying"), .room = room };

	if (p->sip->method != METHOD_INVITE || !caps_proven(p) ||
	    !reply_make(out, p->pkt, p->sip, &r))
		out->n = 0;
}

/* RFC 3261 9.2: a CANCEL can be too late, and nothing else; nobody can know that it was
 * but who looked for its INVITE. */
static bool fits(const struct probe *p, unsigned check, enum action how)
{
	return p->sip && (p->sip->method != METHOD_CANCEL ||
			  (how != ACTION_DECOY && p->zone->policy[check].code == 481));
}

/* What waits is given once, whoever asks. */
static bool is_waiting(const struct probe *p, enum action how)
{
	return how == ACTION_TARPIT && p->names && answered_before(p->state, p->names->txn, p->now);
}

void answer_make(const struct probe *p, unsigned check, const struct evidence *ev,
		 enum action how, struct answers *out, struct decision *d)
{
	uint32_t delay = how == ACTION_TARPIT ? p->rules->settings.answers_delay : 0;
	struct reply r = { 0 };
	enum kept kept;

	if (!can_carry(p) || d->ban || !fits(p, check, how) || is_waiting(p, how))
		return;
	r.room = caps_allow(p, &kept);
	d->kept = (uint8_t)kept;
	if (!r.room)
		return;
	r.tag = tag_of(p);
	if (!(how == ACTION_DECOY ? tell_lie(p, &r, &out->last) :
				    tell_truth(p, check, ev, &r, &out->last))) {
		d->kept = KEPT_CAPPED;
		return;
	}
	out->trying.n = 0;
	if (delay)
		try_make(p, r.room - out->last.n, &out->trying);
	if (!place(p, p->now + delay * NS, &out->trying) ||
	    !place(p, p->now + delay * NS, &out->last))
		return;
	d->verdict = how == ACTION_DECOY ? VERDICT_DECOY : VERDICT_REJECT;
	d->code = (uint16_t)r.status;
	d->answer_after = (uint16_t)(delay * 1000);
}

bool answer_acked(const struct probe *p)
{
	struct slice to = p->sip->to.tag;

	if (p->sip->kind != SIP_REQUEST || p->sip->method != METHOD_ACK || !p->names)
		return false;
	return (p->names->from && to.n == REPLY_TAG && reply_tag_is(to, tag_of(p))) ||
	       answered_acked(p->state, p->names->invite, p->now);
}
