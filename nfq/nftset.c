/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nftmake.h"

#include <errno.h>
#include <stdio.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#define MSG_DESTROYSETELEM 30 /* NFT_MSG_DESTROYSETELEM, Linux 6.3: newer than our headers */
#define BIG_ENDIAN_KEY 2      /* how nft notes the byte order of a set's keys */
#define HOST_ENDIAN_DATA 1    /* ... and of what a map leads to */
#define MARK_TYPE 19          /* the number of the nft tool */

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

struct nlmsghdr *nftmake_message(struct nftset *n, uint16_t type, uint8_t family, uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(nftlink_room(n->link), type, family, flags,
				     nftlink_seq(n->link));
}

/* A comment as the nft tool reads it: type 0, length, text with its NUL. */
uint32_t nftmake_note(uint8_t out[NOTE_ROOM], uint8_t type, const char *text)
{
	size_t n = strnlen(text, NFTSET_COMMENT - 1);

	out[0] = type;
	out[1] = (uint8_t)(n + 1);
	memcpy(out + 2, text, n);
	out[2 + n] = 0;
	return (uint32_t)n + 3;
}

/* A number for the nft tool, in the byte order of this machine. */
static uint32_t note_number(uint8_t *out, uint8_t type, uint32_t number)
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
				     nftmake_note(notes, NFTNL_UDATA_TABLE_COMMENT, comment));
	nftnl_table_nlmsg_build_payload(nftmake_message(n, type, t->family, NLM_F_CREATE), o);
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

/* How nft is to print keys, and what a map leads to. */
static void note_order(struct nftnl_set *s, bool map)
{
	uint8_t notes[NOTE_ROOM];
	uint32_t len = note_number(notes, NFTNL_UDATA_SET_KEYBYTEORDER, BIG_ENDIAN_KEY);

	if (map) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, MARK_TYPE);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, sizeof(uint32_t));
		len += note_number(notes + len, NFTNL_UDATA_SET_DATABYTEORDER, HOST_ENDIAN_DATA);
	}
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, notes, len);
}

void nftset_set_add(struct nftset *n, const struct nftset_table *t, const struct nftset_desc *d)
{
	struct nftnl_set *s = named_set(n, t, d->name);
	struct nftnl_expr *counter;

	if (!s)
		return;
	nftnl_set_set_u32(s, NFTNL_SET_ID, nftlink_seq(n->link));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, d->type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, nftset_len(d->type));
	note_order(s, d->flags & NFTSET_MAP);
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
	nftnl_set_nlmsg_build_payload(
		nftmake_message(n, NFT_MSG_NEWSET, t->family, NLM_F_CREATE), s);
	nftlink_add(n->link);
	nftnl_set_free(s);
}

void nftset_set_del(struct nftset *n, const struct nftset_table *t, const char *set)
{
	struct nftnl_set *s = named_set(n, t, set);

	if (!s)
		return;
	nftnl_set_nlmsg_build_payload(nftmake_message(n, NFT_MSG_DELSET, t->family, 0), s);
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
	if (e->mark)
		nftnl_set_elem_set(o, NFTNL_SET_ELEM_DATA, &e->mark, sizeof(e->mark));
	if (e->comment)
		nftnl_set_elem_set(o, NFTNL_SET_ELEM_USERDATA, notes,
				   nftmake_note(notes, NFTNL_UDATA_SET_ELEM_COMMENT, e->comment));
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
		nftmake_message(n, msg[how], t->family, how == NFTSET_ADD ? NLM_F_CREATE : 0), s);
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
	nftnl_chain_nlmsg_build_payload(
		nftmake_message(n, NFT_MSG_NEWCHAIN, t->family, NLM_F_CREATE), c);
	nftlink_add(n->link);
	nftnl_chain_free(c);
}

void nftset_chain_del(struct nftset *n, const struct nftset_table *t, const char *chain)
{
	struct nftnl_chain *c = named_chain(n, t, chain);

	if (!c)
		return;
	nftnl_chain_nlmsg_build_payload(nftmake_message(n, NFT_MSG_DELCHAIN, t->family, 0), c);
	nftlink_add(n->link);
	nftnl_chain_free(c);
}
