/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the view and libosip2 read alike, differently or not at all, and that
 * libosip2 stays within its arena, its limits and its silence.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "message.h"
#include "sip/strict.h"

#define ROOM 16384

/* The lines of a REGISTER, of which a test puts another in the place of one. */
enum line {
	START, VIA_LINE, FROM_LINE, TO_LINE, ID_LINE, SEQUENCE, WHERE, AGENT, WHO, LENGTH, LINES
};

static const char *const usual[LINES] = {
	"REGISTER sip:pbx.example.org SIP/2.0",
	"Via: SIP/2.0/UDP 203.0.113.9:5060;branch=z9hG4bKa;rport",
	"From: \"Desk\" <sip:100@pbx.example.org>;tag=f1",
	"To: <sip:100@pbx.example.org>",
	"Call-ID: c1@203.0.113.9",
	"CSeq: 1 REGISTER",
	"Contact: <sip:100@203.0.113.9:5060>",
	"User-Agent: ExamplePhone/1.0",
	"Authorization: Digest username=\"100\", realm=\"x\", nonce=\"n\", uri=\"sip:x\"",
	"Content-Length: 0",
};

static struct strict *strict;

static int setup(void **unused)
{
	(void)unused;
	strict = strict_new();
	return strict ? 0 : -1;
}

static int teardown(void **unused)
{
	(void)unused;
	strict_free(strict);
	return 0;
}

static enum strict_result read_text(struct slice text, struct strict_difference *d)
{
	static struct sip_msg m; /* what differs points into it and into its bytes */
	static struct guard g;

	guard_free(&g);
	g = parse(&m, text);
	return strict_compare(strict, &m, d);
}

static enum strict_result read_with(enum line which, const char *line,
				    struct strict_difference *d)
{
	char text[ROOM];
	size_t n = 0;

	for (unsigned i = 0; i < LINES; i++)
		n += (size_t)snprintf(text + n, ROOM - n, "%s\r\n", i == which ? line : usual[i]);
	n += (size_t)snprintf(text + n, ROOM - n, "\r\n");
	return read_text((struct slice){ text, (uint32_t)n }, d);
}

struct row {
	enum line which;
	const char *line;
};

/* What is written oddly, and what the table in reading.c forgives. */
static void alike(void **unused)
{
	static const struct row row[] = {
		{ LINES, NULL },
		{ START, "REGISTER sip:a%40b;c@PBX.example.org:05060;x=y?h=v SIP/2.0" },
		{ START, "REGISTER sip:a%00b@pbx.example.org SIP/2.0" },
		{ START, "REGISTER sip:100%@pbx.example.org SIP/2.0" },
		{ START, "REGISTER sip:1%2@pbx.example.org SIP/2.0" },
		{ START, "REGISTER sip:[2001:db8::1]:5060 SIP/2.0" },
		{ START, "REGISTER sip:pbx.example.org:0 SIP/2.0" },
		{ START, "REGISTER tel:+49-100;phone-context=x SIP/2.0" },
		{ START, "REGISTER tel:%2b49100 SIP/2.0" },
		{ START, "REGISTER urn:service:sos SIP/2.0" },
		{ VIA_LINE, "v: SIP / 2.0 / UDP\r\n  203.0.113.9 : 5060 ; branch = z9hG4bKa" },
		{ VIA_LINE, "Via: SIP/2.0/UDP [2001:db8::9];branch=z9hG4bKa (by hand)" },
		{ VIA_LINE, "Via: SIP/2.0/UDP a;x=\"y;branch=e\";branch=z9hG4bKa, SIP/2.0/TCP b" },
		{ VIA_LINE, "Via: SIP/  2.0/UDP\ta  :5060 ;branch=z9hG4bKa" },
		{ FROM_LINE, "f: \"a \\\" <sip:evil@x>\" <SIP:100@[::1]>;x=\";tag=e\";TAG = f1" },
		{ FROM_LINE, "From: sip:100@pbx.example.org;tag=f1" },
		{ FROM_LINE, "From: <sip:100;phone-context=+49@pbx.example.org:5060>;tag=\"f1\"" },
		{ FROM_LINE, "From: <tel:%2b49100;x=y>;tag=f1" },
		{ FROM_LINE, "From: <tel:%2b49\r\n 100>;tag=f1" },
		{ FROM_LINE, "From: <sip:100@fe80::1:5060>;tag=f1" },
		{ FROM_LINE, "From: Desk: 2 <sip:100@pbx.example.org>;tag=f1" },
		{ TO_LINE, "t:<sip:pbx.example.org>" },
		{ TO_LINE, "To: <sip:100@pbx.example.org>;tag=t1;tag=t2" },
		{ ID_LINE, "i: a@b@c" },
		{ ID_LINE, "Call-ID :\r\n a@" },
		{ SEQUENCE, "CSeq: 0001 \t\r\n REGISTER" },
		{ WHERE, "Contact: *" },
		{ WHERE, "Contact: *97 <sip:*97@203.0.113.9>" },
		{ WHERE, "Contact: \"a,b\" <sip:1@a>;q=1, <sip:2@b;x=\"a,b\">,\r\nm: <sip:3@c>" },
		{ WHERE, "Contact: <sip:100@fe80::1:5060>" },
		{ WHERE, "Contact: <sip:1@a>;+sip.instance=\"<urn:uuid:0,1>\";methods=\"A, B\"" },
		{ AGENT, "User-Agent:  Example \r\n\tPhone, Inc.  " },
		{ AGENT, "User-Agent:" },
		{ AGENT, "User-Agent: A\r\nuser-agent : B" },
		{ AGENT, "Expires: 0060\r\nMax-Forwards: 070" },
		{ WHO, "Authorization: Digest x=\"username=2\",username=\"1\\\"0\",uri=\"2\"" },
		{ WHO, "Authorization: Digest username=100, realm=\"x\", nonce=\"n\"" },
		{ WHO, "Authorization: Basic MTAwOmE=" },
		{ LENGTH, "l: 000" },
		{ LENGTH, "Content-Length:" },
		{ LENGTH, "X-None: y" },
		{ LENGTH, "Content-Type: multipart/mixed;boundary=x\r\nContent-Length: 0" },
	};
	struct strict_difference d;

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		enum strict_result r = read_with(row[i].which, row[i].line, &d);

		if (r == STRICT_DIFFERS)
			fail_msg("%s: %s: \"%.*s\", \"%.*s\"", row[i].line, d.what, (int)d.view.n,
				 d.view.p, (int)d.other.n, d.other.p);
		if (r != STRICT_SAME)
			fail_msg("%s: result %d", row[i].line, (int)r);
	}
}

static void assert_text(struct slice s, const char *text)
{
	if (s.n != strlen(text) || (s.n && memcmp(s.p, text, s.n) != 0))
		fail_msg("\"%.*s\" should be \"%s\"", (int)s.n, s.p ? s.p : "", text);
}

static void differ(void **unused)
{
	static const struct {
		struct row in;
		const char *what, *view, *other;
	} row[] = {
		{ { START, "REGISTER sipx:100@a SIP/2.0" }, "Request-URI user", "100@a", "100" },
		{ { VIA_LINE, "Via: SIP/2.0/UDP a;branch=\"z9hG4bKa\"b" }, "Via branch", "z9hG4bKa",
		  "\"z9hG4bKa\"b" },
		{ { FROM_LINE, "From: <sip:100@pbx.example.org>x;tag=f1" }, "From tag", "", "f1" },
		{ { TO_LINE, "To: <sip:100@pbx.example.org>x;tag=t1" }, "To tag", "", "t1" },
		{ { WHERE, "Contact: *<sip:100@203.0.113.9>" }, "Contact user", "100", "" },
		{ { WHERE, "Contact: <sip:1@a;x=\">, <sip:2@b;x=\">" }, "number of Contacts", "2",
		  "1" },
		{ { ID_LINE, "Call-ID: c1 @203.0.113.9" }, "Call-ID", "c1 @203.0.113.9",
		  "c1@203.0.113.9" },
	};
	struct strict_difference d;

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		if (read_with(row[i].in.which, row[i].in.line, &d) != STRICT_DIFFERS)
			fail_msg("no difference: %s", row[i].in.line);
		assert_string_equal(d.what, row[i].what);
		assert_text(d.view, row[i].view);
		assert_text(d.other, row[i].other);
	}
}

/* Phones write such, so it may not be more than told; see docs/checks/strict.md. */
static void unreadable(void **unused)
{
	static const struct row row[] = {
		{ FROM_LINE, "From: M\xc3\xbcller <sip:100@pbx.example.org>;tag=f1" },
		{ FROM_LINE, "From: Front (desk) <sip:100@pbx.example.org>;tag=f1" },
		{ FROM_LINE, "From: < sip:100@pbx.example.org>;tag=f1" },
		{ FROM_LINE, "From: \"Desk\"\t<sip:100@pbx.example.org>;tag=f1" },
		{ START, "REGISTER soap.beep:x SIP/2.0" },
		{ VIA_LINE, "Via: SIP/2.0/UDP\t203.0.113.9;branch=z9hG4bKa" },
		{ SEQUENCE, "CSeq: 1\tREGISTER" },
	};
	struct strict_difference d;

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (read_with(row[i].which, row[i].line, &d) != STRICT_UNREADABLE)
			fail_msg("read: %s", row[i].line);
}

/* times pieces in a header; one more than that is not shown to libosip2 */
static void assert_limit(const char *before, const char *piece, unsigned times)
{
	static char line[ROOM];
	struct strict_difference d;
	size_t n;

	for (unsigned more = 0; more < 2; more++) {
		n = (size_t)snprintf(line, ROOM, "%s", before);
		for (unsigned i = 0; i < times + more; i++)
			n += (size_t)snprintf(line + n, ROOM - n, "%s", piece);
		if ((read_with(AGENT, line, &d) == STRICT_SKIPPED) != (more == 1))
			fail_msg("%u times \"%s\"", times + more, piece);
	}
}

static void limits(void **unused)
{
	(void)unused;
	/* what the usual lines hold themselves is taken off */
	assert_limit("Allow: A", ",A", 64 - 3);
	assert_limit("X: a", ";b", 64 - 3);
	assert_limit("X: a", "&b", 64 - 3);
	assert_limit("X: a", "<", 256 - 3);
	assert_limit("X: a", "%41", 256 - 3);
	assert_limit("X: a", "\r\nY: b", 64 - 9);
}

static void size_limit(void **unused)
{
	static char text[ROOM];
	struct strict_difference d;
	size_t n = 0;

	(void)unused;
	for (unsigned i = 0; i < LINES; i++)
		n += (size_t)snprintf(text + n, ROOM - n, "%s\r\n", usual[i]);
	n += (size_t)snprintf(text + n, ROOM - n, "X: ");
	memset(text + n, 'x', 4096 - 4 - n);
	memcpy(text + 4096 - 4, "\r\n\r\n", 4);
	assert_int_equal(read_text((struct slice){ text, 4096 }, &d), STRICT_SAME);
	memcpy(text + 4096 - 4, "x\r\n\r\n", 5);
	assert_int_equal(read_text((struct slice){ text, 4097 }, &d), STRICT_SKIPPED);
}

/* Within the limits, and more than the arena has room for. */
static void full_arena(void **unused)
{
	static char text[ROOM];
	struct strict_difference d;
	size_t n = (size_t)snprintf(text, ROOM, "Contact: <sip:a@b>");

	(void)unused;
	for (unsigned i = 0; i < 60; i++)
		n += (size_t)snprintf(text + n, ROOM - n, ",<sip:a@b:1;c>");
	for (unsigned i = 0; i < 54; i++)
		n += (size_t)snprintf(text + n, ROOM - n, "\r\nRecord-Route:<sip:a:p@b:1>");
	assert_int_equal(read_with(WHERE, text, &d), STRICT_SKIPPED);
	/* and the next one has it all again */
	assert_int_equal(read_with(LINES, NULL, &d), STRICT_SAME);
}

/* A NUL ends its strings, but not its reading. */
static void nul(void **unused)
{
	static const char text[] =
		"REGISTER sip:a SIP/2.0\r\n" VIA "From: \"a\\\0b\" <sip:1@a>;tag=f1\r\n" TO ID
		"User-Agent: a \"\\\0\" b\r\n"
		"CSeq: 1 REGISTER\r\nMax-Forwards: 70\r\n\r\n";
	struct strict_difference d;

	(void)unused;
	assert_int_equal(read_text((struct slice){ text, sizeof(text) - 1 }, &d), STRICT_SAME);
}

static void *read_often(void *name)
{
	struct strict *own = strict_new();
	struct strict_difference d;
	char text[ROOM];
	struct guard g;
	struct sip_msg m;
	unsigned long bad = 0;
	int n = snprintf(text, ROOM, "REGISTER sip:%s SIP/2.0\r\n" VIA FROM TO
			 "Call-ID: %s\r\nCSeq: 1 REGISTER\r\nUser-Agent: %s\r\n\r\n",
			 (char *)name, (char *)name, (char *)name);

	if (!own)
		abort();
	g = parse(&m, (struct slice){ text, (uint32_t)n });
	for (unsigned i = 0; i < 5000; i++)
		bad += strict_compare(own, &m, &d) != STRICT_SAME;
	guard_free(&g);
	strict_free(own);
	return (void *)(uintptr_t)bad;
}

/* Each thread in its own arena, at once. */
static void threads(void **unused)
{
	static char name[4][16] = { "a.example", "longer.example", "c", "d.example.org" };
	pthread_t t[4];
	void *bad;

	(void)unused;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, read_often, name[i]), 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(t[i], &bad), 0);
		assert_null(bad);
	}
}

/* Not one byte on stdout or stderr, whatever it thinks of the message. */
static void silence(void **unused)
{
	struct strict_difference d;
	FILE *into = tmpfile();
	int out, err;
	long n;

	(void)unused;
	assert_non_null(into);
	fflush(stdout);
	fflush(stderr);
	out = dup(1);
	err = dup(2);
	dup2(fileno(into), 1);
	dup2(fileno(into), 2);
	(void)read_with(FROM_LINE, "From: a:b <sip:100@pbx.example.org>", &d);
	(void)read_with(START, "REGISTER x SIP/2.0", &d);
	(void)read_with(AGENT, "Content-Length: 5", &d);
	fflush(stdout);
	fflush(stderr);
	n = lseek(fileno(into), 0, SEEK_END);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	fclose(into);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alike), cmocka_unit_test(differ), cmocka_unit_test(unreadable),
		cmocka_unit_test(limits), cmocka_unit_test(size_limit),
		cmocka_unit_test(full_arena), cmocka_unit_test(nul), cmocka_unit_test(silence),
		cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
