/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as people write and read them. */
#ifndef SIPMOAT_TIMES_H
#define SIPMOAT_TIMES_H

#include <stdint.h>

/* "90s", "15m", "8h", "2d", "1w", "90": seconds; 0: it is no time, or more than most. */
uint64_t time_parse(const char *text, uint64_t most);

#define TIME_TEXT 32
void time_span(uint64_t seconds, char out[TIME_TEXT]); /* "1:05", "2:01:05" */
/* Of s since 1970, as clocks here show it: "14:05:09", "Mar 14 14:05" when it was not today; "-"
 * for 0. */
void time_clock(uint64_t at, char out[TIME_TEXT]);
/* Of "2026-11-23T16:53:09.000001Z", as clocks here show it: "2026-11-23 17:53:09". */
void time_told(const char *utc, char out[TIME_TEXT]);
void time_short(uint64_t seconds, char out[TIME_TEXT]); /* "45s", "1h30m", "2d" */

#endif
