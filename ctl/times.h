/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as people write and read them. */
#ifndef SIPMOAT_TIMES_H
#define SIPMOAT_TIMES_H

#include <stdint.h>

/* "90s", "15m", "8h", "2d", "1w", "90": seconds; 0: it is no time, or more than most. */
uint64_t time_parse(const char *text, uint64_t most);

#define TIME_TEXT 32
void time_print(uint64_t seconds, char out[TIME_TEXT]); /* "90 minutes" */

#endif
