/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decoy says (action = "decoy"): that all is well, or to log in, for ever.  Nothing in
 * it comes from a server; what it repeats is the request's own.
 *
 * Ownership: the caller's.  Locking: none.
 */
#ifndef SIPMOAT_DECOY_H
#define SIPMOAT_DECOY_H

#include "check.h"
#include "sip/reply.h"

#define DECOY_LINES 640

/* Fills status, phrase and headers, which stand in lines.  false: they have no room there. */
bool decoy_fill(const struct probe *p, char lines[DECOY_LINES], struct reply *r);

#endif
