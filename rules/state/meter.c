/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "meter.h"

#include <stdlib.h>

#include "table.h"

#define STAMPS 29 /* what fits a cache line with the rest of a log */
#define WINDOW_UNITS 32768 /* of a window: half the range of a stamp */

/* A ring of times in units of window / 32768; the newest may be an open group. */
struct log {
	uint16_t stamp[STAMPS];
	uint8_t head;  /* place of the oldest */
	uint8_t n;
	uint16_t fill; /* events in the newest group; the others hold k each */
	uint16_t k;
};

struct meter {
	struct table *table;
};

struct meter *meter_new(uint32_t records)
{
	struct meter *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->table = table_new(records, sizeof(struct log));
	if (!m->table) {
		free(m);
		return NULL;
	}
	return m;
}

void meter_free(struct meter *m)
{
	if (!m)
		return;
	table_free(m->table);
	free(m);
}

struct table *meter_table(struct meter *m)
{
	return m->table;
}

static uint16_t group_size(const struct meter_limit *l)
{
	return (uint16_t)((l->scale + STAMPS - 1) / STAMPS);
}

static uint16_t stamp_of(const struct meter_limit *l, uint64_t now)
{
	return (uint16_t)(now / (l->window / WINDOW_UNITS));
}

/* A record lives a window and TABLE_SLACK behind its last event, so no stamp is
 * ever older than two windows and the 16-bit difference cannot wrap. */
static void expire(struct log *log, uint16_t now)
{
	while (log->n && (uint16_t)(now - log->stamp[log->head]) >= WINDOW_UNITS) {
		log->head = (log->head + 1) % STAMPS;
		if (--log->n == 0)
			log->fill = 0;
	}
}

static uint32_t events(const struct log *log)
{
	return log->n ? (log->n - 1u) * log->k + log->fill : 0;
}

static void record(struct log *log, uint16_t now)
{
	if (log->n && log->fill < log->k) {
		log->fill++;
		return;
	}
	log->stamp[(log->head + log->n) % STAMPS] = now;
	log->n++;
	log->fill = 1;
}

uint32_t meter_add(struct meter *m, uint64_t key, const struct meter_limit *l, uint64_t now,
		   bool *over)
{
	struct hold h = table_make(m->table, key, now, 0);
	struct log *log = h.value;
	uint16_t t = stamp_of(l, now);
	uint32_t count;

	/* a fresh record, or one from before a reload that changed the budgets */
	if (log->k != group_size(l))
		*log = (struct log){ .k = group_size(l) };
	expire(log, t);
	count = events(log) + 1;
	*over = count > l->budget;
	if (!*over) {
		record(log, t);
		table_keep(&h, now, now + l->window, 0);
	}
	table_release(&h);
	return count;
}

void meter_refund(struct meter *m, uint64_t key, const struct meter_limit *l, uint64_t now)
{
	struct hold h = table_find(m->table, key, now);
	struct log *log = h.value;

	if (!log)
		return;
	if (log->k == group_size(l))
		expire(log, stamp_of(l, now));
	if (log->n && --log->fill == 0) {
		log->n--;
		log->fill = log->n ? log->k : 0;
	}
	table_release(&h);
}

void meter_prefetch(const struct meter *m, uint64_t key)
{
	table_prefetch(m->table, key);
}
