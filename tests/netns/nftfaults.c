/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Elements that the kernel refuses must not cost the others of their transaction.
 * Runs in a network namespace of its own and provokes each refusal: a set fuller
 * than we think, an absent element to be prolonged or deleted on kernels without
 * the forgiving message, a table that is gone.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "elem.h"
#include "log.h"
#include "nftread.h"
#include "steer.h"

#define KERNEL_MAX 50
#define MAX 5000

static void check(bool good, const char *what, long got, long wanted)
{
	if (good)
		return;
	printf("not ok: %s: %ld, not %ld\n", what, got, wanted);
	exit(1);
}

static void same(const char *what, long got, long wanted)
{
	check(got == wanted, what, got, wanted);
}

static void count_one(const struct nftread_elem *e, void *arg)
{
	(void)e;
	++*(long *)arg;
}

static long held(struct nftset *n, const char *set)
{
	long count = 0;

	same("reading", nftread_elems(nftset_link(n), &steer_main, set, count_one, &count), 0);
	return count;
}

static struct addr number(unsigned i)
{
	return addr_v4((const uint8_t[4]){ 198, 18, (uint8_t)(i >> 8), (uint8_t)i });
}

static void add(struct elem *m, enum elem_kind kind, unsigned from, unsigned to, uint64_t seconds)
{
	uint64_t now = clock_now();

	for (unsigned i = from; i < to; i++) {
		struct addr a = number(i);

		elem_add(m, kind, &a, now + seconds * NS, now, "why");
	}
}

/* The kernel's set holds less than we count on. */
static void overfull(struct nftset *n, struct elem *m)
{
	add(m, ELEM_BAN, 0, 120, 600);
	same("flush of too many", elem_flush(m, clock_now()), 0);
	same("kept of too many", held(n, "banned4"), KERNEL_MAX);
	same("counted of too many", elem_count(m, ELEM_BAN, true), KERNEL_MAX);
	same("refused", (long)elem_refused(m), 120 - KERNEL_MAX);
}

/* Five that we believe in are not there; they are prolonged with 20 new ones. */
static void absent(struct nftset *n, struct elem *m, const char *what)
{
	long before = held(n, "known4");

	for (unsigned i = 200; i < 205; i++) {
		struct addr a = number(i);

		elem_saw(m, ELEM_KNOWN, &a, clock_now() + 60 * NS);
	}
	add(m, ELEM_KNOWN, 190, 215, 600);
	for (unsigned i = 300; i < 303; i++) {
		struct addr a = number(i);

		elem_remove(m, ELEM_KNOWN, &a, clock_now());
	}
	same(what, elem_flush(m, clock_now()), 0);
	same(what, held(n, "known4"), before + 25);
	for (unsigned i = 190; i < 215; i++) {
		struct addr a = number(i);

		elem_remove(m, ELEM_KNOWN, &a, clock_now());
	}
	same("deleting", elem_flush(m, clock_now()), 0);
	same("deleting", held(n, "known4"), before);
}

/* The same where the queue tables hold copies: one message for each table. */
static void copied(struct nftset *n, struct elem *m, const struct plan *plan)
{
	nftset_begin(n);
	steer_on(n, plan, STEER_XT, true);
	if (nftset_commit(n, NULL, 0, NULL) < 0)
		return; /* no xt NFQUEUE here: there are no copies, then */
	same("copying", elem_copy(m, clock_now()), 0);
	absent(n, m, "absent ones, copied, old kernel");
	elem_copy_end(m);
}

/* Added, prolonged, deleted and added again before anything is sent. */
static void same_batch(struct nftset *n, struct elem *m)
{
	struct addr a = number(400), b = number(401);
	long before = held(n, "known4");

	add(m, ELEM_KNOWN, 400, 402, 60);
	add(m, ELEM_KNOWN, 400, 402, 600);
	elem_remove(m, ELEM_KNOWN, &a, clock_now());
	elem_remove(m, ELEM_KNOWN, &b, clock_now());
	add(m, ELEM_KNOWN, 400, 401, 60);
	same("one batch", elem_flush(m, clock_now()), 0);
	same("one batch", held(n, "known4"), before + 1);
	check(elem_holds(m, ELEM_KNOWN, &a) && !elem_holds(m, ELEM_KNOWN, &b), "one batch", 0, 1);
}

static void make_tables(struct nftset *n, const struct plan *plan)
{
	nftset_begin(n);
	steer_base(n, plan);
	same("tables", nftset_commit(n, NULL, 0, NULL), 0);
}

/* Known sources that could not be written for want of a table come with the next one. */
static void table_goes(struct nftset *n, struct elem *m, const struct plan *plan)
{
	long before = held(n, "known4");

	nftset_begin(n);
	steer_drop_main(n);
	same("drop", nftset_commit(n, NULL, 0, NULL), 0);
	add(m, ELEM_KNOWN, 4500, 4510, 60);
	same("a table that is gone", elem_flush(m, clock_now()), -ENOENT);
	make_tables(n, plan);
	same("writing again", elem_rewrite(m, clock_now()), 0);
	same("a table that is back", held(n, "known4"), before + 10);
}

int main(void)
{
	struct plan plan = { .port = { { 5060 }, { 5060 } }, .ports = { 1, 1 },
			     .ban_max = KERNEL_MAX, .known_max = MAX, .mark_max = MAX,
			     .queue_first = 5060, .workers = 1, .enforce = true };
	const uint32_t max[ELEM_KINDS] = { MAX, MAX, MAX };
	struct nftset *n;
	struct elem *m;

	if (unshare(CLONE_NEWNET) < 0) {
		printf("needs root (network namespaces)\n");
		return 77;
	}
	log_open(LOG_ERR_);
	same("open", nftset_open(&n), 0);
	make_tables(n, &plan);
	same("elements", elem_open(&m, n, max), 0);
	overfull(n, m);
	absent(n, m, "absent ones, old kernel");
	copied(n, m, &plan);
	elem_probe(m);
	absent(n, m, "absent ones");
	same_batch(n, m);
	add(m, ELEM_KNOWN, 1000, 4500, 60);
	same("many batches", elem_flush(m, clock_now()), 0);
	same("many batches", held(n, "known4"), 3501);
	table_goes(n, m, &plan);
	elem_close(m);
	nftset_close(n);
	return 0;
}
