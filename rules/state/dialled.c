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
