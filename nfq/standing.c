/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "standing.h"

void standing_begin(struct standing_board *b, const struct settings *s, uint64_t wall)
{
	pthread_mutex_init(&b->lock, NULL);
	b->is = (struct standing){ .settings = *s, .started = wall, .loaded = wall,
				   .generation = 1 };
}

void standing_end(struct standing_board *b)
{
	pthread_mutex_destroy(&b->lock);
}

void standing_loaded(struct standing_board *b, const struct settings *s, uint64_t wall)
{
	pthread_mutex_lock(&b->lock);
	b->is.settings = *s;
	b->is.loaded = wall;
	b->is.generation++;
	b->is.refused = 0;
	pthread_mutex_unlock(&b->lock);
}

void standing_settings(struct standing_board *b, const struct settings *s)
{
	pthread_mutex_lock(&b->lock);
	b->is.settings = *s;
	pthread_mutex_unlock(&b->lock);
}

void standing_mode(struct standing_board *b, const struct handmode *by_hand, uint8_t config)
{
	pthread_mutex_lock(&b->lock);
	b->is.mode = *by_hand;
	b->is.config_mode = config;
	pthread_mutex_unlock(&b->lock);
}

void standing_refused(struct standing_board *b, uint64_t wall)
{
	pthread_mutex_lock(&b->lock);
	b->is.refusals++;
	b->is.refused = wall;
	pthread_mutex_unlock(&b->lock);
}

void standing_overflowed(struct standing_board *b, enum lane lane, uint64_t lost, uint64_t wall)
{
	pthread_mutex_lock(&b->lock);
	b->is.lost[lane] = lost;
	b->is.overflowed[lane] = wall;
	pthread_mutex_unlock(&b->lock);
}

void standing_capped(struct standing_board *b, uint64_t wall)
{
	pthread_mutex_lock(&b->lock);
	b->is.capped = wall;
	pthread_mutex_unlock(&b->lock);
}

struct standing standing_of(struct standing_board *b)
{
	struct standing is;

	pthread_mutex_lock(&b->lock);
	is = b->is;
	pthread_mutex_unlock(&b->lock);
	return is;
}
