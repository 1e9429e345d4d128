/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "events.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "engine.h"
#include "eventtext.h"
#include "journal.h"
#include "log.h"
#include "seen.h"

#define BURST_NS (10 * NS)
#define BURSTS 256
/* Lines a second that tell of single sources, whatever a forged flood of many
 * sources asks for; the rest is counted. */
#define LINES_PER_SECOND 50
#define LINES_AT_ONCE 250
#define LINES_KEPT 50 /* of them: for what no forged packet can bring about */
#define GATHER_MS 50 /* a burst costs one wake-up, not one a batch */

/* Events of one source and check after the one that was written. */
struct burst {
	struct addr site;
	uint64_t since; /* 0 = free */
	uint64_t more;
	uint32_t mark;
	uint8_t check;
	uint8_t verdict;
	uint8_t times; /* of that ban */
	bool acted, observed, alert, marked; /* acted: its ban, or mark, was told */
};

struct events {
	struct events_conf conf;
	struct burst burst[BURSTS];
	uint64_t lines_at; /* when the line budget was last filled up */
	unsigned lines;    /* what is left of it */
	uint64_t untold, untold_since; /* events without a line because of it */
	struct told told; /* what is being told */
	int stop_fd;
	pthread_t thread;
};

static void told_begin(struct events *e, enum told_kind kind)
{
	e->told.kind = (uint8_t)kind;
	e->told.level = LOG_INFO_;
	e->told.more = 0;
}

/* What is in e->told. */
static void say(struct events *e)
{
	struct told *t = &e->told;

	t->action = (uint8_t)told_action_of(&t->news.ev.d);
	log_plain(LOG_INFO_, "%s", t->line);
	if (e->conf.journal)
		journal_add(e->conf.journal, t);
}

static void say_event(struct events *e, const struct news *n)
{
	struct told *t = &e->told;

	told_begin(e, TOLD_FINDING);
	t->news = *n;
	eventtext_finding(&n->ev, t->line, sizeof(t->line));
	say(e);
}

/* Refused until somebody approves.  It is told on a line of its own, whatever else its
 * source does: the token is known from nowhere else. */
static void say_token(struct events *e, const struct news *n, const struct approval *a)
{
	struct told *t = &e->told;

	told_begin(e, TOLD_TOKEN);
	t->news = *n;
	t->approval = *a;
	eventtext_token(&n->ev, a, t->line, sizeof(t->line));
	say(e);
}

/* Somebody who floods in the name of others shall not hide who was banned for his own, what
 * waits for approval and which call was ended. */
static unsigned lines_kept_from(const struct decision *d)
{
	bool sure = d->proven || (d->ban && d->ban_proven) || d->token[0] || d->call;

	return sure ? 0 : LINES_KEPT;
}

static bool line_allowed(struct events *e, const struct decision *d, uint64_t now)
{
	uint64_t earned = (now - e->lines_at) * LINES_PER_SECOND / NS;

	if (earned) {
		e->lines = earned + e->lines > LINES_AT_ONCE ? LINES_AT_ONCE :
							       e->lines + (unsigned)earned;
		e->lines_at = now;
	}
	if (e->lines <= lines_kept_from(d)) {
		if (!e->untold++)
			e->untold_since = now;
		return false;
	}
	e->lines--;
	return true;
}

static void burst_end(struct events *e, struct burst *b)
{
	struct told *t = &e->told;

	if (b->more) {
		told_begin(e, TOLD_MORE);
		/* of no single message: the last one may have been somebody else's */
		t->news = (struct news){ .ev = { .src = b->site } };
		t->news.ev.d.check = b->check;
		t->news.ev.d.verdict = b->verdict;
		t->news.ev.d.observed = b->observed;
		t->news.ev.d.mark = b->mark;
		t->more = b->more;
		eventtext_more(&t->news.ev, b->more, t->line, sizeof(t->line));
		say(e);
	}
	b->since = 0;
}

static bool is_alert(const struct decision *d)
{
	return d->verdict == VERDICT_ACCEPT;
}

static bool is_marked(const struct decision *d)
{
	return d->mark && is_alert(d);
}

/* The burst this event belongs to, or the place for a new one (since = 0).  What is only
 * noticed is one of its own: a warning must not stand for the refusals that follow it. */
static struct burst *burst_find(struct events *e, const struct addr *site,
				const struct decision *d)
{
	struct burst *place = &e->burst[0];

	for (unsigned i = 0; i < BURSTS; i++) {
		struct burst *b = &e->burst[i];

		if (b->since && b->check == d->check && b->observed == d->observed &&
		    b->alert == is_alert(d) && b->marked == is_marked(d) &&
		    addr_eq(&b->site, site))
			return b;
		if (b->since < place->since)
			place = b; /* a free one, else the oldest */
	}
	if (place->since)
		burst_end(e, place);
	return place;
}

static void on_token(struct events *e, const struct news *n, uint64_t now)
{
	const struct event *ev = &n->ev;
	struct approval a;

	/* not there any more when somebody has approved it meanwhile */
	if (!e->conf.state ||
	    !state_approval_of(e->conf.state, ev->d.approval, ev->d.token, now, &a)) {
		if (line_allowed(e, &ev->d, now))
			say_event(e, n);
		return;
	}
	if (e->conf.on_token)
		e->conf.on_token(e->conf.token_arg, &a);
	if (line_allowed(e, &ev->d, now))
		say_token(e, n, &a);
}

static void on_event(struct events *e, const struct news *n, uint64_t now)
{
	const struct event *ev = &n->ev;
	struct addr site = addr_site(&ev->src);
	bool acts = ev->d.ban || ev->d.mark_time;
	struct burst *b;

	if (e->conf.state && ev->d.dir == DIR_INBOUND)
		state_source_note(e->conf.state, &ev->src, ev->when);
	if (ev->d.token[0]) {
		on_token(e, n, now);
		return;
	}
	/* What a check of what leaves tells, and of running calls, is told once: none stands for
	 * another. */
	if (ev->d.dir == DIR_OUTBOUND || ev->d.call) {
		if (line_allowed(e, &ev->d, now))
			say_event(e, n);
		return;
	}
	b = burst_find(e, &site, &ev->d);
	/* a ban or a mark is told even in the middle of a burst, but once: the packets that
	 * were under way when it came ask for it again; and so is a ban that is longer */
	if (b->since && (!acts || (b->acted && ev->d.ban_times <= b->times))) {
		b->more++;
		return;
	}
	if (!line_allowed(e, &ev->d, now))
		return;
	if (b->since)
		burst_end(e, b);
	*b = (struct burst){ .site = site, .since = now, .check = ev->d.check,
			     .acted = acts, .times = ev->d.ban_times, .observed = ev->d.observed,
			     .alert = is_alert(&ev->d), .marked = is_marked(&ev->d),
			     .verdict = ev->d.verdict, .mark = ev->d.mark };
	say_event(e, n);
}

/* Ends the bursts older than age; returns whether any goes on. */
static bool end_bursts(struct events *e, uint64_t now, uint64_t age)
{
	bool any = false;

	for (unsigned i = 0; i < BURSTS; i++) {
		struct burst *b = &e->burst[i];

		if (b->since && now - b->since >= age)
			burst_end(e, b);
		any |= b->since != 0;
	}
	if (e->untold && now - e->untold_since >= age) {
		log_warn("%" PRIu64 " more events were only counted: too many to write one by one",
			 e->untold);
		e->untold = 0;
	}
	return any || e->untold;
}

static void drain(struct events *e, uint64_t now)
{
	struct news n;
	bool any = true;

	while (any) {
		any = false;
		for (unsigned i = 0; i < e->conf.rings; i++) {
			if (!ring_get(e->conf.ring[i], &n))
				continue;
			on_event(e, &n, now);
			any = true;
		}
	}
}

static void *events_main(void *arg)
{
	struct events *e = arg;
	struct pollfd pfd[2] = { { .fd = e->stop_fd, .events = POLLIN },
				 { .fd = e->conf.wake_fd, .events = POLLIN } };
	bool open = false;
	eventfd_t drained;

	while (!pfd[0].revents) {
		poll(pfd, 2, open ? 1000 : -1);
		if (pfd[1].revents) {
			poll(pfd, 1, GATHER_MS);
			eventfd_read(e->conf.wake_fd, &drained);
		}
		drain(e, clock_now());
		open = end_bursts(e, clock_now(), BURST_NS);
	}
	drain(e, clock_now());
	end_bursts(e, clock_now(), 0);
	return NULL;
}

int events_start(struct events **out, const struct events_conf *conf)
{
	struct events *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	e->conf = *conf;
	e->lines = LINES_AT_ONCE;
	e->lines_at = clock_now();
	e->stop_fd = eventfd(0, EFD_CLOEXEC);
	r = e->stop_fd < 0 ? -errno : -pthread_create(&e->thread, NULL, events_main, e);
	if (r) {
		if (e->stop_fd >= 0)
			close(e->stop_fd);
		free(e);
		return r;
	}
	pthread_setname_np(e->thread, "events");
	*out = e;
	return 0;
}

void events_stop(struct events *e)
{
	if (!e)
		return;
	eventfd_write(e->stop_fd, 1);
	pthread_join(e->thread, NULL);
	close(e->stop_fd);
	free(e);
}
