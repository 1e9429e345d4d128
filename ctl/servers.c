/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "servers.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>

#include "feed.h"
#include "ports.h"

/* What is counted of an address, and of a server towards one client. */
struct tally {
	uint64_t strong;   /* challenges and answers to REGISTER */
	uint64_t answers;  /* final responses to a request that was seen */
	uint64_t asked;    /* first requests it got, without repetitions */
	uint64_t replies;  /* final responses, whether or not the request was seen */
};

struct peer {
	struct addr addr; /* the key; stands first */
	struct tally t;
	uint64_t asks;    /* requests it sent itself */
	uint64_t weight, seq;
	bool chosen;
	struct pair *pairs; /* as the server of these */
	struct peer *next;  /* in order of appearance, latest first */
};

struct pair {
	struct addr server, client; /* the key; stands first */
	struct tally t;
	struct peer *of;   /* the client */
	struct pair *next; /* of the same server */
};

struct request {
	uint64_t hash;
};

struct search {
	const struct settings *settings;
	void *peers, *pairs, *requests; /* tsearch trees */
	struct peer *list;
	size_t count;
	bool no_memory;
	struct sip_msg sip;
};

/* Best evidence first; the first that finds anybody decides. */
enum level { BY_STRONG, BY_ANSWERS, BY_SILENCE, BY_ASKED, BY_REPLIES, LEVELS };

static int compare_addr(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

static int compare_pair(const void *a, const void *b)
{
	return memcmp(a, b, 2 * sizeof(struct addr));
}

static int compare_request(const void *a, const void *b)
{
	const struct request *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static int compare_weight(const void *a, const void *b)
{
	const struct peer *x = *(struct peer *const *)a, *y = *(struct peer *const *)b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? -1 : 1;
	return (x->seq < y->seq) - (x->seq > y->seq);
}

/* The record in the tree that equals key, added when it is new. */
static void *find_or_add(struct search *s, void **tree, const void *key, size_t key_size,
			 size_t size, int (*compare)(const void *, const void *), bool *fresh)
{
	void **at = tfind(key, tree, compare);
	void *record;

	*fresh = !at;
	if (at)
		return *at;
	record = calloc(1, size);
	if (record) {
		memcpy(record, key, key_size);
		if (tsearch(record, tree, compare))
			return record;
	}
	free(record);
	s->no_memory = true;
	return NULL;
}

static struct peer *peer_of(struct search *s, const struct addr *a)
{
	bool fresh;
	struct peer *p = find_or_add(s, &s->peers, a, sizeof(*a), sizeof(*p), compare_addr, &fresh);

	if (p && fresh) {
		p->seq = s->count++;
		p->next = s->list;
		s->list = p;
	}
	return p;
}

static struct pair *pair_of(struct search *s, struct peer *server, struct peer *client)
{
	const struct addr key[2] = { server->addr, client->addr };
	bool fresh;
	struct pair *p = find_or_add(s, &s->pairs, key, sizeof(key), sizeof(*p), compare_pair,
				     &fresh);

	if (p && fresh) {
		p->of = client;
		p->next = server->pairs;
		server->pairs = p;
	}
	return p;
}

static uint64_t mix(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	return h;
}

/* One request and its responses have this in common (RFC 3261 8.1.3.3, without the
 * branch, which a scanner may repeat). */
static struct request request_key(const struct peer *client, const struct peer *server,
				  const struct sip_msg *sip)
{
	struct slice id = sip_first(sip, HDR_CALL_ID);
	uint32_t rest[2] = { sip->cseq, sip->method };
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	h = mix(h, &client->addr, sizeof(client->addr));
	h = mix(h, &server->addr, sizeof(server->addr));
	h = mix(h, id.p, id.n);
	return (struct request){ mix(h, rest, sizeof(rest)) };
}

static void saw_request(struct search *s, struct peer *src, struct peer *dst, struct pair *pair)
{
	struct request key = request_key(src, dst, &s->sip);
	bool fresh;

	src->asks++;
	if (!find_or_add(s, &s->requests, &key, sizeof(key), sizeof(key), compare_request, &fresh))
		return;
	if (!fresh || s->sip.method == METHOD_ACK || s->sip.method == METHOD_CANCEL ||
	    sip_tag(sip_first(&s->sip, HDR_TO)).n)
		return; /* repeated, or inside what was opened before */
	dst->t.asked++;
	pair->t.asked++;
}

static void saw_response(struct search *s, struct peer *src, struct peer *dst, struct pair *pair)
{
	struct request key = request_key(dst, src, &s->sip);
	bool strong = s->sip.method == METHOD_REGISTER || s->sip.status == 401 ||
		      s->sip.status == 407;

	if (s->sip.status < 200)
		return;
	src->t.replies++;
	pair->t.replies++;
	if (!tfind(&key, &s->requests, compare_request))
		return;
	src->t.answers++;
	pair->t.answers++;
	src->t.strong += strong;
	pair->t.strong += strong;
}

static void saw(struct search *s, const struct pkt *pkt)
{
	struct peer *src, *dst, *server;
	struct pair *pair;
	bool request;

	if (!ports_steer(s->settings, pkt) || !pkt->payload.n)
		return;
	sip_parse(&s->sip, pkt->payload);
	request = s->sip.kind == SIP_REQUEST;
	if (!request && s->sip.kind != SIP_RESPONSE)
		return;
	if (!ports_has(s->settings, pkt->proto, request ? pkt->dport : pkt->sport))
		return; /* towards the client's port: says nothing of a server */
	src = peer_of(s, &pkt->src);
	dst = peer_of(s, &pkt->dst);
	if (!src || !dst)
		return;
	server = request ? dst : src;
	pair = pair_of(s, server, request ? src : dst);
	if (!pair)
		return;
	if (request)
		saw_request(s, src, dst, pair);
	else
		saw_response(s, src, dst, pair);
}

static uint64_t weight(const struct tally *t, enum level level)
{
	switch (level) {
	case BY_STRONG:
		return t->strong;
	case BY_ANSWERS:
		return t->answers ? t->asked : 0;
	case BY_SILENCE:
	case BY_ASKED:
		return t->asked;
	default:
		return t->replies;
	}
}

static bool serves_others(const struct peer *p, enum level level)
{
	for (const struct pair *x = p->pairs; x; x = x->next)
		if (weight(&x->t, level) && !x->of->chosen)
			return true;
	return false;
}

/*
 * Takes all who have weight, then lets go, the lightest first and of equals the
 * latest, whoever serves only those that are still taken.
 */
static size_t choose(struct search *s, enum level level, struct peer **order)
{
	size_t n = 0, taken;

	for (struct peer *p = s->list; p; p = p->next) {
		p->weight = weight(&p->t, level);
		if (!p->weight || (level == BY_SILENCE && p->asks))
			continue;
		p->chosen = true;
		order[n++] = p;
	}
	qsort(order, n, sizeof(*order), compare_weight);
	taken = n;
	for (size_t i = 0; i < n; i++)
		if (!serves_others(order[i], level))
			order[i]->chosen = false, taken--;
	return taken;
}

static int decide(struct search *s, struct servers *out)
{
	struct peer **order = calloc(s->count + 1, sizeof(*order));
	size_t n = 0;

	for (unsigned level = 0; order && level < LEVELS && !n; level++)
		n = choose(s, level, order);
	free(order);
	out->server = calloc(n + 1, sizeof(*out->server));
	if (!order || !out->server)
		return -ENOMEM;
	out->n = n;
	for (struct peer *p = s->list; p; p = p->next)
		if (p->chosen) /* the list is latest first */
			out->server[--n] = (struct server){ p->addr, p->t.answers, p->t.asked };
	return 0;
}

int servers_find(struct servers *out, char *const *files, unsigned n,
		 const struct settings *settings)
{
	struct search *s = calloc(1, sizeof(*s));
	struct feed *feed = feed_new(files, n);
	char err[CAPTURE_ERROR];
	struct feed_item item;
	int rc = -ENOMEM;

	*out = (struct servers){ NULL, 0 };
	if (!s || !feed)
		goto out;
	s->settings = settings;
	while (!s->no_memory && feed_next(feed, &item, err) == 1)
		if (item.kind == FEED_PACKET)
			saw(s, &item.pkt);
	if (!s->no_memory)
		rc = decide(s, out);
out:
	if (s) {
		tdestroy(s->requests, free);
		tdestroy(s->pairs, free);
		tdestroy(s->peers, free);
	}
	free(s);
	feed_free(feed);
	return rc;
}

void servers_free(struct servers *s)
{
	free(s->server);
}
