/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "caps.h"

#include "ruleset.h"
#include "shown.h"
#include "state/answered.h"
#include "state/meter.h"
#include "state/names.h"
#include "state/state.h"

/* Who is counted apart, so that nobody else can use up what he may get. */
enum asker { ASKER_ANYBODY, ASKER_PROVEN, ASKER_SERVER, ASKERS };

enum meter_kind {
	METER_SITE = 0x80, /* + asker */
	METER_ALL = METER_SITE + ASKERS, /* likewise */
	METER_STRANGERS = METER_ALL + ASKERS,
};

/* One host, that is reached over a wire. */
static bool is_host(const struct addr *a)
{
	static const uint8_t zero[15];

	if (addr_is_v4(a))
		return a->b[12] && a->b[12] != 127 && a->b[12] < 224;
	return a->b[0] != 0xff && memcmp(a->b, zero, sizeof(zero)) != 0;
}

/* The last address of a network of servers. */
static bool is_broadcast(const struct ruleset *rs, const struct addr *a)
{
	for (size_t i = 0; i < rs->n_inside && addr_is_v4(a); i++) {
		const struct prefix *net = &rs->inside[i];
		struct addr last = net->addr;

		for (unsigned bit = net->len; bit < 128; bit++)
			last.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		if (net->len < 127 && addr_eq(&last, a))
			return true;
	}
	return false;
}

/*
 * Somebody else asks a server of ours, or that somebody else.  Two of us that face each
 * other answer requests alone, never answers; and never what seems to be our own.
 */
static bool ends_fit(const struct probe *p)
{
	const struct pkt *pkt = p->pkt;

	if (!pkt->sport || !pkt->dport || addr_eq(&pkt->src, &pkt->dst) ||
	    !is_host(&pkt->src) || !is_host(&pkt->dst))
		return false;
	if (pkt->dir == DIR_OUTBOUND)
		return true;
	return !prefixset_has(&p->rules->inside_set, &pkt->src) &&
	       prefixset_has(&p->rules->inside_set, &pkt->dst) &&
	       !is_broadcast(p->rules, &pkt->dst);
}

static bool is_banned(const struct probe *p)
{
	struct ban b;

	return p->pkt->dir == DIR_INBOUND && !p->trusted &&
	       ban_find(p->state, p->site_key, &p->pkt->src, p->now, &b);
}

static bool can_be(const struct probe *p)
{
	return p->sip && p->sip->kind == SIP_REQUEST && p->sip->method != METHOD_ACK &&
	       p->names && p->names->txn && !(p->pkt->flags & ~(unsigned)PKT_BAD_CHECKSUM) &&
	       ends_fit(p) && !is_banned(p);
}

/* What leaves comes from a server of ours; a connection from whoever took part in opening it. */
bool caps_proven(const struct probe *p)
{
	return p->segment || p->pkt->dir == DIR_OUTBOUND || shown_by(p) == SHOWS_SENDER;
}

static bool is_stranger(const struct probe *p)
{
	return !caps_proven(p) && !p->trusted &&
	       source_standing(p->state, p->site_key, p->now) == STRANGER;
}

static bool within(const struct probe *p, uint64_t key, uint32_t budget)
{
	const struct meter_limit limit = { budget, budget, NS };
	bool over;

	meter_add(state_meter(p->state), key, &limit, p->now, &over);
	return !over;
}

static bool within_rates(const struct probe *p, bool stranger)
{
	const struct settings *s = &p->rules->settings;
	enum asker asker = p->pkt->dir == DIR_OUTBOUND ? ASKER_SERVER :
			   caps_proven(p) ? ASKER_PROVEN : ASKER_ANYBODY;

	return within(p, key_with(p->site_key, METER_SITE + asker), s->answers_source) &&
	       (!stranger || within(p, key_with(0, METER_STRANGERS), s->answers_unproven)) &&
	       within(p, key_with(0, METER_ALL + asker), s->answers_total);
}

unsigned caps_allow(const struct probe *p, enum kept *kept)
{
	bool stranger;

	*kept = KEPT_NONE;
	if (!can_be(p))
		return 0;
	stranger = is_stranger(p);
	*kept = stranger ? KEPT_STRANGER : KEPT_CAPPED;
	if (stranger && p->rules->settings.answers_strangers == STRANGERS_SILENT)
		return 0;
	*kept = KEPT_CAPPED;
	if ((stranger && answered_before(p->state, p->names->txn, p->now)) ||
	    !within_rates(p, stranger))
		return 0;
	if (!answered_now(p->state, p->names->txn, stranger, p->now) && stranger)
		return 0;
	*kept = KEPT_NONE;
	return caps_proven(p) || p->pkt->payload.n > PARCEL_BYTES ? PARCEL_BYTES :
								    p->pkt->payload.n;
}
