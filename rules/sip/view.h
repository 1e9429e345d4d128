/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of the view: view.c finds the lines, values.c judges what
 * the lines of known headers say.
 *
 * Ownership and locking: as sip.h.
 */
#ifndef SIPMOAT_VIEW_H
#define SIPMOAT_VIEW_H

#include "sip.h"

/* Records the first place of a defect. */
static inline void view_defect(struct sip_msg *m, enum sip_defect d, const char *at)
{
	if (sip_defective(m, d))
		return;
	m->defects |= (uint64_t)1 << d;
	m->defect_at[d] = (uint32_t)(at - m->all.p);
}

/* Required headers, duplicates, CSeq, Via, Max-Forwards, Content-Length, quoting. */
void values_read(struct sip_msg *m);
/* The Request-URI. */
void values_uri(struct sip_msg *m);

#endif
