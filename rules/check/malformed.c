/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Refuses what is ambiguous or impossible, lets through what is merely ugly:
 * a message that two servers read differently is how checks are walked around.
 * What a defect is and how it is found: include/sip.h, rules/sip/.
 */
#include "check.h"
#include "state/flows.h"

struct malformed_conf {
	uint8_t preset;                /* enum sip_preset */
	uint8_t written[DEFECT_COUNT]; /* enum sip_treat, or CONF_UNSET */
	struct sip_limits limits;
	uint8_t treat[DEFECT_COUNT];   /* enum sip_treat: what holds */
	uint64_t read, judged;         /* those not accepted, as bitmaps */
	uint64_t read_drop, judged_drop;
};

static const char *const presets[] = { "lenient", "standard", "strict", NULL };
static const char *const treats[] = { "accept", "alert", "drop", NULL };

static const char *defect_key(unsigned i)
{
	return i < DEFECT_COUNT ? sip_defect_name((enum sip_defect)i) : NULL;
}

/* Defects behind which no two readers see the same message. */
static const char *defect_refuse(unsigned i, unsigned word)
{
	if (word == TREAT_DROP)
		return NULL;
	switch (i) {
	case DEFECT_NO_END:
		return "can only be dropped: without an end of the headers nobody knows what "
		       "the message says";
	case DEFECT_TOO_MANY_HEADERS:
		return "can only be dropped: what stands behind the headers that are read is "
		       "not judged";
	case DEFECT_LONE_CR:
		return "can only be dropped: servers disagree about where the headers end";
	default:
		return NULL;
	}
}

#define AT(member) offsetof(struct malformed_conf, member)

static const struct conf_row malformed_rows[] = {
	{ .name = "preset",
	  .type = CONF_WORD,
	  .offset = AT(preset),
	  .fallback = "standard",
	  .words = presets,
	  .help = "what is done about the defects that `defects` does not name" },
	{ .name = "defects",
	  .type = CONF_MAP,
	  .offset = AT(written),
	  .fallback = "",
	  .words = treats,
	  .names = defect_key,
	  .refuse = defect_refuse,
	  .help = "what is done about single defects, by the names `sipmoat inspect` prints" },
	{ .name = "max_size",
	  .type = CONF_INT,
	  .offset = AT(limits.size),
	  .min = 512,
	  .max = 65535,
	  .fallback = "16384",
	  .help = "bytes of the largest message" },
	{ .name = "max_headers",
	  .type = CONF_INT,
	  .offset = AT(limits.headers),
	  .min = 8,
	  .max = SIP_MAX_HEADERS,
	  .fallback = "128",
	  .help = "header lines a message may have" },
	{ .name = "max_header",
	  .type = CONF_INT,
	  .offset = AT(limits.header),
	  .min = 256,
	  .max = 65535,
	  .fallback = "8192",
	  .help = "bytes of the longest header line, with its folds" },
	{ .name = "max_uri",
	  .type = CONF_INT,
	  .offset = AT(limits.uri),
	  .min = 64,
	  .max = 65535,
	  .fallback = "2048",
	  .help = "bytes of the longest Request-URI" },
	{ .name = "ignore",
	  .type = CONF_GONE,
	  .help = "is no key any more: write defects = { NAME = \"accept\"; ... } for each" },
	{ .name = "not_sip",
	  .type = CONF_GONE,
	  .help = "is no key any more: write defects = { not-sip = \"accept\"; } or \"drop\", and "
		  "see rtp, rtcp, dtls, tls and http there" },
	{ .name = "fragment",
	  .type = CONF_GONE,
	  .help = "is no key any more: write defects = { stray-fragment = \"accept\"; } or "
		  "\"drop\"" },
	{ 0 },
};

static void bits_set(struct malformed_conf *mc, unsigned d)
{
	uint64_t *some = d < DEFECT_READ_COUNT ? &mc->read : &mc->judged;
	uint64_t *drop = d < DEFECT_READ_COUNT ? &mc->read_drop : &mc->judged_drop;
	uint64_t bit = 1ull << (d < DEFECT_READ_COUNT ? d : d - DEFECT_READ_COUNT);

	if (mc->treat[d] != TREAT_ACCEPT)
		*some |= bit;
	if (mc->treat[d] == TREAT_DROP)
		*drop |= bit;
}

static int malformed_compile(void *conf, struct compiler *c)
{
	struct malformed_conf *mc = conf;

	(void)c;
	mc->read = mc->judged = mc->read_drop = mc->judged_drop = 0;
	for (unsigned d = 0; d < DEFECT_COUNT; d++) {
		mc->treat[d] = mc->written[d];
		if (mc->treat[d] == CONF_UNSET)
			mc->treat[d] = (uint8_t)sip_defect_treat((enum sip_defect)d, mc->preset);
		bits_set(mc, d);
	}
	return 0;
}

static enum found tell(const struct malformed_conf *mc, enum sip_defect d, struct slice bytes,
		       struct evidence *ev)
{
	struct slice name = slice_of(sip_defect_name(d)), text = slice_of(sip_defect_text(d));

	if (mc->treat[d] == TREAT_ACCEPT)
		return CLEAR;
	ev->defect = (uint8_t)d;
	ev->alert = mc->treat[d] == TREAT_ALERT;
	evidence_reason(ev, "%s: %s", &name, &text);
	evidence_bytes(ev, bytes);
	return HIT;
}

static enum sip_defect damage_of(const struct pkt *pkt)
{
	if (pkt->flags & (PKT_NOT_IP | PKT_BAD_HEADER))
		return DEFECT_PACKET_HEADER;
	return pkt->flags & PKT_BAD_LENGTH ? DEFECT_PACKET_LENGTH : DEFECT_PACKET_TRUNCATED;
}

/* The line of the message that the offset stands in. */
static struct slice line_at(const struct sip_msg *sip, uint32_t offset)
{
	const char *at = sip->all.p + offset, *end = sip->all.p + sip->all.n;
	const char *from = at, *to = at;

	while (from > sip->all.p && at - from < EVIDENCE_TEXT / 2 && from[-1] != '\n')
		from--;
	while (to < end && to - at < EVIDENCE_TEXT && *to != '\r' && *to != '\n')
		to++;
	return slice_between(from, to);
}

static enum sip_defect first_of(uint64_t bits, unsigned base)
{
	return (enum sip_defect)(base + (unsigned)__builtin_ctzll(bits));
}

static enum found read_tell(const struct malformed_conf *mc, const struct sip_msg *sip,
			    uint64_t bits, struct evidence *ev)
{
	enum sip_defect d = first_of(bits, 0);

	return tell(mc, d, line_at(sip, sip->defect_at[d]), ev);
}

static enum found judged_tell(const struct malformed_conf *mc, const struct sip_msg *sip,
			      const struct sip_judged *judged, uint64_t bits, struct evidence *ev)
{
	enum sip_defect d = first_of(bits, DEFECT_READ_COUNT);

	return tell(mc, d, line_at(sip, judged->at[d - DEFECT_READ_COUNT]), ev);
}

/* The worst of all defects: what drops before what alerts. */
static enum found message_judge(const struct malformed_conf *mc, const struct sip_msg *sip,
				bool stream, struct evidence *ev)
{
	uint64_t defects = sip->defects & mc->read;
	struct sip_judged judged;

	if (defects & mc->read_drop)
		return read_tell(mc, sip, defects & mc->read_drop, ev);
	sip_judge(sip, &mc->limits, stream, mc->judged, mc->judged_drop, &judged);
	if (judged.found & mc->judged_drop)
		return judged_tell(mc, sip, &judged, judged.found & mc->judged_drop, ev);
	if (defects)
		return read_tell(mc, sip, defects, ev);
	return judged.found ? judged_tell(mc, sip, &judged, judged.found, ev) : CLEAR;
}

/*
 * A connection that did not begin as SIP is not read (flows.h): nothing in it is a
 * message or a keepalive, whatever its first bytes look like alone.  RTP, DTLS and
 * STUN (RFC 5626 3.5.2) come in datagrams only.
 */
static enum found alien_judge(const struct malformed_conf *mc, const struct sip_msg *sip,
			      struct evidence *ev)
{
	bool http = sip_other(sip->all) == DEFECT_HTTP;

	return tell(mc, http ? DEFECT_HTTP : DEFECT_NOT_SIP, sip->all, ev);
}

static enum found payload_judge(const struct probe *p, const struct malformed_conf *mc,
				struct evidence *ev)
{
	const struct sip_msg *sip = p->sip;
	bool tcp = p->pkt->proto == PROTO_TCP;

	/* a damaged segment that is accepted: its bytes belong to no message */
	if (tcp && !p->segment)
		return CLEAR;
	if (tcp && p->segment->notes & FLOW_NOT_SIP)
		return alien_judge(mc, sip, ev);
	if (sip->kind == SIP_KEEPALIVE)
		return CLEAR;
	if (sip->kind == SIP_NONE)
		return tell(mc, sip_other(sip->all), sip->all, ev);
	return message_judge(mc, sip, tcp && p->segment->kind != STREAM_WEBSOCKET, ev);
}

static enum found malformed_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const unsigned damage = PKT_TRUNCATED | PKT_BAD_LENGTH | PKT_BAD_HEADER | PKT_NOT_IP;
	const struct malformed_conf *mc = conf;
	enum found found = CLEAR;

	/* Damage on the way says nothing about the sender, and anybody can forge it. */
	if (p->pkt->flags & damage)
		found = tell(mc, damage_of(p->pkt), SLICE_NONE, ev);
	else if (p->pkt->flags & PKT_FRAGMENT)
		found = tell(mc, DEFECT_FRAGMENT, SLICE_NONE, ev);
	ev->no_ban = found == HIT;
	if ((found == HIT && !ev->alert) || p->pkt->flags & (PKT_OTHER | PKT_FRAGMENT))
		return found;
	return payload_judge(p, mc, ev) == HIT ? HIT : found;
}

const struct check check_malformed = {
	.name = "malformed",
	.help = "refuses messages that are ambiguous or impossible, and bytes that are not SIP",
	.remedy = "the defect's name is in the reason: let the device be updated, or "
		  "accept that defect in the source's zone with malformed.defects",
	.stage = STAGE_FRAME,
	.needs = NEED_ANY,
	/* one bad message of a broken phone must not lock its office out */
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP,
		      .code = 400, .phrase = "Bad Request",
		      .ban = 300, .ban_after = 10, .ban_window = 60 },
	.rows = malformed_rows,
	.conf_size = sizeof(struct malformed_conf),
	.compile = malformed_compile,
	.run = malformed_run,
};
