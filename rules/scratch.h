/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a thread needs beside its stack.  Ownership and locking: one thread's.
 */
#ifndef SIPMOAT_SCRATCH_H
#define SIPMOAT_SCRATCH_H

#include "answer.h"
#include "engine.h"
#include "state/calls.h"
#include "state/flows.h"

struct scratch {
	struct sip_msg sip;
	struct strict *strict;
	struct evidence ev;
	struct flow_room *room;
	struct answers answers;
	struct call_due due[CALL_DUES]; /* found, and from due_at on not yet dealt with */
	size_t dues, due_at;
};

#endif
