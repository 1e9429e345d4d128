/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pipes.h"

#include "store.h"

struct pipe {
	uint64_t last;       /* the newest time it was asked: clocks of workers differ */
	uint64_t level;      /* BUCKET: tokens times ns of the window */
	uint64_t waited;     /* FEEDBACK: the delay at the last step */
	struct timelog log;  /* TAILDROP, RED */
	uint32_t share;      /* FEEDBACK: of PIPE_WHOLE, what is refused */
	uint32_t sum[2];     /* RED, FEEDBACK: shares that are no whole yet; [known] */
};

#define CONTROL_IDLE 60 /* s that a controller is remembered */

size_t pipes_size(void)
{
	return sizeof(struct pipe);
}

static void let_go(void *value, bool evicted, void *arg)
{
	struct pipe *w = value;

	(void)evicted;
	timelog_clear(&w->log, arg);
}

void pipes_watch(struct state *st)
{
	table_on_forget(st->pipes, let_go, st->pipe_times);
}

static bool is_idle(void *value, bool lives, void *arg)
{
	if (!lives)
		let_go(value, false, arg);
	return !lives;
}

/* A shard a second: each once in about a minute. */
void pipes_sweep(struct state *st, uint64_t now)
{
	struct table_shape shape = table_shape(st->pipes);
	unsigned shard = (unsigned)(now / NS % table_shards(st->pipes));
	uint32_t at = 0;

	table_visit(st->pipes, shard, &at, shape.buckets, now, is_idle, st->pipe_times);
}

/* ---- shares ---- */

/* A share of what comes is refused: of a third, each third one. */
static bool falls(struct pipe *w, enum pipe_who who, uint32_t share)
{
	uint32_t *sum = &w->sum[who == PIPE_KNOWN];

	*sum += share;
	if (*sum < PIPE_WHOLE)
		return false;
	*sum -= PIPE_WHOLE;
	return true;
}

/* What of a whole this one may fill: strangers one at least, if any. */
static uint32_t room_of(const struct pipe_limit *l, enum pipe_who who, uint32_t whole)
{
	return who == PIPE_STRANGER ?
	       (uint32_t)(((uint64_t)whole * (100 - l->reserve) + 99) / 100) : whole;
}

/* ---- the algorithms: true when it passes ---- */

static bool red_falls(struct pipe *w, const struct pipe_limit *l, enum pipe_who who,
		      uint32_t room)
{
	uint32_t early = (uint32_t)((uint64_t)room * l->early / 100), load = w->log.load;

	if (load <= early)
		return false;
	return falls(w, who, (uint32_t)((uint64_t)(load - early) * PIPE_WHOLE / (room - early)));
}

static bool window_take(struct pipe *w, struct pool *times, const struct pipe_limit *l,
			enum pipe_who who, uint32_t *load)
{
	uint32_t room = room_of(l, who, l->limit);

	timelog_expire(&w->log, times, l->window, w->last);
	*load = w->log.load + 1;
	if (w->log.load >= room)
		return who == PIPE_ALWAYS;
	if (l->algorithm == PIPE_RED && who != PIPE_ALWAYS && red_falls(w, l, who, room))
		return false;
	timelog_add(&w->log, times, w->last);
	return true;
}

/* A token is worth as much as the window has ns; each ns brings `limit` of these. */
static bool bucket_take(struct pipe *w, const struct pipe_limit *l, enum pipe_who who,
			uint64_t since, bool fresh, uint32_t *load)
{
	uint64_t whole = l->burst * l->window;
	uint64_t keep = (l->burst - room_of(l, who, l->burst)) * l->window;
	uint64_t missing = whole - (w->level < whole ? w->level : whole);

	if (fresh || since > missing / l->limit)
		w->level = whole;
	else
		w->level = whole - missing + since * l->limit;
	*load = l->burst - (uint32_t)(w->level / l->window) + 1;
	if (w->level < l->window || w->level - l->window < keep)
		return who == PIPE_ALWAYS;
	w->level -= l->window;
	return true;
}

/*
 * In the time of the target a delay of twice the target adds a quarter to the share, and
 * one that grows by the target adds a whole: enough of the second that the delay does not
 * swing at any load.
 */
static void control(struct pipe *w, const struct pipe_limit *l, uint64_t delay, uint64_t steps)
{
	uint64_t most = 8 * l->target;
	int64_t now, grown, error, pace, share;

	delay = delay < most ? delay : most;
	now = (int64_t)((delay << 20) / l->target);
	grown = now - (int64_t)((w->waited << 20) / l->target);
	error = now - ((int64_t)1 << 20);
	pace = (int64_t)(((uint64_t)1 << (DELAY_BITS + 10)) / l->target);
	steps = steps < TIMELOG_MOST ? steps : TIMELOG_MOST;
	share = w->share + grown * (PIPE_WHOLE >> 20) + error * pace / 4 * (int64_t)steps;
	w->share = share < 0 ? 0 : share > PIPE_WHOLE ? PIPE_WHOLE : (uint32_t)share;
	w->waited = delay;
}

static bool feedback_take(struct pipe *w, const struct pipe_limit *l, enum pipe_who who,
			  uint64_t delay, uint64_t steps, uint32_t *load)
{
	uint64_t strangers = 100 - l->reserve, share;

	if (steps)
		control(w, l, delay, steps);
	if (who == PIPE_ALWAYS)
		return true;
	share = (uint64_t)w->share * 100;
	if (who == PIPE_STRANGER)
		share = strangers ? share / strangers : share ? PIPE_WHOLE : 0;
	else if (strangers)
		share = share > (uint64_t)l->reserve * PIPE_WHOLE ?
			(share - (uint64_t)l->reserve * PIPE_WHOLE) / strangers : 0;
	else
		share = 0;
	*load = share < PIPE_WHOLE ? (uint32_t)share : PIPE_WHOLE;
	return !falls(w, who, *load);
}

/* How long a record is of use. */
static uint64_t life_of(const struct pipe_limit *l)
{
	if (l->algorithm == PIPE_FEEDBACK)
		return CONTROL_IDLE * NS;
	if (l->algorithm == PIPE_BUCKET)
		return l->burst * l->window / l->limit + 1;
	return l->window;
}

bool pipe_take(struct state *st, uint64_t key, const struct pipe_limit *l, enum pipe_who who,
	       uint8_t rank, uint64_t now, uint32_t *load)
{
	struct hold h = table_make(st->pipes, key, now, rank);
	struct pipe *w = h.value;
	uint64_t before;
	bool passes;

	*load = 0;
	if (!w)
		return true;
	before = h.fresh ? now : w->last;
	w->last = now > before ? now : before;
	if (l->algorithm == PIPE_BUCKET)
		passes = bucket_take(w, l, who, w->last - before, h.fresh, load);
	else if (l->algorithm == PIPE_FEEDBACK)
		passes = feedback_take(w, l, who, state_delay(st, now),
				       (w->last >> DELAY_BITS) - (before >> DELAY_BITS), load);
	else
		passes = window_take(w, st->pipe_times, l, who, load);
	table_keep(&h, now, w->last + life_of(l), rank);
	table_release(&h);
	return passes;
}

void pipe_give(struct state *st, uint64_t key, const struct pipe_limit *l, uint64_t now)
{
	struct hold h = table_find(st->pipes, key, now);
	struct pipe *w = h.value;

	if (!w)
		return;
	if (l->algorithm == PIPE_BUCKET)
		w->level += l->window;
	else
		timelog_undo(&w->log, st->pipe_times);
	table_release(&h);
}

/* ---- how long packets wait ---- */

#define WAIT_BITS 40 /* of a word: a wait in ns; in front of it the slot */
#define WAIT_MASK (((uint64_t)1 << WAIT_BITS) - 1)

void state_set_delay(struct state *st, uint64_t now, uint64_t ns)
{
	uint64_t slot = now >> DELAY_BITS;
	uint64_t word = slot << WAIT_BITS | (ns < WAIT_MASK ? ns : WAIT_MASK);
	_Atomic uint64_t *at = &st->delay[slot & 1];
	uint64_t was = atomic_load_explicit(at, memory_order_relaxed);

	while ((was >> WAIT_BITS != word >> WAIT_BITS || was < word) &&
	       !atomic_compare_exchange_weak_explicit(at, &was, word, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

uint64_t state_delay(const struct state *st, uint64_t now)
{
	uint64_t slot = now >> DELAY_BITS, most = 0;

	for (unsigned ago = 0; ago < 2 && ago <= slot; ago++) {
		uint64_t word = atomic_load_explicit(&st->delay[(slot - ago) & 1],
						     memory_order_relaxed);

		if (word >> WAIT_BITS == (slot - ago) << WAIT_BITS >> WAIT_BITS &&
		    (word & WAIT_MASK) > most)
			most = word & WAIT_MASK;
	}
	return most;
}
