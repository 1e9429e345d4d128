/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ruleset from a text, with small tables, for targets that judge; it lives as they do. */
#ifndef SIPMOAT_FUZZ_RULES_H
#define SIPMOAT_FUZZ_RULES_H

#include <unistd.h>

#include "engine.h"
#include "fuzz.h"
#include "tables.h"

/* As small as they may be: to clear them costs most of a run, and records make room for
 * others all the time. */
#define X(name, records, least, help) #name " = " #least ";\n"
static const char small_tables[] = TABLES(X) "};\nbans = { max = 64; known = 64; };\n";
#undef X

static inline struct ruleset *fuzz_rules(const char *text, unsigned streams)
{
	const char *tmp = getenv("TMPDIR");
	struct conf_report report = { 0 };
	struct ruleset *rs;
	char file[256];
	FILE *f;

	snprintf(file, sizeof(file), "%s/sipmoat-fuzz.XXXXXX", tmp ? tmp : "/tmp");
	f = fdopen(mkstemp(file), "w");
	must(f && fputs(text, f) >= 0 &&
	     fprintf(f, "tables = { streams = %u;\n%s", streams, small_tables) > 0 &&
	     fclose(f) == 0);
	rs = ruleset_load(file, &report);
	unlink(file);
	if (!rs)
		fprintf(stderr, "%s\n", report.n ? report.note[0].text : "");
	must(rs);
	conf_report_free(&report);
	return rs;
}

#endif
