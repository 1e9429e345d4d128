/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQL in names: a way out of the quotes a name stands in, and SQL behind it. */
#include "sip/inject.h"

#define AHEAD 48

static bool is_number(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_quote(char c)
{
	return c == '\'' || c == '"' || c == '`';
}

/* word at p in any case, not as the beginning of a longer one; behind it, or NULL.
 * A blank in word stands for any white space. */
static const char *word_at(const char *p, const char *end, const char *word)
{
	const char *last = word;

	for (; *word; p++, last = word++) {
		if (p == end)
			return NULL;
		if (*word == ' ' ? !canon_is_space(*p) : ascii_lower(*p) != *word)
			return NULL;
	}
	if (canon_is_word(*last) && p < end && canon_is_word(*p))
		return NULL;
	return p;
}

static const char *any_at(const char *p, const char *end, const char *const *words)
{
	for (; p < end && *words; words++) {
		const char *behind;

		if (**words != ' ' && **words != ascii_lower(*p))
			continue; /* nearly always */
		behind = word_at(p, end, *words);
		if (behind)
			return behind;
	}
	return NULL;
}

static bool within(const char *p, const char *end, const char *word)
{
	const char *stop = end - p > AHEAD ? p + AHEAD : end;

	for (; p < stop; p++)
		if (word_at(p, end, word))
			return true;
	return false;
}

/* What follows "select" in SQL, and not in "Select Wines". */
static bool selects(const char *p, const char *end)
{
	p = canon_skip(p, end);
	if (p == end)
		return false;
	if (*p == '*' || *p == '@' || *p == '(' || is_quote(*p) || is_number(*p) ||
	    word_at(p, end, "null"))
		return true;
	for (const char *w = p; w < end; w++) {
		if (canon_is_word(*w))
			continue;
		if (*w == '(' || *w == ',')
			return w > p;
		break;
	}
	return within(p, end, " from ");
}

static bool is_union(const char *p, const char *end)
{
	static const char *const kinds[] = { "all", "distinct", NULL };
	const char *next = word_at(p, end, "union");
	bool comment = next && next < end && *next == CANON_COMMENT;

	if (!next)
		return false;
	p = canon_skip(next, end);
	next = any_at(p, end, kinds);
	p = canon_skip(next ? next : p, end);
	if (p < end && *p == '(')
		p = canon_skip(p + 1, end);
	next = word_at(p, end, "select");
	return next && (comment || selects(next, end));
}

/* Line and block comments; '#' only where a word ends, "'#1 Support'" is a name. */
static bool is_comment(const char *p, const char *end)
{
	if (p == end)
		return false;
	if (*p == CANON_COMMENT)
		return true;
	if (*p == '#')
		return p + 1 == end || canon_is_space(p[1]);
	return *p == '-' && p + 1 < end && p[1] == '-' && !(p + 2 < end && is_quote(p[2]));
}

/* A statement at p: a verb and what it acts on. */
static bool is_statement(const char *p, const char *end)
{
	static const char *const verbs[] = {
		"drop table", "drop database", "drop schema", "drop view", "drop user",
		"drop index", "insert into", "delete from", "truncate table", "alter table",
		"alter user", "alter database", "create table", "create user", "create database",
		"exec xp_cmdshell", "exec sp_executesql", "exec sp_configure",
		"exec master", "declare @", "waitfor delay",
		"load data", "grant all", "copy (", "merge into", NULL,
	};
	const char *next = word_at(p, end, "select");

	if (next)
		return selects(next, end);
	if (word_at(p, end, "update"))
		return within(p, end, " set ");
	next = word_at(p, end, "shutdown");
	if (next)
		return next == end || is_comment(canon_skip(next, end), end);
	return any_at(p, end, verbs) != NULL;
}

/* "a=a", "2>1", "x like y": both sides are there. */
static bool compares(const char *p, const char *end)
{
	static const char *const words[] = { " like '", " like \"", " is null", " is not null",
					     " between '", "sleep(", "benchmark(", "exists(",
					     "exists (", NULL };
	const char *stop = end - p > AHEAD ? p + AHEAD : end, *start = canon_skip(p, end);

	for (p = start; p < stop; p++) {
		const char *right = canon_skip(p + 1, end);

		if (*p == '=' && p > start)
			return true;
		if ((*p == '<' || *p == '>') && p > start && right < end &&
		    (is_number(*right) || is_quote(*right)))
			return true;
		if (any_at(p, end, words) || (p > start && is_comment(p, end)))
			return true;
		if (*p == '(' && (right = word_at(p + 1, end, "select")) && selects(right, end))
			return true;
	}
	return false;
}

static const char *operator_at(const char *p, const char *end)
{
	static const char *const operators[] = { "or", "and", "xor", "having", "where", "rlike",
						 "||", "&&", NULL };

	return any_at(p, end, operators);
}

/* "' or 1": nothing but a number is left. */
static bool only_number(const char *p, const char *end)
{
	const char *start = p = canon_skip(p, end);

	while (p < end && is_number(*p))
		p++;
	return p > start && p == end;
}

/* Behind a quote.  breaks: it is the 1st, 3rd ... of its kind, as one that ends
 * the string the name stands in has to be. */
static bool quote_breaks(const char *p, const char *end, bool breaks)
{
	static const char *const tails[] = { "into outfile", "into dumpfile",
					     "procedure analyse", NULL };
	const char *next, *at;

	while (p < end && (*p == ')' || canon_is_space(*p)) && *p != CANON_COMMENT)
		p++;
	if (p == end)
		return false;
	next = operator_at(p, end);
	if (next && (compares(next, end) || only_number(next, end)))
		return true;
	if (!breaks)
		return false;
	if (is_comment(p, end) || any_at(p, end, tails) || is_statement(p, end))
		return true;
	if (*p == ';') {
		at = canon_skip(p + 1, end);
		return is_comment(at, end) || is_statement(at, end);
	}
	next = word_at(p, end, "order by");
	if (!next)
		next = word_at(p, end, "limit");
	if (next) {
		at = canon_skip(next, end);
		return at < end && is_number(*at);
	}
	if (*p != '=' && *p != '|' && *p != ',')
		return false;
	at = canon_skip(*p == '|' && p + 1 < end ? p + 2 : p + 1, end);
	if (at < end && *at == '(' && (next = word_at(at + 1, end, "select")))
		return selects(next, end);
	return *p == '=' && at < end && (is_quote(*at) || is_number(*at));
}

/* "7 or 1=1": no quote is needed where a number stands. */
static bool number_breaks(const char *p, const char *end)
{
	static const char *const operators[] = { "or", "and", "xor", NULL };
	const char *next = any_at(p, end, operators);

	if (!next)
		return false;
	p = next;
	while (p < end && (*p == '(' || canon_is_space(*p)))
		p++;
	if (p == next || p == end)
		return false;
	if (p[-1] == '(' && (next = word_at(p, end, "select")))
		return selects(next, end);
	next = p;
	while (p < end && is_number(*p))
		p++;
	if (p == next)
		return false;
	p = canon_skip(p, end);
	if (p == end || !(*p == '=' || *p == '<' || *p == '>'))
		return false;
	while (p < end && (*p == '=' || *p == '<' || *p == '>' || canon_is_space(*p)))
		p++;
	return p < end && is_number(*p);
}

static bool is_call(const char *p, const char *end)
{
	static const char *const calls[] = {
		"pg_sleep(", "load_file(", "extractvalue(", "updatexml(", "xp_cmdshell",
		"information_schema", "waitfor delay '", "utl_http", "utl_inaddr", "dbms_pipe",
		"randomblob(", "into outfile '", "into outfile \"", "into dumpfile '",
		"into dumpfile \"", NULL,
	};
	const char *next;

	if (!strchr("bdeilprsuwx", ascii_lower(*p)))
		return false;
	if ((next = word_at(p, end, "sleep(")) || (next = word_at(p, end, "benchmark(")))
		return next < end && is_number(*next);
	return any_at(p, end, calls) != NULL;
}

bool inject_sql(const char *p, const char *end, int *work)
{
	unsigned quotes[128] = { 0 };
	bool starts = true; /* a word may begin here */

	for (; p < end && *work >= 0; starts = !canon_is_word(*p++)) {
		if (is_quote(*p)) {
			bool odd = ++quotes[(uint8_t)*p] & 1;

			*work -= 16;
			if (quote_breaks(p + 1, end, odd))
				return true;
		} else if (*p == ';') {
			*work -= 4;
			if (is_statement(canon_skip(p + 1, end), end))
				return true;
		} else if (starts && canon_is_word(*p)) {
			*work -= 1;
			if (is_union(p, end) || number_breaks(p, end) || is_call(p, end))
				return true;
		}
	}
	return false;
}
