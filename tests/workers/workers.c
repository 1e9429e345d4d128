/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Do several workers decide as one does?   workers CONFIG INSIDE[,INSIDE...] CAPTURE
 *
 * Judges a capture with 1, 2 and 8 threads that share one state, each with a scratch
 * of its own and the packets that the kernel's hash of the two addresses would give
 * it, and compares all decisions.  The threads take turns in the order of the capture,
 * by a counter without any memory order: to a thread sanitizer, nothing but the locks
 * of the state lies between them, so it sees what they forget.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"
#include "../../ctl/feed.h" /* not that of include/ */
#include "ports.h"

#define WORKERS_MAX 8
#define SMALL 4096  /* records of a table, KiB for streams */
#define WAITING 256 /* connections that one sweep may end */

struct step {
	struct pkt pkt;
	uint64_t now, wall;
	struct decision d;
	bool sweep; /* no packet: a second has passed */
};

struct run {
	const struct ruleset *rules;
	struct state *state;
	struct step *step;
	size_t n;
	unsigned workers;
	atomic_size_t turn;
};

struct worker {
	struct run *run;
	unsigned index;
};

static void die(const char *why)
{
	fprintf(stderr, "workers: %s\n", why);
	exit(2);
}

/* Symmetric, as nfqueue_hash of the kernel: both directions meet on one worker. */
static unsigned worker_of(const struct step *s, unsigned workers)
{
	uint32_t sum = 0, a, b;

	if (s->sweep)
		return 0;
	for (unsigned i = 0; i < 16; i += 4) {
		memcpy(&a, s->pkt.src.b + i, 4);
		memcpy(&b, s->pkt.dst.b + i, 4);
		sum += (a ^ b) * 0x9e3779b1u;
	}
	return (sum >> 16) % workers;
}

static void take(struct run *r, struct scratch *scratch, struct step *s)
{
	struct reset waited[WAITING];
	struct addr server;
	bool hears;

	state_set_wall(r->state, s->now, s->wall);
	if (!s->sweep) {
		engine_run(r->rules, r->state, scratch, &s->pkt, s->now, &s->d);
		return;
	}
	while (engine_sweep(r->rules, r->state, s->now, waited, WAITING) == WAITING)
		;
	while (state_sight_news(r->state, s->now, &server, &hears))
		;
}

static void *work(void *arg)
{
	const struct worker *w = arg;
	struct run *r = w->run;
	struct scratch *scratch = scratch_new();

	if (!scratch)
		die("out of memory");
	for (size_t i = 0; i < r->n; i++) {
		if (worker_of(&r->step[i], r->workers) != w->index)
			continue;
		while (atomic_load_explicit(&r->turn, memory_order_relaxed) != i)
			sched_yield();
		take(r, scratch, &r->step[i]);
		atomic_store_explicit(&r->turn, i + 1, memory_order_relaxed);
	}
	scratch_free(scratch);
	return NULL;
}

/* To clear tables of the usual sizes takes a sanitizer longer than all the rest. */
static struct settings small(const struct settings *s)
{
	struct settings out = *s;

#define X(name, records, least, help) out.name = out.name < SMALL ? out.name : SMALL;
	TABLES(X)
#undef X
	out.stream_memory = out.stream_memory < SMALL ? out.stream_memory : SMALL;
	return out;
}

static void judge(struct run *r)
{
	static const uint8_t seed[16] = "sipmoat replay";
	struct settings settings = small(ruleset_settings(r->rules));
	struct worker worker[WORKERS_MAX];
	pthread_t thread[WORKERS_MAX];

	r->state = state_new(&settings, seed);
	if (!r->state)
		die("out of memory");
	atomic_store(&r->turn, 0);
	for (unsigned i = 0; i < r->workers; i++) {
		worker[i] = (struct worker){ r, i };
		if (pthread_create(&thread[i], NULL, work, &worker[i]))
			die("no thread");
	}
	for (unsigned i = 0; i < r->workers; i++)
		pthread_join(thread[i], NULL);
	state_free(r->state);
}

static struct step *add(struct run *r)
{
	static size_t room;

	if (r->n == room) {
		room = room ? room * 2 : 1024;
		r->step = realloc(r->step, room * sizeof(*r->step));
		if (!r->step)
			die("out of memory");
	}
	memset(&r->step[r->n], 0, sizeof(*r->step));
	return &r->step[r->n++];
}

static struct slice copy(struct slice s)
{
	char *p = malloc(s.n ? s.n : 1);

	if (!p)
		die("out of memory");
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct slice){ p, s.n };
}

static void load(struct run *r, char *file)
{
	struct feed *feed = feed_new(&file, 1);
	char err[CAPTURE_ERROR] = "out of memory";
	struct feed_item item;
	uint64_t swept = 0;
	int got = -1;

	while (feed && (got = feed_next(feed, &item, err)) == 1) {
		struct step *s;

		if (item.kind != FEED_PACKET || !ports_steer(ruleset_settings(r->rules), &item.pkt))
			continue;
		if (item.now - swept >= NS) {
			s = add(r);
			s->sweep = true;
			s->now = swept = item.now;
			s->wall = item.when / NS;
		}
		s = add(r);
		s->pkt = item.pkt;
		s->pkt.payload = copy(item.pkt.payload);
		s->pkt.segment = copy(item.pkt.segment);
		s->now = item.now;
		s->wall = item.when / NS;
	}
	if (got < 0)
		die(err);
	feed_free(feed);
}

static bool same(const struct decision *a, const struct decision *b)
{
	return a->verdict == b->verdict && a->check == b->check && a->dir == b->dir &&
	       a->zone == b->zone && a->observed == b->observed && a->notify == b->notify &&
	       a->proven == b->proven && a->reset == b->reset && a->defect == b->defect &&
	       a->messages == b->messages && a->ban == b->ban && a->known == b->known &&
	       !strcmp(a->reason, b->reason) && !strcmp(a->evidence, b->evidence);
}

static int compare(const struct run *r, const struct decision *one)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct decision *d = &r->step[i].d;

		if (r->step[i].sweep || same(d, &one[i]))
			continue;
		printf("step %zu of %zu: one worker says %s \"%s\", %u say %s \"%s\"\n", i, r->n,
		       verdict_name(one[i].verdict), one[i].reason, r->workers,
		       verdict_name(d->verdict), d->reason);
		return 1;
	}
	return 0;
}

static struct ruleset *rules_load(const char *config, char *inside)
{
	struct conf_report report = { 0 };
	struct ruleset *rs = ruleset_load(config, &report);
	struct prefix prefix[16];
	size_t n = 0;

	if (!rs)
		die("the config does not load");
	for (char *word; (word = strsep(&inside, ",")) && n < 16;)
		if (prefix_parse(slice_of(word), &prefix[n]) == 0)
			n++;
	if (n && ruleset_set_inside(rs, prefix, n))
		die("out of memory");
	conf_report_free(&report);
	return rs;
}

int main(int argc, char **argv)
{
	static const unsigned workers[] = { 1, 2, 8 };
	struct run r = { 0 };
	struct decision *one;
	int bad = 0;

	if (argc != 4)
		die("usage: workers CONFIG INSIDE[,INSIDE...] CAPTURE");
	r.rules = rules_load(argv[1], argv[2]);
	load(&r, argv[3]);
	one = calloc(r.n ? r.n : 1, sizeof(*one));
	if (!one)
		die("out of memory");
	for (unsigned i = 0; i < sizeof(workers) / sizeof(*workers); i++) {
		r.workers = workers[i];
		judge(&r);
		for (size_t s = 0; !i && s < r.n; s++)
			one[s] = r.step[s].d;
		bad |= compare(&r, one);
	}
	for (size_t i = 0; i < r.n; i++) {
		free((char *)(uintptr_t)r.step[i].pkt.payload.p);
		free((char *)(uintptr_t)r.step[i].pkt.segment.p);
	}
	free(r.step);
	free(one);
	ruleset_free((struct ruleset *)(uintptr_t)r.rules);
	return bad;
}
