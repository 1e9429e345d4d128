/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lane.h"

#include <stdio.h>

#include "check.h"
#include "log.h"

int lane_open(struct queue **out, enum lane lane, const struct settings *s, unsigned worker,
	      unsigned workers, char err[QUEUE_ERROR])
{
	unsigned before = lane == LANE_KNOWN ? workers : 0;
	const struct queue_conf q = {
		.number = (uint16_t)(s->queue_first + before + worker),
		.length = s->queue_length,
		/* it costs each packet, and those of the known are connections already */
		.entries = lane == LANE_STRANGERS,
		.fail_open = lane_passes(lane, s),
		.fail = s->when_gone[lane] == TROUBLE_ACCEPT ? VERDICT_ACCEPT : VERDICT_DROP,
	};
	int r = queue_open(out, &q, err);

	if (!r && worker == 0 && q.entries && !queue_tracks(*out))
		log_warn("the kernel does not tell where packets were sent to before DNAT (it is "
			 "made without NETFILTER_NETLINK_GLUE_CT): behind DNAT answers to "
			 "strangers over UDP leave from inner addresses");
	return r;
}

bool lane_passes(enum lane lane, const struct settings *s)
{
	return s->mode != MODE_ENFORCE || s->when_full[lane] == TROUBLE_ACCEPT;
}

void lane_adopt(struct queue *q, enum lane lane, const struct settings *s)
{
	bool passes = lane_passes(lane, s);

	if (passes != queue_conf_of(q)->fail_open)
		queue_fail_open(q, passes);
}

void lane_describe(enum lane lane, const struct settings *s, char *out, size_t room)
{
	bool known = lane == LANE_KNOWN, passes = lane_passes(lane, s);

	snprintf(out, room, "packets of %s found a queue full and were %s (%s%s)",
		 known ? "known sources" : "strangers",
		 passes ? "LET THROUGH UNJUDGED" : "dropped",
		 s->mode != MODE_ENFORCE ? "mode = \"observe\"" :
		 known ? "queue.known_full" : "queue.when_full",
		 s->mode != MODE_ENFORCE ? "" : passes ? " = \"accept\"" : " = \"drop\"");
}
