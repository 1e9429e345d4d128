/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of JSON (RFC 8259) of our own words and of texts that are printable ASCII already.
 * What does not fit is cut: whoever gives too little room sends a broken line.
 *
 * Ownership: the caller's bytes.  Locking: none.
 */
#ifndef SIPMOAT_JSONTEXT_H
#define SIPMOAT_JSONTEXT_H

#include <stddef.h>

struct jsontext {
	char *p;
	size_t room, n;
};

/* As it is. */
void jsontext_put(struct jsontext *t, const char *text);
/* "value" */
void jsontext_quoted(struct jsontext *t, const char *value);
/* ,"key":"value" */
void jsontext_member(struct jsontext *t, const char *key, const char *value);

#endif
