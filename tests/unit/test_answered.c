/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request that is refused with an answer over TCP: the answer in the stream, and its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "line.h"

#define REFUSES "agent = { action = \"reject\"; code = 403; reason = \"No\"; ban = \"0s\"; };\n"

/* What goes to the phone, and the end of the server alone. */
static const struct parcel *answered(const struct line *l)
{
	const struct parcel *p = engine_answer(l->s);

	assert_int_equal(l->d.verdict, VERDICT_REJECT);
	assert_int_equal(l->d.code, 403);
	assert_true(l->d.reset);
	assert_int_equal(l->d.ending.ends, RESET_INSIDE);
	assert_true(p->tcp);
	assert_true(addr_eq(&p->from, &l->server));
	assert_true(addr_eq(&p->to, &l->phone));
	assert_int_equal(p->sport, 5060);
	assert_int_equal(p->dport, l->port);
	return p;
}

static bool has(const struct parcel *p, const char *text)
{
	return memmem(p->bytes, p->n, text, strlen(text));
}

static void assert_ends(struct line *l, uint32_t to_outside)
{
	struct reset out[2];

	l->now += 2 * NS;
	assert_int_equal(engine_sweep(l->rs, l->st, l->now, out, 2), 0);
	l->now += 2 * NS;
	assert_int_equal(engine_sweep(l->rs, l->st, l->now, out, 2), 1);
	assert_int_equal(out[0].ends, RESET_OUTSIDE);
	assert_int_equal(out[0].to_outside, to_outside);
	assert_true(addr_eq(&out[0].outside, &l->phone));
	assert_int_equal(engine_sweep(l->rs, l->st, l->now, out, 2), 0);
	assert_int_equal(say(l, SLICE(GOOD)), VERDICT_DROP);
	assert_string_equal(check_name(l->d.check), "stream");
}

static void test_first_request(void **arg)
{
	const struct parcel *p;
	struct line l;

	(void)arg;
	line_open(&l, REFUSES);
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(BAD)), VERDICT_REJECT);
	p = answered(&l);
	assert_int_equal(p->seq, 5001);
	assert_int_equal(p->ack, 1001 + sizeof(BAD) - 1);
	assert_int_equal(l.d.ending.to_inside, 1001);
	assert_memory_equal(p->bytes, "SIP/2.0 403 No\r\n", 16);
	assert_true(has(p, ";received=203.0.113.9\r\n"));
	assert_true(has(p, "To: <sip:2045@pbx.example.org>;tag="));
	/* what is repeated, what follows, and what the server still says goes no further */
	l.ack += p->n;
	assert_int_equal(at(&l, ACK, -(uint32_t)(sizeof(BAD) - 1), SLICE(BAD)), VERDICT_DROP);
	assert_true(l.d.absorbed && !l.d.reset && l.d.check == CHECK_NONE);
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_DROP);
	assert_true(l.d.absorbed && !l.d.reset);
	l.ack = 5001;
	assert_int_equal(leaves(&l, SLICE("SIP/2.0 200 OK\r\n\r\n")), VERDICT_DROP);
	assert_true(l.d.absorbed && !l.d.reset);
	assert_ends(&l, 5001 + engine_answer(l.s)->n);
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_ACCEPT);
	line_close(&l);
}

/* None of a segment reaches the server; only what was refused is answered. */
static void test_pipelined(void **arg)
{
	const struct parcel *p;
	struct slice bad = SLICE(BAD GOOD);
	struct line l;

	(void)arg;
	line_open(&l, REFUSES);
	line_connect(&l);
	assert_int_equal(say(&l, SLICE("\r\n\r\n")), VERDICT_ACCEPT);
	server_says(&l, ACK, SLICE("\r\n"));
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_ACCEPT);
	server_says(&l, ACK, SLICE("SIP/2.0 200 OK\r\n" HEAD "Content-Length: 0\r\n\r\n"));
	assert_int_equal(say(&l, SLICE(GOOD BAD GOOD "INVITE")), VERDICT_REJECT);
	p = answered(&l);
	assert_int_equal(l.d.messages, 2);
	assert_int_equal(p->seq, l.ack);
	assert_int_equal(p->ack, l.seq);
	assert_int_equal(l.d.ending.to_inside, l.seq - (3 * sizeof(GOOD) - 3 + 6) -
					       (sizeof(BAD) - sizeof(GOOD)));
	assert_ends(&l, l.ack + p->n);
	/* in pieces: the front of it has reached the server */
	l.port++;
	line_connect(&l);
	assert_int_equal(say(&l, (struct slice){ bad.p, 50 }), VERDICT_ACCEPT);
	assert_int_equal(say(&l, (struct slice){ bad.p + 50, bad.n - 50 }), VERDICT_REJECT);
	p = answered(&l);
	assert_int_equal(l.d.ending.to_inside, 1001 + 50);
	assert_int_equal(p->ack, 1001 + bad.n);
	line_close(&l);
}

/* Where nothing can be said the connection ends as with "drop". */
static void must_not_answer(struct line *l)
{
	assert_int_equal(say(l, SLICE(BAD)), VERDICT_DROP);
	assert_int_equal(l->d.code, 0);
	assert_true(l->d.reset);
	assert_int_equal(l->d.ending.ends, RESET_BOTH);
	assert_int_equal(say(l, SLICE(GOOD)), VERDICT_DROP);
	assert_string_equal(check_name(l->d.check), "stream");
}

static void test_not_in_between(void **arg)
{
	struct line l;

	(void)arg;
	line_open(&l, REFUSES);
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(GOOD)), VERDICT_ACCEPT);
	server_says(&l, ACK, SLICE("SIP/2.0 200 OK\r\nVia: "));
	must_not_answer(&l);
	line_close(&l);
}

/* Nobody has seen that the sender receives anything. */
static void test_guessed(void **arg)
{
	struct line l;

	(void)arg;
	line_open(&l, REFUSES);
	l.seq = 1001;
	l.ack = 5001;
	assert_int_equal(say(&l, SLICE(BAD)), VERDICT_DROP);
	assert_int_equal(l.d.code, 0);
	line_close(&l);
}

static void test_websocket(void **arg)
{
	static const char upgrade[] = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
				      "Connection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
	static const char agreed[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
				     "Connection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
	uint8_t frame[sizeof(BAD) + 7] = { 0x81, 0xfe, (sizeof(BAD) - 1) >> 8,
					   (sizeof(BAD) - 1) & 255 }; /* the mask is zero */
	const struct parcel *p;
	struct line l;

	(void)arg;
	memcpy(frame + 8, BAD, sizeof(BAD) - 1);
	line_open(&l, REFUSES);
	line_connect(&l);
	assert_int_equal(say(&l, SLICE(upgrade)), VERDICT_ACCEPT);
	server_says(&l, ACK, SLICE(agreed));
	assert_int_equal(say(&l, (struct slice){ (char *)frame, sizeof(frame) }), VERDICT_REJECT);
	p = answered(&l);
	assert_int_equal((uint8_t)p->bytes[0], 0x81);
	assert_int_equal((uint8_t)p->bytes[1], 126);
	assert_int_equal((uint8_t)p->bytes[2] << 8 | (uint8_t)p->bytes[3], p->n - 4);
	assert_memory_equal(p->bytes + 4, "SIP/2.0 403 No\r\n", 16);
	assert_int_equal(p->seq, l.ack);
	line_close(&l);
}

/* The budget of the source holds here, too. */
static void test_budget(void **arg)
{
	struct line l;
	unsigned n = 0;

	(void)arg;
	line_open(&l, REFUSES "flood = { mode = \"off\"; };");
	for (unsigned i = 0; i < 30; i++) {
		line_connect(&l);
		n += say(&l, SLICE(BAD)) == VERDICT_REJECT;
		l.port++;
	}
	assert_int_equal(n, 20);
	line_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_request),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_not_in_between),
		cmocka_unit_test(test_guessed),
		cmocka_unit_test(test_websocket),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
