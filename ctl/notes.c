/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "notes.h"

#include "ctl.h"

#include <inttypes.h>
#include <string.h>

#include "letters.h"

#define SHOWN 1024

static void put(FILE *to, const char *text)
{
	char shown[SHOWN];

	letters_show(shown, sizeof(shown), text, SIZE_MAX, letters_utf8());
	fputs(shown, to);
}

void notes_print(struct reply *r, FILE *to)
{
	size_t n = reply_rows(r, "notes");
	uint64_t all = reply_number(r, -1, "total");

	for (int i = 0; i < (int)n; i++) {
		const char *file = reply_text(r, i, "file"), *key = reply_text(r, i, "key");
		uint64_t line = reply_number(r, i, "line");

		fprintf(to, "%s: ", strcmp(reply_text(r, i, "severity"), "error") == 0 ? "error" :
			"warning");
		put(to, file);
		if (line)
			fprintf(to, ":%" PRIu64, line);
		fputs(file[0] ? ": " : "", to);
		put(to, key);
		fputs(key[0] ? ": " : "", to);
		put(to, reply_text(r, i, "text"));
		putc('\n', to);
	}
	if (all > n)
		fprintf(to, "... and %" PRIu64 " more\n", all - n);
}

int notes_outcome(const struct reply *r, const char *name)
{
	double whole;

	if (!reply_value(r, -1, "whole", &whole) || whole > 0)
		return CTL_OK;
	fprintf(stderr, "sipmoat %s: not all of it is in force\n", name);
	return CTL_REFUSED;
}
