/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ban thread without the daemon, for tests: nftharness CONFIG.  Reads commands
 * from stdin and answers each with one line, or with lines that end in "ok":
 *
 *   ban ADDR SECONDS TEXT    as a worker would; "agent: why" names the check
 *   proven ADDR SECONDS TEXT likewise, where nobody else can have brought it about
 *   late ADDR SECONDS TEXT   likewise, but it was lifted before the thread hears of it
 *   known ADDR SECONDS       by a registration
 *   called ADDR SECONDS      by a call
 *   forget ADDR              out of state only, behind the thread's back
 *   truth ADDR SECONDS       into state only, as when a ring was full
 *   steer, unsteer, reload CONFIG, walk, count, stop
 *   latency N                median microseconds from ring_put to the kernel's event
 *   rate N                   elements a second, N at once
 *   stream N RATE            microseconds as of latency, of N bans at RATE a second
 *   fill N                   N bans, and waits until the kernel holds them
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ban.h"
#include "hand.h"
#include "bantext.h"
#include "clock.h"
#include "log.h"
#include "nftread.h"

#define SLOTS 16384
#define WORKERS 2
#define LATE 5 /* s */
#define MEASURED 0xc6120000u /* 198.18.0.0/15, RFC 2544 */
#define MEASURED_MOST 0x20000u

struct harness {
	struct ban_thread *ban;
	struct state *state;
	struct ring *ring;
	int wake;
	uint32_t next; /* the next address of MEASURED to ban */
};

static struct ruleset *load(const char *file)
{
	struct conf_report report = { 0 };
	struct ruleset *rs = ruleset_load(file, &report);

	for (unsigned i = 0; i < report.n; i++) {
		char *text = conf_note_text(&report.note[i]);

		fprintf(stderr, "nftharness: %s\n", text ? text : "no memory");
		free(text);
	}
	conf_report_free(&report);
	return rs;
}

static void put(struct harness *h, const struct event *ev)
{
	while (!ring_put(h->ring, ev))
		usleep(100);
}

static void wake(struct harness *h)
{
	const uint64_t one = 1;

	if (write(h->wake, &one, sizeof(one)) != sizeof(one))
		perror("nftharness: eventfd");
}

/* What the engine would have put into state and ring. */
static void ban(struct harness *h, const struct addr *a, unsigned seconds, const char *text,
		char how)
{
	struct event ev = { .when = clock_now() };
	struct ban b = { .who = addr_site_prefix(a), .until = ev.when + seconds * NS,
			 .proven = how == 'p' };

	bantext_parse(text, &b);
	if (how == 'l')
		ev.when -= LATE * NS;
	else
		state_ban_add(h->state, &b, ev.when);
	ev.d.banned = b.who;
	ev.d.ban = seconds;
	ev.d.check = b.check;
	snprintf(ev.d.reason, sizeof(ev.d.reason), "%s", b.reason);
	put(h, &ev);
}

static void known(struct harness *h, const struct addr *a, unsigned seconds, bool called)
{
	struct event ev = { .when = clock_now() };

	ev.d.site = addr_site(a);
	*(called ? &ev.d.called : &ev.d.known) = seconds;
	put(h, &ev);
	wake(h);
}

static void print_ban(const struct ban *b, void *arg)
{
	char site[ADDR_TEXT];

	(void)arg;
	addr_print(&b->who.addr, site);
	printf("%s %llu %u %s\n", site, (unsigned long long)((b->until - clock_now()) / NS),
	       b->check, b->reason);
}

static void count(struct harness *h)
{
	struct ban_counts c;

	ban_count(h->ban, &c);
	printf("ok banned=%llu unbanned=%llu prolonged=%llu by_hand=%llu refused=%llu "
	       "restored=%llu live4=%llu live6=%llu\n", (unsigned long long)c.banned,
	       (unsigned long long)c.unbanned, (unsigned long long)c.prolonged,
	       (unsigned long long)c.by_hand, (unsigned long long)c.refused,
	       (unsigned long long)c.restored, (unsigned long long)c.live4,
	       (unsigned long long)c.live6);
}

/* The next one of those that are banned for measuring. */
static struct addr next_of(struct harness *h)
{
	uint32_t be = htonl(MEASURED + h->next++ % MEASURED_MOST);

	return addr_v4((const uint8_t *)&be);
}

static void count_new(const struct nftread_event *ev, void *arg)
{
	unsigned *n = arg;

	*n += ev->kind == NFTREAD_ELEM_NEW;
}

/* Bans n addresses at once and returns how long the kernel took to hold them all. */
static uint64_t time_bans(struct harness *h, struct nftlink *events, unsigned n)
{
	struct pollfd fd = { nftlink_fd(events), POLLIN, 0 };
	uint64_t start = clock_now();
	unsigned seen = 0;

	for (unsigned i = 0; i < n; i++) {
		struct addr a = next_of(h);

		ban(h, &a, 3600, "flood: 17 requests in 2 s, budget 16", false);
	}
	wake(h);
	while (seen < n) {
		if (poll(&fd, 1, 10000) <= 0)
			return 0;
		if (nftread_events(events, count_new, &seen) < 0)
			return 0;
	}
	return clock_now() - start;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void measure(struct harness *h, unsigned rounds, unsigned each)
{
	uint64_t *took = calloc(rounds, sizeof(*took));
	struct nftlink *events;

	if (!took || nftread_watch(&events, 0, 0) < 0) {
		printf("error no events\n");
		free(took);
		return;
	}
	for (unsigned i = 0; i < rounds; i++)
		took[i] = time_bans(h, events, each);
	qsort(took, rounds, sizeof(*took), by_size);
	printf("ok %u bans at once: median %.1f us, p90 %.1f us, %.0f a second\n", each,
	       (double)took[rounds / 2] / 1e3, (double)took[rounds * 9 / 10] / 1e3,
	       took[rounds / 2] ? each * 1e9 / (double)took[rounds / 2] : 0);
	nftlink_close(events);
	free(took);
}

/* When each of a stream was put, then how long it took. */
struct stream {
	uint64_t *at;
	uint32_t first, n, seen;
};

static void note_new(const struct nftread_event *ev, void *arg)
{
	struct stream *s = arg;
	uint32_t be, i;

	if (ev->kind != NFTREAD_ELEM_NEW || ev->elem.len != 4)
		return;
	memcpy(&be, ev->elem.key, 4);
	i = ntohl(be) - MEASURED - s->first;
	if (i >= s->n)
		return;
	s->at[i] = clock_now() - s->at[i];
	s->seen++;
}

/* Puts one ban after the other in time; false: the kernel was not heard of for 10 s. */
static bool run_stream(struct harness *h, struct stream *s, struct nftlink *events, unsigned rate)
{
	struct pollfd fd = { nftlink_fd(events), POLLIN, 0 };
	uint64_t start = clock_now(), put = 0, heard = start;

	while (s->seen < s->n) {
		uint64_t now = clock_now(), due = start + put * NS / rate;
		bool waits = put < s->n && due > now;

		if (put < s->n && !waits) {
			struct addr a = next_of(h);

			s->at[put++] = now;
			ban(h, &a, 3600, "flood: 17 requests in 2 s, budget 16", false);
			wake(h);
		}
		if (poll(&fd, 1, put < s->n ? (int)(waits ? (due - now) / 1000000 : 0) : 100) > 0) {
			if (nftread_events(events, note_new, s) < 0)
				return false;
			heard = now;
		}
		if (now - heard > 10 * NS)
			return false;
	}
	return true;
}

static void stream(struct harness *h, unsigned n, unsigned rate)
{
	struct stream s = { calloc(n, sizeof(*s.at)), h->next % MEASURED_MOST, n, 0 };
	uint64_t start = clock_now();
	struct nftlink *events;

	if (!s.at || !rate || s.first + n > MEASURED_MOST || nftread_watch(&events, 0, 0) < 0) {
		printf("error no room for so many\n");
		free(s.at);
		return;
	}
	if (run_stream(h, &s, events, rate)) {
		double took = (double)(clock_now() - start) / 1e9;

		qsort(s.at, n, sizeof(*s.at), by_size);
		printf("ok %u bans, %.0f a second: median %.0f us, p99 %.0f us, most %.0f us\n", n,
		       n / took, (double)s.at[n / 2] / 1e3,
		       (double)s.at[(uint64_t)n * 99 / 100] / 1e3, (double)s.at[n - 1] / 1e3);
	} else {
		printf("error %u of %u arrived\n", s.seen, n);
	}
	nftlink_close(events);
	free(s.at);
}

static void fill(struct harness *h, unsigned n)
{
	struct nftlink *events;

	if (nftread_watch(&events, 0, 0) < 0) {
		printf("error no events\n");
		return;
	}
	while (n) {
		unsigned some = n < 1000 ? n : 1000;

		if (!time_bans(h, events, some))
			break;
		n -= some;
	}
	printf(n ? "error %u did not arrive\n" : "ok\n", n);
	nftlink_close(events);
}

static void reload(struct harness *h, const char *file)
{
	struct ruleset *rs = load(file);
	char err[BAN_ERROR] = "cannot load";

	if (rs && ban_reload(h->ban, rs, err) == 0)
		printf("ok\n");
	else
		printf("error %s\n", err);
	ruleset_free(rs);
}

static void change_state(struct harness *h, const struct addr *a, unsigned seconds)
{
	struct ban b = { .who = addr_site_prefix(a), .until = clock_now() + seconds * NS,
			 .check = CHECK_NONE, .reason = "truth" };

	if (seconds)
		state_ban_add(h->state, &b, clock_now());
	else
		state_ban_remove(h->state, &b.who);
}

static bool obey_with_address(struct harness *h, const char *line)
{
	char word[16], text[ADDR_TEXT];
	struct addr a;
	unsigned seconds = 0;
	int rest = 0;

	if (sscanf(line, "%15s %45s %u %n", word, text, &seconds, &rest) < 2 ||
	    addr_parse(slice_of(text), &a) < 0)
		return false;
	if (strcmp(word, "ban") == 0 || strcmp(word, "proven") == 0 ||
	    strcmp(word, "late") == 0) {
		ban(h, &a, seconds, rest ? line + rest : "", word[0]);
		wake(h);
	} else if (strcmp(word, "known") == 0) {
		known(h, &a, seconds, false);
	} else if (strcmp(word, "called") == 0) {
		known(h, &a, seconds, true);
	} else if (strcmp(word, "forget") == 0 || strcmp(word, "truth") == 0) {
		change_state(h, &a, seconds);
	} else {
		return false;
	}
	printf("ok\n");
	return true;
}

static void obey(struct harness *h, const char *line)
{
	char err[BAN_ERROR] = "";
	unsigned n, rate;

	if (obey_with_address(h, line))
		return;
	if (strcmp(line, "steer") == 0)
		printf("%s%s\n", ban_steer(h->ban, err) == 0 ? "ok" : "error ", err);
	else if (strcmp(line, "unsteer") == 0)
		printf("ok\n"), ban_unsteer(h->ban);
	else if (strncmp(line, "reload ", 7) == 0)
		reload(h, line + 7);
	else if (strcmp(line, "walk") == 0)
		printf("ok %zu\n", state_ban_walk(h->state, clock_now(), print_ban, NULL));
	else if (strcmp(line, "count") == 0)
		count(h);
	else if (sscanf(line, "latency %u", &n) == 1)
		measure(h, n, 1);
	else if (sscanf(line, "rate %u", &n) == 1)
		measure(h, 9, n);
	else if (sscanf(line, "stream %u %u", &n, &rate) == 2)
		stream(h, n, rate);
	else if (sscanf(line, "fill %u", &n) == 1)
		fill(h, n);
	else
		printf("error what is \"%s\"?\n", line);
}

int main(int argc, char **argv)
{
	static const uint8_t seed[16] = "not so random";
	struct harness h = { .wake = eventfd(0, EFD_NONBLOCK) };
	struct ruleset *rs = argc == 2 ? load(argv[1]) : NULL;
	struct ban_conf conf = { .rules = rs, .rings = 1, .workers = WORKERS, .wake_fd = h.wake };
	char err[BAN_ERROR] = "", line[512];

	if (!rs)
		return 64;
	log_open(LOG_INFO_);
	h.state = state_new(ruleset_settings(rs), seed);
	h.ring = ring_new(SLOTS, sizeof(struct event));
	conf.state = h.state;
	conf.ring = &h.ring;
	if (!h.state || !h.ring || hand_open(&conf.hand, "", 0) < 0 ||
	    ban_start(&h.ban, &conf, err) < 0) {
		printf("error %s\n", err);
		return 1;
	}
	ruleset_free(rs);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ok\n");
	while (fgets(line, sizeof(line), stdin) && strcmp(line, "stop\n") != 0) {
		line[strcspn(line, "\n")] = 0;
		obey(&h, line);
	}
	ban_stop(h.ban);
	hand_close(conf.hand);
	ring_free(h.ring);
	state_free(h.state);
	printf("ok stopped\n");
	return 0;
}
