/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "sources.h"

#define FILES_MAX 256
#define PATH_ROOM 4400

static void add(struct sources *s, const char *path, struct reader *r)
{
	const struct node *root = conf_read(r->arena, path, r->report);

	if (root)
		s->root[s->n++] = root;
}

/* Names as bytes, not as the locale sorts them: the order must not depend on it. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_conf(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".conf") == 0;
}

static void add_folder(struct sources *s, const char *dir, struct reader *r)
{
	char path[PATH_ROOM], room[FILE_ERROR];
	struct dirent **entry;
	int n = scandir(dir, &entry, is_conf, by_name);

	if (n < 0 && errno != ENOENT)
		conf_report_add(r->report, CONF_ERROR, dir, 0, "", "%s",
				file_error(-errno, room));
	if (n > FILES_MAX)
		conf_report_add(r->report, CONF_ERROR, dir, 0, "", "has more than %d files",
				FILES_MAX);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		if (i < FILES_MAX)
			add(s, path, r);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
}

static const char *dir_of(const char *file, struct arena *a)
{
	const char *slash = strrchr(file, '/');

	if (!slash)
		return ".";
	return arena_text(a, file, slash == file ? 1 : (size_t)(slash - file));
}

void sources_read(struct sources *s, const char *file, struct reader *r)
{
	char dir[PATH_ROOM - 300]; /* leaves room for a name */

	*s = (struct sources){ NULL, 0 };
	r->dir = "";
	if (!file[0])
		return;
	r->dir = dir_of(file, r->arena);
	s->root = calloc(FILES_MAX + 1, sizeof(*s->root));
	if (!r->dir || !s->root) {
		r->dir = "";
		conf_report_add(r->report, CONF_ERROR, file, 0, "", "out of memory");
		return;
	}
	add(s, file, r);
	snprintf(dir, sizeof(dir), "%s/conf.d", r->dir);
	add_folder(s, dir, r);
}

void sources_free(struct sources *s)
{
	free(s->root);
}
