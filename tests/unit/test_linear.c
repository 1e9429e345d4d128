/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever a message holds, a byte of it costs no more than three times a byte of
 * an ordinary one: in the view, and in the whole engine with its checks.  Each
 * measurement stands beside one of the ordinary message, and what counts is the
 * least that either took: what else runs on the machine makes both slower, the
 * longer message more, and never faster.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "check.h"
#include "message.h"
#include "rules.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#define HOSTILE 65000
#define TURNS 60  /* of the ordinary message in a measurement: about as long as a hostile one */
#define ROUNDS 9  /* until the ratio is low enough, MOST together */
#define MOST 450
#define RATIO 3.0

struct sample {
	const char *name;
	struct slice before, piece, after;
	struct slice bytes;
	double plain, cost; /* of the ordinary message and of it, the least; 0: none yet */
};

#define REST \
	VIA FROM TO ID "CSeq: 13 INVITE\r\nContact: <sip:2031@192.0.2.31:5060>\r\n" FORWARDS
#define INVITE "INVITE sip:2045@pbx.example.org SIP/2.0\r\n"

static const char ordinary_text[] =
	INVITE REST
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE\r\n"
	"Supported: replaces, timer\r\nUser-Agent: DeskPhone 4.2\r\n"
	"Content-Type: application/sdp\r\nContent-Length: 165\r\n\r\n"
	"v=0\r\no=- 77 77 IN IP4 192.0.2.31\r\ns=-\r\nc=IN IP4 192.0.2.31\r\nt=0 0\r\n"
	"m=audio 16000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

/* filled up with copies of piece */
#define FILL(name, before, piece, after) \
	{ name, SLICE(before), SLICE(piece), SLICE(after), { NULL, 0 }, 0, 0 }
#define IN(header, piece, after) FILL(header, INVITE REST header, piece, after "\r\n\r\n")
#define LINES(piece) FILL(piece, INVITE REST, piece, "\r\n")
#define RAW(piece) FILL(#piece, "", piece, "")
#define SDP(piece) FILL(piece, INVITE REST "c: application/sdp\r\n\r\nv=0\r\n", piece, "")
#define NAMED(user, piece, after) \
	FILL(user, INVITE VIA TO ID "CSeq: 13 INVITE\r\n" FORWARDS user, piece, after "\r\n\r\n")
#define REQ_URI(start, piece, end) \
	FILL(start, "INVITE " start, piece, end " SIP/2.0\r\n" REST "\r\n")

/* about 600 bytes of a line: more than a hundred of them in a message, as many as pass */
#define DIGEST "Authorization: Digest username="
#define FOUR(s) s s s s
#define LONG(header, piece) \
	FILL(header, INVITE REST, header FOUR(FOUR(FOUR(piece))) "\r\n", "\r\n")
#define REFER(uri, piece, after) \
	FILL("REFER", "REFER sip:2045@pbx.example.org SIP/2.0\r\n" VIA FROM TO ID \
	     "CSeq: 13 REFER\r\nContact: <sip:2031@192.0.2.31>\r\n" FORWARDS "Refer-To: <" uri, \
	     piece, after "\r\n\r\n")
#define MOVED(uri, piece, after) \
	FILL("302", "SIP/2.0 302 Moved\r\n" VIA FROM "To: <sip:2045@pbx.example.org>;tag=b\r\n" \
	     ID "CSeq: 13 INVITE\r\nContact: " uri, piece, after "\r\n\r\n")

static struct sample hostile[] = {
	IN("Diversion: ", "<sip:02079460001@x>,", "<sip:1@x>"),
	IN("Diversion: ", "<sip:1@x>,", ""),
	IN("Diversion: ", "<sip:1@x>;counter=5,", ""),
	IN("Diversion: <sip:1@x>;counter=", "9", ""),
	IN("Diversion: ", ",", ""), IN("Diversion: ", "\"\",", ""),
	IN("Diversion: <tel:", "1-", ">"),
	IN("History-Info: ", "<sip:1@x>;index=1.1,", "<sip:2@x>;index=1.1.1"),
	IN("History-Info: <sip:1@x>;index=1", ".1", ",<sip:2@x>;index=1.1"),
	IN("History-Info: ", "<sip:a@x?Reason=SIP>;index=1,", ""),
	LONG("Diversion: ", "<sip:1@x>,"), LONG("History-Info: ", "<sip:1@x>,"),
	IN("Replaces: a", ";to-tag=1", ""), IN("Replaces: a", ";", ""),
	IN("Join: a", ";x=\"\"", ""),
	IN("Replaces: ", "a", ";to-tag=1;from-tag=2"),
	IN("Replaces: a;to-tag=", "a", ";from-tag=2"),
	LONG("Replaces: a;to-tag=1;from-tag=2", ";a=b;c=d;"), LONG("Join: a", ";to-tag=1"),
	REQ_URI("sip:+44", "-", "20@b"), REQ_URI("sip:+44", "(0)", "@b"),
	REQ_URI("sip:00", "%2d", "44@b"), REQ_URI("sip:+442079460001", ";a=b", "@b"),
	REQ_URI("sip:0044", "0", "@b"), REQ_URI("sip:+", "+", "@b"), REQ_URI("tel:+44", "-.", ""),
	REQ_URI("tel:020", ";phone-context=+44", ""), REQ_URI("sip:0", "*#", "@b"),
	REFER("sip:1@b?", "Replaces=a%3Bto-tag%3D1&", ">"), REFER("sip:1@b?", "&", ">"),
	REFER("sip:1@b?Replaces=", "%41", ">"), REFER("sip:1@b?", "%52eplaces=&", ">"),
	REFER("sip:1@b?Replaces=a", "%3Bto-tag%3D1", ">"), REFER("sip:1@b?", "a=b&", ">"),
	REFER("sip:1@b>", ",<sip:02079460001@b>", ""), REFER("tel:+44", "-", "20>"),
	REFER("sip:1@b?Replaces=a>", ",<sip:1@b?Replaces=a>", ""),
	MOVED("", "<sip:02079460001@x>,", "<sip:1@x>"), MOVED("", "<sip:1@x>;q=1,", "<sip:1@x>"),
	MOVED("<tel:+44", "-", "20>"), MOVED("<sip:1@x?", "a=b&", ">"), MOVED("", ",", ""),
	IN("Authorization: Digest ", "username=\"2031\",", "realm=\"x\""),
	IN(DIGEST "\"2031\",realm=\"", "x", "\",nonce=\"n\",response=\"1\""),
	IN(DIGEST "\"", "\\2", "\",realm=\"x\",nonce=\"n\",response=\"1\""),
	IN("Authorization: Digest username*=UTF-8''", "%32", ",realm=\"x\",nonce=\"n\""),
	IN("Proxy-Authorization: Basic ", "QUFB", ""), IN("Authorization: ", "Digest ", ""),
	LONG("Authorization: Digest username=\"2031\",nonce=\"n\"", ",realm=\"x\""),
	LONG("Proxy-Authorization: Basic ", "QUFBQUFB"),
	LINES("a:\r\n"), LINES("a\r\n"), LINES(":\r\n"), LINES("v:\r\n"), LINES("To :\r\n"),
	LINES("m:<sip:a@b>\r\n"), LINES("m:<\r\n"), LINES("Subject: x\r\n y\r\n"),
	LINES("x\n"), LINES("\n "), LINES("\r\n "), LINES("\r\n\t\t\t\t\t\t\t\t"), LINES("\r"),
	LINES("i: 1\r"), LINES("l: 0\r\n"), LINES("User-Agent: x\r\n"),
	IN("Contact: ", "<sip:a@b>,", "<sip:a@b>"), IN("Contact: ", "a:b,", "a:b"),
	IN("Contact: ", ",", ""), IN("Contact: ", "<", ""), IN("Contact: ", "\"", ""),
	IN("Contact: \"", "\\\"", "\""), IN("Contact: ", "\"\"", ""), IN("Contact: ", "<>", ""),
	IN("Contact: <sip:a@b>", ";", ""), IN("Contact: <sip:a@b>", ";tag=1", ""),
	IN("Route: ", "<sip:02079460001@b>,", "<sip:b>"), IN("Route: ", "<sip:a>,", "<sip:b>"),
	IN("Route: ", ",", ""), IN("Route: ", "<>", ""),
	IN("Route: ", "\"\"", ""), IN("Route: ", "\"", ""), IN("Route: ", "<", ""),
	IN("Route: \"", "\\", ""), IN("Refer-To: ", "\"<", ""), IN("Record-Route: ", ">", ""),
	IN("X: ", " ", ""), IN("X: ", "\t", ""), IN("X: ", "\0", ""), IN("X: \"", "\\\0", ""),
	IN("X: \"", "\\\x7f", "\""), IN("X: ", "\xff", ""), IN("X: ", "\xc3\xa9", ""),
	IN("X: ", "\xf0\x9f\x98\x80", ""), IN("X: ", "%", ""), IN("X", "x", ":"),
	IN("X", " ", ":"),
	IN("X", "\x01", ":"), IN("X: ", ":", ""), IN("User-Agent: ", "x", ""),
	IN("User-Agent: ", "friendly-scanne", ""), IN("Authorization: Digest ", "a=b,", ""),
	IN("Authorization: Digest ", ",", ""), IN("Authorization: Digest ", "a=\"\\\"\",", ""),
	IN("Supported: ", "a,", ""), IN("Content-Length: ", "0", ""),
	IN("Content-Length:", " ", "1"),
	NAMED("From: \"", "a", "\" <sip:a@b>"), NAMED("From: \"", "'", "\" <sip:a@b>"),
	NAMED("From: \"", "' or ", "\" <sip:a@b>"), NAMED("From: \"", "$(", "\" <sip:a@b>"),
	NAMED("From: \"", "%27", "\" <sip:a@b>"), NAMED("From: <sip:", "a", "@b>"),
	NAMED("From: <sip:", "'--", "@b>"), NAMED("From: <sip:", "%27%20", "@b>"),
	NAMED("From: <sip:", "select", "@b>"), NAMED("From: <sip:", "union all ", "@b>"),
	NAMED("From: <sip:", "1-", "@b>"), NAMED("From: <sip:", "@", "@b>"),
	NAMED("From: <sip:a@b>", ";", ""), NAMED("From: <sip:a@b>", ";a", ""),
	NAMED("From: <sip:a@b>", ";a=\"b\"", ""), NAMED("From: <sip:a@b>", ",<sip:a@b>", ""),
	NAMED("From: ", "\"a\" ", "<sip:a@b>"), NAMED("From: ", "<", ""),
	FILL("Via parameters", INVITE "Via: SIP/2.0/UDP a", ";a=b", "\r\n" REST "\r\n"),
	FILL("Via semicolons", INVITE "Via: SIP/2.0/UDP a", ";", "\r\n" REST "\r\n"),
	FILL("Via branches", INVITE "Via: SIP/2.0/UDP a", ";branch=1", "\r\n" REST "\r\n"),
	FILL("Via list", INVITE "Via: ", "SIP/2.0/UDP a,", "SIP/2.0/UDP a\r\n" REST "\r\n"),
	FILL("Via commas", INVITE "Via: SIP/2.0/UDP a", ",", "\r\n" REST "\r\n"),
	FILL("Via spaces", INVITE "Via: SIP", " ", "/2.0/UDP a\r\n" REST "\r\n"),
	FILL("Via quotes", INVITE "Via: SIP/2.0/UDP a;x=", "\"\"", "\r\n" REST "\r\n"),
	REQ_URI("sip:", "a", "@b"), REQ_URI("sip:", "%41", "@b"), REQ_URI("sip:", "1-", "@b"),
	REQ_URI("sip:", "'--", "@b"), REQ_URI("sip:a@b", ";a=b", ""), REQ_URI("sip:a@b", ";", ""),
	REQ_URI("sip:a@", "b.", "b"), REQ_URI("sip:", "@", ""), REQ_URI("sip:", ":", "@b"),
	REQ_URI("tel:", "1-", ""), REQ_URI("tel:1", ";a", ""), REQ_URI("sip:a@b", "?a=b", ""),
	REQ_URI("", " ", ""), REQ_URI("x", " SIP/", ""), REQ_URI("x", "\t", ""),
	REQ_URI("", "<", ""),
	FILL("method", "", "INVITE", " sip:a@b SIP/2.0\r\n" REST "\r\n"),
	FILL("reason", "SIP/2.0 200 ", "a ", "\r\n" REST "\r\n"),
	SDP("a=x\r\n"), SDP("m=audio 1 RTP/AVP 0\r\n"), SDP("c=IN IP4 192.0.2.1\r\n"),
	SDP("x\r\n"),
	SDP("\r\n"), SDP("\n"), SDP("m="), SDP("\0"), SDP("o=- 1 1 IN IP4 192.0.2.1\r\n"),
	FILL("second message", INVITE REST "l: 0\r\n\r\n", "x SIP/2.0\r\n", ""),
	RAW("\r"), RAW("\n"), RAW("\r\n"), RAW("\0"), RAW("<"), RAW("a"), RAW(" "), RAW("\x80"),
	RAW("GET / HTTP/1.1\r\n"), RAW("\x16\3\1"), RAW("SIP/2.0 "), RAW(" SIP/2.0\r\n"),
};
#define N_HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

static const struct slice ordinary = { ordinary_text, sizeof(ordinary_text) - 1 };

static void fill(struct sample *s)
{
	char *p = malloc(HOSTILE);
	size_t n = s->before.n;

	if (!p)
		abort();
	memcpy(p, s->before.p, n);
	for (; n + s->piece.n + s->after.n <= HOSTILE; n += s->piece.n)
		memcpy(p + n, s->piece.p, s->piece.n);
	memcpy(p + n, s->after.p, s->after.n);
	s->bytes = (struct slice){ p, (uint32_t)(n + s->after.n) };
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* What is measured: once on a message. */
struct subject {
	void (*run)(void *self, struct slice bytes);
	void *self;
};

/* ns a byte */
static double measure(const struct subject *what, struct slice bytes, unsigned turns)
{
	double start = now_ns();

	for (unsigned i = 0; i < turns; i++)
		what->run(what->self, bytes);
	return (now_ns() - start) / turns / bytes.n;
}

static double least(double a, double b)
{
	return a > 0 && a < b ? a : b;
}

/* The ordinary message right before it: what slows one down slows both. */
static void compare(const struct subject *what, struct sample *s)
{
	s->plain = least(s->plain, measure(what, ordinary, TURNS));
	s->cost = least(s->cost, measure(what, s->bytes, 1));
}

static double ratio(const struct sample *s)
{
	return s->cost / s->plain;
}

static void judge(const struct subject *what)
{
	const struct sample *worst = &hostile[0];
	unsigned high = 0;

	for (unsigned i = 0; i < N_HOSTILE; i++) {
		struct sample *s = &hostile[i];

		s->plain = s->cost = 0;
		for (unsigned r = 0; r < MOST && (r % ROUNDS || !r || ratio(s) > RATIO); r++)
			compare(what, s);
		if (ratio(s) > ratio(worst))
			worst = s;
		if (ratio(s) <= RATIO)
			continue;
		high++;
		print_error("%s: %.1f times the ordinary, of: %.*s\n", s->name, ratio(s),
			    (int)s->piece.n, s->piece.p);
	}
	print_message("ordinary %.2f ns a byte, worst %.1f times that: %s\n",
		      measure(what, ordinary, TURNS), ratio(worst), worst->name);
	assert_int_equal(high, 0);
}

static void view_run(void *self, struct slice bytes)
{
	sip_parse(self, bytes);
}

static void the_view(void **unused)
{
	static struct sip_msg m;

	(void)unused;
	judge(&(struct subject){ view_run, &m });
}

struct engine {
	struct ruleset *rs;
	struct state *st;
	struct scratch *s;
	struct pkt pkt;
};

static void engine_subject_run(void *self, struct slice bytes)
{
	struct engine *e = self;
	struct decision d;

	e->pkt.payload = bytes;
	engine_run(e->rs, e->st, e->s, &e->pkt, NS, &d);
}

static void engine_judge(const char *config)
{
	const uint8_t seed[16] = { 7 }, server[4] = { 192, 0, 2, 10 };
	const uint8_t phone[4] = { 203, 0, 113, 9 };
	struct prefix inside = { addr_v4(server), 128 };
	struct engine e = { .rs = rules_load(config), .s = scratch_new() };

	e.st = state_new(ruleset_settings(e.rs), seed);
	assert_int_equal(ruleset_set_inside(e.rs, &inside, 1), 0);
	e.pkt = (struct pkt){ .src = addr_v4(phone), .dst = addr_v4(server), .sport = 5060,
			      .dport = 5060, .proto = PROTO_UDP, .version = 4 };
	judge(&(struct subject){ engine_subject_run, &e });
	state_free(e.st);
	scratch_free(e.s);
	ruleset_free(e.rs);
}

/* No ban and no flood ends the measurement; no size is too much. */
#define OPEN \
	"banned = { mode = \"off\"; };\nflood = { mode = \"off\"; };\n" \
	"strict = { mode = \"off\"; };\n"
#define SIZES "ban = 0; max_size = 65535; max_header = 65535; max_uri = 65535;"

static void all_checks(void **unused)
{
	(void)unused;
	engine_judge(OPEN "malformed = { " SIZES " };");
}

/* With what looks closer at who calls whom, and passes calls on. */
static void all_checks_of_calls(void **unused)
{
	(void)unused;
	engine_judge(OPEN "malformed = { " SIZES " };"
		"dialplan = { country = \"44\"; outside = [ \"9\" ]; };\n"
		"destination = { deny = [ \"/^0190[0-9]*$/\" ]; deny_numbers = ["
		" \"premium\", \"49\" ];"
		" rules = ( { name = \"a\"; users = [ \"^7\" ]; to = [ \"international\" ];"
		" deny_numbers = [ \"international\" ]; } ); };\n"
		"transfer = { strangers = \"drop\"; loops = \"drop\"; replaces = \"drop\"; };\n"
		"calls = { limits = ( { name = \"now\"; count = \"now\"; act = 9; },"
		" { name = \"far\"; count = \"distinct\"; to = [ \"44\" ]; act = 100; } ); };\n"
		"pattern = { rules = ( { name = \"x\"; header = \"Diversion\";"
		" matches = [ \"=x\" ]; },"
		" { name = \"y\"; method = [ \"INVITE\" ]; rate = 1000000; per = \"user\";"
		" number = [ \"^0190\" ]; } ); };\n"
		"cost = { rates = [ \"44,0.10\" ]; limits = ( { name = \"day\"; act"
		" = \"99.00\"; } ); };\n"
		"password = { mode = \"enforce\"; };\n");
}

/* With everything let through that can be, so that all checks see it. */
static void all_checks_on_whatever_comes(void **unused)
{
	static char config[8192];
	int n = snprintf(config, sizeof(config), OPEN "malformed = { " SIZES " defects = {");

	(void)unused;
	for (unsigned d = 0; d < DEFECT_COUNT; d++)
		if (d != DEFECT_NO_END && d != DEFECT_TOO_MANY_HEADERS && d != DEFECT_LONE_CR)
			n += snprintf(config + n, sizeof(config) - (size_t)n, " %s = \"accept\";",
				      sip_defect_name(d));
	snprintf(config + n, sizeof(config) - (size_t)n, " }; };");
	engine_judge(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_view),
		cmocka_unit_test(all_checks),
		cmocka_unit_test(all_checks_of_calls),
		cmocka_unit_test(all_checks_on_whatever_comes),
	};
	int failed;

#ifdef SANITIZED
	puts("a sanitizer costs most where it checks most: no ratio holds");
	return 77;
#endif
	for (unsigned i = 0; i < N_HOSTILE; i++)
		fill(&hostile[i]);
	failed = cmocka_run_group_tests_name("linear", tests, NULL, NULL);
	for (unsigned i = 0; i < N_HOSTILE; i++)
		free((void *)(uintptr_t)hostile[i].bytes.p);
	return failed;
}
