/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "list.h"
#include "named.h"
#include "rows.h"

/* A value on its way into a row's place. */
struct value {
	struct reader *reader;
	const struct conf_row *row;
	void *at;
	const struct node *node;
	char key[KEY_TEXT];
};

static const struct {
	char unit;
	uint32_t seconds;
} units[] = { { 'w', 604800 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

#define UNITS (sizeof(units) / sizeof(units[0]))

void key_join(char out[KEY_TEXT], const char *group, const char *name)
{
	int n = snprintf(out, KEY_TEXT, "%s%s%s", group, group[0] && name[0] ? "." : "", name);

	if (n >= KEY_TEXT) /* a name of the operator's, cut where the room ends */
		memcpy(out + KEY_TEXT - 4, "...", 4);
}

static void wrong(const struct value *v, const char *what)
{
	conf_report_add(v->reader->report, CONF_ERROR, v->node->file, v->node->line, v->key, "%s",
			what);
}

/* ---- durations ---- */

bool rows_duration(const char *text, int64_t *seconds)
{
	int64_t n = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++)
		n = n > INT32_MAX ? n : n * 10 + (*p - '0');
	if (p == text)
		return false;
	*seconds = n;
	if (!*p)
		return true;
	for (unsigned i = 0; i < UNITS; i++)
		if (p[0] == units[i].unit && !p[1]) {
			*seconds = n * units[i].seconds;
			return true;
		}
	return false;
}

static void duration_print(uint32_t seconds, char *out, size_t room)
{
	unsigned i = 0;

	while (i < UNITS - 1 && (seconds == 0 || seconds % units[i].seconds))
		i++;
	snprintf(out, room, "%u%c", seconds / units[i].seconds, units[i].unit);
}

/* ---- what was meant ---- */

static void unknown(struct reader *r, const struct node *n, const char *key, const char *near)
{
	if (near)
		conf_report_add(r->report, CONF_ERROR, n->file, n->line, key,
				"unknown key; did you mean \"%s\"?", near);
	else
		conf_report_add(r->report, CONF_ERROR, n->file, n->line, key, "unknown key");
}

/* ---- one value ---- */

static void take_number(const struct value *v, int64_t n)
{
	const struct conf_row *row = v->row;
	char what[128], lo[16], hi[16];
	uint32_t u = (uint32_t)n;

	if ((n >= row->min && n <= row->max) || (n == 0 && row->or_zero)) {
		memcpy(v->at, &u, sizeof(u));
		return;
	}
	if (row->type == CONF_DURATION) {
		duration_print(row->min, lo, sizeof(lo));
		duration_print(row->max, hi, sizeof(hi));
	} else {
		snprintf(lo, sizeof(lo), "%u", row->min);
		snprintf(hi, sizeof(hi), "%u", row->max);
	}
	snprintf(what, sizeof(what), "is out of range: must be %s%s to %s",
		 row->or_zero ? "0 or " : "", lo, hi);
	wrong(v, what);
}

static void take_duration(const struct value *v, const char *text)
{
	int64_t n;

	if (rows_duration(text, &n))
		take_number(v, n);
	else
		wrong(v, "is not a duration: write \"90s\", \"15m\", \"8h\", \"2d\", \"1w\" or "
			 "whole seconds");
}

static void take_word(const struct value *v, const char *text)
{
	char what[256] = "must be one of:";
	size_t n = strlen(what);

	for (uint8_t i = 0; v->row->words[i]; i++) {
		const char *word = v->row->words[i];

		if (word[0] && strcmp(word, text) == 0) {
			memcpy(v->at, &i, sizeof(i));
			return;
		}
		if (word[0] && n < sizeof(what))
			n += (size_t)snprintf(what + n, sizeof(what) - n, " \"%s\"", word);
	}
	wrong(v, what);
}

static void take_text(const struct value *v, const char *text)
{
	const char *copy = arena_text(v->reader->arena, text, strlen(text));
	const char *why = v->row->unfit ? v->row->unfit(text) : NULL;

	if (copy && !why)
		memcpy(v->at, &copy, sizeof(copy));
	else
		wrong(v, why ? why : "out of memory");
}

/* One key of a map: its word goes into the place of its name. */
static void take_entry(const struct value *map, const struct node *n)
{
	struct value v = { map->reader, map->row, NULL, n, "" };
	struct nearest best = nearest_to(n->name);
	const char *name, *why = NULL;
	uint8_t word = CONF_UNSET;
	unsigned i;

	key_join(v.key, map->key, n->name);
	for (i = 0; (name = v.row->names(i)) && strcmp(name, n->name) != 0; i++)
		nearer(&best, name);
	v.at = &word;
	if (!name)
		unknown(v.reader, n, v.key, best.found);
	else if (n->type != NODE_TEXT)
		wrong(&v, "has the wrong type: must be a text in quotes");
	else
		take_word(&v, n->text);
	if (word == CONF_UNSET)
		return;
	if (v.row->refuse)
		why = v.row->refuse(i, word);
	if (why)
		wrong(&v, why);
	else
		((uint8_t *)map->at)[i] = word;
}

static void take_map(const struct value *v)
{
	for (unsigned i = 0; i < v->node->n; i++)
		take_entry(v, &v->node->child[i]);
}

/* One group of a list of groups, defaults first. */
static void take_group(const struct value *v, const struct node *n, void *entry, unsigned i)
{
	struct rows_into into[] = { { v->row->rows, entry }, { NULL, NULL } };
	struct conf_item at = { .file = n->file, .line = n->line };
	char path[KEY_TEXT + 16];

	snprintf(path, sizeof(path), "%s[%u]", v->key, i);
	path[KEY_TEXT - 1] = '\0';
	rows_defaults(v->reader, v->row->rows, entry, path);
	at.text = arena_text(v->reader->arena, path, strlen(path));
	if (!at.text) {
		wrong(v, "out of memory");
		return;
	}
	memcpy(entry, &at, sizeof(at));
	if (rows_is_group(v->reader, n, path))
		rows_read(v->reader, into, n, path, NULL);
}

static void take_groups(const struct value *v)
{
	const struct conf_row *row = v->row;
	struct conf_groups g = { NULL, v->node->n };
	char what[64];

	if (g.n > row->max) {
		snprintf(what, sizeof(what), "has too many entries: at most %u", row->max);
		wrong(v, what);
		return;
	}
	g.entry = arena_alloc(v->reader->arena, (g.n + 1) * row->size);
	if (!g.entry) {
		wrong(v, "out of memory");
		return;
	}
	for (unsigned i = 0; i < g.n; i++)
		take_group(v, &v->node->child[i], (char *)g.entry + i * row->size, i);
	memcpy(v->at, &g, sizeof(g));
}

static const char *expected(enum conf_type type)
{
	switch (type) {
	case CONF_BOOL:
		return "has the wrong type: must be true or false, without quotes";
	case CONF_INT:
		return "has the wrong type: must be a whole number, without quotes";
	case CONF_DURATION:
		return "has the wrong type: must be a duration such as \"90s\", \"15m\" or \"8h\"";
	case CONF_LIST:
		return "has the wrong type: must be a list, [ \"...\", \"...\" ] or [ 5060 ]";
	case CONF_MAP:
		return "has the wrong type: must be a group, { name = \"word\"; ... }";
	case CONF_GROUPS:
		return "has the wrong type: must be a list of groups, ( { ... }, { ... } )";
	default:
		return "has the wrong type: must be a text in quotes";
	}
}

/* "5" and "true" are what they say: formats that are translated into this one know no types. */
static struct node unquoted(const struct node *n, enum conf_type type)
{
	struct node is = *n;
	char *end;

	if (n->type != NODE_TEXT)
		return is;
	if (type == CONF_INT && n->text[0] >= '0' && n->text[0] <= '9') {
		is.number = strtoll(n->text, &end, 10);
		is.type = *end ? NODE_TEXT : NODE_INT;
	} else if (type == CONF_BOOL) {
		is.number = strcmp(n->text, "true") == 0 || strcmp(n->text, "1") == 0;
		if (is.number || strcmp(n->text, "false") == 0 || strcmp(n->text, "0") == 0)
			is.type = NODE_BOOL;
	}
	return is;
}

static void take(const struct value *v)
{
	enum conf_type type = v->row->type;
	const struct node as = unquoted(v->node, type), *n = &as;
	bool flag = n->number != 0;

	if (type == CONF_BOOL && n->type == NODE_BOOL)
		memcpy(v->at, &flag, sizeof(flag));
	else if ((type == CONF_INT || type == CONF_DURATION) && n->type == NODE_INT)
		take_number(v, n->number);
	else if (type == CONF_DURATION && n->type == NODE_TEXT)
		take_duration(v, n->text);
	else if (type == CONF_WORD && n->type == NODE_TEXT)
		take_word(v, n->text);
	else if (type == CONF_TEXT && n->type == NODE_TEXT)
		take_text(v, n->text);
	else if (type == CONF_LIST && n->type == NODE_LIST)
		list_read(v->reader, n, v->key, v->at);
	else if (type == CONF_MAP && n->type == NODE_GROUP)
		take_map(v);
	else if (type == CONF_GROUPS && n->type == NODE_LIST)
		take_groups(v);
	else if (type == CONF_GONE)
		wrong(v, v->row->help);
	else
		wrong(v, expected(type));
}

/* ---- defaults: the same road, from the row's own text ---- */

static void take_default(struct value *v, struct node *n)
{
	const char *text = v->row->fallback;

	switch (v->row->type) {
	case CONF_BOOL:
		n->type = NODE_BOOL;
		n->number = strcmp(text, "true") == 0;
		break;
	case CONF_INT:
		n->type = NODE_INT;
		n->number = strtoll(text, NULL, 10);
		break;
	case CONF_LIST:
		list_split(v->reader, text, v->key, v->at);
		return;
	case CONF_TEXT: /* not copied: it outlives the arena, and is there without memory */
		memcpy(v->at, &text, sizeof(text));
		return;
	case CONF_MAP:
		for (unsigned i = 0; v->row->names(i); i++)
			((uint8_t *)v->at)[i] = CONF_UNSET;
		return;
	case CONF_GROUPS: {
		const struct node *list = conf_read_list(v->reader->arena, text, v->reader->report);

		if (list) {
			v->node = list;
			take_groups(v);
		}
		return;
	}
	case CONF_GONE:
		return;
	default:
		n->type = NODE_TEXT;
		n->text = text;
	}
	take(v);
}

void rows_defaults(struct reader *r, const struct conf_row *rows, void *base, const char *group)
{
	for (const struct conf_row *row = rows; row && row->name; row++) {
		struct node n = { .name = row->name, .file = "" };
		struct value v = { r, row, (char *)base + row->offset, &n, "" };

		key_join(v.key, group, row->name);
		take_default(&v, &n);
	}
}

void rows_split(struct reader *r, const struct conf_row *rows, void *base, const char *group)
{
	for (const struct conf_row *row = rows; row && row->name; row++) {
		struct conf_groups *g = (void *)((char *)base + row->offset);
		void *copy;

		if (row->type != CONF_GROUPS || !g->n)
			continue;
		copy = arena_alloc(r->arena, g->n * row->size);
		if (copy)
			memcpy(copy, g->entry, g->n * row->size);
		else
			conf_report_add(r->report, CONF_ERROR, "", 0, group, "out of memory");
		g->entry = copy;
		g->n = copy ? g->n : 0;
	}
}

/* ---- unknown keys ---- */

static const char *nearest_name(const char *word, const struct rows_into *into,
				const char *const *others)
{
	struct nearest best = nearest_to(word);

	for (; into->rows; into++)
		for (const struct conf_row *row = into->rows; row->name; row++)
			if (row->type != CONF_GONE)
				nearer(&best, row->name);
	for (; others && *others; others++)
		nearer(&best, *others);
	return best.found;
}

static void unknown_key(struct reader *r, const struct rows_into *into, const struct node *n,
			const char *path, const char *const *others)
{
	char key[KEY_TEXT];

	key_join(key, path, n->name);
	unknown(r, n, key, nearest_name(n->name, into, others));
}

/* ---- groups ---- */

static bool among(const char *name, const char *const *names)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool read_key(struct reader *r, const struct rows_into *into, const struct node *n,
		     const char *path)
{
	for (; into->rows; into++)
		for (const struct conf_row *row = into->rows; row->name; row++) {
			struct value v = { r, row, (char *)into->base + row->offset, n, "" };

			if (strcmp(row->name, n->name) != 0)
				continue;
			key_join(v.key, path, n->name);
			take(&v);
			return true;
		}
	return false;
}

void rows_read(struct reader *r, const struct rows_into *into, const struct node *group,
	       const char *path, const char *const *others)
{
	for (unsigned i = 0; i < group->n; i++) {
		const struct node *n = &group->child[i];
		bool elsewhere = among(n->name, others);

		/* of a name that is both, a group is what is read elsewhere */
		if (elsewhere && n->type == NODE_GROUP)
			continue;
		if (!read_key(r, into, n, path) && !elsewhere)
			unknown_key(r, into, n, path, others);
	}
}

bool rows_is_group(struct reader *r, const struct node *n, const char *path)
{
	if (n->type == NODE_GROUP)
		return true;
	conf_report_add(r->report, CONF_ERROR, n->file, n->line, path,
			"has the wrong type: must be a group, { key = value; ... }");
	return false;
}
