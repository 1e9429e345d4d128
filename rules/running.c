/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "running.h"

#include <stdio.h>

#include "barred.h"
#include "checks.h"
#include "cut.h"
#include "groups.h"
#include "ruleset.h"
#include "scratch.h"
#include "state/legs.h"

void running_draft(struct probe *p)
{
	bool out = p->pkt->dir == DIR_OUTBOUND;
	struct call_asks a = {
		.names = p->names, .branch = call_branch_of(p->state, p->sip, p->names),
		.inside = out ? &p->pkt->src : &p->pkt->dst,
		.cseq = p->sip->cseq, .outbound = out, .known = p->trusted,
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

/* ---- while they run ---- */

/* Somebody's call is to be judged by the check that limits it, where it came from. */
struct passing {
	const struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	const struct call *call;
	uint64_t now;
	struct call_notice *out;
};

static void write_notice(struct passing *p)
{
	const struct call *c = p->call;
	struct call_notice *out = p->out;
	bool inbound = c->dir == DIR_INBOUND;
	char number[NUMBER_TEXT] = "";

	memset(out, 0, offsetof(struct call_notice, parcel));
	for (unsigned i = 0; i < 2; i++)
		out->parcel[i].n = 0;
	out->src = inbound ? c->outside : c->inside;
	out->dst = inbound ? c->inside : c->outside;
	out->sport = inbound ? c->outside_port : c->inside_port;
	out->dport = inbound ? c->inside_port : c->outside_port;
	out->proto = c->proto;
	/* of a record that was saved n may be anything */
	snprintf(out->user, sizeof(out->user), "%.*s",
		 c->account.n < ACCOUNT_NAME ? c->account.n : ACCOUNT_NAME, c->account.name);
	(void)number_print(&c->number, number);
	snprintf(out->number, sizeof(out->number), "%s", number);
	out->d.verdict = VERDICT_ACCEPT;
	out->d.check = CHECK_NONE;
	out->d.call = true;
	out->d.kind = SIP_REQUEST;
	out->d.method = METHOD_INVITE;
	out->d.dir = c->dir;
	out->d.zone = c->zone < p->rs->n_zones ? c->zone : 0;
	out->d.defect = DEFECT_COUNT;
}

/* So much of what a slot counts, in words. */
static struct slice amount(char room[32], const struct call_slot *s, uint32_t n)
{
	int len;

	if (s->kind == SLOT_MONEY)
		len = snprintf(room, 32, "%u.%02u", n / CALL_MONEY,
			       n % CALL_MONEY / (CALL_MONEY / 100));
	else
		len = snprintf(room, 32, "%u:%02u", n / 60, n % 60);
	return (struct slice){ room, (uint32_t)len };
}

/* A call that goes on to a trunk has slots of that one's zone, too. */
static bool find_words(const struct passing *p, unsigned check, unsigned slot,
		       struct limit_words *out)
{
	const struct ruleset *rs = p->rs;
	bool (*limit)(const void *, const struct call *, unsigned, struct limit_words *) =
		check < check_count ? checks[check]->limit : NULL;
	unsigned own = p->out->d.zone;

	if (limit && limit(rs->zone[own].conf[check], p->call, slot, out))
		return true;
	for (unsigned z = 0; limit && z < rs->n_zones; z++)
		if (z != own && limit(rs->zone[z].conf[check], p->call, slot, out))
			return true;
	*out = (struct limit_words){ "", slot < CALL_SLOTS ? "calls" : "call", "", "" };
	return false;
}

/* Money is added before it has to be paid. */
static void write_used(const struct passing *p, const struct call_due *due,
		       const struct call_slot *s, struct evidence *ev)
{
	char used[32], limit[32];
	bool over = due->kind == DUE_SLOT_OVER;
	bool known;
	struct limit_words w;
	struct slice is = amount(used, s, due->used);
	struct slice most = amount(limit, s, over ? s->act : s->warn);
	struct slice whose, unit, within, comma, name;

	known = find_words(p, s->check, due->slot, &w);
	whose = slice_of(w.whose);
	within = slice_of(w.within);
	unit = slice_of(s->kind == SLOT_MONEY ? w.currency : "min");
	comma = slice_of(known ? ", limit " : "");
	name = slice_of(w.name);
	if (s->kind != SLOT_MONEY)
		evidence_reason(ev, over ? "%s have lasted %s of %s %s%s%s%s" :
					   "%s have lasted %s, more than %s %s%s%s%s",
				&whose, &is, &most, &unit, &within, &comma, &name);
	else
		evidence_reason(ev, over ? "%s would soon have cost %s of %s %s%s%s%s" :
					   "%s cost %s so far, more than %s %s%s%s%s",
				&whose, &is, &most, &unit, &within, &comma, &name);
}

/* As it is written in the config: "4h", "90s". */
static struct slice duration(char room[32], uint32_t s)
{
	unsigned unit = s % 3600 == 0 ? 3600 : s % 60 == 0 ? 60 : 1;
	int len = snprintf(room, 32, "%u%c", s / unit, unit == 3600 ? 'h' : unit == 60 ? 'm' : 's');

	return (struct slice){ room, (uint32_t)len };
}

static void write_lasted(const struct passing *p, bool over, struct evidence *ev)
{
	const struct call *c = p->call;
	struct limit_words w;
	bool known = find_words(p, c->duration_check, CALL_SLOTS, &w);
	struct slice comma = slice_of(known ? ", limit " : ""), name = slice_of(w.name), time;
	char room[32];

	time = duration(room, over ? c->cut_after : c->warn_after);
	evidence_reason(ev, over ? "call has lasted %s, and may not last longer%s%s" :
				   "call has lasted %s%s%s", &time, &comma, &name);
}

static void write_reason(const struct passing *p, const struct call_due *due, struct evidence *ev)
{
	if (due->kind == DUE_WARN || due->kind == DUE_CUT)
		write_lasted(p, due->kind == DUE_CUT, ev);
	else
		write_used(p, due, &p->call->slot[due->slot < CALL_SLOTS ? due->slot : 0], ev);
}

/* Who is told what, and whether it is enforced.  false: the check is not asked any more. */
static bool judge(const struct passing *p, unsigned check, bool warns, struct decision *d,
		  bool *ends)
{
	const struct policy *policy = &p->rs->zone[d->zone].policy[check];
	bool observe, alert;

	if (check >= check_count || policy->mode == MODE_OFF ||
	    p->call->number.kind == NUMBER_EMERGENCY)
		return false;
	observe = policy->mode == MODE_OBSERVE || p->rs->settings.mode == MODE_OBSERVE;
	alert = warns || action_passes(policy->action);
	d->observed = observe && !alert;
	*ends = !observe && !alert;
	return true;
}

static void write_evidence(const struct passing *p, struct evidence *ev)
{
	char text[sizeof(p->out->user) + sizeof(p->out->number) + 8];
	int n = snprintf(text, sizeof(text), "%s to %s",
			 p->out->user[0] ? p->out->user : "server", p->out->number);

	evidence_bytes(ev, (struct slice){ text, (uint32_t)n });
}

static bool is_of_banned(unsigned check)
{
	return check < check_count && checks[check] == &check_banned;
}

/* What is said to the phones (RFC 3326). */
static struct slice cause(unsigned check)
{
	return is_of_banned(check) ? SLICE("SIP ;cause=403 ;text=\"Forbidden\"") :
				     SLICE("SIP ;cause=480 ;text=\"Call limit\"");
}

/* A call that cannot be ended goes on, and counts. */
static bool cut(struct passing *p, unsigned check, struct evidence *ev)
{
	struct cut said = call_cut(p->st, &p->rs->settings, p->s->strict, p->call->key, 0,
				   cause(check), p->now, p->out);
	struct slice why = slice_of(ev->reason);
	struct evidence more;

	if (said.said != CUT_CANNOT) {
		p->out->d.verdict = VERDICT_DROP;
		calls_cut(p->st, p->call->key, check, p->now);
		return true;
	}
	evidence_reason(&more, "%s; it cannot be ended here", &why);
	memcpy(ev->reason, more.reason, sizeof(ev->reason));
	return false;
}

static void write_told(struct passing *p, unsigned check, const struct evidence *ev)
{
	struct decision *d = &p->out->d;

	d->check = (uint8_t)check;
	d->notify = true;
	memcpy(d->reason, ev->reason, sizeof(d->reason));
	memcpy(d->evidence, ev->text, sizeof(d->evidence));
}

static void write_ban(const struct ban *ban, struct evidence *ev)
{
	struct slice by = SLICE(""), check = SLICE(""), who, why = slice_of(ban->reason);
	char text[PREFIX_TEXT];

	prefix_print(&ban->who, text);
	who = slice_of(text);
	if (ban->check < check_count) {
		by = SLICE(" by ");
		check = slice_of(check_name(ban->check));
	}
	evidence_reason(ev, "%s is banned%s%s: %s", &who, &by, &check, &why);
}

static bool is_elsewhere(struct passing *p, const struct addr *end)
{
	struct addr began = addr_site(&p->call->outside), is = addr_site(end);
	struct ban ban;

	return !addr_eq(&is, &began) && !state_ban_cuts(p->st, end, p->now, &ban);
}

/* A phone may have moved, and somebody else have its former address. */
static bool has_moved(struct passing *p)
{
	struct legs l;

	return legs_find(p->st, p->call->key, p->now, &l) &&
	       (is_elsewhere(p, &l.heard) || is_elsewhere(p, &l.told));
}

/* One that cannot be ended is told of once, and tried again after further bans. */
static bool run_banned(struct passing *p)
{
	const struct call *c = p->call;
	struct pkt pkt = { .src = c->outside, .dst = c->inside, .sport = c->outside_port,
			   .dport = c->inside_port, .proto = c->proto, .dir = DIR_INBOUND };
	struct evidence *ev = &p->s->ev;
	unsigned check = barred_check();
	struct ban ban;

	if (c->number.kind == NUMBER_EMERGENCY ||
	    !sender_barred(p->rs, p->st, &pkt, p->now, &ban) || has_moved(p))
		return false;
	ev->reason[0] = ev->text[0] = 0;
	write_ban(&ban, ev);
	write_evidence(p, ev);
	if (!cut(p, check, ev)) {
		if (c->told & 1u << CALL_TOLD_BANNED)
			return false;
		calls_told(p->st, c->key, CALL_TOLD_BANNED, p->now);
	}
	write_told(p, check, ev);
	return true;
}

static bool run_due(struct passing *p, const struct call_due *due)
{
	const struct call *c = p->call;
	bool slot = due->kind == DUE_SLOT_WARN || due->kind == DUE_SLOT_OVER;
	bool warns = due->kind == DUE_WARN || due->kind == DUE_SLOT_WARN, ends = false;
	unsigned check = slot ? c->slot[due->slot].check : c->duration_check;
	struct evidence *ev = &p->s->ev;

	ev->reason[0] = ev->text[0] = 0;
	if (due->kind == DUE_SLOT_OVER)
		calls_told(p->st, c->key, due->slot, p->now);
	if (!judge(p, check, warns, &p->out->d, &ends))
		return false;
	write_reason(p, due, ev);
	write_evidence(p, ev);
	if (ends)
		(void)cut(p, check, ev);
	write_told(p, check, ev);
	return true;
}

static const char *silent(const struct cut *said)
{
	bool inside = said->inside && !said->inside_refused;
	bool outside = said->outside && !said->outside_refused;

	if (!inside && !outside)
		return "neither side";
	return inside ? "the server, but not the other side," :
			"the other side, but not the server,";
}

/*
 * Whoever is banned is told once: nothing that he says is heard, and his entry in conntrack
 * may be gone.  In a connection both BYEs stand, until it ends.
 */
static void tell_server_only(struct call_notice *out, struct cut *said)
{
	if (out->parcel[LEG_OUTSIDE].tcp)
		return;
	out->parcel[LEG_OUTSIDE].n = 0;
	out->cut = out->parcel[LEG_INSIDE].n || out->d.reset;
	if (said->inside)
		said->said = CUT_DONE;
}

/* The end is said again, until both sides have heard it. */
static bool run_again(struct passing *p)
{
	const struct call *c = p->call;
	bool banned = is_of_banned(c->duration_check), last;
	struct cut said = call_cut(p->st, &p->rs->settings, p->s->strict, c->key, c->open,
				   cause(c->duration_check), p->now, p->out);
	struct slice who = slice_of(silent(&said));
	struct evidence *ev = &p->s->ev;

	if (banned)
		tell_server_only(p->out, &said);
	last = c->open + 1 >= CALL_CUTS || (said.said == CUT_CANNOT && !p->out->cut);
	calls_cut_said(p->st, c->key, said.said != CUT_SENT, p->now);
	if (!last || said.said == CUT_DONE || c->duration_check >= check_count ||
	    (banned && said.inside && !said.inside_refused))
		return p->out->cut;
	p->out->cut = false;
	ev->reason[0] = ev->text[0] = 0;
	evidence_reason(ev, "call was cut, and %s has ended it", &who);
	write_evidence(p, ev);
	write_told(p, c->duration_check, ev);
	return true;
}

static bool run(struct passing *p, const struct call_due *due)
{
	if (due->kind == DUE_AGAIN)
		return run_again(p);
	/* it may have come to its end by something else that is due */
	if (!calls_goes_on(p->st, p->call->key, p->now))
		return false;
	return due->kind == DUE_BANNED ? run_banned(p) : run_due(p, due);
}

size_t engine_calls(const struct ruleset *rs, struct state *st, struct scratch *s, uint64_t now,
		    struct call_notice *out, size_t room)
{
	size_t n = 0;

	while (n < room) {
		struct passing p = { .rs = rs, .st = st, .s = s, .now = now, .out = &out[n] };
		const struct call_due *due;

		if (s->due_at == s->dues) {
			s->due_at = 0;
			s->dues = calls_sweep(st, rs->settings.ban_calls == CALLS_END, now, s->due);
		}
		if (!s->dues)
			break;
		due = &s->due[s->due_at++];
		p.call = &due->call;
		write_notice(&p);
		n += run(&p, due);
	}
	return n;
}

bool engine_calls_run(const struct state *st)
{
	return calls_run(st);
}
