/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a request may be answered by us, and with how much: so that answers cannot be
 * turned against anybody.  What is said then is answer.h's.
 *
 * Nobody gets more bytes than came in his name, but who has shown in this very message that
 * he receives them.  Who has shown nothing gets one answer for a transaction, if strangers
 * get any (answers.strangers); sites and all together have rates.
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_CAPS_H
#define SIPMOAT_CAPS_H

#include "check.h"
#include "engine.h"

/*
 * The bytes that the answer may have: it counts as given.  0: there must be none, and *kept
 * says whether it was held back, or is none that anybody could have.
 */
unsigned caps_allow(const struct probe *p, enum kept *kept);
/* Has its sender shown in this message that he receives what is sent to him? */
bool caps_proven(const struct probe *p);

#endif
