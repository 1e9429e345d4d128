/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shed.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "ruleparts.h"
#include "steer.h"

#define BANS_PRIORITY (-450)   /* before defragmentation (-400): fragments cost nothing */
#define POLICE_PRIORITY (-390) /* behind defragmentation, before raw (-300) */

/* --- the banned --- */

static void fragments_go(struct nftset *n, const char *from, const char *to)
{
	static const uint8_t mask[2] = { 0x3f, 0xff }, zero[2]; /* more-fragments and offset */

	nftset_rule_begin(n, &steer_main, from);
	is_family(n, &steer_main, &families[0]);
	nftset_load(n, NFTSET_NETWORK, 6, 2);
	nftset_mask(n, mask, 2);
	nftset_differ(n, zero, 2);
	nftset_verdict(n, NFT_GOTO, to);
	nftset_rule_end(n, "no ports in fragments: a banned source loses them all");
	nftset_rule_begin(n, &steer_main, from);
	is_family(n, &steer_main, &families[1]);
	nftset_fragment6(n);
	nftset_verdict(n, NFT_GOTO, to);
	nftset_rule_end(n, NULL);
}

void shed_spare(struct nftset *n, const char *chain, const struct family *f, unsigned n_families)
{
	/* a RST to a server on this host comes by, in the name of a source that may be banned */
	accept_meta(n, &steer_main, chain, NFT_META_MARK, OWN_MARK, OWN);
	for (unsigned i = 0; i < n_families; i++) {
		accept_source(n, chain, &f[i], f[i].never, false);
		accept_source(n, chain, &f[i], f[i].allowed, false);
	}
}

void shed_drop(struct nftset *n, const char *chain, bool enforce, bool counts)
{
	nftset_rule_begin(n, &steer_main, chain);
	if (counts || !enforce)
		nftset_plain(n, "counter");
	if (enforce)
		nftset_verdict(n, NF_DROP, NULL);
	nftset_rule_end(n, enforce ? NULL : "observe: counted, not dropped");
}

static void goes(struct nftset *n, const char *from, const char *to)
{
	nftset_rule_begin(n, &steer_main, from);
	nftset_verdict(n, NFT_GOTO, to);
	nftset_rule_end(n, NULL);
}

/* The two look-ups that are spared cost a tenth of a drop. */
void shed_sites(struct nftset *n, const struct plan *p, const struct family *f, bool sure)
{
	clear_chain(n, &steer_main, f->site, -1, 0);
	if (!sure) {
		goes(n, f->site, f->hit);
		return;
	}
	shed_spare(n, f->site, f, 0);
	shed_drop(n, f->site, p->enforce, !p->counters);
}

/*
 * What is not banned pays for one look-up in each set of the banned, and only who is found
 * there is asked whether anything speaks for him: so bans are cheap for all, and whatever
 * speaks for a source wins over every ban.
 */
void shed_bans(struct nftset *n, const struct plan *p)
{
	const char *from = "bans", *source = "bans_source";

	clear_chain(n, &steer_main, from, NF_INET_PRE_ROUTING, BANS_PRIORITY);
	clear_chain(n, &steer_main, source, -1, 0);
	nftset_chain_add(n, &steer_main, STEER_FEEDS, -1, 0);
	if (p->everything) {
		goes(n, from, source);
	} else {
		sip_goes(n, &steer_main, p, from, PORT_DESTINATION, source);
		sip_goes(n, &steer_main, p, from, PORT_SOURCE, source);
		fragments_go(n, from, source);
	}
	for (const struct family *f = families; f < families + 2; f++) {
		clear_chain(n, &steer_main, f->hit, -1, 0);
		shed_spare(n, f->hit, f, 1);
		shed_drop(n, f->hit, p->enforce, !p->counters);
		shed_sites(n, p, f, false);
		source_goes(n, source, f, f->banned, true, f->site);
	}
	for (const struct family *f = families; f < families + 2; f++)
		source_goes(n, source, f, f->nets, false, f->hit);
	goes(n, source, STEER_FEEDS);
}

/* --- the brake in front of the queue --- */

/* Sources that a set counts go no further when they send more than that. */
static void shed_fast(struct nftset *n, const char *chain, const struct family *f, const char *set,
		      uint32_t rate)
{
	/* the elements carry the rate they were made with */
	nftset_set_flush(n, &steer_main, set);
	if (!rate)
		return;
	nftset_rule_begin(n, &steer_main, chain);
	load_address(n, &steer_main, f, SOURCE, true);
	nftset_over_rate(n, set, rate);
	nftset_plain(n, "counter");
	nftset_verdict(n, NF_DROP, NULL);
	nftset_rule_end(n, NULL);
}

void shed_police(struct nftset *n, const struct plan *p)
{
	const char *from = "police", *to = "police_source", *known = "police_known";

	clear_chain(n, &steer_main, from, NF_INET_PRE_ROUTING, POLICE_PRIORITY);
	clear_chain(n, &steer_main, to, -1, 0);
	clear_chain(n, &steer_main, known, -1, 0);
	sip_goes(n, &steer_main, p, from, PORT_DESTINATION, to);
	accept_meta(n, &steer_main, to, NFT_META_MARK, OWN_MARK, OWN);
	for (const struct family *f = families; f < families + 2; f++) {
		accept_source(n, to, f, f->inside, false);
		accept_source(n, to, f, f->trusted, false);
		accept_source(n, to, f, f->allowed, false);
		source_goes(n, to, f, f->known, true, known);
		shed_fast(n, to, f, f->police[LANE_STRANGERS], p->police_rate[LANE_STRANGERS]);
		shed_fast(n, known, f, f->police[LANE_KNOWN], p->police_rate[LANE_KNOWN]);
	}
}

void shed_police_drop(struct nftset *n)
{
	clear_chain(n, &steer_main, "police", NF_INET_PRE_ROUTING, POLICE_PRIORITY);
	clear_chain(n, &steer_main, "police_source", -1, 0);
	clear_chain(n, &steer_main, "police_known", -1, 0);
	nftset_chain_del(n, &steer_main, "police");
	nftset_chain_del(n, &steer_main, "police_source");
	nftset_chain_del(n, &steer_main, "police_known");
}

void shed_police_empty(struct nftset *n)
{
	clear_chain(n, &steer_main, "police", NF_INET_PRE_ROUTING, POLICE_PRIORITY);
}
