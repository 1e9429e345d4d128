/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include "hash.h"
#include "key.h"
#include "store.h"

enum name_kind {
	NAME_BRANCH = 0x5100, /* + method + direction */
	NAME_CALL = 0x5200,
	NAME_TAG,
	NAME_USER,
	NAME_USERS,
	NAME_DOMAIN,
	NAME_OTHER,
};

#define USER_ROOM 128
#define OUTWARD 0x80 /* beside the method: a server inside asked */

static uint64_t named(const struct state *st, uint64_t kind, uint64_t with, struct slice s)
{
	struct hash_key key = { st->secret.k0 ^ kind, st->secret.k1 ^ with };
	uint64_t h = hash_bytes(&key, s.p, s.n);

	return h ? h : 1;
}

uint64_t name_bytes(const struct state *st, uint64_t kind, struct slice bytes)
{
	return named(st, NAME_OTHER, kind, bytes);
}

/*
 * Databases of servers compare names without regard to case, and to blanks behind them:
 * who guesses has no more tries by writing a name in all ways.  (RFC 3261 19.1.4 has
 * case count; nobody has two users who differ in it only.)
 */
static uint64_t name_of(const struct state *st, struct slice user)
{
	char room[USER_ROOM];
	uint32_t i = 0;

	while (user.n && user.p[user.n - 1] == ' ')
		user.n--;
	while (i < user.n && !(user.p[i] >= 'A' && user.p[i] <= 'Z'))
		i++;
	if (i < user.n) {
		user.n = user.n < sizeof(room) ? user.n : sizeof(room);
		for (i = 0; i < user.n; i++)
			room[i] = ascii_lower(user.p[i]);
		user.p = room;
	}
	return named(st, NAME_USER, 0, user);
}

static uint64_t user_of(const struct state *st, const struct sip_uri *uri)
{
	char room[USER_ROOM];
	struct slice user = sip_user(uri, room, sizeof(room));

	return user.n ? name_of(st, user) : 0;
}

/* sip:user@, where the user is what sip_user would make of it; else SLICE_NONE. */
static struct slice usual_user(struct slice uri)
{
	static const bool usual[256] = {
		['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
		['_'] = true, ['+'] = true,
	};
	struct slice user = SLICE_NONE;

	if (uri.n < 6 || memcmp(uri.p, "sip:", 4) != 0)
		return SLICE_NONE;
	user.p = uri.p + 4;
	while (user.n < uri.n - 4 && user.n < USER_ROOM && usual[(uint8_t)user.p[user.n]])
		user.n++;
	return user.n && user.n < uri.n - 4 && user.p[user.n] == '@' ? user : SLICE_NONE;
}

uint64_t name_user_of_uri(const struct state *st, struct slice text)
{
	struct slice usual = usual_user(text);
	struct sip_uri uri;

	if (usual.n)
		return name_of(st, usual);
	(void)sip_uri_read(text, &uri); /* what stands before the damage will do */
	return user_of(st, &uri);
}

uint64_t name_user(const struct state *st, struct slice address)
{
	struct sip_nameaddr na;

	return sip_nameaddr_read(address, &na) ? name_user_of_uri(st, na.uri) : 0;
}

uint64_t name_aor_of_uri(const struct state *st, uint64_t user, struct slice text)
{
	struct sip_uri uri;
	char host[USER_ROOM];
	uint32_t n = 0;

	if (!text.n)
		return 0;
	(void)sip_uri_read(text, &uri);
	for (; n < uri.host.n && n < sizeof(host); n++)
		host[n] = ascii_lower(uri.host.p[n]);
	return named(st, NAME_DOMAIN, user, (struct slice){ host, n });
}

uint64_t name_aor(const struct state *st, struct slice address)
{
	struct sip_nameaddr na;

	if (!sip_nameaddr_read(address, &na))
		return 0;
	return name_aor_of_uri(st, name_user_of_uri(st, na.uri), na.uri);
}

bool name_has_cookie(struct slice branch)
{
	const struct slice cookie = SLICE("z9hG4bK");

	return branch.n > cookie.n && memcmp(branch.p, cookie.p, cookie.n) == 0;
}

/* Did our servers ask, as a client? */
static bool asked_inside(const struct pkt *pkt, const struct sip_msg *sip)
{
	return (pkt->dir == DIR_OUTBOUND) == (sip->kind == SIP_REQUEST);
}

/*
 * RFC 3261 17.1.3 and 17.2.3, but for sent-by: NAT helpers rewrite it on one of the
 * ways, and the site tells who asked.  Call-ID is added: stateless proxies give all
 * requests the same branch.  Without the cookie what RFC 2543 had: both ends keep
 * Call-ID, From tag, To and the number of CSeq.
 */
static uint64_t via_name(const struct state *st, const struct names *n, const struct sip_msg *sip,
			 struct slice branch)
{
	if (name_has_cookie(branch))
		return named(st, NAME_BRANCH, n->call, branch);
	return n->call ^ key_with(n->from, sip->cseq) ^ name_user_of_uri(st, sip->to.uri);
}

static uint64_t txn_of(const struct names *n, uint64_t via, enum sip_method method, bool outward)
{
	uint64_t key = via ^ (NAME_BRANCH + method + (outward ? OUTWARD : 0));

	/* all the bits are mixed, and inbound ones belong to their site */
	key = (key ^ (outward ? 0 : n->site)) * 0x9e3779b97f4a7c15u;
	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	key ^= key >> 29;
	return key ? key : 1;
}

uint64_t names_asked(const struct state *st, const struct names *n, const struct sip_msg *sip,
		     struct slice value)
{
	struct slice branch = SLICE_NONE;
	struct sip_via via;

	if (!sip_via_read(value, &via))
		return 0;
	(void)sip_param(via.params, SLICE("branch"), &branch);
	return txn_of(n, via_name(st, n, sip, branch), sip->method, true);
}

static void names_transaction(const struct state *st, const struct pkt *pkt,
			      const struct sip_msg *sip, struct names *n)
{
	bool outward = asked_inside(pkt, sip);
	uint64_t via;

	n->txn = n->invite = 0;
	if (!sip->via.host.n)
		return;
	via = via_name(st, n, sip, sip->branch);
	n->txn = txn_of(n, via, sip->method, outward);
	if (sip->kind == SIP_REQUEST &&
	    (sip->method == METHOD_ACK || sip->method == METHOD_CANCEL))
		n->invite = txn_of(n, via, METHOD_INVITE, outward);
}

static uint64_t tag_of(const struct state *st, uint64_t call, struct slice tag)
{
	return tag.n ? named(st, NAME_TAG, call, tag) : 0;
}

static void dialog_of(const struct state *st, struct slice call_id, struct slice from_tag,
		      struct slice to_tag, struct names *n)
{
	n->call = named(st, NAME_CALL, 0, call_id);
	n->from = tag_of(st, n->call, from_tag);
	n->to = tag_of(st, n->call, to_tag);
	n->dialog = n->from && n->to ? n->from + n->to : 0;
}

void names_of_dialog(const struct state *st, struct slice call_id, struct slice from_tag,
		     struct slice to_tag, struct names *n)
{
	memset(n, 0, sizeof(*n));
	dialog_of(st, call_id, from_tag, to_tag, n);
}

/* Servers look up what stands before the '@', and some undo quoted pairs. */
uint64_t name_login(const struct state *st, struct slice username)
{
	char room[USER_ROOM];
	uint32_t n = 0;

	for (uint32_t i = 0; i < username.n && username.p[i] != '@' && n < sizeof(room); i++) {
		if (username.p[i] == '\\' && i + 1 < username.n)
			i++;
		room[n++] = username.p[i];
	}
	return name_of(st, (struct slice){ room, n });
}

/* nc-value: eight hex digits (RFC 7616 3.4). */
static uint32_t count_of(struct slice nc)
{
	uint32_t v = 0;

	for (uint32_t i = 0; i < nc.n && i < 8; i++) {
		char c = ascii_lower(nc.p[i]);

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return 0;
		v = v << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return v;
}

/*
 * A request may carry credentials for several realms (RFC 3261 22.3), all of one
 * user as a rule.  Which of different ones a server takes is not for us to guess:
 * together they are a user of their own, so that a name put in front of the true
 * one hides no guess.
 */
static void names_login(const struct state *st, const struct sip_msg *sip, struct names *n)
{
	static const uint8_t headers[] = { HDR_AUTHORIZATION, HDR_PROXY_AUTHORIZATION };
	struct sip_digest d;
	struct slice line;

	n->login = n->guess = n->nonce = 0;
	n->nc = 0;
	n->several = false;
	n->credentials = SLICE_NONE;
	for (unsigned i = 0; i < sizeof(headers); i++) {
		unsigned at = 0;

		while (sip_next(sip, headers[i], &at, &line)) {
			uint64_t user;

			if (!sip_digest_read(line, &d) || (!d.response.n && !d.repeated))
				continue;
			user = d.repeated || !d.username.n ? 0 : name_login(st, d.username);
			if (n->login && n->login != user)
				user = 0;
			n->several |= !user;
			n->login = n->several ? named(st, NAME_USERS, 0, SLICE_NONE) : user;
			n->guess = named(st, NAME_OTHER, n->guess, line);
			if (n->credentials.n)
				continue;
			n->credentials = line;
			n->nonce = name_bytes(st, NAME_NONCE, d.nonce);
			n->nc = count_of(d.nc);
		}
	}
	if (n->login)
		n->guess = (n->nonce & ~(uint64_t)UINT32_MAX) | (uint32_t)n->guess;
}

/* Nearly always the Request-URI and To say the same: then one hash will do. */
static uint64_t target_of(const struct state *st, const struct sip_msg *sip, uint64_t to_user)
{
	uint64_t target;

	if (sip->method == METHOD_REGISTER || slice_eq(sip->to.uri, sip->uri))
		return to_user;
	target = name_user_of_uri(st, sip->uri);
	return target ? target : to_user;
}

static void names_challenge(const struct state *st, const struct sip_msg *sip, struct names *n)
{
	enum sip_header h = sip->seen[HDR_WWW_AUTHENTICATE] ? HDR_WWW_AUTHENTICATE :
							      HDR_PROXY_AUTHENTICATE;
	struct slice nonce;

	if (sip_digest_param(sip_first(sip, h), SLICE("nonce"), &nonce) && nonce.n)
		n->nonce = name_bytes(st, NAME_NONCE, nonce);
}

static void names_register(const struct state *st, const struct pkt *pkt,
			   const struct sip_msg *sip, struct names *n)
{
	n->aor_user = n->to_user ? n->to_user : name_user_of_uri(st, sip->to.uri);
	n->aor = name_aor_of_uri(st, n->aor_user, sip->to.uri);
	if (sip->kind == SIP_REQUEST && pkt->dir == DIR_INBOUND)
		contacts_read(st, sip, &n->contacts);
}

void names_read(const struct state *st, const struct pkt *pkt, const struct sip_msg *sip,
		uint64_t site_key, struct names *n)
{
	n->site = site_key;
	dialog_of(st, sip_first(sip, HDR_CALL_ID), sip->from.tag, sip->to.tag, n);
	names_transaction(st, pkt, sip, n);
	n->from_user = n->to_user = n->target = 0;
	if (!n->to && sip->kind == SIP_REQUEST) {
		n->from_user = name_user_of_uri(st, sip->from.uri);
		n->to_user = name_user_of_uri(st, sip->to.uri);
		n->target = target_of(st, sip, n->to_user);
	}
	n->aor = n->aor_user = 0;
	n->contacts.n = n->contacts.star = 0;
	if (sip->method == METHOD_REGISTER)
		names_register(st, pkt, sip, n);
	names_login(st, sip, n);
	if (sip->status == 401 || sip->status == 407)
		names_challenge(st, sip, n);
}
