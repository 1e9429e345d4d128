/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users whose passwords were found weak are judged by another zone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "audited.h"

static void calls(const char *phone, const char *to, const char *from, const char *headers)
{
	w.n++;
	asks(phone, "INVITE", to, from, headers);
}

static void becomes(const struct login *l, enum audit_result result)
{
	w.now += DAY;
	logs_in(l);
	assert_true(waits());
	(void)done(result);
}

static void passes(void)
{
	if (w.d.verdict != VERDICT_ACCEPT)
		fail_msg("refused: %s: %s", check_name(w.d.check), w.d.reason);
	assert_int_equal(w.d.zone, 0);
}

static void restricted(void)
{
	assert_int_equal(w.d.verdict, VERDICT_DROP);
	assert_string_equal(check_name(w.d.check), "method");
	assert_string_equal(ruleset_zone_name(w.rs, w.d.zone), "restricted");
}

static void test_weak_is_restricted(void **arg)
{
	char headers[512];

	(void)arg;
	set_up(CONF ZONED);
	becomes(&at_home, AUDIT_STRONG);
	calls(HOME, "200@pbx.example", "1001", "");
	passes();
	becomes(&at_home, AUDIT_LISTED);
	calls(HOME, "200@pbx.example", "1001", "");
	restricted();
	/* with credentials from anywhere; whoever only takes the name, from nowhere else */
	credentials(&at_home, w.n, headers);
	calls("203.0.113.77", "200@pbx.example", "2002", headers);
	restricted();
	calls("203.0.113.78", "200@pbx.example", "1001", "");
	passes();
	/* others at home are as before; he is until a better password is seen */
	calls(HOME, "200@pbx.example", "1002", "");
	passes();
	logs_in(&at_home);
	becomes(&at_home, AUDIT_STRONG);
	calls(HOME, "200@pbx.example", "1001", "");
	passes();
}

static void test_where_he_logs_in(void **arg)
{
	(void)arg;
	set_up(CONF ZONED);
	becomes(&at_home, AUDIT_LISTED);
	calls(HOTEL, "200@pbx.example", "1001", "");
	assert_int_equal(w.d.verdict, VERDICT_ACCEPT);
	logs_in(&at_hotel);
	calls(HOTEL, "200@pbx.example", "1001", "");
	restricted();
}

static void test_realms(void **arg)
{
	static const struct login tenant = { HOTEL, "1001", "b.example", NULL };
	static const struct login unknown = { HOTEL, "1001", "c.example", NULL };
	char headers[512];

	(void)arg;
	set_up(CONF ZONED);
	becomes(&tenant, AUDIT_STRONG);
	becomes(&at_home, AUDIT_LISTED);
	/* the same number of another tenant */
	credentials(&tenant, w.n, headers);
	calls(HOTEL, "200@b.example", "1001", headers);
	assert_int_equal(w.d.verdict, VERDICT_ACCEPT);
	calls(HOTEL, "200@b.example", "1001", "");
	assert_int_equal(w.d.verdict, VERDICT_ACCEPT);
	/* a realm that was never audited may be written by anybody */
	credentials(&unknown, w.n, headers);
	calls(HOTEL, "200@b.example", "1001", headers);
	restricted();
	/* and that of two users in one request */
	credentials(&tenant, w.n, headers);
	snprintf(headers + strlen(headers), sizeof(headers) - strlen(headers),
		 "Proxy-Authorization: Digest username=\"1001@x\", realm=\"pbx.example\", "
		 "nonce=\"y\", response=\"00\"\r\n");
	calls(HOTEL, "200@b.example", "1001", headers);
	restricted();
}

static void test_what_is_not_restricted(void **arg)
{
	static const struct login beside = { HOME, "1004", "pbx.example", NULL };
	char text[2048], headers[512];

	(void)arg;
	set_up(CONF ZONED);
	becomes(&at_home, AUDIT_OWN);
	/* somebody else's credentials, in his name */
	credentials(&beside, w.n, headers);
	calls(HOME, "200@pbx.example", "1001", headers);
	passes();
	calls(HOME, "112@pbx.example", "1001", "");
	passes();
	logs_in(&at_home); /* by which a better password would be seen */
	passes();
	/* within a call */
	w.n++;
	credentials(&at_home, w.n, headers);
	snprintf(text, sizeof(text),
		 "UPDATE sip:200@192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK%u\r\n"
		 "From: <sip:1001@pbx.example>;tag=a\r\nTo: <sip:200@pbx.example>;tag=b\r\n"
		 "Call-ID: c\r\nCSeq: 2 UPDATE\r\nMax-Forwards: 70\r\n%sContent-Length: 0\r\n\r\n",
		 w.n, headers);
	send(HOME, SERVER, text);
	passes();
}

static void test_expires(void **arg)
{
	(void)arg;
	set_up(CONF ZONED);
	becomes(&at_home, AUDIT_OWN);
	w.now += 7 * DAY - HOUR;
	calls(HOME, "200@pbx.example", "1001", "");
	restricted();
	w.now += 2 * HOUR;
	calls(HOME, "200@pbx.example", "1001", "");
	passes();
}

static void test_observe(void **arg)
{
	(void)arg;
	set_up(CONF "password = { mode = \"observe\"; zone = \"restricted\"; };");
	becomes(&at_home, AUDIT_OWN);
	calls(HOME, "200@pbx.example", "1001", "");
	passes();
}

/* Two messages in one segment: the first one's zone is not the second one's. */
static void test_zone_of_each_message(void **arg)
{
#define ONE(method, user, id) \
	method " sip:200@pbx.example SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=z9hG4bK" id "\r\n" \
	"From: <sip:" user "@pbx.example>;tag=a\r\nTo: <sip:200@pbx.example>\r\n" \
	"Call-ID: " id "\r\nCSeq: 1 " method "\r\nMax-Forwards: 70\r\n" \
	"Contact: <sip:" user "@10.0.0.5>\r\nContent-Length: 0\r\n\r\n"
	struct pkt pkt = { .src = addr(HOME), .dst = addr(SERVER), .sport = 4000, .dport = 5060,
			   .version = 4, .proto = PROTO_TCP, .tcp_flags = 16, .tcp_seq = 1,
			   .tcp_ack = 1 };

	(void)arg;
	set_up(CONF ZONED);
	becomes(&at_home, AUDIT_OWN);
	pkt.payload = SLICE(ONE("MESSAGE", "1001", "s1"));
	engine_run(w.rs, w.st, w.s, &pkt, ++w.now, &w.d);
	assert_int_equal(w.d.verdict, VERDICT_ACCEPT);
	assert_string_equal(ruleset_zone_name(w.rs, w.d.zone), "restricted");
	pkt.sport++;
	pkt.payload = SLICE(ONE("MESSAGE", "1001", "s2") ONE("INVITE", "1003", "s3"));
	engine_run(w.rs, w.st, w.s, &pkt, ++w.now, &w.d);
	assert_int_equal(w.d.messages, 2);
	passes();
#undef ONE
}

static void test_config(void **arg)
{
	char *said;

	(void)arg;
	said = rules_error("password = { zone = \"nowhere\"; };");
	assert_non_null(said);
	assert_non_null(strstr(said, "is no zone"));
	free(said);
	said = rules_error("password = { flags = [ \"md4\" ]; };");
	assert_non_null(said);
	assert_non_null(strstr(said, "md4"));
	free(said);
	said = rules_error("zones = ( { name = \"r\"; assigned = true; trust = true; } );");
	assert_non_null(said);
	free(said);
	assert_null(rules_error("zones = ( { name = \"r\"; assigned = true; } );"
				"password = { mode = \"enforce\"; zone = \"r\"; };"));
	assert_null(rules_error("password = { zone = \"default\"; };"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_weak_is_restricted, tear_down),
		cmocka_unit_test_teardown(test_where_he_logs_in, tear_down),
		cmocka_unit_test_teardown(test_realms, tear_down),
		cmocka_unit_test_teardown(test_what_is_not_restricted, tear_down),
		cmocka_unit_test_teardown(test_expires, tear_down),
		cmocka_unit_test_teardown(test_observe, tear_down),
		cmocka_unit_test_teardown(test_zone_of_each_message, tear_down),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
