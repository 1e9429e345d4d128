/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A daemon that cannot keep up: requests arrive at the times that stand in the input (ns, one
 * a line), are judged one after the other by the engine, and take PASSED ns when they pass
 * and REFUSED ns when they do not; what has to wait, waits.  The engine is told how long, as
 * workers tell it.
 *
 *   overload CONFIG PASSED REFUSED
 *
 * Prints of each request how long it waited (ns), and 1 when it passed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"

static void write_request(char *out, size_t room, unsigned i)
{
	snprintf(out, room,
		 "OPTIONS sip:100@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9:5060;"
		 "branch=z9hG4bK%u\r\nMax-Forwards: 70\r\nFrom: <sip:200@pbx.example>;tag=f%u\r\n"
		 "To: <sip:100@pbx.example>\r\nCall-ID: c%u\r\nCSeq: 1 OPTIONS\r\n"
		 "Content-Length: 0\r\n\r\n", i, i, i);
}

struct bench {
	struct ruleset *rules;
	struct state *state;
	struct scratch *scratch;
	uint64_t passed, refused;
};

static void judge_all(const struct bench *b)
{
	static const uint8_t phone[4] = { 203, 0, 113, 9 }, server[4] = { 192, 0, 2, 10 };
	uint64_t arrives, now = 0;
	char text[1024];

	for (unsigned i = 0; scanf("%" SCNu64, &arrives) == 1; i++) {
		struct pkt pkt = { .src = addr_v4(phone), .dst = addr_v4(server), .sport = 5060,
				   .dport = 5060, .version = 4, .proto = PROTO_UDP };
		struct decision d;

		now = now > arrives ? now : arrives;
		write_request(text, sizeof(text), i);
		pkt.payload = slice_of(text);
		state_set_delay(b->state, now, now - arrives);
		engine_run(b->rules, b->state, b->scratch, &pkt, now, &d);
		printf("%" PRIu64 " %d\n", now - arrives, d.verdict == VERDICT_ACCEPT);
		now += d.verdict == VERDICT_ACCEPT ? b->passed : b->refused;
	}
}

int main(int argc, char **argv)
{
	static const uint8_t seed[16] = { 5 }, server[4] = { 192, 0, 2, 10 };
	struct prefix inside = { addr_v4(server), 128 };
	struct conf_report report = { 0 };
	struct bench b;

	if (argc != 4)
		return 2;
	b.passed = strtoull(argv[2], NULL, 10);
	b.refused = strtoull(argv[3], NULL, 10);
	b.rules = ruleset_load(argv[1], &report);
	for (unsigned i = 0; i < report.n; i++)
		fprintf(stderr, "%s\n", report.note[i].text);
	conf_report_free(&report);
	if (!b.rules || ruleset_set_inside(b.rules, &inside, 1))
		return 1;
	b.state = state_new(ruleset_settings(b.rules), seed);
	b.scratch = scratch_new();
	if (!b.state || !b.scratch)
		return 1;
	judge_all(&b);
	scratch_free(b.scratch);
	state_free(b.state);
	ruleset_free(b.rules);
	return 0;
}
