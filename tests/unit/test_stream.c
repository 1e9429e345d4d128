/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "segments.h"

static struct feed feed;

struct row {
	struct slice bytes;
	const char *said; /* what the harness writes down */
	int flaw;         /* at the end */
	int kind;
};

static const char *in_one(struct slice b)
{
	feed_start(&feed, b, NULL);
	feed_more(&feed, b.n);
	return feed.said;
}

/* The same, byte by byte, and in all pairs and triples of segments. */
static void every_way(struct slice b, const char *said)
{
	feed_start(&feed, b, NULL);
	for (uint32_t i = 0; i < b.n; i++)
		feed_more(&feed, 1);
	assert_string_equal(feed.said, said);
	for (uint32_t i = 1; i < b.n; i++) {
		for (uint32_t j = i; j < b.n; j += b.n > 120 ? 17 : 1) {
			feed_start(&feed, b, NULL);
			feed_more(&feed, i);
			feed_more(&feed, j - i);
			feed_more(&feed, b.n - j);
			assert_string_equal(feed.said, said);
		}
	}
}

static void judge(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char want[512];

		snprintf(want, sizeof(want), "%s", row[i].said);
		if (row[i].flaw)
			snprintf(want, sizeof(want), "%s!%d", row[i].said, row[i].flaw);
		if (strcmp(in_one(row[i].bytes), want) != 0)
			fail_msg("row %zu: %s, not %s: %.*s", i, feed.said, want,
				 (int)row[i].bytes.n, row[i].bytes.p);
		if (feed.stream.kind != row[i].kind)
			fail_msg("row %zu: kind %d, not %d", i, feed.stream.kind, row[i].kind);
		every_way(row[i].bytes, want);
	}
}

#define JUDGE(rows) judge(rows, sizeof(rows) / sizeof((rows)[0]))
#define SIP(text, said) { SLICE(text), said, 0, STREAM_SIP }
#define BAD(text, flaw) { SLICE(text), "", FLAW_##flaw, STREAM_SIP }
#define THEN(text, said, flaw) { SLICE(text), said, FLAW_##flaw, STREAM_SIP }
#define ALIEN(text, flaw) { SLICE(text), "", FLAW_##flaw, STREAM_OTHER }

#define L "OPTIONS sip:a SIP/2.0\r\n" /* 23 bytes */
#define R "SIP/2.0 200 OK\r\n"        /* 16 bytes */

static void messages(void **unused)
{
	static const struct row rows[] = {
		SIP(L "l: 0\r\n\r\n", "[0+31]"),
		SIP(L "l: 3\r\n\r\nabc", "[0+34]"),
		SIP(L "l: 3\r\n\r\nab", ""),
		SIP(R "l: 0\r\n\r\n", "[0+24]"),
		SIP(R "\r\n" R "\r\n", "[0+18][18+18]"), /* no Content-Length: no body */
		SIP(L "l: 3\r\n\r\nabc" L "l: 0\r\n\r\n" R "l: 0\r\n\r\n", "[0+34][34+31][65+24]"),
		SIP("\r\n\r\n" L "l: 0\r\n\r\n\r\n\r\n" L "l: 0\r\n\r\n\r\n", "[4+31][39+31]"),
		SIP("\r\r\n\n" L "l: 0\r\n\r\n", "[4+31]"),
		SIP(L "l: 5\r\n\r\na\0\r\n\r" L "l: 0\r\n\r\n", "[0+36][36+31]"),
		/* lines that end in LF are ends of lines to all */
		SIP("OPTIONS sip:a SIP/2.0\nl: 0\n\r\n", "[0+29]"),
		SIP(L "l: 0\n\r\n", "[0+30]"),
		SIP(L "X\nl: 1\r\n\r\nx", "[0+34]"), /* one byte is no empty line */
		SIP(L " folded: 1\r\nl: 0\r\n\r\n", "[0+43]"),
		/* names and values that all read alike */
		SIP(L "Content-Length: 1\r\n\r\nx", "[0+45]"),
		SIP(L "CONTENT-length \t:\t1 \t\r\n\r\nx", "[0+49]"),
		SIP(L "L:1\r\n\r\nx", "[0+31]"),
		SIP(L "l: 000000000000000000000000001\r\n\r\nx", "[0+58]"),
		/* and what is none */
		SIP(L "Content-Lengthy: 7\r\nX-l: 7\r\nLL: 7\r\nl: 1\r\n\r\nx", "[0+67]"),
		SIP(L "X: a\r\n Lazy: 7\r\nl: 1\r\n\r\nx", "[0+48]"),
	};

	(void)unused;
	JUDGE(rows);
}

static void what_servers_cut_differently(void **unused)
{
	static const struct row rows[] = {
		BAD(L "l: 0\r\n\n", LONE_LF),
		BAD(L "l: 0\n\n", LONE_LF),
		BAD(L "l: 0\rX: 1\r\n\r\n", LONE_CR),
		BAD(L "l: 0\r\n\rX", LONE_CR),
		BAD(L "l: 0\r\r\n\r\n", LONE_CR),
		BAD(L "X: \0\r\nl: 0\r\n\r\n", NUL),
		BAD(L "X: \r\0\r\n\r\n", NUL),
		BAD(L "X: \rY\0\r\n\r\n", LONE_CR),
		BAD(L "l: 1\r\nl: 1\r\n\r\nx", LENGTH_AGAIN),
		BAD(L "l: 1\r\nContent-Length: 0\r\n\r\nx", LENGTH_AGAIN),
		BAD(L "l:\r\n\r\n", LENGTH),
		BAD(L "l: +1\r\n\r\nx", LENGTH),
		BAD(L "l: -1\r\n\r\n", LENGTH),
		BAD(L "l: 1,1\r\n\r\nx", LENGTH),
		BAD(L "l: 1 2\r\n\r\nx", LENGTH),
		BAD(L "l: 0x1\r\n\r\nx", LENGTH),
		BAD(L "l: 1;a\r\n\r\nx", LENGTH),
		BAD(L "l: 4294967297\r\n\r\nx", TOO_LONG),
		BAD(L "l: 18446744073709551617\r\n\r\nx", LENGTH),
		BAD(L "l: 65536\r\n\r\nx", TOO_LONG),
		BAD(L "l:\r\n 1\r\n\r\nx", LENGTH_ODD),
		BAD(L "l: 1\r\n \r\n\r\nx", LENGTH_ODD),
		BAD(L "X: a\r\n Content-Length: 0\r\nl: 1\r\n\r\nx", LENGTH_ODD),
		BAD(L "X: a\r\n\t l: 0\r\nl: 1\r\n\r\nx", LENGTH_ODD),
		BAD(L "Content_Length: 0\r\nl: 1\r\n\r\nx", LENGTH_ODD),
		BAD(L "Content-Length\x01: 0\r\n\r\nx", LENGTH_ODD),
		BAD("l : sip:a SIP/2.0\r\nl: 1\r\n\r\nx", LENGTH_ODD),
		THEN(R "\r\nhello\r\n", "[0+18]", START),
		THEN(R "\r\n\0", "[0+18]", START),
		THEN(R "\r\n INVITE", "[0+18]", START),
		THEN(R "\r\nGET / HTTP/1.1\r\n", "[0+18]", START),
		THEN(R "\r\n\x16\x03\x01", "[0+18]", START),
	};

	(void)unused;
	JUDGE(rows);
}

static void what_is_not_sip(void **unused)
{
	static const struct row rows[] = {
		ALIEN("hello\r\n", START),
		ALIEN("hello world\r\n", START),
		ALIEN("\0", START),
		ALIEN("\x80\0", START),
		ALIEN("\x80\x2e\1\3\1", START), /* SSLv2 */
		ALIEN("\0\1\0\0\x21\x12\xa4\x42" "123456789abc", START), /* STUN */
		ALIEN("\x16\x03\x05", START),
		ALIEN("\x16\xfe\xfd", START), /* DTLS */
		ALIEN("\x17\x03\x03\0\x10", START), /* not at the start */
		ALIEN("\x16\x03\x01\0\0", START),
		ALIEN("\x16\x03\x01\xff\xff", START),
		ALIEN("\x16\x03\x01\0\x10\x05", START),
		ALIEN("SIP:2.0", START),
		ALIEN("OPTIONS\tsip:a SIP/2.0\r\n", START),
		ALIEN("OPTIONS sip:a\rSIP/2.0", LONE_CR),
		ALIEN("OPTIONS sip:a SIP/2.0\rv: a\r\n", LONE_CR),
		ALIEN("OPTIONS sip:a\0 SIP/2.0\r\n", NUL),
		ALIEN("GET / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP),
		ALIEN("POST /a HTTP/1.0\r\n\r\n", HTTP),
		ALIEN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", START),
		{ SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa sip:"),
		  "", 0, STREAM_NEW },
		{ SLICE("\r\n\r\n"), "", 0, STREAM_NEW },
		{ SLICE("OPTIONS sip:a"), "", 0, STREAM_NEW },
		{ SLICE("SIP/2"), "", 0, STREAM_NEW },
		{ SLICE("\x16\x03\x01\x02\0"), "", 0, STREAM_NEW },
	};

	(void)unused;
	JUDGE(rows);
}

/* All 2^(n-1) segmentations of short messages. */
static void every_segmentation(void **unused)
{
	static const struct slice text[] = {
		SLICE("A SIP/\nl:1\n\r\nx"),
		SLICE("\r\nA SIP/\n\r\nB "),
		SLICE("SIP/2\nl:0\r\n\n"),
		SLICE("A SIP/\r\nX:\rY\n"),
		SLICE("\x16\x03\x01\0\x0a\1SIP/2.0"),
	};

	(void)unused;
	for (size_t t = 0; t < sizeof(text) / sizeof(text[0]); t++) {
		struct slice b = text[t];
		char want[512];

		snprintf(want, sizeof(want), "%s", in_one(b));
		for (uint32_t cuts = 0; cuts < 1u << (b.n - 1); cuts++) {
			uint32_t from = 0;

			feed_start(&feed, b, NULL);
			for (uint32_t i = 1; i <= b.n; i++) {
				if (i < b.n && !(cuts >> (i - 1) & 1))
					continue;
				feed_more(&feed, i - from);
				from = i;
			}
			if (strcmp(feed.said, want) != 0)
				fail_msg("text %zu cut %#x: %s, not %s", t, cuts, feed.said, want);
		}
	}
}

static uint32_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Random bytes of a hostile alphabet, cut at random. */
static void random_segmentations(void **unused)
{
	static const char *const piece[] = {
		L, R, "\r\n", "\n", "\r", "l: 3\r\n", "Content-Length: 12\r\n", "X: y\r\n", "abc",
		" l: 0\r\n", "\r\n\r\n", "GET / HTTP/1.1\r\n", "l: 0\r\n\r\n",
	};
	uint64_t seed = 7;

	(void)unused;
	for (unsigned round = 0; round < 20000; round++) {
		char text[1024], want[512];
		uint32_t n = 0;

		for (unsigned i = 0; i < 2 + round % 12; i++) {
			const char *p = piece[next(&seed) % (sizeof(piece) / sizeof(*piece))];

			memcpy(text + n, p, strlen(p));
			n += (uint32_t)strlen(p);
		}
		snprintf(want, sizeof(want), "%s", in_one((struct slice){ text, n }));
		for (unsigned again = 0; again < 4; again++) {
			bool broken = feed.broken;

			feed_start(&feed, (struct slice){ text, n }, NULL);
			while (feed.have < n) {
				uint32_t some = 1 + next(&seed) % 40;

				feed_more(&feed, some < n - feed.have ? some : n - feed.have);
			}
			assert_string_equal(feed.said, want);
			assert_int_equal(feed.broken, broken);
		}
	}
}

/* ---- time ---- */

static char big[FEED_SIZE], room[FEED_SIZE];

static uint64_t nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Time for n bytes that come one by one; the best of some. */
static uint64_t bytewise(const struct stream *start, uint32_t n)
{
	uint64_t best = UINT64_MAX;

	for (unsigned round = 0; round < 5; round++) {
		uint64_t from = nanoseconds();
		struct stream s = *start;
		struct stream_out out;
		uint32_t done = 0;

		for (uint32_t have = 1; have <= n; have++) {
			struct slice bytes = { big + done, have - done };
			enum stream_cut cut = stream_cut(&s, bytes, room, sizeof(room), &out);

			if (cut == STREAM_BROKEN)
				fail_msg("flaw %u at %u", s.flaw, have);
			if (cut != STREAM_MORE)
				done += out.take;
		}
		if (nanoseconds() - from < best)
			best = nanoseconds() - from;
	}
	return best;
}

/* Eight times the bytes may take little more than eight times the time: were they
 * read again with each segment it would be 64 times. */
static void linear(const char *what, const struct stream *start)
{
	uint64_t few = bytewise(start, 8000), many = bytewise(start, 64000);

	if (many > few * 24)
		fail_msg("%s: 8000 bytes take %u ns, 64000 take %u", what, (unsigned)few,
			 (unsigned)many);
}

static void fill(const char *head, const char *piece)
{
	size_t n = strlen(head);

	memcpy(big, head, n);
	for (; n < sizeof(big); n++)
		big[n] = piece[(n - strlen(head)) % strlen(piece)];
}

static void time_is_linear(void **unused)
{
	static const struct stream fresh = { 0 };
	static const struct stream ws = { .kind = STREAM_WEBSOCKET, .masked = true };

	(void)unused;
	fill(L, "a: b\r\n");
	linear("many headers", &fresh);
	fill(L "a: ", "b");
	linear("a long header", &fresh);
	fill(L, " \r\n");
	linear("folds", &fresh);
	fill(L "l: 65000\r\n\r\n", "b");
	linear("a body", &fresh);
	fill("", L "l: 0\r\n\r\n");
	linear("many messages", &fresh);
	fill("\x16\x03\x01\x40\x01\x01", "/SIP");
	linear("a hello", &fresh);
	fill("GET / HTTP/1.1\r\n", "a: b\r\n");
	linear("a handshake", &fresh);
	memset(big, 0, sizeof(big));
	for (uint32_t i = 0; i + 7 <= sizeof(big); i += 7) {
		big[i] = i ? 0 : 1;
		big[i + 1] = (char)0x81;
	}
	linear("many frames", &ws);
	for (uint32_t i = 0; i + 6 <= sizeof(big); i += 6) {
		big[i] = i ? (char)0x89 : 1;
		big[i + 1] = (char)0x80;
	}
	linear("many pings", &ws);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(what_servers_cut_differently),
		cmocka_unit_test(what_is_not_sip),
		cmocka_unit_test(every_segmentation),
		cmocka_unit_test(random_segmentations),
		cmocka_unit_test(time_is_linear),
	};
	int failed;

	feed_new(&feed);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	feed_free(&feed);
	return failed;
}
