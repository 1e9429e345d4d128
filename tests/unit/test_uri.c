/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "guard.h"
#include "sip.h"

/* NULL stands for a slice that is absent. */
static void assert_slice(struct slice s, const char *text)
{
	if (!text)
		assert_null(s.p);
	else if (s.n != strlen(text) || !s.p || memcmp(s.p, text, s.n) != 0)
		fail_msg("\"%.*s\" should be \"%s\"", (int)s.n, s.p ? s.p : "", text);
}

static void name_addresses(void **unused)
{
	static const struct {
		const char *in, *display, *uri, *params;
	} row[] = {
		{ "sip:a@b", NULL, "sip:a@b", "" },
		{ " sip:a@b ;tag=1", NULL, "sip:a@b", ";tag=1" },
		{ "<sip:a@b;u=1?h>;tag=1;x", "", "sip:a@b;u=1?h", ";tag=1;x" },
		{ "\"A \\\" <x>\" <sip:a@b>\r\n ;tag=1", "A \\\" <x>", "sip:a@b", ";tag=1" },
		{ "\"\"<sip:a@b>", "", "sip:a@b", "" },
		{ "A. B\t<sip:a@b>", "A. B", "sip:a@b", "" },
		{ "A \"<sip:x@y>\" B <sip:a@b>", "A \"<sip:x@y>\" B", "sip:a@b", "" },
		{ "\"A\" \"<\" <sip:a@b>", "\"A\" \"<\"", "sip:a@b", "" },
		{ "\"A\" < sip:a@b >", "A", "sip:a@b", "" },
		{ "<sip:a@b>;q=\",\";x=1, <sip:c@d>;y", "", "sip:a@b", ";q=\",\";x=1" },
		{ "sip:a@b, sip:c@d", NULL, "sip:a@b", "" },
		{ "sip:a@b;x=\"<urn:x>\"", NULL, "sip:a@b", ";x=\"<urn:x>\"" },
		{ "*", NULL, "*", "" },
	};
	static const char *const bad[] = {
		"",	    " ",       "\"A <sip:a@b>", "\"A\"", "\"A\" sip:a@b",
		"<sip:a@b", "A <sip:a", "<>",	     ";tag=1", "\"\\",
	};
	struct sip_nameaddr na;

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct guard g = guard_new(slice_of(row[i].in));

		assert_true(sip_nameaddr_read(g.bytes, &na));
		assert_slice(na.display, row[i].display);
		assert_slice(na.uri, row[i].uri);
		assert_slice(na.params, row[i].params);
		guard_free(&g);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct guard g = guard_new(slice_of(bad[i]));

		if (sip_nameaddr_read(g.bytes, &na))
			fail_msg("read: %s", bad[i]);
		guard_free(&g);
	}
	assert_false(sip_nameaddr_read(SLICE_NONE, &na));
}

static void parameters(void **unused)
{
	static const struct {
		const char *in, *name, *value;
	} row[] = {
		{ ";tag=1", "tag", "1" },
		{ ";a=1;TAG = 2 ;b", "tag", "2" },
		{ ";tagx=1;xtag=2;tag=3", "tag", "3" },
		{ ";rport;branch=x", "rport", "" },
		{ ";branch\r\n =\r\n x\r\n;b", "branch", "x" },
		{ ";x=\"a;tag=1\\\";\";tag=2", "tag", "2" },
		{ ";x=\"a\"", "x", "a" },
		{ ";x=\"a", "x", "a" },
		{ ";x=\"", "x", "" },
		{ ";tag=", "tag", "" },
		{ ";tag=1;tag=2", "tag", "1" },
		{ ";;;tag=1", "tag", "1" },
		{ ";x=\"tag=1\"", "tag", NULL },
		/* what is passed over: spaces, quoted ';', quotes that do not end, empty names */
		{ " tag=1", "tag", "1" },
		{ ";a=1 ;\r\n tag\t= 2", "tag", "2" },
		{ ";x=\r\n \"a;tag=1\" ;tag=2", "tag", "2" },
		{ ";t= \"a;tag=1\";tag=2", "tag", "2" },
		{ ";tag= \" a;b \" c;d", "tag", " a;b " },
		{ ";tag=a\";b\"", "tag", "a\"" },
		{ ";x=\"a\"tag=1", "tag", NULL },
		{ ";x=\"a\"tag=1;tag=2", "tag", "2" },
		{ ";x=\"a;tag=2", "tag", NULL },
		{ ";x=\"a\\\";tag=2", "tag", NULL },
		{ ";t=\"a;tag=2", "tag", NULL },
		{ ";=\"a;tag=1\";tag=2", "tag", "2" },
		{ ";x=a=\"b;tag=2", "tag", "2" },
		{ ";\"a;tag=2", "tag", "2" },
		{ ";\"tag=1", "tag", NULL },
		{ ";x y tag=1", "tag", NULL },
		{ ";x=y tag=1", "tag", NULL },
		{ ";t;ta;tags;tag", "tag", "" },
		{ ";t=1;Tag=2;tAG=3", "TAG", "2" },
		{ ";tag=1", "Tag", "1" },
		{ ";ttl", "tag", NULL },
		{ ";x", "tag", NULL },
		{ ";x=", "tag", NULL },
		{ ";x=\"", "tag", NULL },
		{ "", "tag", NULL },
		{ ";", "tag", NULL },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct guard g = guard_new(slice_of(row[i].in));
		struct slice v = SLICE_NONE;
		bool got = sip_param(g.bytes, slice_of(row[i].name), &v);

		assert_int_equal(got, row[i].value != NULL);
		assert_slice(v, row[i].value);
		guard_free(&g);
	}
}

static void tags(void **unused)
{
	(void)unused;
	assert_slice(sip_tag(SLICE("\"tag=no\" <sip:a@b;tag=no>;x;Tag=yes")), "yes");
	assert_slice(sip_tag(SLICE("sip:a@b;tag=yes")), "yes");
	assert_slice(sip_tag(SLICE("<sip:a@b;tag=no>")), NULL);
	assert_slice(sip_tag(SLICE("\"x <sip:a@b>;tag=no")), NULL);
	assert_slice(sip_tag(SLICE_NONE), NULL);
}

static void uris(void **unused)
{
	static const struct {
		const char *in, *scheme, *user, *password, *host, *params, *headers;
		unsigned port;
	} row[] = {
		{ "sip:b", "sip", NULL, NULL, "b", NULL, NULL, 0 },
		{ "SIPS:a@b.c:5061", "SIPS", "a", NULL, "b.c", NULL, NULL, 5061 },
		{ "sip:a:p:q@b;lr;x=1?h=1&i=2", "sip", "a", "p:q", "b", ";lr;x=1", "h=1&i=2", 0 },
		{ "sip:a;b=c?d@[2001:db8::1]:1;lr", "sip", "a;b=c?d", NULL, "[2001:db8::1]", ";lr",
		  NULL, 1 },
		{ "sip:b?h=;lr", "sip", NULL, NULL, "b", NULL, "h=;lr", 0 },
		{ "sip:%00a%40@b", "sip", "%00a%40", NULL, "b", NULL, NULL, 0 },
		{ "sip:@b", "sip", "", NULL, "b", NULL, NULL, 0 },
		{ "tel:+49-30;ext=1", "tel", "+49-30", NULL, NULL, ";ext=1", NULL, 0 },
		{ "urn:service:sos", "urn", NULL, NULL, NULL, NULL, NULL, 0 },
	};
	static const char *const bad[] = {
		"",	    "sip",	   "sip:",	 "sip:a@",	   ":b",
		"1sip:b",   "s p:b",	   "sip:a@b:",	 "sip:a@b:65536", "sip:a@b:5x",
		"sip:a@b@c", "sip:a@b;c=d@e", "sip:[::1", "sip:[]",	   "sip:1::2",
		"tel:",	    "sip:a b",
	};
	struct sip_uri u;

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct guard g = guard_new(slice_of(row[i].in));

		if (!sip_uri_read(g.bytes, &u))
			fail_msg("not read: %s", row[i].in);
		assert_slice(u.scheme, row[i].scheme);
		assert_slice(u.user, row[i].user);
		assert_slice(u.password, row[i].password);
		assert_slice(u.host, row[i].host);
		assert_slice(u.params, row[i].params);
		assert_slice(u.headers, row[i].headers);
		assert_int_equal(u.port, row[i].port);
		guard_free(&g);
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct guard g = guard_new(slice_of(bad[i]));

		if (sip_uri_read(g.bytes, &u))
			fail_msg("read: %s", bad[i]);
		guard_free(&g);
	}
}

static void users(void **unused)
{
	static const struct {
		const char *uri;
		struct slice user;
	} row[] = {
		{ "sip:alice@b", SLICE("alice") },
		{ "sip:%66riendly%2dscanner@b", SLICE("friendly-scanner") },
		{ "sip:%2B44%2020@b", SLICE("+44 20") }, /* a space is no separator */
		{ "sip:%2525@b", SLICE("%25") }, /* once, not twice */
		{ "sip:a%00b@c", SLICE("a\0b") },
		{ "sip:a%4@b", SLICE("a%4") },
		{ "sip:%@b", SLICE("%") },
		{ "sip:%zz%4z%z4@b", SLICE("%zz%4z%z4") },
		{ "sip:+49(0)30-12.34@b", SLICE("+490301234") },
		{ "sip:(+49)30-1@b", SLICE("+49301") },
		{ "sip:%2B49%2D30@b", SLICE("+4930") },
		{ "sip:*72#-1@b", SLICE("*72#1") },
		{ "sip:0-0;postd=1-1@b", SLICE("00;postd=1-1") },
		{ "sip:john.doe-2@b", SLICE("john.doe-2") },
		{ "sip:...@b", SLICE("...") },
		{ "sip:1+2-3@b", SLICE("1+2-3") },
		{ "sip:f-f.a@b;user=phone", SLICE("ffa") },
		{ "sip:f-f.a@b;USER=Phone", SLICE("ffa") },
		{ "sip:f-f.a@b;user=ip", SLICE("f-f.a") },
		{ "tel:+1-(2).f;phone-context=a-b", SLICE("+12f") },
		{ "TEL:7-7", SLICE("77") },
		{ "sip:b", SLICE("") },
		{ "sip:0123456789012345678@b", SLICE("0123456789012345") }, /* cut */
		{ "sip:012345678901234%41@b", SLICE("012345678901234A") },
	};
	char room[16];

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct guard g = guard_new(slice_of(row[i].uri));
		struct sip_uri u;
		struct slice user;

		assert_true(sip_uri_read(g.bytes, &u));
		user = sip_user(&u, room, sizeof(room));
		if (!slice_eq(user, row[i].user))
			fail_msg("%s: user \"%.*s\"", row[i].uri, (int)user.n, user.p);
		guard_free(&g);
	}
}

static void vias(void **unused)
{
	static const char text[] = " SIP\t/ 2.0/ TCP \r\n [2001:db8::1] : 5070 ; a=\",\" ; b , "
				   "SIP/2.0/UDP x;c";
	struct sip_via via;

	(void)unused;
	/* every shorter copy is read safely; what is read is judged on the whole */
	for (uint32_t n = 0; n < sizeof(text) - 1; n++) {
		struct guard g = guard_new((struct slice){ text, n });

		(void)sip_via_read(g.bytes, &via);
		guard_free(&g);
	}
	assert_true(sip_via_read(slice_of(text), &via));
	assert_slice(via.transport, "TCP");
	assert_slice(via.host, "[2001:db8::1]");
	assert_int_equal(via.port, 5070);
	assert_slice(via.params, "; a=\",\" ; b");
	assert_true(sip_via_read(SLICE("SIP/2.0/UDP a"), &via));
	assert_slice(via.host, "a");
	assert_int_equal(via.port, 0);
	assert_int_equal(via.params.n, 0);
}

static void digests(void **unused)
{
	static const struct {
		const char *in, *name, *value;
	} row[] = {
		{ "Digest username=\"20\",realm=\"a, b=\\\"c\\\"\" ,nonce=\"n1\"", "realm",
		  "a, b=\\\"c\\\"" },
		{ "digest\r\n Nonce = \"n1\" , stale=TRUE", "nonce", "n1" },
		{ "Digest nonce=\"n1\", stale = TRUE , qop=auth", "stale", "TRUE" },
		{ "Digest realm=\"nonce=\\\"x\\\"\"", "nonce", NULL },
		{ "Digest xnonce=\"1\",noncex=2", "nonce", NULL },
		{ "Digest nonce=\"n1", "nonce", "n1" },
		{ "Digest nonce", "nonce", "" },
		{ "Digest ,,,nonce=1", "nonce", "1" },
		{ "Digest", "nonce", NULL },
		{ "Digestnonce=1", "nonce", NULL },
		{ "Basic nonce=1", "nonce", NULL },
		{ "", "nonce", NULL },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct guard g = guard_new(slice_of(row[i].in));
		struct slice v = SLICE_NONE;

		assert_int_equal(sip_digest_param(g.bytes, slice_of(row[i].name), &v),
				 row[i].value != NULL);
		assert_slice(v, row[i].value);
		guard_free(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_addresses),
		cmocka_unit_test(parameters),
		cmocka_unit_test(tags),
		cmocka_unit_test(uris),
		cmocka_unit_test(users),
		cmocka_unit_test(vias),
		cmocka_unit_test(digests),
	};

	return cmocka_run_group_tests_name("uri", tests, NULL, NULL);
}
