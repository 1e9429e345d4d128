/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing on the packet path allocates: thousands of packets of all kinds, good
 * and broken, go through the shipped default config, and thousands of calls through
 * one that limits them in all ways there are, and malloc is not called once, by us
 * or by a library.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "check.h"
#include "engine.h"
#include "rules.h"

static _Thread_local bool counting;
static _Thread_local unsigned long calls;

static void count_call(void)
{
	if (counting)
		calls++;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
/* the sanitizers' own allocators tell of each call here */
void __sanitizer_malloc_hook(const volatile void *p, size_t n);
void __sanitizer_free_hook(const volatile void *p);

void __sanitizer_malloc_hook(const volatile void *p, size_t n)
{
	(void)p, (void)n;
	count_call();
}

void __sanitizer_free_hook(const volatile void *p)
{
	if (p)
		count_call();
}
#else
/* glibc's, under the names that it keeps for those who put theirs in front */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t k, size_t n);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

void *malloc(size_t n)
{
	count_call();
	return __libc_malloc(n);
}

void *calloc(size_t k, size_t n)
{
	count_call();
	return __libc_calloc(k, n);
}

void *realloc(void *p, size_t n)
{
	count_call();
	return __libc_realloc(p, n);
}

void free(void *p)
{
	if (p)
		count_call();
	__libc_free(p);
}
#endif

#define ROOM 2048
#define PACKETS 40000

/* each takes the host of the sender and a number */
static const char *const requests[] = {
	"REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:1001@example.net>\r\nCall-ID: c1\r\n"
	"CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:1001@192.0.2.9>\r\n"
	"User-Agent: Acme 1\r\nContent-Length: 0\r\n\r\n",
	"REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:1001@example.net>\r\nCall-ID: c1\r\n"
	"CSeq: 2 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:1001@192.0.2.9>\r\n"
	"Authorization: Digest username=\"1001\", realm=\"example.net\", nonce=\"n0nce\","
	" uri=\"sip:example.net\", response=\"0123456789abcdef0123456789abcdef\"\r\n"
	"User-Agent: Acme 1\r\nContent-Length: 0\r\n\r\n",
	"INVITE sip:2002@example.net SIP/2.0\r\nv: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"f: \"A\" <sip:1001@example.net>;tag=a\r\nt: <sip:2002@example.net>\r\ni: c2\r\n"
	"CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nm: <sip:1001@192.0.2.9>\r\n"
	"User-Agent: friendly-scanner\r\nl: 0\r\n\r\n",
	"INVITE sip:2002@example.net SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:2002@example.net>\r\nCall-ID: c3\r\n"
	"CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:1@192.0.2.9;x=\">,<sip:a@b;y=\">\r\n"
	"User-Agent: Acme 1\r\nContent-Length: 0\r\n\r\n",
	"ACK sip:2002@example.net SIP/2.0\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:2002@example.net>;tag=srv\r\n"
	"Call-ID: c2\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
	"OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP 0;branch=%u\r\nUser-Agent: sip\r\n cli\r\n\r\n",
	"\r\n\r\n%.0s%.0u", "GET / HTTP/1.0\r\n\r\n%.0s%.0u", "%.0s%.0u",
};

static const char *const responses[] = {
	"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:1001@example.net>;tag=srv\r\n"
	"Call-ID: c1\r\nCSeq: 1 REGISTER\r\nWWW-Authenticate: Digest realm=\"example.net\","
	" nonce=\"n0nce\"\r\nContent-Length: 0\r\n\r\n",
	"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
	"From: <sip:1001@example.net>;tag=a\r\nTo: <sip:1001@example.net>;tag=srv\r\n"
	"Call-ID: c1\r\nCSeq: 2 REGISTER\r\nContact: <sip:1001@192.0.2.9>;expires=600\r\n"
	"Content-Length: 0\r\n\r\n",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t dice(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* IPv4 or IPv6 header for n bytes behind it; the last bytes of from and to vary */
static size_t ip_header(uint8_t *p, bool six, uint8_t proto, uint32_t from, bool inbound, size_t n)
{
	static const uint8_t inside4[4] = { 192, 0, 2, 130 };
	uint8_t *src, *dst;

	memset(p, 0, 40);
	if (six) {
		p[0] = 0x60;
		put16(p + 4, n);
		p[6] = proto;
		p[7] = 64;
		src = p + (inbound ? 8 : 24);
		dst = p + (inbound ? 24 : 8);
		memcpy(src, "\x20\x01\x0d\xb8\x00\x66", 6);
		memcpy(src + 12, &from, 4);
		memcpy(dst, "\x20\x01\x0d\xb8\x00\x00\x00\x02", 8);
		dst[15] = 0x30;
		return 40;
	}
	p[0] = 0x45;
	put16(p + 2, n + 20);
	p[8] = 64;
	p[9] = proto;
	memcpy(p + (inbound ? 16 : 12), inside4, 4);
	memcpy(p + (inbound ? 12 : 16), (uint8_t[]){ 203, 0, 113, (uint8_t)from }, 4);
	return 20;
}

static size_t build(uint8_t *out, uint32_t *seed)
{
	bool inbound = dice(seed) % 4 != 0, tcp = dice(seed) % 5 == 0, six = dice(seed) % 3 == 0;
	const char *form = inbound ? requests[dice(seed) % COUNT(requests)] :
				     responses[dice(seed) % COUNT(responses)];
	size_t inner = tcp ? 20 : 8, header = six ? 40 : 20;
	uint8_t *l4 = out + header;
	char text[ROOM / 2];
	size_t n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = (size_t)snprintf(text, sizeof(text), form, "203.0.113.9", dice(seed) % 1000);
#pragma GCC diagnostic pop
	for (unsigned i = dice(seed) % 3 ? 0 : dice(seed) % 6; i && n; i--)
		text[dice(seed) % n] = (char)dice(seed);
	ip_header(out, six, tcp ? 6 : 17, dice(seed) % 600, inbound, inner + n);
	memset(l4, 0, inner);
	put16(l4, inbound ? 1024 + dice(seed) % 100 : 5060);
	put16(l4 + 2, inbound ? 5060 : 1024 + dice(seed) % 100);
	if (tcp)
		l4[12] = 0x50, l4[13] = 0x18;
	else
		put16(l4 + 4, n + 8);
	memcpy(l4 + inner, text, n);
	n += header + inner;
	return dice(seed) % 20 ? n : dice(seed) % (n + 1); /* some are cut short */
}

static struct ruleset *load(void)
{
	struct conf_report report = { 0 };
	struct ruleset *rs;
	struct prefix inside[2];

	rs = ruleset_load("systemd/sipmoat.conf", &report);
	for (unsigned i = 0; i < report.n; i++)
		print_message("%s\n", report.note[i].text);
	conf_report_free(&report);
	assert_non_null(rs);
	assert_int_equal(prefix_parse(SLICE("192.0.2.128/25"), &inside[0]), 0);
	assert_int_equal(prefix_parse(SLICE("2001:db8:0:2::/64"), &inside[1]), 0);
	assert_int_equal(ruleset_set_inside(rs, inside, 2), 0);
	return rs;
}

static void test_packet_path(void **unused)
{
	static const uint8_t secret[16] = "packets, no heap";
	uint8_t packet[ROOM];
	struct decision d;
	struct ruleset *rs;
	struct state *st;
	struct scratch *scratch;
	unsigned long bans = 0, drops = 0, responses_read = 0, differences = 0;
	uint32_t seed = 20260101;

	(void)unused;
	counting = true;
	rs = load();
	assert_true(calls > 0); /* the counter counts */
	counting = false;
	calls = 0;
	st = state_new(ruleset_settings(rs), secret);
	scratch = scratch_new();
	assert_non_null(st);
	assert_non_null(scratch);
	for (unsigned i = 0; i < PACKETS; i++) {
		size_t n = build(packet, &seed);
		struct pkt pkt;

		counting = true;
		pkt_decode(&pkt, packet, n);
		engine_run(rs, st, scratch, &pkt, NS + i * (NS / 500), &d);
		counting = false;
		drops += d.verdict == VERDICT_DROP;
		bans += d.ban > 0;
		responses_read += d.kind == SIP_RESPONSE;
		differences += strcmp(check_name(d.check), "strict") == 0;
	}
	print_message("%u packets, %lu responses, %lu dropped, %lu bans: %lu allocations\n",
		      PACKETS, responses_read, drops, bans, calls);
	assert_int_equal(calls, 0);
	/* the packets did reach the corners */
	assert_true(bans > 0 && drops > bans && responses_read > 0 && differences > 0);
	scratch_free(scratch);
	state_free(st);
	ruleset_free(rs);
}

/* ---- calls, and all that limits them ---- */

#define CALLS 4000
#define CARRIER 200

static const char limits[] =
	"memory = { learning = \"0s\"; }; banned = { mode = \"off\"; };\n"
	"flood = { mode = \"off\"; }; scan = { mode = \"off\"; };\n"
	"dialplan = { country = \"49\"; outside = [ \"0\" ]; };\n"
	"schedules = ( { name = \"office\"; zone = \"Europe/Berlin\";"
	" times = [ \"Mon-Fri 08:00-18:00\" ]; } );\n"
	"groups = ( { name = \"sales\"; users = [ \"^20\" ]; } );\n"
	"trunks = ( { name = \"carrier\"; addresses = [ \"203.0.113.200\" ]; } );\n"
	"destination = { deny = [ \"/^0{1,3}190[0-9]*$/\" ]; deny_numbers = [ \"premium\" ];"
	" rules = ( { name = \"night\"; schedule = \"!office\"; users = [ \"^21\" ];"
	" deny_numbers = [ \"international\" ]; allow_numbers = [ \"4420\" ]; } ); };\n"
	"calls = { limits = ( { name = \"now\"; per = \"user\"; count = \"now\"; act = 4; },\n"
	" { name = \"minute\"; per = \"source\"; count = \"minute\"; act = 6; },\n"
	" { name = \"hour\"; per = \"class\"; count = \"hour\"; to = ["
	" \"international\" ]; act = 900; },\n"
	" { name = \"day\"; per = \"zone\"; count = \"day\"; act = 2500; },\n"
	" { name = \"talk\"; per = \"user\"; count = \"minutes-day\"; warn = 1; act = 30; },\n"
	" { name = \"same\"; per = \"user\"; count = \"same-number\"; act = 9; },\n"
	" { name = \"many\"; per = \"user\"; count = \"distinct\"; act = 5; },\n"
	" { name = \"short\"; per = \"user\"; count = \"short\"; warn = 50; },\n"
	" { name = \"out\"; per = \"trunk\"; trunk = \"carrier\"; count = \"hour\";"
	" act = 90; } ); };\n"
	"cost = { unpriced = \"alert\"; rates = [ \"49,0.10,0.05,30/6\", \"44,1.00\""
	" ]; limits = (\n"
	" { name = \"day\"; warn = \"2.00\"; act = \"5.00\"; },\n"
	" { name = \"one\"; per = \"call\"; act = \"3.00\"; to = [ \"44\" ]; groups"
	" = [ \"sales\" ]; },\n"
	" { name = \"all\"; per = \"gateway-day\"; act = \"50.00\"; } ); };\n"
	"transfer = { strangers = \"drop\"; loops = \"drop\"; replaces = \"drop\";"
	" pickup = false; };\n"
	"pattern = { rules = ( { name = \"bad\"; header = \"X-Bad\"; action = \"reject\"; },\n"
	" { name = \"regex\"; header = \"User-Agent\"; matches = [ \"/^Acme [89][.]x*$/\" ]; },\n"
	" { name = \"pace\"; method = [ \"INVITE\" ]; rate = 40; per = \"user\";"
	" action = \"alert\"; },\n"
	" { name = \"busy\"; status = [ \"4\" ]; rate = 9; per = \"all\"; direction = \"both\";"
	" action = \"alert\"; } ); };\n"
	"pipe = { pipes = ( { name = \"all\"; limit = 200; direction = \"both\"; },\n"
	" { name = \"each\"; limit = 3; per = \"source\"; action = \"alert\"; },\n"
	" { name = \"soft\"; limit = 300; algorithm = \"red\"; per = \"zone\"; },\n"
	" { name = \"even\"; limit = 300; algorithm = \"bucket\"; per = \"user\"; },\n"
	" { name = \"load\"; algorithm = \"feedback\"; } ); };\n"
	"duration = { warn = \"1m\"; cut = \"5m\"; limits = (\n"
	" { name = \"far\"; to = [ \"44\" ]; warn = \"30s\"; cut = \"2m\"; } ); };\n"
	"password = { mode = \"enforce\"; action = \"drop\"; };\n"
	"zones = ( { name = \"home\"; addresses = [ \"203.0.113.0/28\" ];"
	" destination: { action = \"approve\"; }; calls: { action = \"approve\"; };"
	" cost: { action = \"approve\"; }; transfer: { action = \"drop\"; }; } );\n";

static const char *const numbers[] = {
	"0004420794601%02u", "0004420794601%02u", "003023125%03u", "200", "+499001234%03u", "112",
	"0+1201555010%u", "00190123%03u", "+44-20-(0)7946-00%02u;phone-context=x",
};

static const char *const lines[] = {
	"", "", "", "", "X-Bad: 1\r\n", "User-Agent: Acme 9.xx\r\n",
	"Diversion: <sip:001@x>, <sip:002@x>, <sip:001@y>\r\n",
	"History-Info: <sip:a@x>;index=1, <sip:b@x>;index=1.1\r\n",
	"Replaces: other@x;to-tag=1;from-tag=2\r\n", "Diversion: <sip:1@x>;counter=50\r\n",
};

struct caller {
	struct ruleset *rs;
	struct state *st;
	struct scratch *scratch;
	uint64_t now;
	uint32_t seed;
	unsigned call, phone, user;
	bool leaves; /* the server calls */
	char number[64];
	struct decision d;
	unsigned long hits[CHECK_MAX], rejects, tokens, accepted;
};

/* first: "INVITE", or "200 OK"; of whom calls (or of who is called) */
static void say(struct caller *c, bool callee, const char *first, unsigned cseq,
		const char *method, const char *more)
{
	bool inbound = c->leaves == callee, answer = *first >= '0' && *first <= '9';
	bool tag = strcmp(first, "INVITE") != 0 || cseq > 2;
	uint8_t packet[ROOM], *l4 = packet + 20;
	char text[ROOM - 28];
	struct pkt pkt;
	size_t n;

	n = (size_t)snprintf(text, sizeof(text),
		"%s%s%s%s%s\r\nVia: SIP/2.0/UDP x.example;branch=z9hG4bK%u-%u%s\r\n"
		"From: <sip:%u@pbx.example>;tag=f%u\r\nTo: <sip:%s@pbx.example>%s\r\n"
		"Call-ID: c%u\r\nCSeq: %u %s\r\nMax-Forwards: 70\r\n%sContent-Length: 0\r\n\r\n",
		answer ? "SIP/2.0 " : "", first, answer ? "" : " sip:", answer ? "" : c->number,
		answer ? "" : "@pbx.example SIP/2.0", c->call, cseq, method, c->user, c->call,
		c->number, tag ? ";tag=t" : "", c->call, cseq, method, more);
	for (unsigned i = dice(&c->seed) % 30 ? 0 : 2; i; i--)
		text[dice(&c->seed) % n] = (char)dice(&c->seed);
	ip_header(packet, false, 17, c->phone, inbound, n + 8);
	memset(l4, 0, 8);
	put16(l4, 5060);
	put16(l4 + 2, 5060);
	put16(l4 + 4, n + 8);
	memcpy(l4 + 8, text, n);
	c->now += NS / 50;
	counting = true;
	pkt_decode(&pkt, packet, n + 28);
	engine_run(c->rs, c->st, c->scratch, &pkt, c->now, &c->d);
	counting = false;
	if (c->d.check != CHECK_NONE)
		c->hits[c->d.check]++;
	c->rejects += c->d.verdict == VERDICT_REJECT;
	c->tokens += c->d.token[0] != 0;
	c->accepted += c->d.verdict == VERDICT_ACCEPT;
}

static void go_on(struct caller *c)
{
	say(c, true, "200 OK", 2, "INVITE", "Contact: <sip:192.0.2.130>\r\n");
	say(c, false, "ACK", 2, "ACK", "");
	if (c->call % 3 == 0) {
		say(c, false, "REFER", 3, "REFER", c->call % 2 ?
		    "Refer-To: <sip:+499001234567@x?Replaces=a%40b%3Bto-tag%3D1>\r\n" :
		    "Refer-To: <sip:003023125001@x>\r\n");
		say(c, true, "202 Accepted", 3, "REFER", "");
	}
	if (c->call % 4 == 0)
		return; /* goes on for long */
	c->now += dice(&c->seed) % 20 * NS;
	say(c, false, "BYE", 4, "BYE", "");
	say(c, true, "200 OK", 4, "BYE", "");
}

static void call(struct caller *c)
{
	const char *more = lines[dice(&c->seed) % COUNT(lines)];
	char second[512], taken[64] = "";

	if (c->call % 5 == 4)
		snprintf(taken, sizeof(taken), "Replaces: c%u;to-tag=t;from-tag=f%u\r\n",
			 c->call / 4 * 4, c->call / 4 * 4);

	say(c, false, "INVITE", 1, "INVITE", more);
	say(c, true, "401 Unauthorized", 1, "INVITE", "WWW-Authenticate: Digest realm=\"x\", "
	    "nonce=\"n1\", algorithm=MD5\r\n");
	say(c, false, "ACK", 1, "ACK", "");
	snprintf(second, sizeof(second), "%s%sContact: <sip:%u@203.0.113.%u>\r\n"
		 "Authorization: Digest username=\"%u\", realm=\"x\", nonce=\"n1\","
		" uri=\"sip:x\","
		 " response=\"0123456789abcdef0123456789abcdef\"\r\n", more, taken,
		 c->user, c->phone, c->user);
	say(c, false, "INVITE", 2, "INVITE", second);
	say(c, true, "180 Ringing", 2, "INVITE", "");
	switch (dice(&c->seed) % 5) {
	case 0:
		say(c, true, "486 Busy Here", 2, "INVITE", "");
		break;
	case 1:
		say(c, true, "302 Moved", 2, "INVITE",
		    "Contact: <sip:+499001234567@x>, <sip:00442079460123@x>;q=0.1\r\n");
		break;
	case 2:
		say(c, false, "CANCEL", 2, "CANCEL", "");
		say(c, true, "487 Request Terminated", 2, "INVITE", "");
		break;
	default:
		go_on(c);
		return;
	}
	say(c, false, "ACK", 2, "ACK", "");
}

static void all_calls(struct caller *c)
{
	static struct call_notice notices[16];

	for (c->call = 0; c->call < CALLS; c->call++) {
		const char *form = numbers[dice(&c->seed) % COUNT(numbers)];

		c->leaves = dice(&c->seed) % 4 == 0;
		c->phone = c->leaves && c->call % 3 ? CARRIER : 1 + dice(&c->seed) % 40;
		c->user = 2000 + c->phone * 10 % 200;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(c->number, sizeof(c->number), form, dice(&c->seed) % 10);
#pragma GCC diagnostic pop
		call(c);
		state_set_wall(c->st, c->now, 1700000000 + c->now / NS);
		while (engine_calls(c->rs, c->st, c->scratch, c->now, notices, 16) == 16)
			;
	}
}

static void test_calls(void **unused)
{
	static const uint8_t secret[16] = "calls, no heap";
	static const char *const reached[] = { "destination", "transfer", "calls", "pattern",
					       "pipe", "cost", "dialog", "password" };
	static struct caller c = { .now = NS, .seed = 20260102 };
	struct prefix inside;

	(void)unused;
	c.rs = rules_load(limits);
	assert_int_equal(prefix_parse(SLICE("192.0.2.128/25"), &inside), 0);
	assert_int_equal(ruleset_set_inside(c.rs, &inside, 1), 0);
	c.st = state_new(ruleset_settings(c.rs), secret);
	c.scratch = scratch_new();
	calls = 0;
	all_calls(&c);
	print_message("%lu accepted, %lu answered, %lu tokens: %lu allocations\n", c.accepted,
		      c.rejects, c.tokens, calls);
	for (unsigned i = 0; i < check_count; i++)
		if (c.hits[i])
			print_message("%s %lu\n", check_name(i), c.hits[i]);
	assert_int_equal(calls, 0);
	assert_true(c.accepted > CALLS && c.rejects > 0 && c.tokens > 0);
	for (unsigned r = 0; r < COUNT(reached); r++) {
		unsigned i = 0;

		while (i < check_count && strcmp(check_name(i), reached[r]) != 0)
			i++;
		if (i == check_count || !c.hits[i])
			fail_msg("nothing for %s", reached[r]);
	}
	scratch_free(c.scratch);
	state_free(c.st);
	ruleset_free(c.rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_packet_path),
					    cmocka_unit_test(test_calls) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
