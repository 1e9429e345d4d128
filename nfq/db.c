/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define HURRY_STEPS 4000 /* of SQLite's machine, between two looks at the clock */
#define PATIENCE_MS 2000 /* while somebody else writes */
#define PAGES_MOST 256   /* of 4 KiB, in memory */

struct db {
	sqlite3 *on;
	uint64_t log; /* bytes of PATH-wal */
	uint64_t until; /* of db_hurry */
};

static sqlite3_stmt *stmt(struct db_query *q)
{
	return (sqlite3_stmt *)q;
}

/* 0, 1 for a row, or -errno */
static int result_of(sqlite3 *on, int code)
{
	int system = on ? sqlite3_system_errno(on) : 0;

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return 0;
	case SQLITE_ROW:
		return 1;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_INTERRUPT:
		return -ETIMEDOUT;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return code == SQLITE_IOERR_CORRUPTFS ? -EUCLEAN : system > 0 ? -system : -EIO;
	default:
		return -EIO;
	}
}

static int last_result(struct db *d)
{
	return result_of(d->on, sqlite3_extended_errcode(d->on));
}

/* Asked after each transaction: how long the log is. */
static int note_log(void *arg, sqlite3 *on, const char *name, int pages)
{
	struct db *d = arg;

	(void)on;
	(void)name;
	d->log = (uint64_t)pages * 4096;
	return SQLITE_OK;
}

/* page_size and auto_vacuum count before there is anything in the file only.  The log goes
 * into the file when db_settle says so, not in the middle of something. */
static int prepare_writing(struct db *d)
{
	int r = db_do(d, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;"
			 "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
			 "PRAGMA secure_delete = FAST");

	sqlite3_wal_hook(d->on, note_log, d);
	return r;
}

int db_open(struct db **out, const char *path, bool read_only)
{
	int how = SQLITE_OPEN_NOMUTEX | (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	struct db *d = calloc(1, sizeof(*d));
	char sql[128];
	int r;

	*out = NULL;
	if (!d)
		return -ENOMEM;
	r = result_of(NULL, sqlite3_open_v2(path, &d->on, how, NULL));
	if (r && d->on)
		r = last_result(d);
	if (!r) {
		sqlite3_extended_result_codes(d->on, 1);
		sqlite3_busy_timeout(d->on, PATIENCE_MS);
		sqlite3_snprintf(sizeof(sql), sql, "PRAGMA temp_store = MEMORY;"
				 "PRAGMA trusted_schema = OFF; PRAGMA cache_size = %d", PAGES_MOST);
		r = db_do(d, sql);
	}
	if (!r && !read_only)
		r = prepare_writing(d);
	if (r) {
		db_close(d);
		return r;
	}
	*out = d;
	return 0;
}

bool db_moved(struct db *d)
{
	int moved = 0;

	return sqlite3_file_control(d->on, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
	       moved;
}

void db_close(struct db *d)
{
	sqlite3_stmt *each;

	if (!d)
		return;
	while (d->on && (each = sqlite3_next_stmt(d->on, NULL)))
		sqlite3_finalize(each);
	sqlite3_close(d->on);
	free(d);
}

static int late(void *arg)
{
	return clock_now() > ((const struct db *)arg)->until;
}

void db_hurry(struct db *d, uint64_t ns)
{
	d->until = clock_now() + ns;
	sqlite3_progress_handler(d->on, HURRY_STEPS, late, d);
}

const char *db_why(const struct db *d)
{
	return sqlite3_errmsg(d->on);
}

int db_do(struct db *d, const char *sql)
{
	return result_of(d->on, sqlite3_exec(d->on, sql, NULL, NULL, NULL));
}

int db_number(struct db *d, const char *sql, int64_t *out)
{
	struct db_query *q;
	int r = db_prepare(d, sql, &q);

	if (!r)
		r = db_step(q);
	if (r == 1)
		*out = db_get_number(q, 0);
	db_drop(q);
	return r < 0 ? r : 0;
}

int db_settle(struct db *d)
{
	int r = result_of(d->on, sqlite3_wal_checkpoint_v2(d->on, NULL, SQLITE_CHECKPOINT_TRUNCATE,
							   NULL, NULL));

	if (!r)
		d->log = 0;
	return r;
}

uint64_t db_log_bytes(const struct db *d)
{
	return d->log;
}

int db_prepare(struct db *d, const char *sql, struct db_query **out)
{
	sqlite3_stmt *s = NULL;
	int r = sqlite3_prepare_v2(d->on, sql, -1, &s, NULL);

	*out = (struct db_query *)s;
	return result_of(d->on, r);
}

void db_put_number(struct db_query *q, int at, int64_t n)
{
	sqlite3_bind_int64(stmt(q), at, n);
}

void db_put_real(struct db_query *q, int at, double n)
{
	sqlite3_bind_double(stmt(q), at, n);
}

void db_put_text(struct db_query *q, int at, const char *text)
{
	if (text && text[0])
		sqlite3_bind_text(stmt(q), at, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt(q), at);
}

void db_put_bytes(struct db_query *q, int at, const void *bytes, size_t n)
{
	sqlite3_bind_blob64(stmt(q), at, bytes, n, SQLITE_STATIC);
}

void db_put_none(struct db_query *q, int at)
{
	sqlite3_bind_null(stmt(q), at);
}

int db_step(struct db_query *q)
{
	int code = sqlite3_step(stmt(q));
	int r = result_of(sqlite3_db_handle(stmt(q)), code);

	if (r != 1)
		sqlite3_reset(stmt(q));
	return r;
}

void db_rest(struct db_query *q)
{
	sqlite3_reset(stmt(q));
	sqlite3_clear_bindings(stmt(q));
}

void db_drop(struct db_query *q)
{
	sqlite3_finalize(stmt(q));
}

int db_run(struct db_query *q)
{
	int r;

	while ((r = db_step(q)) == 1)
		;
	db_rest(q);
	return r;
}

bool db_is_none(struct db_query *q, int column)
{
	return sqlite3_column_type(stmt(q), column) == SQLITE_NULL;
}

int64_t db_get_number(struct db_query *q, int column)
{
	return sqlite3_column_int64(stmt(q), column);
}

double db_get_real(struct db_query *q, int column)
{
	return sqlite3_column_double(stmt(q), column);
}

const char *db_get_text(struct db_query *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt(q), column);

	return text ? text : "";
}

const void *db_get_bytes(struct db_query *q, int column, size_t *n)
{
	const void *p = sqlite3_column_blob(stmt(q), column);

	*n = p ? (size_t)sqlite3_column_bytes(stmt(q), column) : 0;
	return p;
}
