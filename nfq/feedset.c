/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feedset.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "ruleparts.h"
#include "shed.h"
#include "steer.h"

#define CHUNK 1000        /* elements a transaction: about a millisecond of the kernel's lock */
#define CHUNK_SHARE 16    /* of an interval set: writing a part of it costs as much as all */
#define PAUSE_MOST 20000000 /* ns between two transactions */

#define LISTED "feeds_hit"  /* the chain of those that a block list names */

enum { HOSTS, NETS };

/* As in families: IPv4, IPv6. */
static const char *const set_name[FEED_LISTS][2][2] = {
	{ { "feed_hosts4", "feed_hosts6" }, { "feed4", "feed6" } },
	{ { "feed_allow_hosts4", "feed_allow_hosts6" }, { "feed_allow4", "feed_allow6" } },
};

struct feedset {
	struct nftset *nft;
	struct feedmix held[FEED_LISTS];
};

int feedset_open(struct feedset **out)
{
	struct feedset *s = calloc(1, sizeof(*s));
	int e = s ? nftset_open(&s->nft) : -ENOMEM;

	*out = NULL;
	if (e < 0) {
		free(s);
		return e;
	}
	*out = s;
	return 0;
}

void feedset_close(struct feedset *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < FEED_LISTS; i++)
		feedmix_free(&s->held[i]);
	nftset_close(s->nft);
	free(s);
}

uint32_t feedset_port(const struct feedset *s)
{
	return nftlink_port(nftset_link(s->nft));
}

const struct feedmix *feedset_held(const struct feedset *s, enum feed_list list)
{
	return &s->held[list];
}

/* ---- sets and rules ---- */

/* Who is on no list pays for the look-ups of block lists alone. */
static void put_rules(struct nftset *n, bool enforce)
{
	clear_chain(n, &steer_main, STEER_FEEDS, -1, 0);
	clear_chain(n, &steer_main, LISTED, -1, 0);
	for (unsigned k = 0; k < 4; k++)
		source_goes(n, STEER_FEEDS, &families[k >> 1], set_name[FEED_BLOCK][k & 1][k >> 1],
			    false, LISTED);
	shed_spare(n, LISTED, families, 2);
	for (unsigned k = 0; k < 4; k++)
		accept_source(n, LISTED, &families[k >> 1], set_name[FEED_ALLOW][k & 1][k >> 1],
			      false);
	shed_drop(n, LISTED, enforce, true);
}

static void drop_rules(struct nftset *n)
{
	clear_chain(n, &steer_main, STEER_FEEDS, -1, 0);
	clear_chain(n, &steer_main, LISTED, -1, 0);
	nftset_chain_del(n, &steer_main, LISTED);
}

/* Adding first makes the deletion of an absent set succeed, on any kernel.  A set that goes is
 * taken apart by a thread of the kernel; one that is emptied holds its lock meanwhile. */
static void renew_set(struct nftset *n, unsigned family, const char *name, unsigned kind, bool any)
{
	uint8_t type = families[family].type, flags = kind == NETS ? NFTSET_INTERVAL : 0;

	put_set(n, &steer_main, name, type, flags, 0, false);
	nftset_set_del(n, &steer_main, name);
	if (any)
		put_set(n, &steer_main, name, type, flags, 0, false);
}

int feedset_anew(struct feedset *s, bool any, bool enforce)
{
	for (unsigned i = 0; i < FEED_LISTS; i++)
		feedmix_free(&s->held[i]);
	nftset_begin(s->nft);
	drop_rules(s->nft);
	for (unsigned i = 0; i < FEED_LISTS; i++)
		for (unsigned k = 0; k < 4; k++)
			renew_set(s->nft, k >> 1, set_name[i][k & 1][k >> 1], k & 1, any);
	if (any)
		put_rules(s->nft, enforce);
	return nftset_commit(s->nft, NULL, 0, NULL);
}

int feedset_rules(struct feedset *s, bool enforce)
{
	nftset_begin(s->nft);
	put_rules(s->nft, enforce);
	return nftset_commit(s->nft, NULL, 0, NULL);
}

/* ---- elements ---- */

/* Those of one family that go the same way, until they fill a message. */
struct buffer {
	struct nftset_elem e[NFTSET_CHUNK];
	unsigned n;
};

struct writer {
	struct feedset *s;
	const atomic_bool *stop;
	enum feed_list list;
	unsigned kind;
	unsigned chunk, ops; /* elements a transaction, and in this one */
	int error;
	struct buffer buffer[2][2]; /* [family][enum nftset_how: ADD, DEL] */
};

static void flush_buffer(struct writer *w, unsigned family, enum nftset_how how)
{
	struct buffer *b = &w->buffer[family][how];

	if (b->n)
		nftset_elems(w->s->nft, how, &steer_main, set_name[w->list][w->kind][family],
			     families[family].type, b->e, b->n);
	b->n = 0;
}

/* What goes, goes first: a range may take the place of another. */
static void flush_buffers(struct writer *w)
{
	for (unsigned family = 0; family < 2; family++) {
		flush_buffer(w, family, NFTSET_DEL);
		flush_buffer(w, family, NFTSET_ADD);
	}
}

/* The lock is the others' for as long as it was ours. */
static void pause_for(uint64_t ns)
{
	struct timespec t = { 0, (long)(ns < PAUSE_MOST ? ns : PAUSE_MOST) };

	nanosleep(&t, NULL);
}

static void send_all(struct writer *w)
{
	uint64_t begin = clock_kernel();

	flush_buffers(w);
	if (w->ops && !w->error) {
		w->error = nftset_commit(w->s->nft, NULL, 0, NULL);
		pause_for(clock_kernel() - begin);
	}
	if (atomic_load(w->stop) && !w->error)
		w->error = -EINTR;
	w->ops = 0;
	nftset_begin(w->s->nft);
}

static void put(struct writer *w, enum nftset_how how, const struct plan_range *r)
{
	unsigned family = addr_is_v4(&r->lo) ? 0 : 1;
	const struct family *f = &families[family];
	struct buffer *b = &w->buffer[family][how];

	if (w->error)
		return;
	if (b->n + 2 > NFTSET_CHUNK)
		flush_buffer(w, family, how);
	if (w->kind == NETS) {
		b->n += put_range(&b->e[b->n], r, f);
	} else {
		memset(&b->e[b->n], 0, sizeof(b->e[b->n]));
		memcpy(b->e[b->n++].key, r->lo.b + 16 - f->len, f->len);
	}
	if (++w->ops >= w->chunk)
		send_all(w);
}

static void put_hosts(struct writer *w, const struct feedmix *old, const struct feedmix *fresh)
{
	size_t i = 0, k = 0;

	w->kind = HOSTS;
	w->chunk = CHUNK;
	while ((i < old->hosts || k < fresh->hosts) && !w->error) {
		int d = i == old->hosts ? 1 : k == fresh->hosts ? -1 :
			memcmp(&old->host[i], &fresh->host[k], sizeof(struct addr));
		const struct addr *a = d < 0 ? &old->host[i] : &fresh->host[k];

		if (d)
			put(w, d < 0 ? NFTSET_DEL : NFTSET_ADD, &(struct plan_range){ *a, *a });
		i += d <= 0;
		k += d >= 0;
	}
	send_all(w);
}

/* How: those of a that are not the same in b. */
static void put_missing(struct writer *w, enum nftset_how how, const struct plan_ranges *a,
			const struct plan_ranges *b)
{
	for (size_t i = 0, k = 0; i < a->n && !w->error; i++) {
		const struct plan_range *r = &a->r[i], *same;

		while (k < b->n && (addr_is_v4(&b->r[k].lo) != addr_is_v4(&r->lo) ?
					    addr_is_v4(&b->r[k].lo) :
					    memcmp(&b->r[k].lo, &r->lo, sizeof(r->lo)) < 0))
			k++;
		same = k < b->n ? &b->r[k] : NULL;
		if (!same || !addr_eq(&same->lo, &r->lo) || !addr_eq(&same->hi, &r->hi))
			put(w, how, r);
	}
	for (unsigned family = 0; family < 2; family++)
		flush_buffer(w, family, how);
}

static void put_nets(struct writer *w, const struct feedmix *old, const struct feedmix *fresh)
{
	size_t most = old->nets.n > fresh->nets.n ? old->nets.n : fresh->nets.n;

	w->kind = NETS;
	w->chunk = CHUNK + (unsigned)(most / CHUNK_SHARE);
	put_missing(w, NFTSET_DEL, &old->nets, &fresh->nets);
	put_missing(w, NFTSET_ADD, &fresh->nets, &old->nets);
	send_all(w);
}

int feedset_put(struct feedset *s, enum feed_list list, struct feedmix *fresh,
		const atomic_bool *stop)
{
	struct writer *w = calloc(1, sizeof(*w));
	struct feedmix *held = &s->held[list];
	int e;

	if (!w)
		return -ENOMEM;
	*w = (struct writer){ .s = s, .stop = stop, .list = list };
	nftset_begin(s->nft);
	/* what moves from the one kind to the other is in both for a while, not in none */
	put_nets(w, held, fresh);
	if (!w->error)
		put_hosts(w, held, fresh);
	e = w->error;
	free(w);
	feedmix_free(held);
	*held = *fresh;
	*fresh = (struct feedmix){ 0 };
	return e;
}
