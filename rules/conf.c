/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that knows libconfig.  The text is looked through before it is
 * parsed (mend.c), and libconfig sees a mended copy.
 */
#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "node.h"
#include "mend.h"

#define NESTING_LIMIT 8
#define EXCERPT 60

/* ---- notes ---- */

static char *text_copy(const char *text)
{
	return strdup(text ? text : "");
}

static int note_fill(struct conf_note *n, const char *file, const char *key, const char *fmt,
		     va_list ap)
{
	n->file = text_copy(file);
	n->key = text_copy(key);
	if (vasprintf(&n->text, fmt, ap) < 0)
		n->text = NULL;
	if (n->file && n->key && n->text)
		return 0;
	free(n->file);
	free(n->key);
	free(n->text);
	return -1;
}

void conf_report_add(struct conf_report *r, enum conf_severity severity, const char *file,
		     unsigned line, const char *key, const char *fmt, ...)
{
	struct conf_note *more;
	va_list ap;

	/* counted even when there is no room to keep it: an error is never lost */
	r->errors += severity == CONF_ERROR;
	r->degraded += severity == CONF_DEGRADED;
	more = r->n < CONF_NOTES ? realloc(r->note, (r->n + 1) * sizeof(*more)) : NULL;
	if (!more)
		return;
	r->note = more;
	more[r->n].severity = severity;
	more[r->n].line = line;
	va_start(ap, fmt);
	if (note_fill(&more[r->n], file, key, fmt, ap) == 0)
		r->n++;
	va_end(ap);
}

void conf_report_free(struct conf_report *r)
{
	for (unsigned i = 0; i < r->n; i++) {
		free(r->note[i].file);
		free(r->note[i].key);
		free(r->note[i].text);
	}
	free(r->note);
	*r = (struct conf_report){ 0 };
}

static bool comes_before(const struct conf_note *a, const struct conf_note *b)
{
	int files = strcmp(a->file, b->file);

	return files ? files < 0 : a->line < b->line;
}

/* Insertion: few notes, and those of one line keep their order. */
void conf_report_sort(struct conf_report *r)
{
	for (unsigned i = 1; i < r->n; i++) {
		struct conf_note n = r->note[i];
		unsigned at = i;

		for (; at && comes_before(&n, &r->note[at - 1]); at--)
			r->note[at] = r->note[at - 1];
		r->note[at] = n;
	}
}

char *conf_note_text(const struct conf_note *n)
{
	char line[16] = "";
	char *out;

	if (n->line)
		snprintf(line, sizeof(line), ":%u", n->line);
	if (asprintf(&out, "%s%s%s%s%s%s", n->file, line, n->file[0] ? ": " : "", n->key,
		     n->key[0] ? ": " : "", n->text) < 0)
		return NULL;
	return out;
}

/* ---- libconfig's tree into ours ---- */

struct reading {
	struct arena *arena;
	const char *file;
	struct conf_report *report;
};

static int node_list(struct reading *rd, struct node *n, const config_setting_t *s,
		     unsigned depth);

static enum node_type type_of(const config_setting_t *s)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP:
		return NODE_GROUP;
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return NODE_LIST;
	case CONFIG_TYPE_STRING:
		return NODE_TEXT;
	case CONFIG_TYPE_BOOL:
		return NODE_BOOL;
	case CONFIG_TYPE_FLOAT:
		return NODE_FLOAT;
	default:
		return NODE_INT;
	}
}

static int node_fill(struct reading *rd, struct node *n, const config_setting_t *s, unsigned depth)
{
	const char *name = config_setting_name(s), *text;

	n->type = type_of(s);
	n->file = rd->file;
	n->line = config_setting_source_line(s);
	if (name && !(n->name = arena_text(rd->arena, name, strlen(name))))
		return -ENOMEM;
	switch (n->type) {
	case NODE_TEXT:
		text = config_setting_get_string(s);
		n->text = arena_text(rd->arena, text ? text : "", text ? strlen(text) : 0);
		return n->text ? 0 : -ENOMEM;
	case NODE_INT:
		/* get_int64 reads both widths; get_int answers 0 for the wide one */
		n->number = config_setting_get_int64(s);
		return 0;
	case NODE_BOOL:
		n->number = config_setting_get_bool(s);
		return 0;
	case NODE_FLOAT:
		return 0;
	default:
		return node_list(rd, n, s, depth);
	}
}

static int node_list(struct reading *rd, struct node *n, const config_setting_t *s, unsigned depth)
{
	int count = config_setting_length(s);

	if (depth >= NESTING_LIMIT) {
		conf_report_add(rd->report, CONF_ERROR, rd->file, n->line, n->name ? n->name : "",
				"is nested too deeply");
		return 0;
	}
	if (count <= 0)
		return 0;
	n->child = arena_alloc(rd->arena, (size_t)count * sizeof(*n->child));
	if (!n->child)
		return -ENOMEM;
	n->n = (unsigned)count;
	for (unsigned i = 0; i < n->n; i++) {
		int err = node_fill(rd, &n->child[i], config_setting_get_elem(s, i), depth + 1);

		if (err)
			return err;
	}
	return 0;
}

/* The line libconfig stumbled over, printable and short. */
static void excerpt(const char *text, unsigned line, char out[EXCERPT + 1])
{
	unsigned n = 0;

	for (; line > 1 && (text = strchr(text, '\n')); line--)
		text++;
	while (text && (*text == ' ' || *text == '\t'))
		text++;
	for (; text && n < EXCERPT && text[n] && text[n] != '\n' && text[n] != '\r'; n++)
		out[n] = text[n] >= ' ' && text[n] < 127 ? text[n] : '?';
	out[n] = '\0';
}

/* What libconfig's parser calls "memory exhausted" is its stack of brackets. */
static const char *error_text(const config_t *c)
{
	const char *text = config_error_text(c);

	if (!text || strcmp(text, "memory exhausted") == 0)
		return "too many open brackets";
	if (strcmp(text, "mismatched element type in array") == 0)
		return "a list has entries with quotes and entries without,";
	return text;
}

static const struct node *parse_text(struct reading *rd, const char *text)
{
	struct node *root = arena_alloc(rd->arena, sizeof(*root));
	char line[EXCERPT + 1];
	config_t c;

	if (!root)
		return NULL;
	config_init(&c);
	if (!config_read_string(&c, text)) {
		unsigned at = config_error_line(&c) > 0 ? (unsigned)config_error_line(&c) : 0;

		excerpt(text, at, line);
		conf_report_add(rd->report, CONF_ERROR, rd->file, at, "", "%s in or before \"%s\"",
				error_text(&c), line);
		root = NULL;
	} else if (node_fill(rd, root, config_root_setting(&c), 0) < 0) {
		conf_report_add(rd->report, CONF_ERROR, rd->file, 0, "", "out of memory");
		root = NULL;
	}
	config_destroy(&c);
	return root;
}

/* text ends with a NUL that n does not count. */
static const struct node *read_text(struct reading *rd, const char *text, size_t n)
{
	const struct node *root = NULL;
	char *mended;

	if (mend_text(rd->file, text, n, rd->report, &mended) < 0) {
		conf_report_add(rd->report, CONF_ERROR, rd->file, 0, "", "out of memory");
		return NULL;
	}
	if (mended)
		root = parse_text(rd, mended);
	free(mended);
	return root;
}

const struct node *conf_read(struct arena *a, const char *path, struct conf_report *r)
{
	struct reading rd = { a, arena_text(a, path, strlen(path)), r };
	const struct node *root;
	char *text, room[FILE_ERROR];
	size_t n;
	int err;

	if (!rd.file) {
		conf_report_add(r, CONF_ERROR, path, 0, "", "out of memory");
		return NULL;
	}
	err = file_load(path, CONF_FILE_LIMIT, &text, &n);
	if (err) {
		conf_report_add(r, CONF_ERROR, path, 0, "", "%s%s", file_error(err, room),
				err == -EFBIG ? " (at most 1 MiB; long lists go into lists/)" : "");
		return NULL;
	}
	root = read_text(&rd, text, n);
	free(text);
	return root;
}

const struct node *conf_read_list(struct arena *a, const char *text, struct conf_report *r)
{
	struct reading rd = { a, "", r };
	size_t n = strlen(text) + sizeof("x=();");
	char *whole = malloc(n);
	const struct node *root = NULL;

	if (whole) {
		snprintf(whole, n, "x=(%s);", text);
		root = parse_text(&rd, whole);
	} else {
		conf_report_add(r, CONF_ERROR, "", 0, "", "out of memory");
	}
	free(whole);
	return root ? root->child : NULL;
}
