/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a busy gateway hears: SIP messages in the proportions of an office day,
 * written for one phone each.
 *
 * Ownership: message_build writes into the caller's buffer.
 */
#ifndef SIPMOAT_BENCH_MESSAGE_H
#define SIPMOAT_BENCH_MESSAGE_H

#include <stddef.h>

struct phone {
	const char *host; /* its address, as text */
	unsigned port;
	unsigned number;  /* makes user, branch, tags and Call-ID its own */
};

/* Returns the length, at most room - 1; which cycles through the mix. */
size_t message_build(char *out, size_t room, const struct phone *phone, unsigned which);

#endif
