/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nets.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"
#include "ruleparts.h"
#include "steer.h"

#define WRITE_EVERY (NS / 4)

struct list {
	struct piece_of *one; /* in the order of pieces_order */
	size_t n;
	struct piece *range; /* as it was written last; texts are not valid */
	size_t ranges;
};

struct nets {
	struct nftset *nft;
	struct list list[NETS_KINDS];
	bool changed, copies;
	uint64_t written_at;
};

/* ---- the prefixes ---- */

int nets_open(struct nets **out, struct nftset *nft)
{
	struct nets *n = calloc(1, sizeof(*n));

	*out = NULL;
	if (!n)
		return -ENOMEM;
	n->nft = nft;
	for (unsigned k = 0; k < NETS_KINDS; k++) {
		n->list[k].one = calloc(NETS_MOST, sizeof(struct piece_of));
		n->list[k].range = calloc(2 * NETS_MOST, sizeof(struct piece));
		if (!n->list[k].one || !n->list[k].range) {
			nets_close(n);
			return -ENOMEM;
		}
	}
	*out = n;
	return 0;
}

void nets_close(struct nets *n)
{
	for (unsigned k = 0; n && k < NETS_KINDS; k++) {
		free(n->list[k].one);
		free(n->list[k].range);
	}
	free(n);
}

/* Where it stands, or would. */
static size_t place_of(const struct list *l, const struct prefix *who, bool *there)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (pieces_order(&l->one[mid].who, who) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*there = lo < l->n && pieces_order(&l->one[lo].who, who) == 0;
	return lo;
}

static void drop_ended(struct list *l, uint64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->one[i].until > now)
			l->one[kept++] = l->one[i];
	l->n = kept;
}

enum elem_result nets_put(struct nets *n, enum nets_kind kind, const struct prefix *who,
			  uint64_t until, uint64_t now, const char *text)
{
	struct list *l = &n->list[kind];
	bool there;
	size_t i;

	if (l->n == NETS_MOST)
		drop_ended(l, now);
	i = place_of(l, who, &there);
	if (there && l->one[i].until >= until)
		return ELEM_SAME;
	if (!there && l->n == NETS_MOST)
		return ELEM_REFUSED;
	if (!there)
		memmove(&l->one[i + 1], &l->one[i], (l->n++ - i) * sizeof(*l->one));
	l->one[i] = (struct piece_of){ .who = *who, .until = until };
	snprintf(l->one[i].text, sizeof(l->one[i].text), "%s", text);
	n->changed = true;
	return there ? ELEM_PROLONGED : ELEM_NEW;
}

bool nets_remove(struct nets *n, enum nets_kind kind, const struct prefix *who)
{
	struct list *l = &n->list[kind];
	bool there;
	size_t i = place_of(l, who, &there);

	if (!there)
		return false;
	memmove(&l->one[i], &l->one[i + 1], (--l->n - i) * sizeof(*l->one));
	n->changed = true;
	return true;
}

const struct piece_of *nets_list(const struct nets *n, enum nets_kind kind, size_t *count)
{
	*count = n->list[kind].n;
	return n->list[kind].one;
}

bool nets_allows(const struct nets *n, bool v4, uint64_t now)
{
	const struct list *l = &n->list[NETS_ALLOW];

	for (size_t i = 0; i < l->n; i++)
		if (l->one[i].until > now && addr_is_v4(&l->one[i].who.addr) == v4)
			return true;
	return false;
}

/* ---- the kernel's sets ---- */

static const char *set_of(const struct family *f, enum nets_kind kind)
{
	return kind == NETS_BAN ? f->nets : f->allowed;
}

bool nets_is(const char *set, enum nets_kind *kind)
{
	for (unsigned i = 0; i < 2 * NETS_KINDS; i++)
		if (strcmp(set, set_of(&families[i % 2], i / 2)) == 0) {
			*kind = i / 2;
			return true;
		}
	return false;
}

static void write_set(struct nets *n, const struct nftset_table *t, const struct family *f,
		      enum nets_kind kind, uint64_t now)
{
	const struct list *l = &n->list[kind];
	struct nftset_elem e[NFTSET_CHUNK_NOTED];
	const char *set = set_of(f, kind);
	unsigned k = 0;

	nftset_set_flush(n->nft, t, set);
	for (size_t i = 0; i < l->ranges; i++) {
		const struct piece *r = &l->range[i];

		if (addr_is_v4(&r->at.lo) != (f->proto == NFPROTO_IPV4))
			continue;
		if (k + 2 > NFTSET_CHUNK_NOTED) {
			nftset_elems(n->nft, NFTSET_ADD, t, set, f->type, e, k);
			k = 0;
		}
		e[k + 1] = (struct nftset_elem){ .end = false };
		put_range(&e[k], &r->at, f);
		e[k].timeout = elem_timeout(r->until, now);
		e[k].comment = r->text[0] ? r->text : NULL;
		k += e[k].open ? 1 : 2;
	}
	if (k)
		nftset_elems(n->nft, NFTSET_ADD, t, set, f->type, e, k);
}

int nets_flush(struct nets *n, uint64_t now, bool at_once)
{
	int e;

	if (!n->changed || (!at_once && nets_due(n) > now))
		return 0;
	n->written_at = now;
	nftset_begin(n->nft);
	for (unsigned k = 0; k < NETS_KINDS; k++) {
		struct list *l = &n->list[k];

		drop_ended(l, now);
		l->ranges = pieces_cut(l->one, l->n, now, l->range);
		for (unsigned f = 0; f < 2; f++) {
			write_set(n, &steer_main, &families[f], k, now);
			if (n->copies && k == NETS_ALLOW)
				write_set(n, f ? &steer_queue6 : &steer_queue4, &families[f], k,
					  now);
		}
	}
	e = nftset_commit(n->nft, NULL, 0, NULL);
	n->changed = e < 0;
	/* what is not there was not written, and nobody has taken it away */
	for (unsigned k = 0; e < 0 && k < NETS_KINDS; k++)
		n->list[k].ranges = 0;
	return e;
}

uint64_t nets_due(const struct nets *n)
{
	return n->changed ? n->written_at + WRITE_EVERY : 0;
}

void nets_rewrite(struct nets *n)
{
	n->changed = true;
}

void nets_copy(struct nets *n, bool copies)
{
	n->copies = copies;
	n->changed |= copies;
}

size_t nets_written(const struct nets *n, enum nets_kind kind, const struct piece **out)
{
	*out = n->list[kind].range;
	return n->list[kind].ranges;
}
