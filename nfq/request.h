/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request of the control socket and what is answered to it: a line of JSON each
 * (docs/control.md).  Commands see this, and neither sockets nor a JSON library.
 *
 * Ownership: request_read allocates, request_free takes NULL; texts that are got live as
 * long as the request.  Locking: one thread.
 * Errors: without memory the answer says so; the setters cannot fail.
 */
#ifndef SIPMOAT_REQUEST_H
#define SIPMOAT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;

/* A line without its end.  NULL: no memory.  What is no request has failed already. */
struct request *request_read(const char *line, size_t n);
/* The answer as a line, for the caller to free; NULL: no memory. */
char *request_answer(const struct request *r, size_t *n);
/* No request, but an object to be filled and written like an answer; NULL: no memory. */
struct request *request_object(void);
void request_free(struct request *r);
/* s that it may wait for its answer, which is not there yet; 0: it does not wait. */
unsigned request_waits(const struct request *r);

/* --- for commands --- */

const char *request_text(const struct request *r, const char *key); /* NULL: no such text */
/* false: it is there and no whole number from least to most; not there: *out stays. */
bool request_number(const struct request *r, const char *key, uint64_t least, uint64_t most,
		    uint64_t *out);

/* code: one word for programs; text for people. */
void request_fail(struct request *r, const char *code, const char *text);
bool request_failed(const struct request *r);
/* What the command has of it from one run to the next; 0 at first. */
uint64_t request_ticket(const struct request *r);
void request_set_ticket(struct request *r, uint64_t ticket);
/* There is nothing to answer yet; 0: now there is. */
void request_wait(struct request *r, unsigned seconds);

/* Into the answer or, between request_row and request_rows_end, into a row of it; into a
 * group of it, which begins where there are no rows. */
void request_put_text(struct request *r, const char *key, const char *text);
void request_put_number(struct request *r, const char *key, uint64_t value);
void request_put_bool(struct request *r, const char *key, bool value);
void request_put_real(struct request *r, const char *key, double value);
void request_put_numbers(struct request *r, const char *key, const uint64_t *value, size_t n);
void request_put_reals(struct request *r, const char *key, const double *value, size_t n);
void request_group(struct request *r, const char *key); /* what follows goes in there, */
void request_group_end(struct request *r);              /* ... until here */
void request_rows(struct request *r, const char *key); /* a list of rows begins */
void request_row(struct request *r);                   /* its next row */
void request_rows_end(struct request *r);

#endif
