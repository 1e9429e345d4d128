/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which digests are audited, and what is told of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "audited.h"

static void is_part(enum audit_part part, const char *text)
{
	struct slice s = audit_part(&task, part);

	assert_int_equal(s.n, strlen(text));
	assert_memory_equal(s.p, text, s.n);
}

/* ---- which digests ---- */

static void test_accepted_digests_wait(void **arg)
{
	(void)arg;
	set_up(CONF AUDIT);
	tries(&at_home);
	assert_false(waits());
	answers(HOME, "REGISTER", "1001", 200, "");
	assert_true(waits());
	is_part(AUDIT_USERNAME, "1001");
	is_part(AUDIT_REALM, "pbx.example");
	is_part(AUDIT_METHOD, "REGISTER");
	is_part(AUDIT_URI, "sip:pbx.example");
	is_part(AUDIT_NONCE, "n1");
	is_part(AUDIT_NC, "");
	assert_int_equal(task.response[0], 0x01);
	assert_int_equal(task.response[15], 0xef);
	assert_false(waits());
}

static void test_refused_digests_do_not(void **arg)
{
	static const unsigned status[] = { 401, 403, 404, 500, 302 };

	(void)arg;
	set_up(CONF AUDIT);
	for (unsigned i = 0; i < sizeof(status) / sizeof(*status); i++) {
		tries(&at_home);
		answers(HOME, "REGISTER", "1001", status[i],
			status[i] == 401 ?
				"WWW-Authenticate: Digest realm=\"r\", nonce=\"x\"\r\n" : "");
		assert_false(waits());
	}
}

static void test_off(void **arg)
{
	struct audit_plan plan;

	(void)arg;
	set_up(CONF);
	assert_false(ruleset_audit(w.rs, &plan));
	logs_in(&at_home);
	assert_false(waits());
}

/* Credentials whose nonce no server gave to that site may be anybody's guess at a server
 * that looks at none. */
static void test_without_a_challenge(void **arg)
{
	char headers[512];

	(void)arg;
	set_up(CONF AUDIT);
	w.n = 7;
	credentials(&at_home, 99, headers);
	asks(HOME, "REGISTER", "pbx.example", "1001", headers);
	answers(HOME, "REGISTER", "1001", 200, "");
	assert_false(waits());
}

/* One name for two logins: which of them was accepted is not known. */
static void test_mixed(void **arg)
{
	static const struct login other = { HOME, "1002", "pbx.example", NULL };
	char headers[512];

	(void)arg;
	set_up(CONF AUDIT "auth = { mode = \"off\"; };");
	tries(&at_home);
	credentials(&other, w.n - 1, headers);
	asks(HOME, "REGISTER", "pbx.example", "1001", headers);
	answers(HOME, "REGISTER", "1001", 200, "");
	assert_false(waits());
}

static void test_several_credentials(void **arg)
{
	char headers[1024];
	unsigned nonce;

	(void)arg;
	set_up(CONF AUDIT);
	nonce = ++w.n;
	asks(HOME, "REGISTER", "pbx.example", "1001", "");
	challenged(&at_home, "REGISTER");
	w.n++;
	credentials(&at_home, nonce, headers);
	snprintf(headers + strlen(headers), sizeof(headers) - strlen(headers),
		 "Proxy-Authorization: Digest username=\"1001\", realm=\"x\", nonce=\"y\", "
		 "response=\"0123456789abcdef0123456789abcdef\"\r\n");
	asks(HOME, "REGISTER", "pbx.example", "1001", headers);
	answers(HOME, "REGISTER", "1001", 200, "");
	assert_false(waits());
}

static void test_once_in_a_while(void **arg)
{
	(void)arg;
	set_up(CONF AUDIT);
	logs_in(&at_home);
	logs_in(&at_home); /* the later one takes its place */
	assert_true(waits());
	is_part(AUDIT_NONCE, "n3");
	assert_false(waits());
	/* while it is being tried, and for a day */
	logs_in(&at_home);
	assert_false(waits());
	assert_false(done(AUDIT_STRONG));
	w.now += DAY - HOUR;
	logs_in(&at_home);
	assert_false(waits());
	w.now += HOUR;
	logs_in(&at_home);
	assert_true(waits());
	/* one found weak: after a quarter of an hour, and told once a day */
	assert_true(done(AUDIT_LISTED));
	logs_in(&at_home);
	assert_false(waits());
	w.now += 15 * MIN;
	logs_in(&at_home);
	assert_true(waits());
	assert_false(done(AUDIT_LISTED));
	w.now += DAY;
	logs_in(&at_home);
	assert_true(waits());
	assert_true(done(AUDIT_LISTED));
}

static void test_forgotten(void **arg)
{
	(void)arg;
	set_up(CONF AUDIT);
	logs_in(&at_home);
	state_audit_forget(w.st);
	assert_false(waits());
	logs_in(&at_home);
	w.now += 3 * HOUR;
	assert_false(waits());
	/* nor does what was not answered for long */
	tries(&at_home);
	w.now += 2 * MIN;
	answers(HOME, "REGISTER", "1001", 200, "");
	assert_false(waits());
}

/* More users than there is room for: all that is kept is right. */
static void test_full(void **arg)
{
	struct login l = at_home;
	unsigned n = 0;
	char user[16];

	(void)arg;
	set_up(CONF AUDIT "flood = { mode = \"off\"; };");
	l.user = user;
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(user, sizeof(user), "%u", 5000 + i);
		logs_in(&l);
	}
	while (waits()) {
		struct slice s = audit_part(&task, AUDIT_USERNAME);

		assert_int_equal(s.n, 4);
		assert_true(s.p[0] == '5' || s.p[0] == '6');
		n++;
	}
	assert_in_range(n, 256, 1024);
}

/* That of a sanitizer holds copies, or is terabytes. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LOOKS_AT_MEMORY 1
/* How often the bytes of that response are in writable memory of this process. */
static unsigned responses_in_memory(void)
{
	unsigned long from, to;
	unsigned found = 0;
	char line[512], rights[8];
	FILE *maps = fopen("/proc/self/maps", "r");

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		const char *p, *end;

		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[0] != 'r' ||
		    rights[1] != 'w' || strstr(line, "[v"))
			continue;
		p = (const char *)from;
		end = (const char *)to;
		/* not written down whole, or this function would find itself */
		for (; p + 16 <= end && (p = memchr(p, 0x23, (size_t)(end - p - 15))); p++)
			found += p[1] == 0x45 && p[2] == 0x67 && (p[3] & 255) == 0x89 &&
				 (p[4] & 255) == 0xab && (p[5] & 255) == 0xcd &&
				 (p[6] & 255) == 0xef && p[7] == 0x01;
	}
	fclose(maps);
	return found;
}

/* Wherever it was on its way, nothing of it is left. */
static void test_is_wiped(void **arg)
{
	(void)arg;
	set_up(CONF AUDIT);
	memset(&task, 0, sizeof(task));
	assert_int_equal(responses_in_memory(), 0);
	logs_in(&at_home);
	assert_int_equal(responses_in_memory(), 1); /* the search finds what waits */
	assert_true(waits());
	(void)done(AUDIT_LISTED);
	explicit_bzero(&task, sizeof(task));
	assert_int_equal(responses_in_memory(), 0);
	/* nor of what is forgotten, replaced or never answered */
	w.now += HOUR;
	logs_in(&at_home);
	logs_in(&at_home);
	tries(&at_home);
	assert_int_equal(responses_in_memory(), 2);
	state_audit_forget(w.st);
	assert_int_equal(responses_in_memory(), 0);
	logs_in(&at_home);
	tries(&at_home);
	w.now += 3 * HOUR;
	assert_false(waits());
	assert_int_equal(responses_in_memory(), 0);
}
#endif

/* ---- what is told ---- */

static void test_the_event(void **arg)
{
	(void)arg;
	set_up(CONF AUDIT);
	logs_in(&at_home);
	assert_true(waits());
	assert_true(done(AUDIT_LISTED));
	assert_string_equal(event.d.reason, "1001: weak password: matches the list");
	assert_string_equal(check_name(event.d.check), "password");
	assert_int_equal(event.d.verdict, VERDICT_ACCEPT);
	assert_string_equal(event.d.evidence, "");
	assert_true(addr_eq(&event.dst, &task.outside) && event.d.dir == DIR_OUTBOUND);
	w.now += HOUR;
	logs_in(&at_home);
	assert_true(waits());
	assert_true(done(AUDIT_STRONG));
	assert_string_equal(event.d.reason, "1001: the password is no longer weak");
	w.now += 25 * HOUR;
	logs_in(&at_home);
	assert_true(waits());
	assert_true(done(AUDIT_OWN));
	assert_string_equal(event.d.reason,
			    "1001: weak password: is the user's own number or name");
}

static void test_hostile_names(void **arg)
{
	static const struct login l = { HOME, "10\x1b[2J\xff-123456789-123456789-123456789-"
					      "123456789-123456789-123456789",
					"pbx.example", NULL };

	(void)arg;
	set_up(CONF AUDIT "malformed = { mode = \"off\"; }; strict = { mode = \"off\"; };");
	logs_in(&l);
	assert_true(waits());
	assert_true(done(AUDIT_VARIED));
	for (const char *p = event.d.reason; *p; p++)
		assert_in_range(*p, 0x20, 0x7e);
	assert_non_null(strstr(event.d.reason, "weak password"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef LOOKS_AT_MEMORY /* the first: the memory of others is not wiped */
		cmocka_unit_test_teardown(test_is_wiped, tear_down),
#endif
		cmocka_unit_test_teardown(test_accepted_digests_wait, tear_down),
		cmocka_unit_test_teardown(test_refused_digests_do_not, tear_down),
		cmocka_unit_test_teardown(test_off, tear_down),
		cmocka_unit_test_teardown(test_without_a_challenge, tear_down),
		cmocka_unit_test_teardown(test_mixed, tear_down),
		cmocka_unit_test_teardown(test_several_credentials, tear_down),
		cmocka_unit_test_teardown(test_once_in_a_while, tear_down),
		cmocka_unit_test_teardown(test_forgotten, tear_down),
		cmocka_unit_test_teardown(test_full, tear_down),
		cmocka_unit_test_teardown(test_the_event, tear_down),
		cmocka_unit_test_teardown(test_hostile_names, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
