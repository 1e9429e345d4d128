/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The change to another configuration, or to another mode with the same one. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "clock.h"
#include "daemon.h"
#include "inside.h"
#include "log.h"
#include "notify.h"
#include "store.h"

#define SWAP_WAIT_MS 5000
#define SAID 512
#define WHEN 32

/* To the log, and to whoever wanted it. */
__attribute__((format(printf, 3, 4)))
static void say(struct order_result *res, enum conf_severity severity, const char *fmt, ...)
{
	char text[SAID];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_line(severity == CONF_ERROR ? LOG_ERR_ : LOG_WARN_, "%s", text);
	res->whole &= severity != CONF_ERROR;
	conf_report_add(&res->notes, severity, "", 0, "", "%s", text);
}

/* ---- the mode ---- */

static const char *when(uint64_t wall, char out[WHEN])
{
	time_t t = (time_t)wall;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, WHEN, "%Y-%m-%d %H:%M:%S UTC", &tm))
		snprintf(out, WHEN, "%" PRIu64, wall);
	return out;
}

static uint8_t mode_wanted(const struct daemon *d, const struct ruleset *loaded)
{
	return d->mode.mode != MODE_OFF ? d->mode.mode : ruleset_settings(loaded)->mode;
}

static void tell_mode(const struct daemon *d, const struct ruleset *loaded)
{
	uint8_t config = ruleset_settings(loaded)->mode;
	char text[WHEN];

	if (d->mode.mode == MODE_OFF)
		return;
	log_warn("mode %s, set by hand on %s by user id %" PRIu32 ", the config says %s%s",
		 handmode_word(d->mode.mode), when(d->mode.since, text), d->mode.uid,
		 handmode_word(config), config == d->mode.mode ? ", too" : "");
}

struct ruleset *daemon_in_mode(struct daemon *d, struct ruleset *loaded)
{
	uint8_t mode = mode_wanted(d, loaded);

	tell_mode(d, loaded);
	return mode == ruleset_settings(loaded)->mode ? loaded : ruleset_in_mode(loaded, mode);
}

static void post_mode(struct daemon *d)
{
	standing_mode(&d->standing, &d->mode, ruleset_settings(d->loaded)->mode);
}

/* ---- what both have in common ---- */

/* rs: loaded, or that in another mode. */
static void put_in_force(struct daemon *d, struct ruleset *loaded, struct ruleset *rs,
			 struct order_result *res)
{
	struct ruleset *old = publish_swap(d->live, rs, SWAP_WAIT_MS);
	char err[BAN_ERROR];

	if (!old)
		say(res, CONF_ERROR, "a worker is stuck with the old configuration");
	if (ban_reload(d->ban, rs, err))
		say(res, CONF_ERROR, "half in force: the new rules judge, but the kernel's tables "
		    "are as before: %s", err);
	if (feeds_reload(d->feeds, rs))
		say(res, CONF_ERROR, "the feeds are as before: no memory");
	conntrack_reload(d->conntrack, ruleset_settings(rs));
	auditor_stop(d->auditor);
	daemon_audit(d, rs);
	if (old && old != d->loaded)
		ruleset_free(old);
	if (old && loaded != d->loaded)
		ruleset_free(d->loaded);
	d->loaded = loaded;
}

/* ---- reload ---- */

/* What was sized or bound at the start stays as it is. */
static void warn_of_fixed(const struct daemon *d, const struct settings *is,
			  struct order_result *res)
{
	const struct settings *was = &d->fixed;
	const struct {
		const char *key;
		uint32_t was, is;
	} fixed[] = {
		{ "queue.workers", was->workers, is->workers },
		{ "queue.first", was->queue_first, is->queue_first },
		{ "queue.length", was->queue_length, is->queue_length },
		{ "queue.steering", was->steering, is->steering },
		{ "answers.delayed", was->answers_delayed, is->answers_delayed },
		{ "bans.max", was->ban_max, is->ban_max },
		{ "bans.known", was->known_max, is->known_max },
		{ "marks.max", was->mark_max, is->mark_max },
#define X(name, records, least, help) { "tables." #name, was->name, is->name },
		TABLES(X)
#undef X
		{ "tables.streams", was->stream_memory, is->stream_memory },
		{ "store.file", true, store_same(d->store, is->store_file) },
		{ "store.interval", was->store_interval, is->store_interval },
		{ "store.history", was->store_history, is->store_history },
		{ "store.calls", was->store_calls, is->store_calls },
		{ "control.socket", true, control_same(d->control, is->control_socket) },
		{ "approve.hook or its timeout", true,
		  hook_same(d->hook, is->approve_hook, is->approve_timeout) },
		{ "hep", true, hep_same(d->hep, is) },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (fixed[i].was != fixed[i].is)
			say(res, CONF_WARNING, "%s has changed: restart sipmoatd to make it so",
			    fixed[i].key);
}

static bool same_list(const struct conf_list *a, const struct conf_list *b)
{
	for (unsigned i = 0; i < a->n && i < b->n; i++)
		if (strcmp(a->item[i].text, b->item[i].text) != 0)
			return false;
	return a->n == b->n;
}

static bool same_alerts(const struct settings *a, const struct settings *b)
{
	return strcmp(a->alerts_command, b->alerts_command) == 0 &&
	       strcmp(a->alerts_url, b->alerts_url) == 0 &&
	       same_list(&a->alerts_what, &b->alerts_what) &&
	       a->alerts_format == b->alerts_format &&
	       a->alerts_per_minute == b->alerts_per_minute &&
	       a->alerts_queue == b->alerts_queue && a->alerts_timeout == b->alerts_timeout &&
	       a->alerts_retries == b->alerts_retries;
}

/* A process of its own, which cannot read the configuration once it has given up its rights. */
static void warn_of_alerts(const struct settings *was, const struct settings *is,
			   struct order_result *res)
{
	bool wanted = is->alerts_command[0] || is->alerts_url[0];

	if (wanted && !same_alerts(was, is))
		say(res, CONF_WARNING, "alerts has changed: restart sipmoat-alert to make it so");
}

static void reload(struct daemon *d, struct order_result *res)
{
	struct ruleset *loaded = daemon_load(d->config, &res->notes);
	struct ruleset *rs = loaded && !inside_settle(loaded) ? daemon_in_mode(d, loaded) : NULL;

	if (!rs) {
		ruleset_free(loaded);
		log_error("reload refused: the old configuration stays in force");
		standing_refused(&d->standing, clock_wall());
		return;
	}
	warn_of_fixed(d, ruleset_settings(rs), res);
	warn_of_alerts(ruleset_settings(d->loaded), ruleset_settings(rs), res);
	sinks_reload(d->sinks, ruleset_settings(rs));
	log_level_set((enum log_level)ruleset_settings(rs)->log_level);
	res->taken = res->whole = true;
	put_in_force(d, loaded, rs, res);
	if (res->whole)
		log_info("configuration reloaded");
	standing_loaded(&d->standing, ruleset_settings(rs), clock_wall());
	post_mode(d);
}

void daemon_reload(struct daemon *d, struct order_result *res)
{
	notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_kernel() / 1000);
	reload(d, res);
	notify_send("READY=1");
}

/* ---- orders ---- */

static void keep_mode(struct daemon *d, struct order_result *res)
{
	int r = handmode_keep(&d->mode);

	res->kept = !r;
	if (r == -ENOTDIR)
		say(res, CONF_WARNING, "the mode is not kept on disk: there is no StateDirectory");
	else if (r)
		say(res, CONF_WARNING, "the mode is not kept on disk: %s", strerror(-r));
}

static void change_mode(struct daemon *d, const struct handmode *mode, struct order_result *res)
{
	const struct settings *was = ruleset_settings(publish_current(d->live));
	struct handmode before = d->mode;
	struct ruleset *rs;

	d->mode = *mode;
	rs = daemon_in_mode(d, d->loaded);
	if (!rs) {
		d->mode = before;
		say(res, CONF_ERROR, "the mode stays as it is: no memory");
		return;
	}
	if (mode->mode == MODE_OFF)
		log_info("mode %s again, as the config says, by user id %" PRIu32,
			 handmode_word(ruleset_settings(rs)->mode), mode->uid);
	res->taken = res->whole = true;
	if (ruleset_settings(rs)->mode != was->mode) {
		put_in_force(d, d->loaded, rs, res);
		standing_settings(&d->standing, ruleset_settings(rs));
	} else if (rs != d->loaded) {
		ruleset_free(rs);
	}
	post_mode(d);
	keep_mode(d, res);
}

void daemon_orders(struct daemon *d)
{
	struct order o;

	while (orders_next(d->orders, &o)) {
		struct order_result res = { 0 };

		if (o.kind == ORDER_RELOAD)
			daemon_reload(d, &res);
		else
			change_mode(d, &o.mode, &res);
		orders_finish(d->orders, o.id, &res);
		control_wake(d->control);
	}
}
