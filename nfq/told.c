/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "check.h"
#include "printable.h"
#include "request.h"

#define EXCERPT_TEXT (4 * ABOUT_EXCERPT)

const char *told_kind_name(enum told_kind k)
{
	static const char *const name[] = { [TOLD_FINDING] = "finding", [TOLD_MORE] = "more",
					    [TOLD_TOKEN] = "approval", [TOLD_NOTICE] = "notice" };

	return name[k];
}

const char *told_action_name(enum told_action a)
{
	static const char *const name[] = {
		[ACTED_BANNED] = "banned", [ACTED_MARKED] = "marked", [ACTED_REFUSED] = "refused",
		[ACTED_DECEIVED] = "deceived", [ACTED_DROPPED] = "dropped", [ACTED_CUT] = "cut",
		[ACTED_NOTICED] = "noticed"
	};

	return name[a];
}

enum told_action told_action_of(const struct decision *d)
{
	bool passes = d->verdict == VERDICT_ACCEPT && !d->observed;

	if (d->mark && d->verdict == VERDICT_ACCEPT)
		return ACTED_MARKED;
	if (d->ban)
		return ACTED_BANNED;
	if (d->verdict == VERDICT_REJECT)
		return ACTED_REFUSED;
	if (d->verdict == VERDICT_DECOY)
		return ACTED_DECEIVED;
	return passes ? ACTED_NOTICED : d->call ? ACTED_CUT : ACTED_DROPPED;
}

bool told_acts(const struct told *t)
{
	const struct decision *d = &t->news.ev.d;

	return t->kind == TOLD_TOKEN ||
	       (t->kind == TOLD_FINDING && (d->ban || d->mark_time || d->call));
}

void told_time(uint64_t wall, char out[TOLD_TIME])
{
	time_t s = (time_t)(wall / NS);
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(out, TOLD_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, TOLD_TIME - n, ".%06" PRIu64 "Z", (uint64_t)(wall % NS / 1000));
}

const char *told_level_name(uint8_t level)
{
	static const char *const name[] = { [LOG_ERR_] = "error", [LOG_WARN_] = "warning",
					    [LOG_INFO_] = "info", [LOG_DEBUG_] = "debug" };

	return name[level];
}

static void put_end(struct request *r, const char *name, const char *port_name,
		    const struct addr *a, uint16_t port)
{
	char text[ADDR_TEXT];

	addr_print(a, text);
	request_put_text(r, name, text);
	request_put_number(r, port_name, port);
}

static void put_prefix(struct request *r, const char *name, const struct prefix *p)
{
	char text[PREFIX_TEXT];

	prefix_print(p, text);
	request_put_text(r, name, text);
}

static void put_some(struct request *r, const char *name, const char *text)
{
	if (text[0])
		request_put_text(r, name, text);
}

static void put_check(struct request *r, const struct told *t)
{
	const struct decision *d = &t->news.ev.d;
	struct prefix site = { addr_site(&t->news.ev.src),
			       (uint8_t)addr_site_len(&t->news.ev.src) };

	request_put_text(r, "action", told_action_name(t->action));
	request_put_bool(r, "observed", d->observed);
	request_put_text(r, "check", check_name(d->check));
	put_prefix(r, "site", &site);
}

static void put_ban(struct request *r, const struct decision *d)
{
	if (d->ban) {
		put_prefix(r, "ban", &d->banned);
		request_put_number(r, "ban_seconds", d->ban);
		request_put_bool(r, "ban_proven", d->ban_proven);
		request_put_number(r, "ban_times", d->ban_times);
	}
	if (d->mark) {
		request_put_number(r, "mark", d->mark);
		request_put_number(r, "mark_seconds", d->mark_time);
	}
	if (d->code)
		request_put_number(r, "answered", d->code);
	if (d->reset)
		request_put_bool(r, "connection_ended", true);
}

static const char *kind_of(const struct decision *d)
{
	static const char *const name[] = { [SIP_REQUEST] = "request", [SIP_RESPONSE] = "response",
					    [SIP_KEEPALIVE] = "keepalive" };

	if (d->kind == SIP_REQUEST || d->kind == SIP_RESPONSE || d->kind == SIP_KEEPALIVE)
		return name[d->kind];
	return d->parsed ? "not_sip" : "packet";
}

static void put_message(struct request *r, const struct decision *d)
{
	request_put_text(r, "message", d->call ? "call" : kind_of(d));
	if (d->kind == SIP_REQUEST || d->kind == SIP_RESPONSE)
		request_put_text(r, "method", sip_method_name((enum sip_method)d->method));
	if (d->status)
		request_put_number(r, "status", d->status);
	put_some(r, "reason", d->reason);
	put_some(r, "evidence", d->evidence);
}

static void put_about(struct request *r, const struct about *a)
{
	char text[EXCERPT_TEXT];

	put_some(r, "user", a->user);
	put_some(r, "from", a->from);
	put_some(r, "to", a->to);
	put_some(r, "call_id", a->call_id);
	put_some(r, "user_agent", a->agent);
	put_some(r, "number", a->number);
	put_some(r, "country", a->country);
	printable_text(text, sizeof(text), (struct slice){ a->excerpt, a->excerpt_n });
	put_some(r, "excerpt", text);
}

static void put_finding(struct request *r, const struct told *t)
{
	const struct event *ev = &t->news.ev;

	put_check(r, t);
	put_end(r, "source", "source_port", &ev->src, ev->sport);
	put_end(r, "destination", "destination_port", &ev->dst, ev->dport);
	request_put_text(r, "transport", ev->proto == PROTO_TCP ? "tcp" : "udp");
	request_put_text(r, "direction", ev->d.dir == DIR_OUTBOUND ? "outbound" : "inbound");
	put_message(r, &ev->d);
	put_ban(r, &ev->d);
	put_about(r, &t->news.about);
}

static void put_token(struct request *r, const struct approval *a)
{
	request_put_text(r, "token", a->token);
	request_put_text(r, "approve_user", a->user);
	request_put_text(r, "approve_number", a->number);
	request_put_text(r, "approve_what", a->label);
}

void told_put(struct request *r, const struct told *t)
{
	char time[TOLD_TIME];

	told_time(t->wall, time);
	request_put_number(r, "id", t->id);
	request_put_text(r, "time", time);
	request_put_text(r, "event", told_kind_name(t->kind));
	request_put_text(r, "level", told_level_name(t->level));
	if (t->kind == TOLD_MORE) {
		put_check(r, t);
		request_put_number(r, "more", t->more);
	} else if (t->kind != TOLD_NOTICE) {
		put_finding(r, t);
	}
	if (t->kind == TOLD_TOKEN)
		put_token(r, &t->approval);
	request_put_text(r, "text", t->line);
}
