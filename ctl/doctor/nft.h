/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `nft -j list ruleset` says, cut down to what may stand in the way of the firewall.
 *
 * Ownership: nft_view_read allocates, nft_view_free takes NULL.
 */
#ifndef SIPMOAT_DOCTOR_NFT_H
#define SIPMOAT_DOCTOR_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NFT_NAME 64

struct settings;

struct nft_chain {
	char family[8], table[NFT_NAME], name[NFT_NAME];
	char hook[16]; /* "" for a chain that none enters by itself */
	int priority;
	bool drops; /* its policy does */
	unsigned rules;
};

enum nft_does {
	NFT_DROPS = 1,
	NFT_ACCEPTS = 2,
	NFT_QUEUES = 4,
	NFT_OFFLOADS = 8,
	NFT_HELPS = 16,    /* gives connections a helper */
	NFT_UNTRACKS = 32,
	NFT_DNATS = 64,
	NFT_QUEUES_XT = 128, /* by the NFQUEUE target; its numbers are not told */
};

/* Which ports a rule asks for: none by name, SIP's among them, or others only. */
enum nft_ports { NFT_ANY_PORT, NFT_SIP_PORTS, NFT_OTHER_PORTS };

/* At which end it asks for SIP's: what is asked for at one alone is not the other direction. */
enum nft_ends { NFT_TO = 1, NFT_FROM = 2, NFT_BOTH_ENDS = 3 };

struct nft_rule {
	unsigned chain; /* index */
	unsigned does;  /* of enum nft_does */
	enum nft_ports ports;
	unsigned ends;  /* of enum nft_ends */
	uint16_t first, last; /* queues */
	uint16_t dport, to;   /* the port that it asks for, and what DNAT makes of it, or 0 */
	char name[NFT_NAME];  /* of the helper or flowtable, or the address of DNAT */
};

/* Flowtables, and objects that assign helpers. */
struct nft_named {
	char family[8], table[NFT_NAME], name[NFT_NAME];
	char type[NFT_NAME]; /* of a helper; "" for a flowtable */
};

struct nft_view {
	struct nft_chain *chain;
	struct nft_rule *rule;
	struct nft_named *named;
	unsigned chains, rules, names, tables;
};

/* NULL: it is not what nft says, or there is no memory. */
struct nft_view *nft_view_read(const char *json, const struct settings *s);
void nft_view_free(struct nft_view *v);

bool nft_has_table(const struct nft_view *v, const char *table);
/* NULL: there is none. */
const struct nft_chain *nft_chain(const struct nft_view *v, const char *family,
				  const char *table, const char *name);
bool nft_is_ours(const struct nft_chain *c);

#endif
