/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "inside.h"
#include "lane.h"
#include "log.h"
#include "store.h"

#define EVENT_SLOTS 2048
#define BAN_SLOTS 1024
#define AUDIT_SLOTS 256
#define CAPPED_EVERY (60 * NS)

struct ruleset *daemon_load(const char *config, struct conf_report *report)
{
	static const enum log_level levels[] = { [CONF_WARNING] = LOG_WARN_,
						 [CONF_DEGRADED] = LOG_WARN_,
						 [CONF_ERROR] = LOG_ERR_ };
	struct ruleset *rs = ruleset_load(config, report);

	for (unsigned i = 0; i < report->n; i++) {
		char *text = conf_note_text(&report->note[i]);

		log_line(levels[report->note[i].severity], "%s", text ? text : "out of memory");
		free(text);
	}
	return rs;
}

static unsigned workers_wanted(const struct settings *s)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (s->workers)
		return s->workers;
	return cores > 2 ? (unsigned)cores - 1 : 1;
}

static int no_memory(void)
{
	log_error("not enough memory for the tables: make them smaller in the config");
	return EX_OSERR;
}

/* What goes into the log concerns who follows the events, too.  Others wrote some of it (nft,
 * SQLite, who named files): a line end would be a field of its own in journald. */
static void note(void *arg, enum log_level level, const char *text)
{
	struct told t = { .kind = TOLD_NOTICE, .level = (uint8_t)level };

	snprintf(t.line, sizeof(t.line), "%s", text);
	for (char *p = t.line; *p; p++)
		*p = *p < ' ' || *p > '~' ? '?' : *p;
	journal_add(arg, &t);
}

static int start_memory(struct daemon *d)
{
	uint8_t seed[16];
	unsigned n = workers_wanted(&d->fixed);

	if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
		log_error("no random numbers from the kernel: %s", strerror(errno));
		return EX_OSERR;
	}
	d->state = state_new(&d->fixed, seed);
	d->journal = journal_new();
	d->worker = calloc(n, sizeof(struct worker *));
	d->event_ring = calloc(n + 1, sizeof(struct ring *));
	d->ban_ring = calloc(n, sizeof(struct ring *));
	d->phase_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->events_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->bans_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!d->state || !d->journal || !d->worker || !d->event_ring || !d->ban_ring ||
	    d->phase_fd < 0 || d->events_fd < 0 || d->bans_fd < 0)
		return no_memory();
	d->workers = n;
	log_tap(note, d->journal);
	d->event_ring[n] = ring_new(AUDIT_SLOTS, sizeof(struct news));
	if (!d->event_ring[n])
		return no_memory();
	for (unsigned i = 0; i < n; i++) {
		d->event_ring[i] = ring_new(EVENT_SLOTS, sizeof(struct news));
		d->ban_ring[i] = ring_new(BAN_SLOTS, sizeof(struct event));
		if (!d->event_ring[i] || !d->ban_ring[i])
			return no_memory();
	}
	return EX_OK;
}

/* Before the kernel's sets are read: what is written there of it is known then. */
static int open_hand(struct daemon *d)
{
	int r = hand_open(&d->hand, "hand", clock_wall());

	return r ? no_memory() : EX_OK;
}

static int status_of(int err)
{
	return err == -EPERM ? EX_NOPERM : err == -ENOMEM ? EX_OSERR : EX_UNAVAILABLE;
}

/* Without it bans still hold. */
static void start_conntrack(struct daemon *d)
{
	int r = conntrack_start(&d->conntrack, d->state, &d->fixed);

	if (r)
		log_error("entries of banned and marked sources stay in conntrack: %s",
			  strerror(-r));
}

static void forget_marked(void *arg, const struct addr *site)
{
	conntrack_forget(((struct daemon *)arg)->conntrack, site);
}

static int start_bans(struct daemon *d)
{
	struct ban_conf conf = { .rules = publish_current(d->live), .state = d->state,
				 .hand = d->hand, .ring = d->ban_ring, .rings = d->workers,
				 .workers = d->workers, .wake_fd = d->bans_fd,
				 .on_lost = feeds_lost, .on_mark = forget_marked };
	char err[BAN_ERROR];
	struct ban *kept;
	int r = feeds_new(&d->feeds);

	if (r) {
		log_error("no socket for feeds: %s", strerror(-r));
		return status_of(r);
	}
	conf.kept_n = store_bans(d->store, &kept);
	conf.kept = kept;
	conf.other_port = feeds_port(d->feeds);
	conf.lost_arg = d->feeds;
	conf.mark_arg = d;
	start_conntrack(d);
	r = ban_start(&d->ban, &conf, err);
	free(kept);
	if (!r)
		return EX_OK;
	log_error("%s", err);
	return status_of(r);
}

/* Before the tables are touched: of two daemons by mistake the second finds the
 * queues taken and leaves without a trace. */
static int bind_queues(struct daemon *d)
{
	struct worker_conf conf = { .settings = &d->fixed, .workers = d->workers,
				    .live = d->live, .state = d->state, .hep = d->hep,
				    .events_fd = d->events_fd, .bans_fd = d->bans_fd,
				    .phase_fd = d->phase_fd };
	char err[QUEUE_ERROR];
	int r = 0;

	for (unsigned i = 0; !r && i < d->workers; i++) {
		conf.index = i;
		conf.events = d->event_ring[i];
		conf.bans = d->ban_ring[i];
		r = worker_new(&d->worker[i], &conf, err);
	}
	if (r)
		log_error("%s", err);
	return r ? status_of(r) : EX_OK;
}

static int start_workers(struct daemon *d)
{
	int r = 0;

	for (unsigned i = 0; !r && i < d->workers; i++)
		r = worker_start(d->worker[i]);
	if (r)
		log_error("cannot start a worker thread: %s", strerror(-r));
	return r ? EX_OSERR : EX_OK;
}

static int start_steering(struct daemon *d)
{
	char err[BAN_ERROR];
	int r = ban_steer(d->ban, err);

	if (!r)
		return EX_OK;
	log_error("%s", err);
	return status_of(r);
}

/* The log has all that is told, too. */
static void start_sinks(struct daemon *d)
{
	int r = sinks_start(&d->sinks, d->journal, &d->fixed);

	if (r)
		log_error("events are not written: %s", strerror(-r));
}

static int start_events(struct daemon *d)
{
	struct events_conf conf = { .ring = d->event_ring, .rings = d->workers + 1,
				    .wake_fd = d->events_fd, .journal = d->journal,
				    .state = d->state, .on_token = hook_ask, .token_arg = d->hook };
	int r = hook_start(d->hook, d->state);

	if (!r)
		r = events_start(&d->events, &conf);
	if (r)
		log_error("cannot start the events thread: %s", strerror(-r));
	else
		start_sinks(d);
	return r ? EX_OSERR : EX_OK;
}

void daemon_audit(struct daemon *d, const struct ruleset *rs)
{
	struct auditor_conf conf = { .rules = rs, .state = d->state,
				     .ring = d->event_ring[d->workers],
				     .wake_fd = d->events_fd };
	int r = auditor_start(&d->auditor, &conf);

	if (r)
		log_error("cannot start the password audit: %s", strerror(-r));
}

void daemon_fork(struct daemon *d, const struct settings *s)
{
	int r = hook_open(&d->hook, s->approve_hook, s->approve_timeout);

	if (r)
		log_error("approve.hook cannot be run: %s: %s; tokens are only logged",
			  s->approve_hook, strerror(-r));
	r = hep_open(&d->hep, s);
	if (r)
		log_error("no process for hep.server: %s; HOMER is told nothing", strerror(-r));
}

static void start_feeds(struct daemon *d, const struct ruleset *rs)
{
	int r = feeds_start(d->feeds, rs, d->state, d->ban);

	if (r)
		log_error("cannot start the feeds: %s", strerror(-r));
}

/* Without it the firewall still guards. */
static void start_control(struct daemon *d, const char *socket)
{
	struct commands_on on = { .state = d->state, .feeds = d->feeds, .ban = d->ban,
				  .store = store_path(d->store), .hand = d->hand,
				  .report = &d->report, .journal = d->journal,
				  .live = d->live, .reader = d->workers, .orders = d->orders };
	char err[CONTROL_ERROR];

	if (control_open(&d->control, socket, &on, err))
		log_error("%s; sipmoat will not reach this daemon", err);
}

/* Of what runs by now: for those who ask. */
static void open_report(struct daemon *d)
{
	d->report = (struct report_source){ .standing = &d->standing, .worker = d->worker,
					    .workers = d->workers,
					    .fixed = &d->fixed,
					    .state = d->state,
					    .ban = d->ban, .feeds = d->feeds,
					    .conntrack = d->conntrack, .hook = d->hook,
					    .store = d->store };
}

static void count(void *arg, struct report_totals *out)
{
	report_totals(arg, out);
}

int daemon_start(struct daemon *d, struct ruleset *loaded)
{
	struct ruleset *rs;
	int r;

	d->phase_fd = d->events_fd = d->bans_fd = -1;
	d->loaded = loaded;
	handmode_load(&d->mode);
	rs = inside_settle(loaded) ? NULL : daemon_in_mode(d, loaded);
	if (!rs)
		return EX_OSERR;
	d->fixed = *ruleset_settings(rs);
	standing_begin(&d->standing, &d->fixed, clock_wall());
	standing_mode(&d->standing, &d->mode, ruleset_settings(loaded)->mode);
	/* the workers read it, and the control thread */
	d->live = publish_new(workers_wanted(&d->fixed) + 1, rs);
	d->orders = orders_new();
	if (!d->live || !d->orders) {
		if (!d->live && rs != loaded)
			ruleset_free(rs);
		return no_memory();
	}
	r = start_memory(d);
	if (!r) {
		d->store = store_open(&d->fixed, d->state);
		r = start_events(d);
	}
	if (!r)
		r = open_hand(d);
	if (!r)
		r = bind_queues(d);
	if (!r)
		r = start_bans(d);
	if (!r)
		r = start_workers(d);
	if (!r)
		r = start_steering(d);
	if (r)
		return r;
	daemon_audit(d, rs);
	start_feeds(d, rs);
	open_report(d);
	start_control(d, d->fixed.control_socket);
	store_start(d->store, count, &d->report);
	log_info("%u worker%s, queues %u to %u", d->workers, d->workers == 1 ? "" : "s",
		 d->fixed.queue_first, d->fixed.queue_first + 2 * d->workers - 1);
	return EX_OK;
}

void daemon_drain(struct daemon *d)
{
	ban_unsteer(d->ban);
	for (unsigned i = 0; i < d->workers; i++)
		worker_stop(d->worker[i], WORKER_DRAIN);
}

void daemon_leave(struct daemon *d)
{
	for (unsigned i = 0; i < d->workers; i++)
		worker_stop(d->worker[i], WORKER_LEAVE);
}

unsigned daemon_running(struct daemon *d, unsigned *failed)
{
	unsigned running = 0;

	*failed = 0;
	for (unsigned i = 0; i < d->workers; i++) {
		enum worker_phase phase = worker_phase(d->worker[i]);

		running += phase < WORKER_ENDED;
		*failed += phase == WORKER_FAILED;
	}
	return running;
}

void daemon_report(struct daemon *d)
{
	report_log(&d->report);
}

void daemon_line(struct daemon *d, char *out, size_t room)
{
	report_line(&d->report, out, room);
}

void daemon_overflow(struct daemon *d)
{
	struct report_totals t;
	char text[128];

	report_totals(&d->report, &t);
	for (unsigned i = 0; i < LANES; i++) {
		uint64_t lost = i == LANE_KNOWN ? t.known_lost : t.queue_lost;

		if (lost > d->lost_told[i]) {
			lane_describe(i, ruleset_settings(publish_current(d->live)), text,
				      sizeof(text));
			log_warn("%" PRIu64 " %s", lost - d->lost_told[i], text);
			standing_overflowed(&d->standing, i, lost, clock_wall());
		}
		d->lost_told[i] = lost;
	}
}

void daemon_capped(struct daemon *d)
{
	struct report_totals t;
	uint64_t now = clock_now();

	report_totals(&d->report, &t);
	if (t.ban_capped == d->capped_told ||
	    (d->capped_at && now - d->capped_at < CAPPED_EVERY))
		return;
	log_warn("%" PRIu64 " bans were NOT MADE, they were more than bans.rate a second; what "
		 "they were for is dropped all the same", t.ban_capped - d->capped_told);
	standing_capped(&d->standing, clock_wall());
	d->capped_told = t.ban_capped;
	d->capped_at = now;
}

void daemon_watch(struct daemon *d)
{
	hep_watch(d->hep);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The reverse of the start: whoever puts into a ring ends before who reads it, and whoever may
 * be asked after those who ask. */
void daemon_free(struct daemon *d)
{
	control_close(d->control);
	store_halt(d->store);
	for (unsigned i = 0; i < d->workers; i++)
		worker_free(d->worker[i]);
	feeds_stop(d->feeds);
	ban_stop(d->ban);
	conntrack_stop(d->conntrack);
	hand_close(d->hand);
	auditor_stop(d->auditor);
	if (d->state)
		state_audit_forget(d->state);
	events_stop(d->events);
	sinks_stop(d->sinks);
	hook_close(d->hook);
	hep_close(d->hep);
	store_stop(d->store);
	for (unsigned i = 0; i < d->workers; i++)
		ring_free(d->ban_ring[i]);
	for (unsigned i = 0; d->event_ring && i <= d->workers; i++)
		ring_free(d->event_ring[i]);
	free(d->worker);
	free(d->event_ring);
	free(d->ban_ring);
	log_tap(NULL, NULL);
	journal_free(d->journal);
	state_free(d->state);
	if (d->live && publish_current(d->live) != d->loaded)
		ruleset_free(publish_current(d->live));
	ruleset_free(d->loaded);
	publish_free(d->live);
	orders_free(d->orders);
	standing_end(&d->standing);
	close_fd(d->phase_fd);
	close_fd(d->events_fd);
	close_fd(d->bans_fd);
}
