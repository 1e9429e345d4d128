/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that knows libmaxminddb.  Four ways to write a country and two to
 * write an AS number are in use; which one a file speaks is found out once, with
 * addresses every honest file knows.
 */
#include "geo.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define FILE_LIMIT (256u << 20)
#define PROBES_ANSWERED 6 /* of those of one family, at least */
#define PROBES_DISTINCT 3 /* different answers, at least */

/* How a file writes what we look for. */
struct schema {
	const char *const path[3];
	uint32_t (*read)(const MMDB_entry_data_s *d);
};

struct database {
	MMDB_s mmdb;
	bool open;
	const struct schema *schema, *second; /* second: tried when the first is silent */
};

struct geo {
	struct database country, asn;
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
		if (probes_pass(db, probes4) || probes_pass(db, probes6)) {
			/* some entries of MaxMind's have only the registered country */
			db->second = s == &country_schemas[0] ? &country_schemas[2] : NULL;
			return true;
		}
	}
	return false;
}

/* ---- open ---- */

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/*
 * A file that is mapped and then replaced in place kills the reader with SIGBUS:
 * what is mapped is a sealed copy that nobody can change, us included.
 */
static int sealed_copy(const char *path)
{
	char *bytes;
	size_t n;
	int fd, err = file_load(path, FILE_LIMIT, &bytes, &n);

	if (err)
		return err;
	fd = memfd_create("sipmoat-geo", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	err = fd < 0 ? -errno : write_all(fd, bytes, n);
	free(bytes);
	if (!err && fcntl(fd, F_ADD_SEALS,
			  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		err = -errno;
	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

static void refuse(struct conf_report *r, const char *path, const char *why)
{
	conf_report_add(r, CONF_WARNING, path, 0, "geo", "database not used: %s", why);
}

static bool database_open(struct database *db, const char *path, const struct schema *schemas,
			  struct conf_report *r)
{
	char room[FILE_ERROR], own[32];
	int err, fd = sealed_copy(path);

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
	if (database_settle(db, schemas))
		return true;
	refuse(r, path, "it does not know well-known addresses, or says the same of all of them");
	MMDB_close(&db->mmdb);
	db->open = false;
	return false;
}

/* Where geoipupdate, packages and we ourselves put databases, best first. */
static const char *const folders[] = { "/var/lib/GeoIP", "/usr/share/GeoIP", "/var/lib/sipmoat",
				       NULL };
static const char *const country_names[] = { "GeoLite2-Country.mmdb", "GeoIP2-Country.mmdb",
					     "GeoLite2-City.mmdb", "dbip-country*.mmdb",
					     "*country*.mmdb", NULL };
static const char *const asn_names[] = { "GeoLite2-ASN.mmdb", "dbip-asn*.mmdb", "*asn*.mmdb",
					 NULL };

/* Of several that fit the last by name is the newest: DB-IP writes the month there. */
static bool open_newest(struct database *db, const char *pattern, const struct schema *schemas,
			struct conf_report *r)
{
	bool done = false;
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		return false;
	for (size_t i = g.gl_pathc; i-- > 0 && !done;)
		done = database_open(db, g.gl_pathv[i], schemas, r);
	globfree(&g);
	return done;
}

static void database_search(struct database *db, const char *const *names,
			    const struct schema *schemas, struct conf_report *r)
{
	for (const char *const *dir = folders; *dir; dir++)
		for (const char *const *name = names; *name; name++) {
			char pattern[256];

			snprintf(pattern, sizeof(pattern), "%s/%s", *dir, *name);
			if (open_newest(db, pattern, schemas, r))
				return;
		}
}

static void database_find(struct database *db, const char *path, const char *const *names,
			  const struct schema *schemas, struct conf_report *r)
{
	if (path && path[0])
		database_open(db, path, schemas, r);
	else
		database_search(db, names, schemas, r);
}

struct geo *geo_open(const char *country_file, const char *asn_file, struct conf_report *report)
{
	struct geo *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	database_find(&g->country, country_file, country_names, country_schemas, report);
	database_find(&g->asn, asn_file, asn_names, asn_schemas, report);
	if (g->country.open || g->asn.open)
		return g;
	geo_free(g);
	return NULL;
}

void geo_free(struct geo *g)
{
	if (!g)
		return;
	if (g->country.open)
		MMDB_close(&g->country.mmdb);
	if (g->asn.open)
		MMDB_close(&g->asn.mmdb);
	free(g);
}

bool geo_has_country(const struct geo *g)
{
	return g && g->country.open;
}

bool geo_has_asn(const struct geo *g)
{
	return g && g->asn.open;
}

uint32_t geo_country(const struct geo *g, const struct addr *a)
{
	return database_value(&g->country, a);
}

uint32_t geo_asn(const struct geo *g, const struct addr *a)
{
	return database_value(&g->asn, a);
}
