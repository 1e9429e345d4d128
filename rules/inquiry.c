/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A message, as the conditions of an operator ask for it. */
#include "account.h"
#include "condition.h"
#include "emergency.h"
#include "number/number.h"
#include "ruleset.h"
#include "state/names.h"
#include "state/state.h"
#include "state/transactions.h"

#define KEY_WHOSE 0x70 /* a kind of names: see name_bytes */
#define PREFIX_V4 (ADDR_V4_BITS + 24)
#define PREFIX_V6 48

bool inquiry_begin(struct inquiry *k, const struct probe *p, const struct condition_methods *m)
{
	bool answers = p->sip->kind == SIP_RESPONSE, leaves = p->pkt->dir == DIR_OUTBOUND;

	if (!(m->asks[leaves][answers] >> p->sip->method & 1))
		return false;
	k->p = p;
	k->answers = answers;
	k->leaves = leaves;
	k->user_read = k->domain_read = k->number_read = k->help_read = k->again_read = false;
	return true;
}

static struct slice user_of(struct inquiry *k)
{
	struct sip_uri uri;

	if (k->user_read)
		return k->user;
	k->user_read = true;
	if (k->p->account && k->p->account->n) {
		k->user = account_user(k->p->account);
	} else {
		(void)sip_uri_read(k->p->sip->from.uri, &uri);
		k->user = sip_user(&uri, k->user_room, sizeof(k->user_room));
	}
	return k->user;
}

static struct slice domain_of(struct inquiry *k)
{
	struct sip_uri uri;

	if (!k->domain_read)
		k->domain = sip_uri_read(k->p->sip->from.uri, &uri) ? uri.host : SLICE_NONE;
	k->domain_read = true;
	return k->domain;
}

/* As it is dialled; inside a dialog the Request-URI is somebody's Contact. */
static struct slice number_of(struct inquiry *k)
{
	struct sip_uri uri;

	if (k->number_read)
		return k->number;
	k->number_read = true;
	k->number = SLICE_NONE;
	if (k->p->names->to)
		return k->number;
	(void)sip_uri_read(k->p->sip->uri, &uri);
	k->number = sip_user(&uri, k->number_room, sizeof(k->number_room));
	return k->number;
}

bool inquiry_help(struct inquiry *k)
{
	if (!k->help_read)
		k->help = k->p->number ? k->p->number->kind == NUMBER_EMERGENCY :
					 emergency_call(k->p->rules, k->p->sip);
	k->help_read = true;
	return k->help;
}

bool inquiry_again(struct inquiry *k)
{
	const struct probe *p = k->p;
	struct transaction t;

	if (k->again_read)
		return k->again;
	k->again_read = true;
	if (!txn_find(p->state, p->names->txn, p->now, &t) || t.cseq != p->sip->cseq)
		k->again = false;
	else if (k->answers)
		k->again = t.status == p->sip->status;
	else
		k->again = t.target == p->names->target && t.guess == p->names->guess;
	return k->again;
}

/* ---- conditions ---- */

static bool has_status(const struct condition *d, unsigned status)
{
	return status < STATUS_END && (d->status[status / 8] >> status % 8 & 1);
}

static bool line_matches(const struct condition *d, struct slice line, struct inquiry *k)
{
	if (d->pattern && match_find(d->pattern, line) < 0)
		return false;
	k->shown = line;
	return true;
}

/* Any line of the header will do. */
static bool header_found(const struct condition *d, struct inquiry *k)
{
	const struct sip_msg *sip = k->p->sip;
	struct slice line = SLICE_NONE;
	unsigned at = 0;

	if (d->header_id != HDR_OTHER) {
		while (sip_next(sip, d->header_id, &at, &line))
			if (line_matches(d, line, k))
				return true;
		return false;
	}
	for (unsigned i = 0; sip->seen[HDR_OTHER] && i < sip->count; i++)
		if (sip->hdr[i].id == HDR_OTHER && slice_ieq(sip->hdr[i].name, d->header_name) &&
		    line_matches(d, sip->hdr[i].value, k))
			return true;
	return false;
}

static bool header_fits(const struct condition *d, struct inquiry *k)
{
	switch (d->header_kind) {
	case HEADER_NONE:
		return true;
	case HEADER_URI:
		return line_matches(d, k->p->sip->uri, k);
	case HEADER_LINE:
		return header_found(d, k);
	case HEADER_MISSING:
		return !header_found(d, k);
	}
	return false;
}

/* What can be told at once: no more is asked of most rules. */
static bool message_fits(const struct condition *d, const struct inquiry *k)
{
	const struct sip_msg *sip = k->p->sip;

	if (d->answers != k->answers || d->direction == (k->leaves ? FROM_OUTSIDE : FROM_INSIDE))
		return false;
	if (d->methods.n && !methodset_has(&d->method, sip))
		return false;
	if (d->answers && !has_status(d, sip->status))
		return false;
	return d->transport == PROTO_NONE || d->transport == k->p->pkt->proto;
}

bool condition_holds(const struct condition *d, struct inquiry *k)
{
	const struct probe *p = k->p;
	struct slice user = SLICE_NONE;

	k->shown = SLICE_NONE;
	if (!message_fits(d, k))
		return false;
	if (d->sources.n && !prefixset_has(&d->source, k->leaves ? &p->pkt->dst : &p->pkt->src))
		return false;
	if (d->when.users || d->when.groups)
		user = user_of(k);
	if (!when_holds(&d->when, p, user, p->number))
		return false;
	if (d->domain && match_find(d->domain, domain_of(k)) < 0)
		return false;
	if (d->number && (!number_of(k).n || match_find(d->number, number_of(k)) < 0))
		return false;
	return header_fits(d, k);
}

/* ---- for whom it is counted ---- */

/* 0: there is nobody to count it for. */
static uint64_t user_key(struct inquiry *k)
{
	const struct probe *p = k->p;
	uint64_t user;

	if (p->account)
		return p->account->key;
	user = name_user_of_uri(p->state, p->sip->from.uri);
	if (!user)
		return 0;
	/* what our servers say is true; others may say what they like */
	return k->leaves ? user : key_with(p->site_key, user);
}

/* The number that is meant, or whoever else is asked for. */
static uint64_t number_key(const struct probe *p)
{
	if (p->number && p->number->n && p->number->kind != NUMBER_NAME)
		return name_bytes(p->state, KEY_WHOSE + WHOSE_NUMBER, number_digits(p->number));
	return p->names->target;
}

/* What the number was found by in `to`: so many digits of it, or a class. */
static uint64_t destination_key(const struct probe *p, const struct condition *d)
{
	struct slice digits = number_digits(p->number);
	unsigned found = numberlist_find(d->when.to, p->number);
	uint64_t kind = KEY_WHOSE + WHOSE_DESTINATION;

	if (!found)
		return 0;
	digits.n = found - 1;
	if (!digits.n)
		kind = key_with(kind, 1 + (uint64_t)numberlist_class(d->when.to, p->number));
	return name_bytes(p->state, kind, digits);
}

static uint64_t prefix_key(const struct inquiry *k)
{
	const struct addr *a = k->leaves ? &k->p->pkt->dst : &k->p->pkt->src;
	struct addr around = addr_masked(a, addr_is_v4(a) ? PREFIX_V4 : PREFIX_V6);

	return key_of_addr(k->p->state, &around);
}

uint64_t inquiry_key(struct inquiry *k, const struct condition *d, enum whose per)
{
	const struct probe *p = k->p;

	switch (per) {
	case WHOSE_SOURCE:
		return p->site_key;
	case WHOSE_USER:
		return user_key(k);
	case WHOSE_ZONE:
		return name_bytes(p->state, KEY_WHOSE + per, slice_of(p->zone->name));
	case WHOSE_NUMBER:
		return number_key(p);
	case WHOSE_PREFIX:
		return prefix_key(k);
	case WHOSE_DESTINATION:
		return destination_key(p, d);
	default:
		return name_bytes(p->state, KEY_WHOSE + WHOSE_ALL, slice_of(d->name));
	}
}

const char *whose_text(enum whose per)
{
	static const char *const whose[] = { "", "from this source", "of this user",
					     "from this zone", "to this number", "in all",
					     "from this prefix", "to this destination" };

	return whose[per];
}
