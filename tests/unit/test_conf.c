/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Broken configs: each says where, what and what is allowed, and none crashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "confdir.h"
#include "groups.h"
#include "schedule.h"

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

/* One mistake a row; says: what one of the notes must hold. */
static const struct broken {
	const char *text, *says;
} broken[] = {
	/* the text itself */
	{ "queue = { length = 100", "sipmoat.conf:1: this '{' is never closed" },
	{ "\n\nqueue = { length = ; };", "sipmoat.conf:3: syntax error in or before \"queue = " },
	{ "\ninside = [ \"192.0.2.1\" \n", "sipmoat.conf:2: this '[' is never closed" },
	{ "flood = {\nbudget = 16;\nagent = { };\n\n", "sipmoat.conf:1: this '{' is never closed" },
	{ "flood = {\nbudget = 16;\n);", ":3: ')' stands where the '{' of line 1 is still open" },
	{ "zones = ( { name = \"a\"; registered = true; ] );", "']' stands where the '{' of" },
	{ "inside = [ \"192.0.2.1\"\n\"192.0.2.2\" ];", ":2: no comma between two texts" },
	{ "inside = [ \"192.0.2.1\" # one\n \"x\" ];", "\"x\" is no address" },
	{ "\ninside = [ \"192.0.2.1 ];\nmode = \"observe\"\n;",
	  "sipmoat.conf:2: a text has no closing quote" },
	{ "\nmode = \"observe", "sipmoat.conf:2: a text has no closing quote on its line" },
	{ "mode = \"observe\\\";", "sipmoat.conf:1: a text has no closing quote on its line" },
	{ "\nmode = 'enforce';", ":2: texts stand in plain double quotes, \"like this\"" },
	{ "mode = \xe2\x80\x9c" "enforce\xe2\x80\x9d;", ":1: texts stand in plain double quotes" },
	{ "mode = enforce;", ":1: \"enforce\" needs quotes" },
	{ "/* a\nb */ # c\n// d\nmode = yes;", ":4: \"yes\" needs quotes" },
	{ "flood = { ban = 8h; };", "\"8h\" needs quotes" },
	{ "inside = [ 192.0.2.1 ];", "\"192.0.2.1\" needs quotes: it is no plain number" },
	{ "inside = [ 192.0.2.0/24 ];", "\"192.0.2.0/24\" needs quotes" },
	{ "inside = [ 2001:db8::/32//c\n ];", "\"2001:db8::/32\" needs quotes" },
	{ "inside = [ fd00::1 ];", "\"fd00::1\" needs quotes" },
	{ "inside = [ pbx.example.org ];", "\"pbx.example.org\" needs quotes" },
	{ "geo = { country = /var/lib/x.mmdb; };", "\"/var/lib/x.mmdb\" needs quotes" },
	{ "ports = { udp = [ 05060 ]; };", "05060 has a leading zero" },
	{ "queue = { length = 0200; };", "0200 has a leading zero" },
	{ "queue = { length = -08; };", "-08 has a leading zero" },
	{ "queue = { length = 5000000000; };", "5000000000 is too large a number" },
	{ "queue = { length = -5000000000; };", "-5000000000 is too large a number" },
	{ "queue = { length = 99999999999999999999; };", "is too large a number" },
	{ "queue = { length = 0xffffffffff; };", "0xffffffffff is too large a number" },
	{ "queue = { length = 9999999999L; };", "9999999999L is too large a number" },
	{ "@include \"/etc/passwd\"\n", ":1: @include is not supported" },
	{ "mode = \"observe\";\nmode = \"enforce\";", "duplicate setting name" },
	{ "bans.scope = \"all\";", "\"bans.scope\" is no key: write bans = { scope = ...; };" },
	{ "{ }", "syntax error" },
	{ "= 1;", "syntax error" },
	{ "queue = {{{{{{{{{{{{", "is never closed" },
	{ "queue = {{{{{{{{{{{{{{{{{{{{{{", "syntax error" },
	{ "a={a={a={a={a={a={a={a={a={a=1;};};};};};};};};};", "nested too deeply" },
	/* keys */
	{ "mod = \"observe\";", "mod: unknown key; did you mean \"mode\"?" },
	{ "qeueu = { };", "unknown key; did you mean \"queue\"?" },
	{ "queue = { lenght = 100; };", "queue.lenght: unknown key; did you mean \"length\"?" },
	{ "flood = { bduget = 5; };", "flood.bduget: unknown key; did you mean \"budget\"?" },
	{ "flood = { ban_aftr = 5; };", "did you mean \"ban_after\"?" },
	{ "agents = { };", "did you mean \"agent\"?" },
	{ "zone = ( );", "did you mean \"zones\"?" },
	{ "completely_else = 1;", "completely_else: unknown key" },
	/* types */
	{ "mode = 1;", "mode: has the wrong type: must be a text in quotes" },
	{ "mode = [ \"observe\" ];", "mode: has the wrong type" },
	{ "mode = { };", "mode: has the wrong type" },
	{ "queue = 1;", "queue: has the wrong type: must be a group" },
	{ "queue = [ 1 ];", "queue: has the wrong type: must be a group" },
	{ "flood = \"off\";", "flood: has the wrong type: must be a group" },
	{ "queue = { length = \"100k\"; };", "queue.length: has the wrong type: must be a whole" },
	{ "queue = { length = 1.5; };", "queue.length: has the wrong type" },
	{ "queue = { length = 1e3; };", "queue.length: has the wrong type" },
	{ "queue = { length = true; };", "queue.length: has the wrong type" },
	{ "geo = { country = 5; };", "geo.country: has the wrong type: must be a text" },
	{ "inside = \"192.0.2.1\";", "inside: has the wrong type: must be a list" },
	{ "inside = ( ( \"192.0.2.1\" ) );", "inside: every entry must be a text in quotes" },
	{ "inside = [ true ];", "inside: every entry must be a text in quotes" },
	{ "inside = [ 1.5 ];", "inside: every entry must be a text in quotes" },
	{ "inside = [ \"a\", 5 ];", "a list has entries with quotes and" },
	{ "zones = { };", "zones: has the wrong type: must be a list" },
	{ "zones = ( 5 );", "zones: has the wrong type: must be a group" },
	/* ranges and words */
	{ "mode = \"observ\";", "mode: must be one of: \"observe\" \"enforce\"" },
	{ "mode = \"off\";", "mode: must be one of" },
	{ "mode = \"\";", "mode: must be one of" },
	{ "queue = { when_full = \"acept\"; };", "must be one of: \"accept\" \"drop\"" },
	{ "queue = { length = 0; };", "queue.length: is out of range: must be 64 to 1048576" },
	{ "queue = { first = -1; };", "queue.first: is out of range: must be 0 to 65000" },
	{ "queue = { workers = 65; };", "queue.workers: is out of range: must be 0 to 64" },
	{ "flood = { window = \"2h\"; };", "flood.window: is out of range: must be 1s to 1h" },
	{ "flood = { ban = \"10x\"; };", "flood.ban: is not a duration" },
	{ "flood = { ban = \"\"; };", "flood.ban: is not a duration" },
	{ "flood = { ban = \"h\"; };", "flood.ban: is not a duration" },
	{ "flood = { ban = \"1h30m\"; };", "flood.ban: is not a duration" },
	{ "flood = { ban = \"-1h\"; };", "flood.ban: is not a duration" },
	{ "flood = { ban = -1; };", "flood.ban: is out of range" },
	{ "flood = { ban = \"99999999999999999999w\"; };", "flood.ban: is out of range" },
	{ "flood = { ban = \"53w\"; };", "flood.ban: is out of range: must be 0s to 52w" },
	{ "flood = { ban_after = 0; };", "flood.ban_after: is out of range: must be 1 to 65535" },
	{ "flood = { action = \"refuse\"; };", "\"alert\" \"drop\" \"reject\" \"approve\"" },
	/* addresses and ports */
	{ "inside = [ \"0.0.0.0/0\" ];", "inside: \"0.0.0.0/0\" is every address: nothing would" },
	{ "\ninside = [ \"192.0.2.1\", \"::/0\" ];", ":2: inside: \"::/0\" is every address" },
	{ "inside = [ \"192.0.2.300\" ];", "\"192.0.2.300\" is no address or prefix" },
	{ "inside = [ \"192.0.2.1/33\" ];", "\"192.0.2.1/33\" is no address or prefix" },
	{ "inside = [ \"2001:db8::/129\" ];", "is no address or prefix" },
	{ "inside = [ \"192.0.2.1/\" ];", "is no address or prefix" },
	{ "inside = [ \"example.com\" ];", "is no address or prefix" },
	{ "inside = [ \"\" ];", "inside: has an empty entry" },
	{ "trusted = { addresses = [ \"x\" ]; };", "trusted.addresses: \"x\" is no address" },
	{ "ports = { udp = [ 0 ]; };", "ports.udp: \"0\" is no port: must be 1 to 65535" },
	{ "ports = { tcp = [ 70000 ]; };", "ports.tcp: \"70000\" is no port" },
	{ "emergency = [ \"112\", \"police\" ];", "emergency: \"police\" is no number: must be" },
	{ "ports = { tcp = [ -1 ]; };", "ports.tcp: \"-1\" is no port" },
	{ "ports = { tcp = [ \"sip\" ]; };", "ports.tcp: \"sip\" is no port" },
	{ "ports = { udp = [ 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 ]; };",
	  "ports.udp: too many ports: at most 16" },
	{ "ports = { udp = [ ]; tcp = [ ]; };", "ports: udp and tcp are both empty" },
	/* lists in files */
	{ "agent = { deny = [ \"file:none.txt\" ]; };", "cannot read the list" },
	{ "agent = { deny = [ \"file:\" ]; };", "is no name of a file in lists/" },
	{ "agent = { deny = [ \"file:../sipmoat.conf\" ]; };", "is no name of a file in lists/" },
	{ "agent = { deny = [ \"file:..\" ]; };", "is no name of a file in lists/" },
	{ "agent = { deny = [ \"file:/etc/passwd\" ]; };", "is no name of a file in lists/" },
	/* checks */
	{ "agent = { deny = [ \"/(/\" ]; };", "agent.deny: \"/(/\" is no expression" },
	{ "agent = { allow = [ \"^\" ]; };", "agent.allow: \"^\" is an empty pattern" },
	{ "agent = { deny = [ \"  \" ]; };", "is an empty pattern" },
	{ "country = { allow = [ \"DEU\" ]; };", "country.allow: \"DEU\" is no country" },
	{ "country = { asn_deny = [ \"AS0\" ]; };", "country.asn_deny: \"AS0\" is no autonomous" },
	{ "country = { asn_deny = [ \"AS4294967296\" ]; };", "is no autonomous system" },
	/* zones */
	{ "zones = ( { addresses = [ \"192.0.2.0/24\" ]; } );", "zones[0].name: must be 1 to 31" },
	{ "zones = ( { name = \"a b\"; registered = true; } );", "name: must be 1 to 31 letters" },
	{ "zones = ( { name = \"default\"; registered = true; } );", "\"default\" is what no" },
	{ "zones = ( { name = \"a\"; } );", "zones.a: has no condition" },
	{ "zones = ( { name = \"a\"; addresses = [ ]; } );", "zones.a.addresses: is empty" },
	{ "zones = ( { name = \"a\"; adresses = [ ]; } );", "did you mean \"addresses\"?" },
	{ "zones = ( { name = \"a\"; transport = \"tls\"; } );", "zones.a.transport: must be one" },
	{ "zones = ( { name = \"a\"; registered = 1; } );", "must be true or false" },
	{ "zones = ( { name = \"a\"; registered = true; flood = { bugdet = 1; }; } );",
	  "zones.a.flood.bugdet: unknown key; did you mean \"budget\"?" },
	{ "zones = ( { name = \"a\"; registered = true; flod = { }; } );",
	  "zones.a.flod: unknown key; did you mean \"flood\"?" },
	{ "zones = ( { name = \"a\"; schedule = \"\"; } );", "zones.a: has no condition" },
	{ "zones = ( { name = \"a\"; schedule = \"day\"; } );",
	  "sipmoat.conf:1: zones.a.schedule: there is no schedule \"day\"" },
	{ "schedules = ( { name = \"day\"; times = [ \"daily\" ]; } );\n"
	  "zones = ( { name = \"a\";\nschedule = \"!dya\"; } );",
	  ":2: zones.a.schedule: there is no schedule \"dya\"; did you mean \"day\"?" },
	{ "zones = ( { name = \"a\"; registered = true; },\n"
	  "{ name = \"a\"; transport = \"udp\"; } );",
	  "sipmoat.conf:2: zones.a.name: a zone of this name was written before" },
	/* lists of groups */
	{ "groups = { };", "groups: has the wrong type: must be a list of groups" },
	{ "groups = \"x\";", "groups: has the wrong type: must be a list of groups" },
	{ "groups = [ \"x\" ];", "groups[0]: has the wrong type: must be a group" },
	{ "groups = ( { name = \"a\"; users = [ \"1\" ]; },\n5 );",
	  "sipmoat.conf:2: groups[1]: has the wrong type: must be a group" },
	{ "schedules = (\n{ nmae = \"a\"; } );",
	  "sipmoat.conf:2: schedules[0].nmae: unknown key; did you mean \"name\"?" },
	{ "schedules = ( { name = \"a\"; times = \"daily\"; } );",
	  "schedules[0].times: has the wrong type: must be a list" },
	{ "schedules = ( { name = 5; times = [ \"daily\" ]; } );",
	  "schedules[0].name: has the wrong type: must be a text" },
	{ "schedules = ( { times = [ \"daily\" ]; } );", "schedules[0].name: must be 1 to 31" },
	{ "schedules = ( { name = \"a\"; } );", "schedules[0].times: is empty" },
	{ "schedules = ( { name = \"a\"; times = [ \"daily\" ]; zone = \"Europe/Brelin\"; } );",
	  "schedules[0].zone: \"Europe/Brelin\" is no time zone of this system: " },
	{ "schedules = ( { name = \"a\"; times = [ \"daily\" ]; zone = \"../../etc\"; } );",
	  "schedules[0].zone: \"../../etc\" is no name of a time zone" },
	{ "schedules = ( { name = \"a\"; times = [ \"daily\" ]; zone = \"tzdata.zi\"; } );",
	  "\"tzdata.zi\" is no name of a time zone" },
	{ "schedules = ( { name = \"a\"; times = [ \"daily\" ]; zone = \"leapseconds\"; } );",
	  "\"leapseconds\" is damaged, or no time zone file at all" },
	{ "schedules = ( { name = \"a\"; times = [ \"daily\" ]; },\n"
	  "{ name = \"a\"; times = [ \"daily\" ]; } );",
	  "sipmoat.conf:2: schedules[1].name: a schedule of this name was written before" },
	{ "groups = ( { name = \"a\"; users = [ \"1\" ]; },\n"
	  "{ name = \"a\"; users = [ \"1\" ]; } );",
	  "sipmoat.conf:2: groups[1].name: a group of this name was written before" },
	{ "groups = ( { name = \"a b\"; users = [ \"1\" ]; } );", "groups[0].name: must be 1" },
	{ "groups = ( { name = \"a\"; } );", "groups[0].users: is empty" },
	{ "groups = ( { name = \"a\"; users = [ \"x\",\n\"/(/\" ]; } );",
	  "sipmoat.conf:2: groups[0].users: \"/(/\" is no expression" },
	{ "groups = ( { name = \"a\"; users = [ 20 ]; } );",
	  "groups[0].users: 20 must be in quotes" },
	{ "trunks = ( { name = \"a\"; addresses = [ \"192.0.2.1\" ]; },\n"
	  "{ name = \"a\"; addresses = [ \"192.0.2.1\" ]; } );",
	  "sipmoat.conf:2: trunks[1].name: a trunk of this name was written before" },
	{ "trunks = ( { name = \"a\"; } );", "trunks[0].addresses: is empty" },
	{ "trunks = ( { name = \"a\"; addresses = [ \"x\" ]; } );",
	  "trunks[0].addresses: \"x\" is no address" },
};

static void test_each_says_what(void **state)
{
	struct confdir *d = *state;

	for (unsigned i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct ruleset *rs = confdir_load_text(d, broken[i].text);
		bool said = confdir_says(d, broken[i].says);

		if (rs || !said || !d->report.errors) {
			fprintf(stderr, "config: %s\nwanted: %s\n", broken[i].text, broken[i].says);
			confdir_print(d);
		}
		assert_null(rs);
		assert_true(said);
		assert_true(d->report.errors > 0);
	}
}

static void test_all_at_once(void **state)
{
	struct confdir *d = *state;

	confdir_write(d, "conf.d/a.conf", "quueue = { };\nflood = { ban = 8h; budget = yes; };\n");
	confdir_write(d, "conf.d/b.conf", "syntax error\n");
	assert_null(confdir_load_text(d, "inside = [ \"a\", \"b\" ];\nmode = observe;\n"
					 "queue = { workers = 5000000000; lenght = 1; };\n"
					 "agent = { deny = [ \"/(/\", \"/)/\", \"=\" ]; };\n"));
	assert_true(confdir_says(d, "sipmoat.conf:1: inside: \"a\""));
	assert_true(confdir_says(d, "sipmoat.conf:1: inside: \"b\""));
	assert_true(confdir_says(d, "sipmoat.conf:2: \"observe\" needs quotes"));
	assert_true(confdir_says(d, "sipmoat.conf:3: 5000000000 is too large"));
	assert_true(confdir_says(d, "sipmoat.conf:3: queue.lenght"));
	assert_true(confdir_says(d, "sipmoat.conf:4: agent.deny: \"/(/\""));
	assert_true(confdir_says(d, "sipmoat.conf:4: agent.deny: \"/)/\""));
	assert_true(confdir_says(d, "sipmoat.conf:4: agent.deny: \"=\" is an empty pattern"));
	assert_true(confdir_says(d, "conf.d/a.conf:1: quueue"));
	assert_true(confdir_says(d, "conf.d/a.conf:2: \"8h\" needs quotes"));
	assert_true(confdir_says(d, "conf.d/a.conf:2: flood.budget: has the wrong type"));
	assert_true(confdir_says(d, "conf.d/b.conf:1: "));
}

/* What was mended for the sake of other errors must not make errors of its own. */
static void test_mended_once(void **state)
{
	struct confdir *d = *state;

	assert_null(confdir_load_text(d, "mode = observe;\nflood = { ban = 8h; };\n"));
	assert_int_equal(d->report.errors, 2);
	assert_int_equal(d->report.n, 2);
}

/* One entry more than there may be. */
static void test_too_many_groups(void **state)
{
	struct confdir *d = *state;
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text), "groups = (\n");

	for (unsigned i = 0; i < 33; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%s{ name = \"g%u\"; users = [ \"1\" ]; }", i ? "," : "",
				      i);
	snprintf(text + n, sizeof(text) - n, ");");
	assert_null(confdir_load_text(d, text));
	assert_true(confdir_says(d, "sipmoat.conf:1: groups: has too many entries: at most 32"));
	assert_int_equal(d->report.errors, 1);
}

/* A later file's list takes the place of the former; what is wrong in that is said all
 * the same. */
static void test_groups_of_two_files(void **state)
{
	struct confdir *d = *state;
	struct ruleset *rs;
	const struct group_entry *e;

	confdir_write(d, "sipmoat.conf", "groups = ( { name = \"a\"; users = [ \"1\" ]; }, "
					 "{ name = \"b\"; users = [ \"2\" ]; } );\n");
	confdir_write(d, "conf.d/x.conf", "\ngroups = ( { name = \"b\"; users = [ \"3\" ]; } );");
	rs = confdir_load(d);
	if (!rs)
		confdir_print(d);
	assert_non_null(rs);
	assert_int_equal(ruleset_settings(rs)->groups.n, 1);
	e = ruleset_settings(rs)->groups.entry;
	assert_string_equal(e->at.text, "groups[0]");
	assert_int_equal(e->at.line, 2);
	assert_non_null(strstr(e->at.file, "conf.d/x.conf"));
	assert_string_equal(e->users.item[0].text, "3");
	ruleset_free(rs);
	confdir_write(d, "conf.d/x.conf", "groups = ( );");
	rs = confdir_load(d);
	assert_non_null(rs);
	assert_int_equal(ruleset_settings(rs)->groups.n, 0);
	ruleset_free(rs);
	confdir_write(d, "sipmoat.conf", "groups = ( { nam = \"a\"; } );");
	assert_null(confdir_load(d));
	assert_true(confdir_says(d, "groups[0].nam: unknown key"));
}

/* What an entry leaves out is as its rows say. */
static void test_groups_defaults(void **state)
{
	struct ruleset *rs = confdir_load_text(*state, "schedules = ( { name = \"a\"; times = "
						       "[ \"daily\" ]; } );");
	const struct schedule_entry *e;

	assert_non_null(rs);
	e = ruleset_settings(rs)->schedules.entry;
	assert_string_equal(e->zone, "UTC");
	assert_int_equal(e->except.n, 0);
	ruleset_free(rs);
}

static void test_deep_nesting(void **state)
{
	struct confdir *d = *state;
	size_t n = 900000;
	char *text = malloc(n);

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = "a={"[i % 3];
	confdir_write_bytes(d, "sipmoat.conf", text, n);
	free(text);
	assert_null(confdir_load(d));
	assert_true(confdir_says(d, "sipmoat.conf:1: too many open brackets"));
}

/* What 1.7 of libconfig takes and 1.5 does not, and what looks odd but is right. */
static void test_taken(void **state)
{
	static const char *const taken[] = {
		"inside = [ \"192.0.2.1\", /* , */ ];\nports = { udp = [ 5060, # one\n ]; };",
		"zones = ( { name = \"a\"; registered = true; }, );",
		"mode = \"observe\"\nflood : { budget:0x10, most = 300L }",
		"agent = { deny = [ \"/a\\\\d, ]/\", \"]\" ]; };",
	};
	struct confdir *d = *state;
	struct ruleset *rs;

	for (unsigned i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		confdir_write(d, "sipmoat.conf", taken[i]);
		rs = confdir_load(d);
		if (!rs)
			fail_msg("refused: %s", taken[i]);
		ruleset_free(rs);
	}
}

static void test_files(void **state)
{
	static const char zero[] = "mode = \"observe\";\n\0mode";
	struct confdir *d = *state;
	size_t huge = 10 << 20;
	char *bytes = malloc(huge), path[256];

	assert_null(confdir_load(d)); /* there is none yet */
	assert_true(confdir_says(d, "sipmoat.conf: No such file"));

	confdir_write_bytes(d, "sipmoat.conf", zero, sizeof(zero));
	assert_null(confdir_load(d));
	assert_true(confdir_says(d, "sipmoat.conf:2: a NUL byte"));

	assert_non_null(bytes);
	memset(bytes, '#', huge);
	confdir_write_bytes(d, "sipmoat.conf", bytes, huge);
	free(bytes);
	assert_null(confdir_load(d));
	assert_true(confdir_says(d, "too large"));

	confdir_write(d, "sipmoat.conf", "");
	snprintf(path, sizeof(path), "%s/conf.d/folder.conf", d->path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_null(confdir_load(d));
	assert_true(confdir_says(d, "folder.conf: Is a directory"));
	assert_int_equal(rmdir(path), 0);

	assert_int_equal(mkfifo(path, 0644), 0);
	assert_null(confdir_load(d));
	assert_true(confdir_says(d, "folder.conf: is not a regular file"));
}

static char *read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	char *text = malloc(1 << 16);

	assert_non_null(f);
	assert_non_null(text);
	*n = fread(text, 1, (1 << 16) - 1, f);
	text[*n] = '\0';
	fclose(f);
	return text;
}

static void load_and_free(struct confdir *d, const char *bytes, size_t n)
{
	struct ruleset *rs;

	confdir_write_bytes(d, "sipmoat.conf", bytes, n);
	rs = confdir_load(d);
	assert_true((rs == NULL) == (d->report.errors > 0));
	assert_true(rs || d->report.n > 0);
	for (unsigned i = 0; i < d->report.n; i++)
		for (const char *p = d->report.note[i].text; *p; p++)
			assert_true(*p == '\n' || (unsigned char)*p >= ' ');
	ruleset_free(rs);
}

/* The shipped config, with its keys in force, cut and damaged in many ways. */
static void test_damage(void **state)
{
	struct confdir *d = *state;
	size_t n;
	char *text = read_file("systemd/sipmoat.conf", &n);
	uint32_t rnd = 1;

	for (size_t i = 0; i + 2 < n; i++)
		if (text[i] == '#' && text[i + 1] >= 'a' && text[i + 1] <= 'z')
			text[i] = ' ';
	for (size_t cut = 0; cut < n; cut += 29)
		load_and_free(d, text, cut);
	for (unsigned round = 0; round < 400; round++) {
		for (unsigned i = 0; i < 1 + round % 4; i++) {
			rnd = rnd * 1664525 + 1013904223;
			text[rnd % n] = (char)(rnd >> 24);
		}
		load_and_free(d, text, n);
	}
	free(text);
}

static void test_notes(void **state)
{
	struct conf_report r = { 0 };
	char *text;

	(void)state;
	conf_report_add(&r, CONF_WARNING, "f", 3, "a.b", "x %d", 1);
	conf_report_add(&r, CONF_DEGRADED, "", 0, "", "y");
	conf_report_add(&r, CONF_ERROR, "g", 0, "", "z");
	assert_int_equal(r.n, 3);
	assert_int_equal(r.errors, 1);
	assert_int_equal(r.degraded, 1);
	text = conf_note_text(&r.note[0]);
	assert_string_equal(text, "f:3: a.b: x 1");
	free(text);
	text = conf_note_text(&r.note[1]);
	assert_string_equal(text, "y");
	free(text);
	text = conf_note_text(&r.note[2]);
	assert_string_equal(text, "g: z");
	free(text);
	conf_report_add(&r, CONF_ERROR, "f", 2, "", "first of two");
	conf_report_add(&r, CONF_ERROR, "f", 2, "", "second of two");
	conf_report_sort(&r);
	assert_string_equal(r.note[0].text, "y");
	assert_string_equal(r.note[1].text, "first of two");
	assert_string_equal(r.note[2].text, "second of two");
	assert_string_equal(r.note[3].text, "x 1");
	assert_string_equal(r.note[4].text, "z");
	for (unsigned i = 0; i < 2 * CONF_NOTES; i++)
		conf_report_add(&r, CONF_ERROR, "h", i, "", "many");
	assert_int_equal(r.n, CONF_NOTES);
	assert_int_equal(r.errors, 2 * CONF_NOTES + 3);
	conf_report_free(&r);
	assert_int_equal(r.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_says_what, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mended_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_groups_of_two_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_groups_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deep_nesting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
