/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "list.h"

/* A list while it grows; moves into the arena when it is complete. */
struct growing {
	struct reader *reader;
	const char *key;
	struct conf_item *item;
	size_t n, room;
	bool failed;
};

static void list_error(struct growing *g, const char *file, unsigned line, const char *what,
		       const char *which)
{
	conf_report_add(g->reader->report, CONF_ERROR, file, line, g->key, what, which);
}

static bool make_room(struct growing *g)
{
	size_t room = g->room ? g->room * 2 : 16;
	struct conf_item *more;

	if (g->n < g->room)
		return true;
	more = g->n < LIST_LIMIT ? realloc(g->item, room * sizeof(*more)) : NULL;
	if (!more)
		return false;
	g->item = more;
	g->room = room;
	return true;
}

static void put(struct growing *g, struct slice text, const char *file, unsigned line)
{
	const char *copy;

	if (g->failed)
		return;
	if (text.n == 0 || memchr(text.p, '\0', text.n)) {
		list_error(g, file, line, text.n ? "has a NUL byte%s" : "has an empty entry%s", "");
		return;
	}
	copy = arena_text(g->reader->arena, text.p, text.n);
	if (!copy || !make_room(g)) {
		list_error(g, file, line, "has too many entries, or memory is short%s", "");
		g->failed = true;
		return;
	}
	g->item[g->n++] = (struct conf_item){ .text = copy, .file = file, .line = line };
}

/* '#' starts a comment at the beginning of a line or behind white space. */
static struct slice uncomment(struct slice line)
{
	for (uint32_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || is_lws(line.p[i - 1])))
			line.n = i;
	return slice_trim(line);
}

static void put_lines(struct growing *g, const char *text, size_t n, const char *file)
{
	const char *end = text + n;

	for (unsigned line = 1; text < end; line++) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		struct slice s = uncomment(slice_between(text, nl ? nl : end));

		if (s.n)
			put(g, s, file, line);
		text = nl ? nl + 1 : end;
	}
}

static void put_file(struct growing *g, const char *name, const struct node *n)
{
	char path[4096], room[FILE_ERROR], *text;
	const char *kept;
	size_t size;
	int err;

	if (!name[0] || strchr(name, '/') || name[0] == '.') {
		list_error(g, n->file, n->line,
			   "\"file:%s\" is no name of a file in lists/ (a plain name, without '/')",
			   name);
		return;
	}
	snprintf(path, sizeof(path), "%s/lists/%s", g->reader->dir, name);
	kept = arena_text(g->reader->arena, path, strlen(path));
	err = kept ? file_load(path, LIST_FILE_LIMIT, &text, &size) : -ENOMEM;
	if (err) {
		conf_report_add(g->reader->report, CONF_ERROR, n->file, n->line, g->key,
				"cannot read the list %s: %s", path, file_error(err, room));
		return;
	}
	put_lines(g, text, size, kept);
	free(text);
}

static void put_node(struct growing *g, const struct node *n)
{
	char number[24];
	size_t before = g->n;

	if (n->type == NODE_TEXT && strncmp(n->text, "file:", 5) == 0) {
		put_file(g, n->text + 5, n);
	} else if (n->type == NODE_TEXT) {
		put(g, slice_of(n->text), n->file, n->line);
	} else if (n->type == NODE_INT) {
		snprintf(number, sizeof(number), "%" PRId64, n->number);
		put(g, slice_of(number), n->file, n->line);
		if (g->n > before)
			g->item[before].number = true;
	} else {
		list_error(g, n->file, n->line, "every entry must be a text in quotes%s", "");
	}
}

static void finish(struct growing *g, const struct node *n, struct conf_list *out)
{
	size_t bytes = g->n * sizeof(*g->item);

	*out = (struct conf_list){ NULL, 0 };
	if (g->n) {
		out->item = arena_alloc(g->reader->arena, bytes);
		if (out->item) {
			memcpy(out->item, g->item, bytes);
			out->n = (unsigned)g->n;
		} else {
			list_error(g, n ? n->file : "", n ? n->line : 0, "out of memory%s", "");
		}
	}
	free(g->item);
}

void list_read(struct reader *r, const struct node *n, const char *key, struct conf_list *out)
{
	struct growing g = { .reader = r, .key = key };

	for (unsigned i = 0; i < n->n; i++)
		put_node(&g, &n->child[i]);
	finish(&g, n, out);
}

void list_split(struct reader *r, const char *text, const char *key, struct conf_list *out)
{
	struct growing g = { .reader = r, .key = key };
	struct slice s;

	while (*text) {
		const char *comma = strchr(text, ',');
		const char *end = comma ? comma : text + strlen(text);

		s = slice_trim(slice_between(text, end));
		if (s.n)
			put(&g, s, "", 0);
		text = comma ? comma + 1 : end;
	}
	finish(&g, NULL, out);
}
