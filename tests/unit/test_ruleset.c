/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a config becomes: layers, lists, zones, trust, and the shipped default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"
#include "ruleset.h"
#include "settings.h"
#include "zone.h"

#define NO_GEO "geo = { country = \"/nonexistent\"; asn = \"/nonexistent\"; };\n"

static int setup(void **state)
{
	*state = confdir_new();
	return 0;
}

static int teardown(void **state)
{
	confdir_free(*state);
	return 0;
}

static unsigned check_index(const char *name)
{
	unsigned i = 0;

	while (i < check_count && strcmp(checks[i]->name, name) != 0)
		i++;
	assert_true(i < check_count);
	return i;
}

static struct ruleset *must_load(struct confdir *d, const char *text)
{
	struct ruleset *rs = confdir_load_text(d, text);

	if (!rs)
		confdir_print(d);
	assert_non_null(rs);
	return rs;
}

static void check_defaults(const struct ruleset *rs)
{
	const struct settings *s = ruleset_settings(rs);

	assert_int_equal(s->mode, MODE_ENFORCE);
	assert_int_equal(s->ports[0], 1);
	assert_int_equal(s->ports[1], 2);
	assert_int_equal(s->port[0][0], 5060);
	assert_int_equal(s->port[1][0], 5060);
	assert_int_equal(s->port[1][1], 5061);
	assert_int_equal(s->queue_first, 5060);
	assert_int_equal(s->queue_length, 8192);
	assert_int_equal(s->when_full[LANE_STRANGERS], TROUBLE_DROP);
	assert_int_equal(s->when_full[LANE_KNOWN], TROUBLE_ACCEPT);
	assert_int_equal(s->when_gone[LANE_STRANGERS], TROUBLE_ACCEPT);
	assert_int_equal(s->when_gone[LANE_KNOWN], TROUBLE_ACCEPT);
	assert_int_equal(s->police_rate[LANE_STRANGERS], 2000);
	assert_int_equal(s->ban_scope, SCOPE_SIP);
	assert_int_equal(s->ban_max, 65536);
	assert_int_equal(s->meters, 65536);
	assert_int_equal(s->sources, 131072);
	assert_int_equal(s->log_level, 2);
	assert_string_equal(s->country_file, "");
	assert_int_equal(rs->n_zones, 1);
	assert_string_equal(ruleset_zone_name(rs, 0), "default");
	assert_int_equal(rs->n_trusted, 0);
	assert_int_equal(rs->n_inside, 0);
	for (unsigned i = 0; i < check_count; i++)
		check_policy(&rs->zone[0].policy[i], &checks[i]->defaults);
}

static void test_defaults(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs = ruleset_load(NULL, &d->report);

	assert_non_null(rs);
	assert_int_equal(d->report.n, 0);
	check_defaults(rs);
	ruleset_free(rs);
	rs = must_load(d, "");
	check_defaults(rs);
	ruleset_free(rs);
	ruleset_free(NULL);
}

static void test_layers(void **state)
{
	struct confdir *d = *state;
	unsigned flood = check_index("flood");
	struct ruleset *rs;

	/* name order, not the order in which they were made; only *.conf */
	confdir_write(d, "conf.d/20-b.conf",
		      "queue = { length = 1000; };\n"
		      "zones = ( { name = \"c\"; transport = \"tcp\"; } );\n");
	confdir_write(d, "conf.d/10-a.conf",
		      "queue = { length = 999; workers = 3; };\n"
		      "flood = { ban = \"2h\"; };\n"
		      "zones = ( { name = \"b\"; transport = \"udp\"; } );\n");
	confdir_write(d, "conf.d/30.conf.old", "not read");
	confdir_write(d, "conf.d/.40.conf", "not read");
	rs = must_load(d, "mode = \"observe\"; queue = { first = 7; length = 500; };\n"
			  "flood = { ban = \"1h\"; ban_after = 9; };\n"
			  "zones = ( { name = \"a\"; registered = false; } );\n");
	assert_int_equal(rs->settings.mode, MODE_OBSERVE);
	assert_int_equal(rs->settings.queue_first, 7);
	assert_int_equal(rs->settings.queue_length, 1000);
	assert_int_equal(rs->settings.workers, 3);
	assert_int_equal(rs->zone[0].policy[flood].ban, 7200);
	assert_int_equal(rs->zone[0].policy[flood].ban_after, 9);
	assert_int_equal(rs->n_zones, 4);
	assert_string_equal(ruleset_zone_name(rs, 1), "a");
	assert_string_equal(ruleset_zone_name(rs, 2), "b");
	assert_string_equal(ruleset_zone_name(rs, 3), "c");
	assert_string_equal(ruleset_zone_name(rs, 4), "-");
	ruleset_free(rs);
}

static void test_values(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs = must_load(
		d, "\xef\xbb\xbfmode = \"enforce\";\r\n"
		   "ports = { udp = [ 5060, 5080, 5060 ]; tcp = [ \"5061\" ]; };\r\n"
		   "flood = { ban = 90; ban_window = \"2d\"; action = \"alert\"; };\r\n"
		   "agent = { mode = \"observe\"; ban = \"1w\"; };\r\n"
		   "log : { level : \"debug\" }\r\n");
	const struct policy *flood = &rs->zone[0].policy[check_index("flood")];
	const struct policy *agent = &rs->zone[0].policy[check_index("agent")];

	assert_int_equal(rs->settings.ports[0], 2);
	assert_int_equal(rs->settings.port[0][1], 5080);
	assert_int_equal(rs->settings.ports[1], 1);
	assert_int_equal(rs->settings.port[1][0], 5061);
	assert_int_equal(rs->settings.log_level, 3);
	assert_int_equal(flood->ban, 90);
	assert_int_equal(flood->ban_window, 172800);
	assert_int_equal(flood->action, ACTION_ALERT);
	assert_int_equal(agent->mode, MODE_OBSERVE);
	assert_int_equal(agent->ban, 604800);
	ruleset_free(rs);
}

static void test_zone_overrides(void **state)
{
	struct confdir *d = *state;
	unsigned flood = check_index("flood"), agent = check_index("agent");
	struct ruleset *rs = must_load(
		d, "flood = { ban = \"1h\"; budget = 20; };\n"
		   "zones = ( { name = \"a\"; registered = true; flood = { ban_after = 3; }; },\n"
		   "  { name = \"b\"; registered = false; agent = { deny = [ \"x\" ]; }; } );\n");

	/* what the zone does not write comes from the group, not from the defaults */
	assert_int_equal(rs->zone[1].policy[flood].ban, 3600);
	assert_int_equal(rs->zone[1].policy[flood].ban_after, 3);
	assert_int_equal(rs->zone[0].policy[flood].ban_after, 1);
	assert_memory_equal(rs->zone[1].conf[flood], rs->zone[0].conf[flood],
			    checks[flood]->conf_size);
	/* compiled once for all that do not differ */
	assert_ptr_not_equal(rs->zone[1].conf[flood], rs->zone[0].conf[flood]);
	assert_ptr_equal(rs->zone[2].conf[flood], rs->zone[0].conf[flood]);
	assert_ptr_equal(rs->zone[1].conf[agent], rs->zone[0].conf[agent]);
	assert_ptr_not_equal(rs->zone[2].conf[agent], rs->zone[0].conf[agent]);
	ruleset_free(rs);
}

static void test_lists(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs;
	size_t n;

	confdir_write(d, "lists/peers.txt", "# peers\r\n\r\n  198.51.100.0/24  # first\n"
					    "2001:db8::/32");
	confdir_write(d, "lists/empty.txt", "# nothing\n");
	rs = must_load(d, "trusted = { addresses = [ \"192.0.2.1\", \"file:peers.txt\", "
			  "\"file:empty.txt\" ]; };");
	ruleset_trusted(rs, &n);
	assert_int_equal(n, 3);
	ruleset_free(rs);

	confdir_write(d, "lists/peers.txt", "198.51.100.0/24\n\n198.51.100.0/99\n");
	assert_null(confdir_load(d));
	assert_true(confdir_says(d, "lists/peers.txt:3: trusted.addresses: \"198.51.100.0/99\""));
	confdir_write_bytes(d, "lists/peers.txt", "192.0.2.1\n192.0\0.2", 17);
	assert_null(confdir_load(d));
	assert_true(confdir_says(d, "lists/peers.txt:2: trusted.addresses: has a NUL byte"));
}

static bool trusts(const struct ruleset *rs, const char *text)
{
	size_t n;
	const struct prefix *p = ruleset_trusted(rs, &n);
	struct addr a;

	assert_int_equal(addr_parse(slice_of(text), &a), 0);
	for (size_t i = 0; i < n; i++)
		if (prefix_has(&p[i], &a))
			return true;
	return false;
}

/* The kernel's sets may hold only what is trusted whatever else holds. */
static void test_trusted(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs = must_load(
		d, "trusted = { addresses = [ \"192.0.2.0/28\" ]; };\n"
		   "zones = ( { name = \"a\"; addresses = [ \"198.51.100.1\" ]; trust = true; },\n"
		   "  { name = \"b\"; addresses = [ \"198.51.100.2\" ]; transport = \"udp\"; "
		   "trust = true; },\n"
		   "  { name = \"c\"; addresses = [ \"198.51.100.3\" ]; trust = true; } );\n");

	assert_true(trusts(rs, "192.0.2.5"));
	assert_true(trusts(rs, "198.51.100.1"));
	assert_false(trusts(rs, "198.51.100.2")); /* only over UDP */
	assert_false(trusts(rs, "198.51.100.3")); /* b might have claimed it */
	assert_false(trusts(rs, "127.0.0.1"));
	ruleset_free(rs);

	rs = must_load(d, "trusted = { mode = \"off\"; addresses = [ \"192.0.2.0/28\" ]; };");
	assert_false(trusts(rs, "192.0.2.5"));
	ruleset_free(rs);
	rs = must_load(d, "trusted = { addresses = [ \"192.0.2.0/28\" ]; };\n"
			  "zones = ( { name = \"a\"; transport = \"udp\"; "
			  "trusted = { mode = \"off\"; }; } );");
	assert_false(trusts(rs, "192.0.2.5"));
	ruleset_free(rs);
}

static void test_inside(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs = must_load(d, "inside = [ \"192.0.2.1\", \"2001:db8::/64\" ];");
	struct prefix p;
	struct addr a;
	size_t n;

	ruleset_inside(rs, &n);
	assert_int_equal(n, 2);
	assert_int_equal(addr_parse(SLICE("2001:db8::5"), &a), 0);
	assert_true(prefixset_has(&rs->inside_set, &a));
	assert_int_equal(prefix_parse(SLICE("198.51.100.0/24"), &p), 0);
	assert_int_equal(ruleset_set_inside(rs, &p, 1), 0);
	assert_false(prefixset_has(&rs->inside_set, &a));
	assert_memory_equal(ruleset_inside(rs, &n), &p, sizeof(p));
	assert_int_equal(n, 1);
	assert_int_equal(ruleset_set_inside(rs, NULL, 0), 0);
	ruleset_inside(rs, &n);
	assert_int_equal(n, 0);
	ruleset_free(rs);
}

static void test_no_database(void **state)
{
	struct confdir *d = *state;

	ruleset_free(must_load(d, NO_GEO "country = { mode = \"enforce\"; deny = [ \"DE\" ]; };"));
	assert_int_equal(d->report.degraded, 1);
	assert_true(confdir_says(d, "sipmoat.conf:2: country: no country database"));
	assert_true(confdir_says(d, "/nonexistent: geo: database not used"));
	ruleset_free(must_load(d, NO_GEO "country = { mode = \"observe\"; deny = [ \"DE\" ]; };"));
	assert_int_equal(d->report.degraded, 0);
	assert_true(confdir_says(d, "no country database"));
	ruleset_free(must_load(d, NO_GEO "country = { deny = [ \"DE\" ]; };"));
	assert_false(confdir_says(d, "no country database"));
	ruleset_free(must_load(d, NO_GEO "zones = ( { name = \"a\"; asns = [ \"AS64496\" ]; } );"));
	assert_int_equal(d->report.degraded, 1);
	assert_true(confdir_says(d, "zones.a.asns: no ASN database"));
}

static void test_zone_limit(void **state)
{
	struct confdir *d = *state;
	char text[ZONE_MAX * 64] = "zones = (";
	size_t n = strlen(text);

	for (unsigned i = 0; i < ZONE_MAX - 1; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%s{ name = \"z%u\"; transport = \"udp\"; }",
				      i ? ", " : " ", i);
	memcpy(text + n, ");", 3);
	ruleset_free(must_load(d, text));
	snprintf(text + n, sizeof(text) - n, ", { name = \"over\"; transport = \"udp\"; } );");
	assert_null(confdir_load_text(d, text));
	assert_true(confdir_says(d, "zones: too many zones: at most 63"));
}

/* ---- the shipped config ---- */

/* The lines of a group in the shipped file; "" is the whole file. */
static char *group_text(const char *file, const char *group)
{
	char head[64], *from, *end;

	if (!group[0])
		return strdup(file);
	snprintf(head, sizeof(head), "\n%s = {\n", group);
	from = strstr(file, head);
	if (!from)
		fprintf(stderr, "systemd/sipmoat.conf: no group \"%s\"\n", group);
	assert_non_null(from);
	end = strstr(from, "\n};");
	assert_non_null(end);
	return strndup(from, (size_t)(end - from + 1));
}

/* "#key = [ "a", "b" ];" with its lines, blanks and quotes taken away: "a,b". */
static void list_text(const char *p, char *out, size_t room)
{
	size_t n = 0;

	for (; *p != ']' && n + 1 < room; p++)
		if (!strchr(" \t\n#\"[", *p))
			out[n++] = *p;
	out[n] = '\0';
}

/* The names in a list file, comma-separated. */
static void list_file(const char *name, char *out, size_t room)
{
	char path[128], line[256];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "systemd/lists/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			n += (size_t)snprintf(out + n, room - n, "%s%s", n ? "," : "", line);
	}
	fclose(f);
}

/* value NULL: anything will do. */
static void expect_row(const char *text, const char *group, const struct conf_row *row,
		       const char *value)
{
	const char *q = row->type == CONF_BOOL || row->type == CONF_INT ||
				row->type == CONF_MAP ? "" : "\"";
	char want[2048], found[2048] = "", *at;

	snprintf(want, sizeof(want), "\n%s#%s = ", group[0] ? "\t" : "", row->name);
	at = strstr(text, want);
	if (!at)
		fprintf(stderr, "systemd/sipmoat.conf: no key \"%s.%s\"\n", group, row->name);
	assert_non_null(at);
	at += strlen(want);
	if (!value)
		return;
	if (row->type == CONF_LIST) {
		list_text(at, found, sizeof(found));
		if (strcmp(found, "file:scanners.txt") == 0)
			list_file("scanners.txt", found, sizeof(found));
		snprintf(want, sizeof(want), "%s", value);
	} else {
		snprintf(found, sizeof(found), "%.*s", (int)strcspn(at, ";"), at);
		snprintf(want, sizeof(want), "%s%s%s", q, value, q);
	}
	if (strcmp(found, want) != 0)
		fprintf(stderr, "systemd/sipmoat.conf: %s.%s is %s, the default is %s\n", group,
			row->name, found, want);
	assert_string_equal(found, want);
}

/* Of a list of groups the list is there, and each key of an entry is named somewhere. */
static void expect_groups(const char *text, const char *group, const struct conf_row *row)
{
	char want[64];

	expect_row(text, group, row, NULL);
	for (const struct conf_row *sub = row->rows; sub->name; sub++) {
		snprintf(want, sizeof(want), " %s = ", sub->name);
		if (!strstr(text, want))
			fail_msg("systemd/sipmoat.conf: no key \"%s.%s\" of %s", row->name,
				 sub->name, group);
	}
}

static void expect_rows(const char *file, const char *group, const struct conf_row *rows)
{
	char *text = group_text(file, group);

	for (const struct conf_row *row = rows; row && row->name; row++)
		if (row->type == CONF_GROUPS)
			expect_groups(text, group, row);
		else if (row->type != CONF_GONE)
			expect_row(text, group, row, row->type == CONF_MAP ? "{ }" : row->fallback);
	free(text);
}

static void test_shipped_loads(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs = ruleset_load("systemd/sipmoat.conf", &d->report);

	if (!rs || d->report.n)
		confdir_print(d);
	assert_non_null(rs);
	assert_int_equal(d->report.n, 0);
	check_defaults(rs);
	ruleset_free(rs);
}

static char *shipped(void)
{
	FILE *f = fopen("systemd/sipmoat.conf", "r");
	char *text = calloc(1, 262144);

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, 262143, f) > 0);
	fclose(f);
	return text;
}

static void test_shipped_complete(void **state)
{
	char *file = shipped();

	(void)state;
	for (const struct settings_group *g = settings_groups; g->name; g++)
		expect_rows(file, g->name, g->rows);
	for (unsigned i = 0; i < check_count; i++) {
		char *text = group_text(file, checks[i]->name);

		expect_rows(file, checks[i]->name, checks[i]->rows);
		for (const struct conf_row *row = policy_rows; row->name; row++)
			expect_row(text, checks[i]->name, row, NULL);
		free(text);
	}
	for (const struct conf_row *row = zone_rows; row->name; row++) {
		char want[64];

		snprintf(want, sizeof(want), "\n#   %s ", row->name);
		assert_non_null(strstr(file, want));
	}
	free(file);
}

/* With every "#key = value;" in force it says the same as with none. */
static void test_shipped_in_force(void **state)
{
	struct confdir *d = *state;
	char *file = shipped(), scanners[4096];
	struct ruleset *rs;

	for (char *p = file; *p; p++) {
		bool key = p[0] == '#' && p[1] >= 'a' && p[1] <= 'z';
		bool more = p[0] == '#' && strncmp(p + 1, "          ", 10) == 0 &&
			    strchr("\"{})", p[11]);

		if (key || more)
			*p = ' ';
	}
	list_file("scanners.txt", scanners, sizeof(scanners));
	for (char *p = scanners; *p; p++)
		if (*p == ',')
			*p = '\n';
	confdir_write(d, "lists/scanners.txt", scanners);
	rs = must_load(d, file);
	assert_int_equal(d->report.n, 0);
	check_defaults(rs);
	ruleset_free(rs);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_layers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zone_overrides, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trusted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_database, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zone_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shipped_loads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shipped_complete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shipped_in_force, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
