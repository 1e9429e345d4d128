/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of `sipmoat inspect`: inspect.c reads and decides,
 * inspect_json.c and inspect_text.c tell.
 *
 * Ownership: a message is borrowed.  Units: offsets in bytes from the start
 * line, lines from 1.
 */
#ifndef SIPMOAT_INSPECT_H
#define SIPMOAT_INSPECT_H

#include <stdio.h>

#include "ctl.h"
#include "sip.h"

struct inspect_defect {
	enum sip_defect defect;
	uint32_t at;
};

struct inspection {
	const struct sip_msg *m;
	bool refused; /* by the standard preset */
	unsigned n;
	struct inspect_defect found[DEFECT_COUNT];
};

const char *inspect_kind(const struct sip_msg *m);
struct slice inspect_method(const struct sip_msg *m);
const char *inspect_treat(enum sip_defect d); /* "drop": by the standard preset */
unsigned inspect_line(const struct sip_msg *m, uint32_t at);

void inspect_json(FILE *out, const struct inspection *in); /* inspect_json.c */
void inspect_text(FILE *out, const struct inspection *in); /* inspect_text.c */

#endif
