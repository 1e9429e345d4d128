/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include <stdlib.h>

#include "clock.h"
#include "engine.h"
#include "eventtext.h"
#include "feeds.h"
#include "hand.h"
#include "log.h"
#include "publish.h"

#define GRANT_LEAST 1
#define GRANT_MOST 2419200
#define LIST_MOST 1024

static void run_version(const struct asking *a)
{
	request_put_text(a->r, "version", SIPMOAT_VERSION);
	request_put_number(a->r, "protocol", 1);
}

static void put_approval(struct request *r, const struct approval *a, uint64_t now)
{
	char site[PREFIX_TEXT];
	struct prefix p = { a->site, (uint8_t)addr_site_len(&a->site) };

	prefix_print(&p, site);
	request_put_text(r, "state", a->granted ? "granted" : "waiting");
	if (!a->granted)
		request_put_text(r, "token", a->token);
	request_put_text(r, "user", a->user);
	request_put_bool(r, "shown", a->shown);
	request_put_text(r, "source", site);
	request_put_text(r, "what", a->label);
	request_put_text(r, "number", a->number);
	request_put_number(r, "seconds", a->until > now ? (a->until - now + NS - 1) / NS : 0);
}

static void run_approve(const struct asking *a)
{
	const char *token = request_text(a->r, "token");
	char time[EVENTS_DURATION];
	uint64_t seconds = 0, now = clock_now();
	struct approval got;

	if (!token) {
		request_fail(a->r, "bad_request", "there is no \"token\"");
		return;
	}
	if (!request_number(a->r, "seconds", GRANT_LEAST, GRANT_MOST, &seconds)) {
		request_fail(a->r, "bad_request", "\"seconds\" must be 1 to 2419200 (4 weeks)");
		return;
	}
	if (!state_approve(a->on->state, token, (uint32_t)seconds, now, &got)) {
		request_fail(a->r, "unknown_token",
			     "no such token waits: it has expired, was used, or never was");
		return;
	}
	events_duration((uint32_t)((got.until - now) / NS), time);
	log_info("approved by user id %u: %s may have %s for %s", a->uid, got.user, got.label,
		 time);
	put_approval(a->r, &got, now);
}

/* What waits first, and what ends soonest. */
static int by_urgency(const void *x, const void *y)
{
	const struct approval *a = x, *b = y;

	if (a->granted != b->granted)
		return a->granted - b->granted;
	return (a->until > b->until) - (a->until < b->until);
}

static void run_approvals(const struct asking *a)
{
	struct approval *list = calloc(LIST_MOST, sizeof(*list));
	uint64_t now = clock_now();
	size_t all, n;

	if (!list) {
		request_fail(a->r, "no_memory", "sipmoatd has no memory for the answer");
		return;
	}
	all = state_approvals(a->on->state, now, list, LIST_MOST);
	n = all < LIST_MOST ? all : LIST_MOST;
	qsort(list, n, sizeof(*list), by_urgency);
	request_put_number(a->r, "total", all);
	request_rows(a->r, "approvals");
	for (size_t i = 0; i < n && !request_failed(a->r); i++) {
		request_row(a->r);
		put_approval(a->r, &list[i], now);
	}
	free(list);
}

static void run_revoke(const struct asking *a)
{
	const char *user = request_text(a->r, "user");
	size_t n;

	if (!user || !user[0]) {
		request_fail(a->r, "bad_request", "there is no \"user\"");
		return;
	}
	n = state_approval_revoke(a->on->state, user, clock_now());
	if (!n) {
		request_fail(a->r, "unknown_user", "that user waits for nothing and has nothing");
		return;
	}
	/* that user was found, so his name is printable */
	log_info("revoked by user id %u: all that waited for or was granted to %s (%zu)", a->uid,
		 user, n);
	request_put_number(a->r, "revoked", n);
}

static void run_feeds(const struct asking *a)
{
	static const char *const kind[] = { [FEED_BLOCK] = "block", [FEED_ALLOW] = "allow" };
	struct feeds_total total[FEED_LISTS];
	struct feed_status feed[FEED_MAX];
	unsigned n = feeds_status(a->on->feeds, feed, total);

	request_rows(a->r, "kernel");
	for (unsigned i = 0; i < FEED_LISTS && !request_failed(a->r); i++) {
		request_row(a->r);
		request_put_text(a->r, "list", kind[i]);
		request_put_number(a->r, "addresses", total[i].addresses);
		request_put_number(a->r, "ranges", total[i].ranges);
		request_put_bool(a->r, "writing", total[i].writing);
	}
	request_rows_end(a->r);
	request_rows(a->r, "feeds");
	for (unsigned i = 0; i < n && !request_failed(a->r); i++) {
		request_row(a->r);
		request_put_text(a->r, "name", feed[i].name);
		request_put_text(a->r, "list", kind[feed[i].allow]);
		request_put_text(a->r, "file", feed[i].path);
		request_put_number(a->r, "entries", feed[i].entries);
		request_put_number(a->r, "prefixes", feed[i].prefixes);
		request_put_number(a->r, "wrong", feed[i].wrong);
		request_put_number(a->r, "ignored", feed[i].ignored);
		request_put_number(a->r, "loaded", feed[i].loaded);
		request_put_text(a->r, "refused", feed[i].why);
	}
}

static const struct command {
	const char *name;
	bool changes; /* whoever may only look may not have it */
	void (*run)(const struct asking *a);
} commands[] = {
	{ "version", false, run_version },
	{ "approvals", false, run_approvals },
	{ "feeds", false, run_feeds },
	{ "approve", true, run_approve },
	{ "revoke", true, run_revoke },
	{ "stats", false, statcommands_stats },
	{ "status", false, statcommands_status },
	{ "events", false, eventcommands_events },
	{ "reload", true, ordercommands_reload },
	{ "mode", false, ordercommands_mode },
	{ "set_mode", true, ordercommands_set_mode },
	{ "calls", false, listcommands_calls },
	{ "call_history", false, historycommands_calls },
	{ "registrations", false, listcommands_registrations },
	{ "dialogs", false, listcommands_dialogs },
	{ "why", false, whycommand_why },
	{ "sources", false, sourcecommands_sources },
	{ "bans", false, bancommands_bans },
	{ "ban", true, bancommands_ban },
	{ "unban", true, bancommands_unban },
	{ "allow", true, bancommands_allow },
	{ "disallow", true, bancommands_disallow },
};

const struct ruleset *asking_rules(const struct asking *a)
{
	return publish_pin(a->on->live, a->on->reader);
}

void asking_done(const struct asking *a)
{
	publish_unpin(a->on->live, a->on->reader);
}

void commands_run(const struct commands_on *on, struct request *r, unsigned uid, bool may_change,
		  bool last)
{
	struct asking a = { on, r, uid, last };
	const char *name;

	if (request_failed(r))
		return;
	name = request_text(r, "command");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (commands[i].changes && !may_change)
			request_fail(r, "not_permitted",
				     "only root and the user of sipmoatd may do that");
		else
			commands[i].run(&a);
		return;
	}
	request_fail(r, "unknown_command", "this sipmoatd has no such command");
}

void commands_keep(const struct commands_on *on)
{
	hand_sync(on->hand);
}
