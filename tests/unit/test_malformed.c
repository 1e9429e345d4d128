/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "checks.h"
#include "message.h"
#include "rules.h"
#include "state/flows.h"

/* The check on one payload, packet flags and protocol as given. */
static enum found run_on(const void *conf, const struct pkt *pkt, const struct sip_msg *sip,
			 struct evidence *ev)
{
	static const struct segment segment = { .kind = STREAM_SIP };
	struct probe p = { .pkt = pkt, .sip = sip,
			   .segment = pkt->proto == PROTO_TCP ? &segment : NULL };

	memset(ev, 0, sizeof(*ev));
	return check_malformed.run(&p, conf, ev);
}

static enum found run(const char *config, unsigned proto, struct slice payload)
{
	static struct sip_msg m;
	struct ruleset *rs = rules_load(config);
	struct guard g = parse(&m, payload);
	struct pkt pkt = { .version = 4, .proto = (uint8_t)proto, .payload = g.bytes };
	struct evidence ev;
	enum found found = run_on(rules_conf(rs, &check_malformed), &pkt, &m, &ev);

	assert_int_equal(found == HIT, ev.reason[0] != '\0');
	guard_free(&g);
	ruleset_free(rs);
	return found;
}

/* A message whose view holds just one defect. */
static struct sip_msg *with_defect(struct sip_msg *m, unsigned d)
{
	static const char text[] = LINE HEAD "\r\n";

	sip_parse(m, SLICE(text));
	assert_int_equal(m->defects, 0);
	m->defects = 1ull << d;
	m->defect_at[d] = sizeof(LINE) + 4;
	return m;
}

static enum found found_of(enum sip_treat t)
{
	return t == TREAT_ACCEPT ? CLEAR : HIT;
}

static void presets_are_the_columns(void **unused)
{
	static const char *const names[] = { "lenient", "standard", "strict" };
	static struct sip_msg m;
	struct pkt pkt = { .version = 4, .proto = PROTO_UDP, .payload = SLICE(LINE) };
	struct evidence ev;

	(void)unused;
	for (unsigned p = 0; p < 3; p++) {
		struct ruleset *rs;
		char text[64];

		snprintf(text, sizeof(text), "malformed = { preset = \"%s\"; };", names[p]);
		rs = rules_load(text);
		for (unsigned d = 0; d < DEFECT_READ_COUNT; d++) {
			enum sip_treat treat = sip_defect_treat(d, p);
			enum found found = run_on(rules_conf(rs, &check_malformed), &pkt,
						  with_defect(&m, d), &ev);

			assert_int_equal(found, found_of(treat));
			if (found == CLEAR)
				continue;
			assert_memory_equal(ev.reason, sip_defect_name(d),
					    strlen(sip_defect_name(d)));
			assert_memory_equal(ev.text, "Via: SIP/2.0/UDP", 16); /* its line only */
			assert_int_equal(ev.alert, treat == TREAT_ALERT);
			assert_int_equal(ev.defect, d);
			assert_false(ev.no_ban);
		}
		ruleset_free(rs);
	}
}

static void reasons_fit(void **unused)
{
	(void)unused;
	for (unsigned d = 0; d < DEFECT_COUNT; d++)
		assert_true(strlen(sip_defect_name(d)) + strlen(sip_defect_text(d)) + 3 <=
			    REASON_TEXT);
}

static bool only_drops(unsigned d)
{
	return d == DEFECT_NO_END || d == DEFECT_TOO_MANY_HEADERS || d == DEFECT_LONE_CR;
}

static void one_defect_at_a_time(void **unused)
{
	static const char *const words[] = { "accept", "alert", "drop" };
	static struct sip_msg m;
	struct pkt pkt = { .version = 4, .proto = PROTO_UDP, .payload = SLICE(LINE) };
	struct evidence ev;
	char text[128];

	(void)unused;
	for (unsigned d = 0; d < DEFECT_READ_COUNT; d++) {
		for (unsigned t = only_drops(d) ? TREAT_DROP : 0; t <= TREAT_DROP; t++) {
			unsigned other = (d + 1) % DEFECT_READ_COUNT;
			struct ruleset *rs;
			const void *conf;

			snprintf(text, sizeof(text), "malformed = { defects = { %s = \"%s\"; }; };",
				 sip_defect_name(d), words[t]);
			rs = rules_load(text);
			conf = rules_conf(rs, &check_malformed);
			assert_int_equal(run_on(conf, &pkt, with_defect(&m, d), &ev), found_of(t));
			assert_int_equal(ev.alert, t == TREAT_ALERT);
			/* what is not named is as the preset says */
			assert_int_equal(run_on(conf, &pkt, with_defect(&m, other), &ev),
					 found_of(sip_defect_treat(other, PRESET_STANDARD)));
			ruleset_free(rs);
		}
	}
}

static void the_worst_is_told(void **unused)
{
	static const char text[] = "malformed = { defects = { missing-via = \"alert\"; "
				   "header-count = \"drop\"; bad-expires = \"alert\"; "
				   "bad-call-id = \"drop\"; }; max_headers = 8; };";
	static const char many[] = LINE HEAD "A:\r\nA:\r\nA:\r\nA:\r\n\r\n";
	static struct sip_msg m;
	struct ruleset *rs = rules_load(text);
	const void *conf = rules_conf(rs, &check_malformed);
	struct pkt pkt = { .version = 4, .proto = PROTO_UDP, .payload = SLICE(LINE) };
	struct evidence ev;

	(void)unused;
	assert_int_equal(run_on(conf, &pkt, with_defect(&m, DEFECT_EXPIRES), &ev), HIT);
	assert_true(ev.alert);
	m.defects |= 1ull << DEFECT_CALL_ID;
	assert_int_equal(run_on(conf, &pkt, &m, &ev), HIT);
	assert_int_equal(ev.defect, DEFECT_CALL_ID);
	assert_false(ev.alert);
	sip_parse(&m, SLICE(many));
	m.defects |= 1ull << DEFECT_MISSING_VIA;
	assert_int_equal(run_on(conf, &pkt, &m, &ev), HIT);
	assert_int_equal(ev.defect, DEFECT_HEADER_COUNT);
	assert_false(ev.alert);
	ruleset_free(rs);
}

static void zones_lay_theirs_over(void **unused)
{
	static const char text[] =
		"malformed = { preset = \"lenient\"; defects = { bare-line-end = \"drop\"; "
		"bad-to = \"drop\"; }; };\n"
		"zones = ( { name = \"a\"; addresses = [ \"192.0.2.0/24\" ]; "
		"malformed = { defects = { bad-to = \"alert\"; bad-from = \"drop\"; }; }; } );";
	static const struct {
		uint8_t defect, top, zone;
	} want[] = {
		{ DEFECT_BARE_LINE_END, HIT, HIT }, { DEFECT_TO, HIT, HIT },
		{ DEFECT_FROM, CLEAR, HIT }, { DEFECT_EXPIRES, CLEAR, CLEAR },
	};
	static struct sip_msg m;
	struct ruleset *rs = rules_load(text);
	const void *top = rules_conf(rs, &check_malformed), *zone = NULL;
	struct pkt pkt = { .version = 4, .proto = PROTO_UDP, .payload = SLICE(LINE) };
	struct evidence ev;

	(void)unused;
	for (unsigned i = 0; i < check_count; i++)
		if (checks[i] == &check_malformed)
			zone = rs->zone[1].conf[i];
	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		with_defect(&m, want[i].defect);
		assert_int_equal(run_on(top, &pkt, &m, &ev), want[i].top);
		assert_false(ev.alert);
		assert_int_equal(run_on(zone, &pkt, &m, &ev), want[i].zone);
		assert_int_equal(ev.alert, want[i].defect == DEFECT_TO);
	}
	ruleset_free(rs);
}

static void wrong_keys_are_said(void **unused)
{
	static const struct {
		const char *line, *key, *said;
	} wrong[] = {
		{ "defects = { bad-vai = \"drop\"; };", "malformed.defects.bad-vai: ",
		  "did you mean \"bad-via\"?" },
		{ "defects = { bare_line_end = \"drop\"; };", "malformed.defects.bare_line",
		  "did you mean \"bare-line-end\"?" },
		{ "defects = { zzzzzzzzzzzzzz = \"drop\"; };", "unknown key", "unknown key" },
		{ "defects = { bad-via = \"ignore\"; };", "malformed.defects.bad-via: ",
		  "must be one of: \"accept\" \"alert\" \"drop\"" },
		{ "defects = { bad-via = \"reject\"; };", "malformed.defects.bad-via: ",
		  "must be one of: \"accept\" \"alert\" \"drop\"" },
		{ "defects = { bad-via = true; };", "defects.bad-via: ", "text in quotes" },
		{ "defects = [ \"bad-via\" ];", "malformed.defects: ", "must be a group" },
		{ "defects = { lone-cr = \"accept\"; };", "malformed.defects.lone-cr: ",
		  "can only be dropped" },
		{ "defects = { no-end-of-headers = \"alert\"; };", "no-end-of-headers: ",
		  "can only be dropped" },
		{ "defects = { too-many-headers = \"accept\"; };", "too-many-headers: ",
		  "can only be dropped" },
		{ "ignore = [ \"bad-via\" ];", "malformed.ignore: ", "defects = { NAME" },
		{ "not_sip = \"accept\";", "malformed.not_sip: ", "defects = { not-sip" },
		{ "fragment = \"accept\";", "malformed.fragment: ", "stray-fragment" },
		{ "frgment = \"accept\";", "malformed.frgment: ", "unknown key" },
	};

	(void)unused;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[256], *said;

		snprintf(text, sizeof(text), "malformed = {\n%s\n};\n", wrong[i].line);
		said = rules_error(text);
		if (!said || !strstr(said, "sipmoat.conf:2: ") || !strstr(said, wrong[i].key) ||
		    !strstr(said, wrong[i].said) || strstr(said, "\"fragment\"?"))
			fail_msg("%s: %s", wrong[i].line, said ? said : "loads");
		free(said);
	}
}

static void what_is_not_sip(void **unused)
{
	static const char accept[] = "malformed = { defects = { not-sip = \"accept\"; }; };";

	(void)unused;
	assert_int_equal(run("", PROTO_UDP, SLICE("hello")), HIT);
	assert_int_equal(run(accept, PROTO_UDP, SLICE("hello")), CLEAR);
	assert_int_equal(run(accept, PROTO_UDP, SLICE(LINE FROM)), HIT);
	assert_int_equal(run("", PROTO_UDP, SLICE("")), CLEAR);
	assert_int_equal(run("", PROTO_UDP, SLICE("\r\n\r\n")), CLEAR);
	assert_int_equal(run("", PROTO_UDP, SLICE(LINE HEAD "\r\n")), CLEAR);
	assert_int_equal(run("", PROTO_UDP, SLICE(RING HEAD "\r\n")), CLEAR);
}

static void damaged_packets(void **unused)
{
	static const unsigned flag[] = { PKT_NOT_IP, PKT_BAD_HEADER, PKT_BAD_LENGTH, PKT_TRUNCATED,
					 PKT_FRAGMENT };
	static struct sip_msg m;
	struct ruleset *rs =
		rules_load("malformed = { defects = { stray-fragment = \"accept\"; }; };");
	struct ruleset *plain = rules_load("");
	struct evidence ev;

	(void)unused;
	sip_parse(&m, SLICE_NONE);
	for (unsigned i = 0; i < sizeof(flag) / sizeof(flag[0]); i++) {
		struct pkt pkt = { .flags = (uint16_t)flag[i] };

		assert_int_equal(run_on(rules_conf(plain, &check_malformed), &pkt, &m, &ev), HIT);
		assert_true(ev.no_ban); /* anybody can forge damage */
		assert_int_equal(run_on(rules_conf(rs, &check_malformed), &pkt, &m, &ev),
				 flag[i] == PKT_FRAGMENT ? CLEAR : HIT);
	}
	assert_int_equal(run_on(rules_conf(plain, &check_malformed),
				&(struct pkt){ .flags = PKT_OTHER }, &m, &ev), CLEAR);
	ruleset_free(rs);
	ruleset_free(plain);
}

static void sizes(void **unused)
{
	static const char ten[] = "malformed = { max_headers = 10; };";
	static char big[16385];
	size_t n = sizeof(LINE HEAD "\r\n") - 1;

	(void)unused;
	memset(big, 'b', sizeof(big));
	memcpy(big, LINE HEAD "\r\n", n);
	assert_int_equal(run("", PROTO_UDP, (struct slice){ big, 16384 }), CLEAR);
	assert_int_equal(run("", PROTO_UDP, (struct slice){ big, 16385 }), HIT);
	assert_int_equal(run("malformed = { max_size = 512; };", PROTO_UDP,
			     (struct slice){ big, 513 }), HIT);
	assert_int_equal(run(ten, PROTO_UDP, SLICE(LINE HEAD "A:\r\nA:\r\nA:\r\nA:\r\n\r\n")),
			 CLEAR);
	assert_int_equal(run(ten, PROTO_UDP,
			     SLICE(LINE HEAD "A:\r\nA:\r\nA:\r\nA:\r\nA:\r\n\r\n")), HIT);
}

static void whole_messages_in_tcp(void **unused)
{
	static const struct segment websocket = { .kind = STREAM_WEBSOCKET };
	static struct sip_msg m;
	struct ruleset *rs = rules_load("");
	struct pkt pkt = { .version = 4, .proto = PROTO_TCP, .payload = SLICE("x") };
	struct probe p = { .pkt = &pkt, .sip = &m, .segment = &websocket };
	struct evidence ev = { 0 };

	(void)unused;
	assert_int_equal(run("", PROTO_TCP, SLICE("")), CLEAR);
	assert_int_equal(run("", PROTO_TCP, SLICE(LINE HEAD "l: 0\r\n\r\n")), CLEAR);
	assert_int_equal(run("", PROTO_TCP, SLICE(LINE HEAD "\r\n")), HIT);
	assert_int_equal(run("", PROTO_TCP, SLICE(LINE HEAD FROM "l: 0\r\n\r\n")), HIT);
	assert_int_equal(run("", PROTO_TCP, SLICE(LINE VIA TO ID CSEQ "l: 0\r\n\r\n")), HIT);
	assert_int_equal(run("", PROTO_TCP, SLICE(RING HEAD TO "l: 0\r\n\r\n")), HIT);
	assert_int_equal(run("", PROTO_TCP, SLICE("hello")), HIT);
	/* a frame has a length of its own */
	sip_parse(&m, SLICE(LINE HEAD "\r\n"));
	assert_int_equal(check_malformed.run(&p, rules_conf(rs, &check_malformed), &ev), CLEAR);
	/* no message, whatever the bytes look like */
	p.segment = NULL;
	sip_parse(&m, SLICE(RING "\r\n"));
	assert_int_equal(check_malformed.run(&p, rules_conf(rs, &check_malformed), &ev), CLEAR);
	ruleset_free(rs);
}

/* As the engine would: only requests get to this check. */
static enum found method_run(const void *conf, const struct pkt *pkt, const struct sip_msg *sip,
			     struct evidence *ev)
{
	struct probe p = { .pkt = pkt, .sip = sip };

	return sip->kind == SIP_REQUEST ? check_method.run(&p, conf, ev) : CLEAR;
}

static enum found method_on(const char *config, unsigned proto, struct slice text)
{
	static struct sip_msg m;
	struct ruleset *rs = rules_load(config);
	struct pkt pkt = { .version = 4, .proto = (uint8_t)proto, .payload = text };
	struct evidence ev;
	enum found found;

	sip_parse(&m, text);
	found = method_run(rules_conf(rs, &check_method), &pkt, &m, &ev);
	ruleset_free(rs);
	return found;
}

#define ASK(name) SLICE(name " sip:a@b SIP/2.0\r\n\r\n")

static void methods(void **unused)
{
	static const char some[] = "method = { allow = [ \"INVITE\", \"ACK\", \"X-Own\" ]; };";
	static const char deny[] = "method = { deny = [ \"MESSAGE\" ]; };";

	(void)unused;
	for (unsigned i = METHOD_UNKNOWN + 1; i < METHOD_COUNT; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s sip:a@b SIP/2.0\r\n\r\n", sip_method_name(i));
		assert_int_equal(method_on("", PROTO_UDP, slice_of(text)), CLEAR);
		assert_int_equal(method_on(some, PROTO_UDP, slice_of(text)),
				 i == METHOD_INVITE || i == METHOD_ACK ? CLEAR : HIT);
		assert_int_equal(method_on(deny, PROTO_UDP, slice_of(text)),
				 i == METHOD_MESSAGE ? HIT : CLEAR);
	}
	assert_int_equal(method_on("", PROTO_UDP, ASK("invite")), HIT); /* RFC 3261 7.1 */
	assert_int_equal(method_on("", PROTO_UDP, ASK("X-Own")), HIT);
	assert_int_equal(method_on(some, PROTO_UDP, ASK("X-Own")), CLEAR);
	assert_int_equal(method_on(some, PROTO_UDP, ASK("X-OWN")), HIT);
	assert_int_equal(method_on("", PROTO_UDP, ASK("PTIONS")), HIT);
	assert_int_equal(method_on("", PROTO_TCP, ASK("PTIONS")), HIT);
	assert_int_equal(method_on(some, PROTO_TCP, ASK("X-Own")), CLEAR);
	assert_int_equal(method_on(some, PROTO_TCP, ASK("PTIONS")), HIT);
	assert_int_equal(method_on("", PROTO_TCP, ASK("WEIRD")), HIT);
}

static void wrong_methods_are_said(void **unused)
{
	char *said = rules_error("method = {\n\n  deny = [ \"invite\" ]; };");

	(void)unused;
	assert_non_null(said);
	assert_non_null(strstr(said, "sipmoat.conf:3: "));
	assert_non_null(strstr(said, "write INVITE"));
	free(said);
	said = rules_error("method = { allow = [ \"IN VITE\" ]; };");
	assert_non_null(said);
	free(said);
}

static void test_own_method_is_told(void **arg)
{
	struct conf_report report = { 0 };
	struct ruleset *rs = rules_read("method = { allow = [ \"INVTE\" ]; };\n", &report);

	(void)arg;
	assert_non_null(rs);
	assert_int_equal(report.n, 1);
	assert_int_equal(report.note[0].severity, CONF_WARNING);
	assert_string_equal(report.note[0].key, "method.allow");
	ruleset_free(rs);
	conf_report_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presets_are_the_columns),
		cmocka_unit_test(reasons_fit),
		cmocka_unit_test(one_defect_at_a_time),
		cmocka_unit_test(the_worst_is_told),
		cmocka_unit_test(zones_lay_theirs_over),
		cmocka_unit_test(wrong_keys_are_said),
		cmocka_unit_test(what_is_not_sip),
		cmocka_unit_test(damaged_packets),
		cmocka_unit_test(sizes),
		cmocka_unit_test(whole_messages_in_tcp),
		cmocka_unit_test(methods),
		cmocka_unit_test(wrong_methods_are_said),
		cmocka_unit_test(test_own_method_is_told),
	};

	return cmocka_run_group_tests_name("malformed", tests, NULL, NULL);
}
