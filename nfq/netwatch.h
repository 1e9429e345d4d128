/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the sets of nets.h and makes bans and allowances of what others wrote there, and
 * what an earlier run left; and lifts those of which they deleted the piece.
 *
 * Locking: none; one thread.  Errors: 0 or -errno.
 */
#ifndef SIPMOAT_NETWATCH_H
#define SIPMOAT_NETWATCH_H

#include "banlist.h"

/* At the start: all that is there and not known from elsewhere. */
int netwatch_adopt(struct banlist *l, struct nftlink *reader);
/* Somebody has changed them. */
int netwatch_compare(struct banlist *l, struct nftlink *reader);

#endif
