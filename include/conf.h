/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration as rows: name, type, range, default, place in a struct.  One
 * reader (rules/conf.c) serves every group of the file; unknown keys, wrong
 * types and values out of range are errors with file, line, key and a hint, all
 * of them at once.
 *
 * Syntax: libconfig.  Durations are "90s", "15m", "8h", "2d", "1w" or whole
 * seconds.  Lists are arrays of strings; an entry "file:NAME" stands for the
 * lines of lists/NAME beside the config ('#' starts a comment).
 *
 * Ownership: a conf_report owns its entries' text.
 */
#ifndef SIPMOAT_CONF_H
#define SIPMOAT_CONF_H

#include "slice.h"

enum conf_type {
	CONF_BOOL,     /* bool */
	CONF_INT,      /* uint32_t, min..max */
	CONF_DURATION, /* uint32_t seconds, min..max */
	CONF_TEXT,     /* const char *, owned by the ruleset, "" when empty */
	CONF_WORD,     /* uint8_t: index into words[] */
	CONF_LIST,     /* struct conf_list */
	CONF_MAP,      /* uint8_t[]: one index into words[] for each name of names(),
	                * CONF_UNSET where the operator wrote nothing */
	CONF_GROUPS,   /* struct conf_groups: a list of groups, each read by rows of its own */
	CONF_GONE,     /* a key of former versions: an error, help says what to write now */
};
#define CONF_UNSET 255

struct conf_row {
	const char *name; /* NULL ends the rows */
	enum conf_type type;
	size_t offset;
	uint32_t min, max;     /* INT and DURATION; of GROUPS max is how many there may be */
	const char *fallback;  /* default as the operator would write it; for lists
	                        * comma-separated; "" = empty */
	const char *const *words; /* WORD: NULL-terminated; "" holds the place of a
	                           * value that may not be chosen */
	const char *help;      /* one line, for the sample config and the docs */
	const char *(*names)(unsigned i); /* MAP: the i-th key, NULL behind the last */
	/* MAP: why key i may not have that word, NULL when it may; or no function */
	const char *(*refuse)(unsigned i, unsigned word);
	const char *(*unfit)(const char *text); /* TEXT: what it must be; NULL: it is */
	bool or_zero;                /* INT: 0 may stand there, too */
	const struct conf_row *rows; /* GROUPS: the rows of one of them, laid over */
	size_t size;                 /* a struct of that size, which begins with a conf_item */
};

/* One entry of a list and where it was written. */
struct conf_item {
	const char *text;
	const char *file;
	unsigned line;
	bool number; /* written without quotes: libconfig has dropped leading zeros */
};

struct conf_list {
	struct conf_item *item;
	unsigned n;
};

/*
 * A list of groups, ( { ... }, { ... } ): the structs of its entries, one behind the
 * other.  Each begins with a struct conf_item that says where it was written; its text is
 * the path of the group for messages ("calls.limits[0]").  A later file's list takes the
 * place of the former, as with other lists; a zone that has a group of the check has entries
 * of its own, so that compile() may write into them.  The default (fallback) is the text between
 * the parentheses, "" = none.
 */
struct conf_groups {
	void *entry;
	unsigned n;
};

enum conf_severity {
	CONF_WARNING,  /* loads; said in the log */
	CONF_DEGRADED, /* loads, but a check that is to enforce cannot work: an error
	                * for `sipmoat check`, a loud warning for the daemon */
	CONF_ERROR,    /* does not load */
};

struct conf_note {
	enum conf_severity severity;
	char *file; /* never NULL; "" when no file is to blame */
	unsigned line; /* 0 = none */
	char *key;  /* "flood.budget", or "" */
	char *text; /* what is wrong and what to do */
};

struct conf_report {
	struct conf_note *note;
	unsigned n;                /* notes kept, at most CONF_NOTES */
	unsigned errors, degraded; /* all that were reported */
};

#define CONF_NOTES 1000 /* a wrong list file may have a million wrong lines */

void conf_report_add(struct conf_report *r, enum conf_severity severity, const char *file,
		     unsigned line, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
void conf_report_free(struct conf_report *r);
void conf_report_sort(struct conf_report *r); /* by file and line, as a reader goes through */
/* "file:line: key: text" in a malloc'd string, or NULL without memory. */
char *conf_note_text(const struct conf_note *n);

/* For what is told a line at a time, without its end. */
typedef void conf_line(void *arg, const char *line);

/* What compile() functions get. */
struct geo;
struct ruleset;
struct compiler {
	struct conf_report *report;
	const char *group; /* "flood", or "zones.office.flood": for messages */
	const char *file;  /* where the group was written, or the main file */
	unsigned line;
	const struct geo *geo; /* NULL when no database could be opened */
	const struct ruleset *rules; /* settings and all that has a name in them (named.h) are
	                              * compiled before the first check is */
	unsigned mode;     /* enum mode of the group being compiled */
};

/* Reports at the place of item when it is given, else at the group. */
void compiler_error(struct compiler *c, const struct conf_item *item, const char *key,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void compiler_degraded(struct compiler *c, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
