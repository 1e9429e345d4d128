/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scanners: who asks for one target after the other, tries one number in all ways of
 * dialling, touches what nobody has business with, or writes messages as scanners do.
 *
 * What tells a scanner from a busy site is what our servers answered (state/scans.h).
 * A call centre is refused many numbers and reaches more; a scanner reaches next to
 * none.  An office whose phones all come back at once gets a challenge for each and
 * follows them up; a scanner leaves them alone.  So a source is judged by targets
 * that it was refused, while it reached far fewer, and by challenges long left open.
 *
 * A site with live registrations, or with a login that a server accepted, has people
 * behind it: it has `room` times the budget, and only the port that asks most is
 * judged, so that one infected PC does not take its office off the network.
 *
 * Who asks in somebody else's name gets him refused, too.  So the calls of a site that our
 * servers have to do with are refused only for what it is shown to have asked itself, and
 * so are its pings: carriers that get no answer to these look for another way.
 */
#include "checks.h"
#include "emergency.h"
#include "engine.h"
#include "match.h"
#include "ruleset.h"
#include "shown.h"
#include "sip/marks.h"
#include "state/memory.h"
#include "state/meter.h"
#include "state/names.h"
#include "state/scans.h"
#include "state/sight.h"
#include "state/state.h"
#include "state/visitors.h"
#include "state/told.h"

#define PAYS 3        /* refused targets that one reached target makes good */
#define OWN_SHARE 3   /* refused targets that make a site part of its prefix's scan */

#define REFUSAL_POINTS 5 /* what a refused target adds to the score, REFUSALS at most */
#define REFUSALS 10
#define UNSEEN 4      /* how many times as much where answers are not seen */
#define ROOM 256
#define DAY 86400 /* s */

enum { METER_PINGS = 0x60 };

struct scan_conf {
	uint32_t targets, around, unanswered, unanswered_port, prefixes, room, window, score;
	uint32_t slow_targets, pings;
	struct conf_list decoy_list;
	struct match *decoys; /* NULL when the list is empty */
};

#define AT(field) offsetof(struct scan_conf, field)
static const struct conf_row rows[] = {
	{ "targets", CONF_INT, AT(targets), 2, 200, "20", NULL,
	  "different users or numbers that a site may ask for in a window and be refused" },
	{ "targets_around", CONF_INT, AT(around), 2, 200, "80", NULL,
	  "the same for all sites of an IPv4 /24 or IPv6 /48 together" },
	{ "unanswered", CONF_INT, AT(unanswered), 2, 200, "160", NULL,
	  "different users or numbers whose challenges a site may leave unanswered in a window" },
	{ "unanswered_port", CONF_INT, AT(unanswered_port), 2, 200, "30", NULL,
	  "the same for one port of a site" },
	{ "prefixes", CONF_INT, AT(prefixes), 2, 12, "3", NULL,
	  "ways of dialling one number (0, 00, 011, 9, + ...) that may be refused in a window" },
	{ "score", CONF_INT, AT(score), 1, 1000, "100", NULL,
	  "points of evidence for a scanning tool, of which no single one has more than 60" },
	{ "decoys", CONF_LIST, AT(decoy_list), 0, 0, "", NULL,
	  "users and numbers that nobody has business with: who asks for one is a scanner" },
	{ "room", CONF_INT, AT(room), 1, 100, "4", NULL,
	  "how many times that a site has with live registrations or an accepted login" },
	{ "window", CONF_DURATION, AT(window), 60, 86400, "10m", NULL,
	  "the time in which different targets are counted" },
	{ "slow_targets", CONF_INT, AT(slow_targets), 4, 200, "40", NULL,
	  "different users or numbers that a stranger's port may ask for in vain in a day" },
	{ "pings", CONF_INT, AT(pings), 0, 100000, "480", NULL,
	  "OPTIONS of a stranger in a day after which it is told of; 0: never" },
	{ 0 },
};

static int scan_compile(void *conf, struct compiler *c)
{
	struct scan_conf *s = conf;

	return match_list_compile(&s->decoy_list, c, "decoys", &s->decoys);
}

static void scan_release(void *conf)
{
	match_free(((struct scan_conf *)conf)->decoys);
}

static bool is_learning(const struct probe *p)
{
	return memory_learning(p->state, &p->rules->settings, p->now);
}

/* Somebody lives there. */
static bool has_standing(const struct probe *p, const struct scan_facts *f)
{
	return f->login || source_standing(p->state, p->site_key, p->now) == REGISTERED;
}

static enum found found(const struct probe *p, unsigned n, const char *what,
			const struct scan_conf *c, struct evidence *ev)
{
	struct slice how = slice_of(what);

	evidence_reason(ev, "%u targets %s in %u s: enumeration", n, &how, c->window);
	evidence_bytes(ev, p->sip->uri);
	return HIT;
}

static bool outnumbers(unsigned refused, unsigned reached)
{
	return refused > PAYS * reached;
}

/* One port of a site that has standing. */
static enum found judge_port(const struct probe *p, const struct scan_conf *c,
			     const struct scan_facts *f, struct evidence *ev)
{
	if (f->port_refused >= c->targets * c->room && outnumbers(f->port_refused, f->reached))
		return found(p, f->port_refused, "refused", c, ev);
	if (f->port_open >= c->unanswered_port * c->room)
		return found(p, f->port_open, "asked and left", c, ev);
	return CLEAR;
}

static enum found judge_ways(const struct probe *p, const struct scan_conf *c,
			     const struct scan_facts *f, struct evidence *ev)
{
	if (f->ways < c->prefixes || !outnumbers(f->ways, f->reached))
		return CLEAR;
	evidence_reason(ev, "one number dialled in %u ways and refused in %u s", f->ways,
			c->window);
	evidence_bytes(ev, p->sip->uri);
	return HIT;
}

static enum found judge_around(const struct probe *p, const struct scan_conf *c,
			       const struct scan_facts *f, struct evidence *ev)
{
	if (f->around_refused < c->around || !outnumbers(f->around_refused, f->around_reached) ||
	    f->refused < OWN_SHARE || !outnumbers(f->refused, f->reached))
		return CLEAR;
	/* its neighbours asked too: it only waits, unless it did its half */
	ev->no_ban = f->refused < c->targets / 2;
	return found(p, f->around_refused, "refused to its prefix", c, ev);
}

/* Of a stranger: who has people behind him may be refused more in a day. */
static enum found judge_slow(const struct probe *p, const struct scan_conf *c,
			     const struct scan_facts *f, struct evidence *ev)
{
	bool port = f->port_vain >= c->slow_targets;

	if ((!port && f->vain < c->unanswered) || !outnumbers(f->vain, f->reached))
		return CLEAR;
	evidence_reason(ev, "%u targets asked for in vain within a day: slow enumeration",
			port ? f->port_vain : f->vain);
	scans_again(p->state, p->site_key, p->now);
	evidence_bytes(ev, p->sip->uri);
	return HIT;
}

static enum found judge_site(const struct probe *p, const struct scan_conf *c,
			     const struct scan_facts *f, struct evidence *ev)
{
	if (f->refused >= c->targets && outnumbers(f->refused, f->reached))
		return found(p, f->refused, "refused", c, ev);
	if (f->open >= c->unanswered)
		return found(p, f->open, "asked and left", c, ev);
	if (f->port_open >= c->unanswered_port)
		return found(p, f->port_open, "asked and left", c, ev);
	if (judge_ways(p, c, f, ev) == HIT || judge_slow(p, c, f, ev) == HIT)
		return HIT;
	return judge_around(p, c, f, ev);
}

/* Whoever forges these would cut off somebody. */
static bool is_dear(const struct probe *p)
{
	return p->sip->method == METHOD_INVITE || p->sip->method == METHOD_OPTIONS;
}

/* So many that nothing else is needed. */
static bool is_shown(const struct scan_facts *f, unsigned least)
{
	return f->shown >= least && outnumbers(f->shown, f->reached);
}

/* The least that any rule above asks for. */
static bool suspicious(const struct scan_conf *c, const struct scan_facts *f)
{
	return f->port_vain >= c->slow_targets || f->vain >= c->unanswered ||
	       f->refused >= (c->targets < OWN_SHARE ? c->targets : OWN_SHARE) ||
	       f->open >= c->unanswered || f->port_open >= c->unanswered_port ||
	       f->ways >= c->prefixes;
}

static enum found judge_facts(const struct probe *p, const struct scan_conf *c,
			      const struct scan_facts *f, struct evidence *ev)
{
	struct scan_conf more = *c;
	bool shown;

	if (!suspicious(c, f))
		return CLEAR;
	shown = is_shown(f, shown_partner(p) ? c->targets * c->room : c->targets);
	if (!shown && is_dear(p) && shown_partner(p))
		return CLEAR;
	ev->grounds = shown ? GROUNDS_SHOWN : GROUNDS_SUM;
	/* after the start nobody can be known yet */
	if (is_learning(p) || has_standing(p, f))
		return judge_port(p, c, f, ev);
	if (sight_replies(p->state, &p->pkt->dst, p->now))
		return judge_site(p, c, f, ev);
	more.unanswered *= UNSEEN;
	more.unanswered_port *= UNSEEN;
	more.slow_targets *= UNSEEN;
	return judge_site(p, &more, f, ev);
}

/* The mark of a tool; points that are known of the site already are not given again. */
static enum found judge_marks(const struct probe *p, const struct scan_conf *c,
			      const struct scan_facts *f, struct evidence *ev)
{
	uint32_t marks = sip_marks(p->sip), fresh;
	unsigned score, known;
	struct slice what;

	if (!marks || has_standing(p, f))
		return CLEAR;
	known = sip_marks_points(scans_mark(p->state, p->site_key, marks, p->now, &fresh));
	score = fresh ? source_score_add(p->state, p->site_key, sip_marks_points(fresh), p->now) :
			source_score(p->state, p->site_key, p->now);
	if (fresh)
		visitor_note(p->state, &p->site, p->site_key, false, p->now);
	score = score > known ? score : known;
	if (outnumbers(f->refused, f->reached))
		score += REFUSAL_POINTS * (f->refused < REFUSALS ? f->refused : REFUSALS);
	if (score < c->score)
		return CLEAR;
	ev->grounds = GROUNDS_SUM;
	what = slice_of(sip_marks_text(marks));
	evidence_reason(ev, "%s, and more: score %u", &what, score);
	evidence_bytes(ev, sip_first(p->sip, HDR_FROM));
	return HIT;
}

static bool is_decoy(const struct scan_conf *c, struct slice text)
{
	char room[ROOM];
	struct sip_uri uri;
	struct slice user;

	(void)sip_uri_read(text, &uri);
	user = sip_user(&uri, room, sizeof(room));
	return user.n && match_find(c->decoys, user) >= 0;
}

/* A phone of ours that dials a wrong number is no scanner. */
static enum found judge_decoy(const struct probe *p, const struct scan_conf *c,
			      const struct scan_facts *f, struct evidence *ev)
{
	if ((p->sip->method == METHOD_REGISTER || !is_decoy(c, p->sip->uri)) &&
	    !is_decoy(c, p->sip->to.uri))
		return CLEAR;
	if (has_standing(p, f))
		return CLEAR;
	ev->grounds = GROUNDS_MESSAGE;
	evidence_reason(ev, "asked for a decoy");
	evidence_bytes(ev, p->sip->to.uri);
	/* it may be one of ours that registered before we were there */
	ev->no_ban = is_learning(p);
	return HIT;
}

/* Monitoring does just that: it is told once a day, and nothing else. */
static enum found judge_pings(const struct probe *p, const struct scan_conf *c,
			      const struct scan_facts *f, struct evidence *ev)
{
	const struct meter_limit limit = { c->pings, c->pings, DAY * NS };
	uint64_t key = key_with(p->site_key, METER_PINGS);
	bool over;

	if (p->sip->method != METHOD_OPTIONS || !c->pings || has_standing(p, f) ||
	    shown_partner(p))
		return CLEAR;
	meter_add(state_meter(p->state), key, &limit, p->now, &over);
	if (!over || !told_now(p->state, key, p->now, p->now + DAY * NS))
		return CLEAR;
	evidence_reason(ev, "more than %u OPTIONS within a day, from somebody unknown", c->pings);
	evidence_bytes(ev, p->sip->uri);
	ev->alert = true;
	return HIT;
}

static enum found judge(const struct probe *p, const struct scan_conf *c, struct evidence *ev)
{
	struct scan_facts f;

	if (p->names->to || p->sip->method == METHOD_ACK || p->sip->method == METHOD_CANCEL)
		return CLEAR;
	if (scans_find(p->state, p->site_key, p->pkt->sport, c->window, p->now, &f) &&
	    judge_facts(p, c, &f, ev) == HIT)
		return HIT;
	if (c->decoys && judge_decoy(p, c, &f, ev) == HIT)
		return HIT;
	if (judge_marks(p, c, &f, ev) == HIT)
		return HIT;
	return judge_pings(p, c, &f, ev);
}

/* Nobody dies because of what his address did before. */
static enum found scan_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	if (judge(p, conf, ev) == CLEAR || emergency_call(p->rules, p->sip))
		return CLEAR;
	return HIT;
}

const struct check check_scan = {
	.name = "scan",
	.help = "scanners: one user or number after the other, decoys, marks of tools",
	.remedy = "a directory or click-to-dial that asks for many users: give it a "
		  "zone with larger limits of scan, or trust it; decoy names must be "
		  "names that nobody has",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_REQUEST,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 300, .ban_after = 1,
		      .ban_window = 60 },
	.rows = rows,
	.conf_size = sizeof(struct scan_conf),
	.compile = scan_compile,
	.release = scan_release,
	.run = scan_run,
};
