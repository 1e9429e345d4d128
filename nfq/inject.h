/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of our own: RSTs that end a refused TCP connection for both ends, and messages
 * in the name of either end of a call.  They carry OWN_MARK or OWN_UNTRACKED, so they
 * never enter a queue.
 *
 * Ownership: an inject owns its raw sockets; one for each worker.
 * Locking: none; one thread.  Errors: opening gives -errno with a line for the
 * operator in err (EPERM: CAP_NET_RAW is missing); sending counts what failed.
 */
#ifndef SIPMOAT_INJECT_H
#define SIPMOAT_INJECT_H

#include "engine.h"

#define INJECT_ERROR 256

struct inject;

/* IPv6 may be missing on the host: then only IPv4 is sent. */
int inject_open(struct inject **out, char err[INJECT_ERROR]);
void inject_close(struct inject *in); /* takes NULL */
/*
 * One RST to each end that r names; never blocks.  link: index of the interface that the refused
 * packet came in by, 0 = not known; only link-local addresses need it.
 * false: at least one did not leave.
 */
bool inject_reset(struct inject *in, const struct reset *r, uint32_t link);
/*
 * One datagram (in fragments where it is above the MTU), or one segment of a connection;
 * never blocks.  link as above.  untracked: connection tracking does not see it, so its source
 * may be one that DNAT turns into another.  false: it did not leave.
 */
bool inject_parcel(struct inject *in, const struct parcel *parcel, uint32_t link, bool untracked);

#endif
