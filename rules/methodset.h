/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of methods as an operator writes them.  Names are case-sensitive (RFC 3261 7.1).
 *
 * Ownership: texts are those of the list.  Locking: none, const once compiled.
 */
#ifndef SIPMOAT_METHODSET_H
#define SIPMOAT_METHODSET_H

#include "conf.h"
#include "sip.h"

/* Methods of an operator's own, beside the registered ones. */
#define OWN_MAX 16

struct methodset {
	uint32_t known; /* bit per enum sip_method */
	unsigned n_own;
	struct slice own[OWN_MAX];
};

/* Adds those of the list to a zeroed set; 0 or -1, reported. */
int methodset_compile(struct methodset *set, const struct conf_list *list, struct compiler *c,
		      const char *key);
/* Is the method of a message in it, of a response that of its CSeq? */
bool methodset_has(const struct methodset *set, const struct sip_msg *sip);

/* "BYE, INVITE": those in set and not in but; what finds no room is left out. */
#define METHODSET_TEXT 160
void methodset_text(const struct methodset *set, const struct methodset *but,
		    char out[METHODSET_TEXT]);

#endif
