/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "handmode.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "log.h"
#include "statefile.h"

#define NAME "mode"
#define FILE_MOST 256

static const char *const words[] = { [MODE_OFF] = "config", [MODE_OBSERVE] = "observe",
				     [MODE_ENFORCE] = "enforce" };

const char *handmode_word(uint8_t mode)
{
	return words[mode];
}

int handmode_parse(const char *line, struct handmode *out)
{
	char word[16], more;

	*out = (struct handmode){ .mode = MODE_OFF };
	if (sscanf(line, "%15s %" SCNu64 " %" SCNu32 " %c", word, &out->since, &out->uid,
		   &more) != 3)
		return -1;
	for (uint8_t i = MODE_OBSERVE; i <= MODE_ENFORCE; i++)
		if (strcmp(word, words[i]) == 0)
			out->mode = i;
	return out->mode == MODE_OFF ? -1 : 0;
}

void handmode_print(const struct handmode *m, char out[HANDMODE_LINE])
{
	snprintf(out, HANDMODE_LINE, "%s %" PRIu64 " %" PRIu32, words[m->mode], m->since, m->uid);
}

void handmode_load(struct handmode *out)
{
	struct statefile file = { 0 };
	char path[STATEFILE_PATH], line[FILE_MOST + 1];
	const char *why;

	*out = (struct handmode){ .mode = MODE_OFF };
	if (!statefile_path(NAME, path) || access(path, F_OK))
		return;
	why = statefile_read(path, FILE_MOST, &file);
	snprintf(line, sizeof(line), "%.*s", (int)file.n, (const char *)file.bytes);
	if (!why && handmode_parse(line, out)) {
		why = "it is not \"observe|enforce SINCE UID\"";
		out->mode = MODE_OFF;
	}
	free(file.bytes);
	if (why)
		log_error("the mode that was set by hand cannot be read: %s: %s; the config's "
			  "holds", path, why);
}

static int put(FILE *f, void *arg)
{
	char line[HANDMODE_LINE];

	handmode_print(arg, line);
	return fprintf(f, "%s\n", line) < 0 ? -(errno ? errno : EIO) : 0;
}

int handmode_keep(const struct handmode *m)
{
	struct handmode copy = *m;
	char path[STATEFILE_PATH];

	if (!statefile_path(NAME, path))
		return -ENOTDIR;
	if (m->mode == MODE_OFF)
		return unlink(path) && errno != ENOENT ? -errno : 0;
	return statefile_write(path, put, &copy);
}
