/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "publish.h"

#include <poll.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"

#define NS_PER_MS 1000000u

struct reader {
	alignas(64) struct ruleset *_Atomic held; /* NULL between batches */
};

struct publish {
	struct ruleset *_Atomic current;
	atomic_bool waiting; /* the swapping thread wants to hear of unpins */
	int unpinned_fd;
	unsigned readers;
	struct reader *reader;
};

struct publish *publish_new(unsigned readers, struct ruleset *first)
{
	struct publish *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	atomic_init(&p->current, first);
	atomic_init(&p->waiting, false);
	p->readers = readers;
	p->unpinned_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->reader = aligned_alloc(alignof(struct reader), readers * sizeof(*p->reader));
	if (p->unpinned_fd < 0 || !p->reader) {
		publish_free(p);
		return NULL;
	}
	for (unsigned i = 0; i < readers; i++)
		atomic_init(&p->reader[i].held, NULL);
	return p;
}

void publish_free(struct publish *p)
{
	if (!p)
		return;
	if (p->unpinned_fd >= 0)
		close(p->unpinned_fd);
	free(p->reader);
	free(p);
}

/*
 * A pointer read from current may be retired before it is announced in held, so
 * it counts only when current still is the same after the announcement.  All of
 * it sequentially consistent: with anything weaker the swapping thread could miss
 * the announcement while we miss the swap.
 */
const struct ruleset *publish_pin(struct publish *p, unsigned reader)
{
	struct ruleset *rs = atomic_load(&p->current), *again;

	for (;;) {
		atomic_store(&p->reader[reader].held, rs);
		again = atomic_load(&p->current);
		if (again == rs)
			return rs;
		rs = again;
	}
}

void publish_unpin(struct publish *p, unsigned reader)
{
	atomic_store(&p->reader[reader].held, NULL);
	if (atomic_load(&p->waiting))
		eventfd_write(p->unpinned_fd, 1);
}

static bool held_by_any(struct publish *p, const struct ruleset *rs)
{
	for (unsigned i = 0; i < p->readers; i++)
		if (atomic_load(&p->reader[i].held) == rs)
			return true;
	return false;
}

struct ruleset *publish_swap(struct publish *p, struct ruleset *next, int wait_ms)
{
	struct ruleset *old = atomic_exchange(&p->current, next);
	uint64_t end = clock_now() + (uint64_t)wait_ms * NS_PER_MS, now;
	struct pollfd pfd = { .fd = p->unpinned_fd, .events = POLLIN };
	eventfd_t drained;
	bool held;

	atomic_store(&p->waiting, true);
	while ((held = held_by_any(p, old)) && (now = clock_now()) < end) {
		poll(&pfd, 1, (int)((end - now) / NS_PER_MS) + 1);
		eventfd_read(p->unpinned_fd, &drained);
	}
	atomic_store(&p->waiting, false);
	return held ? NULL : old;
}

struct ruleset *publish_current(struct publish *p)
{
	return atomic_load(&p->current);
}
