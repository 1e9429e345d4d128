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

const char *inspect_kind(const struct sip_msg *m);
struct slice inspect_method(const struct sip_msg *m);
bool inspect_refused(enum sip_defect d); /* by the default policy */
unsigned inspect_line(const struct sip_msg *m, enum sip_defect d);

void inspect_json(FILE *out, const struct sip_msg *m); /* inspect_json.c */
void inspect_text(FILE *out, const struct sip_msg *m); /* inspect_text.c */

#define NOT_SIP "not-sip"
#define NOT_SIP_TEXT "the first line is neither a SIP request nor a SIP response"

#endif
