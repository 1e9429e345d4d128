/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "steer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <stdio.h>

#include "marks.h"
#include "ruleparts.h"
#include "shed.h"

#define STEER_PRIORITY (-5) /* behind DNAT (-100), before the user's filter rules (0) */
#define UNTRACK_PRIORITY (-300) /* as "raw": before connection tracking (-200) */
#define UNTRACK "untrack"
#define POLICE_MAX 65536

enum { STEERING_AUTO, STEERING_NATIVE, STEERING_XT };

#define LOOPBACK 1 /* the index of lo in every network namespace */

const struct nftset_table steer_main = { NFPROTO_INET, "sipmoat" };
const struct nftset_table steer_queue4 = { NFPROTO_IPV4, "sipmoat-queue" };
const struct nftset_table steer_queue6 = { NFPROTO_IPV6, "sipmoat-queue" };

static const struct place {
	const char *chain;
	int hook;
} hooks[] = {
	{ "steer_input", NF_INET_LOCAL_IN },
	{ "steer_forward", NF_INET_FORWARD },
	{ "steer_output", NF_INET_LOCAL_OUT },
};

/* Which of the two families a table sees. */
static bool covers(const struct nftset_table *t, const struct family *f)
{
	return t->family == NFPROTO_INET || t->family == f->proto;
}

/* --- sets --- */

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
		put_set(n, t, f->marked, f->type, NFTSET_TIMEOUT | NFTSET_MAP, p->mark_max,
			false);
		for (unsigned i = 0; i < LANES; i++)
			put_set(n, t, f->police[i], f->type, NFTSET_TIMEOUT | NFTSET_DYNAMIC,
				POLICE_MAX, false);
		put_ranges(n, t, f->trusted, f, &p->trusted);
		put_ranges(n, t, f->inside, f, &p->inside);
		put_ranges(n, t, f->never, f, &p->never);
		put_set(n, t, f->nets, f->type, NFTSET_INTERVAL | NFTSET_TIMEOUT, 0, false);
		put_set(n, t, f->allowed, f->type, NFTSET_INTERVAL | NFTSET_TIMEOUT, 0, false);
	}
}

/* --- steering --- */

static void into_queue(struct nftset *n, const struct plan *p, enum steer_kind kind,
		       enum lane lane)
{
	uint16_t first = (uint16_t)(p->queue_first + (lane == LANE_KNOWN ? p->workers : 0));

	if (kind == STEER_NATIVE)
		nftset_queue(n, first, p->workers, p->bypass[lane]);
	else
		nftset_queue_xt(n, first, p->workers, p->bypass[lane]);
}

static void put_lanes(struct nftset *n, const struct nftset_table *t, const struct plan *p,
		      enum steer_kind kind)
{
	for (const struct family *f = families; f < families + 2; f++)
		if (p->marks && covers(t, f))
			marks_pass(n, t, f, "steer_lanes");
	for (const struct family *f = families; f < families + 2; f++) {
		const char *sets[] = { f->known, f->trusted, f->allowed };

		for (unsigned i = 0; covers(t, f) && i < 6; i++) {
			nftset_rule_begin(n, t, "steer_lanes");
			load_address(n, t, f, i & 1 ? DESTINATION : SOURCE, i < 2);
			nftset_lookup(n, sets[i / 2]);
			into_queue(n, p, kind, LANE_KNOWN);
			nftset_rule_end(n, NULL);
		}
	}
	nftset_rule_begin(n, t, "steer_lanes");
	into_queue(n, p, kind, LANE_STRANGERS);
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
	nftset_tracked(n, NFT_CT_STATE);
	nftset_mask(n, &mask, sizeof(mask));
	nftset_differ(n, &zero, sizeof(zero));
	nftset_verdict(n, NF_ACCEPT, NULL);
	nftset_rule_end(n, "keeps defragmentation on");
}

static void put_hook(struct nftset *n, const struct nftset_table *t, const struct plan *p,
		     const struct place *h)
{
	clear_chain(n, t, h->chain, h->hook, STEER_PRIORITY);
	accept_meta(n, t, h->chain, h->hook == NF_INET_LOCAL_OUT ? NFT_META_OIF : NFT_META_IIF,
		    LOOPBACK, NULL);
	accept_meta(n, t, h->chain, NFT_META_MARK, OWN_MARK, OWN);
	if (h->hook == NF_INET_LOCAL_OUT)
		accept_meta(n, t, h->chain, NFT_META_MARK, OWN_UNTRACKED, OWN);
	sip_goes(n, t, p, h->chain, PORT_DESTINATION, "steer_lanes");
	sip_goes(n, t, p, h->chain, PORT_SOURCE, "steer_lanes");
}

static void steer_table(struct nftset *n, const struct nftset_table *t, const struct plan *p,
			enum steer_kind kind)
{
	clear_chain(n, t, "steer_lanes", -1, 0);
	put_lanes(n, t, p, kind);
	put_defrag(n, t);
	for (unsigned i = 0; i < 3; i++)
		put_hook(n, t, p, &hooks[i]);
}

/* As long as the queues are read: also what waits in them at the stop may be answered. */
static void put_untrack(struct nftset *n)
{
	const uint32_t mark = OWN_UNTRACKED; /* host order */

	clear_chain(n, &steer_main, UNTRACK, NF_INET_LOCAL_OUT, UNTRACK_PRIORITY);
	nftset_rule_begin(n, &steer_main, UNTRACK);
	nftset_meta(n, NFT_META_MARK);
	nftset_equal(n, &mark, sizeof(mark));
	nftset_plain(n, "notrack");
	nftset_rule_end(n, OWN);
}

static void steer_xt(struct nftset *n, const struct nftset_table *t, const struct family *f,
		     const struct plan *p)
{
	nftset_table_add(n, t, NULL);
	put_ports(n, t, p);
	put_set(n, t, f->known, f->type, NFTSET_TIMEOUT, p->known_max, false);
	put_set(n, t, f->marked, f->type, NFTSET_TIMEOUT | NFTSET_MAP, p->mark_max, false);
	put_set(n, t, f->allowed, f->type, NFTSET_INTERVAL | NFTSET_TIMEOUT, 0, false);
	put_ranges(n, t, f->trusted, f, &p->trusted);
	put_ranges(n, t, f->inside, f, &p->inside);
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
	shed_bans(n, p);
	if (p->marks)
		marks_put(n, p);
}

void steer_on(struct nftset *n, const struct plan *p, enum steer_kind kind, bool sweep)
{
	if (p->police_rate[LANE_STRANGERS] && p->enforce)
		shed_police(n, p);
	else if (sweep)
		shed_police_drop(n);
	else
		shed_police_empty(n);
	if (!p->marks && sweep)
		marks_drop(n);
	else if (!p->marks && p->marked)
		marks_empty(n);
	put_untrack(n);
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
	shed_police_empty(n);
	if (kind == STEER_NATIVE) {
		empty_hooks(n, &steer_main);
		return;
	}
	empty_hooks(n, &steer_queue4);
	empty_hooks(n, &steer_queue6);
}

void steer_remove(struct nftset *n, enum steer_kind kind)
{
	shed_police_drop(n);
	unsteer_main(n);
	clear_chain(n, &steer_main, UNTRACK, NF_INET_LOCAL_OUT, UNTRACK_PRIORITY);
	nftset_chain_del(n, &steer_main, UNTRACK);
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
	const struct plan one = { .queue_first = 5060, .workers = 1, .bypass = { true, true } };

	nftset_begin(n);
	nftset_table_add(n, t, NULL);
	nftset_chain_add(n, t, "probe", -1, 0);
	nftset_rule_begin(n, t, "probe");
	into_queue(n, &one, kind, LANE_STRANGERS);
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
