/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator wants banned, allowed, or not any more, and what became of it.
 *
 * Ownership: a value.  Locking: byhand_run is the ban thread's.
 */
#ifndef SIPMOAT_BYHAND_H
#define SIPMOAT_BYHAND_H

#include "hand.h"

struct banlist;

enum byhand_what { BYHAND_BAN, BYHAND_UNBAN, BYHAND_ALLOW, BYHAND_DISALLOW };

#define BYHAND_TEXT 256

struct byhand {
	enum byhand_what what;
	bool bare;        /* an address, without a length: its site is meant */
	uint32_t seconds; /* 0: for good */
	uint64_t wall;    /* s since 1970: now */
	struct hand_entry entry; /* who, uid, note; who is as it was done */
	size_t lifted;    /* unban, disallow: how many */
	const char *code; /* NULL: done; else one word, and in text why not */
	char text[BYHAND_TEXT];
};

/* In state and in what waits for the kernel. */
void byhand_run(struct banlist *l, struct byhand *o);
/* It was written to the kernel: 0, or -errno. */
void byhand_written(struct banlist *l, struct byhand *o, int e);
/* At the start: what the file holds is in state again, and prefixes wait for the kernel.
 * wall: s since 1970. */
void byhand_restore(struct banlist *l, uint64_t wall);

#endif
