/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

#include <string.h>

#include "stats.h"

#define LABELS 3
#define DEFECTS_HELP "defects that malformed found, whatever became of the message"

/*
 * A sample, or one for each row of a list.  Those of a name stand together; help is that of the
 * first.
 */
struct sample {
	const char *name;
	char type;          /* 'c' counter, 'g' gauge */
	const char *help;
	const char *from;   /* an object or a list of the answer; NULL: the answer itself */
	const char *key;    /* of its value; NULL: that is 1 */
	const char *label[LABELS]; /* keys of what are labels of the same name; or NULL */
	const char *fixed;  /* label that is always so; or NULL */
};

static const struct sample samples[] = {
	{ "sipmoat_info", 'g', "always 1; its labels say what runs, and how", NULL, NULL,
	  { "version", "mode", "steering" } },
	{ "sipmoat_start_time_seconds", 'g', "when sipmoatd began, s since 1970", NULL, "started" },
	{ "sipmoat_workers", 'g', "worker threads, one for two queues", NULL, "workers" },
	{ "sipmoat_workers_alive", 'g', "of them, those that run", NULL, "alive" },
	{ "sipmoat_learning_seconds", 'g', "how long memory.learning goes on at most", NULL,
	  "learning" },
	{ "sipmoat_config_generation", 'g', "which configuration is in force; 1: that of the start",
	  NULL, "generation" },
	{ "sipmoat_config_loaded_timestamp_seconds", 'g', "since when it is", NULL, "loaded" },
	{ "sipmoat_config_refused_timestamp_seconds", 'g',
	  "when a reload was refused; 0: none, or one was taken since", NULL, "refused" },
	{ "sipmoat_config_refusals_total", 'c', "reloads that were refused", NULL, "refusals" },
	{ "sipmoat_registrations", 'g', "contacts that the servers have registered", NULL,
	  "registrations" },
	{ "sipmoat_queue_wait_seconds", 'g', "how long packets wait for a worker now", NULL,
	  "delay" },
#define X(field, help) { "sipmoat_" #field "_total", 'c', help, "counters", #field },
	STATS(X)
#undef X
#define X(field, help) { "sipmoat_check_hits_total", 'c', \
	  "packets and calls in which a check found something, by what became of them", \
	  "checks", #field, { "check" }, "outcome=\"" #field "\"" },
	OUTCOMES(X)
#undef X
	{ "sipmoat_queue_depth", 'g', "packets that wait in the kernel", "queues", "depth",
	  { "lane", "queue" } },
	{ "sipmoat_queue_dropped_total", 'c', "packets that found a queue full, by the kernel",
	  "queues", "dropped", { "lane", "queue" } },
	{ "sipmoat_queue_undelivered_total", 'c', "packets that found the queue's socket full",
	  "queues", "undelivered", { "lane", "queue" } },
	{ "sipmoat_table_live", 'g', "records that a table holds", "tables", "live", { "table" } },
	{ "sipmoat_table_records", 'g', "records that it can hold", "tables", "records",
	  { "table" } },
	{ "sipmoat_table_bytes", 'g', "its memory", "tables", "bytes", { "table" } },
	{ "sipmoat_table_evicted_total", 'c', "live records that made room for newcomers", "tables",
	  "evicted", { "table" } },
	{ "sipmoat_table_refused_total", 'c', "newcomers that found no room", "tables", "refused",
	  { "table" } },
	{ "sipmoat_banned", 'g', "bans in the kernel", "bans", "live4", { NULL },
	  "family=\"ipv4\"" },
	{ "sipmoat_banned", 'g', "", "bans", "live6", { NULL }, "family=\"ipv6\"" },
	{ "sipmoat_banned_limit", 'g', "bans.max: that there may be of a family", "bans", "most" },
	{ "sipmoat_marked", 'g', "sources that are marked in the kernel", "bans", "marked4",
	  { NULL }, "family=\"ipv4\"" },
	{ "sipmoat_marked", 'g', "", "bans", "marked6", { NULL }, "family=\"ipv6\"" },
	{ "sipmoat_bans_made_total", 'c', "bans that came into force", "bans", "banned" },
	{ "sipmoat_bans_prolonged_total", 'c', "bans whose end became later", "bans",
	  "prolonged" },
	{ "sipmoat_bans_lifted_total", 'c', "bans that were lifted before their end", "bans",
	  "lifted" },
	{ "sipmoat_bans_by_hand_total", 'c', "of them, those that somebody lifted", "bans",
	  "by_hand" },
	{ "sipmoat_bans_refused_total", 'c',
	  "bans that were not made: that source may not be banned, or there was no room",
	  "bans", "refused" },
	{ "sipmoat_bans_restored_total", 'c', "bans read back from the kernel at the start",
	  "bans", "restored" },
	{ "sipmoat_nftables_broken", 'g', "whether another program changed the nftables "
	  "tables, and they are not put back yet", "bans", "broken" },
	{ "sipmoat_nftables_stale", 'g', "whether the last reload did not reach them", "bans",
	  "stale" },
	{ "sipmoat_calls", 'g', "calls, by state; those over are so since a minute at most",
	  "calls", "asked", { NULL }, "state=\"asked\"" },
	{ "sipmoat_calls", 'g', "", "calls", "ringing", { NULL }, "state=\"ringing\"" },
	{ "sipmoat_calls", 'g', "", "calls", "answered", { NULL }, "state=\"answered\"" },
	{ "sipmoat_calls", 'g', "", "calls", "over", { NULL }, "state=\"over\"" },
	{ "sipmoat_conntrack_passes_total", 'c', "times that the kernel's connections were read",
	  "conntrack", "passes" },
	{ "sipmoat_conntrack_deleted_total", 'c', "entries of banned and marked sources deleted",
	  "conntrack", "deleted" },
	{ "sipmoat_hook_asked_total", 'c', "tokens that approve.hook was told", "hook", "asked" },
	{ "sipmoat_hook_granted_total", 'c', "tokens that it approved", "hook", "granted" },
	{ "sipmoat_hook_killed_total", 'c', "times that it was killed for its time", "hook",
	  "killed" },
	{ "sipmoat_hook_dropped_total", 'c', "tokens that it was not told: too many at once",
	  "hook", "dropped" },
	{ "sipmoat_store_failing", 'g', "whether the last save of store.file did not work", "store",
	  "failing" },
	{ "sipmoat_store_saves_total", 'c', "saves that did", "store", "saves" },
	{ "sipmoat_store_saved_timestamp_seconds", 'g', "when the last of them was; 0: none yet",
	  "store", "saved" },
	{ "sipmoat_feed_entries", 'g', "entries of a feed in force", "feeds", "entries",
	  { "name", "list" } },
	{ "sipmoat_feed_loaded_timestamp_seconds", 'g', "when its file was read last; 0: never",
	  "feeds", "loaded", { "name", "list" } },
	{ "sipmoat_feed_refused", 'g', "whether its file as it is now is refused", "feeds",
	  "refused", { "name", "list" } },
	{ "sipmoat_feeds_kernel_addresses", 'g', "addresses of all feeds of a list in the kernel",
	  "feeds_kernel", "addresses", { "list" } },
	{ "sipmoat_feeds_kernel_ranges", 'g', "likewise ranges", "feeds_kernel", "ranges",
	  { "list" } },
	{ "sipmoat_feeds_writing", 'g', "whether the kernel has not all of it yet", "feeds_kernel",
	  "writing", { "list" } },
	{ "sipmoat_server_heard", 'g', "whether a server that is asked is heard", "servers",
	  "heard", { "server" } },
};

static void put_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s ", name);
	for (; *help; help++) {
		if (*help == '\\')
			putc('\\', out);
		putc(*help, out);
	}
	fprintf(out, "\n# TYPE %s %s\n", name, type);
}

static void put_label(FILE *out, char before, const char *name, const char *text)
{
	fprintf(out, "%c%s=\"", before, name);
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

#define NUMBER_TEXT 24

static const char *label_value(const struct reply *r, int row, const char *label,
			       char number[NUMBER_TEXT])
{
	double value;

	if (!reply_value(r, row, label, &value))
		return reply_text(r, row, label);
	snprintf(number, NUMBER_TEXT, "%.15g", value);
	return number;
}

/* Returns what stands before the next label. */
static char put_labels(FILE *out, const struct reply *r, int row, const struct sample *s)
{
	char before = '{';

	for (unsigned i = 0; i < LABELS && s->label[i]; i++) {
		char number[NUMBER_TEXT];

		put_label(out, before, s->label[i], label_value(r, row, s->label[i], number));
		before = ',';
	}
	if (s->fixed) {
		fprintf(out, "%c%s", before, s->fixed);
		before = ',';
	}
	return before;
}

static void put_sample(FILE *out, struct reply *r, const struct sample *s)
{
	size_t n = s->from ? reply_rows(r, s->from) : 1;

	for (size_t i = 0; i < n; i++) {
		int row = s->from ? (int)i : -1;
		double value = 1;

		if (s->key && !reply_value(r, row, s->key, &value))
			continue;
		fputs(s->name, out);
		fprintf(out, "%s %.15g\n", put_labels(out, r, row, s) == ',' ? "}" : "", value);
	}
}

/* An object, of which each member is a sample. */
static void put_defects(FILE *out, struct reply *r)
{
	const char *key;
	double value;

	put_family(out, "sipmoat_defects_total", "counter", DEFECTS_HELP);
	(void)reply_rows(r, "defects");
	for (size_t i = 0; (key = reply_key(r, 0, i)) != NULL; i++) {
		(void)reply_value(r, 0, key, &value);
		fputs("sipmoat_defects_total", out);
		put_label(out, '{', "defect", key);
		fprintf(out, "} %.15g\n", value);
	}
}

/* lane "": it has none.  ending: "_sum" and the like. */
static void put_of_lane(FILE *out, const char *name, const char *ending, const char *lane,
			double value)
{
	fprintf(out, "%s%s", name, ending);
	if (lane[0])
		put_label(out, '{', "lane", lane);
	fprintf(out, "%s %.15g\n", lane[0] ? "}" : "", value);
}

static void put_buckets(FILE *out, const struct reply *r, int row, const char *name,
			const char *lane)
{
	double le[STATS_BUCKETS], bucket[STATS_BUCKETS + 1], sum = 0, n = 0;

	if (reply_values(r, row, "le", le, STATS_BUCKETS) != STATS_BUCKETS ||
	    reply_values(r, row, "buckets", bucket, STATS_BUCKETS + 1) != STATS_BUCKETS + 1)
		return;
	for (unsigned i = 0; i <= STATS_BUCKETS; i++) {
		n += bucket[i];
		fprintf(out, "%s_bucket", name);
		if (lane[0])
			put_label(out, '{', "lane", lane);
		fprintf(out, "%cle=\"", lane[0] ? ',' : '{');
		if (i < STATS_BUCKETS)
			fprintf(out, "%.12g\"} %.15g\n", le[i], n);
		else
			fprintf(out, "+Inf\"} %.15g\n", n);
	}
	(void)reply_value(r, row, "sum", &sum);
	put_of_lane(out, name, "_sum", lane, sum);
	put_of_lane(out, name, "_count", lane, n);
}

static void put_histogram(FILE *out, struct reply *r, const char *which, const char *name,
			  const char *help)
{
	size_t n = reply_rows(r, "histograms");

	put_family(out, name, "histogram", help);
	for (int i = 0; i < (int)n; i++)
		if (strcmp(reply_text(r, i, "name"), which) == 0)
			put_buckets(out, r, i, name, reply_text(r, i, "lane"));
}

/* ---- for people ---- */

#define OF_TEXT 256
#define NAME_TEXT 64

static void short_name(const char *name, char out[NAME_TEXT])
{
	static const char head[] = "sipmoat_", end[] = "_total";
	size_t n = strlen(name) - (sizeof(head) - 1);

	name += sizeof(head) - 1;
	if (n > sizeof(end) && strcmp(name + n - (sizeof(end) - 1), end) == 0)
		n -= sizeof(end) - 1;
	snprintf(out, NAME_TEXT, "%.*s", (int)n, name);
}

static void put_of(char out[OF_TEXT], const char *text, size_t n)
{
	size_t at = strlen(out);

	snprintf(out + at, OF_TEXT - at, "%s%.*s", at ? " " : "", (int)n, text);
}

/* The values of its labels. */
static void labels_of(const struct reply *r, int row, const struct sample *s, char out[OF_TEXT])
{
	const char *fixed = s->fixed ? strchr(s->fixed, '"') : NULL;

	out[0] = '\0';
	for (unsigned i = 0; i < LABELS && s->label[i]; i++) {
		char number[NUMBER_TEXT];
		const char *text = label_value(r, row, s->label[i], number);

		put_of(out, text, strlen(text));
	}
	if (fixed)
		put_of(out, fixed + 1, strcspn(fixed + 1, "\""));
}

static void walk_sample(struct reply *r, const struct sample *s, const char *help,
			metrics_take *take, void *arg)
{
	size_t n = s->from ? reply_rows(r, s->from) : 1;
	char name[NAME_TEXT], of[OF_TEXT];
	struct metric m = { name, of, help, strstr(s->name, "time") != NULL, 1 };

	short_name(s->name, name);
	for (size_t i = 0; i < n; i++) {
		int row = s->from ? (int)i : -1;

		if (s->key && !reply_value(r, row, s->key, &m.value))
			continue;
		labels_of(r, row, s, of);
		take(&m, arg);
	}
}

void metrics_walk(struct reply *r, metrics_take *take, void *arg)
{
	struct metric m = { "defects", NULL, DEFECTS_HELP, false, 0 };
	const char *help = "";

	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *s = &samples[i];

		if (s->help[0])
			help = s->help;
		if (!s->from || strcmp(s->from, "tables") != 0)
			walk_sample(r, s, help, take, arg);
	}
	(void)reply_rows(r, "defects");
	for (size_t i = 0; (m.of = reply_key(r, 0, i)) != NULL; i++)
		if (reply_value(r, 0, m.of, &m.value))
			take(&m, arg);
}

void metrics_write(FILE *out, struct reply *r)
{
	const char *last = "";

	put_family(out, "sipmoat_up", "gauge", "whether sipmoatd answers");
	fprintf(out, "sipmoat_up %d\n", r != NULL);
	if (!r)
		return;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *s = &samples[i];

		if (strcmp(s->name, last) != 0)
			put_family(out, s->name, s->type == 'c' ? "counter" : "gauge", s->help);
		last = s->name;
		put_sample(out, r, s);
	}
	put_defects(out, r);
	put_histogram(out, r, "queue_delay", "sipmoat_queue_delay_seconds",
		      "how long the oldest packet of a batch had waited for a worker");
	put_histogram(out, r, "processing", "sipmoat_processing_seconds",
		      "how long judging a packet and its verdict took, the mean of its batch");
}
