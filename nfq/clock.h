/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's clock: nanoseconds that never run backwards.  The memory that an earlier
 * run left holds times of its clock, so that clock goes on instead of beginning anew.
 *
 * Locking: clock_set before any other thread; then any thread.
 */
#ifndef SIPMOAT_CLOCK_H
#define SIPMOAT_CLOCK_H

#include <stdint.h>

uint64_t clock_now(void);
/* Let it be that late now. */
void clock_set(uint64_t now);
/* The wall clock, s since 1970, UTC: somebody may set it at any time. */
uint64_t clock_wall(void);
/* The same in ns, as exact as the kernel's time stamps. */
uint64_t clock_wall_ns(void);
/* ns since that time of the wall clock; 0: it is none, or somebody has set the clock since. */
uint64_t clock_since(uint64_t wall_ns);
/* The kernel's CLOCK_MONOTONIC itself. */
uint64_t clock_kernel(void);

#endif
