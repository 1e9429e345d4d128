/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP connections that cannot be followed, and too many of them.
 *
 * What breaks the framing of SIP (rules/sip/stream.h) is this check's, whatever the
 * malformed check has been told of the same defect: behind such a place nobody
 * knows where a message begins.  What never was SIP (a port scanner's HTTP, random
 * bytes) goes on to the malformed check, whose map of defects names it.
 *
 * New connections are counted as a debt, like requests in the flood check: a SYN
 * owes, and the first message of its connection pays.  With TLS no message is ever
 * seen: there the ClientHello pays, and is counted as a handshake.  A SYN is easily
 * forged, so too many are dropped and nobody is banned for them; a handshake is
 * not.
 */
#include "checks.h"
#include "engine.h"
#include "state/flows.h"
#include "state/meter.h"
#include "state/state.h"

#define AROUND 4 /* budgets that all sites of an IPv4 /24 or IPv6 /48 have together */

enum meter_kind {
	METER_SYN = 0x40, /* apart from those of the flood check */
	METER_SYN_AROUND,
	METER_HELLO,
	METER_FAILED,
};

struct stream_conf {
	uint32_t connections, window, handshakes, failed, failed_window;
};

#define AT(field) offsetof(struct stream_conf, field)
static const struct conf_row rows[] = {
	{ "connections", CONF_INT, AT(connections), 1, 100000, "240", NULL,
	  "TCP connections an address may open in a window that bring no message" },
	{ "handshakes", CONF_INT, AT(handshakes), 1, 100000, "240", NULL,
	  "TLS handshakes an address may begin in a window" },
	{ "window", CONF_DURATION, AT(window), 1, 3600, "10s", NULL,
	  "length of the sliding window for `connections` and `handshakes`" },
	{ "failed", CONF_INT, AT(failed), 1, 100000, "120", NULL,
	  "TLS connections of an address that may end in `failed_window` before any data" },
	{ "failed_window", CONF_DURATION, AT(failed_window), 1, 3600, "60s", NULL,
	  "length of the sliding window for `failed`" },
	{ 0 },
};

struct budget {
	struct prefix whose;
	uint64_t key;
	struct meter_limit limit;
	const char *what;
};

static struct budget budget_of(const struct probe *p, enum meter_kind kind, const char *what,
			       uint32_t events, uint32_t seconds)
{
	unsigned len = addr_site_len(&p->pkt->src);

	return (struct budget){ { p->site, (uint8_t)len }, key_with(p->site_key, kind),
				{ events, events, seconds * NS }, what };
}

static struct budget syn_budget(const struct probe *p, const struct stream_conf *c)
{
	return budget_of(p, METER_SYN, "connections without a message", c->connections,
			 c->window);
}

static struct budget around_budget(const struct probe *p, const struct stream_conf *c)
{
	struct budget b = budget_of(p, METER_SYN_AROUND, "connections without a message",
				    c->connections * AROUND, c->window);

	b.whose = addr_around(&p->pkt->src);
	b.key = key_with(key_of_addr(p->state, &b.whose.addr), METER_SYN_AROUND);
	return b;
}

static bool over(const struct probe *p, const struct budget *b, struct evidence *ev)
{
	char text[PREFIX_TEXT];
	struct slice whose, what = slice_of(b->what);
	uint32_t count;
	bool much;

	count = meter_add(state_meter(p->state), b->key, &b->limit, p->now, &much);
	if (!much)
		return false;
	whose = (struct slice){ text, (uint32_t)prefix_print(&b->whose, text) };
	evidence_reason(ev, "%u %s in %u s from %s, budget %u", count, &what,
			(unsigned)(b->limit.window / NS), &whose, b->limit.budget);
	return true;
}

static void pay(const struct probe *p, const struct budget *b)
{
	meter_refund(state_meter(p->state), b->key, &b->limit, p->now);
}

/* What is wrong with the segment itself; the first that applies. */
static const struct trouble {
	uint16_t note;
	bool gentle; /* the sender may try again */
	bool no_ban;
	bool quiet;  /* networks do that, or it was told before */
	const char *reason;
} troubles[] = {
	{ FLOW_CHECKSUM, true, true, true, "a TCP checksum that its receiver will not take" },
	{ FLOW_ENDED, false, true, true, "a segment of a connection that was ended" },
	{ FLOW_EARLY, true, true, true, "data in a SYN" },
	/* anybody can forge the flag: a reset would end connections of others */
	{ FLOW_URGENT, true, true, false, "urgent data, of which servers leave out a byte or not" },
	{ FLOW_OUTSIDE, true, true, true, "a segment far from what is expected" },
	{ FLOW_UNKNOWN, false, true, false,
	  "a segment of no known connection, in which no message begins" },
	{ FLOW_DIFFERS, false, false, false, "a segment repeats bytes, but other ones" },
};

static enum found run_trouble(const struct trouble *t, struct evidence *ev)
{
	struct slice reason = slice_of(t->reason);

	evidence_reason(ev, "%s", &reason);
	ev->gentle = t->gentle;
	ev->no_ban = t->no_ban;
	ev->quiet = t->quiet;
	return HIT;
}

/* What never was SIP is the malformed check's, by its name. */
static bool is_alien(const struct segment *seg)
{
	return seg->notes & FLOW_NOT_SIP && (seg->flaw == FLAW_START || seg->flaw == FLAW_HTTP);
}

static enum found run_broken(const struct segment *seg, struct evidence *ev)
{
	enum stream_flaw flaw = seg->flaw;
	struct slice reason;

	if (seg->notes & FLOW_TOO_LONG)
		flaw = FLAW_TOO_LONG;
	if (flaw == FLAW_NONE || is_alien(seg))
		return CLEAR;
	reason = slice_of(stream_flaw_text(flaw));
	evidence_reason(ev, "%s", &reason);
	ev->defect = (uint8_t)stream_flaw_defect(flaw);
	return HIT;
}

static enum found run_rates(const struct probe *p, const struct stream_conf *c,
			    struct evidence *ev)
{
	const unsigned counted = FLOW_OPENING | FLOW_TLS_HELLO | FLOW_TLS_FAILED;
	const struct segment *seg = p->segment;
	struct budget syn, around, b;

	if (!seg->first_message && !(seg->notes & counted))
		return CLEAR;
	syn = syn_budget(p, c);
	around = around_budget(p, c);
	if (seg->notes & FLOW_OPENING && (over(p, &syn, ev) || over(p, &around, ev))) {
		ev->gentle = ev->no_ban = true;
		return HIT;
	}
	if (seg->first_message || seg->notes & FLOW_TLS_HELLO) {
		pay(p, &syn);
		pay(p, &around);
	}
	/* what these count, nobody else sent */
	if (seg->guessed)
		return CLEAR;
	b = budget_of(p, METER_HELLO, "TLS handshakes", c->handshakes, c->window);
	if (seg->notes & FLOW_TLS_HELLO && over(p, &b, ev))
		return HIT;
	b = budget_of(p, METER_FAILED, "failed TLS handshakes", c->failed, c->failed_window);
	if (seg->notes & FLOW_TLS_FAILED && over(p, &b, ev))
		return HIT;
	return CLEAR;
}

static enum found stream_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct segment *seg = p->segment;

	if (!seg)
		return CLEAR;
	for (unsigned i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		if (seg->notes & troubles[i].note)
			return run_trouble(&troubles[i], ev);
	if (run_broken(seg, ev) == HIT)
		return HIT;
	return run_rates(p, conf, ev);
}

/*
 * Five in a minute: a phone with a bug of its own must be able to say so in the log
 * before it costs its site five minutes.
 */
const struct check check_stream = {
	.name = "stream",
	.help = "TCP connections that cannot be followed, and too many of them",
	.remedy = "a network that loses or reorders much, or a device that opens many "
		  "connections: give the source a zone with larger limits of stream, "
		  "or trust it",
	.stage = STAGE_TRANSPORT,
	.needs = NEED_ANY,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 300, .ban_after = 5,
		      .ban_window = 60 },
	.rows = rows,
	.conf_size = sizeof(struct stream_conf),
	.run = stream_run,
};
