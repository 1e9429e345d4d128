/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom this host cannot do without, so that no ban may cut him off: its own addresses, the
 * gateways of its default routes, its DNS servers.
 *
 * Locking: none; for a ruleset that is not shared yet.
 */
#ifndef SIPMOAT_NEVER_H
#define SIPMOAT_NEVER_H

struct ruleset;
struct routes;

/* Gives them to the ruleset and says in a line who they are.  0 or -errno. */
int never_settle(struct ruleset *rs, const struct routes *f);

#endif
