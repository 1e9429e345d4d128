/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hepwire.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>

#include "check.h"
#include "jsontext.h"

#define HEAD 6            /* "HEP3" and the length of all; as long is the head of a chunk */
#define MESSAGES_MOST 32  /* in one packet of TCP */
#define FINDING_TEXT 1024

enum chunk {
	CHUNK_FAMILY = 1,
	CHUNK_PROTOCOL = 2,
	CHUNK_SRC4 = 3,
	CHUNK_DST4 = 4,
	CHUNK_SRC6 = 5,
	CHUNK_DST6 = 6,
	CHUNK_SPORT = 7,
	CHUNK_DPORT = 8,
	CHUNK_SECONDS = 9,
	CHUNK_MICROSECONDS = 10,
	CHUNK_TYPE = 11,
	CHUNK_ID = 12,
	CHUNK_PASSWORD = 14,
	CHUNK_PAYLOAD = 15,
	CHUNK_CORRELATION = 17,
	CHUNK_NODE = 19,
};
enum payload_type { TYPE_SIP = 1, TYPE_LOG = 100 };

struct out {
	uint8_t *p;
	size_t n;
};

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* A chunk that does not fit as a whole is left out, a payload is cut. */
static void chunk(struct out *o, enum chunk type, const void *bytes, size_t n)
{
	size_t room = HEP_BYTES - o->n;

	if (room < HEAD)
		return;
	if (n > room - HEAD) {
		if (type != CHUNK_PAYLOAD)
			return;
		n = room - HEAD;
	}
	put16(o->p + o->n, 0); /* the vendor: of the standard */
	put16(o->p + o->n + 2, type);
	put16(o->p + o->n + 4, (uint32_t)(HEAD + n));
	memcpy(o->p + o->n + HEAD, bytes, n);
	o->n += HEAD + n;
}

static void chunk8(struct out *o, enum chunk type, uint8_t v)
{
	chunk(o, type, &v, 1);
}

static void chunk16(struct out *o, enum chunk type, uint16_t v)
{
	uint8_t b[2];

	put16(b, v);
	chunk(o, type, b, sizeof(b));
}

static void chunk32(struct out *o, enum chunk type, uint32_t v)
{
	uint8_t b[4];

	put16(b, v >> 16);
	put16(b + 2, v & 0xffff);
	chunk(o, type, b, sizeof(b));
}

static void chunk_text(struct out *o, enum chunk type, struct slice text)
{
	if (text.n)
		chunk(o, type, text.p, text.n);
}

static void put_ends(struct out *o, const struct hep_record *r)
{
	bool v4 = addr_is_v4(&r->src) && addr_is_v4(&r->dst);

	chunk8(o, CHUNK_FAMILY, v4 ? AF_INET : AF_INET6);
	chunk8(o, CHUNK_PROTOCOL, r->proto);
	if (v4) {
		chunk(o, CHUNK_SRC4, r->src.b + 12, 4);
		chunk(o, CHUNK_DST4, r->dst.b + 12, 4);
	} else {
		chunk(o, CHUNK_SRC6, r->src.b, 16);
		chunk(o, CHUNK_DST6, r->dst.b, 16);
	}
	chunk16(o, CHUNK_SPORT, r->sport);
	chunk16(o, CHUNK_DPORT, r->dport);
}

static size_t encode(const struct hep_self *self, const struct hep_record *r,
		     enum payload_type type, struct slice payload, struct slice call_id,
		     uint8_t out[HEP_BYTES])
{
	struct out o = { out, HEAD };

	put_ends(&o, r);
	chunk32(&o, CHUNK_SECONDS, (uint32_t)(r->when / 1000000000));
	chunk32(&o, CHUNK_MICROSECONDS, (uint32_t)(r->when % 1000000000 / 1000));
	chunk8(&o, CHUNK_TYPE, (uint8_t)type);
	chunk32(&o, CHUNK_ID, self->id);
	chunk_text(&o, CHUNK_PASSWORD, slice_of(self->password));
	chunk_text(&o, CHUNK_NODE, slice_of(self->node));
	/* its length is the sender's choice: the payload is worth more */
	if (call_id.n <= 512)
		chunk_text(&o, CHUNK_CORRELATION, call_id);
	chunk_text(&o, CHUNK_PAYLOAD, payload);
	memcpy(out, "HEP3", 4);
	put16(out + 4, (uint32_t)o.n);
	return o.n;
}

void hep_record_fill(struct hep_record *r, uint64_t when, const struct pkt *pkt,
		     const struct decision *d)
{
	*r = (struct hep_record){ .when = when, .src = pkt->src, .dst = pkt->dst,
				  .sport = pkt->sport, .dport = pkt->dport, .proto = pkt->proto,
				  .verdict = d->verdict, .check = d->check,
				  .observed = d->observed, .code = d->code, .ban = d->ban };
	if (d->check == CHECK_NONE)
		return;
	memcpy(r->reason, d->reason, sizeof(r->reason));
	memcpy(r->evidence, d->evidence, sizeof(r->evidence));
}

size_t hep_message(const struct hep_self *self, const struct hep_record *r, struct slice message,
		   struct slice call_id, uint8_t out[HEP_BYTES])
{
	return encode(self, r, TYPE_SIP, message, call_id, out);
}

size_t hep_finding(const struct hep_self *self, const struct hep_record *r, struct slice call_id,
		   uint8_t out[HEP_BYTES])
{
	struct prefix site = addr_site_prefix(&r->src);
	char text[FINDING_TEXT], line[96], source[PREFIX_TEXT];
	struct jsontext t = { text, sizeof(text), 0 };

	prefix_print(&site, source);
	jsontext_put(&t, "{\"event\":\"verdict\"");
	jsontext_member(&t, "verdict", verdict_name(r->verdict));
	jsontext_member(&t, "check", check_name(r->check));
	jsontext_member(&t, "reason", r->reason);
	jsontext_member(&t, "evidence", r->evidence);
	jsontext_member(&t, "source", source);
	snprintf(line, sizeof(line), ",\"observed\":%s,\"code\":%u,\"ban\":%" PRIu32 "}",
		 r->observed ? "true" : "false", r->code, r->ban);
	jsontext_put(&t, line);
	return encode(self, r, TYPE_LOG, (struct slice){ text, (uint32_t)t.n }, call_id, out);
}

void hep_tell(const struct hep_self *self, const struct hep_record *r, struct slice payload,
	      struct sip_msg *msg, uint8_t room[HEP_BYTES],
	      void (*send)(void *arg, const uint8_t *bytes, size_t n), void *arg)
{
	struct slice call_id = SLICE_NONE;

	for (unsigned i = 0; payload.n && i < MESSAGES_MOST; i++) {
		sip_parse(msg, payload);
		if (msg->kind != SIP_REQUEST && msg->kind != SIP_RESPONSE)
			break;
		/* of several the last one: it completed what was judged */
		call_id = sip_first(msg, HDR_CALL_ID);
		payload = r->proto == PROTO_TCP ? msg->rest : SLICE_NONE;
		send(arg, room, hep_message(self, r, slice_between(msg->all.p,
					    msg->all.p + msg->all.n - payload.n), call_id,
					    room));
	}
	if (r->check != CHECK_NONE)
		send(arg, room, hep_finding(self, r, call_id, room));
}
