/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds answers back: nobody gets more than came in his name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "confdir.h"

#define REQUESTS 100000
#define ROOM 4096

#define ALL "inside = [ \"192.0.2.10\", \"2001:db8::10\" ]; memory = { learning = \"0s\"; };\n" \
	    "flood = { mode = \"off\"; }; scan = { mode = \"off\"; };\n"
#define GENEROUS "answers = { strangers = \"small\"; per_source = 1000; total = 100000; " \
		 "strangers_total = 10000; };\n"
#define REFUSED "agent = { action = \"reject\"; ban = \"0s\"; code = 503; reason = \"Later\"; " \
		"retry_after = \"5s-30s\"; };\n"

struct bench {
	struct confdir *dir;
	struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	struct decision d;
	uint64_t now;
};

static struct bench bench_open(const char *text)
{
	static const uint8_t seed[16] = { 3 };
	struct bench b = { .dir = confdir_new(), .now = NS };

	b.rs = confdir_load_text(b.dir, text);
	if (!b.rs)
		confdir_print(b.dir);
	assert_non_null(b.rs);
	b.st = state_new(ruleset_settings(b.rs), seed);
	b.s = scratch_new();
	return b;
}

static void bench_close(struct bench *b)
{
	scratch_free(b->s);
	state_free(b->st);
	ruleset_free(b->rs);
	confdir_free(b->dir);
}

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

/* What is sent back, or NULL. */
static const struct parcel *ask(struct bench *b, struct addr from, struct slice text)
{
	struct pkt pkt = { .src = from, .sport = 5060, .dport = 5060, .proto = PROTO_UDP,
			   .version = addr_is_v4(&from) ? 4 : 6, .payload = text };

	pkt.dst = address(addr_is_v4(&from) ? "192.0.2.10" : "2001:db8::10");
	engine_run(b->rs, b->st, b->s, &pkt, b->now, &b->d);
	return b->d.verdict == VERDICT_REJECT ? engine_answer(b->s) : NULL;
}

/* ---- any request ---- */

static uint32_t any(uint32_t below)
{
	static uint64_t x = 88172645463325252ull; /* the same in each run */

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 16) % below;
}

static const char *one_of(const char *const *of, uint32_t n)
{
	return of[any(n)];
}

#define ONE_OF(...) \
	one_of((const char *const[]){ __VA_ARGS__ }, \
	       sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* A word that is different each time, of up to that length. */
static const char *word(char out[64], uint32_t most)
{
	uint32_t n = 1 + any(most);

	for (uint32_t i = 0; i < n; i++)
		out[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[any(36)];
	out[n] = '\0';
	return out;
}

static size_t vias(char *out, size_t n)
{
	char host[64], branch[64], odd[64];
	const char *v = ONE_OF("Via", "v", "VIA");

	n += (size_t)snprintf(out + n, ROOM - n, "%s: SIP/2.0/UDP %s%s;branch=z9hG4bK%s%s%s\r\n", v,
			      word(host, 30), ONE_OF("", ":5061", ":9"), word(branch, 30),
			      ONE_OF("", ";rport", ";rport;x", ";rport=1", ";received=1.2.3.4"),
			      ONE_OF("", "", ";maddr=192.0.2.9", ";a=\"b;rport\""));
	for (uint32_t more = any(3); more; more--)
		n += (size_t)snprintf(out + n, ROOM - n, "Via: SIP/2.0/TCP %s;branch=%s\r\n",
				      word(odd, 20), word(branch, 20));
	return n;
}

static struct slice request(char *out)
{
	char user[64], tag[64], call[64], to[64], pad[64];
	const char *method = ONE_OF("INVITE", "OPTIONS", "REGISTER", "MESSAGE", "BYE", "CANCEL",
				    "SUBSCRIBE", "PRACK", "PING");
	size_t n = (size_t)snprintf(out, ROOM, "%s sip:%s SIP/2.0\r\n", method, word(user, 20));

	n = vias(out, n);
	n += (size_t)snprintf(out + n, ROOM - n, "%s: <sip:%s@x>;tag=%s\r\n%s: %s<sip:%s>%s\r\n",
			      ONE_OF("From", "f"), user, word(tag, 24), ONE_OF("To", "t"),
			      ONE_OF("", "\"Somebody\" "), word(to, 40), ONE_OF("", "", ";tag=t"));
	n += (size_t)snprintf(out + n, ROOM - n, "%s: %s\r\nCSeq: %u %s\r\n",
			      ONE_OF("Call-ID", "i"), word(call, 40), any(100000), method);
	for (uint32_t more = any(6); more; more--)
		n += (size_t)snprintf(out + n, ROOM - n, "%s: %s\r\n",
				      ONE_OF("Subject", "Contact", "X-Y", "Record-Route"),
				      word(pad, 40));
	n += (size_t)snprintf(out + n, ROOM - n, "User-Agent: friendly-scanner\r\n%s",
			      ONE_OF("", "Content-Length: 0\r\n", "l: 0\r\n"));
	n += (size_t)snprintf(out + n, ROOM - n, "\r\n");
	return (struct slice){ out, (uint32_t)n };
}

static void test_never_larger(void **arg)
{
	struct bench b = bench_open(ALL GENEROUS REFUSED
				    "method = { action = \"reject\"; ban = \"0s\"; };\n"
				    "malformed = { action = \"reject\"; ban = \"0s\"; };\n"
				    "dialog = { action = \"reject\"; ban = \"0s\"; };");
	unsigned answers = 0, kept = 0, later = 0;
	static char text[ROOM];

	(void)arg;
	for (uint32_t i = 0; i < REQUESTS; i++, b.now += NS / 1000) {
		struct addr from = address(i & 1 ? "198.51.100.1" : "2001:db8:1::1");
		const struct parcel *p;
		struct slice s = request(text);

		from.b[i & 1 ? 15 : 7] = (uint8_t)any(200);
		p = ask(&b, from, s);
		kept += b.d.kept == KEPT_CAPPED;
		if (!p)
			continue;
		answers++;
		if (p->n > s.n)
			fail_msg("%.*s\n--- answered with ---\n%.*s", s.n, s.p, p->n, p->bytes);
		later += memmem(p->bytes, p->n, "Retry-After", 11) != NULL;
		assert_true(addr_eq(&p->to, &from));
		assert_int_equal(memcmp(p->bytes + p->n - 4, "\r\n\r\n", 4), 0);
	}
	print_message("%u answers, %u held back, %u with Retry-After\n", answers, kept, later);
	assert_true(answers > REQUESTS / 4);
	assert_true(kept > REQUESTS / 50);
	assert_true(later > REQUESTS / 20);
	bench_close(&b);
}

/* ---- one after the other ---- */

#define INVITE \
	"INVITE sip:200@pbx.example.org SIP/2.0\r\n" \
	"Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n" \
	"From: <sip:100@pbx.example.org>;tag=f\r\nTo: <sip:200@pbx.example.org>\r\n" \
	"Call-ID: c%u\r\nCSeq: 1 INVITE\r\nContact: <sip:100@198.51.100.1>\r\n" \
	"User-Agent: friendly-scanner\r\n" \
	"Subject: some words so that it is long enough for all\r\n" \
	"Content-Length: 0\r\n\r\n"

static const struct parcel *invite(struct bench *b, struct addr from, unsigned call)
{
	static char text[ROOM];
	int n = snprintf(text, sizeof(text), INVITE, call, call);

	return ask(b, from, (struct slice){ text, (uint32_t)n });
}

static void test_rates(void **arg)
{
	struct bench b = bench_open(ALL "answers = { strangers = \"small\"; per_source = 3; "
				    "strangers_total = 10; total = 12; };" REFUSED);
	struct addr v4 = address("198.51.100.1"), v6 = address("2001:db8:1::1");
	unsigned n = 0;

	(void)arg;
	for (unsigned i = 0; i < 5; i++)
		n += invite(&b, v4, i) != NULL;
	assert_int_equal(n, 3);
	assert_int_equal(b.d.kept, KEPT_CAPPED);
	/* a /64 is one site, however many addresses it has */
	for (unsigned i = 0; i < 9; i++, v6.b[15]++)
		n += invite(&b, v6, i) != NULL;
	assert_int_equal(n, 6);
	for (unsigned i = 0; i < 200; i++, v4.b[15]++)
		n += invite(&b, v4, 100 + i) != NULL;
	assert_int_equal(n, 10);
	b.now += 2 * NS;
	assert_non_null(invite(&b, v4, 1000));
	bench_close(&b);
}

/* The server challenges him, and he answers. */
static const struct parcel *prove(struct bench *b, struct addr to, unsigned nonce)
{
	static char text[ROOM];
	struct pkt pkt = { .src = address("192.0.2.10"), .dst = to, .sport = 5060, .dport = 5060,
			   .proto = PROTO_UDP, .version = 4 };
	int n = snprintf(text, sizeof(text), "SIP/2.0 401 No\r\n"
			 "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKp%u\r\n"
			 "From: <sip:100@x>;tag=f\r\nTo: <sip:100@x>;tag=t\r\nCall-ID: p%u\r\n"
			 "CSeq: 1 REGISTER\r\nContent-Length: 0\r\n"
			 "WWW-Authenticate: Digest realm=\"x\",nonce=\"n%u\"\r\n\r\n",
			 nonce, nonce, nonce);

	pkt.payload = (struct slice){ text, (uint32_t)n };
	engine_run(b->rs, b->st, b->s, &pkt, b->now, &b->d);
	n = snprintf(text, sizeof(text), "REGISTER sip:x SIP/2.0\r\n"
		     "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKq%u\r\n"
		     "From: <sip:100@x>;tag=f\r\nTo: <sip:100@x>\r\nCall-ID: p%u\r\n"
		     "CSeq: 2 REGISTER\r\nUser-Agent: friendly-scanner\r\n"
		     "Authorization: Digest username=\"100\",response=\"0\",nonce=\"n%u\"\r\n"
		     "Content-Length: 0\r\n\r\n",
		     nonce, nonce, nonce);
	return ask(b, to, (struct slice){ text, (uint32_t)n });
}

/* What others send in his name leaves him what he can show to have asked for himself. */
static void test_apart_when_proven(void **arg)
{
	struct bench b = bench_open(ALL "answers = { strangers = \"small\"; per_source = 3; "
				    "strangers_total = 4; total = 4; };" REFUSED);
	struct addr him = address("198.51.100.1"), other = address("198.51.100.2");
	unsigned n = 0, shown = 0;

	(void)arg;
	for (unsigned i = 0; i < 9; i++) {
		n += invite(&b, him, i) != NULL;
		n += invite(&b, other, 100 + i) != NULL;
	}
	assert_int_equal(n, 4);
	for (unsigned i = 0; i < 9; i++)
		shown += prove(&b, him, i) != NULL;
	assert_int_equal(shown, 3);
	for (unsigned i = 0; i < 9; i++)
		shown += prove(&b, other, 100 + i) != NULL;
	assert_int_equal(shown, 4);
	bench_close(&b);
}

/* Some servers give all whom they challenge in a second the same: whoever has it, too, asks
 * in his name. */
static void test_no_nonce_of_two(void **arg)
{
	struct bench b = bench_open(ALL "answers = { strangers = \"small\"; per_source = 1; };"
				    REFUSED);
	struct addr him = address("198.51.100.1"), other = address("198.51.100.2");

	(void)arg;
	assert_non_null(prove(&b, other, 1));
	(void)prove(&b, him, 1);
	/* what that brought left him his own */
	assert_non_null(prove(&b, him, 2));
	assert_null(prove(&b, him, 3));
	bench_close(&b);
}

static void test_one_for_a_transaction(void **arg)
{
	struct bench b = bench_open(ALL GENEROUS REFUSED);
	struct addr from = address("198.51.100.1");

	(void)arg;
	assert_non_null(invite(&b, from, 1));
	for (unsigned s = 0; s < 31; s++, b.now += NS) {
		assert_null(invite(&b, from, 1));
		assert_int_equal(b.d.kept, KEPT_CAPPED);
	}
	assert_non_null(invite(&b, from, 2));
	b.now += 5 * NS;
	assert_non_null(invite(&b, from, 1));
	bench_close(&b);
}

static void test_strangers_are_silent(void **arg)
{
	struct bench b = bench_open(ALL REFUSED);

	(void)arg;
	assert_null(invite(&b, address("198.51.100.1"), 1));
	assert_int_equal(b.d.kept, KEPT_STRANGER);
	bench_close(&b);
}

/* Each in its own moment, and its repetition in the same. */
static void test_retry_after(void **arg)
{
	struct bench b = bench_open(ALL GENEROUS REFUSED);
	unsigned times[31] = { 0 }, different = 0;
	char first[PARCEL_BYTES];

	(void)arg;
	for (unsigned i = 0; i < 2000; i++, b.now += NS / 100) {
		const struct parcel *p = invite(&b, address("198.51.100.1"), i);
		const char *at;
		unsigned s;

		assert_non_null(p);
		at = memmem(p->bytes, p->n, "Retry-After: ", 13);
		assert_non_null(at);
		s = (unsigned)strtoul(at + 13, NULL, 10);
		assert_in_range(s, 5, 30);
		different += !times[s]++;
	}
	assert_int_equal(different, 26);
	for (unsigned s = 5; s <= 30; s++)
		assert_in_range(times[s], 30, 150); /* 77 on the average */
	b.now += 40 * NS;
	memcpy(first, invite(&b, address("198.51.100.1"), 7)->bytes, 300);
	b.now += 40 * NS;
	assert_memory_equal(first, invite(&b, address("198.51.100.1"), 7)->bytes, 300);
	bench_close(&b);
}

static void test_config(void **arg)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{ "flood = { retry_after = \"soon\"; };", "flood.retry_after" },
		{ "flood = { retry_after = \"30s-5s\"; };", "\"30s-5s\": write \"30s\"" },
		{ "flood = { retry_after = \"0s\"; };", "of 1s to 1d" },
		{ "flood = { retry_after = \"5s-2d\"; };", "flood.retry_after" },
		{ "flood = { retry_after = \"5s-\"; };", "flood.retry_after" },
		{ "flood = { retry_after = \"-5s\"; };", "flood.retry_after" },
		{ "flood = { retry_after = \"5s-6s-7s\"; };", "flood.retry_after" },
		{ "zones = ( { name = \"z\"; flood = { retry_after = \"x\"; }; } );",
		  "zones.z.flood" },
		{ "flood = { code = 302; };", "400 to 699" },
		{ "flood = { code = 401; };", "WWW-Authenticate" },
		{ "flood = { code = 405; };", "Allow" },
		{ "register = { code = 423; };", "Min-Expires" },
		{ "answers = { strangers = \"loud\"; };", "answers.strangers" },
	};
	struct confdir *dir = confdir_new();
	struct ruleset *rs;

	(void)arg;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_null(confdir_load_text(dir, wrong[i].text));
		if (!confdir_says(dir, wrong[i].says)) {
			confdir_print(dir);
			fail_msg("%s does not say %s", wrong[i].text, wrong[i].says);
		}
	}
	rs = confdir_load_text(dir, "flood = { retry_after = \"1m\"; code = 480; }; "
				    "method = { code = 405; };");
	assert_non_null(rs);
	ruleset_free(rs);
	confdir_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_never_larger),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_apart_when_proven),
		cmocka_unit_test(test_no_nonce_of_two),
		cmocka_unit_test(test_one_for_a_transaction),
		cmocka_unit_test(test_strangers_are_silent),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
