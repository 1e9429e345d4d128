/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses are protected when the config does not say: the addresses of
 * this host, and the networks it routes to through interfaces that do not carry
 * the default route.  For a PBX that is the host itself; for a gateway, what
 * lies behind it.
 *
 * Ownership: the caller frees *out with free().
 */
#ifndef SIPMOAT_INSIDE_H
#define SIPMOAT_INSIDE_H

#include <stddef.h>

#include "addr.h"

struct ruleset;

/* Asks the kernel (rtnetlink).  0 or -errno. */
int inside_find(struct prefix **out, size_t *n);

/*
 * Gives a ruleset that is not shared yet what it lacks: when its config names no
 * inside addresses, those found; and says in one line what is protected.
 */
int inside_settle(struct ruleset *rs);

#endif
