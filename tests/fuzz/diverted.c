/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: a message.  How it was diverted, whom it takes over, and where it would go. */
#include "diverted.h"
#include "emergency.h"
#include "fuzzrules.h"
#include "number/number.h"
#include "sip/replaces.h"

#define TAKEN_MAX 4096 /* more no message can name */

static struct ruleset *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	rules = fuzz_rules("dialplan = { country = \"49\"; outside = [ \"0\" ]; };\n", 64);
	return 0;
}

static void taken(const struct replaced *r, struct slice all, unsigned *n)
{
	must(r->header.n && r->call_id.n && ++*n < TAKEN_MAX);
	must(inside(r->call_id, all) && inside(r->to_tag, all) && inside(r->from_tag, all));
}

static void look_uri(struct slice uri)
{
	struct sip_uri parts;
	struct replaces_walk w;
	struct replaced r;
	unsigned n = 0;

	(void)sip_uri_read(uri, &parts);
	w.rest = parts.headers;
	while (replaces_next_in(&w, &r))
		taken(&r, (struct slice){ w.room, sizeof(w.room) }, &n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice piece = piece_new(slice_data(data, size)), item, line = SLICE_NONE;
	struct replaces_walk w = { .at = 0 };
	struct sip_nameaddr to;
	struct diverted d;
	struct replaced r;
	struct sip_msg msg;
	unsigned n = 0, at = 0;
	struct number number;

	sip_parse(&msg, piece);
	diverted_read(rules, &msg, &d);
	must(inside(d.twice, piece) && (!d.twice.n || d.hops >= 2));
	while (replaces_next(&msg, &w, &r))
		taken(&r, piece, &n);
	while (sip_next(&msg, HDR_REFER_TO, &at, &line))
		while (sip_list_next(&line, &item))
			if (sip_nameaddr_read(item, &to))
				look_uri(to.uri);
	look_uri(piece);
	number_of_uri(rules, msg.uri, &number);
	must(!emergency_call(rules, &msg) || number.kind == NUMBER_EMERGENCY);
	piece_free(piece);
	return 0;
}
