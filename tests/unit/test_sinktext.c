/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events as lines of words and as fields of journald: what they say, that a stranger's text
 * cannot pass for a field of ours, and that the longest fits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "check.h"
#include "sinktext.h"

static char text[SINK_TEXT + 1];

static struct told finding(void)
{
	struct told t = { .id = 7, .wall = 1700000000123456789, .kind = TOLD_FINDING,
			  .level = LOG_INFO_, .line = "as it is logged" };
	struct event *ev = &t.news.ev;

	ev->src = addr_v4((uint8_t[]){ 203, 0, 113, 9 });
	ev->dst = addr_v4((uint8_t[]){ 192, 0, 2, 10 });
	ev->sport = 5062;
	ev->dport = 5060;
	ev->proto = PROTO_UDP;
	ev->d.verdict = VERDICT_DROP;
	ev->d.ban = 300;
	ev->d.banned = addr_site_prefix(&ev->src);
	snprintf(ev->d.reason, sizeof(ev->d.reason), "too much");
	t.action = (uint8_t)told_action_of(&ev->d);
	return t;
}

static const char *line_of(const struct told *t)
{
	size_t n = sinktext_line(t, text);

	text[n] = '\0';
	assert_int_equal(strlen(text), n);
	assert_ptr_equal(strchr(text, '\n'), text + n - 1);
	return text;
}

static const char *fields_of(const struct told *t)
{
	text[sinktext_journal(t, text)] = '\0';
	return text;
}

static void test_line(void **arg)
{
	struct told t = finding();
	char want[512];

	(void)arg;
	snprintf(want, sizeof(want), "2023-11-14T22:13:20.123456Z sipmoat: event=finding check=%s "
		 "action=banned observed=no proven=no src=203.0.113.9 sport=5062 dst=192.0.2.10 "
		 "dport=5060 proto=udp ban=203.0.113.9 seconds=300 reason=\"too much\"\n",
		 check_name(0));
	assert_string_equal(line_of(&t), want);
	t.kind = TOLD_MORE;
	t.more = 312;
	snprintf(want, sizeof(want), "2023-11-14T22:13:20.123456Z sipmoat: event=more check=%s "
		 "action=banned observed=no site=203.0.113.9 more=312\n", check_name(0));
	assert_string_equal(line_of(&t), want);
	t.kind = TOLD_NOTICE;
	t.level = LOG_ERR_;
	assert_string_equal(line_of(&t), "2023-11-14T22:13:20.123456Z sipmoat: event=notice "
			    "level=error text=\"as it is logged\"\n");
}

static void test_token(void **arg)
{
	struct told t = finding();

	(void)arg;
	t.kind = TOLD_TOKEN;
	t.news.ev.d.ban = 0;
	snprintf(t.approval.token, sizeof(t.approval.token), "K7QF-2M9X");
	assert_non_null(strstr(line_of(&t), " event=approval "));
	assert_non_null(strstr(text, " token=K7QF-2M9X\n"));
	assert_non_null(strstr(fields_of(&t), "\nSIPMOAT_TOKEN=K7QF-2M9X\n"));
}

static void test_hostile(void **arg)
{
	struct told t = finding();
	const char *at;

	(void)arg;
	snprintf(t.news.about.agent, sizeof(t.news.about.agent), "x\" src=198.51.100.1 \\");
	at = strstr(line_of(&t), " src=");
	assert_memory_equal(at, " src=203.0.113.9 ", 17);
	assert_non_null(strstr(text, " agent=\"x\\\" src=198.51.100.1 \\\\\"\n"));
}

static void fill(char *p, size_t n)
{
	memset(p, '"', n - 1);
	p[n - 1] = '\0';
}

static void test_longest(void **arg)
{
	struct told t = finding();
	struct about *a = &t.news.about;

	(void)arg;
	t.kind = TOLD_TOKEN;
	fill(t.line, sizeof(t.line));
	fill(t.news.ev.d.reason, sizeof(t.news.ev.d.reason));
	fill(t.news.ev.d.evidence, sizeof(t.news.ev.d.evidence));
	fill(a->user, sizeof(a->user));
	fill(a->call_id, sizeof(a->call_id));
	fill(a->agent, sizeof(a->agent));
	fill(t.approval.token, sizeof(t.approval.token));
	assert_true(strlen(line_of(&t)) < SINK_TEXT - 256);
	assert_true(strlen(fields_of(&t)) < SINK_TEXT - 256);
	t.kind = TOLD_NOTICE;
	assert_true(strlen(line_of(&t)) < SINK_TEXT - 256);
}

static void test_journal(void **arg)
{
	struct told t = finding();
	char want[512];

	(void)arg;
	snprintf(want, sizeof(want), "MESSAGE=as it is logged\nPRIORITY=6\n"
		 "SYSLOG_IDENTIFIER=sipmoat\nSIPMOAT_EVENT=finding\nSIPMOAT_ID=7\n"
		 "SIPMOAT_CHECK=%s\nSIPMOAT_ACTION=banned\nSIPMOAT_OBSERVED=no\n"
		 "SIPMOAT_SITE=203.0.113.9\nSIPMOAT_SOURCE=203.0.113.9\n"
		 "SIPMOAT_DESTINATION=192.0.2.10\nSIPMOAT_SOURCE_PORT=5062\n"
		 "SIPMOAT_DESTINATION_PORT=5060\nSIPMOAT_TRANSPORT=udp\nSIPMOAT_PROVEN=no\n"
		 "SIPMOAT_BAN=203.0.113.9\nSIPMOAT_BAN_SECONDS=300\nSIPMOAT_REASON=too much\n",
		 check_name(0));
	assert_string_equal(fields_of(&t), want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line), cmocka_unit_test(test_token),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
