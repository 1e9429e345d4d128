/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a password fit a digest: the examples of the RFCs, and every way to make one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "digest.h"
#include "state/audits.h"

/* Credentials as they come, through the reader. */
static bool fits_as(const char *credentials, const char *method, const char *password, bool plain)
{
	struct audit_task t;
	struct digest_try d;

	assert_int_equal(audit_read(slice_of(credentials), slice_of(method), &t), SKIP_NONE);
	digest_begin(&d, &t, plain);
	return digest_fits(&d, slice_of(password));
}

static bool fits(const char *credentials, const char *method, const char *password)
{
	return fits_as(credentials, method, password, false);
}

/* RFC 2617 3.5 */
static void test_rfc2617(void **arg)
{
	const char *c = "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
			"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
			"qop=auth, nc=00000001, cnonce=\"0a4f113b\", "
			"response=\"6629fae49393a05397450978507c4ef1\", "
			"opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";

	(void)arg;
	assert_true(fits(c, "GET", "Circle Of Life"));
	assert_false(fits(c, "GET", "Circle of Life"));
	assert_false(fits(c, "GET", ""));
	assert_false(fits(c, "PUT", "Circle Of Life"));
}

/* RFC 7616 3.9.1, and 3.9.2 with its erratum 4897 */
static void test_rfc7616(void **arg)
{
#define CREDENTIALS(algorithm, response) \
	"Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", " \
	"algorithm=" algorithm ", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", " \
	"nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, " \
	"response=\"" response "\""

	(void)arg;
	assert_true(fits(CREDENTIALS("MD5", "8ca523f5e9506fed4657c9700eebdbec"), "GET",
			 "Circle of Life"));
	assert_true(fits(CREDENTIALS("SHA-256", "753927fa0e85d155564e2e272a28d180"
						"2ca10daf4496794697cf8db5856cb6c1"),
			 "GET", "Circle of Life"));
	assert_true(fits("Digest username=\"J\xc3\xa4s\xc3\xb8n Doe\", realm=\"api@example.org\", "
			 "uri=\"/doe.json\", algorithm=SHA-512-256, "
			 "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", nc=00000001, "
			 "cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v\", qop=auth, "
			 "response=\"3798d4131c277846293534c3edc11bd8"
			 "a5e4cdcbff78b05db9d95eeb1cec68a5\"",
			 "GET", "Secret, or not?"));
#undef CREDENTIALS
}

/* Computed with another library: 1001 with the password 1001. */
static const struct {
	const char *algorithm; /* NULL: none is named */
	bool qop;
	const char *response;
} ways[] = {
	{ NULL, false, "7c67efd259776ee4c902fa0a4482a6f9" },
	{ "MD5", false, "7c67efd259776ee4c902fa0a4482a6f9" },
	{ "\"md5\"", false, "7C67EFD259776EE4C902FA0A4482A6F9" },
	{ "MD5-sess", false, "d3342be5ac4143e6b0a324f17558644f" },
	{ "MD5", true, "0ba1a7fa66a9131209daa6be87a162c3" },
	{ "MD5-sess", true, "8fce92245bf5c94deb51445616bc0259" },
	{ "SHA-256", false, "120a4eb852fc1015824364a002aee5dbc23ed2bdffdf9f3cb264cc7ce57f3047" },
	{ "SHA-256-sess", false,
	  "364e016e885b1654809eda8ad1b250ccb653f6fb3952264962edaf9f59ed708e" },
	{ "SHA-256", true, "e5ddc1baedc751ad7ed9274e5fee6016b979eafc79934d7ee17ae184e07c680c" },
	{ "SHA-256-sess", true,
	  "00d2ed48fd61f77cc6979c9fba46a8c3f35c356ba8fa3a347e5728571fcba02f" },
	{ "SHA-512-256", false,
	  "c76c303dc7a6f43d44265e328f4665470a0ed23bdefe5b2869bcd37fdaaa78ac" },
	{ "SHA-512-256-sess", false,
	  "f4d940572330813496e0598aed8ebfa19e6a16247f79098f7c95b11af9f5b903" },
	{ "SHA-512-256", true,
	  "b4fc7f5a1254055a8dc51410310a95a53950899c7a40ab98ec50d3feb3030e67" },
	{ "SHA-512-256-sess", true,
	  "fe97d9ed493c2468d9c218fc582b7e3408a577b89de241e17a1db2866ee65c1e" },
};

static void test_every_way(void **arg)
{
	char c[1024];

	(void)arg;
	for (unsigned i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		snprintf(c, sizeof(c), "Digest username=\"1001\", realm=\"pbx.example\", "
			 "nonce=\"f8a1\", uri=\"sip:pbx.example\", cnonce=\"c0ffee\", %s"
			 "response=\"%s\"%s%s",
			 ways[i].qop ? "qop=\"auth\", nc=00000001, " : "",
			 ways[i].response, ways[i].algorithm ? ", algorithm=" : "",
			 ways[i].algorithm ? ways[i].algorithm : "");
		if (!fits(c, "REGISTER", "1001") || fits(c, "REGISTER", "1002") ||
		    fits(c, "INVITE", "1001"))
			fail_msg("%s", c);
	}
}

/* A username of a"b\c: some hash what is meant, some what is written. */
static void test_escapes(void **arg)
{
#define CREDENTIALS(response) \
	"Digest username=\"a\\\"b\\\\c\", realm=\"r\", nonce=\"n\", uri=\"sip:r\", " \
	"response=\"" response "\""
	const char *meant = CREDENTIALS("782f1e6140330d47ac34407302291ae7");
	const char *written = CREDENTIALS("ea3042724067b7e042eb138df953bc6d");
	struct audit_task t;

	(void)arg;
	assert_true(fits_as(meant, "REGISTER", "x", true));
	assert_false(fits_as(meant, "REGISTER", "x", false));
	assert_true(fits_as(written, "REGISTER", "x", false));
	assert_false(fits_as(written, "REGISTER", "x", true));
	audit_read(slice_of(meant), SLICE("REGISTER"), &t);
	assert_true(digest_escaped(&t));
	audit_read(SLICE("Digest username=\"1001@pbx.example\", response=\""
			 "782f1e6140330d47ac34407302291ae7\""), SLICE("REGISTER"), &t);
	assert_false(digest_escaped(&t));
#undef CREDENTIALS
}

static enum audit_skip skip_of(const char *credentials)
{
	struct audit_task t;

	return audit_read(slice_of(credentials), SLICE("REGISTER"), &t);
}

#define SOME "Digest username=\"1001\", response=\"782f1e6140330d47ac34407302291ae7\""

static void test_what_cannot_be_audited(void **arg)
{
	char c[1024];

	(void)arg;
	assert_int_equal(skip_of(SOME), SKIP_NONE);
	assert_int_equal(skip_of(SOME ", qop=auth-int"), SKIP_AUTH_INT);
	assert_int_equal(skip_of(SOME ", algorithm=AKAv1-MD5"), SKIP_ALGORITHM);
	assert_int_equal(skip_of(SOME ", algorithm=-sess"), SKIP_ALGORITHM);
	assert_int_equal(skip_of(SOME ", userhash=true"), SKIP_USERHASH);
	assert_int_equal(skip_of(SOME ", qop=other"), SKIP_BROKEN);
	assert_int_equal(skip_of(SOME ", algorithm=SHA-256"), SKIP_BROKEN);
	assert_int_equal(skip_of("Digest response=\"782f1e6140330d47ac3440730229_ae7\""),
			 SKIP_BROKEN);
	/* the longest that is kept: 4 of the user, 8 of the method, and the rest */
	snprintf(c, sizeof(c), SOME ", nonce=\"%0*d\"", AUDIT_TEXT - 12, 0);
	assert_int_equal(skip_of(c), SKIP_NONE);
	snprintf(c, sizeof(c), SOME ", nonce=\"%0*d\"", AUDIT_TEXT - 11, 0);
	assert_int_equal(skip_of(c), SKIP_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc2617),
		cmocka_unit_test(test_rfc7616),
		cmocka_unit_test(test_every_way),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_what_cannot_be_audited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
