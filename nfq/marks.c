/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "marks.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>

#include "ruleparts.h"
#include "shed.h"
#include "steer.h"

/* nft does not print that a rule asks whether a map has a key: so the comment says it. */
#define MARKED "of a marked source"
#define TO_MARKED "to a marked source"
#define MARKS_PRIORITY (-150) /* mangle: behind conntrack (-200), before DNAT (-100) */

static const char from[] = "marks", source[] = "marks_source", hit[] = "marks_hit";

static void clear(struct nftset *n)
{
	clear_chain(n, &steer_main, from, NF_INET_PRE_ROUTING, MARKS_PRIORITY);
}

void marks_put(struct nftset *n, const struct plan *p)
{
	clear(n);
	clear_chain(n, &steer_main, source, -1, 0);
	clear_chain(n, &steer_main, hit, -1, 0);
	if (p->marks_everything) {
		nftset_rule_begin(n, &steer_main, from);
		nftset_verdict(n, NFT_GOTO, source);
		nftset_rule_end(n, NULL);
	} else {
		sip_goes(n, &steer_main, p, from, PORT_DESTINATION, source);
		sip_goes(n, &steer_main, p, from, PORT_SOURCE, source);
	}
	shed_spare(n, hit, families, 2);
	for (const struct family *f = families; f < families + 2; f++) {
		nftset_rule_begin(n, &steer_main, source);
		load_address(n, &steer_main, f, SOURCE, true);
		nftset_map(n, f->marked);
		nftset_verdict(n, NFT_GOTO, hit);
		nftset_rule_end(n, MARKED);
		nftset_rule_begin(n, &steer_main, hit);
		load_address(n, &steer_main, f, SOURCE, true);
		nftset_map(n, f->marked);
		nftset_mark(n);
		nftset_plain(n, "counter");
		nftset_rule_end(n, NULL);
	}
}

void marks_empty(struct nftset *n)
{
	clear(n);
}

void marks_drop(struct nftset *n)
{
	clear(n);
	clear_chain(n, &steer_main, source, -1, 0);
	clear_chain(n, &steer_main, hit, -1, 0);
	nftset_chain_del(n, &steer_main, from);
	nftset_chain_del(n, &steer_main, source);
	nftset_chain_del(n, &steer_main, hit);
}

void marks_pass(struct nftset *n, const struct nftset_table *t, const struct family *f,
		const char *chain)
{
	const uint32_t led = IPS_DST_NAT, zero = 0; /* host order */

	for (enum end end = SOURCE; end <= DESTINATION; end++) {
		nftset_rule_begin(n, t, chain);
		load_address(n, t, f, end, true);
		nftset_map(n, f->marked);
		nftset_tracked(n, NFT_CT_STATUS);
		nftset_mask(n, &led, sizeof(led));
		nftset_differ(n, &zero, sizeof(zero));
		load_address(n, t, f, end == SOURCE ? DESTINATION : SOURCE, false);
		nftset_absent(n, f->inside);
		nftset_verdict(n, NF_ACCEPT, NULL);
		nftset_rule_end(n, end == SOURCE ? MARKED : TO_MARKED);
	}
}
