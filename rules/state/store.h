/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What struct state is made of: for rules/state/ alone. */
#ifndef SIPMOAT_STORE_H
#define SIPMOAT_STORE_H

#include "flows.h"
#include "hash.h"
#include "key.h"
#include "meter.h"
#include "state.h"
#include "table.h"

struct state {
	struct hash_key secret;
	struct meter *meter;
	struct table *sources, *tokens, *bans;
	struct flows *flows;
};

size_t source_size(void); /* bytes of a record of sources */
size_t ban_size(void);    /* and of bans */

#endif
