/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that are meant for an interpreter behind the server: SQL and shell.
 *
 * A name may hold quotes, ampersands, semicolons and the words of these languages:
 * people are called O'Brien and companies Wash & Curl.  So what is looked for is
 * never a byte or a word but grammar: what breaks out of where a name stands,
 * followed by what an interpreter would do something with.
 *
 * Ownership: none.  Look-ahead and work are bounded.  NULs are bytes like others.
 */
#ifndef SIPMOAT_INJECT_H
#define SIPMOAT_INJECT_H

#include "slice.h"

enum { INJECT_SQL = 1, INJECT_SHELL = 2 };

/*
 * What the names of one message may cost, in units of about 100 ns: a quote that
 * may end a string costs 16, a word and 16 bytes 1 each.  Names that cost more hold more of what
 * could be SQL or shell than any name does, and are both.
 */
#define INJECT_WORK 1000

/* What is in a user part, a display name (quotes off) or the like.  *work: what is
 * left of INJECT_WORK for the message, below 0 when that was not enough. */
unsigned inject_find(struct slice s, int *work);

/* ---- between canon.c, sql.c and shell.c ---- */

#define CANON_ROOM 384
#define CANON_KEEP 128 /* no pattern is longer */
#define CANON_COMMENT '\1' /* stands for a comment; reads as white space */

enum canon_comment { COMMENT_NONE, COMMENT_BEGINS, COMMENT_NUMBER, COMMENT_INSIDE, COMMENT_STAR };

/* A window of the text: runs of white space are one ' ', escaped line ends '\n'. */
struct canon {
	const char *p, *end;
	unsigned depth;
	enum canon_comment comment;
	unsigned n;
	char text[CANON_ROOM];
};

bool canon_fill(struct canon *c);
bool inject_sql(const char *p, const char *end, int *work);
bool inject_shell(const char *p, const char *end, int *work);

static inline bool canon_is_space(char c)
{
	return c == ' ' || c == '\n' || c == CANON_COMMENT;
}

static inline bool canon_is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || (uint8_t)c >= 0x80;
}

static inline const char *canon_skip(const char *p, const char *end)
{
	while (p < end && canon_is_space(*p))
		p++;
	return p;
}

#endif
