/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "account.h"

#include "check.h"
#include "state/challenges.h"
#include "state/logins.h"
#include "state/names.h"
#include "state/state.h"
#include "state/transactions.h"

#define USER_ROOM 128

/* Of a user who has shown nothing: it is his at that site alone. */
static uint64_t key_at(uint64_t user, uint64_t site)
{
	uint64_t key = (user ^ site * 0xd6e8feb86659fd93u) * 0x9e3779b97f4a7c15u;

	key = (key ^ key >> 32) * 0xd6e8feb86659fd93u;
	key ^= key >> 29;
	return key ? key : 1;
}

/*
 * "100" and "100@pbx.example" are the same user (RFC 7616 3.4).  As a URI, it is read like
 * the user in From: he has one key, whichever way he shows who he is.
 */
static struct slice login_uri(const struct probe *p, char *room, uint32_t size)
{
	struct slice name;
	uint32_t n = 4;

	if (!p->names->login || p->names->several ||
	    !sip_digest_param(p->names->credentials, SLICE("username"), &name))
		return SLICE_NONE;
	memcpy(room, "sip:", 4);
	for (uint32_t i = 0; i < name.n && name.p[i] != '@' && n + 2 < size; i++) {
		if (name.p[i] == '\\' && i + 1 < name.n)
			i++;
		room[n++] = name.p[i];
	}
	if (n == 4)
		return SLICE_NONE;
	room[n++] = '@';
	room[n++] = 'x';
	return (struct slice){ room, n };
}

static bool challenged(const struct probe *p)
{
	const struct transaction t = { .site = p->names->site };

	return nonce_flags(p->state, p->names->nonce, &t, p->now) & TXN_CHALLENGED;
}

/* He is bound there, or has logged in. */
static bool is_at_home(const struct probe *p, uint64_t user)
{
	return login_proven(p->state, user, p->site_key, p->now);
}

static void write_name(struct account *a, struct slice uri_text)
{
	char room[USER_ROOM];
	struct sip_uri uri;
	struct slice user;

	(void)sip_uri_read(uri_text, &uri); /* what stands before the damage will do */
	user = sip_user(&uri, room, sizeof(room));
	for (uint32_t i = 0; i < user.n && a->n < ACCOUNT_NAME; i++) {
		uint8_t c = (uint8_t)user.p[i];

		a->name[a->n++] = c < 0x20 || c > 0x7e ? '?' : (char)c;
	}
}

void account_read(const struct probe *p, struct account *out)
{
	char room[256];
	struct slice login, uri;

	*out = (struct account){ .key = 0 };
	if (p->pkt->dir != DIR_INBOUND)
		return;
	login = login_uri(p, room, sizeof(room));
	uri = login.n ? login : p->sip->from.uri;
	if (!login.n && p->names->from_user)
		out->user_key = p->names->from_user;
	else
		out->user_key = name_user_of_uri(p->state, uri);
	write_name(out, uri);
	/* different users in one request: which one the server takes is not known, and
	 * whoever sends such is one and the same */
	if (p->names->several)
		out->user_key = p->names->login;
	if (!out->user_key)
		return;
	if (login.n)
		out->home = is_at_home(p, p->names->login) || is_at_home(p, out->user_key);
	else if (!p->names->several)
		out->home = is_at_home(p, out->user_key);
	out->shown = out->home || (login.n && challenged(p));
	out->key = out->shown ? out->user_key : key_at(out->user_key, p->site_key);
}
