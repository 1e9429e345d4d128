/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A writer of JSON (RFC 8259): members appear in the order of the calls, and the
 * output is ASCII whatever the input: bytes outside 0x20..0x7e are written as
 * \u00XX, one escape a byte.  The caller closes what it opens.
 *
 * Ownership: a value; borrows the stream.  key is NULL inside an array and for
 * the outermost value, else plain ASCII that needs no escape.
 * Errors: those of the stream, for the caller to ask with ferror().
 */
#ifndef SIPMOAT_JSON_H
#define SIPMOAT_JSON_H

#include <stdio.h>

#include "addr.h"
#include "slice.h"

struct json {
	FILE *out;
	bool comma; /* a value stands before the next one */
};

void json_open(struct json *j, const char *key, char bracket);  /* '{' or '[' */
void json_close(struct json *j, char bracket); /* '}' or ']' */
void json_text(struct json *j, const char *key, struct slice text);
/* null where it is not known. */
void json_address(struct json *j, const char *key, const struct addr *a, bool known);
void json_prefix(struct json *j, const char *key, const struct prefix *p);
void json_uint(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
/* Nanoseconds as seconds with six decimals, cut, not rounded. */
void json_seconds(struct json *j, const char *key, uint64_t ns);
void json_end_line(struct json *j); /* the next value starts a new document */

#endif
