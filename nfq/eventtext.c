/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eventtext.h"

#include <inttypes.h>
#include <stdio.h>

#include "check.h"

#define ENDPOINT_TEXT (ADDR_TEXT + 8)
#define HEAD_TEXT 224
#define ENDED_TEXT 96

void events_duration(uint32_t seconds, char out[EVENTS_DURATION])
{
	static const struct {
		uint32_t seconds;
		char unit;
	} units[] = { { 604800, 'w' }, { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	unsigned i = 0;

	while (i < 4 && (seconds == 0 || seconds % units[i].seconds))
		i++;
	snprintf(out, EVENTS_DURATION, "%" PRIu32 "%c", seconds / units[i].seconds, units[i].unit);
}

static void endpoint_print(const struct addr *a, uint16_t port, char out[ENDPOINT_TEXT])
{
	char text[ADDR_TEXT];

	addr_print(a, text);
	snprintf(out, ENDPOINT_TEXT, addr_is_v4(a) ? "%s:%u" : "[%s]:%u", text, port);
}

static void site_print(const struct addr *a, char out[PREFIX_TEXT])
{
	struct prefix p = { addr_site(a), (uint8_t)addr_site_len(a) };

	prefix_print(&p, out);
}

static const char *what_came(const struct decision *d)
{
	switch ((enum sip_kind)d->kind) {
	case SIP_REQUEST:
		return sip_method_name((enum sip_method)d->method);
	case SIP_RESPONSE:
		return "response";
	case SIP_KEEPALIVE:
		return "keepalive";
	case SIP_NONE:
		break;
	}
	return d->parsed ? "something that is not SIP" : "packet";
}

static const char *what_happened(bool observed, bool alert, bool call)
{
	if (call)
		return observed ? "would have cut a call of" :
		       alert ? "noticed a call of" : "cut a call of";
	return observed ? "would have dropped" : alert ? "noticed" : "dropped";
}

/* NULL: nothing was said. */
static const char *answered_as(uint8_t verdict)
{
	return verdict == VERDICT_REJECT ? "refused" :
	       verdict == VERDICT_DECOY ? "deceived" : NULL;
}

/* What follows: " for 1h" of a mark that is told already, else of all. */
static void print_ended(const struct decision *d, bool mark_told, char out[ENDED_TEXT])
{
	const char *ended = d->reset ? " and ended the TCP connection" : "";
	char time[EVENTS_DURATION];

	if (!d->mark_time) {
		snprintf(out, ENDED_TEXT, "%s", ended);
		return;
	}
	events_duration(d->mark_time, time);
	if (mark_told)
		snprintf(out, ENDED_TEXT, " for %s", time);
	else
		snprintf(out, ENDED_TEXT, "%s and marked it with 0x%" PRIx32 " for %s", ended,
			 d->mark, time);
}

/* "banned 203.0.113.9 for 5m (proven)", "refused 203.0.113.9 with 403", "dropped"; with a mark
 * "marked 203.0.113.9 with 0x7 for 1h", "dropped ... and marked it with 0x7 for 1h" */
static void print_head(const struct decision *d, const char *site, char out[HEAD_TEXT])
{
	bool passes = d->mark && d->verdict == VERDICT_ACCEPT;
	char time[EVENTS_DURATION], whom[PREFIX_TEXT], worth[BAN_WORTH], ended[ENDED_TEXT];

	print_ended(d, passes, ended);
	if (passes) {
		snprintf(out, HEAD_TEXT, "marked %s%s with 0x%" PRIx32 "%s",
			 d->mark_time ? "" : "a packet of ", site, d->mark, ended);
	} else if (d->ban) {
		events_duration(d->ban, time);
		prefix_print(&d->banned, whom);
		decision_ban_worth(d, worth);
		snprintf(out, HEAD_TEXT, "banned %s for %s (%s)%s", whom, time, worth, ended);
	} else if (answered_as(d->verdict)) {
		snprintf(out, HEAD_TEXT, "%s %s with %u%s", answered_as(d->verdict), site, d->code,
			 ended);
	} else {
		snprintf(out, HEAD_TEXT, "%s %s%s",
			 what_happened(d->observed, d->verdict == VERDICT_ACCEPT, d->call), site,
			 ended);
	}
}

void eventtext_finding(const struct event *ev, char *out, size_t room)
{
	const struct decision *d = &ev->d;
	char site[PREFIX_TEXT], from[ENDPOINT_TEXT], to[ENDPOINT_TEXT], head[HEAD_TEXT];

	site_print(&ev->src, site);
	endpoint_print(&ev->src, ev->sport, from);
	endpoint_print(&ev->dst, ev->dport, to);
	print_head(d, site, head);
	snprintf(out, room, "%s: %s: %s%s%s%s (%s from %s to %s)", head, check_name(d->check),
		 d->reason, d->evidence[0] ? ": \"" : "", d->evidence,
		 d->evidence[0] ? "\"" : "", what_came(d), from, to);
}

void eventtext_token(const struct event *ev, const struct approval *a, char *out, size_t room)
{
	const struct decision *d = &ev->d;
	char site[PREFIX_TEXT], time[EVENTS_DURATION], head[160];

	site_print(&ev->src, site);
	events_duration(d->approval_life, time);
	snprintf(head, sizeof(head), "%s%s calls %s (%s)", a->user,
		 a->shown ? "" : " (unproven)", a->number, a->label);
	snprintf(out, room, "refused %s: %s: %s: approve with: sipmoat approve %s (within %s): %s",
		 site, check_name(d->check), head, d->token, time, d->reason);
}

void eventtext_more(const struct event *ev, uint64_t more, char *out, size_t room)
{
	const struct decision *d = &ev->d;
	bool alert = d->verdict == VERDICT_ACCEPT;
	const char *what = answered_as(d->verdict);
	char site[PREFIX_TEXT];

	if (!what)
		what = d->mark && alert ? "marked" : what_happened(d->observed, alert, false);
	site_print(&ev->src, site);
	snprintf(out, room, "%s %s: %s: %" PRIu64 " more", what, site, check_name(d->check), more);
}
