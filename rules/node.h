/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A config file as a tree of plain nodes: all that the rest sees of libconfig.
 *
 * Ownership: nodes and their text live in the arena they were read into.
 */
#ifndef SIPMOAT_NODE_H
#define SIPMOAT_NODE_H

#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "conf.h"

enum node_type { NODE_GROUP, NODE_LIST, NODE_TEXT, NODE_INT, NODE_BOOL, NODE_FLOAT };

struct node {
	const char *name; /* NULL in a list and for a file's root */
	enum node_type type;
	const char *file;
	unsigned line;
	const char *text; /* TEXT */
	int64_t number;   /* INT, BOOL */
	struct node *child;
	unsigned n;       /* children of a GROUP or a LIST */
};

#define CONF_FILE_LIMIT (1u << 20) /* bytes; long lists belong into lists/ */

/* conf.c: reads one file; NULL when it cannot be used, which is reported. */
const struct node *conf_read(struct arena *a, const char *path, struct conf_report *r);

/* The entries of a list from a text of ours, as they stand between its parentheses; NULL
 * without memory, which is reported. */
const struct node *conf_read_list(struct arena *a, const char *text, struct conf_report *r);

static inline const struct node *node_find(const struct node *group, const char *name)
{
	for (unsigned i = 0; i < group->n; i++)
		if (strcmp(group->child[i].name, name) == 0)
			return &group->child[i];
	return NULL;
}

#endif
