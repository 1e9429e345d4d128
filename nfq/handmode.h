/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mode that somebody has set by hand over that of the config, and the file `mode` in the
 * StateDirectory that keeps it: "observe|enforce SINCE UID".
 *
 * Ownership: a value.  Locking: the main thread's.  Units: s since 1970.
 */
#ifndef SIPMOAT_HANDMODE_H
#define SIPMOAT_HANDMODE_H

#include <stdint.h>

struct handmode {
	uint8_t mode; /* enum mode; MODE_OFF: none was set, the config's holds */
	uint32_t uid; /* who did it */
	uint64_t since;
};

#define HANDMODE_LINE 64
const char *handmode_word(uint8_t mode); /* "observe" */
/* A line of the file; -1: it is none. */
int handmode_parse(const char *line, struct handmode *out);
void handmode_print(const struct handmode *m, char out[HANDMODE_LINE]);

/* What is damaged is told, and not taken for anything. */
void handmode_load(struct handmode *out);
/* MODE_OFF: there is no file then.  0 or -errno: -ENOTDIR without a StateDirectory. */
int handmode_keep(const struct handmode *m);

#endif
