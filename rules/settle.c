/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settle.h"

#include "answer.h"
#include "approve.h"
#include "penalty.h"
#include "ruleset.h"

/* What would have been refused, and passes: see struct probe. */
static void say_spared(struct evidence *ev)
{
	char was[REASON_TEXT];
	struct slice why;

	memcpy(was, ev->reason, sizeof(was));
	why = slice_of(was);
	evidence_reason(ev, "not refused over TCP: %s", &why);
}

static void tell(unsigned check, const struct evidence *ev, bool observed, bool alert,
		 struct decision *d)
{
	d->check = (uint8_t)check;
	d->observed = observed;
	memcpy(d->reason, ev->reason, sizeof(d->reason));
	memcpy(d->evidence, ev->text, sizeof(d->evidence));
	d->notify = !(checks[check]->quiet || ev->quiet) || alert;
}

bool settle(const struct probe *p, unsigned check, struct evidence *ev, struct parcel *answer,
	    struct decision *d)
{
	const struct policy *policy = &p->zone->policy[check];
	bool observe = policy->mode == MODE_OBSERVE || p->rules->settings.mode == MODE_OBSERVE;
	bool alert = policy->action == ACTION_ALERT || ev->alert ||
		     checks[check]->way == WAY_OUT_TOLD;
	bool passes = observe || alert || p->spared;
	bool approve = !alert && (policy->action == ACTION_APPROVE || ev->approve);

	if (approve && evidence_approved(p, ev))
		return false;
	if (ev->defect != DEFECT_COUNT)
		d->defect = ev->defect;
	/* the first hit tells the story, unless a later one decides it */
	if (d->check != CHECK_NONE && passes)
		return false;
	if (p->spared && !observe && !alert)
		say_spared(ev);
	tell(check, ev, observe && !alert, alert, d);
	if (passes)
		return false;
	d->verdict = VERDICT_DROP;
	if (approve)
		approve_ask(p, ev, d);
	else
		penalty(p, check, ev, d);
	if ((approve || ev->reject || policy->action == ACTION_REJECT) &&
	    !(p->segment && ev->gentle))
		answer_make(p, check, ev, answer, d);
	return true;
}
