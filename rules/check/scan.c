/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Enumeration: who asks for one target after the other.
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
 */
#include "checks.h"
#include "engine.h"
#include "ruleset.h"
#include "state/memory.h"
#include "state/names.h"
#include "state/scans.h"
#include "state/state.h"

#define PAYS 3        /* refused targets that one reached target makes good */
#define OWN_SHARE 3   /* refused targets that make a site part of its prefix's scan */

struct scan_conf {
	uint32_t targets, around, unanswered, unanswered_port, room, window;
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
	{ "room", CONF_INT, AT(room), 1, 100, "4", NULL,
	  "how many times that a site has with live registrations or an accepted login" },
	{ "window", CONF_DURATION, AT(window), 60, 86400, "10m", NULL,
	  "the time in which different targets are counted" },
	{ 0 },
};

/* Somebody lives there, or nobody can know yet. */
static bool has_standing(const struct probe *p, const struct scan_facts *f)
{
	struct source s;

	if (f->login || memory_learning(p->state, &p->rules->settings, p->now))
		return true;
	source_find(p->state, p->site_key, p->now, &s);
	return s.standing == REGISTERED;
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

static enum found judge_site(const struct probe *p, const struct scan_conf *c,
			     const struct scan_facts *f, struct evidence *ev)
{
	if (f->refused >= c->targets && outnumbers(f->refused, f->reached))
		return found(p, f->refused, "refused", c, ev);
	if (f->open >= c->unanswered)
		return found(p, f->open, "asked and left", c, ev);
	if (f->port_open >= c->unanswered_port)
		return found(p, f->port_open, "asked and left", c, ev);
	if (f->around_refused < c->around || !outnumbers(f->around_refused, f->around_reached) ||
	    f->refused < OWN_SHARE || !outnumbers(f->refused, f->reached))
		return CLEAR;
	/* its neighbours asked too: it only waits, unless it did its half */
	ev->no_ban = f->refused < c->targets / 2;
	return found(p, f->around_refused, "refused to its prefix", c, ev);
}

/* The least that any rule above asks for. */
static bool suspicious(const struct scan_conf *c, const struct scan_facts *f)
{
	return f->refused >= (c->targets < OWN_SHARE ? c->targets : OWN_SHARE) ||
	       f->open >= c->unanswered || f->port_open >= c->unanswered_port;
}

static enum found scan_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct scan_conf *c = conf;
	struct scan_facts f;

	if (p->names->to || p->sip->method == METHOD_ACK || p->sip->method == METHOD_CANCEL)
		return CLEAR;
	if (!scans_find(p->state, p->site_key, p->pkt->sport, c->window, p->now, &f) ||
	    !suspicious(c, &f))
		return CLEAR;
	return has_standing(p, &f) ? judge_port(p, c, &f, ev) : judge_site(p, c, &f, ev);
}

const struct check check_scan = {
	.name = "scan",
	.help = "sources that try one user or number after the other",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_REQUEST,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 300, .ban_after = 1,
		      .ban_window = 60 },
	.rows = rows,
	.conf_size = sizeof(struct scan_conf),
	.run = scan_run,
};
