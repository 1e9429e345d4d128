/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was banned or allowed by hand, with who did so and why, kept in a small file so that
 * it outlasts restart and reboot.  One line each, for people too:
 *
 *   ban|allow PREFIX UNTIL UID SINCE NOTE     UNTIL and SINCE: s since 1970, "-": for good
 *
 * Lines that cannot be read are told, and written back as they are.
 *
 * Ownership: hand_open allocates, hand_close takes NULL.  Locking: inside.
 * Units: seconds of the wall clock.
 */
#ifndef SIPMOAT_HAND_H
#define SIPMOAT_HAND_H

#include "addr.h"

#define HAND_MOST 4096
#define HAND_NOTE 100 /* bytes of a note with its NUL */
#define HAND_LINE 256

struct hand_entry {
	struct prefix who;
	bool allow;
	uint64_t until; /* 0: for good */
	uint64_t since;
	uint32_t uid;
	char note[HAND_NOTE]; /* printable ASCII */
};

struct hand;

/* file: as statefile_path takes it; what has ended by `wall` is left out.  0 or -ENOMEM:
 * a file that cannot be read is told, and never written over. */
int hand_open(struct hand **out, const char *file, uint64_t wall);
void hand_close(struct hand *h);
/* Writes what has changed, if anything has. */
void hand_sync(struct hand *h);
/* Will the next run know what was written? */
bool hand_kept(struct hand *h);

/* These wait for no disk.  Takes the place of one for the same prefix.  false: there are
 * HAND_MOST. */
bool hand_put(struct hand *h, const struct hand_entry *e, uint64_t wall);
bool hand_remove(struct hand *h, const struct prefix *who, bool allow);
bool hand_find(struct hand *h, const struct prefix *who, bool allow, struct hand_entry *out);
/* Copies at most room; returns how many there are. */
size_t hand_list(struct hand *h, struct hand_entry *out, size_t room);

/* One line without its end. */
bool hand_parse(const char *line, struct hand_entry *out);
void hand_print(const struct hand_entry *e, char out[HAND_LINE]);
/* Cuts, and makes printable. */
void hand_note(char out[HAND_NOTE], const char *text);

#endif
