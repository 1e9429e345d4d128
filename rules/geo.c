/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that knows libmaxminddb.  Four ways to write a country and two to
 * write an AS number are in use; which one a file speaks is found out once, with
 * addresses every honest file knows.
 */
#include "geo.h"

#include <glob.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "printable.h"

#define FILE_LIMIT (256u << 20)
#define PROBES_ANSWERED 6 /* of those of one family, at least */
#define PROBES_DISTINCT 3 /* different answers, at least */
#define TRIES 3           /* in a search: who may write there cannot keep us from the watchdog */
#define TYPE_SHOWN 33     /* bytes of what a file calls itself, with the NUL */

/* How a file writes what we look for. */
struct schema {
	const char *const path[3];
	uint32_t (*read)(const MMDB_entry_data_s *d);
};

struct database {
	MMDB_s mmdb;
	bool open;
	char *path;
	const struct schema *schema, *second; /* second: tried when the first is silent */
	bool knows[2]; /* well-known addresses of IPv4, of IPv6 */
};

struct geo {
	struct database of[2]; /* enum geo_kind */
};

/* ---- what an entry says ---- */

static uint32_t read_code(const MMDB_entry_data_s *d)
{
	const char *s = d->utf8_string;

	if (d->type != MMDB_DATA_TYPE_UTF8_STRING || d->data_size != 2 || s[0] < 'A' ||
	    s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z')
		return 0;
	return GEO_CODE((unsigned char)s[0], (unsigned char)s[1]);
}

static uint32_t read_number(const MMDB_entry_data_s *d)
{
	if (d->type == MMDB_DATA_TYPE_UINT16)
		return d->uint16;
	return d->type == MMDB_DATA_TYPE_UINT32 ? d->uint32 : 0;
}

/* "AS64496" */
static uint32_t read_as_text(const MMDB_entry_data_s *d)
{
	const char *s = d->utf8_string;
	uint64_t n = 0;

	if (d->type != MMDB_DATA_TYPE_UTF8_STRING || d->data_size < 3 || d->data_size > 12 ||
	    s[0] != 'A' || s[1] != 'S')
		return 0;
	for (uint32_t i = 2; i < d->data_size; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		n = n * 10 + (uint64_t)(s[i] - '0');
	}
	return n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* MaxMind and DB-IP; ip-location-db and IPinfo; MaxMind's second choice; old IPinfo */
static const struct schema country_schemas[] = {
	{ { "country", "iso_code", NULL }, read_code },
	{ { "country_code", NULL }, read_code },
	{ { "registered_country", "iso_code", NULL }, read_code },
	{ { "country", NULL }, read_code },
	{ { NULL }, NULL },
};

static const struct schema asn_schemas[] = {
	{ { "autonomous_system_number", NULL }, read_number },
	{ { "asn", NULL }, read_as_text },
	{ { NULL }, NULL },
};

static const struct schema *const all_schemas[] = { [GEO_COUNTRY] = country_schemas,
						    [GEO_ASN] = asn_schemas };

static uint32_t entry_value(MMDB_entry_s *e, const struct schema *schema)
{
	MMDB_entry_data_s d;

	if (!schema || MMDB_aget_value(e, &d, schema->path) != MMDB_SUCCESS || !d.has_data)
		return 0;
	return schema->read(&d);
}

/* The library finds nothing for v4-mapped addresses: IPv4 is asked for as IPv4. */
static MMDB_lookup_result_s entry_find(const MMDB_s *mmdb, const struct addr *a, int *err)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (addr_is_v4(a)) {
		memcpy(&v4.sin_addr, a->b + 12, 4);
		return MMDB_lookup_sockaddr(mmdb, (const struct sockaddr *)&v4, err);
	}
	memcpy(&v6.sin6_addr, a->b, 16);
	return MMDB_lookup_sockaddr(mmdb, (const struct sockaddr *)&v6, err);
}

static uint32_t database_value(const struct database *db, const struct addr *a)
{
	int err = MMDB_SUCCESS;
	MMDB_lookup_result_s found;
	uint32_t v;

	if (!db->open || addr_is_bogon(a))
		return 0;
	found = entry_find(&db->mmdb, a, &err);
	if (err != MMDB_SUCCESS || !found.found_entry)
		return 0;
	v = entry_value(&found.entry, db->schema);
	return v ? v : entry_value(&found.entry, db->second);
}

/* ---- is the file plausible ---- */

/*
 * Well-known hosts of many countries and networks: resolvers, root servers,
 * registries.  What they answer is not compared, only that they answer and that
 * they differ: databases honestly disagree about anycast addresses.
 */
static const char *const probes4[] = {
	"8.8.8.8",       "193.0.6.139",  "202.12.27.33",   "200.160.2.3",
	"196.216.2.6",   "77.88.8.8",    "114.114.114.114", "168.126.63.1",
	"130.59.31.248", "194.146.106.2", "194.0.25.10",   "203.119.1.1", NULL,
};
static const char *const probes6[] = {
	"2001:4860:4860::8888", "2001:67c:2e8:22::c100:68b", "2001:dc3::35",
	"2001:12ff:0:2::3",     "2a02:6b8::feed:ff",         "2001:43f8:110::10",
	"2001:620:0:ff::2",     "2400:3200::1",              "2620:fe::fe", NULL,
};

static bool probes_pass(struct database *db, const char *const *probe)
{
	uint32_t seen[PROBES_DISTINCT] = { 0 };
	unsigned answered = 0, distinct = 0;

	for (; *probe; probe++) {
		struct addr a;
		uint32_t v = addr_parse(slice_of(*probe), &a) == 0 ? database_value(db, &a) : 0;
		unsigned i = 0;

		while (v && i < distinct && seen[i] != v)
			i++;
		if (v && i == distinct && distinct < PROBES_DISTINCT)
			seen[distinct++] = v;
		answered += v != 0;
	}
	return answered >= PROBES_ANSWERED && distinct >= PROBES_DISTINCT;
}

/* A file may hold one family only. */
static bool database_settle(struct database *db, const struct schema *schemas)
{
	for (const struct schema *s = schemas; s->read; s++) {
		db->schema = s;
		db->knows[0] = probes_pass(db, probes4);
		db->knows[1] = probes_pass(db, probes6);
		if (db->knows[0] || db->knows[1]) {
			/* some entries of MaxMind's have only the registered country */
			db->second = s == &country_schemas[0] ? &country_schemas[2] : NULL;
			return true;
		}
	}
	return false;
}

/* ---- open ---- */

static void refuse(struct conf_report *r, const char *path, const char *why)
{
	conf_report_add(r, CONF_WARNING, path, 0, "geo", "database not used: %s", why);
}

/* One of networks where countries are looked for, or of a maker we do not know: its type tells. */
static void refuse_silent(struct conf_report *r, const struct database *db, const char *path)
{
	const char *type = db->mmdb.metadata.database_type;
	char shown[TYPE_SHOWN], why[160];

	printable_text(shown, sizeof(shown), slice_of(type ? type : ""));
	snprintf(why, sizeof(why), "it does not know well-known addresses, or says the same of all "
		 "of them (its type is \"%s\")", shown);
	refuse(r, path, why);
}

static void database_close(struct database *db)
{
	if (db->open)
		MMDB_close(&db->mmdb);
	free(db->path);
	db->path = NULL;
	db->open = false;
}

static bool database_open(struct database *db, const char *path, const struct schema *schemas,
			  struct conf_report *r)
{
	char room[FILE_ERROR], own[32];
	int err, fd = file_sealed(path, FILE_LIMIT);

	if (fd < 0) {
		refuse(r, path, file_error(fd, room));
		return false;
	}
	snprintf(own, sizeof(own), "/proc/self/fd/%d", fd);
	err = MMDB_open(own, MMDB_MODE_MMAP, &db->mmdb);
	close(fd);
	if (err != MMDB_SUCCESS) {
		refuse(r, path, MMDB_strerror(err));
		return false;
	}
	db->open = true;
	db->path = strdup(path);
	if (!db->path)
		refuse(r, path, "out of memory");
	else if (database_settle(db, schemas))
		return true;
	else
		refuse_silent(r, db, path);
	database_close(db);
	return false;
}

/* Where sipmoat-geo-update, geoipupdate, packages and operators put databases, best first. */
static const char *const folders[] = { "/var/lib/sipmoat-geo", "/var/lib/GeoIP", "/usr/share/GeoIP",
				       "/var/lib/sipmoat", NULL };
static const char *const country_names[] = { "GeoLite2-Country.mmdb", "GeoIP2-Country.mmdb",
					     "GeoLite2-City.mmdb", "dbip-country*.mmdb",
					     "*country*.mmdb", NULL };
static const char *const asn_names[] = { "GeoLite2-ASN.mmdb", "dbip-asn*.mmdb", "*asn*.mmdb",
					 NULL };
static const char *const *const all_names[] = { [GEO_COUNTRY] = country_names,
						[GEO_ASN] = asn_names };

/* Of several that fit the last by name is the newest: DB-IP writes the month there. */
static bool open_newest(struct database *db, const char *pattern, const struct schema *schemas,
			unsigned *left, struct conf_report *r)
{
	bool done = false;
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		return false;
	for (size_t i = g.gl_pathc; i-- > 0 && *left && !done; (*left)--)
		done = database_open(db, g.gl_pathv[i], schemas, r);
	globfree(&g);
	return done;
}

static void database_search(struct database *db, const char *const *names,
			    const struct schema *schemas, struct conf_report *r)
{
	unsigned left = TRIES;

	for (const char *const *dir = folders; *dir; dir++)
		for (const char *const *name = names; *name; name++) {
			char pattern[256];

			snprintf(pattern, sizeof(pattern), "%s/%s", *dir, *name);
			if (open_newest(db, pattern, schemas, &left, r))
				return;
		}
}

static void geo_find(struct geo *g, enum geo_kind kind, const char *path, struct conf_report *r)
{
	struct database *db = &g->of[kind];

	if (path && path[0])
		database_open(db, path, all_schemas[kind], r);
	else
		database_search(db, all_names[kind], all_schemas[kind], r);
	for (unsigned i = 0; i < 2; i++)
		if (db->open && !db->knows[i])
			conf_report_add(r, CONF_WARNING, db->path, 0, "geo",
					"it does not know IPv%d: it has no answer for such sources",
					i ? 6 : 4);
}

/* NULL when nothing is open. */
static struct geo *geo_opened(struct geo *g)
{
	if (g->of[GEO_COUNTRY].open || g->of[GEO_ASN].open)
		return g;
	geo_free(g);
	return NULL;
}

struct geo *geo_open(const char *country_file, const char *asn_file, struct conf_report *report)
{
	struct geo *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	geo_find(g, GEO_COUNTRY, country_file, report);
	geo_find(g, GEO_ASN, asn_file, report);
	return geo_opened(g);
}

struct geo *geo_open_file(enum geo_kind kind, const char *path, struct conf_report *report)
{
	struct geo *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	database_open(&g->of[kind], path, all_schemas[kind], report);
	return geo_opened(g);
}

void geo_free(struct geo *g)
{
	if (!g)
		return;
	database_close(&g->of[GEO_COUNTRY]);
	database_close(&g->of[GEO_ASN]);
	free(g);
}

const char *geo_path(const struct geo *g, enum geo_kind kind)
{
	return g ? g->of[kind].path : NULL;
}

bool geo_has_country(const struct geo *g)
{
	return g && g->of[GEO_COUNTRY].open;
}

bool geo_has_asn(const struct geo *g)
{
	return g && g->of[GEO_ASN].open;
}

uint64_t geo_country_built(const struct geo *g)
{
	return geo_has_country(g) ? g->of[GEO_COUNTRY].mmdb.metadata.build_epoch : 0;
}

uint64_t geo_asn_built(const struct geo *g)
{
	return geo_has_asn(g) ? g->of[GEO_ASN].mmdb.metadata.build_epoch : 0;
}

uint32_t geo_country(const struct geo *g, const struct addr *a)
{
	return database_value(&g->of[GEO_COUNTRY], a);
}

uint32_t geo_asn(const struct geo *g, const struct addr *a)
{
	return database_value(&g->of[GEO_ASN], a);
}

/* ---- the whole file ---- */

#define CODES (1u << 16)

struct walk {
	const struct database *db;
	struct geo_survey *out;
	uint64_t left; /* nodes that may still be seen: a damaged tree may go in circles */
	uint64_t seen[CODES / 64];
};

/* Where in the tree. */
struct spot {
	unsigned depth;
	bool zeros; /* all bits so far are 0 */
	bool v4;
};

static void walk_value(struct walk *w, uint32_t v, bool v4)
{
	if (!v)
		return;
	w->out->networks[v4 ? 0 : 1]++;
	if (w->db->schema->read != read_code || w->seen[v / 64] >> v % 64 & 1)
		return;
	w->seen[v / 64] |= (uint64_t)1 << v % 64;
	w->out->countries++;
}

/* Entries may lack what we look for; they must not be nonsense. */
static bool walk_entry(struct walk *w, MMDB_entry_s *e, bool v4)
{
	MMDB_entry_data_s d;
	int err = MMDB_aget_value(e, &d, w->db->schema->path);
	uint32_t v = entry_value(e, w->db->schema);

	walk_value(w, v ? v : entry_value(e, w->db->second), v4);
	return err == MMDB_SUCCESS || err == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR ||
	       err == MMDB_INVALID_LOOKUP_PATH_ERROR;
}

static bool walk_node(struct walk *w, uint32_t node, struct spot at)
{
	const MMDB_s *m = &w->db->mmdb;
	unsigned deepest = m->metadata.ip_version == 4 ? 32 : 128;
	MMDB_search_node_s n;

	if (at.depth == deepest || !w->left || MMDB_read_node(m, node, &n) != MMDB_SUCCESS)
		return false;
	w->left--;
	for (unsigned bit = 0; bit < 2; bit++) {
		uint64_t to = bit ? n.right_record : n.left_record;
		uint8_t type = bit ? n.right_record_type : n.left_record_type;
		struct spot next = { at.depth + 1, at.zeros && !bit, at.v4 };

		next.v4 = at.v4 || (next.depth == 96 && next.zeros);
		if (type == MMDB_RECORD_TYPE_DATA) {
			if (!walk_entry(w, bit ? &n.right_record_entry : &n.left_record_entry,
					next.v4))
				return false;
		} else if (type == MMDB_RECORD_TYPE_SEARCH_NODE) {
			/* 6to4 and its like lead to IPv4 a second time */
			if (to == m->ipv4_start_node.node_value && !next.v4)
				continue;
			if (!walk_node(w, (uint32_t)to, next))
				return false;
		} else if (type != MMDB_RECORD_TYPE_EMPTY) {
			return false;
		}
	}
	return true;
}

bool geo_survey(const struct geo *g, enum geo_kind kind, struct geo_survey *out)
{
	const struct database *db = &g->of[kind];
	struct walk *w = calloc(1, sizeof(*w));
	bool whole;

	*out = (struct geo_survey){ .built = db->open ? db->mmdb.metadata.build_epoch : 0 };
	if (!w || !db->open) {
		free(w);
		return false;
	}
	w->db = db;
	w->out = out;
	w->left = 4 * (uint64_t)db->mmdb.metadata.node_count;
	whole = walk_node(w, 0, (struct spot){ 0, true, db->mmdb.metadata.ip_version == 4 });
	free(w);
	return whole;
}
