/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time zones by their names ("Europe/Berlin"): what clocks there show, past and future.
 * Reads the system's TZif files (RFC 8536) by itself: libc has one zone for the process.
 *
 * Ownership: timezone_free frees what timezone_load made.  Locking: none, const.
 * Units: seconds; instants are since 1970, UTC.
 */
#ifndef SIPMOAT_TIMEZONE_H
#define SIPMOAT_TIMEZONE_H

#include <stddef.h>
#include <stdint.h>

struct timezone;

#define TIMEZONE_ERROR 256

/* NULL: why says what is wrong.  "UTC" needs no file. */
struct timezone *timezone_load(const char *name, char why[TIMEZONE_ERROR]);
/* The same from the bytes of a file; they are not kept. */
struct timezone *timezone_read(const void *bytes, size_t n, char why[TIMEZONE_ERROR]);
void timezone_free(struct timezone *tz); /* takes NULL */

/* How far clocks there are ahead of UTC at an instant. */
int32_t timezone_offset(const struct timezone *tz, int64_t at);

#endif
