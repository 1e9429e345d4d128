/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settle.h"

#include "answer.h"
#include "approve.h"
#include "penalty.h"
#include "ruleset.h"
#include "state/state.h"

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

/*
 * Servers, trusted peers and phones that are registered hear the truth, at once: a phone that
 * takes a lie for its registration cannot be called any more.
 */
static enum action action_of(const struct probe *p, const struct policy *policy,
			     const struct evidence *ev)
{
	enum action how = policy->action;

	if ((how == ACTION_DROP || how == ACTION_MARK) && ev->reject)
		return ACTION_REJECT;
	if (how != ACTION_DECOY && how != ACTION_TARPIT)
		return how;
	return p->pkt->dir == DIR_OUTBOUND || p->trusted ||
	       source_standing(p->state, p->site_key, p->now) == REGISTERED ? ACTION_REJECT : how;
}

bool settle(const struct probe *p, unsigned check, struct evidence *ev, struct answers *out,
	    struct decision *d)
{
	const struct policy *policy = &p->zone->policy[check];
	bool observe = policy->mode == MODE_OBSERVE || p->rules->settings.mode == MODE_OBSERVE;
	bool alert = policy->action == ACTION_ALERT || ev->alert ||
		     checks[check]->way == WAY_OUT_TOLD;
	bool approve = !alert && (policy->action == ACTION_APPROVE || ev->approve);
	bool mark = policy->action == ACTION_MARK && !approve && !ev->reject;
	bool spared = p->spared && !observe && !alert && !mark;
	bool told = observe || alert || spared;
	enum action how;

	if (approve && evidence_approved(p, ev))
		return false;
	if (ev->defect != DEFECT_COUNT)
		d->defect = ev->defect;
	/* the first hit tells the story, unless a later one decides it */
	if (d->check != CHECK_NONE && (told || (mark && d->mark)))
		return false;
	if (spared)
		say_spared(ev);
	tell(check, ev, observe && !alert, alert, d);
	if (told)
		return false;
	if (mark) {
		d->mark = policy->mark;
		penalty(p, check, ev, d);
		return false;
	}
	d->verdict = VERDICT_DROP;
	if (approve)
		approve_ask(p, ev, d);
	else
		penalty(p, check, ev, d);
	how = approve ? ACTION_APPROVE : action_of(p, policy, ev);
	/* over TCP the sender of what is gentle may try again */
	if (how != ACTION_DROP && !(p->segment && ev->gentle))
		answer_make(p, check, ev, how, out, d);
	return true;
}
