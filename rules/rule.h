/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of the operator's own: conditions (condition.h), maybe a rate, and what is done
 * then.  The check `pattern` asks them one after the other.
 *
 * Ownership: rule_free frees what rule_compile made.  Locking: none, const once compiled.
 */
#ifndef SIPMOAT_RULE_H
#define SIPMOAT_RULE_H

#include "condition.h"
#include "text.h"

enum rule_action { RULE_DROP, RULE_REJECT, RULE_ALERT, RULE_PASS };

/* One entry of the key rules: as written, and what is made of it. */
struct rule {
	struct conf_item at;
	struct condition when;
	uint8_t per;        /* enum whose: what a rate is counted for; NOBODY: there is none */
	uint8_t action;     /* enum rule_action */
	uint32_t rate, window; /* messages in so many s; rate 0: not counted */
	uint32_t ban;       /* s, 0: as the check's own */
};

extern const struct conf_row rule_rows[];

/* 0 or -1, reported. */
int rule_compile(struct rule *r, struct compiler *c);
void rule_free(struct rule *r); /* takes one that is not compiled */

/* What it does, for people: "INVITE from outside; to 900: drop".  Cut at room. */
void rule_text(const struct rule *r, char *out, size_t room);

#endif
