/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent check: scanners however they write it, phones left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "checks.h"
#include "confdir.h"
#include "ruleset.h"

static int setup(void **state)
{
	*state = confdir_new();
	return 0;
}

static int teardown(void **state)
{
	confdir_free(*state);
	return 0;
}

static unsigned agent_index(void)
{
	unsigned i = 0;

	while (i < check_count && checks[i] != &check_agent)
		i++;
	assert_true(i < check_count);
	return i;
}

/* Runs the check alone over a request with these header lines. */
static enum found run(const struct ruleset *rs, const char *headers, struct evidence *ev)
{
	char text[2048];
	struct sip_msg sip;
	struct pkt pkt = { .proto = PROTO_UDP };
	struct probe p = { .pkt = &pkt, .sip = &sip, .rules = rs, .zone = &rs->zone[0], .now = 1 };
	int n = snprintf(text, sizeof(text),
			 "OPTIONS sip:1@192.0.2.1 SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bK1\r\n"
			 "From: <sip:1@192.0.2.1>;tag=1\r\nTo: <sip:1@192.0.2.1>\r\n"
			 "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n%sContent-Length: 0\r\n\r\n", headers);

	assert_true(n > 0 && (size_t)n < sizeof(text));
	sip_parse(&sip, (struct slice){ text, (uint32_t)n });
	assert_int_equal(sip.kind, SIP_REQUEST);
	memset(ev, 0, sizeof(*ev));
	return check_agent.run(&p, rs->zone[0].conf[agent_index()], ev);
}

static bool refused(const struct ruleset *rs, const char *headers)
{
	struct evidence ev;

	return run(rs, headers, &ev) == HIT;
}

static bool name_refused(const struct ruleset *rs, const char *name)
{
	char line[256];

	snprintf(line, sizeof(line), "User-Agent: %s\r\n", name);
	return refused(rs, line);
}

static void test_scanners(void **state)
{
	static const char *const scanners[] = {
		"friendly-scanner", "FRIENDLY-SCANNER", "friendly-request", "sipvicious",
		"SIPVicious OSS v0.3.3", "svmap", "sipcli/v1.8", "sipcli", "sip-scan", "sipscan",
		"sundayddr", "VaxSIPUserAgent/3.1", "VaxIPUserAgent/3.5", "pplsip", "sippts",
		"Mr.SIP", "siparmyknife", "sivus", "smap 0.6.0", "iWar", "Gulp", "Test Agent",
		"Nmap NSE", "SIP scanner",
	};
	/* as they were seen on real phones, gateways and servers */
	static const char *const phones[] = {
		"Yealink SIP-T46S 66.86.0.15", "PolycomVVX-VVX_410-UA/5.9.0.9373",
		"Grandstream GXP2170 1.0.11.3", "snomD785/10.1.46.16", "Cisco/SPA525G2-7.6.2",
		"Cisco-CP8841/12.8.1", "Linphone/3.6.1 (eXosip2/4.1.0)", "Zoiper rv2.10.11.7",
		"Z 5.5.10 v2.10.18.2", "MicroSIP/3.20.6", "X-Lite release 5.0.1 stamp 67284",
		"eyeBeam release 1102q stamp 51814", "Asterisk PBX 18.10.0", "FPBX-16.0.19(18.9.0)",
		"FreeSWITCH-mod_sofia/1.10.7", "kamailio (5.6.3 (x86_64/linux))", "3CXPhoneSystem",
		"AVM FRITZ!Box 7590 154.07.29", "Gigaset N510 IP PRO/42.250", "PortSIP SDK 11.2",
		"CSipSimple_star2lte-26/r2457", "baresip v1.1.0", "PJSUA v2.12 Linux", "SIPp",
		"sipsak 0.9.7pre", "MySIPClient/1.0", "SIPclient 2", "Acme Wismap 4", "Siwarex 2",
		"Ozeki VoIP SIP SDK", "Mediatrix 4102S", "OpenStage_40_V3 R5.24.0", "Bria 6.5",
	};
	struct confdir *d = *state;
	struct ruleset *rs = ruleset_load(NULL, &d->report);

	assert_non_null(rs);
	for (unsigned i = 0; i < sizeof(scanners) / sizeof(scanners[0]); i++) {
		if (!name_refused(rs, scanners[i]))
			fprintf(stderr, "passes: %s\n", scanners[i]);
		assert_true(name_refused(rs, scanners[i]));
	}
	for (unsigned i = 0; i < sizeof(phones) / sizeof(phones[0]); i++) {
		if (name_refused(rs, phones[i]))
			fprintf(stderr, "refused: %s\n", phones[i]);
		assert_false(name_refused(rs, phones[i]));
	}
	ruleset_free(rs);
}

static void test_headers(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs = ruleset_load(NULL, &d->report);
	struct evidence ev;

	assert_non_null(rs);
	assert_true(refused(rs, "uSER-aGENT:\r\n \t friendly-scanner\r\n"));
	assert_true(refused(rs, "User-Agent: Test\r\n\tAgent\r\n"));
	assert_true(refused(rs, "User-Agent: Phone\r\nUser-Agent: friendly-scanner\r\n"));
	assert_int_equal(run(rs, "User-Agent: friendly-scanner\r\n", &ev), HIT);
	assert_string_equal(ev.reason, "User-Agent is denied by \"friendly-scanner\"");
	assert_string_equal(ev.text, "friendly-scanner");
	assert_false(ev.no_ban);
	/* repeated, but no scanner: refused, and nobody is banned for it */
	assert_int_equal(run(rs, "User-Agent: Phone\r\nUser-Agent: Phone\r\n", &ev), HIT);
	assert_string_equal(ev.reason, "2 User-Agent headers");
	assert_true(ev.no_ban);
	assert_false(refused(rs, ""));
	assert_false(refused(rs, "Server: friendly-scanner\r\n"));
	assert_false(refused(rs, "User-Agent:\r\n"));
	ruleset_free(rs);
}

static void test_choices(void **state)
{
	struct confdir *d = *state;
	struct evidence ev;
	struct ruleset *rs = confdir_load_text(
		d, "agent = { allow = [ \"^Yealink\", \"=Phone 1\", \"/^snom\\\\d+/\" ]; "
		   "missing = \"refuse\"; repeated = \"accept\"; };");

	if (!rs)
		confdir_print(d);
	assert_non_null(rs);
	assert_false(name_refused(rs, "yealink T46"));
	assert_false(name_refused(rs, "PHONE 1"));
	assert_false(name_refused(rs, "snom320"));
	assert_true(name_refused(rs, "Phone 11"));
	assert_true(name_refused(rs, "My Yealink"));
	assert_true(name_refused(rs, "snomX"));
	/* deny is asked before allow */
	assert_true(name_refused(rs, "Yealink friendly-scanner"));
	assert_int_equal(run(rs, "User-Agent: Other\r\n", &ev), HIT);
	assert_string_equal(ev.reason, "User-Agent is not on the allow list");
	assert_true(ev.no_ban);
	assert_int_equal(run(rs, "", &ev), HIT);
	assert_string_equal(ev.reason, "no User-Agent header");
	assert_true(ev.no_ban);
	assert_false(refused(rs, "User-Agent: Phone 1\r\nUser-Agent: Yealink\r\n"));
	assert_true(refused(rs, "User-Agent: Phone 1\r\nUser-Agent: Other\r\n"));
	ruleset_free(rs);

	rs = confdir_load_text(d, "agent = { deny = [ ]; };");
	assert_non_null(rs);
	assert_false(name_refused(rs, "friendly-scanner"));
	ruleset_free(rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scanners, setup, teardown),
		cmocka_unit_test_setup_teardown(test_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_choices, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
