/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second reader for the requests that begin something: what the view and
 * libosip2 read differently, the server behind us may read in a third way, and
 * then the checks have judged a message that it never saw.
 */
#include "sip/strict.h"

#include "check.h"
#include "checks.h"

enum { ACCEPT, ALERT, REFUSE };

#define SHOWN 20 /* bytes of each reading in the reason */

struct strict_conf {
	uint8_t unreadable; /* ACCEPT, ALERT or REFUSE */
};

static const char *const choices[] = { "accept", "alert", "refuse", NULL };

static const struct conf_row strict_rows[] = {
	{ "unreadable", CONF_WORD, offsetof(struct strict_conf, unreadable), 0, 0, "accept",
	  choices, "a request that libosip2 cannot read at all" },
	{ NULL },
};

/* What makes a dialog or a binding (RFC 3261 12.1, 10.2; RFC 6665 4.1.2; RFC 3515 2.4.4). */
static bool begins(const struct sip_msg *sip)
{
	switch (sip->method) {
	case METHOD_REGISTER:
		return true;
	case METHOD_INVITE:
	case METHOD_SUBSCRIBE:
	case METHOD_REFER:
	case METHOD_NOTIFY:
		return sip->to.tag.n == 0;
	default:
		return false;
	}
}

static enum found unreadable(const struct strict_conf *c, const struct sip_msg *sip,
			     struct evidence *ev)
{
	if (c->unreadable == ACCEPT)
		return CLEAR;
	ev->alert = c->unreadable == ALERT;
	ev->no_ban = true;
	evidence_reason(ev, "libosip2 cannot read it");
	evidence_bytes(ev, sip->all);
	return HIT;
}

/* Both readings must find room in the reason. */
static struct slice shown(struct slice s)
{
	return (struct slice){ s.p, s.n < SHOWN ? s.n : SHOWN };
}

static enum found strict_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	struct strict_difference d;
	struct slice what, view, other;

	/* without an end libosip2 has nothing to read; malformed has said so, if it may */
	if (sip_defective(p->sip, DEFECT_NO_END) || !begins(p->sip))
		return CLEAR;
	switch (strict_compare(p->strict, p->sip, &d)) {
	case STRICT_UNREADABLE:
		return unreadable(conf, p->sip, ev);
	case STRICT_DIFFERS:
		what = slice_of(d.what);
		view = shown(d.view);
		other = shown(d.other);
		evidence_reason(ev, "%s: view says \"%s\", libosip2 says \"%s\"", &what, &view,
				&other);
		evidence_bytes(ev, d.view);
		return HIT;
	case STRICT_SAME:
	case STRICT_SKIPPED:
		break;
	}
	return CLEAR;
}

/* No ban: a phone that writes oddly does so in every message it sends. */
const struct check check_strict = {
	.name = "strict",
	.help = "requests that two readers understand differently",
	.remedy = "two readers would see two different requests: let the device be "
		  "updated, or set strict.mode to observe in the source's zone",
	.stage = STAGE_MESSAGE,
	.needs = NEED_REQUEST,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP,
		      .code = 400, .phrase = "Bad Request",
		      .ban = 0, .ban_after = 1, .ban_window = 60 },
	.rows = strict_rows,
	.conf_size = sizeof(struct strict_conf),
	.run = strict_run,
};
