/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the events thread writes: one line a thing, bursts told as a number, a ban
 * told once.  stderr is a file while the thread lives; stopping it writes all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "events.h"
#include "eventtext.h"
#include "journal.h"
#include "log.h"
#include "smallstate.h"
#include "state/approvals.h"

static struct event event_of(uint8_t last, const char *reason)
{
	struct event ev = { .src = addr_v4((uint8_t[]){ 203, 0, 113, last }),
			    .dst = addr_v4((uint8_t[]){ 192, 0, 2, 10 }),
			    .sport = 5071, .dport = 5060, .proto = PROTO_UDP };

	ev.d.verdict = VERDICT_DROP;
	ev.d.banned = addr_site_prefix(&ev.src);
	ev.d.notify = ev.d.parsed = true;
	ev.d.kind = SIP_REQUEST;
	ev.d.method = METHOD_OPTIONS;
	snprintf(ev.d.reason, sizeof(ev.d.reason), "%s", reason);
	return ev;
}

static unsigned tokens; /* that were passed on */

static void note_token(void *unused, const struct approval *a)
{
	(void)unused;
	tokens += a->token[0] != 0;
}

/* What comes out when these n events wait in the ring. */
static void lines_of(const struct event *ev, unsigned n, char *out, size_t room)
{
	struct ring *ring = ring_new(n, sizeof(struct news));
	struct events_conf conf = { .ring = &ring, .rings = 1, .wake_fd = eventfd(0, 0),
				    .state = st, .on_token = note_token };
	int saved = dup(STDERR_FILENO);
	FILE *f = tmpfile();
	struct events *e;
	size_t len;

	for (unsigned i = 0; i < n; i++)
		assert_true(ring_put(ring, &(struct news){ .ev = ev[i] }));
	log_open(LOG_INFO_);
	dup2(fileno(f), STDERR_FILENO);
	assert_int_equal(events_start(&e, &conf), 0);
	events_stop(e);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	len = fread(out, 1, room - 1, f);
	out[len] = '\0';
	fclose(f);
	close(conf.wake_fd);
	ring_free(ring);
}

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void a_ban_reads_like_a_report(void **unused)
{
	struct event ev = event_of(9, "User-Agent of a scanner");
	char out[2048], want[512];

	(void)unused;
	ev.d.ban = 8 * 3600;
	snprintf(ev.d.evidence, sizeof(ev.d.evidence), "friendly-scanner");
	lines_of(&ev, 1, out, sizeof(out));
	snprintf(want, sizeof(want),
		 "sipmoatd: banned 203.0.113.9 for 8h (not proven): %s: User-Agent of a scanner: "
		 "\"friendly-scanner\" (OPTIONS from 203.0.113.9:5071 to 192.0.2.10:5060)\n",
		 check_name(0));
	assert_string_equal(out, want);
}

static void ipv6_bans_name_the_site(void **unused)
{
	struct event ev = event_of(9, "x");
	char out[2048];

	(void)unused;
	ev.src = addr_v6((uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = 7 });
	ev.d.banned = addr_site_prefix(&ev.src);
	ev.d.ban = 90;
	ev.d.ban_proven = true;
	ev.d.ban_times = 3;
	lines_of(&ev, 1, out, sizeof(out));
	assert_non_null(strstr(out, "banned 2001:db8::/64 for 90s (3rd time, proven): "));
	assert_non_null(strstr(out, "from [2001:db8::7]:5071 to 192.0.2.10:5060"));
}

static void an_ended_connection_is_told(void **unused)
{
	struct event ev[2] = { event_of(9, "x"), event_of(10, "y") };
	char out[2048];

	(void)unused;
	ev[0].d.reset = ev[1].d.reset = true;
	ev[0].d.ban = 300;
	ev[0].d.ban_proven = true;
	lines_of(ev, 2, out, sizeof(out));
	assert_int_equal(count_lines(out), 2);
	assert_non_null(strstr(out, "banned 203.0.113.9 for 5m (proven) and ended the TCP "
				    "connection: "));
	assert_non_null(strstr(out, "dropped 203.0.113.10 and ended the TCP connection: "));
}

static void a_burst_is_a_number(void **unused)
{
	struct event ev[40];
	char out[4096];

	(void)unused;
	for (unsigned i = 0; i < 40; i++)
		ev[i] = event_of(i % 2 ? 9 : 10, "too many requests");
	lines_of(ev, 40, out, sizeof(out));
	assert_int_equal(count_lines(out), 4);
	assert_non_null(strstr(out, "dropped 203.0.113.9: "));
	assert_non_null(strstr(out, ": 19 more\n"));
}

/* A token is known from nowhere else: no burst swallows it. */
static void a_token_is_told_in_a_burst(void **unused)
{
	struct account a = { .user_key = 7, .n = 4, .name = "1001" };
	struct approval_ask ask = { .who = { .account = &a }, .what = 1,
				    .label = SLICE("class premium"), .number = SLICE("+882123"),
				    .token_life = 600, .grant_life = 3600, .most = 3 };
	struct approval_token t;
	struct event ev[20];
	char out[4096], want[256];

	(void)unused;
	assert_true(approval_ask(st, &ask, clock_now(), &t));
	for (unsigned i = 0; i < 20; i++)
		ev[i] = event_of(9, "denied");
	memcpy(ev[10].d.token, t.text, sizeof(t.text));
	ev[10].d.approval = t.key;
	ev[10].d.approval_life = 600;
	tokens = 0;
	lines_of(ev, 20, out, sizeof(out));
	assert_int_equal(tokens, 1);
	assert_int_equal(count_lines(out), 3);
	assert_non_null(strstr(out, ": 18 more\n"));
	snprintf(want, sizeof(want),
		 "refused 203.0.113.9: %s: 1001 (unproven) calls +882123 (class premium): "
		 "approve with: sipmoat approve %s (within 10m): denied\n",
		 check_name(0), t.text);
	assert_non_null(strstr(out, want));
	/* one that was approved meanwhile waits no more */
	assert_true(state_approve(st, t.text, 0, clock_now(), &(struct approval){ .until = 0 }));
	lines_of(&ev[10], 1, out, sizeof(out));
	assert_int_equal(tokens, 1);
	assert_int_equal(count_lines(out), 1);
	assert_null(strstr(out, "sipmoat approve"));
}

/* Of the same server, to different sites or of different kinds. */
static void what_leaves_is_no_burst(void **unused)
{
	struct event ev[4];
	char out[4096];

	(void)unused;
	for (unsigned i = 0; i < 4; i++) {
		ev[i] = event_of(9, i % 2 ? "one thing" : "another");
		ev[i].d.dir = DIR_OUTBOUND;
		ev[i].d.verdict = VERDICT_ACCEPT;
	}
	lines_of(ev, 4, out, sizeof(out));
	assert_int_equal(count_lines(out), 4);
	assert_non_null(strstr(out, "noticed 203.0.113.9: "));
	assert_null(strstr(out, "more"));
}

/* A warning does not stand for the refusals behind it. */
static void a_warning_hides_no_refusal(void **unused)
{
	struct event ev[6];
	char out[4096];

	(void)unused;
	for (unsigned i = 0; i < 6; i++) {
		ev[i] = event_of(9, i < 2 ? "many calls" : "too many calls");
		ev[i].d.verdict = i < 2 ? VERDICT_ACCEPT : VERDICT_REJECT;
		ev[i].d.code = 403;
	}
	lines_of(ev, 6, out, sizeof(out));
	assert_int_equal(count_lines(out), 4);
	assert_non_null(strstr(out, "noticed 203.0.113.9: "));
	assert_non_null(strstr(out, "refused 203.0.113.9 with 403: "));
	assert_non_null(strstr(out, "refused 203.0.113.9: "));
	assert_non_null(strstr(out, ": 3 more\n"));
}

/* Each running call that is told of or ended is another one. */
static void calls_are_no_burst(void **unused)
{
	struct event ev[6];
	char out[4096];

	(void)unused;
	for (unsigned i = 0; i < 6; i++) {
		ev[i] = event_of(9, i < 3 ? "call has lasted 1h" : "call may not last longer");
		ev[i].d.call = true;
		ev[i].d.verdict = i < 3 ? VERDICT_ACCEPT : VERDICT_DROP;
	}
	lines_of(ev, 6, out, sizeof(out));
	assert_int_equal(count_lines(out), 6);
	assert_non_null(strstr(out, "noticed a call of 203.0.113.9: "));
	assert_non_null(strstr(out, "cut a call of 203.0.113.9: "));
	assert_null(strstr(out, "more"));
}

static void a_ban_ends_a_burst_and_is_told_once(void **unused)
{
	struct event ev[7];
	char out[4096], *ban;

	(void)unused;
	for (unsigned i = 0; i < 7; i++) {
		ev[i] = event_of(9, "too many requests");
		ev[i].d.ban = i >= 4 ? 300 : 0; /* packets on the way ask again */
	}
	lines_of(ev, 7, out, sizeof(out));
	ban = strstr(out, "banned 203.0.113.9 for 5m (not proven): ");
	assert_non_null(ban);
	assert_null(strstr(ban + 1, "banned "));
	assert_non_null(strstr(out, ": 3 more\n"));
	assert_non_null(strstr(ban, ": 2 more\n"));
	assert_int_equal(count_lines(out), 4);
}

static void observe_says_would(void **unused)
{
	struct event ev = event_of(9, "x");
	char out[2048];

	(void)unused;
	ev.d.verdict = VERDICT_ACCEPT;
	ev.d.observed = true;
	lines_of(&ev, 1, out, sizeof(out));
	assert_non_null(strstr(out, "would have dropped 203.0.113.9: "));
}

static void many_sources_do_not_flood_the_log(void **unused)
{
	static struct event ev[2000];
	static char out[1 << 20];

	(void)unused;
	for (unsigned i = 0; i < 2000; i++) {
		ev[i] = event_of(9, "forged");
		ev[i].src.b[13] = (uint8_t)(i >> 8);
		ev[i].src.b[14] = (uint8_t)i;
	}
	lines_of(ev, 2000, out, sizeof(out));
	assert_true(count_lines(out) >= 200);
	assert_true(count_lines(out) < 1000);
	assert_non_null(strstr(out, "more events were only counted"));
}

static void a_forged_flood_hides_no_proven_ban(void **unused)
{
	static struct event ev[2000];
	static char out[1 << 20];

	(void)unused;
	for (unsigned i = 0; i < 2000; i++) {
		ev[i] = event_of(9, "forged");
		ev[i].src.b[13] = (uint8_t)(i >> 8);
		ev[i].src.b[14] = (uint8_t)i;
		ev[i].d.ban = 300;
	}
	ev[1999] = event_of(77, "real");
	ev[1999].d.ban = 600;
	ev[1999].d.ban_proven = true;
	lines_of(ev, 2000, out, sizeof(out));
	assert_non_null(strstr(out, "banned 203.0.113.77 for 10m"));
	assert_true(count_lines(out) < 1000);
}

static void durations_lose_nothing(void **unused)
{
	static const struct {
		uint32_t seconds;
		const char *text;
	} row[] = { { 0, "0s" }, { 59, "59s" }, { 60, "1m" }, { 90, "90s" }, { 5400, "90m" },
		    { 28800, "8h" }, { 86400, "1d" }, { 604800, "1w" }, { 691200, "8d" },
		    { UINT32_MAX, "4294967295s" } };
	char out[EVENTS_DURATION];

	(void)unused;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		events_duration(row[i].seconds, out);
		assert_string_equal(out, row[i].text);
	}
}

static bool is_more(const struct told *t, const void *unused)
{
	(void)unused;
	return t->kind == TOLD_MORE;
}

/* What was told last was of somebody else. */
static void how_many_more_is_of_no_user(void **unused)
{
	struct ring *ring = ring_new(4, sizeof(struct news));
	struct events_conf conf = { .ring = &ring, .rings = 1, .wake_fd = eventfd(0, 0),
				    .journal = journal_new() };
	struct news n = { .ev = event_of(9, "x") };
	struct events *e;
	struct told got;

	(void)unused;
	assert_true(ring_put(ring, &n) && ring_put(ring, &n));
	n.ev = event_of(10, "y");
	snprintf(n.about.user, sizeof(n.about.user), "1001");
	assert_true(ring_put(ring, &n));
	assert_int_equal(events_start(&e, &conf), 0);
	events_stop(e);
	assert_int_equal(journal_find(conf.journal, is_more, NULL, &got, 1), 1);
	assert_int_equal(got.more, 1);
	assert_string_equal(got.news.about.user, "");
	journal_free(conf.journal);
	close(conf.wake_fd);
	ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ban_reads_like_a_report),
		cmocka_unit_test(ipv6_bans_name_the_site),
		cmocka_unit_test(an_ended_connection_is_told),
		cmocka_unit_test(a_burst_is_a_number),
		cmocka_unit_test(how_many_more_is_of_no_user),
		cmocka_unit_test_setup_teardown(a_token_is_told_in_a_burst, make_state,
						drop_state),
		cmocka_unit_test(what_leaves_is_no_burst),
		cmocka_unit_test(a_warning_hides_no_refusal),
		cmocka_unit_test(calls_are_no_burst),
		cmocka_unit_test(a_ban_ends_a_burst_and_is_told_once),
		cmocka_unit_test(observe_says_would),
		cmocka_unit_test(many_sources_do_not_flood_the_log),
		cmocka_unit_test(a_forged_flood_hides_no_proven_ban),
		cmocka_unit_test(durations_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
