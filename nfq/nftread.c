/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nftread.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#define ATTRS 32 /* more than any message here has kinds of attributes we read */
#define TYPE(m) ((m)->nlmsg_type & 0xff)
#define DUMP_TRIES 8

/* Sorts a run of attributes by type; those beyond ATTRS are not for us. */
static void sort_attrs(const struct nlattr *out[ATTRS], const void *p, size_t n)
{
	memset(out, 0, ATTRS * sizeof(*out));
	while (n >= NLA_HDRLEN) {
		const struct nlattr *a = p;
		size_t step = NLA_ALIGN(a->nla_len);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > n)
			return;
		if ((a->nla_type & NLA_TYPE_MASK) < ATTRS)
			out[a->nla_type & NLA_TYPE_MASK] = a;
		if (step >= n)
			return;
		p = (const char *)p + step;
		n -= step;
	}
}

static void message_attrs(const struct nlattr *out[ATTRS], const struct nlmsghdr *m)
{
	const size_t head = NLMSG_LENGTH(sizeof(struct nfgenmsg));

	memset(out, 0, ATTRS * sizeof(*out));
	if (m->nlmsg_len > head)
		sort_attrs(out, (const char *)m + head, m->nlmsg_len - head);
}

static const void *attr_data(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

static size_t attr_len(const struct nlattr *a)
{
	return a ? a->nla_len - NLA_HDRLEN : 0;
}

static void nested(const struct nlattr *out[ATTRS], const struct nlattr *a)
{
	if (a)
		sort_attrs(out, attr_data(a), attr_len(a));
	else
		memset(out, 0, ATTRS * sizeof(*out));
}

static const char *attr_text(const struct nlattr *a)
{
	size_t n = attr_len(a);

	return n && memchr(attr_data(a), 0, n) ? attr_data(a) : "";
}

static uint32_t attr_u32(const struct nlattr *a)
{
	uint32_t v = 0;

	if (attr_len(a) >= sizeof(v))
		memcpy(&v, attr_data(a), sizeof(v));
	return ntohl(v);
}

static uint64_t attr_u64(const struct nlattr *a)
{
	uint64_t v = 0;

	if (attr_len(a) >= sizeof(v))
		memcpy(&v, attr_data(a), sizeof(v));
	return be64toh(v);
}

static uint8_t message_family(const struct nlmsghdr *m)
{
	const struct nfgenmsg *g = NLMSG_DATA(m);

	return m->nlmsg_len >= NLMSG_LENGTH(sizeof(*g)) ? g->nfgen_family : 0;
}

/* A comment is user data of type 0; whatever is not printable becomes '?'. */
static void read_comment(char out[NFTSET_COMMENT], const struct nlattr *a)
{
	const uint8_t *p = a ? attr_data(a) : NULL;
	size_t n = attr_len(a), len;

	out[0] = 0;
	while (n >= 2 && p[0] != 0 && n >= 2u + p[1]) {
		n -= 2u + p[1];
		p += 2u + p[1];
	}
	if (n < 2 || p[0] != 0 || n < 2u + p[1])
		return;
	len = strnlen((const char *)p + 2, p[1]);
	if (len >= NFTSET_COMMENT)
		len = NFTSET_COMMENT - 1;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(p[2 + i] >= 0x20 && p[2 + i] < 0x7f ? p[2 + i] : '?');
	out[len] = 0;
}

static void read_counter(struct nftread_elem *e, const struct nlattr *item)
{
	const struct nlattr *a[ATTRS], *data[ATTRS];

	nested(a, item);
	nested(data, a[NFTA_EXPR_DATA]);
	e->counts = strcmp(attr_text(a[NFTA_EXPR_NAME]), "counter") == 0;
	e->packets = attr_u64(data[NFTA_COUNTER_PACKETS]);
}

static bool read_elem(struct nftread_elem *e, const struct nlattr *item)
{
	const struct nlattr *a[ATTRS], *key[ATTRS], *data[ATTRS];
	const struct nlattr *value;

	nested(a, item);
	nested(key, a[NFTA_SET_ELEM_KEY]);
	value = key[NFTA_DATA_VALUE];
	memset(e, 0, sizeof(*e));
	e->len = (unsigned)attr_len(value);
	if (e->len == 0 || e->len > sizeof(e->key))
		return false;
	memcpy(e->key, attr_data(value), e->len);
	e->end = attr_u32(a[NFTA_SET_ELEM_FLAGS]) & NFT_SET_ELEM_INTERVAL_END;
	nested(data, a[NFTA_SET_ELEM_DATA]);
	if (attr_len(data[NFTA_DATA_VALUE]) == sizeof(e->mark))
		memcpy(&e->mark, attr_data(data[NFTA_DATA_VALUE]), sizeof(e->mark));
	e->timed = a[NFTA_SET_ELEM_TIMEOUT] || a[NFTA_SET_ELEM_EXPIRATION];
	e->left = a[NFTA_SET_ELEM_EXPIRATION] ? attr_u64(a[NFTA_SET_ELEM_EXPIRATION]) :
						attr_u64(a[NFTA_SET_ELEM_TIMEOUT]);
	read_comment(e->comment, a[NFTA_SET_ELEM_USERDATA]);
	read_counter(e, a[NFTA_SET_ELEM_EXPR]);
	return true;
}

/* Calls each for every element in the list of a message. */
static void walk_elems(const struct nlattr *list, nftread_elem_fn *each, void *arg)
{
	const char *p = list ? attr_data(list) : NULL;
	size_t n = attr_len(list);
	struct nftread_elem e;

	while (n >= NLA_HDRLEN) {
		const struct nlattr *item = (const struct nlattr *)p;

		if (item->nla_len < NLA_HDRLEN || item->nla_len > n)
			return;
		if (read_elem(&e, item))
			each(&e, arg);
		if ((size_t)NLA_ALIGN(item->nla_len) >= n)
			return;
		n -= NLA_ALIGN(item->nla_len);
		p += NLA_ALIGN(item->nla_len);
	}
}

struct request {
	struct nlmsghdr head;
	struct nfgenmsg gen;
	char attrs[128];
};

static void request_bytes(struct request *r, uint16_t type, const void *bytes, size_t n)
{
	struct nlattr *a = (struct nlattr *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->nla_type = type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + n);
	memcpy((char *)a + NLA_HDRLEN, bytes, n);
	r->head.nlmsg_len = (uint32_t)(NLMSG_ALIGN(r->head.nlmsg_len) + NLA_ALIGN(a->nla_len));
}

static void request_text(struct request *r, uint16_t type, const char *text)
{
	request_bytes(r, type, text, strlen(text) + 1);
}

static void request_init(struct request *r, uint16_t msg, uint8_t family)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_len = NLMSG_LENGTH(sizeof(r->gen));
	r->head.nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | msg;
	r->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	r->gen.nfgen_family = family;
}

/* Asks again while others change the tables under the answer. */
static int dump(struct nftlink *l, struct request *r, nftlink_each *each, void *arg)
{
	int e = -EINTR;

	for (unsigned i = 0; e == -EINTR && i < DUMP_TRIES; i++)
		e = nftlink_dump(l, &r->head, each, arg);
	return e;
}

struct set_walk {
	nftread_set_fn *each;
	void *arg;
	const struct nftset_table *table;
};

static void take_set(const struct nlmsghdr *m, void *arg)
{
	struct set_walk *w = arg;
	const struct nlattr *a[ATTRS], *desc[ATTRS];
	struct nftset_desc d = { 0 };

	message_attrs(a, m);
	if (TYPE(m) != NFT_MSG_NEWSET || strcmp(attr_text(a[NFTA_SET_TABLE]), w->table->name) != 0)
		return;
	nested(desc, a[NFTA_SET_DESC]);
	d.name = attr_text(a[NFTA_SET_NAME]);
	d.type = (uint8_t)attr_u32(a[NFTA_SET_KEY_TYPE]);
	d.flags = (uint8_t)attr_u32(a[NFTA_SET_FLAGS]);
	d.size = attr_u32(desc[NFTA_SET_DESC_SIZE]);
	d.gc = attr_u32(a[NFTA_SET_GC_INTERVAL]);
	d.timeout = (uint32_t)attr_u64(a[NFTA_SET_TIMEOUT]);
	d.counter = a[NFTA_SET_EXPR] || a[NFTA_SET_EXPRESSIONS];
	w->each(&d, w->arg);
}

int nftread_sets(struct nftlink *l, const struct nftset_table *t, nftread_set_fn *each, void *arg)
{
	struct set_walk w = { each, arg, t };
	struct request r;

	request_init(&r, NFT_MSG_GETSET, t->family);
	request_text(&r, NFTA_SET_TABLE, t->name);
	return dump(l, &r, take_set, &w);
}

struct elem_walk {
	nftread_elem_fn *each;
	void *arg;
};

static void take_elems(const struct nlmsghdr *m, void *arg)
{
	struct elem_walk *w = arg;
	const struct nlattr *a[ATTRS];

	message_attrs(a, m);
	if (TYPE(m) == NFT_MSG_NEWSETELEM)
		walk_elems(a[NFTA_SET_ELEM_LIST_ELEMENTS], w->each, w->arg);
}

int nftread_elems(struct nftlink *l, const struct nftset_table *t, const char *set,
		  nftread_elem_fn *each, void *arg)
{
	struct elem_walk w = { each, arg };
	struct request r;

	request_init(&r, NFT_MSG_GETSETELEM, t->family);
	request_text(&r, NFTA_SET_ELEM_LIST_TABLE, t->name);
	request_text(&r, NFTA_SET_ELEM_LIST_SET, set);
	return dump(l, &r, take_elems, &w);
}

struct counting {
	uint64_t *packets;
	uint32_t first;
	unsigned n;
	struct nftread_elem found;
};

static void take_found(const struct nftread_elem *e, void *arg)
{
	((struct counting *)arg)->found = *e;
}

static void take_count(const struct nlmsghdr *m, void *arg)
{
	const struct nlattr *a[ATTRS];
	struct counting *c = arg;

	if (TYPE(m) != NFT_MSG_NEWSETELEM || m->nlmsg_seq - c->first >= c->n)
		return;
	message_attrs(a, m);
	c->found.counts = false;
	walk_elems(a[NFTA_SET_ELEM_LIST_ELEMENTS], take_found, c);
	if (c->found.counts)
		c->packets[m->nlmsg_seq - c->first] = c->found.packets;
}

static struct nlattr *request_nest(struct request *r, uint16_t type)
{
	struct nlattr *a = (struct nlattr *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	a->nla_type = type | NLA_F_NESTED;
	a->nla_len = NLA_HDRLEN;
	r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + NLA_HDRLEN;
	return a;
}

static void request_key(struct request *r, const uint8_t *key, unsigned len)
{
	struct nlattr *nest[] = { request_nest(r, NFTA_SET_ELEM_LIST_ELEMENTS),
				  request_nest(r, NFTA_LIST_ELEM),
				  request_nest(r, NFTA_SET_ELEM_KEY) };

	request_bytes(r, NFTA_DATA_VALUE, key, len);
	for (unsigned i = 0; i < 3; i++)
		nest[i]->nla_len = (uint16_t)((char *)r + r->head.nlmsg_len - (char *)nest[i]);
}

int nftread_counts(struct nftlink *l, const struct nftset_table *t, const char *set,
		   unsigned key_len, const uint8_t (*key)[16], unsigned n, uint64_t *packets)
{
	struct counting c = { .packets = packets, .n = n };
	char all[NFTREAD_COUNTS * sizeof(struct request)] __attribute__((aligned(8)));
	size_t bytes = 0;

	for (unsigned i = 0; i < n && i < NFTREAD_COUNTS; i++) {
		struct request r;

		request_init(&r, NFT_MSG_GETSETELEM, t->family);
		r.head.nlmsg_flags = NLM_F_REQUEST;
		request_text(&r, NFTA_SET_ELEM_LIST_TABLE, t->name);
		request_text(&r, NFTA_SET_ELEM_LIST_SET, set);
		request_key(&r, key[i], key_len);
		memcpy(all + bytes, &r, r.head.nlmsg_len);
		bytes += NLMSG_ALIGN(r.head.nlmsg_len);
	}
	return nftlink_ask(l, all, bytes, &c.first, take_count, &c);
}

struct table_search {
	const struct nftset_table *table;
	bool found;
};

static void take_table(const struct nlmsghdr *m, void *arg)
{
	struct table_search *s = arg;
	const struct nlattr *a[ATTRS];

	message_attrs(a, m);
	if (TYPE(m) == NFT_MSG_NEWTABLE && message_family(m) == s->table->family &&
	    strcmp(attr_text(a[NFTA_TABLE_NAME]), s->table->name) == 0)
		s->found = true;
}

bool nftread_has_table(struct nftlink *l, const struct nftset_table *t)
{
	struct table_search s = { t, false };
	struct request r;

	request_init(&r, NFT_MSG_GETTABLE, t->family);
	return dump(l, &r, take_table, &s) == 0 && s.found;
}

static void take_flowtable(const struct nlmsghdr *m, void *arg)
{
	unsigned *n = arg;

	if (TYPE(m) == NFT_MSG_NEWFLOWTABLE)
		++*n;
}

unsigned nftread_flowtables(struct nftlink *l)
{
	struct request r;
	unsigned n = 0;

	request_init(&r, NFT_MSG_GETFLOWTABLE, NFPROTO_UNSPEC);
	return dump(l, &r, take_flowtable, &n) == 0 ? n : 0;
}

int nftread_watch(struct nftlink **out, uint32_t port, uint32_t other)
{
	int e = nftlink_open(out, 1u << (NFNLGRP_NFTABLES - 1));

	if (e == 0)
		e = nftlink_ignore(*out, port, other);
	if (e < 0) {
		nftlink_close(*out);
		*out = NULL;
	}
	return e;
}

struct event_walk {
	nftread_event_fn *each;
	void *arg;
	struct nftread_event ev;
};

static void pass_elem(const struct nftread_elem *e, void *arg)
{
	struct event_walk *w = arg;

	w->ev.elem = *e;
	w->each(&w->ev, w->arg);
}

/* A process may call itself anything. */
static void read_name(char out[NFTREAD_NAME], const struct nlattr *a)
{
	snprintf(out, NFTREAD_NAME, "%s", attr_text(a));
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static void pass(struct event_walk *w, enum nftread_kind kind, const struct nlattr *table)
{
	w->ev.kind = kind;
	w->ev.table = attr_text(table);
	w->each(&w->ev, w->arg);
}

static void take_event(const struct nlmsghdr *m, void *arg)
{
	struct event_walk *w = arg;
	const struct nlattr *a[ATTRS];

	if (m->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return;
	message_attrs(a, m);
	memset(&w->ev, 0, sizeof(w->ev));
	w->ev.family = message_family(m);
	w->ev.table = w->ev.set = "";
	switch (TYPE(m)) {
	case NFT_MSG_DELTABLE:
		pass(w, NFTREAD_TABLE_GONE, a[NFTA_TABLE_NAME]);
		break;
	case NFT_MSG_DELSET:
		pass(w, NFTREAD_PART_GONE, a[NFTA_SET_TABLE]);
		break;
	case NFT_MSG_DELCHAIN:
		pass(w, NFTREAD_PART_GONE, a[NFTA_CHAIN_TABLE]);
		break;
	case NFT_MSG_DELRULE:
		pass(w, NFTREAD_RULE_GONE, a[NFTA_RULE_TABLE]);
		break;
	case NFT_MSG_NEWSETELEM:
	case NFT_MSG_DELSETELEM:
		w->ev.kind = TYPE(m) == NFT_MSG_NEWSETELEM ? NFTREAD_ELEM_NEW : NFTREAD_ELEM_GONE;
		w->ev.table = attr_text(a[NFTA_SET_ELEM_LIST_TABLE]);
		w->ev.set = attr_text(a[NFTA_SET_ELEM_LIST_SET]);
		walk_elems(a[NFTA_SET_ELEM_LIST_ELEMENTS], pass_elem, w);
		break;
	case NFT_MSG_NEWGEN:
		w->ev.pid = attr_u32(a[NFTA_GEN_PROC_PID]);
		read_name(w->ev.name, a[NFTA_GEN_PROC_NAME]);
		pass(w, NFTREAD_DONE, NULL);
		break;
	default:
		break;
	}
}

int nftread_events(struct nftlink *l, nftread_event_fn *each, void *arg)
{
	struct event_walk w = { each, arg, { 0 } };

	return nftlink_events(l, take_event, &w);
}
