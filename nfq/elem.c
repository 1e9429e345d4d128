/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "elem.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "elemheld.h"
#include "engine.h"
#include "log.h"
#include "nftread.h"
#include "stats.h"
#include "steer.h"

#define BATCH 1000   /* elements a transaction: more would hold the kernel's lock for long */
#define TRIES 4
#define FAULTS (BATCH * 4)
#define FULL_QUIET (60 * NS) /* between two complaints about a full set */

enum op_what { OP_ADD, OP_REPLACE, OP_DELETE, OP_DONE };

struct op {
	uint8_t what, kind;
	struct addr key;
	uint64_t until;
	uint32_t mark; /* ELEM_MARK */
	bool leads;    /* ... which its packets did not have before */
	unsigned first, deletions; /* its messages: deletions come before additions */
	char text[NFTSET_COMMENT];
};

int elem_open(struct elem **out, struct nftset *nft, const uint32_t max[ELEM_KINDS])
{
	struct elem *m = calloc(1, sizeof(*m));
	bool complete;

	*out = NULL;
	if (!m)
		return -ENOMEM;
	m->nft = nft;
	memcpy(m->max, max, sizeof(m->max));
	m->op = calloc(BATCH, sizeof(*m->op));
	m->fault = calloc(FAULTS, sizeof(*m->fault));
	complete = m->op && m->fault;
	for (unsigned i = 0; i < ELEM_KINDS; i++) {
		m->held[i] = mirror_new(max[i]);
		complete &= m->held[i] != NULL;
	}
	if (complete)
		*out = m;
	else
		elem_close(m);
	return complete ? 0 : -ENOMEM;
}

void elem_close(struct elem *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < ELEM_KINDS; i++)
		mirror_free(m->held[i]);
	free(m->op);
	free(m->fault);
	free(m);
}

static const char *set_name(enum elem_kind kind, bool v4)
{
	static const char *const name[ELEM_KINDS][2] = { { "banned6", "banned4" },
							 { "known6", "known4" },
							 { "marked6", "marked4" } };

	return name[kind][v4];
}

static void encode(struct elem *m, enum nftset_how how, enum elem_kind kind,
		   const struct addr *key, const struct nftset_elem *e)
{
	bool v4 = addr_is_v4(key);
	uint8_t type = v4 ? NFTSET_IPV4 : NFTSET_IPV6;
	const char *set = set_name(kind, v4);

	nftset_elems(m->nft, how, &steer_main, set, type, e, 1);
	if (m->copies && kind != ELEM_BAN)
		nftset_elems(m->nft, how, v4 ? &steer_queue4 : &steer_queue6, set, type, e, 1);
}

static struct nftset_elem plain_key(const struct addr *key)
{
	struct nftset_elem e = { .end = false };

	memcpy(e.key, addr_is_v4(key) ? key->b + 12 : key->b, addr_is_v4(key) ? 4 : 16);
	return e;
}

void elem_probe(struct elem *m)
{
	struct addr none = addr_v4((const uint8_t[4]){ 0, 0, 0, 0 });
	struct nftset_elem e = plain_key(&none);

	nftset_begin(m->nft);
	encode(m, NFTSET_DESTROY, ELEM_BAN, &none, &e);
	m->destroy = nftset_commit(m->nft, NULL, 0, NULL) == 0;
}

uint64_t elem_timeout(uint64_t until, uint64_t now)
{
	if (until >= BAN_FOREVER)
		return 0;
	return until > now ? (until - now + NS - 1) / NS * 1000 : 1;
}

static void encode_op(struct elem *m, struct op *op, unsigned *index, uint64_t now)
{
	unsigned each = m->copies && op->kind != ELEM_BAN ? 2 : 1;
	struct nftset_elem e = plain_key(&op->key);

	op->first = *index;
	op->deletions = 0;
	if (op->what == OP_REPLACE || op->what == OP_DELETE) {
		encode(m, m->destroy ? NFTSET_DESTROY : NFTSET_DEL, op->kind, &op->key, &e);
		op->deletions = each;
	}
	*index += op->deletions;
	if (op->what == OP_DELETE)
		return;
	e.timeout = elem_timeout(op->until, now);
	e.comment = op->text[0] ? op->text : NULL;
	e.mark = op->mark;
	encode(m, NFTSET_ADD, op->kind, &op->key, &e);
	*index += each;
}

static void complain_full(struct elem *m, enum elem_kind kind, uint64_t now)
{
	static const char *const set[ELEM_KINDS] = { "the banned set (bans.max)",
						     "the known set (bans.known)",
						     "the map of the marked (marks.max)" };

	m->refused++;
	if (m->complained && now - m->complained < FULL_QUIET)
		return;
	m->complained = now;
	log_warn("%s is full (%u): further ones are not added until some end", set[kind],
		 m->max[kind]);
}

/* Takes an operation that the kernel refused out of the transaction, or changes
 * it so that the kernel will take it. */
static void settle(struct elem *m, struct op *op, const struct nftlink_fault *f, uint64_t now)
{
	bool deleting = f->index - op->first < op->deletions;

	if (deleting && f->error == -ENOENT && (op->what == OP_REPLACE || op->what == OP_ADD)) {
		op->what = OP_ADD; /* a copy is absent too: said once for each table */
		return;
	}
	if (op->what == OP_DONE)
		return;
	if (!deleting) {
		mirror_remove(m->held[op->kind], &op->key);
		if (f->error == -ENFILE)
			complain_full(m, op->kind, now);
		else
			log_warn("nftables refused an element: %s", strerror(-f->error));
	}
	op->what = OP_DONE;
}

/* Which operation a message belongs to; both lists ascend. */
static void settle_all(struct elem *m, unsigned faults, uint64_t now)
{
	unsigned k = 0;

	for (unsigned i = 0; i < faults; i++) {
		while (k + 1 < m->ops && (m->op[k].what == OP_DONE ||
					  m->op[k + 1].first <= m->fault[i].index))
			k++;
		settle(m, &m->op[k], &m->fault[i], now);
	}
}

static int send_ops(struct elem *m, unsigned *faults, uint64_t now)
{
	unsigned index = 0;

	stats_add(&m->sent, 1);
	nftset_begin(m->nft);
	for (unsigned i = 0; i < m->ops; i++) {
		if (m->op[i].what == OP_DONE)
			m->op[i].first = index;
		else
			encode_op(m, &m->op[i], &index, now);
	}
	return nftset_commit(m->nft, m->fault, FAULTS, faults);
}

/* The table went while we wrote: everything fails, and nothing is an element's fault. */
static bool table_gone(const struct elem *m, unsigned faults)
{
	for (unsigned i = 0; i < faults; i++)
		if (m->fault[i].error != -ENOENT)
			return false;
	return faults > 0;
}

uint64_t elem_sent(struct elem *m)
{
	return atomic_load_explicit(&m->sent, memory_order_relaxed);
}

int elem_flush(struct elem *m, uint64_t now)
{
	unsigned faults;
	int e = 0;

	for (unsigned i = 0; m->ops && i < TRIES; i++) {
		e = send_ops(m, &faults, now);
		if (e == 0 || faults == 0)
			break;
		if (table_gone(m, faults) && !nftread_has_table(nftset_link(m->nft), &steer_main))
			break;
		settle_all(m, faults, now);
	}
	for (unsigned i = 0; i < m->ops; i++) {
		struct mirror_entry *en = mirror_find(m->held[m->op[i].kind], &m->op[i].key);

		if (en)
			en->op = 0;
		/* state knows the bans and brings them again; the others are only here, and
		 * come back with the table */
		if (en && e < 0 && m->op[i].what != OP_DONE &&
		    !(e == -ENOENT && m->op[i].kind != ELEM_BAN))
			mirror_remove(m->held[m->op[i].kind], &m->op[i].key);
		if (en && e == 0 && m->op[i].leads && m->on_mark)
			m->on_mark(m->mark_arg, &m->op[i].key);
	}
	m->ops = 0;
	return e;
}

static struct op *new_op(struct elem *m, enum op_what what, enum elem_kind kind,
			 const struct addr *key, uint64_t now)
{
	struct op *op;

	if (m->ops == BATCH)
		elem_flush(m, now);
	op = &m->op[m->ops++];
	op->what = (uint8_t)what;
	op->kind = (uint8_t)kind;
	op->key = *key;
	op->mark = 0;
	op->leads = false;
	op->text[0] = 0;
	return op;
}

/* A full set has room for who does not yield as long as somebody in it does. */
static void make_room(struct elem *m, enum elem_kind kind, uint64_t now)
{
	struct mirror *held = m->held[kind];
	const struct mirror_entry *e;
	struct addr site;

	if (mirror_count(held, true) + mirror_count(held, false) < m->max[kind])
		return;
	e = mirror_yielding(held);
	if (!e)
		return;
	site = e->site;
	elem_remove(m, kind, &site, now);
}

static enum elem_result add(struct elem *m, const struct op *want, uint64_t now, bool yields)
{
	enum elem_kind kind = want->kind;
	struct mirror_entry *e = mirror_find(m->held[kind], &want->key);
	enum elem_result result = e ? ELEM_PROLONGED : ELEM_NEW;
	uint64_t until = want->until;
	bool yielded = yields;
	struct op *op;

	/* it may stay just so long, and no longer yield: that is to be read in the kernel, too */
	if (e && e->until >= until && (yields || !e->yields) && e->value == want->mark)
		return ELEM_SAME;
	if (e) {
		yields &= e->yields;
		until = e->until > until ? e->until : until;
	} else if (!yields) {
		make_room(m, kind, now);
	}
	if (m->ops == BATCH) {
		elem_flush(m, now);
		e = NULL;
	}
	e = mirror_put(m->held[kind], &want->key);
	if (!e) {
		complain_full(m, kind, now);
		return ELEM_REFUSED;
	}
	op = e->op ? &m->op[e->op - 1] :
		     new_op(m, e->until ? OP_REPLACE : OP_ADD, kind, &want->key, now);
	e->op = (uint32_t)(op - m->op) + 1;
	op->leads |= want->leads && (e->value != want->mark || e->until <= now);
	e->until = op->until = until;
	e->packets = 0; /* an element that is replaced begins to count anew */
	e->value = op->mark = want->mark;
	mirror_yield(m->held[kind], e, yields);
	/* a registered source stays one when it calls */
	snprintf(op->text, sizeof(op->text), "%s",
		 kind == ELEM_BAN || yields == yielded ? want->text : "");
	return result;
}

enum elem_result elem_add(struct elem *m, enum elem_kind kind, const struct addr *site,
			  uint64_t until, uint64_t now, const char *text)
{
	struct op want = { .kind = (uint8_t)kind, .key = *site, .until = until };

	snprintf(want.text, sizeof(want.text), "%s", text ? text : "");
	return add(m, &want, now, false);
}

enum elem_result elem_offer(struct elem *m, enum elem_kind kind, const struct addr *site,
			    uint64_t until, uint64_t now, const char *text)
{
	struct op want = { .kind = (uint8_t)kind, .key = *site, .until = until };

	snprintf(want.text, sizeof(want.text), "%s", text);
	return add(m, &want, now, true);
}

enum elem_result elem_mark(struct elem *m, const struct addr *site, uint32_t mark,
			   uint64_t until, uint64_t now, const char *text)
{
	struct op want = { .kind = ELEM_MARK, .key = *site, .until = until, .mark = mark,
			   .leads = true };

	snprintf(want.text, sizeof(want.text), "%s", text);
	return add(m, &want, now, false);
}

void elem_on_mark(struct elem *m, elem_site *fn, void *arg)
{
	m->on_mark = fn;
	m->mark_arg = arg;
}

bool elem_offered(const char *comment)
{
	return strcmp(comment, ELEM_BY_CALL) == 0;
}

void elem_remove(struct elem *m, enum elem_kind kind, const struct addr *key, uint64_t now)
{
	new_op(m, OP_DELETE, kind, key, now);
	mirror_remove(m->held[kind], key);
}

/* Writes all of a kind as if the kernel held none of them. */
static int rewrite(struct elem *m, enum elem_kind kind, uint64_t now)
{
	struct mirror *held = m->held[kind];
	size_t n = 0, room = (size_t)elem_count(m, kind, true) + elem_count(m, kind, false);
	struct mirror_entry *old = malloc((room + 1) * sizeof(*old));
	const struct mirror_entry *e;
	uint32_t at = 0;

	if (!old)
		return -ENOMEM;
	while ((e = mirror_next(held, &at)) && n < room)
		if (e->until > now)
			old[n++] = *e;
	mirror_clear(held);
	for (size_t i = 0; i < n; i++) {
		const struct op want = { .kind = (uint8_t)kind, .key = old[i].site,
					 .until = old[i].until, .mark = old[i].value };

		if (old[i].yields)
			elem_offer(m, kind, &old[i].site, old[i].until, now, ELEM_BY_CALL);
		else
			add(m, &want, now, false);
	}
	free(old);
	return elem_flush(m, now);
}

static int rewrite_others(struct elem *m, uint64_t now)
{
	int e = rewrite(m, ELEM_KNOWN, now);

	return e < 0 ? e : rewrite(m, ELEM_MARK, now);
}

int elem_rewrite(struct elem *m, uint64_t now)
{
	m->ops = 0;
	mirror_clear(m->held[ELEM_BAN]);
	return rewrite_others(m, now);
}

int elem_copy(struct elem *m, uint64_t now)
{
	int e = elem_flush(m, now);

	m->copies = true;
	return e < 0 ? e : rewrite_others(m, now);
}

void elem_copy_end(struct elem *m)
{
	m->copies = false;
}
