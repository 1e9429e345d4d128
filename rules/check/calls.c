/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many calls, how long, and where to: of each account, source, zone, trunk, or of all
 * together.  Asking and taking are one step (state/quotas.h), so of those who call at the
 * same moment no more than the limit allows get through; what a call has taken hangs on it
 * and is given back by whatever ends it (state/calls.h).
 *
 * Calls of a trunk, and those that servers inside begin, are counted by trunk alone: a
 * carrier carries everybody's.  Who is trusted and no trunk is not counted.
 */
#include "account.h"
#include "check.h"
#include "checks.h"
#include "groups.h"
#include "limits.h"
#include "ruleset.h"
#include "state/calls.h"
#include "state/quotas.h"
#include "state/told.h"

#define TOLD_AGAIN (600 * NS) /* what is only told */
#define REFUSED 0x7265667573656400 /* mixed into the key of a call; + CSeq number */
#define COPIED 0x636f7079u    /* likewise */
#define REPEATED (32 * NS)    /* so long an INVITE is (RFC 3261 17.1.1.2, Timer B) */

struct calls_conf {
	struct conf_groups list;
	struct limits limits;
	uint8_t self; /* index of this check */
};

#define AT(member) offsetof(struct calls_conf, member)

static const struct conf_row calls_rows[] = {
	{ .name = "limits", .type = CONF_GROUPS, .offset = AT(list), .max = LIMITS_MOST,
	  .fallback = limits_shipped, .help = "how many calls, how long, and where to",
	  .rows = limit_rows, .size = sizeof(struct limit_entry) },
	{ NULL },
};

static int calls_compile(void *conf, struct compiler *c)
{
	struct calls_conf *own = conf;

	for (unsigned i = 0; i < check_count; i++)
		if (checks[i] == &check_calls)
			own->self = (uint8_t)i;
	return limits_compile(&own->limits, &own->list, c);
}

static void calls_release(void *conf)
{
	limits_free(&((struct calls_conf *)conf)->limits);
}

/* ---- who ---- */

static uint64_t mixed(uint64_t base, uint64_t id)
{
	return key_with(base, id);
}

/* Whoever names no user is whoever is there. */
static struct quota quota_of(const struct probe *p, const struct limit *l)
{
	struct quota q = { .window = l->window, .warn = l->warn, .act = l->act, .proven = 2 };
	bool user = p->account && p->account->key;
	uint64_t base = p->site_key;

	switch ((enum limit_per)l->per) {
	case PER_USER:
		base = user ? p->account->key : p->site_key;
		q.proven = user && p->account->shown;
		break;
	case PER_SOURCE:
		q.proven = p->account && p->account->shown;
		break;
	case PER_ZONE:
		base = limit_name_key(p->zone->name);
		break;
	case PER_TRUNK:
		base = limit_name_key(trunk_name(p->rules, (unsigned)p->draft->trunk));
		break;
	case PER_CLASS:
		base = l->base;
		break;
	}
	q.key = mixed(base, l->id);
	return q;
}

static struct slice user_of(const struct probe *p)
{
	return p->account ? account_user(p->account) : SLICE_NONE;
}

static bool applies(const struct probe *p, const struct limit *l)
{
	bool trunk = p->draft->trunk >= 0;

	if (trunk != (l->per == PER_TRUNK))
		return false;
	if (trunk && l->trunk >= 0 && l->trunk != p->draft->trunk)
		return false;
	return when_holds(&l->when, p, user_of(p), p->number);
}

/* A call that is known has paid, but for the trunk that it goes on to. */
static bool is_counted(const struct probe *p)
{
	const struct call_draft *d = p->draft;

	if (!d || !d->key || (d->again && !d->leg && !d->copy))
		return false;
	if (d->trunk < 0 && (p->trusted || p->pkt->dir == DIR_OUTBOUND))
		return false;
	return p->number->kind != NUMBER_EMERGENCY;
}

/* ---- how much ---- */

static uint32_t item_of(const struct probe *p)
{
	uint64_t name = p->number->n ? name_bytes(p->state, NAME_CALLED,
						  number_digits(p->number)) : p->names->target;

	return (uint32_t)(name >> 32);
}

static enum quota_said minutes_take(const struct probe *p, const struct quota *q, uint32_t *used)
{
	*used = quota_used(p->state, q, p->now);
	return q->act && *used >= q->act ? QUOTA_OVER : QUOTA_FREE;
}

/* What it takes is in *slot; a slot without key holds nothing. */
static enum quota_said take(const struct probe *p, const struct limit *l, const struct quota *q,
			    uint32_t *used, struct call_slot *slot)
{
	enum quota_said said;
	bool fresh;

	switch ((enum limit_count)l->count) {
	case COUNT_MINUTES:
		slot->kind = SLOT_SECONDS;
		return minutes_take(p, q, used);
	case COUNT_SAME:
		slot->kind = SLOT_SAME;
		slot->act = item_of(p);
		return quota_same(p->state, q, slot->act, p->now, used);
	case COUNT_DISTINCT:
		slot->kind = SLOT_DISTINCT;
		slot->act = item_of(p);
		said = quota_distinct(p->state, q, slot->act, p->now, used, &fresh);
		if (!fresh)
			slot->key = 0;
		return said;
	case COUNT_SHORT:
		slot->kind = SLOT_SHORT;
		slot->least = l->shorter;
		return quota_share(p->state, q, l->least, p->now, used);
	default:
		slot->kind = l->window ? SLOT_COUNT : SLOT_NOW;
		return quota_take(p->state, q, 1, p->now, used);
	}
}

/* It passes though it is over: it is counted all the same. */
static void count_over(const struct probe *p, const struct limit *l, const struct quota *q,
		       struct call_slot *slot)
{
	struct quota all = { .key = q->key, .window = q->window, .proven = q->proven };
	uint32_t used;

	(void)take(p, l, &all, &used, slot);
}

/* ---- what is made of it ---- */

static enum action action_of(const struct probe *p, const struct calls_conf *own,
			     const struct limit *l)
{
	enum action whole = (enum action)p->zone->policy[own->self].action;

	if (whole == ACTION_ALERT || l->action == LIMIT_ALERT)
		return ACTION_ALERT;
	if (l->action == LIMIT_AS_CHECK)
		return whole;
	return l->action == LIMIT_APPROVE ? ACTION_APPROVE : ACTION_REJECT;
}

static bool only_observed(const struct probe *p, const struct calls_conf *own)
{
	return p->spared || p->rules->settings.mode == MODE_OBSERVE ||
	       p->zone->policy[own->self].mode == MODE_OBSERVE;
}

/* What is over, or above its warn, and is told when nothing is refused. */
struct finding {
	const struct limit *limit;
	struct quota quota;
	enum quota_said said;
	enum action action;
	uint32_t used;
};

static const char *words_of(const struct limit *l)
{
	switch ((enum limit_count)l->count) {
	case COUNT_NOW:
		return "%s has %u calls at once, limit %s";
	case COUNT_MINUTE:
		return "%s began %u calls within a minute, limit %s";
	case COUNT_HOUR:
		return "%s began %u calls within an hour, limit %s";
	case COUNT_DAY:
		return "%s began %u calls within a day, limit %s";
	case COUNT_MINUTES:
		return "%s talked for %u minutes within a day, limit %s";
	case COUNT_SAME:
		return "%s called one number %u times in a row, limit %s";
	case COUNT_DISTINCT:
		return "%s called %u different numbers, limit %s";
	case COUNT_SHORT:
		return "of the calls of %s %u percent were short, limit %s";
	}
	return "";
}

#define WHO 64

static struct slice joined(char room[WHO], const char *first, struct slice second)
{
	uint32_t n = (uint32_t)strlen(first);

	memcpy(room, first, n);
	if (second.n > WHO - n)
		second.n = WHO - n;
	memcpy(room + n, second.p, second.n);
	return (struct slice){ room, n + second.n };
}

static struct slice who(const struct probe *p, const struct limit *l, char room[WHO])
{
	struct slice user = user_of(p);

	switch ((enum limit_per)l->per) {
	case PER_USER:
		return user.n ? joined(room, "user ", user) : SLICE("the source");
	case PER_SOURCE:
		return SLICE("the source");
	case PER_ZONE:
		return joined(room, "zone ", slice_of(p->zone->name));
	case PER_TRUNK:
		return joined(room, "trunk ",
			      slice_of(trunk_name(p->rules, (unsigned)p->draft->trunk)));
	case PER_CLASS:
		break;
	}
	return SLICE("everybody");
}

/* What there was before the call that is refused, or with the one that is told of. */
static uint32_t shown(const struct finding *f)
{
	if (f->limit->count == COUNT_MINUTES)
		return f->used / 60;
	return f->said == QUOTA_OVER && f->limit->count != COUNT_SHORT ? f->used - 1 : f->used;
}

static void tell(const struct probe *p, const struct finding *f, struct evidence *ev)
{
	struct slice name = slice_of(f->limit->name), whose;
	char room[WHO];

	whose = who(p, f->limit, room);
	ev->grounds = GROUNDS_SUM;
	evidence_reason(ev, words_of(f->limit), &whose, shown(f), &name);
	evidence_bytes(ev, p->sip->uri);
	ev->alert = f->said == QUOTA_WARN || f->action == ACTION_ALERT;
}

/* Of the same limit of the same one so often. */
static bool is_news(const struct probe *p, const struct finding *f)
{
	return told_now(p->state, f->quota.key, p->now, p->now + TOLD_AGAIN);
}

/* A server may try another trunk when one is full. */
static uint64_t refusal_key(const struct probe *p)
{
	uint64_t where = (uint64_t)(p->draft->trunk + 1) << 32;

	return key_with(p->draft->key ^ p->names->target, REFUSED ^ (p->sip->cseq | where));
}

/* Its repetitions must not pass once there is room: who sent it may have been answered. */
static bool was_refused(const struct probe *p, struct evidence *ev)
{
	if (!told_before(p->state, refusal_key(p), p->now))
		return false;
	evidence_reason(ev, "repeated, and was refused for a limit");
	ev->quiet = true;
	return true;
}

/* A repetition that no phone sends: servers would begin another call.  Where it is one all
 * the same nothing is lost, as what it repeats has passed. */
static bool is_copied(const struct probe *p, struct evidence *ev)
{
	if (!p->draft->copy)
		return false;
	evidence_reason(ev, "repeats an INVITE that was answered, or that another sender sent");
	evidence_bytes(ev, p->sip->uri);
	ev->quiet = !told_now(p->state, key_with(p->draft->key, COPIED), p->now,
			      p->now + TOLD_AGAIN);
	return true;
}

static enum found refuse(const struct probe *p, const struct finding *f, struct evidence *ev)
{
	(void)told_now(p->state, refusal_key(p), p->now, p->now + REPEATED);
	tell(p, f, ev);
	return HIT;
}

/* Somebody has approved that he goes on. */
static bool is_approved(const struct probe *p, const struct finding *f, struct evidence *ev)
{
	if (f->action != ACTION_APPROVE)
		return false;
	evidence_what(ev, "limit", slice_of(f->limit->name));
	if (evidence_approved(p, ev)) {
		ev->what = 0;
		return true;
	}
	ev->approve = true;
	return false;
}

/* Time runs on: a call that begins under a grant is not ended when the minutes are used up. */
static bool is_granted(const struct probe *p, const struct finding *f)
{
	struct evidence unused = { .what = 0 };

	if (f->limit->count != COUNT_MINUTES || !f->limit->act || f->action != ACTION_APPROVE)
		return false;
	evidence_what(&unused, "limit", slice_of(f->limit->name));
	return evidence_approved(p, &unused);
}

static void add_slot(const struct probe *p, const struct calls_conf *own, const struct limit *l,
		     const struct call_slot *slot)
{
	struct call_draft *d = p->draft;

	if (!slot->key)
		return;
	d->slot[d->slots] = *slot;
	d->slot[d->slots].check = own->self;
	d->slot[d->slots++].rule = (uint16_t)l->id;
}

static struct call_slot slot_of(const struct finding *f)
{
	const struct quota *q = &f->quota;
	struct call_slot s = { .key = q->key, .window = q->window, .warn = q->warn,
			       .act = q->act, .proven = q->proven };

	/* time runs on when the call has passed: what is only told is told then */
	if (f->limit->count == COUNT_MINUTES && action_passes(f->action)) {
		s.warn = q->warn ? q->warn : q->act;
		s.act = 0;
	}
	return s;
}

/* Takes for one limit.  true: the call is refused. */
static bool ask(const struct probe *p, const struct calls_conf *own, const struct limit *l,
		struct finding *f, struct evidence *ev)
{
	struct call_slot slot;

	*f = (struct finding){ .limit = l, .quota = quota_of(p, l) };
	f->action = action_of(p, own, l);
	slot = slot_of(f);
	f->said = take(p, l, &f->quota, &f->used, &slot);
	if (f->said == QUOTA_OVER) {
		if (is_approved(p, f, ev))
			f->said = QUOTA_FREE;
		else if (!action_passes(f->action) && !only_observed(p, own))
			return true;
		slot = slot_of(f);
		count_over(p, l, &f->quota, &slot);
	}
	if (is_granted(p, f))
		slot.act = 0;
	add_slot(p, own, l, &slot);
	return false;
}

/* A call holds no more: what cannot be given back is not taken. */
static enum found too_many(const struct probe *p, const struct limit *l, struct evidence *ev)
{
	struct slice name = slice_of(l->name);

	if (!told_now(p->state, key_with(l->id, COPIED), p->now, p->now + TOLD_AGAIN))
		return CLEAR;
	evidence_reason(ev, "more than %u limits are for this call: limit %s is not counted",
			(unsigned)CALL_SLOTS, &name);
	evidence_bytes(ev, p->sip->uri);
	ev->alert = true;
	return HIT;
}

static enum found calls_judge(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct calls_conf *own = conf;
	struct finding f, first = { .said = QUOTA_FREE };

	if (!own->limits.n || !is_counted(p))
		return CLEAR;
	if (is_copied(p, ev) || was_refused(p, ev))
		return HIT;
	for (unsigned i = 0; i < own->limits.n; i++) {
		if (!applies(p, &own->limits.limit[i]))
			continue;
		if (p->draft->slots >= p->draft->room)
			return too_many(p, &own->limits.limit[i], ev);
		if (ask(p, own, &own->limits.limit[i], &f, ev))
			return refuse(p, &f, ev);
		if (f.said > first.said)
			first = f;
	}
	if (first.said == QUOTA_FREE ||
	    (first.said == QUOTA_OVER && first.action == ACTION_ALERT && !is_news(p, &first)))
		return CLEAR;
	tell(p, &first, ev);
	return HIT;
}

static const char *whose(enum limit_per per)
{
	switch (per) {
	case PER_USER:
		break;
	case PER_SOURCE:
		return "calls of the source";
	case PER_ZONE:
		return "calls of the zone";
	case PER_TRUNK:
		return "calls of the trunk";
	case PER_CLASS:
		return "all calls";
	}
	return "calls";
}

static bool calls_limit(const void *conf, const struct call *c, unsigned slot,
			struct limit_words *out)
{
	const struct calls_conf *own = conf;

	for (unsigned i = 0; slot < CALL_SLOTS && i < own->limits.n; i++) {
		const struct limit *l = &own->limits.limit[i];

		if ((uint16_t)l->id != c->slot[slot].rule)
			continue;
		*out = (struct limit_words){ l->name, whose((enum limit_per)l->per), " a day", "" };
		return true;
	}
	return false;
}

static bool calls_idle(const void *conf)
{
	return !((const struct calls_conf *)conf)->limits.n;
}

const struct check check_calls = {
	.name = "calls",
	.help = "how many calls, how long, and where to",
	.remedy = "raise the limit that the reason names (calls.limits), or approve once",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_REQUEST,
	.methods = 1u << METHOD_INVITE,
	.way = WAY_BOTH,
	.of_trusted = true,
	.approves = true,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_REJECT, .code = 403,
		      .phrase = "Call limit reached", .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = calls_rows,
	.conf_size = sizeof(struct calls_conf),
	.compile = calls_compile,
	.release = calls_release,
	.idle = calls_idle,
	.run = calls_judge,
	.limit = calls_limit,
};
