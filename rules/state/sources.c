/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sites prove: tokens are things our servers said to a site that only somebody who
 * receives at that address can repeat.  What is remembered of a site is in sites.c.
 */
#include "sites.h"
#include "store.h"

#define TOKEN_SECONDS 64    /* twice Timer B, RFC 3261 17.1.1.2: nobody answers later */
#define NONCE_SECONDS 60  /* of ours: nobody thinks longer about a challenge */
#define EXPIRES_MAX 86400
#define EXPIRES_DEFAULT 3600 /* RFC 3261 10.2.1.1 suggests an hour */

/* Whoever tries his luck with forged nonces has no more tries than that in a message. */
#define LOGINS_READ 4

enum token_kind { TOKEN_NONCE = 1, TOKEN_TAG = 2, TOKEN_BRANCH = 3, TOKEN_OURS, TOKEN_SPENT };

size_t tokens_size(void)
{
	return 1; /* that it is there says all */
}

/* A token is bound to the site it was sent to: repeating somebody else's proves nothing. */
static uint64_t token_of(const struct state *st, uint64_t site, enum token_kind kind,
			 struct slice a, struct slice b)
{
	struct hash_key key = { st->secret.k0 ^ site, st->secret.k1 ^ kind };

	if (b.n)
		key.k1 ^= hash_bytes(&key, b.p, b.n);
	return hash_bytes(&key, a.p, a.n);
}

static void token_put(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_make(st->tokens, key, now, 0);

	if (!h.value)
		return;
	table_keep(&h, now, now + TOKEN_SECONDS * NS, 0);
	table_release(&h);
}

static bool token_take(struct state *st, uint64_t key, uint64_t now)
{
	struct hold h = table_find(st->tokens, key, now);

	if (!h.value)
		return false;
	table_drop(&h);
	return true;
}

/* 8 digits of the second in which it was made, hidden, and 8 that only we can make. */
static uint64_t nonce_half(const struct state *st, uint64_t site, uint64_t second)
{
	return token_of(st, site, TOKEN_OURS,
			(struct slice){ (const char *)&second, sizeof(second) }, SLICE_NONE);
}

static void put_digits(char *out, uint64_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = "0123456789abcdef"[value >> 4 * (n - 1 - i) & 15];
}

static uint32_t nonce_mask(const struct state *st, uint64_t site)
{
	return (uint32_t)nonce_half(st, site, UINT64_MAX);
}

static void nonce_write(const struct state *st, uint64_t site, uint32_t second,
			char out[SOURCE_NONCE])
{
	put_digits(out, second ^ nonce_mask(st, site), 8);
	put_digits(out + 8, nonce_half(st, site, second), 8);
}

void source_nonce(const struct state *st, uint64_t site_key, uint64_t now,
		  char out[SOURCE_NONCE + 1])
{
	nonce_write(st, site_key, (uint32_t)(now / NS), out);
	out[SOURCE_NONCE] = 0;
}

/* Its first 8 digits; false: it cannot be one of ours. */
static bool nonce_digits(struct slice nonce, uint32_t *out)
{
	*out = 0;
	for (uint32_t i = 0; i < 8 && nonce.n == SOURCE_NONCE; i++) {
		const char *digit = memchr("0123456789abcdef", nonce.p[i], 16);

		if (!digit)
			return false;
		*out = *out << 4 | (uint32_t)(digit - "0123456789abcdef");
	}
	return nonce.n == SOURCE_NONCE;
}

/* Once: what has come back is remembered for as long as it holds. */
static bool nonce_returned(struct state *st, uint64_t site, struct slice nonce, uint64_t now)
{
	char ours[SOURCE_NONCE];
	uint32_t second;
	struct hold h;
	bool fresh;

	if (!nonce_digits(nonce, &second))
		return false;
	second ^= nonce_mask(st, site);
	/* clocks of workers differ a little */
	if ((uint32_t)(now / NS) + 1 - second > NONCE_SECONDS)
		return false;
	nonce_write(st, site, second, ours);
	if (memcmp(ours, nonce.p, sizeof(ours)) != 0)
		return false;
	h = table_make(st->tokens, token_of(st, site, TOKEN_SPENT, nonce, SLICE_NONE), now, 0);
	fresh = h.value && h.fresh;
	if (fresh)
		table_keep(&h, now, now + TOKEN_SECONDS * NS, 0);
	table_release(&h);
	return fresh;
}

static uint32_t number_of(struct slice s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		n = n < EXPIRES_MAX ? n * 10 + (uint32_t)(s.p[i] - '0') : EXPIRES_MAX;
	return n < EXPIRES_MAX ? n : EXPIRES_MAX;
}

/*
 * The longest life a 200 to REGISTER grants (RFC 3261 10.3 step 8): it lists all
 * contacts of the address-of-record, each with its expires, in any number of
 * lines and commas.  0: no contact is bound.
 */
static uint32_t granted(const struct sip_msg *sip)
{
	struct slice line, value;
	uint32_t longest = 0, seconds;
	unsigned at = 0;

	while (sip_next(sip, HDR_CONTACT, &at, &line)) {
		seconds = EXPIRES_DEFAULT;
		if (sip->seen[HDR_EXPIRES])
			seconds = number_of(sip_first(sip, HDR_EXPIRES));
		while (line.n && sip_list_next(&line, &value)) {
			struct sip_nameaddr na;
			struct slice text;
			uint32_t own = seconds;

			if (sip_nameaddr_read(value, &na) &&
			    sip_param(na.params, SLICE("expires"), &text))
				own = number_of(text);
			longest = own > longest ? own : longest;
		}
	}
	return longest;
}

static uint32_t learn_registration(struct state *st, const struct pkt *pkt,
				   const struct sip_msg *sip, uint64_t site, uint64_t now)
{
	struct hash_key key = st->secret;
	struct sip_nameaddr to = { 0 };
	uint32_t seconds = granted(sip);
	uint16_t who;

	if (!sip_nameaddr_read(sip_first(sip, HDR_TO), &to))
		return 0;
	/* several phones behind one address may share an address-of-record */
	key.k0 ^= pkt->dport;
	who = (uint16_t)hash_bytes(&key, to.uri.p, to.uri.n);
	who = who ? who : 1;
	if (!seconds) {
		site_unregistered(st, site, who, now);
		return 0;
	}
	site_registered(st, site, who, seconds, now);
	source_met(st, &pkt->dst, site, now);
	return seconds;
}

static void learn_challenges(struct state *st, const struct sip_msg *sip, enum sip_header h,
			     uint64_t site, uint64_t now)
{
	struct slice line, nonce;
	unsigned at = 0;

	while (sip_next(sip, h, &at, &line))
		if (sip_digest_param(line, SLICE("nonce"), &nonce) && nonce.n) {
			token_put(st, token_of(st, site, TOKEN_NONCE, nonce, SLICE_NONE), now);
		}
}

static void learn_tag(struct state *st, const struct sip_msg *sip, uint64_t site,
		      uint64_t now)
{
	struct slice tag = sip->to.tag;

	if (tag.n)
		token_put(st, token_of(st, site, TOKEN_TAG, tag, sip_first(sip, HDR_CALL_ID)), now);
}

/* The branch of the top Via names a transaction (RFC 3261 17.1.3). */
static bool branch_token(const struct state *st, const struct sip_msg *sip,
			 uint64_t site, uint64_t *out)
{
	if (!sip->branch.n)
		return false;
	*out = token_of(st, site, TOKEN_BRANCH, sip->branch, SLICE_NONE);
	return true;
}

uint32_t source_learn(struct state *st, const struct pkt *pkt, const struct sip_msg *sip,
		      uint64_t now)
{
	struct addr to = addr_site(&pkt->dst);
	uint64_t site = key_of_addr(st, &to), k;

	if (sip->kind == SIP_REQUEST && branch_token(st, sip, site, &k))
		token_put(st, k, now);
	if (sip->kind != SIP_RESPONSE)
		return 0;
	if (sip->status == 401 || sip->status == 407) {
		learn_challenges(st, sip, HDR_WWW_AUTHENTICATE, site, now);
		learn_challenges(st, sip, HDR_PROXY_AUTHENTICATE, site, now);
	}
	if (sip->method == METHOD_INVITE && sip->status >= 200)
		learn_tag(st, sip, site, now);
	if (sip->method == METHOD_REGISTER && sip->status >= 200 && sip->status < 300)
		return learn_registration(st, pkt, sip, site, now);
	return 0;
}

static enum proof proves_nonce(struct state *st, const struct sip_msg *sip, enum sip_header h,
			       uint64_t site, uint64_t now)
{
	struct slice line, nonce;
	unsigned at = 0;

	for (unsigned i = 0; i < LOGINS_READ && sip_next(sip, h, &at, &line); i++) {
		if (!sip_digest_param(line, SLICE("nonce"), &nonce) || !nonce.n)
			continue;
		if (token_take(st, token_of(st, site, TOKEN_NONCE, nonce, SLICE_NONE), now))
			return PROOF_NONCE;
		if (nonce_returned(st, site, nonce, now))
			return PROOF_DECOY;
	}
	return PROOF_NONE;
}

static bool proves_tag(struct state *st, const struct sip_msg *sip, uint64_t site,
		       uint64_t now)
{
	struct slice tag = sip->to.tag;

	return tag.n && token_take(st, token_of(st, site, TOKEN_TAG, tag,
						sip_first(sip, HDR_CALL_ID)), now);
}

static bool proves_branch(struct state *st, const struct sip_msg *sip, uint64_t site,
			  uint64_t now)
{
	uint64_t k;

	return branch_token(st, sip, site, &k) && token_take(st, k, now);
}

static enum proof proof_of(struct state *st, const struct sip_msg *sip, uint64_t site,
			   uint64_t now)
{
	enum proof proof;

	if (sip->kind == SIP_RESPONSE)
		return proves_branch(st, sip, site, now) ? PROOF_BRANCH : PROOF_NONE;
	if (sip->kind != SIP_REQUEST)
		return PROOF_NONE;
	proof = proves_nonce(st, sip, HDR_AUTHORIZATION, site, now);
	if (proof == PROOF_NONE)
		proof = proves_nonce(st, sip, HDR_PROXY_AUTHORIZATION, site, now);
	if (proof != PROOF_NONE)
		return proof;
	return proves_tag(st, sip, site, now) ? PROOF_TAG : PROOF_NONE;
}

enum proof source_prove(struct state *st, uint64_t site_key, const struct sip_msg *sip,
			uint64_t now)
{
	enum proof proof = proof_of(st, sip, site_key, now);

	if (proof != PROOF_NONE)
		source_returned(st, site_key, now);
	return proof;
}
