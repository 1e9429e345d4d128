/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notes.h"

#include <sys/eventfd.h>

#include "engine.h"

#define EVENTS_SPARE 512 /* of the events ring, for bans */
#define KNOWN_SPARE 256 /* of the bans ring, for the known: nobody tells of them again */

static bool repeats(const struct notes *n, const struct event *ev)
{
	const struct event *last = n->n ? &n->at[n->n - 1].ev : NULL;

	return last && last->d.notify && last->d.check == ev->d.check &&
	       addr_eq(&last->src, &ev->src);
}

bool notes_read(struct notes *n, const struct event *ev, uint64_t now)
{
	if (!ev->d.notify)
		return false;
	if (ev->d.ban || ev->d.mark_time || ev->d.token[0])
		return true;
	if (repeats(n, ev))
		return false;
	if (now - n->second >= NS) {
		n->second = now;
		n->read = 0;
	}
	return n->read++ < NOTES_READ;
}

void notes_tell(struct notes *n, const struct notes_to *to, struct stats *stats)
{
	bool events = false, bans = false;

	for (unsigned i = 0; i < n->n; i++) {
		const struct decision *d = &n->at[i].ev.d;
		bool known = d->known || d->called, acts = d->ban || d->mark_time;

		if (acts || known) {
			/* nor a flood of bans that a phone has registered */
			if (ring_put_sparing(to->bans, &n->at[i].ev, known ? 0 : KNOWN_SPARE))
				bans = true;
			else
				stats_add(&stats->ban_lost, 1);
		}
		if (d->notify) {
			/* a flood of drops must not crowd out the news of a ban */
			if (ring_put_sparing(to->events, &n->at[i], acts ? 0 : EVENTS_SPARE))
				events = true;
			else
				stats_add(&stats->event_lost, 1);
		}
	}
	n->n = 0;
	if (bans)
		eventfd_write(to->bans_fd, 1);
	if (events)
		eventfd_write(to->events_fd, 1);
}
