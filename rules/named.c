/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "named.h"

#include <string.h>

#define WORD_LIMIT 31

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edits (insert, delete, replace) from one word to another. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[2][WORD_LIMIT + 1], n = (unsigned)strlen(a), m = (unsigned)strlen(b);

	if (n > WORD_LIMIT || m > WORD_LIMIT)
		return WORD_LIMIT;
	for (unsigned j = 0; j <= m; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned *now = row[i % 2], *up = row[(i + 1) % 2];

		now[0] = i;
		for (unsigned j = 1; j <= m; j++)
			now[j] = least(least(up[j], now[j - 1]) + 1,
				       up[j - 1] + (ascii_lower(a[i - 1]) != b[j - 1]));
	}
	return row[n % 2][m];
}

void nearer(struct nearest *best, const char *name)
{
	unsigned edits = distance(best->word, name);

	if (edits < best->edits) {
		best->edits = edits;
		best->found = name;
	}
}

/* more than about a third of the letters wrong is another word */
struct nearest nearest_to(const char *word)
{
	return (struct nearest){ word, NULL, 2 + (unsigned)strlen(word) / 3 };
}

#define NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

bool named_check(struct compiler *c, const char *name)
{
	size_t n = strspn(name, NAME_BYTES);

	if (n && !name[n] && n <= NAMED_MOST)
		return true;
	compiler_error(c, NULL, "name", "must be 1 to %d letters, digits, '-' or '_'", NAMED_MOST);
	return false;
}

void named_unknown(struct compiler *c, const struct conf_item *item, const char *key,
		   const char *what, const struct nearest *best)
{
	if (best->found)
		compiler_error(c, item, key, "there is no %s \"%.40s\"; did you mean \"%s\"?", what,
			       best->word, best->found);
	else
		compiler_error(c, item, key, "there is no %s \"%.40s\"", what, best->word);
}
