/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All lazy readers on one value, each with what must hold of its answer: what it
 * gives out lies inside the value, and a list comes to its end.
 */
#ifndef SIPMOAT_FUZZ_READERS_H
#define SIPMOAT_FUZZ_READERS_H

#include "fuzz.h"
#include "sip.h"

static inline void read_params(struct slice params)
{
	static const char *const name[] = { "tag", "branch", "received", "rport", "user",
					    "transport", "expires", "q", "x", "" };
	struct slice value;

	for (unsigned i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		if (sip_param(params, slice_of(name[i]), &value))
			must(inside(value, params));
}

static inline void read_digest(struct slice value)
{
	static const char *const name[] = { "username", "realm", "nonce", "uri", "response",
					    "stale", "qop", "opaque", "" };
	struct slice found;

	for (unsigned i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		if (sip_digest_param(value, slice_of(name[i]), &found))
			must(inside(found, value));
}

/* Undoing escapes makes no user longer, and nothing is written behind the room. */
static inline void read_user(const struct sip_uri *u)
{
	char *whole = malloc(u->user.n + 1u), *room = malloc(u->user.n / 2);
	struct slice all, cut;

	must(whole && (room || u->user.n < 2));
	all = sip_user(u, whole, u->user.n);
	cut = sip_user(u, room, u->user.n / 2);
	must(all.n <= u->user.n && cut.n <= u->user.n / 2);
	must(inside(all, (struct slice){ whole, u->user.n }));
	must(inside(cut, (struct slice){ room, u->user.n / 2 }));
	must(sip_user(u, whole, u->user.n + 1u).n == all.n);
	free(whole);
	free(room);
}

static inline void read_uri(struct slice text)
{
	struct sip_uri u;

	memset(&u, 0xee, sizeof(u));
	if (!sip_uri_read(text, &u))
		return;
	must(inside(u.scheme, text) && u.scheme.n);
	must(inside(u.user, text) && inside(u.password, text) && inside(u.host, text));
	must(inside(u.params, text) && inside(u.headers, text));
	read_params(u.params);
	read_user(&u);
}

static inline void read_nameaddr(struct slice value)
{
	struct sip_nameaddr na;

	memset(&na, 0xee, sizeof(na));
	if (sip_nameaddr_read(value, &na)) {
		must(inside(na.display, value) && inside(na.uri, value));
		must(inside(na.params, value));
		must(!na.params.n || na.params.p[0] == ';');
		read_uri(na.uri);
		read_params(na.params);
	}
	must(inside(sip_tag(value), value));
}

static inline void read_via(struct slice value)
{
	struct sip_via via;

	memset(&via, 0xee, sizeof(via));
	if (!sip_via_read(value, &via))
		return;
	must(inside(via.transport, value) && inside(via.host, value));
	must(inside(via.params, value));
	read_params(via.params);
}

static inline void read_list(struct slice value)
{
	struct slice rest = value, item;
	uint32_t left = value.n + 1, items = 0;

	while (sip_list_next(&rest, &item)) {
		must(inside(item, value) && inside(rest, value));
		must(rest.n < left);
		left = rest.n;
		if (items++ < 8) {
			read_nameaddr(item);
			read_via(item);
		}
	}
}

static inline void read_all(struct slice value)
{
	read_params(value);
	read_digest(value);
	read_uri(value);
	read_nameaddr(value);
	read_via(value);
	read_list(value);
}

#endif
