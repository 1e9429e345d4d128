/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ruleset from a text, as the daemon would load it from a file, for tests of
 * single checks.
 *
 * Ownership: the caller frees the ruleset; rules_error's result is malloc'd.
 */
#ifndef SIPMOAT_TEST_RULES_H
#define SIPMOAT_TEST_RULES_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ruleset.h"

static inline struct ruleset *rules_read(const char *text, struct conf_report *report)
{
	char dir[] = "/tmp/sipmoat-test-XXXXXX", file[64];
	struct ruleset *rs;
	FILE *f;

	if (!mkdtemp(dir))
		abort();
	snprintf(file, sizeof(file), "%s/sipmoat.conf", dir);
	f = fopen(file, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	rs = ruleset_load(file, report);
	unlink(file);
	rmdir(dir);
	return rs;
}

/* Aborts when text does not load: the test is wrong then. */
static inline struct ruleset *rules_load(const char *text)
{
	struct conf_report report = { 0 };
	struct ruleset *rs = rules_read(text, &report);

	if (!rs) {
		fprintf(stderr, "%s\n", report.n ? report.note[0].text : "no note");
		abort();
	}
	conf_report_free(&report);
	return rs;
}

/* The first error of a text that must not load; NULL when it loads. */
static inline char *rules_error(const char *text)
{
	struct conf_report report = { 0 };
	struct ruleset *rs = rules_read(text, &report);
	char *said = NULL;

	for (unsigned i = 0; i < report.n && !rs && !said; i++)
		if (report.note[i].severity == CONF_ERROR)
			said = conf_note_text(&report.note[i]);
	ruleset_free(rs);
	conf_report_free(&report);
	return said;
}

/* What a check compiled for the default zone. */
static inline const void *rules_conf(const struct ruleset *rs, const struct check *check)
{
	for (unsigned i = 0; i < check_count; i++)
		if (checks[i] == check)
			return rs->zone[0].conf[i];
	abort();
}

#endif
