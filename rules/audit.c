/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The audit of passwords between the thread that tries and the state that remembers. */
#include "audit.h"

#include "account.h"
#include "check/password.h"
#include "checks.h"
#include "emergency.h"
#include "event.h"
#include "number/number.h"
#include "ruleset.h"
#include "state/audits.h"

#define USER_SHOWN 40 /* bytes of a username in a line of the log */

static uint8_t check_index(void)
{
	uint8_t i = 0;

	while (checks[i] != &check_password)
		i++;
	return i;
}

bool ruleset_audit(const struct ruleset *rs, struct audit_plan *out)
{
	uint8_t check = check_index();

	password_plan(rs->zone[0].conf[check], out);
	for (unsigned z = 0; z < rs->n_zones; z++)
		if (rs->zone[z].policy[check].mode != MODE_OFF)
			return true;
	return false;
}

void audit_assign(struct ruleset *rs)
{
	uint8_t check = check_index();

	for (unsigned z = 0; z < rs->n_zones && rs->settings.mode == MODE_ENFORCE; z++) {
		int weak = password_zone(rs->zone[z].conf[check]);

		if (rs->zone[z].policy[check].mode == MODE_ENFORCE && weak >= 0)
			rs->zone[z].weak = &rs->zone[weak];
	}
}

static const char *const phrases[] = {
	[AUDIT_STRONG] = "%s: the password is no longer weak",
	[AUDIT_EMPTY] = "%s: weak password: it is empty",
	[AUDIT_OWN] = "%s: weak password: is the user's own number or name",
	[AUDIT_VARIED] = "%s: weak password: is made from the user's own number or name",
	[AUDIT_LISTED] = "%s: weak password: matches the list",
	[AUDIT_SHORT] = "%s: weak password: is a short number",
};

/* As of the answer that let him in: it left, so that none stands for another (events.c). */
static void tell(const struct audit_task *t, enum audit_result result, uint64_t now,
		 struct event *out)
{
	struct slice user = audit_part(t, AUDIT_USERNAME);
	struct evidence ev;

	user.n = user.n > USER_SHOWN ? USER_SHOWN : user.n;
	evidence_reason(&ev, phrases[result], &user);
	*out = (struct event){
		.when = now, .src = t->inside, .dst = t->outside, .sport = t->inside_port,
		.dport = t->outside_port, .proto = t->proto,
		.d = { .verdict = VERDICT_ACCEPT, .check = check_index(), .kind = SIP_RESPONSE,
		       .method = t->method, .status = 200, .dir = DIR_OUTBOUND, .parsed = true,
		       .notify = true, .defect = DEFECT_COUNT },
	};
	memcpy(out->d.reason, ev.reason, sizeof(out->d.reason));
}

bool state_audit_done(struct state *st, const struct audit_plan *plan, const struct audit_task *t,
		      enum audit_result result, uint64_t now, struct event *out)
{
	if (!audit_found(st, t, result != AUDIT_STRONG, plan->hold * NS, now))
		return false;
	tell(t, result, now, out);
	return true;
}

bool audit_restricts(const struct probe *p)
{
	enum sip_method m = p->sip->method;

	if (p->sip->kind != SIP_REQUEST || p->pkt->dir != DIR_INBOUND || p->trusted ||
	    m == METHOD_REGISTER || m == METHOD_ACK || m == METHOD_CANCEL ||
	    (p->names->to && m != METHOD_REFER))
		return false;
	if ((p->number && p->number->kind == NUMBER_EMERGENCY) || emergency_call(p->rules, p->sip))
		return false;
	return audit_weak(p->state, p->sip, p->names, p->account ? p->account->user_key : 0,
			  p->now);
}
