/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock.h"

#include <time.h>

static uint64_t ahead; /* of the kernel's; may wrap, and be behind it */

uint64_t clock_kernel(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t clock_now(void)
{
	return clock_kernel() + ahead;
}

/* Coarse: a tick of the kernel is nothing to a schedule, and it costs next to nothing. */
uint64_t clock_wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	return (uint64_t)ts.tv_sec;
}

uint64_t clock_wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#define SINCE_MOST 60000000000u /* what we ask about is younger */

uint64_t clock_since(uint64_t wall_ns)
{
	uint64_t wall = wall_ns ? clock_wall_ns() : 0;

	return wall > wall_ns && wall - wall_ns < SINCE_MOST ? wall - wall_ns : 0;
}

void clock_set(uint64_t now)
{
	ahead = now - clock_kernel();
}
