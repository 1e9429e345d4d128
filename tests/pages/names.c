/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that pages may name and that tables of the code know, a line each, its parts
 * separated by tabs: what tests/pages/run.py holds the pages to.  names FOLDER, for files.
 */
#include <jansson.h>
#include <stdlib.h>

#include "checks.h"
#include "metrics.h"
#include "request.h"
#include "rowtext.h"
#include "ruleset.h"
#include "settings.h"
#include "sinktext.h"
#include "stats.h"
#include "storefile.h"
#include "told.h"
#include "zone.h"

/* ---- keys ---- */

static void put_rows(const char *group, const struct conf_row *rows)
{
	for (const struct conf_row *r = rows; r && r->name; r++) {
		char range[ROWTEXT] = "", start[ROWTEXT] = "", name[128];

		if (r->type == CONF_GONE)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", group, group[0] ? "." : "", r->name);
		rowtext_range(r, "\"", range);
		if (r->fallback && !rowtext_is_long(r))
			rowtext_default(r, start);
		printf("key\t%s\t%s\t%s\n", name, range, start);
		if (r->type == CONF_GROUPS)
			put_rows(name, r->rows);
	}
}

static void put_keys(void)
{
	static const char *const modes[] = { "off", "observe", "enforce" };

	for (const struct settings_group *g = settings_groups; g->name; g++)
		put_rows(g->name, g->rows);
	put_rows("zones", zone_rows);
	for (unsigned i = 0; i < check_count; i++) {
		const struct policy *d = &checks[i]->defaults;
		char ban[ROWTEXT];

		put_rows(checks[i]->name, policy_rows);
		put_rows(checks[i]->name, checks[i]->rows);
		rowtext_duration(d->ban, ban);
		printf("check\t%s\t%s\t%s\t%u\n", checks[i]->name, modes[d->mode], ban,
		       d->ban_after);
	}
	for (unsigned i = 0; i < DEFECT_COUNT; i++)
		printf("defect\t%s\n", sip_defect_name(i));
}

/* ---- counters ---- */

/* Of an answer without anything each metric has its two lines nevertheless. */
static void put_metrics(void)
{
	struct reply *r = reply_read("{\"ok\":true}");
	char *text = NULL, *save = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	metrics_write(f, r);
	fclose(f);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char name[128], word[16];
		int at = 0;

		if (sscanf(l, "# %15s %127s %n", word, name, &at) == 2 && at)
			printf("%s\t%s\t%s\n", word, name, l + at);
	}
	free(text);
	reply_free(r);
}

static void put_counters(void)
{
#define X(field, help) printf("counter\t%s\t%s\n", #field, help);
	STATS(X)
#undef X
#define X(field, help) printf("outcome\t%s\t%s\n", #field, help);
	OUTCOMES(X)
#undef X
	put_metrics();
}

/* ---- events ---- */

/* All that an event of that kind can have. */
static struct told whole(enum told_kind kind)
{
	struct told t = { .id = 7, .kind = (uint8_t)kind, .level = LOG_INFO_, .more = 3,
			  .line = "x" };
	struct event *ev = &t.news.ev;
	struct about *a = &t.news.about;

	ev->d.kind = SIP_RESPONSE;
	ev->d.status = 200;
	ev->d.code = 403;
	ev->d.ban = ev->d.mark = ev->d.mark_time = 60;
	ev->d.reset = true;
	memcpy(ev->d.reason, "x", 2);
	memcpy(ev->d.evidence, "x", 2);
	memcpy(a->user, "x", 2);
	memcpy(a->from, "x", 2);
	memcpy(a->to, "x", 2);
	memcpy(a->call_id, "x", 2);
	memcpy(a->agent, "x", 2);
	memcpy(a->number, "x", 2);
	memcpy(a->country, "AT", 3);
	memcpy(t.approval.token, "x", 2);
	a->excerpt[0] = 'x';
	a->excerpt_n = 1;
	return t;
}

static void put_fields(enum told_kind kind, const struct told *t)
{
	struct request *r = request_object();
	json_t *all, *value;
	const char *key;
	char *line;
	size_t n;

	told_put(r, t);
	line = request_answer(r, &n);
	all = json_loadb(line, n, 0, NULL);
	json_object_foreach(all, key, value)
		printf("field\t%s\t%s\n", key, told_kind_name(kind));
	json_decref(all);
	free(line);
	request_free(r);
}

/* The names before each "=" of a text. */
static void put_named(const char *as, const char *text, const char *between)
{
	char *copy = strdup(text), *save = NULL;

	for (char *w = strtok_r(copy, between, &save); w; w = strtok_r(NULL, between, &save)) {
		char *eq = strchr(w, '=');

		if (eq)
			printf("%s\t%.*s\n", as, (int)(eq - w), w);
	}
	free(copy);
}

static void put_events(void)
{
	for (enum told_kind k = TOLD_FINDING; k <= TOLD_NOTICE; k++) {
		struct told t = whole(k);
		char text[SINK_TEXT + 1];

		printf("event\t%s\n", told_kind_name(k));
		put_fields(k, &t);
		text[sinktext_line(&t, text)] = '\0';
		put_named("word", text, " \n");
		text[sinktext_journal(&t, text)] = '\0';
		put_named("journal", text, "\n");
	}
	for (enum told_action a = ACTED_BANNED; a <= ACTED_NOTICED; a++)
		printf("action\t%s\n", told_action_name(a));
}

/* ---- the store ---- */

static int put_columns(const char *folder)
{
	char path[256], why[STOREFILE_WHY];
	struct db *db;
	struct db_query *q;

	snprintf(path, sizeof(path), "%s/sipmoat.db", folder);
	if (storefile_open(&db, path, why)) {
		fprintf(stderr, "%s: %s\n", path, why);
		return 1;
	}
	if (!db_prepare(db, "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name)"
			" c WHERE t.type = 'table'", &q)) {
		while (db_step(q) == 1) {
			printf("column\t%s", db_get_text(q, 0));
			printf("\t%s\n", db_get_text(q, 1));
		}
		db_drop(q);
	}
	db_close(db);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	put_keys();
	put_counters();
	put_events();
	return put_columns(argv[1]);
}
