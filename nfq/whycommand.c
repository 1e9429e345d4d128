/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command "why": how an address, a user or a call stands, what was seen of it, and what
 * to do so that it does not happen again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "commands.h"
#include "eventtext.h"
#include "feeds.h"
#include "journal.h"

#define EVENTS_MOST 20
#define BANS_MOST 100
#define TEXT 256

/* What is asked about. */
struct matter {
	const char *name;
	bool address;      /* else a user, or a Call-ID */
	struct prefix who; /* of an address: its site; or a prefix, as it was written */
};

/* How it stands, the strongest reason first. */
struct standing {
	const char *is;
	char text[TEXT];
	struct ban ban;
	bool has_ban;
};

/* ---- events ---- */

static bool same_user(const char *have, const char *name)
{
	size_t n = strcspn(name, "@");

	return have[0] && (strcmp(have, name) == 0 || (strncmp(have, name, n) == 0 && !have[n]));
}

/* Does a line of the daemon's own name it: as a word, as what lies in it or around it? */
static bool line_names(const char *line, const struct matter *m)
{
	static const char ends[] = " ,;()\"'";
	struct prefix who;

	while (*(line += strspn(line, ends))) {
		size_t n = strcspn(line, ends);
		struct slice word = { line, (uint32_t)(line[n - 1] == ':' ? n - 1 : n) };

		if (!m->address && slice_eq(word, slice_of(m->name)))
			return true;
		if (m->address && prefix_parse(word, &who) == 0 &&
		    (prefix_has(&m->who, &who.addr) || prefix_has(&who, &m->who.addr)))
			return true;
		line += n;
	}
	return false;
}

static bool concerns(const struct told *t, const void *arg)
{
	const struct matter *m = arg;
	const struct event *ev = &t->news.ev;
	const struct addr *outside = ev->d.dir == DIR_OUTBOUND ? &ev->dst : &ev->src;

	if (t->kind == TOLD_NOTICE)
		return line_names(t->line, m);
	if (m->address)
		return prefix_has(&m->who, outside) ||
		       (ev->d.ban && prefix_has(&ev->d.banned, &m->who.addr));
	return same_user(t->news.about.user, m->name) ||
	       (t->kind == TOLD_TOKEN && same_user(t->approval.user, m->name)) ||
	       strcmp(t->news.about.call_id, m->name) == 0;
}

/* ---- how an address stands ---- */

static bool in_list(const struct prefix *list, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (prefix_has(&list[i], a))
			return true;
	return false;
}

static const char *why_never(const struct ruleset *rs, const struct addr *a)
{
	size_t n;
	const struct never *list = ruleset_never(rs, &n);

	for (size_t i = 0; i < n; i++)
		if (prefix_has(&list[i].who, a))
			return list[i].why;
	return NULL;
}

/* false: the rules themselves say nothing of it. */
static bool stands_by_rules(const struct ruleset *rs, const struct addr *a, struct standing *s)
{
	const struct prefix *list;
	const char *never = why_never(rs, a);
	size_t n;

	list = ruleset_inside(rs, &n);
	if (in_list(list, n, a)) {
		s->is = "inside";
		snprintf(s->text, TEXT, "it is one of your own addresses (inside): what it sends "
			 "is read, and limited only where you say so");
		return true;
	}
	list = ruleset_trusted(rs, &n);
	if (in_list(list, n, a)) {
		s->is = "trusted";
		snprintf(s->text, TEXT, "it is trusted by the configuration: nothing but limits "
			 "of calls is asked");
		return true;
	}
	if (never) {
		s->is = "never";
		snprintf(s->text, TEXT, "it is never banned (%s), but its packets are judged",
			 never);
	}
	return never != NULL;
}

static void say_end(const struct ban *b, uint64_t now, char out[EVENTS_DURATION + 16])
{
	char time[EVENTS_DURATION];

	if (b->until >= BAN_FOREVER) {
		snprintf(out, EVENTS_DURATION + 16, "for good");
		return;
	}
	events_duration((uint32_t)((b->until - now + NS - 1) / NS), time);
	snprintf(out, EVENTS_DURATION + 16, "for %s more", time);
}

static void stands_by_ban(struct standing *s, uint64_t now)
{
	char end[EVENTS_DURATION + 16], who[PREFIX_TEXT];

	prefix_print(&s->ban.who, who);
	say_end(&s->ban, now, end);
	if (s->ban.allow) {
		s->is = "allowed";
		snprintf(s->text, TEXT, "%s is allowed %s", who, end);
	} else {
		s->is = "banned";
		snprintf(s->text, TEXT, "%s is banned %s, %s%s%s", who, end,
			 s->ban.hand ? "by hand" : "by check ",
			 s->ban.hand ? "" : check_name(s->ban.check),
			 s->ban.proven || s->ban.hand ? "" :
			 " (unproven: somebody else may have sent in its name)");
	}
}

static void stands_by_feed(const struct feed_status *feed, struct standing *s)
{
	s->is = "listed";
	snprintf(s->text, TEXT, "it is on the list %.31s (%.100s), which says to %s it: the "
		 "kernel does so before anything is judged", feed->name, feed->path,
		 feed->allow ? "allow" : "block");
}

/* What wins in the kernel wins here.  A prefix stands as its first address does. */
static void find_standing(const struct asking *a, const struct matter *m, uint64_t now,
			  struct standing *s)
{
	const struct addr *who = &m->who.addr;
	struct state *st = a->on->state;
	struct feed_status feed;

	*s = (struct standing){ .is = "free" };
	s->has_ban = state_allow_find(st, who, now, &s->ban) ||
		     state_ban_get(st, &m->who, false, now, &s->ban) ||
		     state_ban_find(st, who, now, &s->ban);
	if (stands_by_rules(asking_rules(a), who, s))
		;
	else if (s->has_ban)
		stands_by_ban(s, now);
	else if (feeds_find(a->on->feeds, who, &feed))
		stands_by_feed(&feed, s);
	else
		snprintf(s->text, TEXT, "nothing is held against it: it is neither banned "
			 "nor allowed, and its packets are judged");
	asking_done(a);
}

/* ---- the answer ---- */

/* The checks that had something to say, how often, and what to do about it. */
static void put_checks(struct request *r, const struct told *list, size_t n,
		       const struct standing *s)
{
	uint64_t found[CHECK_MAX] = { 0 };

	for (size_t i = 0; i < n; i++)
		if (list[i].kind != TOLD_NOTICE && list[i].news.ev.d.check < check_count)
			found[list[i].news.ev.d.check] += list[i].kind == TOLD_MORE ?
								  list[i].more : 1;
	if (s->has_ban && s->ban.check < check_count && !found[s->ban.check])
		found[s->ban.check] = 1;
	request_rows(r, "checks");
	for (unsigned c = 0; c < check_count && !request_failed(r); c++) {
		if (!found[c])
			continue;
		request_row(r);
		request_put_text(r, "check", check_name(c));
		request_put_number(r, "findings", found[c]);
		request_put_text(r, "remedy", checks[c]->remedy);
	}
	request_rows_end(r);
}

static void put_address(const struct asking *a, const struct matter *m, const struct standing *s)
{
	char who[PREFIX_TEXT], country[3];

	prefix_print(&m->who, who);
	request_put_text(a->r, "site", who);
	request_put_text(a->r, "is", s->is);
	request_put_text(a->r, "text", s->text);
	ruleset_country(asking_rules(a), &m->who.addr, country);
	asking_done(a);
	request_put_text(a->r, "country", country);
}

static void put_named(struct request *r, size_t n)
{
	char text[TEXT];

	if (n)
		snprintf(text, sizeof(text), "it was told of %zu times lately", n);
	else
		snprintf(text, sizeof(text), "no user or call of that name was refused or told of "
			 "lately");
	request_put_text(r, "is", n ? "seen" : "unseen");
	request_put_text(r, "text", text);
}

/* Who is asked about, and whoever lies in the prefix or around it. */
struct bans {
	const struct asking *asking;
	const struct prefix *who;
	uint64_t now;
	size_t n;
};

static void put_ban(const struct ban *b, void *arg)
{
	struct bans *l = arg;

	if (l->n >= BANS_MOST || request_failed(l->asking->r) ||
	    (!prefix_has(&b->who, &l->who->addr) && !prefix_has(l->who, &b->who.addr)))
		return;
	l->n++;
	request_row(l->asking->r);
	bancommands_put(l->asking, b, l->now);
}

static void put_bans(const struct asking *a, const struct matter *m, uint64_t now)
{
	struct bans l = { .asking = a, .who = &m->who, .now = now };

	request_rows(a->r, "bans");
	if (m->address)
		(void)state_ban_walk(a->on->state, now, put_ban, &l);
	request_rows_end(a->r);
}

static void put_events(struct request *r, const struct told *list, size_t n)
{
	request_rows(r, "events");
	for (size_t i = 0; i < n && !request_failed(r); i++) {
		request_row(r);
		told_put(r, &list[i]);
	}
	request_rows_end(r);
}

static bool read_matter(struct request *r, struct matter *m)
{
	const char *name = request_text(r, "what");

	if (!name || !name[0]) {
		request_fail(r, "bad_request", "\"what\" is an address, a user or a Call-ID");
		return false;
	}
	*m = (struct matter){ .name = name };
	if (prefix_parse(slice_of(name), &m->who) == 0) {
		m->address = true;
		if (m->who.len == 128)
			m->who = addr_site_prefix(&m->who.addr);
	}
	return true;
}

void whycommand_why(const struct asking *a)
{
	struct told *list = malloc(EVENTS_MOST * sizeof(*list));
	struct standing s = { .has_ban = false };
	uint64_t now = clock_now();
	struct matter m;
	size_t n;

	if (!list) {
		request_fail(a->r, "no_memory", "sipmoatd has no memory for the answer");
		return;
	}
	if (read_matter(a->r, &m)) {
		n = journal_find(a->on->journal, concerns, &m, list, EVENTS_MOST);
		if (m.address) {
			find_standing(a, &m, now, &s);
			put_address(a, &m, &s);
		} else {
			put_named(a->r, n);
		}
		put_bans(a, &m, now);
		put_checks(a->r, list, n, &s);
		put_events(a->r, list, n);
	}
	free(list);
}
