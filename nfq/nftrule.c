/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules, and the expressions that they are made of. */
#include <stdio.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netlink.h>
#include <stdlib.h>

#include "nftmake.h"

#define XT_ALIGNED 8 /* x_tables pads target data to this */

static struct nftnl_rule *new_rule(struct nftset *n, const struct nftset_table *t,
				   const char *chain)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r) {
		n->broken = true;
		return NULL;
	}
	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, t->family);
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, t->name);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
	return r;
}

void nftset_chain_flush(struct nftset *n, const struct nftset_table *t, const char *chain)
{
	struct nftnl_rule *r = new_rule(n, t, chain);

	if (!r)
		return;
	nftnl_rule_nlmsg_build_payload(nftmake_message(n, NFT_MSG_DELRULE, t->family, 0), r);
	nftlink_add(n->link);
	nftnl_rule_free(r);
}

void nftset_rule_begin(struct nftset *n, const struct nftset_table *t, const char *chain)
{
	n->family = t->family;
	n->rule = new_rule(n, t, chain);
}

void nftset_rule_end(struct nftset *n, const char *comment)
{
	uint8_t notes[NOTE_ROOM];

	if (!n->rule)
		return;
	if (comment)
		nftnl_rule_set_data(n->rule, NFTNL_RULE_USERDATA, notes,
				    nftmake_note(notes, NFTNL_UDATA_RULE_COMMENT, comment));
	nftnl_rule_nlmsg_build_payload(
		nftmake_message(n, NFT_MSG_NEWRULE, n->family, NLM_F_CREATE | NLM_F_APPEND),
		n->rule);
	nftlink_add(n->link);
	nftnl_rule_free(n->rule);
	n->rule = NULL;
}

/* Every expression works on register 1, as rules of the nft tool mostly do.
 * Returns NULL without memory, after marking the transaction. */
static struct nftnl_expr *expression(struct nftset *n, const char *name)
{
	struct nftnl_expr *e = n->rule ? nftnl_expr_alloc(name) : NULL;

	if (e)
		nftnl_rule_add_expr(n->rule, e);
	else
		n->broken = true;
	return e;
}

void nftset_meta(struct nftset *n, uint32_t key)
{
	struct nftnl_expr *e = expression(n, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, NFT_REG_1);
}

void nftset_load(struct nftset *n, enum nftset_place place, uint32_t offset, uint32_t len)
{
	struct nftnl_expr *e = expression(n, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, place);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
}

void nftset_mask(struct nftset *n, const void *mask, uint32_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *e = expression(n, "bitwise");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

static void compare(struct nftset *n, uint32_t op, const void *data, uint32_t len)
{
	struct nftnl_expr *e = expression(n, "cmp");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

void nftset_equal(struct nftset *n, const void *data, uint32_t len)
{
	compare(n, NFT_CMP_EQ, data, len);
}

void nftset_differ(struct nftset *n, const void *data, uint32_t len)
{
	compare(n, NFT_CMP_NEQ, data, len);
}

static struct nftnl_expr *lookup(struct nftset *n, const char *set)
{
	struct nftnl_expr *e = expression(n, "lookup");

	if (!e)
		return NULL;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
	return e;
}

void nftset_lookup(struct nftset *n, const char *set)
{
	(void)lookup(n, set);
}

void nftset_absent(struct nftset *n, const char *set)
{
	struct nftnl_expr *e = lookup(n, set);

	if (e)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void nftset_map(struct nftset *n, const char *map)
{
	struct nftnl_expr *e = lookup(n, map);

	if (e)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, NFT_REG_1);
}

void nftset_mark(struct nftset *n)
{
	struct nftnl_expr *e = expression(n, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

void nftset_fragment6(struct nftset *n)
{
	static const uint8_t present = 1;
	struct nftnl_expr *e = expression(n, "exthdr");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_DREG, NFT_REG_1);
	nftnl_expr_set_u8(e, NFTNL_EXPR_EXTHDR_TYPE, 44); /* fragment header, RFC 8200 4.5 */
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_OFFSET, 0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_LEN, 1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
	nftnl_expr_set_u32(e, NFTNL_EXPR_EXTHDR_FLAGS, NFT_EXTHDR_F_PRESENT);
	nftset_equal(n, &present, sizeof(present));
}

void nftset_tracked(struct nftset *n, uint32_t key)
{
	struct nftnl_expr *e = expression(n, "ct");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
}

void nftset_plain(struct nftset *n, const char *name)
{
	expression(n, name);
}

void nftset_verdict(struct nftset *n, int verdict, const char *chain)
{
	struct nftnl_expr *e = expression(n, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

void nftset_over_rate(struct nftset *n, const char *set, uint32_t rate)
{
	struct nftnl_expr *e = expression(n, "dynset"), *limit = nftnl_expr_alloc("limit");

	if (!e || !limit) {
		n->broken = true;
		nftnl_expr_free(limit);
		return;
	}
	nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_RATE, rate);
	nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_UNIT, 1); /* seconds */
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_BURST, rate);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, set);
	nftnl_expr_add_expr(e, NFTNL_EXPR_DYNSET_EXPRESSIONS, limit);
}

void nftset_queue(struct nftset *n, uint16_t first, uint16_t total, bool bypass)
{
	struct nftnl_expr *e = expression(n, "queue");

	if (!e)
		return;
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_NUM, first);
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_TOTAL, total);
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_FLAGS, bypass ? NFT_QUEUE_FLAG_BYPASS : 0);
}

void nftset_queue_xt(struct nftset *n, uint16_t first, uint16_t total, bool bypass)
{
	size_t room = (sizeof(struct xt_NFQ_info_v3) + XT_ALIGNED - 1) / XT_ALIGNED * XT_ALIGNED;
	struct nftnl_expr *e = expression(n, "target");
	struct xt_NFQ_info_v3 *info = calloc(1, room);

	if (!e || !info) {
		n->broken = true;
		free(info);
		return;
	}
	info->queuenum = first;
	info->queues_total = total;
	info->flags = bypass ? NFQ_FLAG_BYPASS : 0;
	nftnl_expr_set_str(e, NFTNL_EXPR_TG_NAME, "NFQUEUE");
	nftnl_expr_set_u32(e, NFTNL_EXPR_TG_REV, 3);
	nftnl_expr_set(e, NFTNL_EXPR_TG_INFO, info, (uint32_t)room); /* libnftnl frees it */
}
