/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether it may be AppArmor that forbids something, for messages that say so: who reads
 * "Permission denied" looks at owners and modes first.  Reads /proc: not for the packet path.
 * Any thread.
 */
#ifndef SIPMOAT_NFQ_CONFINED_H
#define SIPMOAT_NFQ_CONFINED_H

/* What to append to the text of the errno ERR; a constant, "" where there is nothing to say. */
const char *confined_hint(int err);

#endif
