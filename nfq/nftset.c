/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nftset.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#define MSG_DESTROYSETELEM 30 /* NFT_MSG_DESTROYSETELEM, Linux 6.3: newer than our headers */
#define NOTE_ROOM 256         /* user data: a comment and its frame */
#define BIG_ENDIAN_KEY 2      /* how nft notes the byte order of a set's keys */
#define XT_ALIGNED 8          /* x_tables pads target data to this */

struct nftset {
	struct nftlink *link;
	struct nftnl_rule *rule;
	uint8_t family; /* of the rule under construction */
	bool broken;    /* no memory for an object */
};

unsigned nftset_len(uint8_t type)
{
	return type == NFTSET_IPV6 ? 16 : type == NFTSET_IPV4 ? 4 : 2;
}

int nftset_open(struct nftset **out)
{
	struct nftset *n = calloc(1, sizeof(*n));
	int e;

	*out = NULL;
	if (!n)
		return -ENOMEM;
	e = nftlink_open(&n->link, 0);
	if (e == 0)
		*out = n;
	else
		free(n);
	return e;
}

void nftset_close(struct nftset *n)
{
	if (!n)
		return;
	nftlink_close(n->link);
	free(n);
}

struct nftlink *nftset_link(struct nftset *n)
{
	return n->link;
}

void nftset_begin(struct nftset *n)
{
	n->broken = false;
	nftlink_begin(n->link);
}

int nftset_commit(struct nftset *n, struct nftlink_fault *fault, unsigned room, unsigned *faults)
{
	if (faults)
		*faults = 0;
	return n->broken ? -ENOMEM : nftlink_commit(n->link, fault, room, faults);
}

static struct nlmsghdr *message(struct nftset *n, uint16_t type, uint8_t family, uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(nftlink_room(n->link), type, family, flags,
				     nftlink_seq(n->link));
}

/* A comment as the nft tool reads it: type 0, length, text with its NUL. */
static uint32_t note(uint8_t out[NOTE_ROOM], uint8_t type, const char *text)
{
	size_t n = strnlen(text, NFTSET_COMMENT - 1);

	out[0] = type;
	out[1] = (uint8_t)(n + 1);
	memcpy(out + 2, text, n);
	out[2 + n] = 0;
	return (uint32_t)n + 3;
}

/* A number for the nft tool, in the byte order of this machine. */
static uint32_t note_number(uint8_t out[NOTE_ROOM], uint8_t type, uint32_t number)
{
	out[0] = type;
	out[1] = sizeof(number);
	memcpy(out + 2, &number, sizeof(number));
	return 2 + sizeof(number);
}

static void put_table(struct nftset *n, uint16_t type, const struct nftset_table *t,
		      const char *comment)
{
	struct nftnl_table *o = nftnl_table_alloc();
	uint8_t notes[NOTE_ROOM];

	if (!o) {
		n->broken = true;
		return;
	}
	nftnl_table_set_str(o, NFTNL_TABLE_NAME, t->name);
	if (comment)
		nftnl_table_set_data(o, NFTNL_TABLE_USERDATA, notes,
				     note(notes, NFTNL_UDATA_TABLE_COMMENT, comment));
	nftnl_table_nlmsg_build_payload(message(n, type, t->family, NLM_F_CREATE), o);
	nftlink_add(n->link);
	nftnl_table_free(o);
}

void nftset_table_add(struct nftset *n, const struct nftset_table *t, const char *comment)
{
	put_table(n, NFT_MSG_NEWTABLE, t, comment);
}

void nftset_table_del(struct nftset *n, const struct nftset_table *t)
{
	put_table(n, NFT_MSG_DELTABLE, t, NULL);
}

static struct nftnl_set *named_set(struct nftset *n, const struct nftset_table *t, const char *set)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s) {
		n->broken = true;
		return NULL;
	}
	nftnl_set_set_str(s, NFTNL_SET_TABLE, t->name);
	nftnl_set_set_str(s, NFTNL_SET_NAME, set);
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, t->family);
	return s;
}

void nftset_set_add(struct nftset *n, const struct nftset_table *t, const struct nftset_desc *d)
{
	struct nftnl_set *s = named_set(n, t, d->name);
	struct nftnl_expr *counter;
	uint8_t notes[NOTE_ROOM];

	if (!s)
		return;
	nftnl_set_set_u32(s, NFTNL_SET_ID, nftlink_seq(n->link));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, d->type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, nftset_len(d->type));
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, notes,
			   note_number(notes, NFTNL_UDATA_SET_KEYBYTEORDER, BIG_ENDIAN_KEY));
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, d->flags);
	if (d->size)
		nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, d->size);
	if (d->gc)
		nftnl_set_set_u32(s, NFTNL_SET_GC_INTERVAL, d->gc);
	if (d->timeout)
		nftnl_set_set_u64(s, NFTNL_SET_TIMEOUT, d->timeout);
	if (d->counter) {
		counter = nftnl_expr_alloc("counter");
		if (counter)
			nftnl_set_add_expr(s, counter);
		else
			n->broken = true;
	}
	nftnl_set_nlmsg_build_payload(message(n, NFT_MSG_NEWSET, t->family, NLM_F_CREATE), s);
	nftlink_add(n->link);
	nftnl_set_free(s);
}

void nftset_set_del(struct nftset *n, const struct nftset_table *t, const char *set)
{
	struct nftnl_set *s = named_set(n, t, set);

	if (!s)
		return;
	nftnl_set_nlmsg_build_payload(message(n, NFT_MSG_DELSET, t->family, 0), s);
	nftlink_add(n->link);
	nftnl_set_free(s);
}

static struct nftnl_set_elem *element(const struct nftset_elem *e, uint8_t type)
{
	struct nftnl_set_elem *o = nftnl_set_elem_alloc();
	uint8_t notes[NOTE_ROOM];

	if (!o)
		return NULL;
	nftnl_set_elem_set(o, NFTNL_SET_ELEM_KEY, e->key, nftset_len(type));
	if (e->end)
		nftnl_set_elem_set_u32(o, NFTNL_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
	if (e->timeout)
		nftnl_set_elem_set_u64(o, NFTNL_SET_ELEM_TIMEOUT, e->timeout);
	if (e->comment)
		nftnl_set_elem_set(o, NFTNL_SET_ELEM_USERDATA, notes,
				   note(notes, NFTNL_UDATA_SET_ELEM_COMMENT, e->comment));
	else if (e->open)
		nftnl_set_elem_set(o, NFTNL_SET_ELEM_USERDATA, notes,
				   note_number(notes, NFTNL_UDATA_SET_ELEM_FLAGS,
					       NFTNL_SET_ELEM_F_INTERVAL_OPEN));
	return o;
}

unsigned nftset_elems(struct nftset *n, enum nftset_how how, const struct nftset_table *t,
		      const char *set, uint8_t type, const struct nftset_elem *e, unsigned count)
{
	static const uint16_t msg[] = { NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM,
					MSG_DESTROYSETELEM };
	struct nftnl_set *s = named_set(n, t, set);
	unsigned index;

	if (!s)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		struct nftnl_set_elem *o = element(&e[i], type);

		if (o)
			nftnl_set_elem_add(s, o);
		else
			n->broken = true;
	}
	nftnl_set_elems_nlmsg_build_payload(
		message(n, msg[how], t->family, how == NFTSET_ADD ? NLM_F_CREATE : 0), s);
	index = nftlink_add(n->link);
	nftnl_set_free(s);
	return index;
}

static struct nftnl_chain *named_chain(struct nftset *n, const struct nftset_table *t,
				       const char *chain)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c) {
		n->broken = true;
		return NULL;
	}
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, t->name);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain);
	return c;
}

void nftset_chain_add(struct nftset *n, const struct nftset_table *t, const char *chain, int hook,
		      int priority)
{
	struct nftnl_chain *c = named_chain(n, t, chain);

	if (!c)
		return;
	if (hook >= 0) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, (uint32_t)hook);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, priority);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(message(n, NFT_MSG_NEWCHAIN, t->family, NLM_F_CREATE), c);
	nftlink_add(n->link);
	nftnl_chain_free(c);
}

void nftset_chain_del(struct nftset *n, const struct nftset_table *t, const char *chain)
{
	struct nftnl_chain *c = named_chain(n, t, chain);

	if (!c)
		return;
	nftnl_chain_nlmsg_build_payload(message(n, NFT_MSG_DELCHAIN, t->family, 0), c);
	nftlink_add(n->link);
	nftnl_chain_free(c);
}

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
	nftnl_rule_nlmsg_build_payload(message(n, NFT_MSG_DELRULE, t->family, 0), r);
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
				    note(notes, NFTNL_UDATA_RULE_COMMENT, comment));
	nftnl_rule_nlmsg_build_payload(
		message(n, NFT_MSG_NEWRULE, n->family, NLM_F_CREATE | NLM_F_APPEND), n->rule);
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

void nftset_lookup(struct nftset *n, const char *set)
{
	struct nftnl_expr *e = expression(n, "lookup");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set);
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

void nftset_tracked(struct nftset *n)
{
	struct nftnl_expr *e = expression(n, "ct");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
}

void nftset_counter(struct nftset *n)
{
	expression(n, "counter");
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
