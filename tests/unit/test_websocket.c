/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "segments.h"

#define L "OPTIONS sip:a SIP/2.0\r\n"
#define M L "l: 0\r\n\r\n" /* 31 bytes */
#define GET "GET /ws HTTP/1.1\r\nHost: a\r\n"
#define UP "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define ASK GET UP "Sec-WebSocket-Protocol: sip\r\n\r\n"
#define AGREE "HTTP/1.1 101 Switching Protocols\r\n" UP "Sec-WebSocket-Protocol: sip\r\n"

static struct feed feed, server;

/* ---- frames ---- */

struct wire {
	char bytes[200000];
	uint32_t n;
};
static struct wire wire;

/* first: FIN, RSV and opcode.  masked: with a key that changes. */
static void frame(unsigned first, bool masked, const char *text, uint32_t n)
{
	char *p = wire.bytes + wire.n;
	char key[4] = { 0 };

	*p++ = (char)first;
	if (n < 126) {
		*p++ = (char)(n | (masked ? 0x80 : 0));
	} else if (n < 65536) {
		*p++ = (char)(126 | (masked ? 0x80 : 0));
		*p++ = (char)(n >> 8);
		*p++ = (char)n;
	} else {
		*p++ = (char)(127 | (masked ? 0x80 : 0));
		memset(p, 0, 5);
		p[5] = (char)(n >> 16), p[6] = (char)(n >> 8), p[7] = (char)n;
		p += 8;
	}
	if (masked) {
		for (unsigned i = 0; i < 4; i++)
			*p++ = key[i] = (char)(0x5a + 31 * i + wire.n);
	}
	for (uint32_t i = 0; i < n; i++)
		*p++ = text[i] ^ key[i & 3];
	wire.n = (uint32_t)(p - wire.bytes);
}

static void text(unsigned first, const char *s)
{
	frame(first, true, s, (uint32_t)strlen(s));
}

static const struct stream client = { .kind = STREAM_WEBSOCKET, .masked = true };

static const char *in_one(void)
{
	feed_start(&feed, (struct slice){ wire.bytes, wire.n }, &client);
	feed_more(&feed, wire.n);
	return feed.said;
}

/* What comes out, in one piece, byte by byte and in two. */
static void expect(const char *said, enum stream_flaw flaw)
{
	char want[512];

	snprintf(want, sizeof(want), flaw ? "%s!%u" : "%s", said, flaw);
	assert_string_equal(in_one(), want);
	feed_start(&feed, (struct slice){ wire.bytes, wire.n }, &client);
	for (uint32_t i = 0; i < wire.n; i++)
		feed_more(&feed, 1);
	assert_string_equal(feed.said, want);
	for (uint32_t i = 1; i < wire.n && wire.n < 2000; i++) {
		feed_start(&feed, (struct slice){ wire.bytes, wire.n }, &client);
		feed_more(&feed, i);
		feed_more(&feed, wire.n - i);
		assert_string_equal(feed.said, want);
	}
	wire.n = 0;
}

static void whole_messages(void **unused)
{
	struct stream_out out;
	struct stream s = client;

	(void)unused;
	text(0x81, M);
	assert_int_equal(stream_cut(&s, (struct slice){ wire.bytes, wire.n },
				    (char *)(uintptr_t)feed.room.bytes.p, FEED_SIZE, &out),
			 STREAM_MESSAGE);
	assert_int_equal(out.message.n, sizeof(M) - 1);
	assert_memory_equal(out.message.p, M, sizeof(M) - 1);
	expect("[0+31]", FLAW_NONE);
	text(0x82, M); /* binary */
	text(0x81, L "\r\n"); /* Content-Length may be missing */
	expect("[0+31][37+25]", FLAW_NONE);
	text(0x81, "\r\n\r\n"); /* a keepalive */
	text(0x81, "");
	text(0x81, M "\r\n");
	expect("[16+33]", FLAW_NONE);
	text(0x81, L "l: 9\r\n\r\nab"); /* a lie for the malformed check */
	expect("[0+33]", FLAW_NONE);
	text(0x81, L); /* no end of headers: the same */
	expect("[0+23]", FLAW_NONE);
}

static void pieces_and_control(void **unused)
{
	(void)unused;
	text(0x01, "OPTIONS sip:a SI");
	text(0x89, "ping");
	text(0x00, "");
	text(0x00, "P/2.0\r\nl: ");
	text(0x8a, "");
	text(0x80, "0\r\n\r\n");
	text(0x89, "");
	text(0x88, "");
	expect("[0+31]", FLAW_NONE);
	text(0x01, "OPTIONS sip:a SI"); /* never finished */
	text(0x00, "P/2.0");
	expect("", FLAW_NONE);
}

static void lengths(void **unused)
{
	static char long_text[FEED_SIZE];
	char said[64];

	(void)unused;
	memset(long_text, 'x', sizeof(long_text));
	memcpy(long_text, L "X: ", sizeof(L "X: ") - 1);
	for (uint32_t n = 120; n < 132; n++) {
		memcpy(long_text + n - 4, "\r\n\r\n", 4);
		frame(0x81, true, long_text, n);
		snprintf(said, sizeof(said), "[0+%u]", n);
		expect(said, FLAW_NONE);
		memset(long_text + n - 4, 'x', 4);
	}
	memcpy(long_text + sizeof(long_text) - 4, "\r\n\r\n", 4);
	frame(0x81, true, long_text, sizeof(long_text));
	expect("[0+65535]", FLAW_NONE);
	memcpy(wire.bytes, "\x81\xff\0\0\0\0\0\1\0\0", 10); /* 65536 */
	wire.n = 14;
	expect("", FLAW_TOO_LONG);
	memcpy(wire.bytes, "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10);
	wire.n = 14;
	expect("", FLAW_TOO_LONG);
	for (unsigned i = 0; i < 3; i++)
		frame(i ? 0x00 : 0x01, true, long_text, 30000);
	expect("", FLAW_TOO_LONG);
	text(0x01, "OPT");
	memcpy(wire.bytes + wire.n, "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10);
	wire.n += 14;
	expect("", FLAW_TOO_LONG);
	feed.size = 40; /* no room for what is in the frames, though the frames would fit */
	frame(0x81, true, long_text, 41);
	expect("", FLAW_TOO_LONG);
	frame(0x01, true, long_text, 21);
	frame(0x80, true, long_text, 20);
	expect("", FLAW_TOO_LONG);
	frame(0x01, true, long_text, 20);
	frame(0x80, true, long_text, 20);
	expect("[0+40]", FLAW_NONE);
	feed.size = FEED_SIZE;
	memcpy(wire.bytes, "\x81\xfe\0\x1f\0\0\0\0" M, 8 + 31); /* not the shortest form */
	wire.n = 8 + 31;
	expect("[0+31]", FLAW_NONE);
}

static void what_is_forbidden(void **unused)
{
	(void)unused;
	text(0xc1, M); /* RSV1: compressed */
	expect("", FLAW_FRAME);
	text(0x83, M);
	expect("", FLAW_FRAME);
	text(0x8b, "");
	expect("", FLAW_FRAME);
	text(0x80, M); /* continues nothing */
	expect("", FLAW_FRAME);
	text(0x01, "OPT");
	text(0x81, M); /* begins inside a message */
	expect("", FLAW_FRAME);
	text(0x09, "a"); /* a ping in pieces */
	expect("", FLAW_FRAME);
	frame(0x89, true, wire.bytes + 1000, 126);
	expect("", FLAW_FRAME);
	frame(0x81, false, M, 31);
	expect("", FLAW_MASK);
	text(0x81, M M);
	expect("", FLAW_SECOND);
	text(0x81, M "x");
	expect("", FLAW_SECOND);
	text(0x81, L "l: 0\r\n\n" M);
	expect("", FLAW_LONE_LF);
	text(0x81, L "l: 0\r\nl: 31\r\n\r\n" M);
	expect("", FLAW_LENGTH_AGAIN);
	text(0x81, M);
	text(0x81, L "l: 1\rX: 2\r\n\r\n");
	expect("[0+31]", FLAW_LONE_CR);
}

/* ---- the handshake ---- */

static void settle(void)
{
	stream_settle(&feed.stream, &server.stream);
}

/* The kinds of both directions after request and reply. */
static void shake(const char *request, const char *reply, int in, int out)
{
	feed_start(&feed, slice_of(request), NULL);
	feed_start(&server, slice_of(reply), NULL);
	for (uint32_t i = 0; i < feed.all.n; i++, settle())
		feed_more(&feed, 1);
	for (uint32_t i = 0; i < server.all.n; i++, settle())
		feed_more(&server, 1);
	if (feed.stream.kind != in || server.stream.kind != out)
		fail_msg("%d and %d: %s%s", feed.stream.kind, server.stream.kind, request, reply);
	/* the same in one piece each */
	feed_start(&feed, slice_of(request), NULL);
	feed_start(&server, slice_of(reply), NULL);
	feed_more(&feed, feed.all.n);
	settle();
	if (server.all.n)
		feed_more(&server, server.all.n);
	settle();
	assert_int_equal(feed.stream.kind, in);
	assert_int_equal(server.stream.kind, out);
}

static void handshakes(void **unused)
{
	const int ws = STREAM_WEBSOCKET, other = STREAM_OTHER;

	(void)unused;
	shake(ASK, "", STREAM_HTTP, STREAM_NEW);
	shake(ASK, AGREE "\r\n", ws, ws);
	assert_true(feed.stream.masked);
	assert_false(server.stream.masked);
	shake("GET / HTTP/1.1\nUPGRADE: WebSocket\nconnection: keep-alive, upgrade\n"
	      "sec-websocket-protocol: msrp , sip\nSec-WebSocket-Extensions: permessage-deflate\n"
	      "\r\n", AGREE "\r\n", ws, ws);
	shake(GET UP "Sec-WebSocket-Protocol: msrp\r\nSec-WebSocket-Protocol: sip\r\n\r\n",
	      AGREE "\r\n", ws, ws);
	/* what does not ask */
	shake(GET "\r\n", "", other, STREAM_NEW);
	shake(GET UP "\r\n", "", other, STREAM_NEW);
	shake(GET UP "Sec-WebSocket-Protocol: sips\r\n\r\n", "", other, STREAM_NEW);
	shake(GET "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n\r\n", "",
	      other, STREAM_NEW);
	shake("POST /ws HTTP/1.1\r\n" UP "Sec-WebSocket-Protocol: sip\r\n\r\n", "", other,
	      STREAM_NEW);
	shake(GET UP "Content-Length: 31\r\nSec-WebSocket-Protocol: sip\r\n\r\n", "", other,
	      STREAM_NEW);
	shake(GET UP "Transfer-Encoding: chunked\r\nSec-WebSocket-Protocol: sip\r\n\r\n", "", other,
	      STREAM_NEW);
	shake(GET UP "X: a\r\n b: c\r\nSec-WebSocket-Protocol: sip\r\n\r\n", "", other, STREAM_NEW);
	/* what does not agree */
	shake(ASK, "HTTP/1.1 400 Bad Request\r\n\r\n", other, other);
	shake(ASK, "HTTP/1.1 101 Switching Protocols\r\n" UP "\r\n", other, other);
	shake(ASK, "HTTP/1.1 101 Switching Protocols\r\n" UP "Sec-WebSocket-Protocol: msrp\r\n\r\n",
	      other, other);
	shake(ASK, AGREE "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", other, other);
	shake(ASK, "SIP/2.0 400 Bad Request\r\nl: 0\r\n\r\n", other, STREAM_SIP);
	/* a server that agrees to what nobody asked for */
	shake(M, AGREE "\r\n", STREAM_SIP, other);
	/* who does not wait for the answer */
	shake(ASK "x", "", other, STREAM_NEW);
	assert_int_equal(feed.stream.flaw, FLAW_EARLY);
}

/* The server's first frame may come with its 101. */
static void after_the_handshake(void **unused)
{
	uint32_t head = sizeof(AGREE "\r\n") - 1;
	char said[64];

	(void)unused;
	shake(ASK, AGREE "\r\n", STREAM_WEBSOCKET, STREAM_WEBSOCKET);
	wire.n = 0;
	text(0x81, M);
	memmove(wire.bytes + sizeof(ASK) - 1, wire.bytes, wire.n);
	memcpy(wire.bytes, ASK, sizeof(ASK) - 1);
	feed.all = (struct slice){ wire.bytes, wire.n + (uint32_t)sizeof(ASK) - 1 };
	feed_more(&feed, feed.all.n - feed.have);
	snprintf(said, sizeof(said), "[%zu+31]", sizeof(ASK) - 1);
	assert_string_equal(feed.said, said);

	memcpy(wire.bytes, AGREE "\r\n", head);
	wire.n = head;
	frame(0x81, false, M, 31);
	feed_start(&server, (struct slice){ wire.bytes, wire.n }, NULL);
	feed_more(&server, wire.n);
	snprintf(said, sizeof(said), "[%u+31]", head);
	assert_string_equal(server.said, said);
	frame(0x81, true, M, 31); /* a server must not mask */
	server.all.n = wire.n;
	feed_more(&server, wire.n - server.have);
	assert_int_equal(server.stream.flaw, FLAW_MASK);
	wire.n = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_messages),
		cmocka_unit_test(pieces_and_control),
		cmocka_unit_test(lengths),
		cmocka_unit_test(what_is_forbidden),
		cmocka_unit_test(handshakes),
		cmocka_unit_test(after_the_handshake),
	};
	int failed;

	feed_new(&feed);
	feed_new(&server);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	feed_free(&feed);
	feed_free(&server);
	return failed;
}
