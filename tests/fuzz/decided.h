/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is true of every decision, and when two are the same: for targets that judge. */
#ifndef SIPMOAT_FUZZ_DECIDED_H
#define SIPMOAT_FUZZ_DECIDED_H

#include <string.h>

#include "check.h"
#include "fuzz.h"

static inline void printable(const char *text, size_t room)
{
	size_t n = strnlen(text, room);

	must(n < room);
	for (size_t i = 0; i < n; i++)
		must(text[i] >= ' ' && text[i] <= '~');
}

static inline void sane(const struct decision *d, const struct pkt *pkt)
{
	must(d->verdict <= VERDICT_DECOY);
	must(d->check == CHECK_NONE || d->check < check_count);
	must(d->verdict == VERDICT_ACCEPT || d->absorbed || d->check != CHECK_NONE);
	must(d->verdict == VERDICT_ACCEPT || !d->observed);
	must(!d->ban || d->verdict != VERDICT_ACCEPT);
	must(!d->reset || (d->verdict != VERDICT_ACCEPT && pkt->proto == PROTO_TCP));
	must(!d->answer_after || d->verdict == VERDICT_REJECT);
	must(d->defect <= DEFECT_COUNT && (d->defect == DEFECT_COUNT || d->check != CHECK_NONE));
	must(d->messages <= 1 || pkt->proto == PROTO_TCP);
	must(d->dir == pkt->dir && d->dir <= DIR_INTERNAL);
	must(d->dir != DIR_INTERNAL || d->verdict == VERDICT_ACCEPT);
	must(d->kind <= SIP_RESPONSE && d->method < METHOD_COUNT);
	must(d->status == 0 || (d->status >= 100 && d->status <= 699));
	if (d->check == CHECK_NONE)
		return;
	must(d->reason[0]);
	printable(d->reason, sizeof(d->reason));
	printable(d->evidence, sizeof(d->evidence));
}

static inline void same(const struct decision *a, const struct decision *b)
{
	must(a->verdict == b->verdict && a->check == b->check && a->kind == b->kind);
	must(a->method == b->method && a->status == b->status && a->zone == b->zone);
	must(a->parsed == b->parsed && a->notify == b->notify && a->proven == b->proven);
	must(a->ban == b->ban && a->known == b->known);
	must(a->reset == b->reset && a->messages == b->messages);
	must(a->defect == b->defect);
	if (a->check != CHECK_NONE)
		must(!strcmp(a->reason, b->reason) && !strcmp(a->evidence, b->evidence));
}

#endif
