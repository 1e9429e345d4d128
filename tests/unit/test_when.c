/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups, trunks, and the conditions that several checks share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"
#include "groups.h"
#include "ruleset.h"
#include "when.h"

#define NAMES \
	"groups = ( { name = \"sales\"; users = [ \"^20\", \"=311\" ]; }," \
	"           { name = \"doors\"; users = [ \"/^door[0-9]$/\" ]; } );" \
	"trunks = ( { name = \"one\"; addresses = [ \"198.51.100.0/28\" ]; }," \
	"           { name = \"two\"; addresses = [ \"198.51.100.0/24\", \"2001:db8::/32\" ]; }" \
	"         );" \
	"schedules = ( { name = \"day\"; times = [ \"daily 08:00-18:00\" ]; } );" \
	"zones = ( { name = \"office\"; addresses = [ \"203.0.113.0/24\" ]; } );"

#define NOON (12 * 3600)
#define NIGHT (3 * 3600)

struct field {
	struct confdir *d;
	struct ruleset *rs;
	struct compiler c;
	struct when when;
};

static int setup(void **state)
{
	struct field *f = calloc(1, sizeof(*f));

	f->d = confdir_new();
	f->rs = confdir_load_text(f->d, NAMES);
	if (!f->rs)
		confdir_print(f->d);
	assert_non_null(f->rs);
	f->c = (struct compiler){ .report = &f->d->report, .group = "x", .file = "f",
				  .line = 7, .rules = f->rs };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct field *f = *state;

	when_free(&f->when);
	ruleset_free(f->rs);
	confdir_free(f->d);
	free(f);
	return 0;
}

static struct addr addr(const char *text)
{
	struct addr a = { { 0 } };

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	return a;
}

static int trunk(const struct ruleset *rs, const char *text)
{
	struct addr a = addr(text);

	return trunk_of(rs, &a);
}

static bool has(const struct ruleset *rs, const char *group, const char *user)
{
	return group_has(rs, (unsigned)group_find(rs, group), slice_of(user));
}

static void test_groups(void **state)
{
	struct field *f = *state;

	assert_int_equal(group_find(f->rs, "doors"), 1);
	assert_int_equal(group_find(f->rs, "Doors"), -1);
	assert_string_equal(group_name(f->rs, 1), "doors");
	assert_null(group_name(f->rs, 2));
	assert_true(has(f->rs, "sales", "2001") && has(f->rs, "sales", "311"));
	assert_false(has(f->rs, "sales", "3110") || has(f->rs, "sales", "120"));
	assert_true(has(f->rs, "doors", "DOOR1"));
	assert_false(has(f->rs, "doors", "door12") || has(f->rs, "doors", ""));
	assert_false(group_has(f->rs, 2, SLICE("2001")));
}

static void test_trunks(void **state)
{
	struct field *f = *state;

	assert_int_equal(trunk_find(f->rs, "two"), 1);
	assert_int_equal(trunk_find(f->rs, "three"), -1);
	assert_string_equal(trunk_name(f->rs, 0), "one");
	assert_null(trunk_name(f->rs, 2));
	assert_int_equal(trunk(f->rs, "198.51.100.15"), 0);
	assert_int_equal(trunk(f->rs, "198.51.100.16"), 1);
	assert_int_equal(trunk(f->rs, "2001:db8::9"), 1);
	assert_int_equal(trunk(f->rs, "203.0.113.1"), -1);
}

static struct conf_list list(struct conf_item *item, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		item[i].file = "g", item[i].line = i + 1;
	return (struct conf_list){ item, n };
}

#define LIST(...) \
	list((struct conf_item[]){ __VA_ARGS__ }, \
	     sizeof((struct conf_item[]){ __VA_ARGS__ }) / sizeof(struct conf_item))

static void compile(struct field *f, const struct when_conf *conf)
{
	when_free(&f->when);
	if (when_compile(&f->when, conf, &f->c))
		confdir_print(f->d);
	assert_int_equal(f->d->report.errors, 0);
}

static bool holds(struct field *f, unsigned zone, uint64_t wall, const char *user)
{
	struct probe p = { .rules = f->rs, .zone = &f->rs->zone[zone], .wall = wall };

	return when_holds(&f->when, &p, slice_of(user), NULL);
}

static void test_each(void **state)
{
	struct field *f = *state;
	struct when_conf any = { .schedule = "" }, c = any;
	struct when_conf users = any, groups = any, zones = any, base = any;

	compile(f, &any);
	assert_true(holds(f, 0, 0, ""));
	users.users = LIST({ "^40" }, { "=alice" });
	compile(f, &users);
	assert_true(holds(f, 0, 0, "401") && holds(f, 0, 0, "Alice"));
	assert_false(holds(f, 0, 0, "140") || holds(f, 0, 0, ""));
	groups.groups = LIST({ "doors" }, { "sales" });
	compile(f, &groups);
	assert_true(holds(f, 0, 0, "door1") && holds(f, 0, 0, "2000"));
	assert_false(holds(f, 0, 0, "401") || holds(f, 0, 0, ""));
	zones.zones = LIST({ "office" });
	compile(f, &zones);
	assert_true(holds(f, 1, 0, "") && !holds(f, 0, 0, ""));
	base.zones = LIST({ "default" });
	compile(f, &base);
	assert_true(holds(f, 0, 0, "") && !holds(f, 1, 0, ""));
	c.schedule = "day";
	compile(f, &c);
	assert_true(holds(f, 0, NOON, "") && !holds(f, 0, NIGHT, "") && !holds(f, 0, 0, ""));
	c.schedule = "!day";
	compile(f, &c);
	assert_true(!holds(f, 0, NOON, "") && holds(f, 0, NIGHT, "") && !holds(f, 0, 0, ""));
}

static void test_all_must_hold(void **state)
{
	struct field *f = *state;
	struct when_conf c = { .schedule = "day" };

	c.groups = LIST({ "sales" });
	c.zones = LIST({ "office" });
	c.users = LIST({ "1" });
	compile(f, &c);
	assert_true(holds(f, 1, NOON, "2001"));
	assert_false(holds(f, 0, NOON, "2001"));
	assert_false(holds(f, 1, NIGHT, "2001"));
	assert_false(holds(f, 1, NOON, "2002"));
	assert_false(holds(f, 1, NOON, "1001"));
}

static void test_unknown(void **state)
{
	struct field *f = *state;
	struct when_conf c = { .schedule = "!dya" };

	c.groups = LIST({ "seles" }, { "completely else" });
	c.zones = LIST({ "offices" });
	assert_int_equal(when_compile(&f->when, &c, &f->c), -1);
	assert_true(confdir_says(f->d, "g:1: x.groups: there is no group \"seles\"; did you mean "
				       "\"sales\"?"));
	assert_true(confdir_says(f->d, "g:2: x.groups: there is no group \"completely else\""));
	assert_true(confdir_says(f->d, "x.zones: there is no zone \"offices\"; did you mean "
				       "\"office\"?"));
	assert_true(confdir_says(f->d, "f:7: x.schedule: there is no schedule \"dya\"; did you "
				       "mean \"day\"?"));
}

static void test_hash(void **state)
{
	struct when_conf none = { .schedule = "" }, a = none, b = none, c = none, d = none;
	uint64_t h[6];

	(void)state;
	a.users = LIST({ "^20" }, { "=311" });
	b.users = LIST({ "=311" }, { "^20" });
	assert_true(when_hash(&a) == when_hash(&b));
	c.groups = a.users; /* the same words elsewhere */
	d.users = LIST({ "^2" }, { "0=311" });
	h[0] = when_hash(&none);
	h[1] = when_hash(&a);
	h[2] = when_hash(&c);
	h[3] = when_hash(&d);
	a.schedule = "day";
	h[4] = when_hash(&a);
	a.schedule = "!day";
	h[5] = when_hash(&a);
	for (unsigned i = 0; i < 6; i++)
		for (unsigned j = 0; j < i; j++)
			assert_true(h[i] != h[j]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trunks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_must_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hash, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
