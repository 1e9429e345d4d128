/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "mend.h"
#include "slice.h"

#define EXCERPT 60
#define BRACKETS 16 /* looked after; deeper ones are left to libconfig */

struct bracket {
	char kind;
	unsigned line;
};

struct scan {
	const char *p, *end;
	unsigned line;
	const char *file;
	struct conf_report *report;
	const char *last;   /* where the last token began, white space and comments aside */
	const char *copied; /* up to here the text is in out */
	char *out;          /* what libconfig gets to see */
	bool hopeless;      /* an error that no mending helps: expect a syntax error */
	struct bracket open[BRACKETS];
	unsigned depth;
};

static int peek(const struct scan *s, size_t ahead)
{
	return ahead < (size_t)(s->end - s->p) ? (unsigned char)s->p[ahead] : -1;
}

static void advance(struct scan *s)
{
	s->line += *s->p == '\n';
	s->p++;
}

static void scan_error(struct scan *s, const char *fmt, const char *token, size_t n)
{
	char text[EXCERPT + 1];

	snprintf(text, sizeof(text), "%.*s", n < EXCERPT ? (int)n : EXCERPT, token);
	conf_report_add(s->report, CONF_ERROR, s->file, s->line, "", fmt, text);
}

static void emit(struct scan *s, const char *p, size_t n)
{
	memcpy(s->out, p, n);
	s->out += n;
}

/* What was just scanned, from `from` on, reads `text` in the copy. */
static void mend(struct scan *s, const char *from, const char *before, struct slice text,
		 const char *after)
{
	emit(s, s->copied, (size_t)(from - s->copied));
	emit(s, before, strlen(before));
	emit(s, text.p, text.n);
	emit(s, after, strlen(after));
	s->copied = s->p;
}

static void scan_line_comment(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
}

static void scan_block_comment(struct scan *s)
{
	s->p += 2;
	while (s->p < s->end && !(peek(s, 0) == '*' && peek(s, 1) == '/'))
		advance(s);
	s->p = s->end - s->p >= 2 ? s->p + 2 : s->end;
}

/* libconfig would let a text run on over lines; here somebody forgot a quote. */
static void scan_string(struct scan *s)
{
	const char *from = s->p;

	if (s->last && *s->last == '"') {
		mend(s, from, ",", SLICE(""), "");
		scan_error(s, "no comma between two texts%s", "", 0);
	}
	for (s->p++; s->p < s->end && *s->p != '"' && *s->p != '\n'; s->p++)
		if (*s->p == '\\' && peek(s, 1) != -1 && peek(s, 1) != '\n')
			s->p++;
	if (s->p < s->end && *s->p == '"') {
		s->p++;
		return;
	}
	s->hopeless = true;
	scan_error(s, "a text has no closing quote on its line%s", "", 0);
}

static bool is_comment(const struct scan *s)
{
	return *s->p == '#' || (*s->p == '/' && (peek(s, 1) == '/' || peek(s, 1) == '*'));
}

/* Names, paths and numbers; with `more`, of which addresses consist. */
static void scan_bare(struct scan *s, const char *more)
{
	for (; s->p < s->end && !is_comment(s); s->p++)
		if (!isalnum(peek(s, 0)) && !strchr("_-*./", *s->p) && !strchr(more, *s->p))
			return;
}

/* The pages write trusted.addresses; so will somebody in the config. */
static void scan_key(struct scan *s, struct slice word)
{
	const char *dot = memchr(word.p, '.', word.n);
	int group = dot ? (int)(dot - word.p) : 0;

	if (!dot)
		return;
	s->hopeless = true;
	if (word.n > EXCERPT)
		scan_error(s, "\"%s\" is no key", word.p, word.n);
	else
		conf_report_add(s->report, CONF_ERROR, s->file, s->line, "",
				"\"%.*s\" is no key: write %.*s = { %.*s = ...; };", (int)word.n,
				word.p, group, word.p, (int)word.n - group - 1, dot + 1);
}

/* Where a setting may begin, a word is the key of one. */
static bool lacks_equals(const struct scan *s, const char *after)
{
	return after < s->end && strchr("{[(\"", *after) &&
	       (!s->last || strchr(";{}", *s->last));
}

/* A word is a key, a truth value, or somebody forgot the quotes. */
static void scan_word(struct scan *s)
{
	const char *from = s->p, *after;
	struct slice word;

	scan_bare(s, "");
	if (peek(s, 0) == ':' && peek(s, 1) == ':')
		scan_bare(s, ":");
	word = slice_between(from, s->p);
	for (after = s->p; after < s->end && isspace((unsigned char)*after);)
		after++;
	if (after < s->end && (*after == '=' || *after == ':')) {
		scan_key(s, word);
		return;
	}
	if (lacks_equals(s, after)) {
		scan_error(s, "\"%s\" lacks a = behind it", from, word.n);
		mend(s, from, "", word, " =");
		return;
	}
	if (slice_ieq(word, SLICE("true")) || slice_ieq(word, SLICE("false")))
		return;
	scan_error(s, "\"%s\" needs quotes; only numbers, true and false do without", from,
		   word.n);
	mend(s, from, "\"", word, "\"");
}

static bool is_real(const char *from, const char *to)
{
	char *end;

	strtod(from, &end);
	return end == to;
}

/* libconfig 1.7 reads 0060 as 48, 1.5 as 60; who writes a telephone number means
 * neither. */
static void scan_octal(struct scan *s, const char *from)
{
	bool in_list = s->depth && s->depth <= BRACKETS && s->open[s->depth - 1].kind == '[';
	const char *digits = from;

	scan_error(s, "%s has a leading zero: write a number without, anything else in quotes",
		   from, (size_t)(s->p - from));
	while (digits < s->p - 1 && !(*digits >= '1' && *digits <= '9'))
		digits++;
	mend(s, from, in_list ? "\"" : "", slice_between(in_list ? from : digits, s->p),
	     in_list ? "\"" : "");
}

static bool is_octal(const char *p, const char *end)
{
	p += *p == '-' || *p == '+';
	return end - p > 1 && p[0] == '0' && isdigit((unsigned char)p[1]);
}

static void scan_number(struct scan *s)
{
	const char *from = s->p;
	bool hex = from[0] == '0' && (peek(s, 1) | 0x20) == 'x';
	long long v;
	char *end;

	scan_bare(s, "+:");
	errno = 0;
	v = strtoll(from, &end, hex ? 16 : 10);
	while (end < s->p && (*end | 0x20) == 'l')
		end++;
	if (end != s->p && !hex && is_real(from, s->p))
		return;
	if (end != s->p) {
		scan_error(s, "\"%s\" needs quotes: it is no plain number", from,
			   (size_t)(s->p - from));
		mend(s, from, "\"", slice_between(from, s->p), "\"");
	} else if (!hex && is_octal(from, s->p)) {
		scan_octal(s, from);
	} else if (errno == ERANGE || v > INT32_MAX || v < INT32_MIN) {
		scan_error(s, "%s is too large a number (at most 2147483647)", from,
			   (size_t)(s->p - from));
		mend(s, from, "", SLICE("0"), "");
	}
}

static void scan_include(struct scan *s)
{
	const char *from = s->p;

	scan_error(s, "@include is not supported: files in conf.d/ are read anyhow%s", "", 0);
	scan_line_comment(s);
	mend(s, from, "", SLICE(""), "");
}

/* Single ones, or the curved ones of a word processor: to the end of the line, since
 * where such a text ends is a guess. */
static void scan_wrong_quote(struct scan *s)
{
	s->hopeless = true;
	scan_error(s, "texts stand in plain double quotes, \"like this\"%s", "", 0);
	scan_line_comment(s);
}

static void scan_open(struct scan *s)
{
	if (s->depth < BRACKETS)
		s->open[s->depth] = (struct bracket){ *s->p, s->line };
	s->depth++;
	s->p++;
}

static void scan_close(struct scan *s)
{
	char kind = *s->p == ']' ? '[' : *s->p == ')' ? '(' : '{';
	struct bracket b = { 0 };

	if (s->last && *s->last == ',' && kind != '{') {
		emit(s, s->copied, (size_t)(s->last - s->copied));
		s->copied = s->last + 1;
	}
	if (s->depth && --s->depth < BRACKETS)
		b = s->open[s->depth];
	if (!s->hopeless && b.kind && b.kind != kind) {
		s->hopeless = true;
		conf_report_add(s->report, CONF_ERROR, s->file, s->line, "",
				"'%c' stands where the '%c' of line %u is still open", *s->p,
				b.kind, b.line);
	}
	s->p++;
}

static void scan_left_open(struct scan *s)
{
	if (s->hopeless || !s->depth || s->depth > BRACKETS)
		return;
	s->hopeless = true;
	s->line = s->open[s->depth - 1].line;
	scan_error(s, "this '%s' is never closed", &s->open[s->depth - 1].kind, 1);
}

static void scan_token(struct scan *s)
{
	const char *from = s->p;
	int c = peek(s, 0), next = peek(s, 1);

	if (c == '"')
		scan_string(s);
	else if (isdigit(c) || ((c == '-' || c == '+') && isdigit(next)))
		scan_number(s);
	else if (isalpha(c) || c == '*' || c == '/')
		scan_word(s);
	else if (c == '@')
		scan_include(s);
	else if (c == '\'' || c > 127)
		scan_wrong_quote(s);
	else if (c == '{' || c == '[' || c == '(')
		scan_open(s);
	else if (c == '}' || c == ']' || c == ')')
		scan_close(s);
	else
		s->p++;
	s->last = from;
}

/* Looks through text, reports, and writes the mended copy: at most three times n. */
static void scan_text(struct scan *s)
{
	const char *nul = memchr(s->p, '\0', (size_t)(s->end - s->p));

	if (nul) {
		while (s->p < nul)
			advance(s);
		s->hopeless = true;
		scan_error(s, "a NUL byte: this is not a text file%s", "", 0);
		return;
	}
	while (s->p < s->end) {
		if (isspace(peek(s, 0)))
			advance(s);
		else if (!is_comment(s))
			scan_token(s);
		else if (peek(s, 1) == '*' && *s->p == '/')
			scan_block_comment(s);
		else
			scan_line_comment(s);
	}
	scan_left_open(s);
	emit(s, s->copied, (size_t)(s->end - s->copied));
}

int mend_text(const char *file, const char *text, size_t n, struct conf_report *report,
	      char **mended)
{
	size_t skip = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* byte order mark */
	struct scan s = { .p = text + skip, .end = text + n, .line = 1, .file = file,
			  .report = report, .copied = text + skip };

	*mended = s.out = calloc(3, n + 1);
	if (!s.out)
		return -ENOMEM;
	scan_text(&s);
	if (s.hopeless) {
		free(*mended);
		*mended = NULL;
	}
	return 0;
}
