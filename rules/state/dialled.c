/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dialled.h"

#include "names.h"

#define ROOM 64

enum { NAME_NUMBER = 0x4002, NAME_WAY };

static bool is_dialled(struct slice user)
{
	for (uint32_t i = 0; i < user.n; i++)
		if (!memchr("0123456789+*#", user.p[i], 13))
			return false;
	return user.n >= DIALLED_DIGITS;
}

bool dialled_read(const struct state *st, struct slice uri, struct dialled *out)
{
	char room[ROOM];
	struct sip_uri u;
	struct slice user, last;

	(void)sip_uri_read(uri, &u);
	user = sip_user(&u, room, sizeof(room));
	if (!is_dialled(user))
		return false;
	last = (struct slice){ user.p + user.n - DIALLED_DIGITS, DIALLED_DIGITS };
	user.n -= DIALLED_DIGITS;
	out->number = name_bytes(st, NAME_NUMBER, last);
	out->way = (uint64_t)1 << name_bytes(st, NAME_WAY, user) % DIALLED_WAYS;
	return true;
}

static unsigned ways_at(const struct dialled_log *log, unsigned i)
{
	return (unsigned)__builtin_popcountll(log->at[i].now | log->at[i].before);
}

/* The place of this number or, without one, of that with the fewest ways. */
void dialled_note(struct dialled_log *log, const struct dialled *d)
{
	unsigned best = 0, i;

	for (i = 0; i < DIALLED_NUMBERS && log->at[i].number != d->number; i++)
		if (ways_at(log, i) < ways_at(log, best))
			best = i;
	if (i == DIALLED_NUMBERS) {
		i = best;
		log->at[i].number = d->number;
		log->at[i].now = log->at[i].before = 0;
	}
	log->at[i].now |= d->way;
}

void dialled_turn(struct dialled_log *log, unsigned halves)
{
	for (unsigned i = 0; halves && i < DIALLED_NUMBERS; i++) {
		log->at[i].before = halves == 1 ? log->at[i].now : 0;
		log->at[i].now = 0;
	}
}

unsigned dialled_ways(const struct dialled_log *log)
{
	unsigned most = 0;

	for (unsigned i = 0; i < DIALLED_NUMBERS; i++)
		most = ways_at(log, i) > most ? ways_at(log, i) : most;
	return most;
}
