/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the man page and the pages of the checks say about keys, against the rows
 * that the reader of the config goes by: every key, its range and default are
 * described, and nothing is described that is not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "checks.h"
#include "rowtext.h"
#include "ruleset.h"
#include "settings.h"
#include "zone.h"

#define MAN "systemd/sipmoat.conf.5"
#define ROOM ROWTEXT

struct text {
	char *all;
	const char *file;
};

static struct text text_load(const char *file)
{
	struct text t = { NULL, file };
	FILE *f = fopen(file, "r");
	long n;

	if (!f)
		fail_msg("cannot open %s (tests run in the top folder)", file);
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	t.all = calloc(1, (size_t)n + 1);
	assert_non_null(t.all);
	assert_int_equal(fread(t.all, 1, (size_t)n, f), n);
	fclose(f);
	return t;
}

/* The lines from the one that begins with head to the next section; malloc'd. */
static char *section(const struct text *t, const char *head)
{
	size_t n = strlen(head);

	for (const char *p = t->all; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		const char *end;

		if (strncmp(p, head, n) != 0 || (p[n] != '\n' && p[n] != '\0'))
			continue;
		p += n;
		end = strstr(p, "\n.S");
		return strndup(p, end ? (size_t)(end - p) : strlen(p));
	}
	fail_msg("%s has no section \"%s\"", t->file, head);
	return NULL;
}

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; (p = strstr(p, line)) != NULL; p += n)
		if ((p == text || p[-1] == '\n') && (p[n] == '\n' || !p[n]))
			return true;
	return false;
}

static void need_line(const char *text, const char *line, const char *where)
{
	if (!has_line(text, line))
		fail_msg("%s lacks the line: %s", where, line);
}

/* ---- what a row looks like on the page ---- */

/* A key of an entry of a list of groups, as pages call it: "limits.per". */
static struct conf_row key_of_entry(const struct conf_row *list, const struct conf_row *row,
				    char name[ROOM])
{
	struct conf_row named = *row;

	snprintf(name, ROOM, "%s.%s", list->name, row->name);
	named.name = name;
	return named;
}

static void man_line(const struct conf_row *row, char out[ROOM])
{
	char range[ROOM];

	rowtext_range(row, "", range);
	if (!row->fallback)
		snprintf(out, ROOM, ".It Ic %s Pq %.1024s", row->name, range);
	else
		snprintf(out, ROOM, ".It Ic %s Pq %.1024s; default %s", row->name, range,
			 rowtext_is_long(row) ? "below" :
			 row->fallback[0] ? row->fallback : "empty");
}

static void need_items(const struct conf_row *row, const char *before, const char *after,
		       const char *page, const char *where)
{
	char *copy = strdup(row->fallback), *save = NULL;

	for (char *i = strtok_r(copy, ",", &save); i; i = strtok_r(NULL, ",", &save)) {
		char item[ROOM];

		snprintf(item, sizeof(item), "%s%s%s", before, i, after);
		if (!strstr(page, item))
			fail_msg("%s lacks %s, a default of %s", where, item, row->name);
	}
	free(copy);
}

static bool among(const struct conf_row *rows, const char *name, size_t n)
{
	for (; rows && rows->name; rows++) {
		size_t own = strlen(rows->name);

		if (rows->type == CONF_GONE || own > n || strncmp(rows->name, name, own) != 0)
			continue;
		if (own == n || (rows->type == CONF_GROUPS && name[own] == '.' &&
				 among(rows->rows, name + own + 1, n - own - 1)))
			return true;
	}
	return false;
}

/* Every key that the text describes behind mark is one of rows. */
static void no_strangers(const char *text, const char *mark, const struct conf_row *rows,
			 const char *where)
{
	for (const char *p = text; (p = strstr(p, mark)) != NULL;) {
		size_t n;

		p += strlen(mark);
		n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_.");
		if (!among(rows, p, n))
			fail_msg("%s describes %.*s, which is no key", where, (int)n, p);
	}
}

static void man_entries(const char *part, const char *head, const struct conf_row *list)
{
	char name[ROOM], line[ROOM];

	for (const struct conf_row *row = list->rows; row->name; row++) {
		struct conf_row named = key_of_entry(list, row, name);

		man_line(&named, line);
		need_line(part, line, head);
	}
}

static void man_section(const struct text *man, const char *head, const struct conf_row *rows)
{
	char *part = section(man, head), line[ROOM];

	for (const struct conf_row *row = rows; row && row->name; row++) {
		if (row->type == CONF_GONE)
			continue;
		man_line(row, line);
		need_line(part, line, head);
		if (row->type == CONF_GROUPS)
			man_entries(part, head, row);
		else if (row->fallback && rowtext_is_long(row))
			need_items(row, "", "", part, head);
	}
	no_strangers(part, "\n.It Ic ", rows, head);
	free(part);
}

static void test_man_of_settings(void **arg)
{
	struct text man = text_load(MAN);

	(void)arg;
	for (const struct settings_group *g = settings_groups; g->name; g++) {
		char head[ROOM];

		snprintf(head, sizeof(head), ".Ss %s", g->name[0] ? g->name : "Top level");
		man_section(&man, head, g->rows);
	}
	man_section(&man, ".Ss Every check", policy_rows);
	man_section(&man, ".Sh ZONES", zone_rows);
	free(man.all);
}

static void test_man_of_checks(void **arg)
{
	static const char *const modes[] = { "off", "observe", "enforce" };
	struct text man = text_load(MAN);

	(void)arg;
	for (unsigned i = 0; i < check_count; i++) {
		const struct policy *d = &checks[i]->defaults;
		char head[ROOM], line[ROOM], ban[ROOM], *part;

		snprintf(head, sizeof(head), ".Ss %s", checks[i]->name);
		man_section(&man, head, checks[i]->rows);
		rowtext_duration(d->ban, ban);
		snprintf(line, sizeof(line), "Defaults: mode %s, ban %.16s, ban_after %u.",
			 modes[d->mode], ban, d->ban_after);
		part = section(&man, head);
		need_line(part, line, head);
		assert_int_equal(d->ban_window, 60); /* .Ss Every check says so */
		free(part);
	}
	free(man.all);
}

/* ---- docs/checks ---- */

static void page_row(const char *page, const struct conf_row *row, const char *where)
{
	char want[ROOM], cell[ROOM], range[ROOM], line[ROOM];
	const char *at;

	rowtext_default(row, cell);
	snprintf(want, sizeof(want), "\n| `%s` | ", row->name);
	at = strstr(page, want);
	if (!at)
		fail_msg("%s has no row for %s", where, row->name);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
	if (rowtext_is_long(row))
		return;
	if (!strstr(line, cell))
		fail_msg("%s: the row of %s lacks the default %s", where, row->name, cell);
	rowtext_range(row, "\"", range);
	if (row->type != CONF_LIST && row->type != CONF_GROUPS && !strstr(line, range))
		fail_msg("%s: the row of %s lacks the range %s", where, row->name, range);
}

static void page_rows(const char *page, const struct conf_row *rows, const char *where)
{
	char name[ROOM];

	for (const struct conf_row *row = rows; row && row->name; row++) {
		if (row->type == CONF_GONE)
			continue;
		page_row(page, row, where);
		if (rowtext_is_long(row) && row->type == CONF_LIST)
			need_items(row, "", "", page, where);
		if (row->type != CONF_GROUPS)
			continue;
		for (const struct conf_row *sub = row->rows; sub->name; sub++) {
			struct conf_row named = key_of_entry(row, sub, name);

			page_row(page, &named, where);
		}
	}
}

static void test_pages_of_checks(void **arg)
{
	(void)arg;
	for (unsigned i = 0; i < check_count; i++) {
		const struct conf_row *rows = checks[i]->rows;
		char file[ROOM];
		struct text page;

		snprintf(file, sizeof(file), "docs/checks/%s.md", checks[i]->name);
		page = text_load(file);
		page_rows(page.all, rows, file);
		if (strstr(page.all, "\n## Keys\n"))
			no_strangers(strstr(page.all, "\n| key |") ? strstr(page.all, "\n| key |") :
				     "", "\n| `", rows, file);
		free(page.all);
	}
}

static void test_defects(void **arg)
{
	static const char *const treats[] = { "accept", "alert", "drop" };
	struct text page = text_load("docs/checks/malformed.md");

	(void)arg;
	for (unsigned d = 0; d < DEFECT_COUNT; d++) {
		char line[ROOM];

		snprintf(line, sizeof(line), "| `%s` | %s | %s | %s | %s |", sip_defect_name(d),
			 sip_defect_text(d), treats[sip_defect_treat(d, PRESET_LENIENT)],
			 treats[sip_defect_treat(d, PRESET_STANDARD)],
			 treats[sip_defect_treat(d, PRESET_STRICT)]);
		need_line(page.all, line, page.file);
	}
	free(page.all);
}

/* The sizes of the tables with the default config, as state_describe tells them. */
static void test_memory(void **arg)
{
	static const uint8_t seed[16];
	struct text page = text_load("docs/architecture.md");
	struct conf_report report = { 0 };
	struct ruleset *rs = ruleset_load(NULL, &report);
	struct state *st = state_new(ruleset_settings(rs), seed);
	char all[ROOM] = "", *save = NULL;

	(void)arg;
	if (sizeof(void *) == 8) /* where it has 32 bits they are a bit smaller */
		state_describe(st, all, sizeof(all));
	for (char *t = strtok_r(all, ",", &save); t; t = strtok_r(NULL, ",", &save)) {
		char name[32], row[ROOM];
		int at;

		assert_int_equal(sscanf(t, " %31s%n", name, &at), 1);
		snprintf(row, sizeof(row), "\n| %s |%.64s |", name, t + at);
		if (!strstr(page.all, row))
			fail_msg("%s lacks: %s", page.file, row + 1);
	}
	state_free(st);
	ruleset_free(rs);
	conf_report_free(&report);
	free(page.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_man_of_settings),
		cmocka_unit_test(test_man_of_checks),
		cmocka_unit_test(test_pages_of_checks),
		cmocka_unit_test(test_defects),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
