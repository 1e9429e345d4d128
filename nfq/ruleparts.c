/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ruleparts.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "steer.h"

#define SWEEP 5000       /* ms: expired elements count against size until swept */
#define POLICE_KEEP 5000 /* ms */

const struct family families[2] = {
	{ NFPROTO_IPV4, NFTSET_IPV4, { 12, 16 }, 4,
	  "banned4", "known4", "trusted4", "inside4", "never4", "banned_nets4", "allowed4",
	  "marked4", { "police4", "police_known4" }, "bans_hit4", "bans_site4" },
	{ NFPROTO_IPV6, NFTSET_IPV6, { 8, 24 }, 16,
	  "banned6", "known6", "trusted6", "inside6", "never6", "banned_nets6", "allowed6",
	  "marked6", { "police6", "police_known6" }, "bans_hit6", "bans_site6" },
};

const struct transport transports[2] = { { IPPROTO_UDP, "sip_udp" }, { IPPROTO_TCP, "sip_tcp" } };

static const uint8_t site6[16] = { 255, 255, 255, 255, 255, 255, 255, 255 };

void is_family(struct nftset *n, const struct nftset_table *t, const struct family *f)
{
	if (t->family != NFPROTO_INET)
		return;
	nftset_meta(n, NFT_META_NFPROTO);
	nftset_equal(n, &f->proto, 1);
}

void load_address(struct nftset *n, const struct nftset_table *t, const struct family *f,
		  enum end end, bool site)
{
	is_family(n, t, f);
	nftset_load(n, NFTSET_NETWORK, f->at[end], f->len);
	if (site && f->proto == NFPROTO_IPV6)
		nftset_mask(n, site6, sizeof(site6));
}

/* One port is compared, which costs a third of looking it up. */
static void is_sip(struct nftset *n, const struct plan *p, unsigned i, uint32_t port)
{
	uint16_t only = htons(p->port[i][0]);

	nftset_meta(n, NFT_META_L4PROTO);
	nftset_equal(n, &transports[i].proto, 1);
	nftset_load(n, NFTSET_TRANSPORT, port, 2);
	if (p->ports[i] == 1)
		nftset_equal(n, &only, sizeof(only));
	else
		nftset_lookup(n, transports[i].set);
}

void sip_goes(struct nftset *n, const struct nftset_table *t, const struct plan *p,
	      const char *from, uint32_t port, const char *to)
{
	for (unsigned i = 0; i < 2; i++) {
		nftset_rule_begin(n, t, from);
		is_sip(n, p, i, port);
		nftset_verdict(n, NFT_GOTO, to);
		nftset_rule_end(n, NULL);
	}
}

void accept_source(struct nftset *n, const char *chain, const struct family *f,
		   const char *set, bool site)
{
	nftset_rule_begin(n, &steer_main, chain);
	load_address(n, &steer_main, f, SOURCE, site);
	nftset_lookup(n, set);
	nftset_verdict(n, NF_ACCEPT, NULL);
	nftset_rule_end(n, NULL);
}

void source_goes(struct nftset *n, const char *from, const struct family *f, const char *set,
		 bool site, const char *to)
{
	nftset_rule_begin(n, &steer_main, from);
	load_address(n, &steer_main, f, SOURCE, site);
	nftset_lookup(n, set);
	nftset_verdict(n, NFT_GOTO, to);
	nftset_rule_end(n, NULL);
}

void accept_meta(struct nftset *n, const struct nftset_table *t, const char *chain,
		 uint32_t key, uint32_t value, const char *why)
{
	nftset_rule_begin(n, t, chain);
	nftset_meta(n, key);
	nftset_equal(n, &value, sizeof(value)); /* host order */
	nftset_verdict(n, NF_ACCEPT, NULL);
	nftset_rule_end(n, why);
}

void put_set(struct nftset *n, const struct nftset_table *t, const char *name, uint8_t type,
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

unsigned put_range(struct nftset_elem *e, const struct plan_range *r, const struct family *f)
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

void put_ranges(struct nftset *n, const struct nftset_table *t, const char *set,
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

void clear_chain(struct nftset *n, const struct nftset_table *t, const char *chain, int hook,
		 int priority)
{
	nftset_chain_add(n, t, chain, hook, priority);
	nftset_chain_flush(n, t, chain);
}
