/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "legtexts.h"

static unsigned start_of(const struct legs *l, unsigned which)
{
	unsigned at = 0;

	for (unsigned i = 0; i < which; i++)
		at += l->n[i];
	return at;
}

struct slice legs_text(const struct legs *l, enum leg_text which)
{
	return (struct slice){ l->text + start_of(l, which), l->n[which] };
}

bool legs_sound(const struct legs *l)
{
	return start_of(l, LEG_TEXTS) <= sizeof(l->text);
}

/* Is there a control byte among these eight? */
static bool has_control(uint64_t v)
{
	const uint64_t ones = UINT64_MAX / 255, high = ones * 0x80;
	uint64_t del = v ^ ones * 127;

	return ((v - ones * ' ') & ~v & high) | ((del - ones) & ~del & high);
}

/* Folds become spaces; other control bytes nobody can repeat. */
static bool copy_text(char *to, struct slice s)
{
	uint32_t i = 0;

	for (uint64_t v; i + sizeof(v) <= s.n; i += sizeof(v)) {
		memcpy(&v, s.p + i, sizeof(v));
		if (has_control(v))
			break;
		memcpy(to + i, &v, sizeof(v));
	}
	for (; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c == '\r' || c == '\n' || c == '\t')
			c = ' ';
		if (c < ' ' || c == 127)
			return false;
		to[i] = (char)c;
	}
	return true;
}

void legs_put_text(struct legs *l, enum leg_text which, struct slice s)
{
	unsigned at = start_of(l, which), had = l->n[which], behind = 0;
	char *p = l->text + at;

	if (s.n == had && (!s.n || memcmp(p, s.p, s.n) == 0))
		return;
	for (unsigned i = which + 1; i < LEG_TEXTS; i++)
		behind += l->n[i];
	if (s.n > UINT8_MAX || at + s.n + behind > sizeof(l->text)) {
		l->flags |= LEG_TOO_LONG;
		return;
	}
	if (behind)
		memmove(p + s.n, p + had, behind);
	l->n[which] = (uint8_t)s.n;
	if (!copy_text(p, s)) {
		memset(p, '?', s.n);
		l->flags |= LEG_TOO_LONG;
	}
}
