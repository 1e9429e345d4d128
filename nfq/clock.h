/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's clock: nanoseconds that never run backwards. */
#ifndef SIPMOAT_CLOCK_H
#define SIPMOAT_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
