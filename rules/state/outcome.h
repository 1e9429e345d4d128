/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is said of the target of a request outside a dialog: by the first answer to it or,
 * where no answers are seen, by the request alone.
 *
 * Locking: inside sight.
 */
#ifndef SIPMOAT_OUTCOME_H
#define SIPMOAT_OUTCOME_H

#include "memory.h"

enum outcome { NOTHING, REFUSED, REACHED, OPEN, FOLLOWED };

/* l->asked is the request. */
enum outcome outcome_of(const struct lesson *l);
enum outcome outcome_unseen(struct state *st, const struct lesson *l);
/* The server knows no such user, or will not say, or he is not there. */
bool outcome_is_refusal(unsigned status);

#endif
