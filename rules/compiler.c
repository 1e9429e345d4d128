/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "compiler.h"
#include "geo.h"
#include "rows.h"

#define MESSAGE 1536 /* the names of all defects fit in */

void compiler_error(struct compiler *c, const struct conf_item *item, const char *key,
		    const char *fmt, ...)
{
	char text[MESSAGE], path[KEY_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	key_join(path, c->group, key);
	conf_report_add(c->report, CONF_ERROR, item ? item->file : c->file,
			item ? item->line : c->line, path, "%s", text);
}

void compiler_degraded(struct compiler *c, const char *key, const char *fmt, ...)
{
	char text[MESSAGE], path[KEY_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	key_join(path, c->group, key);
	/* what only observes protects nobody: losing it is no error */
	conf_report_add(c->report, c->mode == MODE_ENFORCE ? CONF_DEGRADED : CONF_WARNING, c->file,
			c->line, path, "%s", text);
}

/* Room for n values; never NULL for n = 0, so that NULL means no memory. */
static void *room_for(struct compiler *c, const char *key, size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		compiler_error(c, NULL, key, "out of memory");
	return p;
}

int compiler_prefixes(struct compiler *c, const struct conf_list *l, const char *key,
		      struct prefix **out, size_t *n)
{
	struct prefix *p = room_for(c, key, l->n, sizeof(*p));
	unsigned errors = 0;

	*out = NULL;
	*n = 0;
	if (!p)
		return -1;
	for (unsigned i = 0; i < l->n; i++) {
		const struct conf_item *item = &l->item[i];

		if (prefix_parse(slice_of(item->text), &p[i]) == 0)
			continue;
		errors++;
		compiler_error(c, item, key,
			       "\"%s\" is no address or prefix: write \"198.51.100.7\", "
			       "\"198.51.100.0/24\" or \"2001:db8::/32\"", item->text);
	}
	if (errors) {
		free(p);
		return -1;
	}
	*out = p;
	*n = l->n;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

bool compiler_has(const uint32_t *sorted, unsigned n, uint32_t v)
{
	return n && bsearch(&v, sorted, n, sizeof(v), by_value);
}

/* 0 is no country and no AS: the mark of a text that is neither. */
static int values(struct compiler *c, const struct conf_list *l, const char *key,
		  uint32_t (*parse)(const char *), const char *what, uint32_t **out, unsigned *n)
{
	uint32_t *v = room_for(c, key, l->n, sizeof(*v));
	unsigned errors = 0;

	*out = NULL;
	*n = 0;
	if (!v)
		return -1;
	for (unsigned i = 0; i < l->n; i++) {
		v[i] = parse(l->item[i].text);
		if (v[i])
			continue;
		errors++;
		compiler_error(c, &l->item[i], key, "\"%s\" is %s", l->item[i].text, what);
	}
	if (errors) {
		free(v);
		return -1;
	}
	qsort(v, l->n, sizeof(*v), by_value);
	*out = v;
	*n = l->n;
	return 0;
}

static uint32_t country_parse(const char *text)
{
	char a = ascii_lower(text[0]), b = text[0] ? ascii_lower(text[1]) : '\0';

	if (a < 'a' || a > 'z' || b < 'a' || b > 'z' || text[2])
		return 0;
	return GEO_CODE(a - 'a' + 'A', b - 'a' + 'A');
}

static uint32_t asn_parse(const char *text)
{
	uint64_t n = 0;

	if (ascii_lower(text[0]) == 'a' && ascii_lower(text[1]) == 's')
		text += 2;
	if (strlen(text) > 10)
		return 0;
	for (; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (uint64_t)(*text - '0');
	return *text || n > UINT32_MAX ? 0 : (uint32_t)n;
}

int compiler_countries(struct compiler *c, const struct conf_list *l, const char *key,
		       uint32_t **out, unsigned *n)
{
	return values(c, l, key, country_parse,
		      "no country: write two letters (ISO 3166), such as \"DE\"", out, n);
}

int compiler_asns(struct compiler *c, const struct conf_list *l, const char *key, uint32_t **out,
		  unsigned *n)
{
	return values(c, l, key, asn_parse,
		      "no autonomous system: write \"AS64496\"", out, n);
}
