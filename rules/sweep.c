/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no packet asks for: TCP connections that waited too long, or were answered, and what
 * idle pipes hold.
 */
#include "barred.h"
#include "checks.h"
#include "ruleset.h"
#include "state/flows.h"
#include "state/pipes.h"

/*
 * A connection is ended for its silence where the stream check would end it for its
 * bytes: not while that only observes, and never that of somebody trusted.
 */
static bool may_end(const struct ruleset *rs, struct state *st, const struct reset *r,
		    uint64_t now)
{
	struct pkt pkt = { .src = r->outside, .dst = r->inside, .sport = r->outside_port,
			   .dport = r->inside_port, .proto = PROTO_TCP, .dir = DIR_INBOUND };
	const struct zone *zone;
	bool ends = rs->settings.mode == MODE_ENFORCE && !sender_trusted(rs, st, &pkt, now, &zone);

	for (unsigned i = 0; ends && i < check_count; i++) {
		const struct policy *policy = &zone->policy[i];

		if (checks[i] == &check_stream)
			ends = policy->mode == MODE_ENFORCE && !action_passes(policy->action);
	}
	return ends;
}

size_t engine_sweep(const struct ruleset *rs, struct state *st, uint64_t now, struct reset *out,
		    size_t room)
{
	size_t found = flows_sweep(st, &rs->settings, now, out, room), n = 0;

	pipes_sweep(st, now);
	for (size_t i = 0; i < found; i++) {
		/* nobody is left at the other end of one that was answered */
		if (out[i].ends == RESET_BOTH && !may_end(rs, st, &out[i], now))
			flow_spare(st, &out[i], now);
		else if (flow_expire(st, &out[i], now))
			out[n++] = out[i];
	}
	return n;
}
