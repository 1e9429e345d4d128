/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>

#include "check.h"
#include "json.h"

struct ban_row {
	struct prefix who;
	uint8_t check;
	uint32_t seconds; /* the longest it was given */
	struct ban_row *next;
};

struct report {
	bool json;
	bool started;
	uint64_t start; /* time of the first packet */
	uint64_t packets, messages, cut, resets, waited, calls_cut;
	uint64_t verdict[VERDICT_DECOY + 1];
	uint64_t hits[CHECK_MAX], drops[CHECK_MAX], defects[DEFECT_COUNT];
	void *tree; /* tsearch over the rows below */
	struct ban_row *first, **last; /* in order of the first ban */
};

struct report *report_new(bool json)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r)
		*r = (struct report){ .json = json, .last = &r->first };
	return r;
}

void report_free(struct report *r)
{
	if (r)
		tdestroy(r->tree, free);
	free(r);
}

static int compare_ban(const void *a, const void *b)
{
	const struct ban_row *x = a, *y = b;
	int c = memcmp(&x->who, &y->who, sizeof(x->who));

	return c ? c : x->check - y->check;
}

static bool note_ban(struct report *r, const struct decision *d)
{
	struct ban_row key = { .who = d->banned, .check = d->check, .seconds = d->ban }, *row;
	struct ban_row **at = tfind(&key, &r->tree, compare_ban);

	if (at) {
		if ((*at)->seconds < d->ban)
			(*at)->seconds = d->ban;
		return true;
	}
	row = malloc(sizeof(*row));
	if (!row)
		return false;
	*row = key;
	if (!tsearch(row, &r->tree, compare_ban)) {
		free(row);
		return false;
	}
	*r->last = row;
	r->last = &row->next;
	return true;
}

static bool is_message(const struct report_message *m)
{
	return m->kind == SIP_REQUEST || m->kind == SIP_RESPONSE;
}

static void json_port(struct json *j, const char *key, const struct pkt *pkt, uint16_t port)
{
	if (pkt->version && pkt->proto != PROTO_NONE && !(pkt->flags & PKT_OTHER))
		json_uint(j, key, port);
	else
		json_null(j, key);
}

/* An IP header that ends before its addresses leaves them zero. */
static bool has_addresses(const struct pkt *pkt)
{
	const struct addr none = { { 0 } };

	return pkt->version && (!addr_eq(&pkt->src, &none) || !addr_eq(&pkt->dst, &none));
}

static void proto_text(const struct feed_item *item, char out[8])
{
	if (item->pkt.proto == PROTO_UDP || item->proto == PROTO_UDP)
		snprintf(out, 8, "udp");
	else if (item->pkt.proto == PROTO_TCP || item->proto == PROTO_TCP)
		snprintf(out, 8, "tcp");
	else if (item->proto >= 0)
		snprintf(out, 8, "%d", item->proto & 255);
	else
		snprintf(out, 8, "other");
}

static void json_ban(struct json *j, const struct decision *d)
{
	if (!d->ban) {
		json_null(j, "ban");
		return;
	}
	json_uint(j, "ban", d->ban);
	json_prefix(j, "banned", &d->banned);
	json_bool(j, "proven", d->ban_proven);
	if (d->ban_times)
		json_uint(j, "times", d->ban_times);
}

static void json_packet(const struct feed_item *item, const struct report_message *m,
			const struct decision *d)
{
	struct json j = { stdout, false };
	const struct pkt *pkt = &item->pkt;
	bool ip = has_addresses(pkt);
	char proto[8];

	json_open(&j, NULL, '{');
	json_uint(&j, "n", item->n);
	json_seconds(&j, "t", item->when);
	json_address(&j, "src", &pkt->src, ip);
	json_port(&j, "sport", pkt, pkt->sport);
	json_address(&j, "dst", &pkt->dst, ip);
	json_port(&j, "dport", pkt, pkt->dport);
	proto_text(item, proto);
	json_text(&j, "proto", slice_of(proto));
	if (m->kind == SIP_REQUEST)
		json_text(&j, "method", m->method);
	else if (m->kind == SIP_RESPONSE)
		json_uint(&j, "status", m->status);
	if (m->count != is_message(m))
		json_uint(&j, "messages", m->count);
	json_text(&j, "verdict", slice_of(verdict_name(d->verdict)));
	if (d->check != CHECK_NONE)
		json_text(&j, "check", slice_of(check_name(d->check)));
	else
		json_null(&j, "check");
	if (d->notify || d->check != CHECK_NONE)
		json_text(&j, "reason", slice_of(d->reason));
	else
		json_null(&j, "reason");
	json_ban(&j, d);
	if (d->mark && d->verdict == VERDICT_ACCEPT)
		json_uint(&j, "mark", d->mark);
	if (d->mark_time)
		json_uint(&j, "marked", d->mark_time);
	if (d->reset)
		json_bool(&j, "reset", true);
	if (d->code)
		json_uint(&j, "code", d->code);
	if (d->answer_after)
		json_uint(&j, "after", d->answer_after);
	if (m->answer.n)
		json_text(&j, "answer", m->answer);
	if (d->kept != KEPT_NONE)
		json_text(&j, "kept", slice_of(d->kept == KEPT_STRANGER ? "stranger" : "capped"));
	if (d->token[0])
		json_text(&j, "token", slice_of(d->token));
	if (d->approved)
		json_bool(&j, "approved", true);
	json_close(&j, '}');
	json_end_line(&j);
}

static void print_escaped(struct slice s)
{
	for (uint32_t i = 0; i < s.n && i < 32; i++)
		putchar(s.p[i] > 0x20 && s.p[i] < 0x7f ? s.p[i] : '?');
}

static void print_end(const struct addr *a, uint16_t port)
{
	char text[ADDR_TEXT];
	bool v4 = addr_is_v4(a);

	addr_print(a, text);
	printf("%s%s%s:%u", v4 ? "" : "[", text, v4 ? "" : "]", port);
}

static void print_packet_end(const struct addr *a, const struct pkt *pkt, uint16_t port)
{
	char text[ADDR_TEXT];

	if (!(pkt->flags & (PKT_OTHER | PKT_NOT_IP))) {
		print_end(a, port);
		return;
	}
	addr_print(a, text);
	fputs(text, stdout);
}

/* Seconds since the first packet. */
static void print_time(const struct report *r, uint64_t when)
{
	uint64_t t = when > r->start ? when - r->start : 0;

	printf("%5" PRIu64 ".%06" PRIu64 "  ", (uint64_t)(t / NS), t / 1000 % 1000000);
}

static void text_ban(const struct decision *d)
{
	char whom[PREFIX_TEXT], worth[BAN_WORTH];

	prefix_print(&d->banned, whom);
	decision_ban_worth(d, worth);
	printf("; %s is banned for %" PRIu32 " s (%s)", whom, d->ban, worth);
}

static void text_packet(const struct report *r, const struct feed_item *item,
			const struct report_message *m, const struct decision *d)
{
	printf("%7" PRIu64 " ", item->n);
	print_time(r, item->when);
	print_packet_end(&item->pkt.src, &item->pkt, item->pkt.sport);
	fputs(" > ", stdout);
	print_packet_end(&item->pkt.dst, &item->pkt, item->pkt.dport);
	fputs("  ", stdout);
	if (m->kind == SIP_REQUEST)
		print_escaped(m->method);
	else if (m->kind == SIP_RESPONSE)
		printf("%u", m->status);
	else
		putchar('-');
	if (m->count > 1)
		printf(" (the last of %" PRIu32 ")", m->count);
	printf("  %s%s", verdict_name(d->verdict), d->observed ? " (observed)" : "");
	if (d->check != CHECK_NONE)
		printf("  %s", check_name(d->check));
	if (d->code)
		printf(" (%u)", d->code);
	printf(": %s", d->reason);
	if (d->evidence[0])
		printf(" [%s]", d->evidence);
	if (d->ban)
		text_ban(d);
	if (d->answer_after)
		printf("; answered after %g s", d->answer_after / 1000.0);
	if (d->mark)
		printf("; mark 0x%" PRIx32 ", of its source %" PRIu32 " s", d->mark, d->mark_time);
	if (d->reset)
		fputs("; connection ended", stdout);
	if (d->token[0])
		printf("; approve with %s", d->token);
	putchar('\n');
}

bool report_packet(struct report *r, const struct feed_item *item,
		   const struct report_message *m, const struct decision *d)
{
	if (!r->started)
		r->start = item->when;
	r->started = true;
	r->packets++;
	r->messages += m->count;
	r->resets += d->reset;
	r->cut += item->kind == FEED_CUT;
	r->verdict[d->verdict]++;
	if (d->check < CHECK_MAX) {
		r->hits[d->check]++;
		r->drops[d->check] += d->verdict != VERDICT_ACCEPT;
	}
	if (d->defect < DEFECT_COUNT)
		r->defects[d->defect]++;
	if (r->json)
		json_packet(item, m, d);
	else if (d->notify)
		text_packet(r, item, m, d);
	return !d->ban || note_ban(r, d);
}

void report_waited(struct report *r, uint64_t when, const struct reset *ends)
{
	struct json j = { stdout, false };

	r->waited++;
	if (!r->json) {
		printf("%7s ", "-");
		print_time(r, when);
		print_end(&ends->outside, ends->outside_port);
		fputs(" > ", stdout);
		print_end(&ends->inside, ends->inside_port);
		puts("  connection ended: it waited too long");
		return;
	}
	json_open(&j, NULL, '{');
	json_open(&j, "waited", '{');
	json_seconds(&j, "t", when);
	json_address(&j, "src", &ends->outside, true);
	json_uint(&j, "sport", ends->outside_port);
	json_address(&j, "dst", &ends->inside, true);
	json_uint(&j, "dport", ends->inside_port);
	json_close(&j, '}');
	json_close(&j, '}');
	json_end_line(&j);
}

static void text_call(const struct report *r, uint64_t when, const struct call_notice *c)
{
	bool cut = c->d.verdict == VERDICT_DROP;

	printf("%7s ", "-");
	print_time(r, when);
	print_end(&c->src, c->sport);
	fputs(" > ", stdout);
	print_end(&c->dst, c->dport);
	printf("  call %s  %s: %s [%s]\n",
	       cut ? "cut" : c->d.observed ? "would be cut" : "goes on",
	       check_name(c->d.check), c->d.reason, c->d.evidence);
}

/* What is only said again is not told. */
void report_call(struct report *r, uint64_t when, const struct call_notice *c)
{
	struct json j = { stdout, false };

	if (!c->d.notify)
		return;
	r->calls_cut += c->d.verdict == VERDICT_DROP;
	if (!r->json) {
		text_call(r, when, c);
		return;
	}
	json_open(&j, NULL, '{');
	json_open(&j, "call", '{');
	json_seconds(&j, "t", when);
	json_address(&j, "src", &c->src, true);
	json_uint(&j, "sport", c->sport);
	json_address(&j, "dst", &c->dst, true);
	json_uint(&j, "dport", c->dport);
	json_text(&j, "user", slice_of(c->user));
	json_text(&j, "number", slice_of(c->number));
	json_text(&j, "check", slice_of(check_name(c->d.check)));
	json_text(&j, "reason", slice_of(c->d.reason));
	json_bool(&j, "cut", c->d.verdict == VERDICT_DROP);
	json_bool(&j, "observed", c->d.observed);
	json_close(&j, '}');
	json_close(&j, '}');
	json_end_line(&j);
}

void report_sight(struct report *r, uint64_t when, const struct addr *server, bool hears)
{
	struct json j = { stdout, false };
	char text[ADDR_TEXT];

	if (!r->json) {
		addr_print(server, text);
		printf("%7s ", "-");
		print_time(r, when);
		printf("%s %s\n", text, hears ? "is heard again: all checks judge again"
					      : "is asked and not heard: checks that need "
						"answers keep still");
		return;
	}
	json_open(&j, NULL, '{');
	json_open(&j, "sight", '{');
	json_seconds(&j, "t", when);
	json_address(&j, "server", server, true);
	json_bool(&j, "heard", hears);
	json_close(&j, '}');
	json_close(&j, '}');
	json_end_line(&j);
}

static void json_tables(struct json *j, const struct table_fill table[TABLE_COUNT])
{
	json_open(j, "tables", '{');
	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		json_open(j, table[i].name, '{');
		json_uint(j, "records", table[i].records);
		json_uint(j, "bytes", table[i].bytes);
		json_uint(j, "live", table[i].live);
		json_uint(j, "evicted", table[i].evicted);
		json_uint(j, "refused", table[i].refused);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void json_summary(const struct report *r, const struct table_fill table[TABLE_COUNT])
{
	struct json j = { stdout, false };

	json_open(&j, NULL, '{');
	json_open(&j, "summary", '{');
	json_uint(&j, "packets", r->packets);
	json_uint(&j, "messages", r->messages);
	json_uint(&j, "accepted", r->verdict[VERDICT_ACCEPT]);
	json_uint(&j, "dropped", r->verdict[VERDICT_DROP]);
	json_uint(&j, "rejected", r->verdict[VERDICT_REJECT]);
	json_uint(&j, "deceived", r->verdict[VERDICT_DECOY]);
	json_uint(&j, "resets", r->resets);
	json_uint(&j, "waited", r->waited);
	json_uint(&j, "calls_cut", r->calls_cut);
	json_open(&j, "bans", '[');
	for (const struct ban_row *b = r->first; b; b = b->next) {
		json_open(&j, NULL, '{');
		json_prefix(&j, "addr", &b->who);
		json_text(&j, "check", slice_of(check_name(b->check)));
		json_uint(&j, "seconds", b->seconds);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_open(&j, "defects", '{');
	for (unsigned d = 0; d < DEFECT_COUNT; d++)
		if (r->defects[d])
			json_uint(&j, sip_defect_name(d), r->defects[d]);
	json_close(&j, '}');
	json_tables(&j, table);
	json_close(&j, '}');
	json_close(&j, '}');
	json_end_line(&j);
}

static void text_defects(const struct report *r)
{
	bool head = false;

	for (unsigned d = 0; d < DEFECT_COUNT; d++) {
		if (!r->defects[d])
			continue;
		if (!head)
			printf("\n%-27s %10s\n", "defect", "found");
		head = true;
		printf("%-27s %10" PRIu64 "\n", sip_defect_name(d), r->defects[d]);
	}
}

/* What is in the tables at the end; the empty ones say nothing. */
static void text_tables(const struct table_fill table[TABLE_COUNT])
{
	bool head = false;

	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		const struct table_fill *t = &table[i];

		if (!t->live && !t->evicted && !t->refused)
			continue;
		if (!head)
			printf("\n%-16s %10s %10s %10s %10s\n", "table", "live", "of", "evicted",
			       "refused");
		head = true;
		printf("%-16s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n", t->name,
		       t->live, t->records, t->evicted, t->refused);
	}
}

static void text_summary(const struct report *r, const struct table_fill table[TABLE_COUNT])
{
	char text[PREFIX_TEXT];
	bool head = false;

	printf("%" PRIu64 " packets, %" PRIu64 " SIP messages: %" PRIu64 " accepted, %" PRIu64
	       " dropped, %" PRIu64 " rejected, %" PRIu64 " deceived\n", r->packets, r->messages,
	       r->verdict[VERDICT_ACCEPT], r->verdict[VERDICT_DROP], r->verdict[VERDICT_REJECT],
	       r->verdict[VERDICT_DECOY]);
	if (r->resets || r->waited)
		printf("%" PRIu64 " TCP connections ended with a refused packet, %" PRIu64
		       " for waiting too long\n", r->resets, r->waited);
	for (unsigned i = 0; i < CHECK_MAX; i++) {
		if (!r->hits[i])
			continue;
		if (!head)
			printf("\n%-16s %10s %10s\n", "check", "hits", "stopped");
		head = true;
		printf("%-16s %10" PRIu64 " %10" PRIu64 "\n", check_name(i), r->hits[i],
		       r->drops[i]);
	}
	text_defects(r);
	if (r->first)
		printf("\n%-43s %-16s %10s\n", "banned", "by", "seconds");
	for (const struct ban_row *b = r->first; b; b = b->next) {
		prefix_print(&b->who, text);
		printf("%-43s %-16s %10" PRIu32 "\n", text, check_name(b->check), b->seconds);
	}
	text_tables(table);
}

void report_end(struct report *r, const struct table_fill table[TABLE_COUNT])
{
	if (r->json)
		json_summary(r, table);
	else
		text_summary(r, table);
	if (r->cut)
		fprintf(r->json ? stderr : stdout, "%" PRIu64 " packets were cut short by the "
			"capture and not judged; capture with a larger snap length\n", r->cut);
}
