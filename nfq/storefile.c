/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "storefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confined.h"
#include "log.h"
#include "statefile.h"

#define OURS 0x73697031 /* application_id */
#define VERSION 1
#define NAME (STATEFILE_PATH + 16)

/* docs/store.md says what operators may ask. */
static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE about(name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;"
	"CREATE TABLE memory(part INTEGER PRIMARY KEY, name TEXT, bytes BLOB);"
	"CREATE TABLE bans(id INTEGER PRIMARY KEY, who TEXT, state TEXT, until INTEGER,"
	" noted INTEGER, made_by TEXT, proven INTEGER, times INTEGER, reason TEXT);"
	"CREATE TABLE calls(id INTEGER PRIMARY KEY, began INTEGER, answered INTEGER, ended INTEGER,"
	" seconds INTEGER, direction TEXT, state TEXT, user TEXT, shown INTEGER, caller TEXT,"
	" called TEXT, number TEXT, country TEXT, outside TEXT, inside TEXT, status INTEGER,"
	" ended_by TEXT, cut_by TEXT, cost REAL, call_id TEXT);"
	"CREATE INDEX calls_began ON calls(began);"
	"CREATE TABLE registrations(id INTEGER PRIMARY KEY, user TEXT, domain TEXT, contact TEXT,"
	" outside TEXT, outside_port INTEGER, inside TEXT, proto TEXT, agent TEXT, since INTEGER,"
	" refreshed INTEGER, until INTEGER);"
	"CREATE TABLE counters(hour INTEGER, made_by TEXT, counter TEXT, value INTEGER,"
	" PRIMARY KEY(hour, made_by, counter)) WITHOUT ROWID;"
	"PRAGMA application_id = 1936289841; PRAGMA user_version = 1;"
	"COMMIT";

_Static_assert(OURS == 1936289841, "the schema says so too");

static void name_of(char out[NAME], const char *path, const char *end)
{
	snprintf(out, NAME, "%s%s", path, end);
}

/* -EUCLEAN: it is there, and not to be believed. */
static int look(const char *path, char why[STOREFILE_WHY])
{
	const char *doubt = NULL;
	struct stat is;

	if (lstat(path, &is))
		return -errno;
	if (S_ISDIR(is.st_mode)) {
		snprintf(why, STOREFILE_WHY, "it is a directory");
		return -EEXIST;
	}
	doubt = statefile_doubt(&is);
	if (doubt)
		snprintf(why, STOREFILE_WHY, "%s", doubt);
	return doubt ? -EUCLEAN : 0;
}

static int make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Is it ours, and of this version?  What is empty becomes so. */
static int settle(struct db *d, char why[STOREFILE_WHY])
{
	int64_t tables = 0, ours = 0, version = 0;
	int r = db_number(d, "SELECT count(*) FROM sqlite_schema", &tables);

	if (!r && !tables)
		r = db_do(d, schema);
	if (!r)
		r = db_number(d, "PRAGMA application_id", &ours);
	if (!r)
		r = db_number(d, "PRAGMA user_version", &version);
	if (r) {
		snprintf(why, STOREFILE_WHY, "%s", db_why(d));
		return r;
	}
	if (ours != OURS)
		snprintf(why, STOREFILE_WHY, "it is a database of something else");
	else if (version != VERSION)
		snprintf(why, STOREFILE_WHY, "it was written by another version of sipmoat");
	return ours != OURS ? -EEXIST : version != VERSION ? -EUCLEAN : 0;
}

static int open_one(struct db **out, const char *path, char why[STOREFILE_WHY])
{
	int r = look(path, why);

	if (r == -ENOENT)
		r = make(path);
	else if (!r && chmod(path, 0600))
		r = -errno;
	if (!r)
		r = db_open(out, path, false);
	if (!*out) {
		if (r != -EEXIST && r != -EUCLEAN)
			snprintf(why, STOREFILE_WHY, "%s%s", strerror(-r),
				 confined_hint(-r));
		else if (!why[0])
			snprintf(why, STOREFILE_WHY, "it is no database");
		return r;
	}
	r = settle(*out, why);
	if (r) {
		db_close(*out);
		*out = NULL;
	}
	return r;
}

/* With its log of writes, so that it can be looked into. */
static int put_aside(const char *path)
{
	char from[NAME], to[NAME];

	name_of(to, path, ".corrupt");
	if (rename(path, to) && errno != ENOENT)
		return -errno;
	name_of(from, path, "-wal");
	name_of(to, path, ".corrupt-wal");
	if (rename(from, to))
		(void)unlink(to);
	name_of(from, path, "-shm");
	(void)unlink(from);
	return 0;
}

int storefile_anew(struct db **out, const char *path, const char *damage, char why[STOREFILE_WHY])
{
	int r = put_aside(path);

	*out = NULL;
	if (r) {
		snprintf(why, STOREFILE_WHY, "%s, and it cannot be renamed: %s", damage,
			 strerror(-r));
		return r;
	}
	log_error("%s is put aside as %s.corrupt, and a new one begins: %s", path, path, damage);
	why[0] = '\0';
	return open_one(out, path, why);
}

int storefile_open(struct db **out, const char *path, char why[STOREFILE_WHY])
{
	char damage[STOREFILE_WHY] = "";
	int r;

	*out = NULL;
	r = open_one(out, path, damage);
	if (r == -EUCLEAN)
		return storefile_anew(out, path, damage, why);
	snprintf(why, STOREFILE_WHY, "%s", damage);
	return r;
}

void storefile_drop_log(const char *path)
{
	char name[NAME];

	name_of(name, path, "-wal");
	(void)unlink(name);
	name_of(name, path, "-shm");
	(void)unlink(name);
}

int storefile_read(struct db **out, const char *path)
{
	return db_open(out, path, true);
}

int storefile_note(struct db *d, const char *name, int64_t value)
{
	struct db_query *q;
	int r = db_prepare(d, "INSERT OR REPLACE INTO about VALUES(?1, ?2)", &q);

	if (r)
		return r;
	db_put_text(q, 1, name);
	db_put_number(q, 2, value);
	r = db_run(q);
	db_drop(q);
	return r;
}

int storefile_noted(struct db *d, const char *name, int64_t *value)
{
	struct db_query *q;
	int r = db_prepare(d, "SELECT value FROM about WHERE name = ?1", &q);

	*value = 0;
	if (r)
		return r;
	db_put_text(q, 1, name);
	r = db_step(q);
	if (r == 1)
		*value = db_get_number(q, 0);
	db_drop(q);
	return r < 0 ? r : 0;
}
