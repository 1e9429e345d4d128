/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A place that is written down, for tests of what `sipmoat doctor` finds there. */
#ifndef SIPMOAT_TEST_PLACE_H
#define SIPMOAT_TEST_PLACE_H

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "confdir.h"
#include "doctor/doctor.h"

struct field {
	struct confdir *dir; /* the root of the place */
	struct place place;
};

static inline int setup(void **state)
{
	struct field *t = calloc(1, sizeof(*t));
	struct conf_report none = { 0 };

	t->dir = confdir_new();
	t->place = (struct place){ .root = t->dir->path, .file = "sipmoat.conf",
				   .socket = "control", .kernel = "6.1.0-test",
				   .privileged = true, .control = ENOENT, .now = 2000000000,
				   .built = 1900000000, .synchronised = true };
	t->place.rules = ruleset_load(NULL, &none);
	conf_report_free(&none);
	*state = t;
	return 0;
}

static inline int teardown(void **state)
{
	struct field *t = *state;

	t->place.root = "";
	place_free(&t->place);
	confdir_free(t->dir);
	free(t);
	return 0;
}

static inline void put(struct field *t, const char *path, const char *text)
{
	confdir_place(t->dir, path, text);
}

static inline void rules(struct field *t, const char *list)
{
	char text[4096];

	nft_view_free(t->place.nft);
	snprintf(text, sizeof(text), "{\"nftables\": [%s]}", list);
	t->place.nft = nft_view_read(text, ruleset_settings(t->place.rules));
	assert_non_null(t->place.nft);
}

static inline void config(struct field *t, const char *text)
{
	put(t, "/sipmoat.conf", text);
	ruleset_free(t->place.rules);
	conf_report_free(&t->place.report);
	t->place.rules = ruleset_load(t->dir->main, &t->place.report);
	assert_non_null(t->place.rules);
}

static inline void finds(struct field *t, const char *name, enum health health, const char *text)
{
	struct finding f;

	for (unsigned i = 0; i < findings_count; i++) {
		if (strcmp(findings[i].name, name) != 0)
			continue;
		findings[i].look(&t->place, &f);
		if (f.health != health || !strstr(f.what, text))
			fail_msg("%s is %d \"%s\" and not %d \"%s\"", name, f.health, f.what,
				 health, text);
		if (health == HEALTH_WARN || health == HEALTH_FAIL) {
			assert_true(f.why[0]);
			assert_true(f.todo[0]);
		}
		return;
	}
	fail_msg("there is no finding %s", name);
}

#endif
