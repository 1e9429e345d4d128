/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "segments.h"

static struct feed in, out;

#define HELLO "\x16\x03\x01\0\x08\1\0\0\4abcd"      /* ClientHello */
#define ANSWER "\x16\x03\x03\0\x06\2\0\0\2ab"       /* ServerHello */
#define ALERT "\x15\x03\x03\0\2\2\x28"              /* handshake_failure */
#define CCS "\x14\x03\x03\0\1\1"
#define DATA "\x17\x03\x03\0\x30" "0123456789abcdef0123456789abcdef0123456789abcdef"
#define SMALL "\x17\x03\x03\0\x13" "0123456789abcdef012" /* an encrypted alert */

/* Plays both directions in turns, as they come: size bytes at a time. */
static void play(const struct slice *turn, size_t n, uint32_t size)
{
	static char bytes[2][4096];
	struct feed *side[2] = { &in, &out };

	for (unsigned i = 0; i < 2; i++)
		feed_start(side[i], (struct slice){ bytes[i], 0 }, NULL);
	for (size_t t = 0; t < n; t++) {
		struct feed *f = side[t & 1];

		memcpy(bytes[t & 1] + f->all.n, turn[t].p, turn[t].n);
		f->all.n += turn[t].n;
		while (f->have < f->all.n) {
			uint32_t left = f->all.n - f->have;

			feed_more(f, left < size ? left : size);
			stream_settle(&in.stream, &out.stream);
		}
	}
}

#define T(a) SLICE(a)
#define PLAY(size, ...) \
	do { \
		static const struct slice turns[] = { __VA_ARGS__ }; \
		play(turns, sizeof(turns) / sizeof(turns[0]), size); \
	} while (0)

static void good_ones(void **unused)
{
	(void)unused;
	for (uint32_t size = 1; size < 200; size += 1 + size / 4) {
		/* TLS 1.2 and 1.3 look alike from here */
		PLAY(size, T(HELLO), T(ANSWER CCS DATA), T(CCS DATA DATA), T(DATA), T(DATA));
		assert_int_equal(in.stream.kind, STREAM_TLS);
		assert_int_equal(stream_kind_of(&in.stream, &out.stream), STREAM_TLS);
		assert_int_equal(in.stream.flaw, FLAW_NONE);
		assert_int_equal(out.stream.flaw, FLAW_NONE);
		assert_int_equal(in.stream.tls, TLS_HELLO | TLS_SURE | TLS_DATA);
		assert_int_equal(out.stream.tls, TLS_SURE | TLS_DATA);
		assert_int_equal(in.done, in.have);
		assert_int_equal(out.done, out.have);
		assert_false(stream_tls_failed(&in.stream, &out.stream));
	}
}

static void failed_ones(void **unused)
{
	(void)unused;
	for (uint32_t size = 1; size < 200; size += 1 + size / 4) {
		PLAY(size, T(HELLO)); /* a port scanner */
		assert_true(stream_tls_failed(&in.stream, &out.stream));
		PLAY(size, T(HELLO), T(ALERT)); /* version, cipher or name */
		assert_true(stream_tls_failed(&in.stream, &out.stream));
		PLAY(size, T(HELLO), T(ANSWER), T(ALERT)); /* 1.2: certificate */
		assert_true(stream_tls_failed(&in.stream, &out.stream));
		assert_true(in.stream.tls & TLS_ALERT);
		PLAY(size, T(HELLO), T(ANSWER CCS DATA), T(CCS SMALL)); /* 1.3: the same */
		assert_true(stream_tls_failed(&in.stream, &out.stream));
		PLAY(size, T("OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n"));
		assert_false(stream_tls_failed(&in.stream, &out.stream));
	}
}

/* A server that takes junk for a method may open a WebSocket for whoever asks like this. */
static void disguised_websocket(void **unused)
{
	static const char ask[] = "\x16\x03\x01\2\1\1 / HTTP/1.1\r\nUpgrade: websocket\r\n"
				  "Connection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n"
				  "sec-websocket-key: x\r\n\r\n\x82\x85mask";
	static const char agree[] = "HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nConnection: "
				    "Upgrade\r\nSec-WebSocket-Protocol: sip\r\n\r\n";

	(void)unused;
	for (uint32_t size = 1; size < 150; size++) {
		PLAY(size, T(ask));
		assert_int_equal(in.stream.flaw, FLAW_DISGUISE);
		/* whatever it asked with: what is answered so is no hello */
		PLAY(size, T(HELLO), T(agree));
		assert_int_equal(in.stream.flaw, FLAW_DISGUISE);
		/* names that a hello may hold */
		PLAY(size, T(HELLO "sec-websocket.example websocket-sec.example http/1.1"),
		     T(ANSWER));
		assert_int_equal(in.stream.kind, STREAM_TLS);
	}
}

static void disguises(void **unused)
{
	(void)unused;
	for (uint32_t size = 1; size < 200; size += 1 + size / 4) {
		PLAY(size, T("\x16\x03\x01\x02\0\1\0\1\xfc\3\3\r\n\r\nA sip:a SIP/2.0\r\n"));
		assert_int_equal(in.stream.flaw, FLAW_DISGUISE);
		PLAY(size, T(HELLO "sip/3.1"));
		assert_int_equal(in.stream.flaw, FLAW_DISGUISE);
		/* the server does not answer, or not with TLS */
		PLAY(size, T(HELLO), T("\r\n"), T(DATA "A a SIP/2.0"));
		assert_int_equal(in.stream.flaw, FLAW_DISGUISE);
		PLAY(size, T(HELLO), T("SIP/2.0 400 x\r\n"), T(DATA "A a SIP/2.0"));
		assert_int_equal(in.stream.flaw, FLAW_DISGUISE);
		/* application layer protocol negotiation knows "sip/2" */
		PLAY(size, T("\x16\x03\x01\0\x10\1\0\0\x0c" "abc\5sip/2\2h2"), T(ANSWER), T(DATA));
		assert_int_equal(in.stream.flaw, FLAW_NONE);
		/* behind the server's answer nothing is looked at */
		PLAY(size, T(HELLO), T(ANSWER), T("\x17\x03\x03\0\x0b" "A a SIP/2.0"));
		assert_int_equal(in.stream.flaw, FLAW_NONE);
		PLAY(size, T(HELLO), T(ANSWER), T("A a SIP/2.0"));
		assert_int_equal(in.stream.flaw, FLAW_RECORD);
		PLAY(size, T(ANSWER)); /* nobody begins with that */
		assert_int_equal(in.stream.flaw, FLAW_START);
		PLAY(size, T(ALERT));
		assert_int_equal(in.stream.flaw, FLAW_START);
	}
}

static void midway(void **unused)
{
	static const struct stream half = { .midway = true };
	struct slice data = SLICE(DATA DATA);

	(void)unused;
	assert_true(stream_begins(data));
	feed_start(&in, data, &half);
	feed_start(&out, data, &half);
	feed_more(&in, 30);
	stream_settle(&in.stream, &out.stream);
	assert_int_equal(in.stream.kind, STREAM_TLS);
	assert_int_equal(in.done, 0); /* not before the other side shows the same */
	feed_more(&out, data.n);
	stream_settle(&in.stream, &out.stream);
	feed_more(&in, data.n - 30);
	assert_int_equal(in.done, data.n);
	assert_false(stream_tls_failed(&in.stream, &out.stream));
}

static void beginnings(void **unused)
{
	static const struct slice yes[] = {
		SLICE("\r\n\r\n"), SLICE("\n"), SLICE(HELLO), SLICE("\r\nBYE sip:a SIP/2.0\r\n"),
		SLICE("SIP/2.0 200 OK"), SLICE("SIP/2.0 200 OK\r\nVia: "), SLICE("INVITE sip:"),
		SLICE("X sips:a"), SLICE("GET /ws HTTP/1.1\r\n"),
	};
	static const struct slice no[] = {
		SLICE("v=0\r\n"), SLICE("Via: SIP/2.0/TCP a\r\n"), SLICE("hello\r\n"), SLICE("I"),
		SLICE("INVITE "), SLICE("INVITE sip"), SLICE("SIP/2.0"), SLICE("\x16\x03"),
		SLICE("\x17\x03\x03\xff\xff" "0"), SLICE("\0"), SLICE("and so on SIP"),
		SLICE("branch=z9hG4bK SIP/2.0\r\n"),
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!stream_begins(yes[i]))
			fail_msg("does not begin: %.*s", (int)yes[i].n, yes[i].p);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (stream_begins(no[i]))
			fail_msg("begins: %.*s", (int)no[i].n, no[i].p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones), cmocka_unit_test(failed_ones),
		cmocka_unit_test(disguises), cmocka_unit_test(disguised_websocket),
		cmocka_unit_test(midway),
		cmocka_unit_test(beginnings),
	};
	int failed;

	feed_new(&in);
	feed_new(&out);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	feed_free(&in);
	feed_free(&out);
	return failed;
}
