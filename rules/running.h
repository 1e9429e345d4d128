/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls as the engine sees them: what is known when one begins, and what becomes due while
 * it runs (engine_calls).
 *
 * Ownership: values.  Locking: none of its own.
 */
#ifndef SIPMOAT_RUNNING_H
#define SIPMOAT_RUNNING_H

#include "check.h"
#include "state/calls.h"

/* Begins the draft of the INVITE, in p->draft. */
void running_draft(struct probe *p);
/* What there is to remember of it besides. */
void running_facts(const struct probe *p, struct call_facts *out);

#endif
