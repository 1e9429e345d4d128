/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A config folder of a test's own, and what a load of it says.
 *
 * Ownership: confdir_new makes the folder, confdir_free removes it with all in it.
 */
#ifndef SIPMOAT_CONFDIR_H
#define SIPMOAT_CONFDIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "engine.h"

struct confdir {
	char path[64];
	char main[96];
	struct conf_report report; /* of the last load */
};

static inline void confdir_write_bytes(struct confdir *d, const char *name, const void *bytes,
				       size_t n)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", d->path, name);
	f = fopen(path, "w");
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static inline void confdir_write(struct confdir *d, const char *name, const char *text)
{
	confdir_write_bytes(d, name, text, strlen(text));
}

/* A file below the folder, with its folders. */
static inline void confdir_place(struct confdir *d, const char *path, const char *text)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", d->path, path);
	for (char *slash = full + strlen(d->path) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	confdir_write(d, path + 1, text);
}

static inline struct confdir *confdir_new(void)
{
	struct confdir *d = calloc(1, sizeof(*d));
	char sub[96];

	if (!d)
		abort();
	snprintf(d->path, sizeof(d->path), "/tmp/sipmoat-conf.XXXXXX");
	if (!mkdtemp(d->path))
		abort();
	snprintf(d->main, sizeof(d->main), "%s/sipmoat.conf", d->path);
	snprintf(sub, sizeof(sub), "%s/conf.d", d->path);
	mkdir(sub, 0755);
	snprintf(sub, sizeof(sub), "%s/lists", d->path);
	mkdir(sub, 0755);
	return d;
}

static inline int confdir_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static inline void confdir_free(struct confdir *d)
{
	conf_report_free(&d->report);
	nftw(d->path, confdir_remove, 8, FTW_DEPTH | FTW_PHYS);
	free(d);
}

static inline struct ruleset *confdir_load(struct confdir *d)
{
	conf_report_free(&d->report);
	return ruleset_load(d->main, &d->report);
}

/* Loads text as the main file. */
static inline struct ruleset *confdir_load_text(struct confdir *d, const char *text)
{
	confdir_write(d, "sipmoat.conf", text);
	return confdir_load(d);
}

/* Is there a note whose line holds the text? */
static inline bool confdir_says(const struct confdir *d, const char *text)
{
	bool found = false;

	for (unsigned i = 0; i < d->report.n && !found; i++) {
		char *line = conf_note_text(&d->report.note[i]);

		found = line && strstr(line, text);
		free(line);
	}
	return found;
}

/* For a test that is about to fail. */
static inline void confdir_print(const struct confdir *d)
{
	for (unsigned i = 0; i < d->report.n; i++) {
		char *line = conf_note_text(&d->report.note[i]);

		fprintf(stderr, "  %d %s\n", (int)d->report.note[i].severity, line ? line : "?");
		free(line);
	}
}

/* p is what a check says of itself, d. */
static inline void check_policy(const struct policy *p, const struct policy *d)
{
	assert_int_equal(p->mode, d->mode);
	assert_int_equal(p->action, d->action);
	assert_int_equal(p->code, d->code ? d->code : 403);
	assert_string_equal(p->phrase, d->phrase ? d->phrase : "Forbidden");
	assert_int_equal(p->ban, d->ban);
	assert_int_equal(p->ban_after, d->ban_after);
	assert_int_equal(p->ban_window, d->ban_window);
}

#endif
