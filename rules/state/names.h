/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names a message goes by, as keys of the tables: which transaction, which
 * dialog, whose.  Read once a message, for all that remember something of it.
 *
 * Keys are hashes made with the state's secret; 0 stands for none.  Call-ID, tags
 * and branch are compared byte for byte (RFC 3261 8.1.1.4, 19.3, 8.1.1.7), hosts in
 * any case, and users too.  A user is its user part with escapes undone (sip_user), the
 * domain left out, because phones register at a name and call at an address.
 *
 * Ownership: values.  Locking: none.
 */
#ifndef SIPMOAT_NAMES_H
#define SIPMOAT_NAMES_H

#include "bindings.h"
#include "pkt.h"

struct state;

struct names {
	uint64_t site;   /* the outside end: key_of_addr(addr_site()) */
	uint64_t txn;    /* transaction: branch, Call-ID, method, direction; of an inbound
	                  * request with the site, so that nobody can take another's name;
	                  * 0 without a Via that can be read */
	uint64_t invite; /* of ACK and CANCEL: the INVITE with the same branch */
	uint64_t call;   /* Call-ID */
	uint64_t from, to; /* tags, each with the Call-ID; 0 without a tag */
	uint64_t dialog; /* Call-ID and both tags, the same from either side; 0 unless both */
	uint64_t from_user, to_user; /* of requests outside a dialog, else 0: see name_user */
	uint64_t target; /* whom a request outside a dialog is for: the user of the Request-URI,
	                  * which servers go by (16.5), of REGISTER that of To (10.2) */
	uint64_t aor, aor_user; /* of REGISTER and its answers: name_aor and name_user of To */
	struct contacts_asked contacts; /* of REGISTER from outside */
	uint64_t login;  /* username of the digest credentials, up to its '@'; of several
	                  * different ones a name of their own.  0: none, or they have no
	                  * response yet (IMS asks for its challenge so, TS 24.229 5.1.1.2) */
	uint64_t guess;  /* with login: these credentials, byte for byte; the upper half
	                  * is that of nonce */
	uint64_t nonce;  /* name_bytes(NAME_NONCE) of the first nonce: of credentials, with
	                  * login, or of a challenge; 0 without */
	uint32_t nc;     /* with login: its count, 0 without one */
	bool several;    /* with login: it is that name of their own */
	struct slice credentials; /* the first header that holds them */
};

/* pkt->dir must be set; site_key is that of the outside end.  Fills all of *n. */
void names_read(const struct state *st, const struct pkt *pkt, const struct sip_msg *sip,
		uint64_t site_key, struct names *n);

/* call, from, to and dialog of a dialog that is named by its parts; all else is 0. */
void names_of_dialog(const struct state *st, struct slice call_id, struct slice from_tag,
		     struct slice to_tag, struct names *n);

/* The transaction of a request like this one that a server inside sent with that Via;
 * 0 when that cannot be read.  n: of this one. */
uint64_t names_asked(const struct state *st, const struct names *n, const struct sip_msg *sip,
		     struct slice value);

/* Of a From, To or Contact value, or of a URI; 0 when it has no user. */
uint64_t name_user(const struct state *st, struct slice address);
uint64_t name_user_of_uri(const struct state *st, struct slice uri);
/* Of a username of credentials: up to its '@'. */
uint64_t name_login(const struct state *st, struct slice username);
/* User and domain, the port left out: what is registered (RFC 3261 10.3).  user: that of
 * the URI, as name_user_of_uri says. */
uint64_t name_aor(const struct state *st, struct slice address);
uint64_t name_aor_of_uri(const struct state *st, uint64_t user, struct slice uri);
/* A branch that its maker never used before, and nobody can guess (RFC 3261 8.1.1.7). */
bool name_has_cookie(struct slice branch);
/* Any other bytes; kind keeps the uses apart. */
#define NAME_NONCE 1
#define NAME_CALLED 2 /* a Request-URI */
#define NAME_HOST 3
#define NAME_REALM 9
#define NAME_BRANCHES 10
#define NAME_ANSWER 11 /* tag of an answer of ours */
#define NAME_TAG_BEGIN 12 /* how a tag begins */
uint64_t name_bytes(const struct state *st, uint64_t kind, struct slice bytes);

#endif
