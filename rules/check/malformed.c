/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Refuses what is ambiguous or impossible, lets through what is merely ugly:
 * a message that two servers read differently is how checks are walked around.
 */
#include <stdio.h>

#include "check.h"

struct malformed_conf {
	struct conf_list ignore_list;
	uint64_t ignore; /* bitmap of enum sip_defect */
	uint8_t not_sip, fragment; /* enum refuse */
	uint32_t max_size, max_headers;
};

enum refuse { REFUSE, ACCEPT };
static const char *const refuse_words[] = { "refuse", "accept", NULL };

/*
 * By default ignored: every server reads a lone LF as a line end, and RFC 3261
 * 18.3 has servers discard whatever stands behind the body of a datagram.
 */
static const struct conf_row malformed_rows[] = {
	{ .name = "ignore",
	  .type = CONF_LIST,
	  .offset = offsetof(struct malformed_conf, ignore_list),
	  .fallback = "bare-line-end,trailing-bytes,second-message",
	  .help = "defects that are let through, by the names `sipmoat inspect` prints" },
	{ .name = "not_sip",
	  .type = CONF_WORD,
	  .offset = offsetof(struct malformed_conf, not_sip),
	  .fallback = "refuse",
	  .words = refuse_words,
	  .help = "datagrams on a SIP port that are neither SIP nor a keepalive" },
	{ .name = "fragment",
	  .type = CONF_WORD,
	  .offset = offsetof(struct malformed_conf, fragment),
	  .fallback = "refuse",
	  .words = refuse_words,
	  .help = "IP fragments that the kernel did not put together" },
	{ .name = "max_size",
	  .type = CONF_INT,
	  .offset = offsetof(struct malformed_conf, max_size),
	  .min = 512,
	  .max = 65535,
	  .fallback = "16384",
	  .help = "bytes of the largest datagram" },
	{ .name = "max_headers",
	  .type = CONF_INT,
	  .offset = offsetof(struct malformed_conf, max_headers),
	  .min = 8,
	  .max = SIP_MAX_HEADERS,
	  .fallback = "128",
	  .help = "header lines a message may have" },
	{ 0 },
};

#define BIT(d) ((uint64_t)1 << DEFECT_##d)

/* A TCP segment may start and end anywhere in a message. */
#define STARTS (BIT(START_LINE) | BIT(VERSION) | BIT(METHOD) | BIT(STATUS))
#define PARTIAL (BIT(NO_END) | BIT(SHORT_BODY) | BIT(TRAILING) | BIT(SECOND_MESSAGE))
/* A body of message/sipfrag may begin with a status line (RFC 3420). */
#define MISSING \
	(BIT(MISSING_VIA) | BIT(MISSING_FROM) | BIT(MISSING_TO) | BIT(MISSING_CALL_ID) | \
	 BIT(MISSING_CSEQ))

static int ignore_add(struct malformed_conf *mc, const struct conf_item *item, struct compiler *c)
{
	char names[2048] = "";
	size_t n = 0;

	for (unsigned d = 0; d < DEFECT_READ_COUNT; d++) {
		if (strcmp(sip_defect_name(d), item->text) == 0) {
			mc->ignore |= (uint64_t)1 << d;
			return 0;
		}
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", d ? ", " : "",
				      sip_defect_name(d));
		if (n >= sizeof(names))
			n = sizeof(names) - 1;
	}
	compiler_error(c, item, "ignore", "there is no defect \"%s\"; known are: %s", item->text,
		       names);
	return -1;
}

static int malformed_compile(void *conf, struct compiler *c)
{
	struct malformed_conf *mc = conf;
	int err = 0;

	for (unsigned i = 0; i < mc->ignore_list.n; i++)
		if (ignore_add(mc, &mc->ignore_list.item[i], c) < 0)
			err = -1;
	return err;
}

static enum found hit(struct evidence *ev, const char *reason, struct slice bytes)
{
	struct slice why = slice_of(reason);

	evidence_reason(ev, "%s", &why);
	evidence_bytes(ev, bytes);
	return HIT;
}

/* Damage on the way says nothing about the sender, and anybody can forge it. */
static enum found packet_judge(const struct pkt *pkt, struct evidence *ev)
{
	ev->no_ban = true;
	if (pkt->flags & PKT_NOT_IP)
		return hit(ev, "not an IP packet", SLICE_NONE);
	if (pkt->flags & PKT_BAD_HEADER)
		return hit(ev, "an IP, UDP or TCP header is absurd", SLICE_NONE);
	if (pkt->flags & PKT_BAD_LENGTH)
		return hit(ev, "IP and UDP disagree about the length", SLICE_NONE);
	return hit(ev, "fewer bytes came than the IP header promises", SLICE_NONE);
}

/* The line of the message that the defect stands in. */
static struct slice defect_line(const struct sip_msg *sip, enum sip_defect d)
{
	const char *at = sip->all.p + sip->defect_at[d], *end = sip->all.p + sip->all.n;
	const char *from = at, *to = at;

	while (from > sip->all.p && at - from < EVIDENCE_TEXT / 2 && from[-1] != '\n')
		from--;
	while (to < end && to - at < EVIDENCE_TEXT && *to != '\r' && *to != '\n')
		to++;
	return slice_between(from, to);
}

static enum found defects_judge(const struct sip_msg *sip, uint64_t defects, struct evidence *ev)
{
	enum sip_defect d = (enum sip_defect)__builtin_ctzll(defects);
	struct slice name = slice_of(sip_defect_name(d)), text = slice_of(sip_defect_text(d));

	evidence_reason(ev, "%s: %s", &name, &text);
	evidence_bytes(ev, defect_line(sip, d));
	return HIT;
}

static enum found lines_judge(const struct sip_msg *sip, const struct malformed_conf *mc,
			      struct evidence *ev)
{
	if (sip->lines <= mc->max_headers)
		return CLEAR;
	evidence_reason(ev, "%u header lines, %u may be", (unsigned)sip->lines, mc->max_headers);
	evidence_bytes(ev, SLICE_NONE);
	return HIT;
}

static enum found stream_judge(const struct sip_msg *sip, const struct malformed_conf *mc,
			       struct evidence *ev)
{
	uint64_t defects = sip->defects & ~mc->ignore & ~PARTIAL;

	if (sip->kind < SIP_REQUEST || sip->defects & (STARTS | BIT(NO_END)))
		return CLEAR;
	/* "PTIONS sip:..." may have its first letter in the segment before */
	if (sip->kind == SIP_REQUEST && sip->method == METHOD_UNKNOWN)
		return CLEAR;
	if (sip->kind == SIP_RESPONSE)
		defects &= ~MISSING;
	return defects ? defects_judge(sip, defects, ev) : lines_judge(sip, mc, ev);
}

static enum found datagram_judge(const struct probe *p, const struct malformed_conf *mc,
				 struct evidence *ev)
{
	const struct sip_msg *sip = p->sip;
	uint64_t defects = sip->defects & ~mc->ignore;

	if (p->pkt->payload.n > mc->max_size) {
		evidence_reason(ev, "%u bytes, %u may be", p->pkt->payload.n, mc->max_size);
		evidence_bytes(ev, sip->all);
		return HIT;
	}
	if (sip->kind == SIP_NONE)
		return mc->not_sip == ACCEPT ? CLEAR : hit(ev, "not SIP", sip->all);
	return defects ? defects_judge(sip, defects, ev) : lines_judge(sip, mc, ev);
}

static enum found malformed_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const unsigned damage = PKT_TRUNCATED | PKT_BAD_LENGTH | PKT_BAD_HEADER | PKT_NOT_IP;
	const struct malformed_conf *mc = conf;

	if (p->pkt->flags & damage)
		return packet_judge(p->pkt, ev);
	if (p->pkt->flags & PKT_FRAGMENT) {
		if (mc->fragment == ACCEPT)
			return CLEAR;
		ev->no_ban = true;
		return hit(ev, "a fragment that the kernel did not put together", SLICE_NONE);
	}
	if (p->pkt->flags & PKT_OTHER || p->sip->kind == SIP_KEEPALIVE)
		return CLEAR;
	if (p->pkt->proto == PROTO_TCP)
		return stream_judge(p->sip, mc, ev);
	return datagram_judge(p, mc, ev);
}

const struct check check_malformed = {
	.name = "malformed",
	.help = "refuses messages that are ambiguous or impossible, and bytes that are not SIP",
	.stage = STAGE_FRAME,
	.needs = NEED_ANY,
	/* one bad message of a broken phone must not lock its office out */
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 300, .ban_after = 10,
		      .ban_window = 60 },
	.rows = malformed_rows,
	.conf_size = sizeof(struct malformed_conf),
	.compile = malformed_compile,
	.run = malformed_run,
};
