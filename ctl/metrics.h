/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answer to `stats` as Prometheus reads it: text exposition format 0.0.4.  docs/metrics.md
 * has every metric.
 *
 * Ownership: borrows.  Locking: none.  Errors: those of the stream, for the caller to ask.
 */
#ifndef SIPMOAT_METRICS_H
#define SIPMOAT_METRICS_H

#include <stdio.h>

#include "link.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* One value: of sipmoat_check_hits_total{check="agent",outcome="dropped"} name is "check_hits" and
 * of "agent dropped"; help as there, and the texts live as long as the call. */
struct metric {
	const char *name, *of, *help;
	bool time; /* it is s since 1970 */
	double value;
};
typedef void metrics_take(const struct metric *m, void *arg);
/* Each of an answer, in the order of docs/metrics.md, but for tables and histograms. */
void metrics_walk(struct reply *r, metrics_take *take, void *arg);

/* r NULL: there is no daemon that answers, which is said, too. */
void metrics_write(FILE *out, struct reply *r);

#endif
