/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a call may last: told at `warn`, ended for both sides at `cut` (rules/cut.h).
 * When that is, is written into the call's draft as it begins; engine_calls looks at the
 * clock.
 *
 * Whoever ended a call, this check or another, its dialog takes no more requests but BYE
 * and ACK, in both directions: a side that has not heard our BYE, or does not want to, finds
 * that nothing else of that call gets through.
 */
#include <stdlib.h>

#include "checks.h"
#include "compiler.h"
#include "ruleset.h"
#include "state/calls.h"
#include "state/dialogs.h"
#include "state/legs.h"
#include "when.h"

#define LIMITS 64
#define LONGEST 604800

struct limit_entry {
	struct conf_item at;
	const char *name;
	struct when_conf when;
	uint32_t warn, cut;
};

struct duration_conf {
	struct conf_groups limits;
	uint32_t warn, cut; /* where no limit fits */
	struct when *when;  /* of each limit */
	unsigned n;
	uint8_t index;      /* into checks[] */
};

#define LIMIT_AT(member) offsetof(struct limit_entry, member)
#define AT(member) offsetof(struct duration_conf, member)

static const struct conf_row limit_rows[] = {
	{ "name", CONF_TEXT, LIMIT_AT(name), 0, 0, "", NULL, "what messages call the limit" },
	WHEN_ROWS(struct limit_entry, when),
	{ "warn", CONF_DURATION, LIMIT_AT(warn), 0, LONGEST, "0s", NULL,
	  "a call that lasts so long is told; 0s: it is not" },
	{ "cut", CONF_DURATION, LIMIT_AT(cut), 0, LONGEST, "0s", NULL,
	  "a call that lasts so long is ended for both sides; 0s: it is not" },
	{ NULL },
};

static const struct conf_row duration_rows[] = {
	{ .name = "limits", .type = CONF_GROUPS, .offset = AT(limits), .max = LIMITS,
	  .fallback = "", .help = "how long which calls may last; the first that fits counts",
	  .rows = limit_rows, .size = sizeof(struct limit_entry) },
	{ "warn", CONF_DURATION, AT(warn), 0, LONGEST, "4h", NULL,
	  "calls that no limit fits: one that lasts so long is told; 0s: it is not" },
	{ "cut", CONF_DURATION, AT(cut), 0, LONGEST, "0s", NULL,
	  "likewise: ended for both sides; 0s: it is not" },
	{ NULL },
};

static const struct limit_entry *limit_of(const struct duration_conf *d, unsigned i)
{
	return (const struct limit_entry *)d->limits.entry + i;
}

static int times_fit(struct compiler *c, const struct conf_item *at, uint32_t warn, uint32_t cut)
{
	if (!cut || warn < cut)
		return 0;
	compiler_error(c, at, "warn", "a call is told when it lasts %u s, and ended before that, "
		       "at %u s: warn must be less than cut", warn, cut);
	return -1;
}

static int limit_compile(struct duration_conf *d, unsigned i, struct compiler *c)
{
	const struct limit_entry *e = limit_of(d, i);
	int err = 0;

	if (!e->name[0]) {
		compiler_error(c, NULL, "name", "a limit needs a name");
		err = -1;
	}
	for (unsigned k = 0; k < i; k++)
		if (e->name[0] && strcmp(limit_of(d, k)->name, e->name) == 0) {
			compiler_error(c, NULL, "name", "a limit of this name was written before");
			err = -1;
		}
	err |= times_fit(c, NULL, e->warn, e->cut);
	return when_compile(&d->when[i], &e->when, c) | err;
}

static int duration_compile(void *conf, struct compiler *c)
{
	struct duration_conf *d = conf;
	int err = 0;

	d->n = d->index = 0;
	while (d->index < check_count && checks[d->index] != &check_duration)
		d->index++;
	/* where only `cut` is written the default of `warn` must not stand in its way */
	if (d->cut && d->warn >= d->cut)
		d->warn = 0;
	d->when = calloc(d->limits.n + 1, sizeof(*d->when));
	if (!d->when) {
		compiler_error(c, NULL, "limits", "out of memory");
		return -1;
	}
	for (; d->n < d->limits.n; d->n++) {
		struct compiler at = compiler_of_entry(c, &limit_of(d, d->n)->at);

		err |= limit_compile(d, d->n, &at);
	}
	return err;
}

static void duration_release(void *conf)
{
	struct duration_conf *d = conf;

	for (unsigned i = 0; i < d->n; i++)
		when_free(&d->when[i]);
	free(d->when);
}

/* rule: of the limit, from 1 on; 0: none fits. */
static void set(struct call_draft *draft, const struct duration_conf *d, unsigned rule,
		uint32_t warn, uint32_t cut)
{
	draft->warn_after = warn;
	draft->cut_after = cut;
	draft->duration_check = d->index;
	draft->duration_rule = (uint8_t)rule;
}

static void limit(const struct probe *p, const struct duration_conf *d)
{
	struct slice user = p->account ? account_user(p->account) : SLICE_NONE;

	if (p->number->kind == NUMBER_EMERGENCY) {
		set(p->draft, d, 0, 0, 0);
		return;
	}
	for (unsigned i = 0; i < d->n; i++)
		if (when_holds(&d->when[i], p, user, p->number)) {
			set(p->draft, d, i + 1, limit_of(d, i)->warn, limit_of(d, i)->cut);
			return;
		}
	set(p->draft, d, 0, d->warn, d->cut);
}

/* In another config another limit may stand there. */
static bool duration_limit(const void *conf, const struct call *c, unsigned slot,
			   struct limit_words *out)
{
	const struct duration_conf *d = conf;
	const struct limit_entry *e;

	if (slot != CALL_SLOTS || !c->duration_rule || c->duration_rule > d->n)
		return false;
	e = limit_of(d, c->duration_rule - 1u);
	*out = (struct limit_words){ e->name, "call", "", "" };
	return e->warn == c->warn_after && e->cut == c->cut_after;
}

static enum found duration_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	enum sip_method m = p->sip->method;
	struct slice method = slice_of(sip_method_name(m));

	if (p->draft) {
		limit(p, conf);
		return CLEAR;
	}
	if (!legs_are_cut(p->state, p->names, p->sip, p->now))
		return CLEAR;
	evidence_reason(ev, "%s of a call that was ended", &method);
	evidence_bytes(ev, sip_first(p->sip, HDR_CALL_ID));
	ev->quiet = dialog_refused(p->state, p->names, p->now);
	ev->no_ban = true;
	return HIT;
}

const struct check check_duration = {
	.name = "duration",
	.help = "calls that last too long are told, and ended for both sides",
	.remedy = "raise duration's limit for that user, group or class; a call that "
		  "hangs should end by session timers (RFC 4028) on the PBX",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_REQUEST,
	.methods = ~(1u << METHOD_BYE | 1u << METHOD_ACK | 1u << METHOD_CANCEL),
	.way = WAY_BOTH,
	.of_trusted = true,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP,
		      .code = 481, .phrase = "Call/Transaction Does Not Exist",
		      .ban = 0, .ban_after = 1, .ban_window = 60 },
	.rows = duration_rows,
	.conf_size = sizeof(struct duration_conf),
	.compile = duration_compile,
	.release = duration_release,
	.run = duration_run,
	.limit = duration_limit,
};
