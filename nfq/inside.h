/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses are protected when the config does not say: the addresses of
 * this host, and the networks it routes to through interfaces that do not carry
 * the default route.  For a PBX that is the host itself; for a gateway, what
 * lies behind it.  And which interfaces lead outside only, and whom this host needs so
 * much that nothing may ban him (never.h).
 *
 * Locking: none; for a ruleset that is not shared yet.
 */
#ifndef SIPMOAT_INSIDE_H
#define SIPMOAT_INSIDE_H

struct ruleset;

/*
 * Asks the kernel (rtnetlink) and gives the ruleset what it lacks: when its config
 * names no inside addresses, those found, the outside interfaces, and who is never
 * banned; says in a line each what was found.  0 or -errno.
 */
int inside_settle(struct ruleset *rs);

#endif
