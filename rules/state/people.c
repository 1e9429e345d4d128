/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "people.h"

#include "plain.h"
#include "registry.h"
#include "seen.h"
#include "store.h"
#include "walk.h"

#define NAME_KEPT 32
#define URI_KEPT 48

enum { RANK_BOUND = 2 };

struct person {
	struct people_key key;
	uint32_t since, refreshed; /* s of the engine's clock */
	struct addr outside, inside;
	uint16_t outside_port, inside_port;
	uint8_t proto;
	char user[NAME_KEPT], domain[NAME_KEPT], uri[URI_KEPT];
	char agent[CONTACTS_AGENT];
};

size_t people_size(void)
{
	return sizeof(struct person);
}

static void put_names(struct person *p, const struct sip_msg *sip)
{
	char room[NAME_KEPT];
	struct sip_uri uri;

	(void)sip_uri_read(sip->to.uri, &uri);
	plain_put(p->user, sizeof(p->user), sip_user(&uri, room, sizeof(room)));
	plain_put(p->domain, sizeof(p->domain), uri.host);
}

void people_put(struct state *st, const struct lesson *l, const struct people_key *key,
		struct slice uri, const char *agent, bool lived)
{
	uint64_t mark = key_with(key->aor, (uint64_t)key->site << 32 | key->contact), until;
	struct person *p;
	struct hold h;
	bool same;

	if (!contact_until(st, key, l->now, &until))
		return;
	h = table_make(st->people, mark, l->now, RANK_BOUND);
	p = h.value;
	if (!p)
		return;
	/* its names and its URI are what the key is made from */
	same = p->key.aor == key->aor && p->key.contact == key->contact &&
	       p->key.site == key->site && p->uri[0];
	if (h.fresh || !lived)
		p->since = (uint32_t)(l->now / NS);
	p->key = *key;
	p->refreshed = (uint32_t)(l->now / NS);
	p->outside = l->outside;
	p->inside = l->inside;
	p->outside_port = l->outside_port;
	p->inside_port = l->pkt->sport;
	p->proto = l->pkt->proto;
	if (!same) {
		put_names(p, l->sip);
		plain_put(p->uri, sizeof(p->uri), uri);
	}
	memcpy(p->agent, agent, sizeof(p->agent));
	table_keep(&h, l->now, until, RANK_BOUND);
	table_release(&h);
}

struct walking {
	struct state *st;
	uint64_t now;
	void (*each)(const struct seen_registration *r, void *arg);
	void *arg;
};

static struct slice text_of(const char *text, size_t room)
{
	return (struct slice){ text, (uint32_t)strnlen(text, room) };
}

static void show(const void *value, void *arg)
{
	const struct person *p = value;
	struct walking *w = arg;
	struct seen_registration r = {
		.outside = p->outside, .inside = p->inside, .outside_port = p->outside_port,
		.inside_port = p->inside_port, .proto = p->proto, .since = p->since * NS,
		.refreshed = p->refreshed * NS,
	};

	if (!contact_until(w->st, &p->key, w->now, &r.until))
		return;
	plain_put(r.user, sizeof(r.user), text_of(p->user, sizeof(p->user)));
	plain_put(r.domain, sizeof(r.domain), text_of(p->domain, sizeof(p->domain)));
	plain_put(r.contact, sizeof(r.contact), text_of(p->uri, sizeof(p->uri)));
	plain_put(r.agent, sizeof(r.agent), text_of(p->agent, sizeof(p->agent)));
	w->each(&r, w->arg);
}

bool state_registrations_walk(struct state *st, uint64_t now,
			      void (*each)(const struct seen_registration *r, void *arg),
			      void *arg)
{
	struct walking w = { st, now, each, arg };

	return table_walk(st->people, now, show, &w);
}
