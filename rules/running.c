/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "running.h"

#include "groups.h"
#include "ruleset.h"

void running_draft(struct probe *p)
{
	bool out = p->pkt->dir == DIR_OUTBOUND;
	struct call_asks a = {
		.names = p->names, .cseq = p->sip->cseq, .outbound = out, .known = p->trusted,
		.trunk = (int16_t)trunk_of(p->rules, out ? &p->pkt->dst : &p->pkt->src),
	};

	call_draft_begin(p->state, &a, p->now, p->draft);
}

void running_facts(const struct probe *p, struct call_facts *out)
{
	*out = (struct call_facts){
		.draft = p->draft, .account = p->account, .number = p->number,
		.zone = (uint8_t)(p->zone - p->rules->zone), .known = p->trusted,
	};
}
