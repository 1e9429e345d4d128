/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a source is banned or marked for what a check found, and for how long.
 *
 * A UDP packet may be somebody else's, so a ban is *proven* only if what was found shows its
 * sender (enum grounds): for the packet alone, that it repeats a nonce or a tag that a server
 * gave to just that source, or comes in a TCP connection whose handshake was seen.  Of hits
 * that are counted (ban_after) those that show it are counted apart.
 *
 *  - Never: trusted and inside addresses, sites with live registrations.
 *  - On proven evidence only: sites that our servers have to do with, trunks (shown.h).
 *  - A ban that is not proven lasts bans.unproven at most and leaves no trace.
 *  - A proven one lasts bans.factor times as long as the one before, up to bans.longest; its
 *    end is up to bans.jitter percent later than told.  With bans.neighbours of them the
 *    prefix is banned, for as long as the longest of theirs, unless there is anybody in it
 *    who must not be, or whom our servers have to do with.
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_PENALTY_H
#define SIPMOAT_PENALTY_H

#include "check.h"

/* d->reason is written already.  Sets what d says of bans and marks. */
void penalty(const struct probe *p, unsigned check, const struct evidence *ev,
	     struct decision *d);

#endif
