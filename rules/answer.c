/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include "caps.h"
#include "sip/reply.h"
#include "state/answered.h"
#include "state/flows.h"
#include "state/key.h"
#include "state/names.h"

#define TAG 0x616e73776572 /* mixed into the key of a call */

/* Whoever repeats Call-ID and From tag gets it; nobody else can know it. */
static uint64_t tag_of(const struct probe *p)
{
	return key_with(p->names->from, TAG) ^ key_with(TAG, p->names->from);
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

/* Over TCP it gets its place in the stream. */
static bool place(const struct probe *p, struct parcel *out)
{
	const struct segment *seg = p->segment;

	if (!seg)
		return true;
	return (seg->kind != STREAM_WEBSOCKET || frame(out)) &&
	       flow_answer(p->state, seg, out->n, p->now, p->now, &out->seq, &out->ack);
}

void answer_make(const struct probe *p, const struct policy *policy, struct parcel *out,
		 struct decision *d)
{
	struct reply r = { .status = policy->code, .phrase = slice_of(policy->phrase) };
	enum kept kept;

	if (!can_carry(p) || d->ban)
		return;
	r.room = caps_allow(p, &kept);
	d->kept = (uint8_t)kept;
	if (!r.room)
		return;
	r.tag = tag_of(p);
	if (!reply_make(out, p->pkt, p->sip, &r)) {
		d->kept = KEPT_CAPPED;
		return;
	}
	if (!place(p, out))
		return;
	d->verdict = VERDICT_REJECT;
	d->code = (uint16_t)r.status;
}

bool answer_acked(const struct probe *p)
{
	return p->sip->kind == SIP_REQUEST && p->sip->method == METHOD_ACK && p->names &&
	       p->names->from && reply_tag_is(p->sip->to.tag, tag_of(p));
}
