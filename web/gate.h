/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may see the page: by the name that the browser thinks it talks to, by the page that
 * made it ask, and by the token.
 *
 * Ownership: values; texts of a question are borrowed, NULL where the header is not there.
 * Locking: none; a gate does not change once it stands.
 */
#ifndef SIPMOAT_GATE_H
#define SIPMOAT_GATE_H

#include <stdbool.h>
#include <stddef.h>

#define GATE_TOKEN_LEAST 16
#define GATE_TOKEN_MOST 256
#define GATE_SESSION 64 /* hex digits */
#define GATE_NAMES 8
#define GATE_COOKIE "sipmoat_session"
#define GATE_ERROR 160

struct gate {
	char token[GATE_TOKEN_MOST + 1]; /* "": none is needed */
	char session[GATE_SESSION + 1];  /* of this run: what the cookie holds */
	const char *name[GATE_NAMES];    /* of this host, besides localhost and addresses */
	unsigned names;
};

struct gate_question {
	const char *host, *authorization, *cookie;
	const char *site, *mode; /* Sec-Fetch-Site, Sec-Fetch-Mode */
};

enum gate_answer {
	GATE_IN,
	GATE_WRONG_HOST, /* another's name leads here: DNS rebinding */
	GATE_WRONG_SITE, /* a page of somebody else's asks */
	GATE_NO_TOKEN,
};

enum gate_answer gate_ask(const struct gate *g, const struct gate_question *q);
/* The header holds the token itself: a cookie may be given for it. */
bool gate_bears(const struct gate *g, const char *authorization);
/* A session that nobody can guess.  false: the kernel has no random numbers. */
bool gate_session(struct gate *g);
/* The first line of the file; false: err says what is wrong with it. */
bool gate_read(struct gate *g, const char *path, char err[GATE_ERROR]);

#endif
