/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that are made by passing on another: a REFER has the server, or the other side,
 * call somebody (RFC 3515), a phone that answers 3xx has it call somebody else in its
 * place (RFC 3261 21.3), calls are forwarded in circles, and an INVITE takes over a call
 * that others have (RFC 3891, RFC 3911).
 *
 * The numbers are judged by the lists of the destination check, on the account that will
 * have made the call: of who refers, of whose phone redirects.  Who is in no account, a
 * caller from anywhere, makes no calls to telephone numbers of ours.
 *
 * To take over a call one must name it, by a Call-ID and two tags that nobody guesses: who
 * has them is one of its sides, was told by the server (who watches a line picks up what
 * rings there), was sent there by a REFER, or has read what was not meant for him.
 */
#include "account.h"
#include "checks.h"
#include "destinations.h"
#include "diverted.h"
#include "groups.h"
#include "sip/replaces.h"
#include "state/bindings.h"
#include "state/dialogs.h"
#include "state/told.h"

#define USER_ROOM 128
#define URIS_MAX 32 /* that are looked at */
#define REPEATS (32 * NS)   /* Timers B and F: no message is repeated for longer */
#define REFERRED (180 * NS) /* who is referred calls at once, if his user lets him */

enum { TOLD_TRANSFER = 0x7a5f, TOLD_REFERRED };

struct transfer_conf {
	uint8_t refer, strangers, redirect, loops, replaces; /* enum sip_treat */
	bool pickup;
	uint32_t max_diversions;
};

static const char *const treats[] = { "off", "alert", "drop", NULL };

#define AT(member) offsetof(struct transfer_conf, member)

static const struct conf_row transfer_rows[] = {
	{ "refer", CONF_WORD, AT(refer), 0, 0, "drop", treats,
	  "transfers (REFER) to numbers that the lists of destination deny" },
	{ "strangers", CONF_WORD, AT(strangers), 0, 0, "off", treats,
	  "transfers to telephone numbers by who has no account and is no trunk" },
	{ "redirect", CONF_WORD, AT(redirect), 0, 0, "drop", treats,
	  "phones that redirect a call (3xx) to numbers that the lists of destination deny" },
	{ "loops", CONF_WORD, AT(loops), 0, 0, "alert", treats,
	  "calls that were forwarded too often, or by the same number twice" },
	{ "max_diversions", CONF_INT, AT(max_diversions), 1, 100, "10", NULL,
	  "how often a call may have been forwarded" },
	{ "replaces", CONF_WORD, AT(replaces), 0, 0, "alert", treats,
	  "who takes over, or joins, a call of others" },
	{ "pickup", CONF_BOOL, AT(pickup), 0, 0, "true", NULL,
	  "whoever has an account may take over any call" },
	{ NULL },
};

static bool has_account(const struct probe *p)
{
	return p->account && p->account->shown;
}

/* ---- where it goes to ---- */

static enum sip_treat destination_treat(const struct destination_query *q, struct slice uri,
					unsigned treat, struct evidence *ev)
{
	const struct policy *policy;
	struct number number;

	if (!destination_of(q->p, &policy))
		return TREAT_ACCEPT;
	switch (destination_judge(q, uri, ev, &number)) {
	case DESTINATION_DENIED:
		/* what is on trial there is not yet refused here */
		if (policy->mode == MODE_OBSERVE || action_passes(policy->action))
			return treat > TREAT_ALERT ? TREAT_ALERT : (enum sip_treat)treat;
		return (enum sip_treat)treat;
	case DESTINATION_TOLD:
		return treat && destination_is_news(q, &number) ? TREAT_ALERT : TREAT_ACCEPT;
	default:
		return TREAT_ACCEPT;
	}
}

/* A caller from anywhere, as far as can be known. */
static bool is_stranger(const struct probe *p)
{
	return p->pkt->dir == DIR_INBOUND && !has_account(p) &&
	       trunk_of(p->rules, &p->pkt->src) < 0 &&
	       !upstream_held(p->state, p->site_key, p->now) &&
	       source_standing(p->state, p->site_key, p->now) != REGISTERED &&
	       !memory_blind(p->state, &p->rules->settings, &p->pkt->dst, p->now);
}

static enum sip_treat stranger_treat(const struct probe *p, const struct transfer_conf *c,
				     struct slice uri, struct evidence *ev)
{
	struct number number;
	char text[NUMBER_TEXT];
	struct slice to;

	if (!c->strangers)
		return TREAT_ACCEPT;
	number_of_uri(p->rules, uri, &number);
	if (!number_is_far(&number) || !is_stranger(p))
		return TREAT_ACCEPT;
	to = (struct slice){ text, (uint32_t)number_print(&number, text) };
	evidence_reason(ev, "transfer to %s by a stranger", &to);
	evidence_bytes(ev, uri);
	return (enum sip_treat)c->strangers;
}

/* In a call, where servers ask for no credentials, a name is what who calls himself says. */
static struct slice user_of(const struct probe *p, char *room, size_t size)
{
	if (p->account && !p->account->shown && p->names->to)
		return SLICE_NONE;
	if (p->account && p->account->n)
		return account_user(p->account);
	return destination_user(p->sip->from.uri, room, size);
}

/* The worse of two; what is less bad is not written down. */
static enum sip_treat worse(enum sip_treat a, enum sip_treat b, struct evidence *ev,
			    const struct evidence *of_b)
{
	if (b <= a)
		return a;
	memcpy(ev->reason, of_b->reason, sizeof(ev->reason));
	memcpy(ev->text, of_b->text, sizeof(ev->text));
	return b;
}

static enum sip_treat refer_treat(const struct probe *p, const struct transfer_conf *c,
				  struct evidence *ev)
{
	const struct policy *policy;
	struct destination_query q = { .p = p, .where = "Refer-To",
				       .lists = LISTS_NUMBERS | LISTS_UNPARSABLE };
	struct slice line = SLICE_NONE, item;
	enum sip_treat worst = TREAT_ACCEPT;
	struct evidence other;
	struct sip_nameaddr to;
	unsigned at = 0, n = 0;
	char room[USER_ROOM];

	q.conf = destination_of(p, &policy);
	if (p->pkt->dir == DIR_OUTBOUND &&
	    (!q.conf || !q.conf->leaving || trunk_of(p->rules, &p->pkt->dst) < 0))
		return TREAT_ACCEPT;
	q.user = user_of(p, room, sizeof(room));
	while (sip_next(p->sip, HDR_REFER_TO, &at, &line))
		while (n++ < URIS_MAX && sip_list_next(&line, &item)) {
			if (!sip_nameaddr_read(item, &to))
				continue;
			if (q.conf)
				worst = worse(worst, destination_treat(&q, to.uri, c->refer,
								       &other), ev, &other);
			worst = worse(worst, stranger_treat(p, c, to.uri, &other), ev, &other);
		}
	return worst;
}

/* A trunk that names other ways to the same number is no phone that forwards. */
static enum sip_treat redirect_treat(const struct probe *p, const struct transfer_conf *c,
				     struct evidence *ev)
{
	const struct policy *policy;
	struct destination_query q = {
		.p = p, .conf = destination_of(p, &policy), .where = "Contact of a redirection",
		.lists = LISTS_PATTERNS | LISTS_NUMBERS | LISTS_UNPARSABLE,
	};
	struct contact_walk w = { .at = 0 };
	enum sip_treat worst = TREAT_ACCEPT;
	struct evidence other;
	struct sip_nameaddr to;
	char room[USER_ROOM];

	if (!c->redirect || !q.conf || trunk_of(p->rules, &p->pkt->src) >= 0)
		return TREAT_ACCEPT;
	q.user = destination_user(p->sip->to.uri, room, sizeof(room));
	for (unsigned n = 0; n < URIS_MAX && contact_next(p->sip, &w, &to); n++)
		worst = worse(worst, destination_treat(&q, to.uri, c->redirect, &other), ev,
			      &other);
	return worst;
}

/* ---- where it comes from ---- */

static enum sip_treat loops_treat(const struct probe *p, const struct transfer_conf *c,
				  struct evidence *ev)
{
	struct diverted d;

	if (!c->loops)
		return TREAT_ACCEPT;
	diverted_read(p->rules, p->sip, &d);
	if (!d.twice.n && d.hops <= c->max_diversions)
		return TREAT_ACCEPT;
	if (d.twice.n)
		evidence_reason(ev, "forwarded in a circle, %u times so far", d.hops);
	else
		evidence_reason(ev, "forwarded %u times", d.hops);
	evidence_bytes(ev, d.twice.n ? d.twice : p->sip->uri);
	return (enum sip_treat)c->loops;
}

/* ---- whose call it takes ---- */

static uint64_t referred_key(const struct names *n, uint64_t site)
{
	return key_with(key_with(n->from + n->to, site), TOLD_REFERRED);
}

static bool has_part(const struct probe *p, const struct dialog *d)
{
	for (unsigned i = 0; i < 2; i++)
		if (dialog_has_site(&d->side[i], p->site_key) ||
		    (has_account(p) && p->account->user_key &&
		     d->side[i].user == p->account->user_key))
			return true;
	return false;
}

static bool may_pick_up(const struct probe *p)
{
	return has_account(p) || source_standing(p->state, p->site_key, p->now) == REGISTERED;
}

/* What is not known here may well be a call between two phones inside. */
static enum sip_treat takes_over(const struct probe *p, const struct transfer_conf *c,
				 const struct replaced *r, struct evidence *ev)
{
	struct names named;
	struct dialog d;

	names_of_dialog(p->state, r->call_id, r->from_tag, r->to_tag, &named);
	if (!dialog_find(p->state, &named, p->now, &d) || d.state == DIALOG_ENDED ||
	    has_part(p, &d) || (c->pickup && may_pick_up(p)) ||
	    trunk_of(p->rules, &p->pkt->src) >= 0 ||
	    told_before(p->state, referred_key(&named, p->site_key), p->now) ||
	    memory_blind(p->state, &p->rules->settings, &p->pkt->dst, p->now))
		return TREAT_ACCEPT;
	evidence_reason(ev, "%s names a call in which its sender has no part", &r->header);
	evidence_bytes(ev, r->call_id);
	return (enum sip_treat)c->replaces;
}

static enum sip_treat replaces_treat(const struct probe *p, const struct transfer_conf *c,
				     struct evidence *ev)
{
	struct replaces_walk w = { .at = 0 };
	struct replaced r;

	while (replaces_next(p->sip, &w, &r))
		if (takes_over(p, c, &r, ev))
			return (enum sip_treat)c->replaces;
	return TREAT_ACCEPT;
}

/* Whom a server sends to take over a call may do so. */
static void referred_note(const struct probe *p, const struct replaced *r)
{
	struct names named;

	names_of_dialog(p->state, r->call_id, r->from_tag, r->to_tag, &named);
	(void)told_now(p->state, referred_key(&named, p->site_key), p->now, p->now + REFERRED);
}

static enum sip_treat referred_treat(const struct probe *p, const struct transfer_conf *c,
				     struct evidence *ev)
{
	struct slice line = SLICE_NONE, item;
	struct replaces_walk w;
	struct sip_nameaddr to;
	struct replaced r;
	struct sip_uri uri;
	unsigned at = 0, n = 0;

	while (sip_next(p->sip, HDR_REFER_TO, &at, &line))
		while (n++ < URIS_MAX && sip_list_next(&line, &item)) {
			if (!sip_nameaddr_read(item, &to))
				continue;
			(void)sip_uri_read(to.uri, &uri);
			w.rest = uri.headers;
			while (replaces_next_in(&w, &r)) {
				if (p->pkt->dir == DIR_OUTBOUND)
					referred_note(p, &r);
				else if (takes_over(p, c, &r, ev))
					return (enum sip_treat)c->replaces;
			}
		}
	return TREAT_ACCEPT;
}

/* ---- a message ---- */

static enum sip_treat judge_refer(const struct probe *p, const struct transfer_conf *c,
				  struct evidence *ev)
{
	struct evidence other;
	enum sip_treat worst = TREAT_ACCEPT;

	if (p->trusted && p->pkt->dir == DIR_INBOUND)
		return TREAT_ACCEPT;
	worst = worse(worst, refer_treat(p, c, &other), ev, &other);
	if (c->replaces)
		worst = worse(worst, referred_treat(p, c, &other), ev, &other);
	return worst;
}

/* Carriers are trusted, and calls go in circles through them: that is asked of all. */
static enum sip_treat judge_invite(const struct probe *p, const struct transfer_conf *c,
				   struct evidence *ev)
{
	struct evidence other;
	enum sip_treat worst = TREAT_ACCEPT;

	if (p->names->to || p->number->kind == NUMBER_EMERGENCY)
		return TREAT_ACCEPT;
	worst = worse(worst, loops_treat(p, c, &other), ev, &other);
	if (c->replaces && !p->trusted)
		worst = worse(worst, replaces_treat(p, c, &other), ev, &other);
	return worst;
}

static enum sip_treat judge(const struct probe *p, const struct transfer_conf *c,
			    struct evidence *ev)
{
	bool inbound = p->pkt->dir == DIR_INBOUND;

	if (p->sip->kind == SIP_REQUEST && sip_is_method(p->sip, METHOD_REFER))
		return judge_refer(p, c, ev);
	if (!inbound || p->sip->method != METHOD_INVITE)
		return TREAT_ACCEPT;
	if (p->sip->kind == SIP_REQUEST)
		return judge_invite(p, c, ev);
	return p->sip->status / 100 == 3 && !p->trusted ? redirect_treat(p, c, ev) : TREAT_ACCEPT;
}

static enum found transfer_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	enum sip_treat treat = judge(p, conf, ev);
	uint64_t key = key_with(p->names->txn, TOLD_TRANSFER);
	bool again;

	if (treat == TREAT_ACCEPT)
		return CLEAR;
	again = p->names->txn && !told_now(p->state, key, p->now, p->now + REPEATS);
	ev->alert = treat == TREAT_ALERT;
	ev->quiet = again;
	return again && ev->alert ? CLEAR : HIT;
}

/* No ban: most that is found is a phone that was set up by somebody who knew no better. */
const struct check check_transfer = {
	.name = "transfer",
	.help = "calls that are made by transfers, redirections, loops and by taking over others",
	.remedy = "the transfer or redirection leads to a number that is refused: "
		  "allow that number's class, or do the transfer on the PBX",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_SIP,
	.methods = 1u << METHOD_INVITE | 1u << METHOD_REFER | 1u << METHOD_UNKNOWN,
	.way = WAY_BOTH,
	.of_trusted = true,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_REJECT, .code = 403,
		      .phrase = "Transfer blocked", .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = transfer_rows,
	.conf_size = sizeof(struct transfer_conf),
	.run = transfer_run,
};
