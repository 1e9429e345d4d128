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
#include "log.h"

#define BURST_NS (10 * NS)
#define BURSTS 256
/* Lines a second that tell of single sources, whatever a forged flood of many
 * sources asks for; the rest is counted. */
#define LINES_PER_SECOND 50
#define LINES_AT_ONCE 200
#define GATHER_MS 50 /* a burst costs one wake-up, not one a batch */
#define ENDPOINT_TEXT (ADDR_TEXT + 8)
#define HEAD_TEXT 224
#define ENDED_TEXT 96

/* Events of one source and check after the one that was written. */
struct burst {
	struct addr site;
	uint64_t since; /* 0 = free */
	uint64_t more;
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
	int stop_fd;
	pthread_t thread;
};

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

static void write_event(const struct event *ev)
{
	const struct decision *d = &ev->d;
	char site[PREFIX_TEXT], from[ENDPOINT_TEXT], to[ENDPOINT_TEXT], head[HEAD_TEXT];

	site_print(&ev->src, site);
	endpoint_print(&ev->src, ev->sport, from);
	endpoint_print(&ev->dst, ev->dport, to);
	print_head(d, site, head);
	log_info("%s: %s: %s%s%s%s (%s from %s to %s)", head, check_name(d->check), d->reason,
		 d->evidence[0] ? ": \"" : "", d->evidence, d->evidence[0] ? "\"" : "",
		 what_came(d), from, to);
}

/* Refused until somebody approves.  It is told on a line of its own, whatever else its
 * source does: the token is known from nowhere else. */
static void write_token(const struct event *ev, const struct approval *a)
{
	const struct decision *d = &ev->d;
	char site[PREFIX_TEXT], time[EVENTS_DURATION], head[160];

	site_print(&ev->src, site);
	events_duration(d->approval_life, time);
	snprintf(head, sizeof(head), "%s%s calls %s (%s)", a->user,
		 a->shown ? "" : " (unproven)", a->number, a->label);
	log_info("refused %s: %s: %s: approve with: sipmoat approve %s (within %s): %s", site,
		 check_name(d->check), head, d->token, time, d->reason);
}

static bool line_allowed(struct events *e, uint64_t now)
{
	uint64_t earned = (now - e->lines_at) * LINES_PER_SECOND / NS;

	if (earned) {
		e->lines = earned + e->lines > LINES_AT_ONCE ? LINES_AT_ONCE :
							       e->lines + (unsigned)earned;
		e->lines_at = now;
	}
	if (!e->lines) {
		if (!e->untold++)
			e->untold_since = now;
		return false;
	}
	e->lines--;
	return true;
}

static void burst_end(struct burst *b)
{
	const char *what = answered_as(b->verdict);
	char site[PREFIX_TEXT];

	if (!what)
		what = b->marked ? "marked" : what_happened(b->observed, b->alert, false);
	if (b->more) {
		site_print(&b->site, site);
		log_info("%s %s: %s: %" PRIu64 " more",
			 what, site, check_name(b->check), b->more);
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
		burst_end(place);
	return place;
}

static void on_token(struct events *e, const struct event *ev, uint64_t now)
{
	struct approval a;

	/* not there any more when somebody has approved it meanwhile */
	if (!e->conf.state ||
	    !state_approval_of(e->conf.state, ev->d.approval, ev->d.token, now, &a)) {
		if (line_allowed(e, now))
			write_event(ev);
		return;
	}
	if (e->conf.on_token)
		e->conf.on_token(e->conf.token_arg, &a);
	if (line_allowed(e, now))
		write_token(ev, &a);
}

static void on_event(struct events *e, const struct event *ev, uint64_t now)
{
	struct addr site = addr_site(&ev->src);
	bool acts = ev->d.ban || ev->d.mark_time;
	struct burst *b;

	if (ev->d.token[0]) {
		on_token(e, ev, now);
		return;
	}
	/* What a check of what leaves tells, and of running calls, is told once: none stands for
	 * another. */
	if (ev->d.dir == DIR_OUTBOUND || ev->d.call) {
		if (line_allowed(e, now))
			write_event(ev);
		return;
	}
	b = burst_find(e, &site, &ev->d);
	/* a ban or a mark is told even in the middle of a burst, but once: the packets that
	 * were under way when it came ask for it again; and so is a ban that is longer */
	if (b->since && (!acts || (b->acted && ev->d.ban_times <= b->times))) {
		b->more++;
		return;
	}
	if (!line_allowed(e, now))
		return;
	if (b->since)
		burst_end(b);
	*b = (struct burst){ .site = site, .since = now, .check = ev->d.check,
			     .acted = acts, .times = ev->d.ban_times, .observed = ev->d.observed,
			     .alert = is_alert(&ev->d), .marked = is_marked(&ev->d),
			     .verdict = ev->d.verdict };
	write_event(ev);
}

/* Ends the bursts older than age; returns whether any goes on. */
static bool end_bursts(struct events *e, uint64_t now, uint64_t age)
{
	bool any = false;

	for (unsigned i = 0; i < BURSTS; i++) {
		struct burst *b = &e->burst[i];

		if (b->since && now - b->since >= age)
			burst_end(b);
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
	struct event ev;
	bool any = true;

	while (any) {
		any = false;
		for (unsigned i = 0; i < e->conf.rings; i++) {
			if (!ring_get(e->conf.ring[i], &ev))
				continue;
			on_event(e, &ev, now);
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
