/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine makes of a refused message over TCP: the end of its connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "line.h"

static void test_a_refused_message_ends_it(void **arg)
{
	const struct slice bad = SLICE(BAD);
	struct line l;

	(void)arg;
	line_open(&l, "");
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_ACCEPT);
	assert_int_equal(l.d.messages, 1);
	server_says(&l, ACK, SLICE("SIP/2.0 200 OK\r\n" HEAD "Content-Length: 0\r\n\r\n"));
	/* the front of it has reached the server */
	assert_int_equal(say(&l, (struct slice){ bad.p, 100 }), VERDICT_ACCEPT);
	assert_int_equal(at(&l, ACK, 0, (struct slice){ bad.p + 100, bad.n - 100 }), VERDICT_DROP);
	assert_string_equal(check_name(l.d.check), "agent");
	assert_true(l.d.reset);
	assert_true(addr_eq(&l.d.ending.outside, &l.phone));
	assert_true(addr_eq(&l.d.ending.inside, &l.server));
	assert_int_equal(l.d.ending.outside_port, 40000);
	assert_int_equal(l.d.ending.inside_port, 5060);
	assert_int_equal(l.d.ending.to_inside, 1001 + sizeof(GOOD) - 1 + 100);
	assert_int_equal(l.d.ending.to_outside, l.ack);
	assert_true(l.d.ban > 0);
	assert_true(state_ban_remove(l.st, &l.d.banned));
	/* that is over, whatever comes: an end again, in case the first one was lost */
	assert_int_equal(at(&l, ACK, 0, SLICE(GOOD)), VERDICT_DROP);
	assert_string_equal(check_name(l.d.check), "stream");
	assert_true(l.d.reset);
	assert_int_equal(l.d.ban, 0);
	/* and a new one is a new one */
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_ACCEPT);
	line_close(&l);
}

/* One segment, three messages: what is behind the refused one is not even read. */
static void test_pipelined(void **arg)
{
	struct line l;

	(void)arg;
	line_open(&l, "");
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(GOOD BAD GOOD)), VERDICT_DROP);
	assert_int_equal(l.d.messages, 2);
	assert_string_equal(check_name(l.d.check), "agent");
	assert_true(l.d.reset);
	assert_int_equal(l.d.ending.to_inside, 1001);
	line_close(&l);
}

/* Gentle: the packet alone goes, and the sender may say it again, or otherwise. */
static void test_gentle(void **arg)
{
	struct line l;

	(void)arg;
	line_open(&l, "");
	line_connect(&l);
	assert_int_equal(at(&l, ACK | URG, 0, SLICE(BAD)), VERDICT_DROP);
	assert_false(l.d.reset);
	assert_int_equal(l.d.ban, 0);
	assert_int_equal(at(&l, ACK, 1u << 20, SLICE(GOOD)), VERDICT_DROP);
	assert_string_equal(check_name(l.d.check), "stream");
	assert_false(l.d.reset);
	assert_int_equal(l.d.messages, 0);
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_ACCEPT);
	assert_int_equal(l.d.messages, 1);
	line_close(&l);
}

static void must_only_tell(const char *config)
{
	struct line l;

	line_open(&l, config);
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(GOOD BAD GOOD)), VERDICT_ACCEPT);
	assert_int_equal(l.d.messages, 3);
	assert_string_equal(check_name(l.d.check), "agent");
	assert_true(l.d.observed && l.d.notify);
	assert_false(l.d.reset);
	assert_int_equal(l.d.ban, 0);
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_ACCEPT);
	assert_int_equal(l.d.check, CHECK_NONE);
	line_close(&l);
}

static void test_observe(void **arg)
{
	(void)arg;
	must_only_tell("mode = \"observe\";");
	must_only_tell("agent = { mode = \"observe\"; };");
	must_only_tell("zones = ( { name = \"lab\"; addresses = [ \"203.0.113.0/24\" ];\n"
		       "agent = { mode = \"observe\"; }; } );");
}

static void test_zone_forbids(void **arg)
{
	struct line l;

	(void)arg;
	line_open(&l, "zones = ( { name = \"lab\"; addresses = [ \"203.0.113.0/24\" ];\n"
		      "transports = { allow = [ \"udp\", \"tls\" ]; }; } );");
	line_connect(&l);
	assert_int_equal(say(&l, SLICE("OPTIONS sip:2045@pbx.example.org SIP/2.0\r\n")),
			 VERDICT_DROP);
	assert_string_equal(check_name(l.d.check), "transports");
	assert_int_equal(l.d.zone, 1);
	assert_true(l.d.reset);
	assert_int_equal(l.d.messages, 0);
	line_close(&l);
}

/* Of a trusted peer only its calls are judged. */
static void test_trusted(void **arg)
{
	struct line l;

	(void)arg;
	line_open(&l, "trusted = { addresses = [ \"203.0.113.9\" ]; };");
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(BAD)), VERDICT_ACCEPT);
	assert_int_equal(say(&l, SLICE("HELO example.org\r\n")), VERDICT_ACCEPT);
	assert_int_equal(l.d.check, CHECK_NONE);
	line_close(&l);
}

/* A message of a call over this connection; it has a From tag, and a To tag if to says so. */
static struct slice of_call(const char *start, unsigned call, const char *to)
{
	static char room[1024];
	bool answer = start[0] == 'S';
	const char *method = !answer ? start : strstr(start, "Bye") ? "BYE" : "INVITE";

	snprintf(room, sizeof(room),
		 "%s%s\r\nVia: SIP/2.0/TCP 203.0.113.9;branch=z9hG4bK%s%u\r\n"
		 "From: <sip:a@x.example>;tag=f%u\r\nTo: <sip:0900@x.example>%s\r\n"
		 "Call-ID: t%u\r\nCSeq: %u %.6s\r\nMax-Forwards: 70\r\n"
		 "Contact: <sip:a@203.0.113.9>\r\nContent-Length: 0\r\n\r\n",
		 start, answer ? "" : " sip:0900@x.example SIP/2.0", method,
		 call, call, to, call, method[0] == 'B' ? 2u : 1u, method);
	return slice_of(room);
}

/* Over the connection of a server there may be the calls of many. */
static void test_what_leaves_is_spared(void **arg)
{
	static const char rule[] = "pattern = { rules = ( { name = \"no\"; direction = \"out\";\n"
				   "method = [ \"INVITE\" ]; action = \"drop\"; } ); };\n";
	char end[256];
	struct line l;

	(void)arg;
	line_open(&l, rule);
	line_connect(&l);
	assert_int_equal(leaves(&l, of_call("INVITE", 1, "")), VERDICT_ACCEPT);
	assert_string_equal(check_name(l.d.check), "pattern");
	assert_memory_equal(l.d.reason, "not refused over TCP: ", 22);
	assert_true(l.d.notify && !l.d.observed && !l.d.reset);
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_ACCEPT);
	assert_int_equal(l.d.check, CHECK_NONE);
	line_close(&l);
	snprintf(end, sizeof(end), "%stcp = { shared = \"end\"; };", rule);
	line_open(&l, end);
	line_connect(&l);
	assert_int_equal(leaves(&l, of_call("INVITE", 1, "")), VERDICT_DROP);
	assert_true(l.d.reset);
	assert_int_not_equal(memcmp(l.d.reason, "not", 3), 0);
	line_close(&l);
	/* whoever only looks on says what he would have done */
	snprintf(end, sizeof(end), "%smode = \"observe\";", rule);
	line_open(&l, end);
	line_connect(&l);
	assert_int_equal(leaves(&l, of_call("INVITE", 1, "")), VERDICT_ACCEPT);
	assert_true(l.d.observed);
	assert_int_not_equal(memcmp(l.d.reason, "not", 3), 0);
	line_close(&l);
}

#define CARRIER "trusted = { addresses = [ \"203.0.113.9\" ]; };\n" \
		"memory = { learning = \"0s\"; };\n" \
		"trunks = ( { name = \"line\"; addresses = [ \"203.0.113.9\" ]; } );\n" \
		"calls = { limits = ( { name = \"one\"; per = \"trunk\"; act = 1; } ); };\n"

/* One call in segments as they come, its answer, and whether another one is one too many. */
static void trusted_calls(struct line *l)
{
	struct slice invite = of_call("INVITE", 1, "");

	for (uint32_t i = 0; i < invite.n; i += 100)
		assert_int_equal(say(l, (struct slice){ invite.p + i, invite.n - i < 100 ?
							invite.n - i : 100 }), VERDICT_ACCEPT);
	assert_int_equal(l->d.messages, 1);
	assert_int_equal(l->d.check, CHECK_NONE);
	server_says(l, ACK, of_call("SIP/2.0 200 OK", 1, ";tag=t"));
}

static void test_trusted_calls_are_learned(void **arg)
{
	struct line l;

	(void)arg;
	line_open(&l, CARRIER);
	line_connect(&l);
	trusted_calls(&l);
	assert_int_equal(say(&l, of_call("INVITE", 2, "")), VERDICT_ACCEPT);
	assert_string_equal(check_name(l.d.check), "calls");
	assert_memory_equal(l.d.reason, "not refused over TCP: trunk line", 32);
	server_says(&l, ACK, of_call("SIP/2.0 486 Busy", 2, ";tag=t"));
	assert_int_equal(say(&l, of_call("BYE", 1, ";tag=t")), VERDICT_ACCEPT);
	server_says(&l, ACK, of_call("SIP/2.0 200 Bye", 1, ";tag=t"));
	assert_int_equal(say(&l, of_call("INVITE", 3, "")), VERDICT_ACCEPT);
	assert_int_equal(l.d.check, CHECK_NONE);
	line_close(&l);
	line_open(&l, CARRIER "tcp = { shared = \"end\"; };");
	line_connect(&l);
	trusted_calls(&l);
	assert_int_equal(say(&l, of_call("INVITE", 2, "")), VERDICT_DROP);
	assert_string_equal(check_name(l.d.check), "calls");
	assert_true(l.d.reset);
	line_close(&l);
}

/* To follow what somebody trusted sends is not to judge it. */
static void test_trusted_bytes_pass(void **arg)
{
	static char large[70000];
	const char *const confs[] = { CARRIER, CARRIER "tcp = { shared = \"end\"; };",
				      CARRIER "tcp = { midstream = \"reset\"; };" };
	struct line l;

	(void)arg;
	memset(large, 'a', sizeof(large) - 1);
	memcpy(large, GOOD, 60);
	for (unsigned i = 0; i < 6; i++) {
		const struct slice texts[] = {
			SLICE(GOOD BAD GOOD), SLICE("HELO example.org\r\n"),
			SLICE("\x16\x03\x01\x00\x05hello"), SLICE("\0\0\0\xff"),
			SLICE("INVITE x\r\nContent-Length: -1\r\nContent-Length: 7\r\n\r\n"),
			SLICE("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
			{ large, sizeof(large) - 1 }, SLICE("\r\n\r\n"), SLICE(BAD),
		};

		line_open(&l, confs[i % 3]);
		if (i < 3)
			line_connect(&l); /* else it began before we did */
		for (unsigned k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
			assert_int_equal(say(&l, texts[k]), VERDICT_ACCEPT);
			assert_int_equal(at(&l, ACK | URG, 0, texts[k]), VERDICT_ACCEPT);
			assert_int_equal(at(&l, ACK, 1u << 30, texts[k]), VERDICT_ACCEPT);
			/* other bytes in the place of those before */
			assert_int_equal(at(&l, ACK, 0u - texts[k].n,
					    (struct slice){ large, texts[k].n }), VERDICT_ACCEPT);
			assert_int_equal(at(&l, SYN, 0, texts[k]), VERDICT_ACCEPT);
			assert_false(l.d.reset || l.d.ban || l.d.check != CHECK_NONE);
		}
		line_close(&l);
	}
}

/* A ban stops packets, and needs no connection to do so. */
static void test_banned(void **arg)
{
	struct ban ban = { .until = 100 * NS };
	struct line l;

	(void)arg;
	line_open(&l, "");
	line_connect(&l);
	ban.who = addr_site_prefix(&l.phone);
	assert_true(state_ban_add(l.st, &ban, l.now));
	assert_int_equal(at(&l, ACK, 0, SLICE(GOOD)), VERDICT_DROP);
	assert_string_equal(check_name(l.d.check), "banned");
	assert_false(l.d.reset);
	assert_int_equal(l.d.messages, 0);
	/* it was not taken in: after the ban it goes on as if it had not been sent */
	l.now = 101 * NS;
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_ACCEPT);
	assert_int_equal(l.d.messages, 1);
	line_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_refused_message_ends_it),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_gentle),
		cmocka_unit_test(test_observe),
		cmocka_unit_test(test_zone_forbids),
		cmocka_unit_test(test_trusted),
		cmocka_unit_test(test_what_leaves_is_spared),
		cmocka_unit_test(test_trusted_calls_are_learned),
		cmocka_unit_test(test_trusted_bytes_pass),
		cmocka_unit_test(test_banned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
