/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of STAGE_TRANSPORT, asked about segments made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "checks.h"
#include "rules.h"
#include "state/flows.h"
#include "state/key.h"

static struct state *state;
static struct ruleset *rules;
static struct evidence ev;
static struct pkt pkt;

static enum found ask(const struct check *check, const struct segment *seg)
{
	struct probe p = { .pkt = &pkt, .segment = seg, .rules = rules, .zone = &rules->zone[0],
			   .state = state, .now = 1000 * NS };

	p.site = addr_site(&pkt.src);
	p.site_key = key_of_addr(state, &p.site);
	memset(&ev, 0, sizeof(ev));
	ev.defect = DEFECT_COUNT;
	return check->run(&p, rules_conf(rules, check), &ev);
}

static void setup(const char *config)
{
	static const uint8_t seed[16];

	rules = rules_load(config);
	state = state_new(ruleset_settings(rules), seed);
	assert_non_null(state);
	pkt = (struct pkt){ .proto = PROTO_TCP, .version = 4 };
	assert_int_equal(addr_parse(SLICE("203.0.113.9"), &pkt.src), 0);
}

static void done(void)
{
	state_free(state);
	ruleset_free(rules);
}

static void notes(void **unused)
{
	static const struct {
		uint16_t note;
		bool hit, gentle, no_ban, quiet;
	} rows[] = {
		{ 0, false, false, false, false },
		{ FLOW_OPENING, false, false, false, false },
		{ FLOW_OPENED, false, false, false, false },
		{ FLOW_TLS_HELLO, false, false, false, false },
		{ FLOW_TLS_FAILED, false, false, false, false },
		{ FLOW_NOT_SIP, false, false, false, false },
		{ FLOW_CHECKSUM, true, true, true, true },
		{ FLOW_OUTSIDE, true, true, true, true },
		{ FLOW_EARLY, true, true, true, true },
		{ FLOW_EARLY | FLOW_OPENING, true, true, true, true },
		{ FLOW_URGENT, true, true, true, false },
		{ FLOW_ENDED, true, false, true, true },
		{ FLOW_UNKNOWN, true, false, true, false },
		{ FLOW_DIFFERS, true, false, false, false },
		{ FLOW_TOO_LONG, true, false, false, false },
	};

	(void)unused;
	setup("");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct segment seg = { .notes = rows[i].note, .kind = STREAM_SIP };

		if (ask(&check_stream, &seg) != (rows[i].hit ? HIT : CLEAR))
			fail_msg("notes %#x: %s", rows[i].note, ev.reason);
		assert_int_equal(ev.gentle, rows[i].gentle);
		assert_int_equal(ev.no_ban, rows[i].no_ban);
		assert_int_equal(ev.quiet, rows[i].quiet);
		assert_int_equal(ev.reason[0] != 0, rows[i].hit);
	}
	assert_int_equal(ask(&check_stream, NULL), CLEAR); /* a datagram */
	done();
}

static void flaws(void **unused)
{
	(void)unused;
	setup("");
	for (unsigned f = FLAW_NONE + 1; f < FLAW_COUNT; f++) {
		struct segment seg = { .flaw = (uint8_t)f, .kind = STREAM_SIP };
		struct slice text = slice_of(stream_flaw_text(f));

		assert_int_equal(ask(&check_stream, &seg), HIT);
		assert_int_equal(ev.defect, stream_flaw_defect(f));
		assert_true(ev.defect < DEFECT_COUNT);
		assert_memory_equal(ev.reason, text.p, text.n + 1); /* it was not cut */
		/* what never was SIP has a name of its own there */
		seg.kind = STREAM_OTHER;
		assert_int_equal(ask(&check_stream, &seg), HIT); /* the server's side was not */
		seg.notes = FLOW_NOT_SIP;
		assert_int_equal(ask(&check_stream, &seg),
				 f == FLAW_START || f == FLAW_HTTP ? CLEAR : HIT);
	}
	done();
}

static void budgets(void **unused)
{
	struct segment syn = { .notes = FLOW_OPENING }, first = { .first_message = true };
	struct segment hello = { .notes = FLOW_TLS_HELLO };

	(void)unused;
	setup("stream = { connections = 3; handshakes = 4; };");
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ask(&check_stream, &syn), CLEAR);
	assert_int_equal(ask(&check_stream, &syn), HIT);
	assert_true(ev.gentle && ev.no_ban && !ev.quiet);
	assert_int_equal(ask(&check_stream, &first), CLEAR); /* pays for one */
	assert_int_equal(ask(&check_stream, &syn), CLEAR);
	assert_int_equal(ask(&check_stream, &syn), HIT);
	for (unsigned i = 0; i < 4; i++) { /* so does a hello, and is counted itself */
		assert_int_equal(ask(&check_stream, &hello), CLEAR);
		assert_int_equal(ask(&check_stream, &syn), CLEAR);
	}
	assert_int_equal(ask(&check_stream, &hello), HIT);
	assert_false(ev.gentle || ev.no_ban);
	/* the neighbours have four such budgets together */
	for (unsigned i = 0; i < 9; i++) {
		pkt.src.b[15]++;
		assert_int_equal(ask(&check_stream, &syn), CLEAR);
	}
	pkt.src.b[15]++;
	assert_int_equal(ask(&check_stream, &syn), CLEAR);
	pkt.src.b[15]++;
	assert_int_equal(ask(&check_stream, &syn), HIT);
	assert_non_null(strstr(ev.reason, "203.0.113.0/24"));
	done();
}

static void transports(void **unused)
{
	static const struct {
		const char *allow;
		uint8_t udp, kinds[STREAM_OTHER + 1]; /* found, for each kind of connection */
	} rows[] = {
		{ "", CLEAR, { CLEAR, CLEAR, CLEAR, CLEAR, CLEAR, CLEAR } },
		{ "transports = { allow = [ \"udp\" ]; };", CLEAR,
		  { HIT, HIT, HIT, HIT, HIT, HIT } },
		{ "transports = { allow = [ \"tcp\" ]; };", HIT,
		  { CLEAR, CLEAR, HIT, HIT, HIT, CLEAR } },
		{ "transports = { allow = [ \"tls\" ]; };", HIT,
		  { CLEAR, HIT, CLEAR, HIT, HIT, CLEAR } },
		{ "transports = { allow = [ \"ws\", \"udp\" ]; };", CLEAR,
		  { CLEAR, HIT, HIT, CLEAR, CLEAR, CLEAR } },
	};
	char *error;

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(rows[i].allow);
		for (unsigned kind = STREAM_NEW; kind <= STREAM_OTHER; kind++) {
			struct segment seg = { .kind = (uint8_t)kind };

			if (ask(&check_transports, &seg) != rows[i].kinds[kind])
				fail_msg("row %zu, kind %u: %s", i, kind, ev.reason);
		}
		pkt.proto = PROTO_UDP;
		assert_int_equal(ask(&check_transports, NULL), rows[i].udp);
		pkt.proto = PROTO_NONE;
		assert_int_equal(ask(&check_transports, NULL), CLEAR);
		done();
	}
	error = rules_error("transports = { allow = [ \"sctp\" ]; };");
	assert_non_null(strstr(error, "there is no transport \"sctp\""));
	free(error);
	error = rules_error("transports = { allow = [ ]; };");
	assert_non_null(strstr(error, "an empty list allows nothing"));
	free(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes),
		cmocka_unit_test(flaws),
		cmocka_unit_test(budgets),
		cmocka_unit_test(transports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
