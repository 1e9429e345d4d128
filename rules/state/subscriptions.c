/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "subscriptions.h"

#include "plain.h"
#include "store.h"

size_t subscriptions_size(void)
{
	return sizeof(struct subscription);
}

static void put_user(char out[SUBSCRIPTION_NAME], struct slice text)
{
	char room[SUBSCRIPTION_NAME];
	struct sip_uri uri;

	(void)sip_uri_read(text, &uri);
	plain_put(out, SUBSCRIPTION_NAME, sip_user(&uri, room, sizeof(room)));
}

void subscription_put(struct state *st, const struct lesson *l, uint64_t key, uint32_t seconds)
{
	struct hold h = table_make(st->subscriptions, key, l->now, 0);
	struct subscription *s = h.value;

	if (!s)
		return;
	if (h.fresh || s->key != key)
		s->since = (uint32_t)(l->now / NS);
	s->key = key;
	s->inside = l->inside;
	s->inside_port = l->pkt->dir == DIR_OUTBOUND ? l->pkt->sport : l->pkt->dport;
	plain_put(s->call_id, sizeof(s->call_id), sip_first(l->sip, HDR_CALL_ID));
	put_user(s->from, l->sip->from.uri);
	put_user(s->to, l->sip->to.uri);
	table_keep(&h, l->now, l->now + seconds * NS, 0);
	table_release(&h);
}

bool subscription_find(struct state *st, uint64_t key, uint64_t now, struct subscription *out)
{
	struct hold h = table_find(st->subscriptions, key, now);
	bool found = h.value && ((const struct subscription *)h.value)->key == key;

	if (found)
		*out = *(const struct subscription *)h.value;
	table_release(&h);
	return found;
}
