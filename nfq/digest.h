/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does a password fit a digest (RFC 2617, RFC 7616 3.4, RFC 8760)?
 *
 * Ownership: a value, to be wiped when done.  Locking: none.
 */
#ifndef SIPMOAT_DIGEST_H
#define SIPMOAT_DIGEST_H

#include "audit.h"

#define DIGEST_HEX 64

/* What is the same for all passwords. */
struct digest_try {
	const struct audit_task *task;
	char start[AUDIT_TEXT + 2];  /* username:realm: */
	char ha2[DIGEST_HEX];
	uint32_t start_n, hex_n; /* hex_n: characters of a hash */
};

/* plain: escapes in username and realm are undone (RFC 3261 25.1), which some do and some
 * do not.  task must outlive d. */
void digest_begin(struct digest_try *d, const struct audit_task *task, bool plain);
/* Is there any difference? */
bool digest_escaped(const struct audit_task *task);
bool digest_fits(const struct digest_try *d, struct slice password);
void digest_wipe(struct digest_try *d);

#endif
