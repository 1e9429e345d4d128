/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `sipmoat country`: the country and the network of addresses, by the databases that sipmoatd
 * would open now; and whether a new database may take the place of one of them, which
 * sipmoat-geo-update asks.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "engine.h"
#include "geo.h"
#include "json.h"

#define DEFAULT_CONFIG SIPMOAT_SYSCONFDIR "/sipmoat.conf"
#define DAY 86400u /* s */

static const char *const kinds[] = { [GEO_COUNTRY] = "country", [GEO_ASN] = "asn" };

struct asked {
	const char *config; /* NULL: the default one, or none */
	const char *file[2]; /* by kind; instead of those of the config */
	const char *old;
	bool verify, json;
	char *const *text;
	unsigned n;
	struct addr *addr; /* n of them */
	struct geo *geo[2]; /* may be the same one twice */
};

static void usage(FILE *to)
{
	fputs("usage: sipmoat country [OPTION...] [ADDRESS...]\n"
	      "       sipmoat country --verify [--old FILE] --database FILE | --asn FILE\n"
	      "Says which databases of countries and networks are in use, and what they know of\n"
	      "each ADDRESS.  With --verify: whether a database is whole and knows the world.\n\n"
	      "  -c, --config FILE    the config that names them (default:\n"
	      "                       " DEFAULT_CONFIG ")\n"
	      "      --database FILE  ask this one of countries, and not those of the config\n"
	      "      --asn FILE       ask this one of networks\n"
	      "      --old FILE       it is to take the place of this one: neither older than it\n"
	      "                       nor less than half as large\n"
	      "      --json           as one JSON object\n"
	      "  -h, --help           this text\n\n"
	      "Exit status: 0 done, 1 no database could be used, or is not sound, 2 usage.\n", to);
}

static int refuse(const char *file, const char *what)
{
	fprintf(stderr, "sipmoat country: %s%s%s\n", file ? file : "", file ? ": " : "", what);
	return CTL_REFUSED;
}

static int wrong(const char *what, const char *text)
{
	fprintf(stderr, "sipmoat country: %s%s\n", what, text);
	usage(stderr);
	return CTL_USAGE;
}

/* ---- what is asked ---- */

static bool take_option(struct asked *a, int o)
{
	switch (o) {
	case 'c':
		a->config = optarg;
		return true;
	case 'd':
		a->file[GEO_COUNTRY] = optarg;
		return true;
	case 'a':
		a->file[GEO_ASN] = optarg;
		return true;
	case 'o':
		a->old = optarg;
		return true;
	case 'v':
		a->verify = true;
		return true;
	case 'j':
		a->json = true;
		return true;
	}
	return false;
}

/* CTL_OK: go on; CTL_USAGE; -1: help was asked for and given. */
static int parse_options(struct asked *a, int argc, char **argv)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "database", required_argument, NULL, 'd' },
		{ "asn", required_argument, NULL, 'a' },
		{ "old", required_argument, NULL, 'o' },
		{ "verify", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int o;

	optind = 1;
	while ((o = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
		if (o == 'h') {
			usage(stdout);
			return -1;
		}
		if (!take_option(a, o)) {
			usage(stderr);
			return CTL_USAGE;
		}
	}
	a->text = argv + optind;
	a->n = (unsigned)(argc - optind);
	if (a->verify && (a->n || a->json || !a->file[GEO_COUNTRY] == !a->file[GEO_ASN]))
		return wrong("--verify takes one of --database and --asn, and --old at most", "");
	if (a->old && !a->verify)
		return wrong("--old goes with --verify", "");
	return CTL_OK;
}

static int parse_addresses(struct asked *a)
{
	a->addr = calloc(a->n + 1, sizeof(*a->addr));
	if (!a->addr)
		return refuse(NULL, "out of memory");
	for (unsigned i = 0; i < a->n; i++)
		if (addr_parse(slice_of(a->text[i]), &a->addr[i]) < 0)
			return wrong("no address: ", a->text[i]);
	return CTL_OK;
}

/* ---- the databases ---- */

static void say(const struct conf_report *r)
{
	for (unsigned i = 0; i < r->n; i++)
		fprintf(stderr, "sipmoat country: %s: %s\n", r->note[i].file ? r->note[i].file : "",
			r->note[i].text);
}

static struct geo *open_file(enum geo_kind kind, const char *file)
{
	struct conf_report report = { 0 };
	struct geo *g = geo_open_file(kind, file, &report);

	say(&report);
	conf_report_free(&report);
	return g;
}

/* What the config names, or where sipmoatd looks. */
static struct geo *open_configured(const char *config)
{
	struct conf_report report = { 0 }, found = { 0 };
	const char *file = config;
	struct ruleset *rules;
	struct geo *g = NULL;

	if (!file && access(DEFAULT_CONFIG, R_OK) == 0)
		file = DEFAULT_CONFIG;
	rules = ruleset_load(file, &report);
	if (rules) {
		const struct settings *s = ruleset_settings(rules);

		g = geo_open(s->country_file, s->asn_file, &found);
		say(&found);
		if (!g)
			refuse(NULL, "there is no database: run sipmoat-geo-update (Debian: "
			       "package sipmoat-geoip), or set geo.country");
	} else {
		refuse(file, "the config does not load: sipmoat check says why");
	}
	conf_report_free(&report);
	conf_report_free(&found);
	ruleset_free(rules);
	return g;
}

static int open_databases(struct asked *a)
{
	if (!a->file[GEO_COUNTRY] && !a->file[GEO_ASN]) {
		a->geo[GEO_COUNTRY] = a->geo[GEO_ASN] = open_configured(a->config);
		return a->geo[GEO_COUNTRY] ? CTL_OK : CTL_REFUSED;
	}
	for (unsigned k = 0; k < 2; k++) {
		if (!a->file[k])
			continue;
		a->geo[k] = open_file((enum geo_kind)k, a->file[k]);
		if (!a->geo[k])
			return CTL_REFUSED;
	}
	return CTL_OK;
}

static void close_databases(struct asked *a)
{
	geo_free(a->geo[GEO_COUNTRY]);
	if (a->geo[GEO_ASN] != a->geo[GEO_COUNTRY])
		geo_free(a->geo[GEO_ASN]);
}

static uint64_t built(const struct asked *a, unsigned kind)
{
	return kind == GEO_ASN ? geo_asn_built(a->geo[kind]) : geo_country_built(a->geo[kind]);
}

/* ---- answers ---- */

static uint32_t country_of(const struct asked *a, const struct addr *addr, char out[3])
{
	uint32_t code = geo_has_country(a->geo[GEO_COUNTRY]) ?
			geo_country(a->geo[GEO_COUNTRY], addr) : 0;

	out[0] = (char)(code >> 8);
	out[1] = (char)code;
	out[2] = '\0';
	return code;
}

static uint32_t asn_of(const struct asked *a, const struct addr *addr)
{
	return geo_has_asn(a->geo[GEO_ASN]) ? geo_asn(a->geo[GEO_ASN], addr) : 0;
}

static void print_text(const struct asked *a)
{
	for (unsigned i = 0; i < a->n; i++) {
		uint32_t asn = asn_of(a, &a->addr[i]);
		char text[ADDR_TEXT], code[3], network[16] = "-";

		addr_print(&a->addr[i], text);
		if (asn)
			snprintf(network, sizeof(network), "AS%" PRIu32, asn);
		printf("%-39s %-2s %-12s%s\n", text,
		       country_of(a, &a->addr[i], code) ? code : "-", network,
		       addr_is_bogon(&a->addr[i]) ? " reserved: in no country" : "");
	}
	for (unsigned k = 0; k < 2; k++) {
		const char *path = geo_path(a->geo[k], (enum geo_kind)k);
		time_t t = (time_t)built(a, k);
		char day[16] = "";
		struct tm tm;

		if (path && gmtime_r(&t, &tm))
			strftime(day, sizeof(day), "%Y-%m-%d", &tm);
		printf("%-8s %s%s%s\n", kinds[k], path ? path : "no database",
		       path ? ", made " : "", day);
	}
}

static void json_address_row(const struct asked *a, struct json *j, const struct addr *addr)
{
	uint32_t asn = asn_of(a, addr);
	char code[3];

	json_open(j, NULL, '{');
	json_address(j, "address", addr, true);
	if (country_of(a, addr, code))
		json_text(j, "country", slice_of(code));
	else
		json_null(j, "country");
	if (asn)
		json_uint(j, "asn", asn);
	else
		json_null(j, "asn");
	json_bool(j, "reserved", addr_is_bogon(addr));
	json_close(j, '}');
}

static void print_json(const struct asked *a)
{
	struct json j = { stdout, false };

	json_open(&j, NULL, '{');
	json_open(&j, "databases", '[');
	for (unsigned k = 0; k < 2; k++) {
		const char *path = geo_path(a->geo[k], (enum geo_kind)k);

		if (!path)
			continue;
		json_open(&j, NULL, '{');
		json_text(&j, "of", slice_of(kinds[k]));
		json_text(&j, "file", slice_of(path));
		json_uint(&j, "built", built(a, k));
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_open(&j, "addresses", '[');
	for (unsigned i = 0; i < a->n; i++)
		json_address_row(a, &j, &a->addr[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	json_end_line(&j);
}

/* ---- --verify ---- */

static void print_survey(const struct asked *a, enum geo_kind kind, const struct geo_survey *s)
{
	printf("%s is sound: %" PRIu64 " IPv4 and %" PRIu64 " IPv6 networks", a->file[kind],
	       s->networks[0], s->networks[1]);
	if (kind == GEO_COUNTRY)
		printf(", %u countries", s->countries);
	putchar('\n');
}

/* An old one that cannot be read, or is damaged, is worse than any new one. */
static bool succeeds(enum geo_kind kind, const char *old, const struct geo_survey *fresh,
		     char why[GEO_WHY])
{
	struct geo *g = open_file(kind, old);
	struct geo_survey was;
	bool good = !g || !geo_survey(g, kind, &was) || geo_succeeds(fresh, &was, why);

	geo_free(g);
	return good;
}

/* Once in place, one of the future would be newer than all that come, and never grow old. */
static bool has_been_made(const struct geo_survey *s, char why[GEO_WHY])
{
	time_t now = time(NULL);

	if (now < 0 || s->built <= (uint64_t)now + DAY)
		return true;
	snprintf(why, GEO_WHY, "it will be made in %" PRIu64 " days, by the clock of this machine",
		 (s->built - (uint64_t)now) / DAY);
	return false;
}

static int verify(const struct asked *a)
{
	enum geo_kind kind = a->file[GEO_ASN] ? GEO_ASN : GEO_COUNTRY;
	struct geo_survey s;
	char why[GEO_WHY];

	if (!geo_sound(a->geo[kind], kind, &s, why) || !has_been_made(&s, why) ||
	    (a->old && !succeeds(kind, a->old, &s, why)))
		return refuse(a->file[kind], why);
	print_survey(a, kind, &s);
	return CTL_OK;
}

int country_main(int argc, char **argv)
{
	struct asked a = { 0 };
	int rc = parse_options(&a, argc, argv);

	if (rc == CTL_OK)
		rc = parse_addresses(&a);
	if (rc == CTL_OK)
		rc = open_databases(&a);
	if (rc == CTL_OK && a.verify)
		rc = verify(&a);
	else if (rc == CTL_OK && a.json)
		print_json(&a);
	else if (rc == CTL_OK)
		print_text(&a);
	close_databases(&a);
	free(a.addr);
	return rc < 0 ? CTL_OK : rc;
}
