/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sinktext.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>

#include "check.h"
#include "jsontext.h"

#define NUMBER_TEXT 24

static void word(struct jsontext *t, const char *key, const char *value)
{
	jsontext_put(t, " ");
	jsontext_put(t, key);
	jsontext_put(t, "=");
	jsontext_put(t, value);
}

static void number(struct jsontext *t, const char *key, uint64_t value)
{
	char text[NUMBER_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	word(t, key, text);
}

static void quoted(struct jsontext *t, const char *key, const char *value)
{
	if (!value[0])
		return;
	word(t, key, "");
	jsontext_quoted(t, value);
}

static const char *yes_no(bool is)
{
	return is ? "yes" : "no";
}

static bool shown(const struct decision *d)
{
	return d->ban ? d->ban_proven : d->proven;
}

static void put_source(struct jsontext *t, const struct event *ev)
{
	char text[ADDR_TEXT];

	addr_print(&ev->src, text);
	word(t, "src", text);
	number(t, "sport", ev->sport);
	addr_print(&ev->dst, text);
	word(t, "dst", text);
	number(t, "dport", ev->dport);
	word(t, "proto", ev->proto == PROTO_TCP ? "tcp" : "udp");
}

static void put_action(struct jsontext *t, const struct told *e)
{
	const struct decision *d = &e->news.ev.d;

	word(t, "check", check_name(d->check));
	word(t, "action", told_action_name(e->action));
	word(t, "observed", yes_no(d->observed));
}

static void put_finding(struct jsontext *t, const struct told *e)
{
	const struct decision *d = &e->news.ev.d;
	const struct about *about = &e->news.about;
	char text[PREFIX_TEXT];

	word(t, "proven", yes_no(shown(d)));
	put_source(t, &e->news.ev);
	if (d->ban) {
		prefix_print(&d->banned, text);
		word(t, "ban", text);
		number(t, "seconds", d->ban);
	}
	quoted(t, "reason", d->reason);
	quoted(t, "evidence", d->evidence);
	quoted(t, "user", about->user);
	quoted(t, "call_id", about->call_id);
	quoted(t, "agent", about->agent);
}

size_t sinktext_line(const struct told *e, char out[SINK_TEXT])
{
	struct jsontext t = { out, SINK_TEXT - 1, 0 };
	struct prefix site = addr_site_prefix(&e->news.ev.src);
	char text[PREFIX_TEXT], time[TOLD_TIME];

	told_time(e->wall, time);
	jsontext_put(&t, time);
	jsontext_put(&t, " sipmoat:");
	word(&t, "event", told_kind_name(e->kind));
	if (e->kind == TOLD_NOTICE) {
		word(&t, "level", told_level_name(e->level));
		quoted(&t, "text", e->line);
	} else {
		put_action(&t, e);
	}
	if (e->kind == TOLD_MORE) {
		prefix_print(&site, text);
		word(&t, "site", text);
		number(&t, "more", e->more);
	} else if (e->kind != TOLD_NOTICE) {
		put_finding(&t, e);
	}
	if (e->kind == TOLD_TOKEN)
		word(&t, "token", e->approval.token);
	out[t.n++] = '\n';
	return t.n;
}

/* ---- journald ---- */

static void field(struct jsontext *t, const char *key, const char *value)
{
	if (!value[0])
		return;
	jsontext_put(t, key);
	jsontext_put(t, "=");
	jsontext_put(t, value);
	jsontext_put(t, "\n");
}

static void field_number(struct jsontext *t, const char *key, uint64_t value)
{
	char text[NUMBER_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	field(t, key, text);
}

static void fields_of_finding(struct jsontext *t, const struct told *e)
{
	const struct event *ev = &e->news.ev;
	const struct about *about = &e->news.about;
	char text[PREFIX_TEXT];

	addr_print(&ev->dst, text);
	field(t, "SIPMOAT_DESTINATION", text);
	field_number(t, "SIPMOAT_SOURCE_PORT", ev->sport);
	field_number(t, "SIPMOAT_DESTINATION_PORT", ev->dport);
	field(t, "SIPMOAT_TRANSPORT", ev->proto == PROTO_TCP ? "tcp" : "udp");
	field(t, "SIPMOAT_PROVEN", yes_no(shown(&ev->d)));
	if (ev->d.ban) {
		prefix_print(&ev->d.banned, text);
		field(t, "SIPMOAT_BAN", text);
		field_number(t, "SIPMOAT_BAN_SECONDS", ev->d.ban);
	}
	field(t, "SIPMOAT_REASON", ev->d.reason);
	field(t, "SIPMOAT_EVIDENCE", ev->d.evidence);
	field(t, "SIPMOAT_USER", about->user);
	field(t, "SIPMOAT_CALL_ID", about->call_id);
	field(t, "SIPMOAT_USER_AGENT", about->agent);
	field(t, "SIPMOAT_COUNTRY", about->country);
}

static void fields_of_check(struct jsontext *t, const struct told *e)
{
	const struct event *ev = &e->news.ev;
	struct prefix site = addr_site_prefix(&ev->src);
	char text[PREFIX_TEXT];

	field(t, "SIPMOAT_CHECK", check_name(ev->d.check));
	field(t, "SIPMOAT_ACTION", told_action_name(e->action));
	field(t, "SIPMOAT_OBSERVED", yes_no(ev->d.observed));
	prefix_print(&site, text);
	field(t, "SIPMOAT_SITE", text);
	addr_print(&ev->src, text);
	if (e->kind == TOLD_MORE)
		field_number(t, "SIPMOAT_MORE", e->more);
	else
		field(t, "SIPMOAT_SOURCE", text);
}

size_t sinktext_journal(const struct told *e, char out[SINK_TEXT])
{
	static const unsigned priority[] = { [LOG_ERR_] = LOG_ERR, [LOG_WARN_] = LOG_WARNING,
					     [LOG_INFO_] = LOG_INFO, [LOG_DEBUG_] = LOG_DEBUG };
	struct jsontext t = { out, SINK_TEXT, 0 };

	field(&t, "MESSAGE", e->line);
	field_number(&t, "PRIORITY", priority[e->level]);
	field(&t, "SYSLOG_IDENTIFIER", "sipmoat");
	field(&t, "SIPMOAT_EVENT", told_kind_name(e->kind));
	field_number(&t, "SIPMOAT_ID", e->id);
	if (e->kind != TOLD_NOTICE)
		fields_of_check(&t, e);
	if (e->kind == TOLD_FINDING || e->kind == TOLD_TOKEN)
		fields_of_finding(&t, e);
	if (e->kind == TOLD_TOKEN)
		field(&t, "SIPMOAT_TOKEN", e->approval.token);
	return t.n;
}
