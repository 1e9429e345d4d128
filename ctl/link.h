/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection to the daemon's control socket (docs/control.md), for as many questions as one
 * likes.  Says nothing to anybody: errors are an errno.
 *
 * Ownership: link_open and link_ask allocate *out (NULL on error); link_close and reply_free
 * take NULL; texts and rows that are got live as long as the reply.
 * Locking: one thread, but for link_interrupt, which any may call until link_close.
 */
#ifndef SIPMOAT_LINK_H
#define SIPMOAT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_SOCKET "/run/sipmoat/control"
#define LINK_PATIENCE 10 /* s: for an answer to come */
#define LINK_TROUBLE 256

struct link;
struct reply;

/* text NULL: number is the value. */
struct client_arg {
	const char *key; /* NULL ends them */
	const char *text;
	uint64_t number;
};

int link_open(const char *socket_path, struct link **out);
/*
 * 0: there is an answer, which may be a refusal ("ok" is false).  EPIPE: the daemon hung up,
 * EPROTO: that is no sipmoatd.  After an error the connection is of no use.  wait: seconds that
 * the daemon may take by what is asked, besides LINK_PATIENCE.
 */
int link_ask(struct link *l, const char *command, const struct client_arg *args, unsigned wait,
	     struct reply **out);
/*
 * For who waits for more than answers: a question, then link_fd readable, then link_take, which
 * leaves *out NULL while an answer is not there whole.  Several questions may be on their way, if
 * they have 4096 bytes together; answers keep their order.  Errors as above.
 */
int link_send(struct link *l, const char *command, const struct client_arg *args);
int link_take(struct link *l, struct reply **out);
int link_fd(const struct link *l);
/* Whoever waits in link_ask returns with an error. */
void link_interrupt(struct link *l);
void link_close(struct link *l);
/* What an error of these means, for people. */
void link_trouble(const char *socket_path, int e, char out[LINK_TROUBLE]);
/* The same from a line, without its end; NULL: it is none, or no memory. */
struct reply *reply_read(const char *text);
void reply_free(struct reply *r);

/* row: -1 of the answer itself, else of its list of that name, see reply_rows; of an object
 * of that name, which is as a list of one. */
size_t reply_rows(struct reply *r, const char *list);
const char *reply_text(const struct reply *r, int row, const char *key); /* "" for none */
uint64_t reply_number(const struct reply *r, int row, const char *key);
bool reply_true(const struct reply *r, int row, const char *key);
/* A number, or 1 for true and 0 for false; false: there is none. */
bool reply_value(const struct reply *r, int row, const char *key, double *out);
/* A list of numbers; returns how many there are, fills out with at most room. */
size_t reply_values(const struct reply *r, int row, const char *key, double *out, size_t room);
/* The name of its i-th member; NULL: it has none. */
const char *reply_key(const struct reply *r, int row, size_t i);
const char *reply_line(const struct reply *r); /* as it came */
char *reply_row(const struct reply *r, int row); /* as JSON, to be freed; NULL: no memory */

#endif
