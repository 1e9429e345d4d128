/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * THE table: one row per check; the order on the page is the order of execution.
 * Stages ascend; within a stage the cheapest and the most trusting come first.
 */
#include "checks.h"

const struct check *const checks[] = {
	/* SOURCE: the address only */
	&check_trusted,
	&check_banned,
	&check_country,
	/* TRANSPORT: how it came */
	&check_transports,
	&check_stream,
	/* FRAME: flood first, so that damaged messages count against their sender too */
	&check_flood,
	&check_malformed,
	/* MESSAGE */
	&check_agent,
	&check_method,
	&check_destination,
	&check_strict, /* last: it costs more than all the others */
	/* BEHAVIOUR: memory across messages */
	&check_stray,
	&check_dialog,
	&check_scan,
	&check_auth,
	&check_register,
	&check_registered,
	&check_transfer,
	&check_cost,
	&check_duration,
	&check_calls,
	&check_pattern,
	&check_pipe, /* what nobody else refuses fills it */
	&check_password, /* what the others let pass */
	/* and of what leaves */
	&check_leak,
};

const unsigned check_count = sizeof(checks) / sizeof(*checks);

const char *check_name(unsigned index)
{
	return index < check_count ? checks[index]->name : "-";
}
