/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "check.h"
#include "emergency.h"
#include "feeds.h"
#include "groups.h"
#include "number/number.h"
#include "schedule.h"
#include "settings.h"
#include "telling.h"

/* Of many countries.  3 digits with a 1 in front are extensions in many offices, too: what
 * is here is only spared the checks that ask who calls. */
#define EMERGENCY "000,110,111,112,113,114,115,117,118,119,120,122,133,144,15,17,18,190,192," \
		  "193,911,995,997,998,999"

#define AT(member) offsetof(struct settings, member)

/* an empty word holds the place of a value that is no choice here */
static const char *const modes[] = { "", "observe", "enforce", NULL };
static const char *const troubles[] = { "accept", "drop", NULL };
static const char *const steerings[] = { "auto", "native", "xt", NULL };
static const char *const scopes[] = { "sip", "all", NULL };
static const char *const ban_calls[] = { "keep", "end", NULL };
static const char *const strangers[] = { "silent", "small", NULL };
static const char *const decoys[] = { "ok", "challenge", NULL };
static const char *const midstreams[] = { "learn", "reset", NULL };
static const char *const shareds[] = { "spare", "end", NULL };
static const char *const levels[] = { "error", "warning", "info", "debug", NULL };

static const struct conf_row top_rows[] = {
	{ "mode", CONF_WORD, AT(mode), 0, 0, "enforce", modes,
	  "observe: everything is judged and told, nothing is dropped or banned" },
	{ "inside", CONF_LIST, AT(inside), 0, 0, "", NULL,
	  "addresses of the protected servers, behind NAT their inner ones; empty: worked out" },
	{ "emergency", CONF_LIST, AT(emergency), 0, 0, EMERGENCY, NULL,
	  "numbers for help, as phones dial them: spared the checks that ask who calls" },
	{ .name = "schedules", .type = CONF_GROUPS, .offset = AT(schedules), .max = 64,
	  .fallback = "", .help = "time frames with names",
	  .rows = schedule_rows, .size = sizeof(struct schedule_entry) },
	{ .name = "groups", .type = CONF_GROUPS, .offset = AT(groups), .max = 32,
	  .fallback = "", .help = "groups of users",
	  .rows = group_rows, .size = sizeof(struct group_entry) },
	{ .name = "trunks", .type = CONF_GROUPS, .offset = AT(trunks), .max = 64,
	  .fallback = "", .help = "servers outside that calls go to and come from: carriers",
	  .rows = trunk_rows, .size = sizeof(struct trunk_entry) },
	{ .name = "feeds", .type = CONF_GROUPS, .offset = AT(feeds), .max = FEED_MAX,
	  .fallback = "", .help = "lists of addresses that others keep, in files",
	  .rows = feed_rows, .size = sizeof(struct feed_entry) },
	{ .name = "classes", .type = CONF_GROUPS, .offset = AT(classes), .max = 26,
	  .fallback = "", .help = "classes of numbers: more of those that ship, and your own",
	  .rows = class_rows, .size = sizeof(struct class_entry) },
	{ NULL },
};

static const struct conf_row dialplan_rows[] = {
	{ "country", CONF_TEXT, AT(country_code), 0, 0, "", NULL,
	  "country code of the house, \"49\"; without it only international numbers are read" },
	{ "international", CONF_LIST, AT(dial_international), 0, 0, "", NULL,
	  "what is dialled before a country code, besides +; empty: as is usual there" },
	{ "national", CONF_TEXT, AT(dial_national), 0, 0, "", NULL,
	  "what is dialled before an area code; \"none\": nothing; empty: as is usual there" },
	{ "area", CONF_TEXT, AT(dial_area), 0, 0, "", NULL,
	  "area code of the house, for numbers dialled without one" },
	{ "outside", CONF_LIST, AT(dial_outside), 0, 0, "", NULL,
	  "what is dialled to get an outside line" },
	{ "extensions", CONF_LIST, AT(dial_extensions), 0, 0, "", NULL,
	  "numbers of the house: \"=100\", \"^2\", \"/^[1-7][0-9]{2}$/\"" },
	{ NULL },
};

static const struct conf_row ports_rows[] = {
	{ "udp", CONF_LIST, AT(udp_ports), 0, 0, "5060", NULL, "ports with SIP over UDP" },
	{ "tcp", CONF_LIST, AT(tcp_ports), 0, 0, "5060,5061", NULL,
	  "ports with SIP over TCP, TLS or WebSocket" },
	{ NULL },
};

static const struct conf_row queue_rows[] = {
	{ "first", CONF_INT, AT(queue_first), 0, 65000, "5060", NULL,
	  "number of the first queue; two for every worker follow" },
	{ "length", CONF_INT, AT(queue_length), 64, 1048576, "8192", NULL,
	  "packets that may wait in a queue" },
	{ "workers", CONF_INT, AT(workers), 0, 64, "0", NULL,
	  "threads that judge packets; 0 = cores - 1, at least 1" },
	{ "when_full", CONF_WORD, AT(when_full[LANE_STRANGERS]), 0, 0, "drop", troubles,
	  "what happens to packets of strangers while their queue is full" },
	{ "when_gone", CONF_WORD, AT(when_gone[LANE_STRANGERS]), 0, 0, "accept", troubles,
	  "what happens to packets of strangers while sipmoatd does not run" },
	{ "known_full", CONF_WORD, AT(when_full[LANE_KNOWN]), 0, 0, "accept", troubles,
	  "what happens to packets of known sources while theirs is full" },
	{ "known_gone", CONF_WORD, AT(when_gone[LANE_KNOWN]), 0, 0, "accept", troubles,
	  "what happens to packets of known sources while sipmoatd does not run" },
	{ "steering", CONF_WORD, AT(steering), 0, 0, "auto", steerings,
	  "nft's own queue expression, the xt target, or the first that works" },
	{ NULL },
};

static const struct conf_row police_rows[] = {
	{ "rate", CONF_INT, AT(police_rate[LANE_STRANGERS]), 0, 1000000, "2000", NULL,
	  "packets a second that one source may send to the queue; 0 = no police" },
	{ "known", CONF_INT, AT(police_rate[LANE_KNOWN]), 0, 1000000, "20000", NULL,
	  "packets a second that a known source may send to the queue; 0 = no limit" },
	{ NULL },
};

static const struct conf_row bans_rows[] = {
	{ "scope", CONF_WORD, AT(ban_scope), 0, 0, "sip", scopes,
	  "what is cut for a banned source: the SIP ports, or everything" },
	{ "calls", CONF_WORD, AT(ban_calls), 0, 0, "keep", ban_calls,
	  "calls of whoever is banned for certain: they go on, or are ended for both sides" },
	{ "max", CONF_INT, AT(ban_max), 64, 1048576, "65536", NULL,
	  "elements in each set of banned sources" },
	{ "unproven", CONF_DURATION, AT(ban_unproven), 0, 86400, "5m", NULL,
	  "the longest ban for what somebody else may have sent in its name; 0s: none" },
	{ "factor", CONF_INT, AT(ban_factor), 1, 10, "2", NULL,
	  "how many times as long as the one before a further proven ban lasts" },
	{ "longest", CONF_DURATION, AT(ban_longest), 60, 52 * 604800, "1w", NULL,
	  "what bans grow to" },
	{ "memory", CONF_DURATION, AT(ban_memory), 60, 4 * 604800, "1w", NULL,
	  "the time without a ban after which one of those before is forgotten" },
	{ "jitter", CONF_INT, AT(ban_jitter), 0, 100, "10", NULL,
	  "percent by which a proven ban lasts longer, at random" },
	/* fewer are no pattern: two phones of one office may have one fault */
	{ "neighbours", CONF_INT, AT(ban_neighbours), 4, 128, "8", NULL,
	  "sites of an IPv4 /24 or IPv6 /48 that are banned until all of it is; 0: never",
	  .or_zero = true },
	{ "rate", CONF_INT, AT(ban_rate), 0, 1000000, "1000", NULL,
	  "new bans a second, of proven and of other ones; 0 = no limit" },
	{ "known", CONF_INT, AT(known_max), 64, 1048576, "65536", NULL,
	  "elements in each set of known sources" },
	{ "renew", CONF_BOOL, AT(ban_renew), 0, 0, "true", NULL,
	  "a ban of a source that has shown who it is begins anew while it keeps sending" },
	{ "never", CONF_LIST, AT(never), 0, 0, "", NULL,
	  "addresses and prefixes that are never banned, beside those that are inside or trusted" },
	{ NULL },
};

static const struct conf_row marks_rows[] = {
	{ "time", CONF_DURATION, AT(mark_time), 10, 4 * 604800, "1h", NULL,
	  "how long packets of a source that a check marks are marked, from its last hit" },
	{ "scope", CONF_WORD, AT(mark_scope), 0, 0, "all", scopes,
	  "which of its packets: those of the SIP ports, or all" },
	{ "max", CONF_INT, AT(mark_max), 64, 1048576, "16384", NULL,
	  "elements in each map of marked sources" },
	{ NULL },
};

/* It stands in quotes. */
static const char *realm_unfit(const char *text)
{
	const char *at = text;

	while (*at >= ' ' && *at < 127 && *at != '"' && *at != '\\')
		at++;
	return *at || at == text || at - text > 64 ?
		       "must be 1 to 64 printable ASCII characters but \" and \\" : NULL;
}

static const struct conf_row answers_rows[] = {
	{ "strangers", CONF_WORD, AT(answers_strangers), 0, 0, "silent", strangers,
	  "who has not shown that he receives answers: gets none, or one no larger than he sent" },
	{ "per_source", CONF_INT, AT(answers_source), 1, 1000, "20", NULL,
	  "answers a second to one site" },
	{ "total", CONF_INT, AT(answers_total), 1, 100000, "500", NULL,
	  "answers a second in all; as many to your own servers" },
	{ "strangers_total", CONF_INT, AT(answers_unproven), 1, 10000, "50", NULL,
	  "of them to strangers, if they get any" },
	{ "decoy", CONF_WORD, AT(answers_decoy), 0, 0, "ok", decoys,
	  "what OPTIONS and REGISTER hear where action is \"decoy\": that all is well, or 401" },
	{ "realm", CONF_TEXT, AT(answers_realm), 0, 0, "sip", NULL,
	  "the realm in such a 401", .unfit = realm_unfit },
	{ "delay", CONF_DURATION, AT(answers_delay), 1, 30, "20s", NULL,
	  "how long an answer waits where action is \"tarpit\"" },
	{ "delayed", CONF_INT, AT(answers_delayed), 1, 65536, "1024", NULL,
	  "answers that wait at once; those beyond are not given" },
	{ NULL },
};

static const struct conf_row tables_rows[] = {
#define X(name, records, least, help) \
	{ #name, CONF_INT, AT(name), least, TABLE_MOST, #records, NULL, help },
	TABLES(X)
#undef X
	{ "streams", CONF_INT, AT(stream_memory), 64, 16777216, "4096", NULL,
	  "KiB for bytes of TCP connections: parts of messages, and what is not acknowledged" },
	{ NULL },
};

static const struct conf_row memory_rows[] = {
	{ "learning", CONF_DURATION, AT(learning), 0, 86400, "10m", NULL,
	  "after the start: calls and registrations that are older than sipmoatd are accepted" },
	{ "early", CONF_DURATION, AT(dialog_early), 60, 3600, "5m", NULL,
	  "how long a call that rings is remembered after the last word of it" },
	{ "unacknowledged", CONF_DURATION, AT(dialog_unacknowledged), 32, 3600, "60s", NULL,
	  "... and one that was answered, and the answer not acknowledged" },
	{ "confirmed", CONF_DURATION, AT(dialog_confirmed), 600, 604800, "12h", NULL,
	  "... and one that was, unless it has a session timer" },
	{ "ended", CONF_DURATION, AT(dialog_ended), 32, 3600, "5m", NULL,
	  "... and one that is over" },
	{ "call", CONF_DURATION, AT(call_life), 600, 604800, "28810s", NULL,
	  "until a call of which nothing more is heard counts as over, unless it has a timer" },
	{ NULL },
};

static const struct conf_row tcp_rows[] = {
	{ "midstream", CONF_WORD, AT(midstream), 0, 0, "learn", midstreams,
	  "a connection that began before sipmoatd: pick it up at its next message, or end it" },
	{ "shared", CONF_WORD, AT(tcp_shared), 0, 0, "spare", shareds,
	  "what is refused of your servers or trusted peers: it passes, or ends its connection" },
	{ "first", CONF_DURATION, AT(tcp_first), 5, 3600, "60s", NULL,
	  "until a new connection has brought its first message, and a message its end" },
	{ "idle", CONF_DURATION, AT(tcp_idle), 60, 604800, "3h", NULL,
	  "without any packet until a connection is ended" },
	{ NULL },
};

static const struct conf_row store_rows[] = {
	{ "file", CONF_TEXT, AT(store_file), 0, 0, "sipmoat.db", NULL,
	  "the database of what outlasts a restart; without \"/\": in systemd's StateDirectory" },
	{ "interval", CONF_DURATION, AT(store_interval), 0, 86400, "5m", NULL,
	  "between two savings; 0s: only at the stop" },
	{ "max_age", CONF_DURATION, AT(store_max_age), 1, 86400, "1h", NULL,
	  "an older memory is not read" },
	{ "gap", CONF_DURATION, AT(store_gap), 0, 3600, "10s", NULL,
	  "after a longer one memory.learning begins again: calls may have begun meanwhile" },
	{ "history", CONF_DURATION, AT(store_history), 3600, 315360000, "90d", NULL,
	  "that records of calls and hourly counters are kept" },
	{ "calls", CONF_INT, AT(store_calls), 0, 10000000, "100000", NULL,
	  "records of calls at most; 0: none is made" },
	{ NULL },
};

static const struct conf_row geo_rows[] = {
	{ "country", CONF_TEXT, AT(country_file), 0, 0, "", NULL,
	  "MaxMind DB file with countries; empty: the usual places" },
	{ "asn", CONF_TEXT, AT(asn_file), 0, 0, "", NULL,
	  "MaxMind DB file with autonomous systems; empty: the usual places" },
	{ NULL },
};

static const struct conf_row approve_rows[] = {
	{ "token", CONF_DURATION, AT(approve_token), 60, 86400, "10m", NULL,
	  "how long a refused request waits for approval, where action is \"approve\"" },
	{ "grant", CONF_DURATION, AT(approve_grant), 60, 2419200, "1h", NULL,
	  "how long what was approved holds" },
	{ "waiting", CONF_INT, AT(approve_waiting), 1, 6, "3", NULL,
	  "tokens of one account that may wait at once" },
	{ "hook", CONF_TEXT, AT(approve_hook), 0, 0, "", NULL,
	  "a command that is told of each new token, and approves with exit status 0",
	  .unfit = telling_command_unfit },
	{ "hook_timeout", CONF_DURATION, AT(approve_timeout), 1, 300, "5s", NULL,
	  "until the command is killed" },
	{ NULL },
};

static const struct conf_row control_rows[] = {
	{ "socket", CONF_TEXT, AT(control_socket), 0, 0, "control", NULL,
	  "where sipmoat finds the daemon; without \"/\": in systemd's RuntimeDirectory" },
	{ NULL },
};

static const struct conf_row log_rows[] = {
	{ "level", CONF_WORD, AT(log_level), 0, 0, "info", levels, "how much is logged" },
	{ NULL },
};

const struct settings_group settings_groups[] = {
	{ "", top_rows },
	{ "dialplan", dialplan_rows },
	{ "ports", ports_rows },
	{ "queue", queue_rows },
	{ "police", police_rows },
	{ "bans", bans_rows },
	{ "marks", marks_rows },
	{ "answers", answers_rows },
	{ "tables", tables_rows },
	{ "memory", memory_rows },
	{ "tcp", tcp_rows },
	{ "store", store_rows },
	{ "geo", geo_rows },
	{ "approve", approve_rows },
	{ "control", control_rows },
	{ "events", events_rows },
	{ "alerts", alerts_rows },
	{ "hep", hep_rows },
	{ "log", log_rows },
	{ NULL, NULL },
};

#define PORTS_MAX (sizeof(((struct settings *)0)->port[0]) / sizeof(uint16_t))

static unsigned port_parse(const char *text)
{
	unsigned n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9' && n <= 65535; p++)
		n = n * 10 + (unsigned)(*p - '0');
	return *p || n > 65535 ? 0 : n;
}

static bool port_known(const uint16_t *port, unsigned n, unsigned p)
{
	for (unsigned i = 0; i < n; i++)
		if (port[i] == p)
			return true;
	return false;
}

static unsigned compile_ports(const struct conf_list *l, const char *key, uint16_t *port,
			      struct conf_report *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->n; i++) {
		const struct conf_item *item = &l->item[i];
		unsigned p = port_parse(item->text);

		if (!p) {
			conf_report_add(r, CONF_ERROR, item->file, item->line, key,
					"\"%s\" is no port: must be 1 to 65535", item->text);
		} else if (n == PORTS_MAX) {
			conf_report_add(r, CONF_ERROR, item->file, item->line, key,
					"too many ports: at most %zu", PORTS_MAX);
			break;
		} else if (!port_known(port, n, p)) {
			port[n++] = (uint16_t)p;
		}
	}
	return n;
}

/* Beside the config, not wherever the daemon happens to stand. */
static void compile_path(const char **path, struct reader *r, const char *file,
			 const char *group)
{
	char whole[4096];

	if (!(*path)[0] || (*path)[0] == '/' || !r->dir[0])
		return;
	snprintf(whole, sizeof(whole), "%s/%s", r->dir, *path);
	*path = arena_text(r->arena, whole, strlen(whole));
	if (*path)
		return;
	*path = "";
	conf_report_add(r->report, CONF_ERROR, file, 0, group, "out of memory");
}

/* Each is right by itself, and together they favour whom nobody knows. */
static void warn_lanes(const struct settings *s, struct reader *r)
{
	const uint32_t *rate = s->police_rate;

	if (rate[LANE_KNOWN] && rate[LANE_KNOWN] < rate[LANE_STRANGERS])
		conf_report_add(r->report, CONF_WARNING, "", 0, "police.known",
				"is less than police.rate: strangers may send more than the known");
	if (s->when_full[LANE_KNOWN] > s->when_full[LANE_STRANGERS] ||
	    s->when_gone[LANE_KNOWN] > s->when_gone[LANE_STRANGERS])
		conf_report_add(r->report, CONF_WARNING, "", 0, "queue",
				"packets of the known are dropped where those of strangers pass");
	if (s->answers_strangers != STRANGERS_SILENT && s->answers_unproven >= s->answers_total)
		conf_report_add(r->report, CONF_WARNING, "", 0, "answers.strangers_total",
				"is not below answers.total: strangers can use up all answers");
}

void settings_compile(struct settings *s, struct reader *r, const char *file)
{
	s->ports[0] = compile_ports(&s->udp_ports, "ports.udp", s->port[0], r->report);
	s->ports[1] = compile_ports(&s->tcp_ports, "ports.tcp", s->port[1], r->report);
	emergency_compile(s, r->report);
	if (!s->udp_ports.n && !s->tcp_ports.n)
		conf_report_add(r->report, CONF_ERROR, file, 0, "ports",
				"udp and tcp are both empty: nothing would be guarded");
	compile_path(&s->country_file, r, file, "geo");
	compile_path(&s->asn_file, r, file, "geo");
	/* a mere name is in the directory of the daemon's state, which it knows itself */
	if (strchr(s->store_file, '/'))
		compile_path(&s->store_file, r, file, "store");
	if (strchr(s->control_socket, '/'))
		compile_path(&s->control_socket, r, file, "control");
	if (strchr(s->events_file, '/'))
		compile_path(&s->events_file, r, file, "events");
	telling_check(s, r->report);
	warn_lanes(s, r);
}
