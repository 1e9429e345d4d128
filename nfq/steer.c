/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "steer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <stdio.h>

#define BANS_PRIORITY (-450)   /* before defragmentation (-400): fragments cost nothing */
#define POLICE_PRIORITY (-390) /* behind defragmentation, before raw (-300) */
#define STEER_PRIORITY (-5)    /* behind DNAT (-100), before the user's filter rules (0) */
#define SWEEP 5000             /* ms: expired elements count against size until swept */
#define POLICE_MAX 65536
#define POLICE_KEEP 5000       /* ms */

enum { STEERING_AUTO, STEERING_NATIVE, STEERING_XT };

#define LOOPBACK 1             /* the index of lo in every network namespace */
#define OWN "sent by sipmoat"
#define PORT_SOURCE 0
#define PORT_DESTINATION 2

const struct nftset_table steer_main = { NFPROTO_INET, "sipmoat" };
const struct nftset_table steer_queue4 = { NFPROTO_IPV4, "sipmoat-queue" };
const struct nftset_table steer_queue6 = { NFPROTO_IPV6, "sipmoat-queue" };

enum end { SOURCE, DESTINATION };

struct family {
	uint8_t proto, type;
	uint32_t at[2], len; /* where the addresses stand in the header (RFC 791, 8200) */
	const char *banned, *known, *trusted, *inside, *police;
};

static const struct family families[] = {
	{ NFPROTO_IPV4, NFTSET_IPV4, { 12, 16 }, 4,
	  "banned4", "known4", "trusted4", "inside4", "police4" },
	{ NFPROTO_IPV6, NFTSET_IPV6, { 8, 24 }, 16,
	  "banned6", "known6", "trusted6", "inside6", "police6" },
};

static const struct transport {
	uint8_t proto;
	const char *set;
} transports[] = { { IPPROTO_UDP, "sip_udp" }, { IPPROTO_TCP, "sip_tcp" } };

static const struct place {
	const char *chain;
	int hook;
} hooks[] = {
	{ "steer_input", NF_INET_LOCAL_IN },
	{ "steer_forward", NF_INET_FORWARD },
	{ "steer_output", NF_INET_LOCAL_OUT },
};

static const uint8_t site6[16] = { 255, 255, 255, 255, 255, 255, 255, 255 };

/* Which of the two families a table sees. */
static bool covers(const struct nftset_table *t, const struct family *f)
{
	return t->family == NFPROTO_INET || t->family == f->proto;
}

/* --- expressions --- */

static void is_family(struct nftset *n, const struct nftset_table *t, const struct family *f)
{
	if (t->family != NFPROTO_INET)
		return;
	nftset_meta(n, NFT_META_NFPROTO);
	nftset_equal(n, &f->proto, 1);
}

static void load_address(struct nftset *n, const struct nftset_table *t, const struct family *f,
			 enum end end, bool site)
{
	is_family(n, t, f);
	nftset_load(n, NFTSET_NETWORK, f->at[end], f->len);
	if (site && f->proto == NFPROTO_IPV6)
		nftset_mask(n, site6, sizeof(site6));
}

static void is_sip(struct nftset *n, const struct transport *t, uint32_t port)
{
	nftset_meta(n, NFT_META_L4PROTO);
	nftset_equal(n, &t->proto, 1);
	nftset_load(n, NFTSET_TRANSPORT, port, 2);
	nftset_lookup(n, t->set);
}

static void sip_goes(struct nftset *n, const struct nftset_table *t, const char *from,
		     uint32_t port, const char *to)
{
	for (unsigned i = 0; i < 2; i++) {
		nftset_rule_begin(n, t, from);
		is_sip(n, &transports[i], port);
		nftset_verdict(n, NFT_GOTO, to);
		nftset_rule_end(n, NULL);
	}
}

static void accept_source(struct nftset *n, const char *chain, const struct family *f,
			  const char *set, bool site)
{
	nftset_rule_begin(n, &steer_main, chain);
	load_address(n, &steer_main, f, SOURCE, site);
	nftset_lookup(n, set);
	nftset_verdict(n, NF_ACCEPT, NULL);
	nftset_rule_end(n, NULL);
}

static void accept_meta(struct nftset *n, const struct nftset_table *t, const char *chain,
			uint32_t key, uint32_t value, const char *why)
{
	nftset_rule_begin(n, t, chain);
	nftset_meta(n, key);
	nftset_equal(n, &value, sizeof(value)); /* host order */
	nftset_verdict(n, NF_ACCEPT, NULL);
	nftset_rule_end(n, why);
}

/* --- sets --- */

static void put_set(struct nftset *n, const struct nftset_table *t, const char *name, uint8_t type,
		    uint8_t flags, uint32_t size, bool counter)
{
	struct nftset_desc d = { .name = name, .type = type, .flags = flags, .size = size,
				 .counter = counter };

	if (flags & NFTSET_TIMEOUT)
		d.gc = SWEEP;
	if (flags & NFTSET_DYNAMIC)
		d.timeout = POLICE_KEEP;
	nftset_set_add(n, t, &d);
}

/* The half-open interval [lo, hi + 1) as the kernel keeps it; 1 or 2 elements. */
static unsigned put_range(struct nftset_elem *e, const struct plan_range *r, const struct family *f)
{
	unsigned skip = 16 - f->len, i = f->len;

	memset(e, 0, 2 * sizeof(*e));
	memcpy(e[0].key, r->lo.b + skip, f->len);
	memcpy(e[1].key, r->hi.b + skip, f->len);
	e[1].end = true;
	while (i > 0 && ++e[1].key[i - 1] == 0)
		i--;
	e[0].open = i == 0;
	return e[0].open ? 1 : 2;
}

static void put_ranges(struct nftset *n, const struct nftset_table *t, const char *set,
		       const struct family *f, const struct plan_ranges *s)
{
	struct nftset_elem e[NFTSET_CHUNK];
	unsigned k = 0;

	put_set(n, t, set, f->type, NFTSET_INTERVAL, 0, false);
	nftset_set_flush(n, t, set);
	for (size_t i = 0; i < s->n; i++) {
		if (addr_is_v4(&s->r[i].lo) != (f->proto == NFPROTO_IPV4))
			continue;
		k += put_range(e + k, &s->r[i], f);
		if (k + 2 > NFTSET_CHUNK) {
			nftset_elems(n, NFTSET_ADD, t, set, f->type, e, k);
			k = 0;
		}
	}
	if (k)
		nftset_elems(n, NFTSET_ADD, t, set, f->type, e, k);
}

static void put_ports(struct nftset *n, const struct nftset_table *t, const struct plan *p)
{
	struct nftset_elem e[16];

	for (unsigned i = 0; i < 2; i++) {
		put_set(n, t, transports[i].set, NFTSET_PORT, 0, 0, false);
		nftset_set_flush(n, t, transports[i].set);
		memset(e, 0, sizeof(e));
		for (unsigned k = 0; k < p->ports[i]; k++) {
			uint16_t port = htons(p->port[i][k]);

			memcpy(e[k].key, &port, sizeof(port));
		}
		if (p->ports[i])
			nftset_elems(n, NFTSET_ADD, t, transports[i].set, NFTSET_PORT, e,
				     p->ports[i]);
	}
}

static void put_sets(struct nftset *n, const struct plan *p)
{
	const struct nftset_table *t = &steer_main;

	put_ports(n, t, p);
	for (const struct family *f = families; f < families + 2; f++) {
		put_set(n, t, f->banned, f->type, NFTSET_TIMEOUT, p->ban_max, p->counters);
		put_set(n, t, f->known, f->type, NFTSET_TIMEOUT, p->known_max, false);
		put_set(n, t, f->police, f->type, NFTSET_TIMEOUT | NFTSET_DYNAMIC, POLICE_MAX,
			false);
		put_ranges(n, t, f->trusted, f, &p->trusted);
		put_ranges(n, t, f->inside, f, &p->inside);
	}
}

/* --- the chain that drops the banned --- */

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

static void put_bans(struct nftset *n, const struct plan *p)
{
	const char *from = "bans", *to = "bans_source";

	nftset_chain_add(n, &steer_main, from, NF_INET_PRE_ROUTING, BANS_PRIORITY);
	nftset_chain_add(n, &steer_main, to, -1, 0);
	nftset_chain_flush(n, &steer_main, from);
	nftset_chain_flush(n, &steer_main, to);
	if (p->everything) {
		nftset_rule_begin(n, &steer_main, from);
		nftset_verdict(n, NFT_GOTO, to);
		nftset_rule_end(n, NULL);
	} else {
		sip_goes(n, &steer_main, from, PORT_DESTINATION, to);
		sip_goes(n, &steer_main, from, PORT_SOURCE, to);
		fragments_go(n, from, to);
	}
	/* a RST to a server on this host comes by, in the name of a source that may be banned */
	accept_meta(n, &steer_main, to, NFT_META_MARK, STEER_MARK, OWN);
	for (const struct family *f = families; f < families + 2; f++) {
		accept_source(n, to, f, f->trusted, false);
		accept_source(n, to, f, f->inside, false);
		nftset_rule_begin(n, &steer_main, to);
		load_address(n, &steer_main, f, SOURCE, true);
		nftset_lookup(n, f->banned);
		nftset_counter(n);
		if (p->enforce)
			nftset_verdict(n, NF_DROP, NULL);
		nftset_rule_end(n, p->enforce ? NULL : "observe: counted, not dropped");
	}
}

/* --- the brake in front of the queue --- */

static void clear_chain(struct nftset *n, const struct nftset_table *t, const char *chain, int hook,
			int priority)
{
	nftset_chain_add(n, t, chain, hook, priority);
	nftset_chain_flush(n, t, chain);
}

static void put_police(struct nftset *n, const struct plan *p)
{
	const char *from = "police", *to = "police_source";

	clear_chain(n, &steer_main, from, NF_INET_PRE_ROUTING, POLICE_PRIORITY);
	clear_chain(n, &steer_main, to, -1, 0);
	sip_goes(n, &steer_main, from, PORT_DESTINATION, to);
	accept_meta(n, &steer_main, to, NFT_META_MARK, STEER_MARK, OWN);
	for (const struct family *f = families; f < families + 2; f++) {
		/* the elements carry the rate they were made with */
		nftset_set_flush(n, &steer_main, f->police);
		accept_source(n, to, f, f->inside, false);
		accept_source(n, to, f, f->trusted, false);
		accept_source(n, to, f, f->known, true);
		nftset_rule_begin(n, &steer_main, to);
		load_address(n, &steer_main, f, SOURCE, true);
		nftset_over_rate(n, f->police, p->police_rate);
		nftset_counter(n);
		nftset_verdict(n, NF_DROP, NULL);
		nftset_rule_end(n, NULL);
	}
}

static void drop_police(struct nftset *n)
{
	clear_chain(n, &steer_main, "police", NF_INET_PRE_ROUTING, POLICE_PRIORITY);
	clear_chain(n, &steer_main, "police_source", -1, 0);
	nftset_chain_del(n, &steer_main, "police");
	nftset_chain_del(n, &steer_main, "police_source");
}

/* --- steering --- */

static void into_queue(struct nftset *n, const struct plan *p, enum steer_kind kind,
		       bool known)
{
	uint16_t first = (uint16_t)(p->queue_first + (known ? p->workers : 0));

	if (kind == STEER_NATIVE)
		nftset_queue(n, first, p->workers, p->bypass);
	else
		nftset_queue_xt(n, first, p->workers, p->bypass);
}

static void put_lanes(struct nftset *n, const struct nftset_table *t, const struct plan *p,
		      enum steer_kind kind)
{
	for (const struct family *f = families; f < families + 2; f++) {
		for (unsigned i = 0; covers(t, f) && i < 4; i++) {
			nftset_rule_begin(n, t, "steer_lanes");
			load_address(n, t, f, i & 1 ? DESTINATION : SOURCE, i < 2);
			nftset_lookup(n, i < 2 ? f->known : f->trusted);
			into_queue(n, p, kind, true);
			nftset_rule_end(n, NULL);
		}
	}
	nftset_rule_begin(n, t, "steer_lanes");
	into_queue(n, p, kind, false);
	nftset_rule_end(n, "strangers");
}

/*
 * A rule that asks for the state of connections, in a chain that nobody enters,
 * costs nothing and keeps the kernel's defragmentation at work: without one the
 * queue would see bare fragments.
 */
static void put_defrag(struct nftset *n, const struct nftset_table *t)
{
	const uint32_t mask = NF_CT_STATE_UNTRACKED_BIT, zero = 0; /* host order */

	clear_chain(n, t, "defrag", -1, 0);
	nftset_rule_begin(n, t, "defrag");
	nftset_tracked(n);
	nftset_mask(n, &mask, sizeof(mask));
	nftset_differ(n, &zero, sizeof(zero));
	nftset_verdict(n, NF_ACCEPT, NULL);
	nftset_rule_end(n, "keeps defragmentation on");
}

static void put_hook(struct nftset *n, const struct nftset_table *t, const struct place *h)
{
	clear_chain(n, t, h->chain, h->hook, STEER_PRIORITY);
	accept_meta(n, t, h->chain, h->hook == NF_INET_LOCAL_OUT ? NFT_META_OIF : NFT_META_IIF,
		    LOOPBACK, NULL);
	accept_meta(n, t, h->chain, NFT_META_MARK, STEER_MARK, OWN);
	sip_goes(n, t, h->chain, PORT_DESTINATION, "steer_lanes");
	sip_goes(n, t, h->chain, PORT_SOURCE, "steer_lanes");
}

static void steer_table(struct nftset *n, const struct nftset_table *t, const struct plan *p,
			enum steer_kind kind)
{
	clear_chain(n, t, "steer_lanes", -1, 0);
	put_lanes(n, t, p, kind);
	put_defrag(n, t);
	for (unsigned i = 0; i < 3; i++)
		put_hook(n, t, &hooks[i]);
}

static void steer_xt(struct nftset *n, const struct nftset_table *t, const struct family *f,
		     const struct plan *p)
{
	nftset_table_add(n, t, NULL);
	put_ports(n, t, p);
	put_set(n, t, f->known, f->type, NFTSET_TIMEOUT, p->known_max, false);
	put_ranges(n, t, f->trusted, f, &p->trusted);
	steer_table(n, t, p, STEER_XT);
}

static void empty_hooks(struct nftset *n, const struct nftset_table *t)
{
	for (unsigned i = 0; i < 3; i++)
		clear_chain(n, t, hooks[i].chain, hooks[i].hook, STEER_PRIORITY);
}

static void unsteer_main(struct nftset *n)
{
	empty_hooks(n, &steer_main);
	clear_chain(n, &steer_main, "steer_lanes", -1, 0);
	clear_chain(n, &steer_main, "defrag", -1, 0);
	for (unsigned i = 0; i < 3; i++)
		nftset_chain_del(n, &steer_main, hooks[i].chain);
	nftset_chain_del(n, &steer_main, "steer_lanes");
	nftset_chain_del(n, &steer_main, "defrag");
}

void steer_base(struct nftset *n, const struct plan *p)
{
	nftset_table_add(n, &steer_main, "sipmoat: SIP firewall; bans end by themselves");
	put_sets(n, p);
	put_bans(n, p);
}

static void empty_police(struct nftset *n)
{
	clear_chain(n, &steer_main, "police", NF_INET_PRE_ROUTING, POLICE_PRIORITY);
}

void steer_on(struct nftset *n, const struct plan *p, enum steer_kind kind, bool sweep)
{
	if (p->police_rate && p->enforce)
		put_police(n, p);
	else if (sweep)
		drop_police(n);
	else
		empty_police(n);
	if (kind == STEER_NATIVE) {
		steer_table(n, &steer_main, p, kind);
		return;
	}
	if (sweep)
		unsteer_main(n);
	steer_xt(n, &steer_queue4, &families[0], p);
	steer_xt(n, &steer_queue6, &families[1], p);
}

void steer_off(struct nftset *n, enum steer_kind kind)
{
	empty_police(n);
	if (kind == STEER_NATIVE) {
		empty_hooks(n, &steer_main);
		return;
	}
	empty_hooks(n, &steer_queue4);
	empty_hooks(n, &steer_queue6);
}

void steer_remove(struct nftset *n, enum steer_kind kind)
{
	drop_police(n);
	unsteer_main(n);
	if (kind == STEER_XT)
		steer_drop_queue(n);
}

/* Adding first makes the deletion of an absent table succeed, on any kernel. */
static void drop_table(struct nftset *n, const struct nftset_table *t)
{
	nftset_table_add(n, t, NULL);
	nftset_table_del(n, t);
}

void steer_drop_main(struct nftset *n)
{
	drop_table(n, &steer_main);
}

void steer_drop_queue(struct nftset *n)
{
	drop_table(n, &steer_queue4);
	drop_table(n, &steer_queue6);
}

/* --- which way into a queue the kernel has --- */

static int try_queue(struct nftset *n, const struct nftset_table *t, enum steer_kind kind)
{
	const struct plan one = { .queue_first = 5060, .workers = 1, .bypass = true };

	nftset_begin(n);
	nftset_table_add(n, t, NULL);
	nftset_chain_add(n, t, "probe", -1, 0);
	nftset_rule_begin(n, t, "probe");
	into_queue(n, &one, kind, false);
	nftset_rule_end(n, NULL);
	nftset_table_del(n, t);
	return nftset_commit(n, NULL, 0, NULL);
}

int steer_probe(struct nftset *n, uint8_t wanted, enum steer_kind *kind, char err[STEER_TEXT])
{
	static const struct nftset_table inet = { NFPROTO_INET, "sipmoat-probe" };
	static const struct nftset_table ip = { NFPROTO_IPV4, "sipmoat-probe" };
	int native = -ENOENT, xt = -ENOENT;

	if (wanted != STEERING_XT)
		native = try_queue(n, &inet, *kind = STEER_NATIVE);
	if (native == 0)
		return 0;
	if (wanted != STEERING_NATIVE)
		xt = try_queue(n, &ip, *kind = STEER_XT);
	if (xt == 0)
		return 0;
	snprintf(err, STEER_TEXT, "the kernel cannot queue packets (%s): load nft_queue or "
		 "xt_NFQUEUE with modprobe, or install the package with your kernel's extra "
		 "modules%s",
		 strerror(native == -ENOENT && wanted != STEERING_NATIVE ? -xt : -native),
		 wanted ? ", or set steering to \"auto\"" : "");
	return wanted == STEERING_XT || native == -ENOENT ? xt : native;
}
