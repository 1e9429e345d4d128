/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Too many requests from one source.
 *
 * What is counted is debt: requests that follow up nothing a server said.  A
 * request that repeats the nonce of a challenge pays for the request that was
 * challenged, so a site that speaks the protocol stays out of debt however many
 * phones it has, while a flood, which waits for no answer, is all debt.
 *
 * Strangers may owe `budget` in `window`, exactly, counted at once for their
 * address and port, their address, and the prefixes around it, whose budgets
 * grow.  One exception: all phones of a site come back at the same instant after
 * a power cut, before the first challenge reaches any of them, each from a port
 * of its own.  The first REGISTERs of each port therefore count against `crowd`
 * for the whole site instead; one port alone has no use of it.  The sites of one
 * IPv4 /24 or IPv6 /48 have four crowds together.  A site that had more phones
 * registered within the last day may send as many such REGISTERs beyond all that.
 *
 * A site that our servers have to do with (source_met) owes for its calls apart: what
 * begins one, and what belongs to a dialog, so that forged REGISTERs or pings in its name
 * do not cost it these.  Between its calls it may have been forgotten to have returned
 * anything; its calls are not a stranger's.
 *
 * A site that has proven its return path owes against `returned`, plus
 * `registration` for each live registration, at most `most`.  Where several phones
 * are registered, one port may use three quarters of that: a phone gone mad must
 * not use up what the others of its office need.
 *
 * The first reply to a request of a server is what it asked for.  Further ones
 * (180 and 200 behind a 100) cannot be told from forged or unasked ones and have
 * the budget of answers to our servers, counted apart.
 */
#include "flood.h"

#include "checks.h"
#include "engine.h"
#include "shown.h"
#include "state/bindings.h"
#include "state/meter.h"
#include "state/state.h"

#define CROWD_SHARE 3 /* a REGISTER and its first two retransmissions (T1, 2 T1) */
#define CROWD_AROUND 4 /* crowds that all strangers of the prefix around have together */
#define LEVELS 3
#define SCALE_MAX (1u << 20) /* what a meter can count, state/meter.h */

/* What of a site is counted apart. */
enum share { SHARE_REST, SHARE_BEGIN, SHARE_DIALOG, SHARES };

enum meter_kind {
	METER_ENDPOINT = 1,
	METER_LEVEL, /* + level */
	METER_CROWD = METER_LEVEL + LEVELS,
	METER_CROWD_AROUND,
	METER_KNOWN, /* + share */
	METER_PORT = METER_KNOWN + SHARES, /* + share */
	METER_PROVEN = METER_PORT + SHARES,
	METER_STRAY,
	METER_OFFICE,
	METER_LIKELY,
};

struct flood_conf {
	uint32_t budget, budget24, budget64, budget48, window;
	uint32_t crowd, returned, registration, most, proven;
};

#define AT(field) offsetof(struct flood_conf, field)
static const struct conf_row rows[] = {
	{ "budget", CONF_INT, AT(budget), 1, 100000, "16", NULL,
	  "requests a stranger's address may send in a window without following up an answer" },
	{ "budget_24", CONF_INT, AT(budget24), 1, 1000000, "128", NULL,
	  "the same for all strangers of an IPv4 /24 together" },
	{ "budget_64", CONF_INT, AT(budget64), 1, 1000000, "32", NULL,
	  "the same for all strangers of an IPv6 /64 together" },
	{ "budget_48", CONF_INT, AT(budget48), 1, 1000000, "256", NULL,
	  "the same for all strangers of an IPv6 /48 together" },
	{ "window", CONF_DURATION, AT(window), 1, 3600, "2s", NULL,
	  "length of the sliding window that all budgets of this check speak of" },
	{ "crowd", CONF_INT, AT(crowd), 1, 1000000, "240", NULL,
	  "first REGISTERs of new phones (ports) behind one address, and its keepalives" },
	{ "returned", CONF_INT, AT(returned), 1, 1000000, "128", NULL,
	  "budget of an address that has proven that it receives our servers' answers" },
	{ "registration", CONF_INT, AT(registration), 0, 1000, "6", NULL,
	  "added to `returned` and `proven` for each live registration of the address" },
	{ "most", CONF_INT, AT(most), 1, 1000000, "400", NULL,
	  "upper end of `returned` with all its registrations" },
	{ "proven", CONF_INT, AT(proven), 1, 1000000, "400", NULL,
	  "requests that do follow up an answer: fresh credentials, ACKs with our tag" },
	{ 0 },
};

/* Whose requests are counted together, and how many they may send. */
struct level {
	unsigned len; /* of the prefix of the source that is meant */
	uint64_t key; /* of the meter */
	uint32_t budget, scale;
};

static struct level level_of(const struct probe *p, unsigned len, enum meter_kind kind,
			     uint32_t budget)
{
	struct level l = { len, p->site_key, budget, budget };

	if (len != addr_site_len(&p->pkt->src)) {
		struct addr whose = addr_masked(&p->pkt->src, len);

		l.key = key_of_addr(p->state, &whose);
	}
	l.key = key_with(l.key, kind);
	return l;
}

static struct level site_level(const struct probe *p, enum meter_kind kind, uint32_t budget)
{
	return level_of(p, addr_site_len(&p->pkt->src), kind, budget);
}

/* One address and port. */
static struct level port_level(const struct probe *p, enum meter_kind kind, uint32_t budget)
{
	struct level l = level_of(p, 128, kind, budget);

	l.key = key_with(l.key, p->pkt->sport);
	return l;
}

static struct meter_limit limit_of(const struct flood_conf *c, const struct level *l)
{
	return (struct meter_limit){ l->budget, l->scale, c->window * NS };
}

static void prefetch(const struct probe *p, const struct flood_conf *c, const struct level *l)
{
	struct meter_limit limit = limit_of(c, l);

	meter_prefetch(state_meter(p->state), l->key, &limit);
}

/*
 * One more event; HIT when it is over the budget.  *count: events in the window,
 * this one included.
 */
static enum found count_in(const struct probe *p, const struct flood_conf *c,
			   const struct level *l, const char *what, uint32_t *count,
			   struct evidence *ev)
{
	struct meter_limit limit = limit_of(c, l);
	char text[PREFIX_TEXT];
	struct prefix prefix;
	struct slice whose, noun;
	bool over;

	*count = meter_add(state_meter(p->state), l->key, &limit, p->now, &over);
	if (!over)
		return CLEAR;
	prefix = (struct prefix){ addr_masked(&p->pkt->src, l->len), (uint8_t)l->len };
	whose = (struct slice){ text, (uint32_t)prefix_print(&prefix, text) };
	noun = slice_of(what);
	evidence_reason(ev, "%u %s in %u s from %s, budget %u", *count, &noun, c->window, &whose,
			l->budget);
	return HIT;
}

static unsigned stranger_levels(const struct probe *p, const struct flood_conf *c,
				struct level out[LEVELS])
{
	out[0] = level_of(p, 128, METER_LEVEL, c->budget);
	if (addr_is_v4(&p->pkt->src)) {
		out[1] = level_of(p, ADDR_V4_BITS + 24, METER_LEVEL + 1, c->budget24);
		return 2;
	}
	out[1] = level_of(p, 64, METER_LEVEL + 1, c->budget64);
	out[2] = level_of(p, 48, METER_LEVEL + 2, c->budget48);
	return 3;
}

/*
 * The prefix of a source is over its budget, and its neighbours did that too: the
 * source is banned only where a ban names the whole prefix, or where the source
 * took more than half of its own budget; others only wait.
 */
static enum found run_levels(const struct probe *p, const struct flood_conf *c,
			     const struct level *level, unsigned n, struct evidence *ev)
{
	uint32_t count, own = 0;

	for (unsigned i = 0; i < n; i++) {
		enum found found = count_in(p, c, &level[i], "requests", &count, ev);

		own = i == 0 ? count : own;
		if (found == CLEAR)
			continue;
		ev->no_ban = level[i].len < addr_site_len(&p->pkt->src) &&
			     own <= c->budget / 2;
		return HIT;
	}
	return CLEAR;
}

static enum found run_crowd(const struct probe *p, const struct flood_conf *c, uint32_t *count,
			    struct evidence *ev)
{
	struct level l = site_level(p, METER_CROWD, c->crowd);

	return count_in(p, c, &l, "arrivals", count, ev);
}

/* HIT, unless a REGISTER that is too much may be of an office that is back. */
static enum found run_office(const struct probe *p, const struct flood_conf *c,
			     struct evidence *ev)
{
	struct level l = site_level(p, METER_OFFICE, 1);
	struct bindings_site s;
	uint32_t count;

	bindings_site(p->state, p->site_key, p->now, &s);
	if (s.lately * CROWD_SHARE <= c->crowd)
		return HIT;
	l.budget = s.lately * CROWD_SHARE;
	while (l.scale < l.budget)
		l.scale *= 2;
	return count_in(p, c, &l, "arrivals", &count, ev);
}

/* First REGISTERs of a stranger's port; as with requests, a site is not banned for
 * what its neighbours sent. */
static enum found run_arrival(const struct probe *p, const struct flood_conf *c,
			      struct evidence *ev)
{
	unsigned len = addr_around_len(&p->pkt->src);
	uint64_t budget = (uint64_t)c->crowd * CROWD_AROUND;
	struct level around = level_of(p, len, METER_CROWD_AROUND,
				       budget < SCALE_MAX ? (uint32_t)budget : SCALE_MAX);
	uint32_t own, all;

	prefetch(p, c, &around);
	if (run_crowd(p, c, &own, ev) == HIT)
		return run_office(p, c, ev);
	if (count_in(p, c, &around, "arrivals", &all, ev) == CLEAR)
		return CLEAR;
	ev->no_ban = own <= c->crowd / 2;
	return run_office(p, c, ev);
}

static enum found run_stranger(const struct probe *p, const struct flood_conf *c,
			       struct evidence *ev)
{
	struct level endpoint = port_level(p, METER_ENDPOINT, c->budget), level[LEVELS];
	unsigned n = stranger_levels(p, c, level);
	uint32_t count;

	/* the meters are far apart in memory: fetch all before the first is read */
	prefetch(p, c, &endpoint);
	for (unsigned i = 0; i < n; i++)
		prefetch(p, c, &level[i]);
	if (count_in(p, c, &endpoint, "requests", &count, ev) == HIT)
		return HIT;
	if (p->sip->method == METHOD_REGISTER && count <= CROWD_SHARE)
		return run_arrival(p, c, ev);
	return run_levels(p, c, level, n, ev);
}

static enum share share_of(const struct probe *p, const struct source *s)
{
	if (!s->met)
		return SHARE_REST;
	if (p->sip->to.tag.n)
		return SHARE_DIALOG;
	return p->sip->method == METHOD_INVITE || p->sip->method == METHOD_CANCEL ? SHARE_BEGIN :
										    SHARE_REST;
}

static struct level known_level(const struct probe *p, const struct flood_conf *c,
				const struct source *s)
{
	uint64_t budget = (uint64_t)c->returned + (uint64_t)c->registration * s->registrations;
	struct level l = site_level(p, METER_KNOWN + share_of(p, s),
				    c->most > c->returned ? c->most : c->returned);

	l.budget = budget < l.scale ? (uint32_t)budget : l.scale;
	return l;
}

/* What one port of a site may use of the site's budget. */
static struct level port_share(const struct probe *p, const struct source *s,
			       const struct level *site)
{
	struct level l = port_level(p, METER_PORT + share_of(p, s),
				    site->budget - site->budget / 4);

	l.scale = site->scale;
	return l;
}

/* The site is over its budget: its ports may still send their first REGISTERs. */
static enum found run_back(const struct probe *p, const struct flood_conf *c,
			   struct evidence *ev)
{
	struct level endpoint = port_level(p, METER_ENDPOINT, c->budget);
	uint32_t count;

	if (p->sip->method != METHOD_REGISTER ||
	    count_in(p, c, &endpoint, "requests", &count, ev) == HIT || count > CROWD_SHARE)
		return HIT;
	return run_office(p, c, ev);
}

static enum found run_known(const struct probe *p, const struct flood_conf *c,
			    const struct source *s, struct evidence *ev)
{
	struct level site = known_level(p, c, s), port;
	uint32_t count;

	if (s->registrations > 1) {
		port = port_share(p, s, &site);
		if (count_in(p, c, &port, "requests", &count, ev) == HIT)
			return HIT;
	}
	if (count_in(p, c, &site, "requests", &count, ev) == CLEAR)
		return CLEAR;
	return run_back(p, c, ev);
}

static void refund_in(const struct probe *p, const struct flood_conf *c, const struct level *l)
{
	struct meter_limit limit = limit_of(c, l);

	meter_refund(state_meter(p->state), l->key, &limit, p->now);
}

/* Gives back the request that was challenged. */
static void refund(const struct probe *p, const struct flood_conf *c, const struct source *s)
{
	struct level site = known_level(p, c, s), port;

	refund_in(p, c, &site);
	if (s->registrations > 1) {
		port = port_share(p, s, &site);
		refund_in(p, c, &port);
	}
}

/* A nonce or tag that others have, too, may come from them: it is counted apart.  Of a nonce
 * that is not known before the message is read. */
static enum found run_proven(const struct probe *p, const struct flood_conf *c,
			     const struct source *s, struct evidence *ev)
{
	bool shown = shown_by(p) == SHOWS_SENDER;
	struct level l = site_level(p, shown ? METER_PROVEN : METER_LIKELY,
				    c->proven + c->registration * SOURCE_REGS);
	uint32_t count;

	l.budget = c->proven + c->registration * s->registrations;
	ev->grounds = shown ? GROUNDS_SHOWN : GROUNDS_SUM;
	if (count_in(p, c, &l, "answers to our servers", &count, ev) == HIT)
		return HIT;
	if (p->proof == PROOF_NONCE)
		refund(p, c, s);
	return CLEAR;
}

/* Replies beyond the first to a request, and those to no request at all. */
static enum found run_stray(const struct probe *p, const struct flood_conf *c,
			    const struct source *s, struct evidence *ev)
{
	struct level l = site_level(p, METER_STRAY, c->proven + c->registration * SOURCE_REGS);
	uint32_t count;

	l.budget = c->proven + c->registration * s->registrations;
	/* a busy carrier that nobody put into `trusted` must not lose its calls too */
	ev->no_ban = s->standing != STRANGER;
	return count_in(p, c, &l, "stray replies", &count, ev);
}

/* ---- for people ---- */

double flood_rate(const void *conf, const struct probe *p)
{
	const struct flood_conf *c = conf;
	bool v4 = addr_is_v4(&p->pkt->src);
	uint32_t most = c->most > c->returned ? c->most : c->returned;
	uint32_t proven = c->proven + c->registration * SOURCE_REGS, sum = 0;
	const struct level of[] = {
		site_level(p, v4 ? METER_LEVEL : METER_LEVEL + 1, v4 ? c->budget : c->budget64),
		site_level(p, METER_CROWD, c->crowd),
		site_level(p, METER_KNOWN + SHARE_REST, most),
		site_level(p, METER_KNOWN + SHARE_BEGIN, most),
		site_level(p, METER_KNOWN + SHARE_DIALOG, most),
		site_level(p, METER_PROVEN, proven),
		site_level(p, METER_LIKELY, proven),
		site_level(p, METER_STRAY, proven),
	};

	for (unsigned i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct meter_limit limit = limit_of(c, &of[i]);

		sum += meter_count(state_meter(p->state), of[i].key, &limit, p->now);
	}
	return (double)sum / c->window;
}

static enum found flood_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct flood_conf *c = conf;
	struct source s;
	uint32_t count;

	ev->grounds = GROUNDS_SUM;
	/* the first reply to a request of a server is what it asked for */
	if (p->proof == PROOF_BRANCH)
		return CLEAR;
	if (p->sip->kind == SIP_KEEPALIVE)
		return run_crowd(p, c, &count, ev);
	source_find(p->state, p->site_key, p->now, &s);
	if (p->sip->kind == SIP_RESPONSE)
		return run_stray(p, c, &s, ev);
	if (p->proof != PROOF_NONE)
		return run_proven(p, c, &s, ev);
	if (s.standing == STRANGER && share_of(p, &s) == SHARE_REST)
		return run_stranger(p, c, ev);
	return run_known(p, c, &s, ev);
}

const struct check check_flood = {
	.name = "flood",
	.help = "too many requests from one source",
	.remedy = "many phones behind one address need a zone with a larger "
		  "flood.crowd (three times the phones); a trunk or a monitor belongs "
		  "into trusted; one phone alone is broken or not a phone",
	.stage = STAGE_FRAME,
	.needs = NEED_ANY,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP,
		      .code = 503, .phrase = "Service Unavailable", .retry_after = "5s-30s",
		      .ban = 300, .ban_after = 1, .ban_window = 60 },
	.rows = rows,
	.conf_size = sizeof(struct flood_conf),
	.run = flood_run,
};
