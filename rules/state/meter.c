/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "meter.h"

#include "store.h"

#define STAMPS 29 /* what fits a cache line with the rest of a log */
#define WINDOW_UNITS 32768 /* of a window: half the range of a stamp */

/*
 * A ring of times in units of window / 32768; the newest may be an open group.
 * k, the events of a whole group, follows from the limit.
 */
struct log {
	uint16_t stamp[STAMPS];
	uint16_t last; /* the last stamp that was made, refunded or not */
	uint16_t fill; /* events in the newest group; the others hold k each */
	uint8_t head;  /* place of the oldest */
	uint8_t n;
};

size_t meters_size(void)
{
	return sizeof(struct log);
}

struct meter *meter_new(uint32_t records)
{
	return meter_of(table_new(records, meters_size()));
}

void meter_free(struct meter *m)
{
	table_free((struct table *)m);
}

/* A table of logs is all there is to a meter. */
struct meter *meter_of(struct table *t)
{
	return (struct meter *)t;
}

static struct table *logs(const struct meter *m)
{
	return (struct table *)m;
}

static uint16_t group_size(const struct meter_limit *l)
{
	return (uint16_t)((l->scale + STAMPS - 1) / STAMPS);
}

static uint16_t stamp_of(const struct meter_limit *l, uint64_t now)
{
	return (uint16_t)(now / (l->window / WINDOW_UNITS));
}

/*
 * Forgets what has left the window and returns the time to count at.  16 bits tell
 * ages apart up to two windows.  A record lives a window and TABLE_SLACK behind
 * `last`, so that age is never in doubt, and those of the other stamps are not
 * once it is less than a window.  What seems older than a record can be was
 * stamped by a worker whose batch read the clock after ours did.
 */
static uint16_t expire(struct log *log, uint16_t now)
{
	uint16_t age = log->n ? (uint16_t)(now - log->last) : 0;

	if (age >= WINDOW_UNITS + WINDOW_UNITS / 2)
		now = log->last;
	else if (age >= WINDOW_UNITS)
		log->n = 0;
	while (log->n && (uint16_t)(now - log->stamp[log->head]) >= WINDOW_UNITS) {
		log->head = (log->head + 1) % STAMPS;
		log->n--;
	}
	return now;
}

static uint32_t events(const struct log *log, uint16_t k)
{
	return log->n ? (log->n - 1u) * k + log->fill : 0;
}

/* true: a stamp was made, the record's life begins anew. */
static bool record(struct log *log, uint16_t k, uint16_t now)
{
	if (log->n && log->fill < k) {
		log->fill++;
		return false;
	}
	log->stamp[(log->head + log->n) % STAMPS] = now;
	log->last = now;
	log->n++;
	log->fill = 1;
	return true;
}

/* Zones and reloads may give a key several limits.  Each has a log of its own: a
 * log means nothing to another window or another size of groups. */
static uint64_t log_key(uint64_t key, const struct meter_limit *l)
{
	return key_with(key, l->window + group_size(l));
}

uint32_t meter_add(struct meter *m, uint64_t key, const struct meter_limit *l, uint64_t now,
		   bool *over)
{
	struct hold h = table_make(logs(m), log_key(key, l), now, 0);
	struct log *log = h.value;
	uint16_t t = expire(log, stamp_of(l, now)), k = group_size(l);
	uint32_t count = events(log, k) + 1;

	*over = count > l->budget;
	if (!*over && record(log, k, t))
		table_keep(&h, now, now + l->window, 0);
	table_release(&h);
	return count;
}

void meter_refund(struct meter *m, uint64_t key, const struct meter_limit *l, uint64_t now)
{
	struct hold h = table_find(logs(m), log_key(key, l), now);
	struct log *log = h.value;

	if (!log)
		return;
	(void)expire(log, stamp_of(l, now));
	if (log->n && --log->fill == 0) {
		log->n--;
		log->fill = group_size(l);
	}
	table_release(&h);
}

uint32_t meter_count(struct meter *m, uint64_t key, const struct meter_limit *l, uint64_t now)
{
	struct hold h = table_find(logs(m), log_key(key, l), now);
	struct log log = { .n = 0 };

	if (h.value)
		log = *(const struct log *)h.value;
	table_release(&h);
	(void)expire(&log, stamp_of(l, now));
	return events(&log, group_size(l));
}

void meter_prefetch(const struct meter *m, uint64_t key, const struct meter_limit *l)
{
	table_prefetch(logs(m), log_key(key, l));
}
