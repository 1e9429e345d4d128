/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What calls cost, by a rate card, and how much of it is too much: of one call, of a user
 * within a day or 30 days, of the gateway within a day.  No billing system is asked.
 *
 * What a call costs is added while it lasts (state/calls.h), so nothing is taken here: who
 * has used up a limit begins no call, and calls that use it up while they run are ended.
 *
 * Who pays: a call that a user outside begins is his; one that a server inside sends to a
 * trunk is the gateway's.  Where no trunks are named, the gateway's are those of users who
 * have shown who they are.  What comes from a trunk costs nothing here.
 */
#include "cost.h"

#include <stdio.h>
#include <stdlib.h>

#include "account.h"
#include "checks.h"
#include "compiler.h"
#include "number/rates.h"
#include "ruleset.h"
#include "state/calls.h"
#include "state/key.h"
#include "state/quotas.h"
#include "state/told.h"
#include "when.h"

#define LIMITS 32
#define DAY 86400
#define MONTH (30 * DAY)
#define TOLD_AGAIN (3600 * NS) /* what is only told */
#define REPEATED (64 * NS)     /* an INVITE that was refused comes again, and is no news */
#define GATEWAY 0xc057u        /* key of whom all pay for */

enum cost_per { PER_CALL, PER_USER_DAY, PER_USER_MONTH, PER_GATEWAY_DAY };
enum unpriced { UNPRICED_ACCEPT, UNPRICED_ALERT, UNPRICED_REFUSE };

struct cost_entry {
	struct conf_item at;
	const char *name, *warn, *act;
	struct when_conf when;
	uint8_t per;
};

struct cost_limit {
	const char *name;
	struct when when;
	uint64_t id;        /* what it counts, but for who */
	uint32_t warn, act; /* CALL_MONEY */
	uint8_t per;        /* enum cost_per */
};

struct cost_conf {
	struct conf_list rate_list;
	struct conf_groups list;
	const char *currency;
	uint8_t unpriced; /* enum unpriced */
	struct rates *rates;
	struct cost_limit *limit;
	unsigned n;
	uint8_t self;     /* index of this check */
};

static const char *const pers[] = { "call", "user-day", "user-month", "gateway-day", NULL };
static const char *const unprices[] = { "accept", "alert", "refuse", NULL };

#define ENTRY_AT(member) offsetof(struct cost_entry, member)
#define AT(member) offsetof(struct cost_conf, member)

static const struct conf_row cost_limit_rows[] = {
	{ "name", CONF_TEXT, ENTRY_AT(name), 0, 0, "", NULL, "what events call it" },
	{ "per", CONF_WORD, ENTRY_AT(per), 0, 0, "user-day", pers,
	  "of what: each call, each user within a day or 30 days, all within a day" },
	WHEN_ROWS(struct cost_entry, when),
	{ "warn", CONF_TEXT, ENTRY_AT(warn), 0, 0, "", NULL,
	  "more than so much is told, \"8.00\"; empty: nothing is" },
	{ "act", CONF_TEXT, ENTRY_AT(act), 0, 0, "", NULL,
	  "more than so much is refused, and ends calls; empty: nothing is" },
	{ NULL },
};

static const struct conf_row cost_rows[] = {
	{ "rates", CONF_LIST, AT(rate_list), 0, 0, "", NULL,
	  "what a minute costs: \"prefix, name, price, setup, increments, minimum\"" },
	{ "currency", CONF_TEXT, AT(currency), 0, 0, "EUR", NULL, "what prices are in" },
	{ "unpriced", CONF_WORD, AT(unpriced), 0, 0, "accept", unprices,
	  "calls to numbers that rates says nothing of" },
	{ .name = "limits", .type = CONF_GROUPS, .offset = AT(list), .max = LIMITS,
	  .fallback = "", .help = "how much calls may cost",
	  .rows = cost_limit_rows, .size = sizeof(struct cost_entry) },
	{ NULL },
};

/* ---- compiled ---- */

static int amount_compile(const char *text, const char *key, struct compiler *c, uint32_t *out)
{
	*out = 0;
	if (!text[0] || (money_read(slice_of(text), CALL_MONEY, out) && *out))
		return 0;
	compiler_error(c, NULL, key, "\"%s\" is no amount above zero: write \"12.50\", with up to "
		       "four digits behind the dot", text);
	return -1;
}

static const char *wrong(const struct cost_conf *k, const struct cost_limit *l)
{
	if (!l->name[0])
		return "needs a name, for events";
	for (unsigned i = 0; i < k->n; i++)
		if (strcmp(k->limit[i].name, l->name) == 0)
			return "has the name of another limit";
	if (!l->warn && !l->act)
		return "does nothing: it needs warn or act";
	if (l->warn && l->act && l->warn >= l->act)
		return "would warn of nothing: warn must be less than act";
	return NULL;
}

static int limit_compile(const struct cost_conf *k, struct cost_limit *l,
			 const struct cost_entry *e, struct compiler *c)
{
	int err = amount_compile(e->warn, "warn", c, &l->warn);
	const char *why;

	err |= amount_compile(e->act, "act", c, &l->act);
	l->name = e->name;
	l->per = e->per;
	l->id = key_with(when_hash(&e->when), GATEWAY + e->per);
	why = err ? NULL : wrong(k, l);
	if (why) {
		compiler_error(c, NULL, "name", "\"%s\" %s", e->name, why);
		err = -1;
	}
	return err | when_compile(&l->when, &e->when, c);
}

static int cost_compile(void *conf, struct compiler *c)
{
	const struct cost_entry *entry;
	struct cost_conf *k = conf;
	int err;

	k->n = k->self = 0;
	while (k->self < check_count && checks[k->self] != &check_cost)
		k->self++;
	entry = k->list.entry;
	err = rates_compile(&k->rate_list, c, "rates", &k->rates);
	k->limit = calloc(k->list.n + 1, sizeof(*k->limit));
	if (!k->limit) {
		compiler_error(c, NULL, "limits", "out of memory");
		return -1;
	}
	for (; k->n < k->list.n; k->n++) {
		struct compiler at = compiler_of_entry(c, &entry[k->n].at);

		err |= limit_compile(k, &k->limit[k->n], &entry[k->n], &at);
	}
	if (k->list.n && !k->rate_list.n && !err)
		compiler_degraded(c, "rates", "is empty: no limit is ever reached");
	return err;
}

static void cost_release(void *conf)
{
	struct cost_conf *k = conf;

	for (unsigned i = 0; i < k->n; i++)
		when_free(&k->limit[i].when);
	free(k->limit);
	rates_free(k->rates);
}

/* ---- who, and how much ---- */

enum payer { PAYS_NOBODY, PAYS_USER, PAYS_GATEWAY };

static enum payer payer_of(const struct probe *p)
{
	const struct call_draft *d = p->draft;
	bool outbound = p->pkt->dir == DIR_OUTBOUND;

	if (!d || !d->key || p->number->kind == NUMBER_EMERGENCY)
		return PAYS_NOBODY;
	if (outbound)
		return d->trunk >= 0 && (!d->again || d->leg) ? PAYS_GATEWAY : PAYS_NOBODY;
	return d->trunk < 0 && !d->again ? PAYS_USER : PAYS_NOBODY;
}

static bool applies(const struct probe *p, const struct cost_limit *l, enum payer payer)
{
	struct slice user = p->account ? account_user(p->account) : SLICE_NONE;
	bool trunks = p->rules->settings.trunks.n > 0;

	switch ((enum cost_per)l->per) {
	case PER_CALL:
		/* the record of a leg has it already */
		if (p->draft->again || (payer == PAYS_USER && p->trusted))
			return false;
		break;
	case PER_GATEWAY_DAY:
		if (trunks ? payer != PAYS_GATEWAY : !p->account || !p->account->shown)
			return false;
		break;
	default:
		if (payer != PAYS_USER || p->trusted || !p->account || !p->account->key)
			return false;
	}
	return when_holds(&l->when, p, user, p->number);
}

static struct quota quota_of(const struct probe *p, const struct cost_limit *l)
{
	struct quota q = { .window = DAY, .warn = l->warn, .act = l->act };
	bool shown = p->account && p->account->shown;

	switch ((enum cost_per)l->per) {
	case PER_CALL:
		q.key = key_with(p->draft->key, l->id);
		break;
	case PER_USER_MONTH:
		q.window = MONTH;
		/* fall through */
	case PER_USER_DAY:
		q.key = key_with(p->account->key, l->id);
		q.proven = shown;
		break;
	case PER_GATEWAY_DAY:
		q.key = key_with(l->id, GATEWAY);
		q.proven = 2;
		break;
	}
	return q;
}

/* In CALL_MONEY, begun ones. */
static uint32_t least_of(const struct rate *rate)
{
	uint64_t n = call_cost(&rate->price, 1);

	n = (n + CALL_MICRO / CALL_MONEY - 1) / (CALL_MICRO / CALL_MONEY);
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* ---- what is said ---- */

struct finding {
	const struct cost_limit *limit; /* NULL: none */
	struct quota quota;
	uint32_t used;
	bool over, told;
};

static struct slice money_text(uint64_t amount, uint32_t parts, char room[MONEY_TEXT])
{
	return (struct slice){ room, (uint32_t)money_print(amount, parts, room) };
}

static struct slice who(const struct probe *p, const struct cost_limit *l)
{
	if (l->per == PER_GATEWAY_DAY)
		return SLICE("gateway");
	if (l->per == PER_CALL)
		return SLICE("call");
	return p->account->n ? account_user(p->account) : SLICE("user");
}

static void tell(const struct probe *p, const struct cost_conf *k, const struct finding *f,
		 const struct rate *rate, struct evidence *ev)
{
	char spent[MONEY_TEXT], most[MONEY_TEXT], minute[MONEY_TEXT];
	uint32_t limit = f->over ? f->limit->act : f->limit->warn;
	struct slice name = slice_of(f->limit->name), currency = slice_of(k->currency);
	struct slice whose = who(p, f->limit);
	struct slice used = money_text(f->used, CALL_MONEY, spent);
	struct slice all = money_text(limit, CALL_MONEY, most);
	struct slice price = money_text(rate->price.minute, CALL_MICRO, minute);

	ev->grounds = GROUNDS_SUM;
	evidence_reason(ev, "%s has spent %s of %s %s (%s), this call costs %s a minute", &whose,
			&used, &all, &currency, &name, &price);
	evidence_bytes(ev, p->sip->uri);
	evidence_what(ev, "limit", name);
	ev->alert = !f->over;
}

static bool is_news(const struct probe *p, const struct finding *f)
{
	uint64_t life = f->over ? REPEATED : TOLD_AGAIN;
	uint64_t key = f->over ? key_with(p->draft->key, f->quota.key) : f->quota.key;

	return told_now(p->state, key, p->now, p->now + life);
}

/* Nobody has said what it costs: of what is called for money, that is. */
static enum found unpriced(const struct probe *p, const struct cost_conf *k, struct evidence *ev)
{
	uint8_t kind = p->number->kind;

	if (k->unpriced == UNPRICED_ACCEPT || !k->rates ||
	    (kind != NUMBER_WORLD && kind != NUMBER_LOCAL && kind != NUMBER_UNPARSABLE))
		return CLEAR;
	evidence_reason(ev, "nothing is known of what this call costs");
	evidence_bytes(ev, p->sip->uri);
	evidence_what(ev, "limit", SLICE("unpriced"));
	ev->alert = k->unpriced == UNPRICED_ALERT;
	ev->quiet = !told_now(p->state, key_with(p->draft->key, GATEWAY), p->now,
			      p->now + REPEATED);
	return HIT;
}

/* ---- the check ---- */

/* The lower bits of ids are their place in tables, and alike. */
static uint16_t rule_of(const struct cost_limit *l)
{
	return (uint16_t)(l->id >> 48);
}

/* What it runs up is added to the quota; granted: but ends nothing. */
static void add_slot(const struct probe *p, const struct cost_conf *k, const struct finding *f,
		     bool granted)
{
	struct call_draft *d = p->draft;

	if (d->slots >= d->room)
		return;
	d->slot[d->slots++] = (struct call_slot){
		.key = f->quota.key, .window = f->quota.window, .warn = f->quota.warn,
		.act = granted ? 0 : f->quota.act, .rule = rule_of(f->limit),
		.proven = f->quota.proven, .kind = SLOT_MONEY, .check = k->self,
	};
}

/* Whoever was granted the limit may go on beyond it with a call that begins now, also where
 * it is reached only while that runs. */
static bool is_granted(const struct probe *p, const struct cost_conf *k, const struct finding *f,
		       struct evidence *ev)
{
	bool before = ev->approved, granted;

	if (!f->limit->act || p->zone->policy[k->self].action != ACTION_APPROVE)
		return false;
	evidence_what(ev, "limit", slice_of(f->limit->name));
	granted = evidence_approved(p, ev);
	ev->approved = before || (granted && f->over);
	ev->what = 0;
	return granted;
}

static struct finding ask(const struct probe *p, const struct cost_limit *l,
			  const struct rate *rate)
{
	struct finding f = { .limit = l, .quota = quota_of(p, l) };

	f.used = quota_used(p->state, &f.quota, p->now);
	f.over = l->act && (f.used >= l->act || least_of(rate) > l->act - f.used);
	f.told = f.over || (l->warn && f.used > l->warn);
	return f;
}

static bool cost_idle(const void *conf)
{
	return !((const struct cost_conf *)conf)->rates;
}

static enum found cost_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct cost_conf *k = conf;
	enum payer payer = payer_of(p);
	struct finding first = { .limit = NULL };
	const struct rate *rate;

	if (payer == PAYS_NOBODY)
		return CLEAR;
	rate = rates_find(k->rates, p->number);
	if (!rate)
		return unpriced(p, k, ev);
	p->draft->price = rate->price;
	for (unsigned i = 0; i < k->n; i++) {
		const struct cost_limit *l = &k->limit[i];
		bool granted;
		struct finding f;

		if (!applies(p, l, payer))
			continue;
		f = ask(p, l, rate);
		granted = is_granted(p, k, &f, ev);
		if (f.told && !(f.over && granted) && (!first.limit || f.over > first.over))
			first = f;
		add_slot(p, k, &f, granted);
	}
	if (!first.limit)
		return CLEAR;
	tell(p, k, &first, rate, ev);
	ev->quiet = !is_news(p, &first);
	return ev->quiet && ev->alert ? CLEAR : HIT;
}

bool cost_print(const struct ruleset *rs, unsigned zone, const struct number *n, char *out,
		size_t room)
{
	char minute[MONEY_TEXT], setup[MONEY_TEXT], least[MONEY_TEXT];
	const struct cost_conf *k = NULL;
	const struct rate *rate;

	for (unsigned i = 0; i < check_count; i++)
		if (checks[i] == &check_cost)
			k = rs->zone[zone < rs->n_zones ? zone : 0].conf[i];
	if (!k || !k->rates || !number_is_far(n))
		return false;
	rate = rates_find(k->rates, n);
	if (!rate) {
		snprintf(out, room, "not in rates");
		return true;
	}
	money_print(rate->price.minute, CALL_MICRO, minute);
	money_print(rate->price.setup, CALL_MICRO, setup);
	money_print(rate->price.least, CALL_MICRO, least);
	snprintf(out, room, "%s %s a minute, setup %s, %u/%u, at least %s%s%.*s%s", minute,
		 k->currency, setup, rate->price.first, rate->price.then, least,
		 rate->name.n ? " (" : "", (int)rate->name.n, rate->name.n ? rate->name.p : "",
		 rate->name.n ? ")" : "");
	return true;
}

static bool cost_limit(const void *conf, const struct call *c, unsigned slot,
		       struct limit_words *out)
{
	static const struct limit_words words[] = {
		[PER_CALL] = { .whose = "call", .within = "" },
		[PER_USER_DAY] = { .whose = "calls", .within = " a day" },
		[PER_USER_MONTH] = { .whose = "calls", .within = " in 30 days" },
		[PER_GATEWAY_DAY] = { .whose = "all calls", .within = " a day" },
	};
	const struct cost_conf *k = conf;

	for (unsigned i = 0; slot < CALL_SLOTS && i < k->n; i++) {
		const struct cost_limit *l = &k->limit[i];

		if (rule_of(l) != c->slot[slot].rule)
			continue;
		*out = words[l->per];
		out->name = l->name;
		out->currency = k->currency;
		return true;
	}
	return false;
}

const struct check check_cost = {
	.name = "cost",
	.help = "how much calls may cost, by a rate card",
	.remedy = "raise the limit that the reason names, or approve once where its "
		  "action is approve; sipmoat number NUMBER shows the price",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_REQUEST,
	.methods = 1u << METHOD_INVITE,
	.way = WAY_BOTH,
	.of_trusted = true,
	.approves = true,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_REJECT, .code = 403,
		      .phrase = "Cost limit reached", .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = cost_rows,
	.conf_size = sizeof(struct cost_conf),
	.compile = cost_compile,
	.release = cost_release,
	.idle = cost_idle,
	.run = cost_run,
	.limit = cost_limit,
};
