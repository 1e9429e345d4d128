/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A database in a file, by SQLite: what is written in a transaction is there as a whole or
 * not at all, whatever ends the process or the machine meanwhile.  Its log of writes
 * (PATH-wal) lets others read while one writes.
 *
 * Ownership: db_open allocates, db_close takes NULL and frees its queries with it; texts and
 * bytes that are got live until the query's next step or rest.  Locking: one thread for each
 * struct db; several may be open on one file, in one process or in several.
 * Errors: 0 or -errno: -EUCLEAN the file is damaged or no database, -ENOSPC, -EBUSY somebody
 * else writes; db_why says more.
 */
#ifndef SIPMOAT_DB_H
#define SIPMOAT_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_query;

/* The file must be there, be it empty; read_only: and somebody must have written it. */
int db_open(struct db **out, const char *path, bool read_only);
void db_close(struct db *d);
/* Is there no file under its name any more, or another one? */
bool db_moved(struct db *d);
/* Whatever is asked from now on has to be answered within so many ns, all of it: -ETIMEDOUT. */
void db_hurry(struct db *d, uint64_t ns);
/* Of what failed last. */
const char *db_why(const struct db *d);

/* Statements without results, one or several. */
int db_do(struct db *d, const char *sql);
/* The one number that it yields; none: *out stays. */
int db_number(struct db *d, const char *sql, int64_t *out);
/* What is in the log of writes goes into the file, and the log is empty.  -EBUSY: somebody
 * reads what is older. */
int db_settle(struct db *d);
/* Bytes of that log as it was after the last transaction. */
uint64_t db_log_bytes(const struct db *d);

/* values: "?1" and so on in sql, counted from 1. */
int db_prepare(struct db *d, const char *sql, struct db_query **out);
void db_put_number(struct db_query *q, int at, int64_t n);
void db_put_real(struct db_query *q, int at, double n);
void db_put_text(struct db_query *q, int at, const char *text); /* NULL, "": none; until db_rest */
void db_put_bytes(struct db_query *q, int at, const void *bytes, size_t n); /* until db_rest */
void db_put_none(struct db_query *q, int at);
/* 1: a row; 0: no more, and it is at rest. */
int db_step(struct db_query *q);
/* No more rows are wanted; its values are forgotten. */
void db_rest(struct db_query *q);
void db_drop(struct db_query *q); /* takes NULL */
/* Steps to its end: for what yields nothing. */
int db_run(struct db_query *q);

/* Of the row: columns from 0. */
bool db_is_none(struct db_query *q, int column);
int64_t db_get_number(struct db_query *q, int column);
double db_get_real(struct db_query *q, int column);
const char *db_get_text(struct db_query *q, int column); /* "" for none */
const void *db_get_bytes(struct db_query *q, int column, size_t *n);

#endif
