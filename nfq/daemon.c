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
#include "report.h"
#include "store.h"

#define EVENT_SLOTS 2048
#define BAN_SLOTS 1024
#define AUDIT_SLOTS 256
#define SWAP_WAIT_MS 5000
#define CAPPED_EVERY (60 * NS)

struct ruleset *daemon_load(const char *config)
{
	static const enum log_level levels[] = { [CONF_WARNING] = LOG_WARN_,
						 [CONF_DEGRADED] = LOG_WARN_,
						 [CONF_ERROR] = LOG_ERR_ };
	struct conf_report report = { 0 };
	struct ruleset *rs = ruleset_load(config, &report);

	for (unsigned i = 0; i < report.n; i++) {
		char *text = conf_note_text(&report.note[i]);

		log_line(levels[report.note[i].severity], "%s", text ? text : "out of memory");
		free(text);
	}
	conf_report_free(&report);
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

static int start_memory(struct daemon *d)
{
	uint8_t seed[16];
	unsigned n = workers_wanted(&d->fixed);

	if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
		log_error("no random numbers from the kernel: %s", strerror(errno));
		return EX_OSERR;
	}
	d->state = state_new(&d->fixed, seed);
	d->worker = calloc(n, sizeof(struct worker *));
	d->event_ring = calloc(n + 1, sizeof(struct ring *));
	d->ban_ring = calloc(n, sizeof(struct ring *));
	d->phase_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->events_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->bans_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!d->state || !d->worker || !d->event_ring || !d->ban_ring || d->phase_fd < 0 ||
	    d->events_fd < 0 || d->bans_fd < 0)
		return no_memory();
	d->workers = n;
	d->event_ring[n] = ring_new(AUDIT_SLOTS);
	if (!d->event_ring[n])
		return no_memory();
	for (unsigned i = 0; i < n; i++) {
		d->event_ring[i] = ring_new(EVENT_SLOTS);
		d->ban_ring[i] = ring_new(BAN_SLOTS);
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
	int r = feeds_new(&d->feeds);

	if (r) {
		log_error("no socket for feeds: %s", strerror(-r));
		return status_of(r);
	}
	conf.other_port = feeds_port(d->feeds);
	conf.lost_arg = d->feeds;
	conf.mark_arg = d;
	start_conntrack(d);
	r = ban_start(&d->ban, &conf, err);
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
				    .live = d->live, .state = d->state,
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

static int start_events(struct daemon *d)
{
	struct events_conf conf = { .ring = d->event_ring, .rings = d->workers + 1,
				    .wake_fd = d->events_fd, .state = d->state,
				    .on_token = hook_ask, .token_arg = d->hook };
	int r = hook_start(d->hook, d->state);

	if (!r)
		r = events_start(&d->events, &conf);
	if (r)
		log_error("cannot start the events thread: %s", strerror(-r));
	return r ? EX_OSERR : EX_OK;
}

/* The firewall stands without it. */
static void start_audit(struct daemon *d, const struct ruleset *rs)
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
				  .hand = d->hand };
	char err[CONTROL_ERROR];

	if (control_open(&d->control, socket, &on, err))
		log_error("%s; sipmoat will not reach this daemon", err);
}

int daemon_start(struct daemon *d, struct ruleset *rs)
{
	int r;

	d->fixed = *ruleset_settings(rs);
	d->phase_fd = d->events_fd = d->bans_fd = -1;
	d->live = publish_new(workers_wanted(&d->fixed), rs);
	if (!d->live) {
		ruleset_free(rs);
		return EX_OSERR;
	}
	if (inside_settle(rs))
		return EX_OSERR;
	r = start_memory(d);
	if (!r) {
		store_load(&d->fixed, d->state);
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
	start_audit(d, rs);
	start_feeds(d, rs);
	start_control(d, d->fixed.control_socket);
	d->store = store_start(&d->fixed, d->state);
	log_info("%u worker%s, queues %u to %u", d->workers, d->workers == 1 ? "" : "s",
		 d->fixed.queue_first, d->fixed.queue_first + 2 * d->workers - 1);
	return EX_OK;
}

/* What was sized or bound at the start stays as it is. */
static void warn_of_fixed(const struct daemon *d, const struct settings *is)
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
		{ "control.socket", true, control_same(d->control, is->control_socket) },
		{ "approve.hook or its timeout", true,
		  hook_same(d->hook, is->approve_hook, is->approve_timeout) },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (fixed[i].was != fixed[i].is)
			log_warn("%s has changed: restart sipmoatd to make it so", fixed[i].key);
}

void daemon_reload(struct daemon *d)
{
	struct ruleset *rs = daemon_load(d->config), *old;
	char err[BAN_ERROR];

	if (!rs || inside_settle(rs)) {
		ruleset_free(rs);
		log_error("reload refused: the old configuration stays in force");
		return;
	}
	warn_of_fixed(d, ruleset_settings(rs));
	log_level_set((enum log_level)ruleset_settings(rs)->log_level);
	old = publish_swap(d->live, rs, SWAP_WAIT_MS);
	if (!old)
		log_error("a worker is stuck with the old configuration");
	if (ban_reload(d->ban, rs, err))
		log_error("half reloaded: the new rules judge, but the kernel's tables are as "
			  "before: %s", err);
	else
		log_info("configuration reloaded");
	if (feeds_reload(d->feeds, rs))
		log_error("the feeds are as before: no memory");
	conntrack_reload(d->conntrack, ruleset_settings(rs));
	auditor_stop(d->auditor);
	start_audit(d, rs);
	ruleset_free(old);
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

static struct report_source report_source(const struct daemon *d)
{
	return (struct report_source){ .worker = d->worker, .workers = d->workers,
				       .state = d->state, .ban = d->ban,
				       .feeds = d->feeds, .conntrack = d->conntrack };
}

void daemon_report(struct daemon *d)
{
	struct report_source s = report_source(d);
	struct hook_counts h;

	report_log(&s);
	hook_count(d->hook, &h);
	if (d->hook)
		log_info("approve.hook: %" PRIu64 " asked, %" PRIu64 " approved, %" PRIu64
			 " killed for their time, %" PRIu64 " dropped: too many at once",
			 h.asked, h.granted, h.killed, h.dropped);
}

void daemon_line(struct daemon *d, char *out, size_t room)
{
	struct report_source s = report_source(d);

	report_line(&s, out, room);
}

void daemon_overflow(struct daemon *d)
{
	struct report_source s = report_source(d);
	uint64_t lost[LANES];
	char text[128];

	report_lost(&s, lost);
	for (unsigned i = 0; i < LANES; i++) {
		if (lost[i] > d->lost_told[i]) {
			lane_describe(i, ruleset_settings(publish_current(d->live)), text,
				      sizeof(text));
			log_warn("%" PRIu64 " %s", lost[i] - d->lost_told[i], text);
		}
		d->lost_told[i] = lost[i];
	}
}

void daemon_capped(struct daemon *d)
{
	struct report_source s = report_source(d);
	uint64_t capped = report_capped(&s), now = clock_now();

	if (capped == d->capped_told || (d->capped_at && now - d->capped_at < CAPPED_EVERY))
		return;
	log_warn("%" PRIu64 " bans were NOT MADE, they were more than bans.rate a second; what "
		 "they were for is dropped all the same", capped - d->capped_told);
	d->capped_told = capped;
	d->capped_at = now;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The reverse of the start: whoever puts into a ring ends before who reads it. */
void daemon_free(struct daemon *d)
{
	for (unsigned i = 0; i < d->workers; i++)
		worker_free(d->worker[i]);
	control_close(d->control);
	feeds_stop(d->feeds);
	ban_stop(d->ban);
	conntrack_stop(d->conntrack);
	hand_close(d->hand);
	auditor_stop(d->auditor);
	if (d->state)
		state_audit_forget(d->state);
	events_stop(d->events);
	hook_close(d->hook);
	store_stop(d->store);
	for (unsigned i = 0; i < d->workers; i++)
		ring_free(d->ban_ring[i]);
	for (unsigned i = 0; d->event_ring && i <= d->workers; i++)
		ring_free(d->event_ring[i]);
	free(d->worker);
	free(d->event_ring);
	free(d->ban_ring);
	state_free(d->state);
	if (d->live)
		ruleset_free(publish_current(d->live));
	publish_free(d->live);
	close_fd(d->phase_fd);
	close_fd(d->events_fd);
	close_fd(d->bans_fd);
}
