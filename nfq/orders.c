/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "orders.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum slot_state { SLOT_FREE, SLOT_GIVEN, SLOT_TAKEN, SLOT_DONE };

struct slot {
	enum slot_state state;
	struct order order;
	struct order_result result;
};

struct orders {
	pthread_mutex_t lock; /* of all but fd, which stays */
	int fd;
	uint64_t last; /* id that was given out */
	struct slot slot[ORDERS_MOST];
};

struct orders *orders_new(void)
{
	struct orders *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (o->fd < 0) {
		free(o);
		return NULL;
	}
	pthread_mutex_init(&o->lock, NULL);
	return o;
}

void orders_free(struct orders *o)
{
	if (!o)
		return;
	for (unsigned i = 0; i < ORDERS_MOST; i++)
		order_result_free(&o->slot[i].result);
	pthread_mutex_destroy(&o->lock);
	close(o->fd);
	free(o);
}

int orders_fd(const struct orders *o)
{
	return o->fd;
}

void order_result_free(struct order_result *r)
{
	conf_report_free(&r->notes);
}

/* The oldest in that state. */
static struct slot *oldest(struct orders *o, enum slot_state state)
{
	struct slot *found = NULL;

	for (unsigned i = 0; i < ORDERS_MOST; i++) {
		struct slot *s = &o->slot[i];

		if (s->state == state && (!found || s->order.id < found->order.id))
			found = s;
	}
	return found;
}

static struct slot *by_id(struct orders *o, uint64_t id)
{
	for (unsigned i = 0; i < ORDERS_MOST; i++)
		if (o->slot[i].state != SLOT_FREE && o->slot[i].order.id == id)
			return &o->slot[i];
	return NULL;
}

uint64_t orders_give(struct orders *o, enum order_kind kind, const struct handmode *mode)
{
	struct slot *s;
	uint64_t id = 0;

	pthread_mutex_lock(&o->lock);
	s = oldest(o, SLOT_FREE);
	if (!s)
		s = oldest(o, SLOT_DONE); /* who gave it has gone */
	if (s) {
		order_result_free(&s->result);
		id = ++o->last;
		*s = (struct slot){ SLOT_GIVEN, { .id = id, .kind = kind } };
		if (mode)
			s->order.mode = *mode;
	}
	pthread_mutex_unlock(&o->lock);
	if (id)
		eventfd_write(o->fd, 1);
	return id;
}

bool orders_next(struct orders *o, struct order *out)
{
	eventfd_t drained;
	struct slot *s;

	eventfd_read(o->fd, &drained);
	pthread_mutex_lock(&o->lock);
	s = oldest(o, SLOT_GIVEN);
	if (s) {
		s->state = SLOT_TAKEN;
		*out = s->order;
	}
	pthread_mutex_unlock(&o->lock);
	return s != NULL;
}

void orders_finish(struct orders *o, uint64_t id, const struct order_result *result)
{
	struct slot *s;

	pthread_mutex_lock(&o->lock);
	s = by_id(o, id);
	s->result = *result;
	s->state = SLOT_DONE;
	pthread_mutex_unlock(&o->lock);
}

bool orders_done(struct orders *o, uint64_t id, struct order_result *out)
{
	struct slot *s;
	bool done;

	pthread_mutex_lock(&o->lock);
	s = by_id(o, id);
	done = s && s->state == SLOT_DONE;
	if (done) {
		*out = s->result;
		*s = (struct slot){ SLOT_FREE };
	}
	pthread_mutex_unlock(&o->lock);
	return done;
}
