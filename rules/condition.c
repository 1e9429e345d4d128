/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "condition.h"

#include <stdlib.h>

#include "compiler.h"
#include "named.h"
#include "pkt.h"
#include "sip/chars.h"

const char *const condition_directions[] = { "in", "out", "both", NULL };
const char *const condition_transports[] = { "any", "udp", "tcp", NULL };
static const uint8_t protos[] = { PROTO_NONE, PROTO_UDP, PROTO_TCP };

bool condition_any(const struct condition *d)
{
	const struct when_conf *w = &d->when_conf;

	return d->methods.n || d->sources.n || d->domains.n || d->numbers.n || d->statuses.n ||
	       d->header[0] || d->transport || w->users.n || w->groups.n || w->zones.n ||
	       w->to.n || w->schedule[0];
}

static int sources_compile(struct condition *d, struct compiler *c)
{
	struct prefix *p;
	size_t n;
	int err;

	if (!d->sources.n)
		return 0;
	if (compiler_prefixes(c, &d->sources, "source", &p, &n) < 0)
		return -1;
	err = prefixset_build(&d->source, p, n);
	free(p);
	if (err)
		compiler_error(c, NULL, "source", "out of memory");
	return err ? -1 : 0;
}

static int header_compile(struct condition *d, struct compiler *c)
{
	bool missing = d->header[0] == '!';
	struct slice name = slice_of(d->header + missing);

	if (!d->header[0]) {
		if (!d->patterns.n)
			return 0;
		compiler_error(c, NULL, "matches", "needs a header whose lines it speaks of");
		return -1;
	}
	if (!is_token(name)) {
		compiler_error(c, NULL, "header", "\"%.40s\" cannot be the name of a header",
			       d->header);
		return -1;
	}
	if (missing && d->patterns.n) {
		compiler_error(c, NULL, "matches",
			       "has nothing to look at: there shall be no %.40s", name.p);
		return -1;
	}
	d->header_kind = missing ? HEADER_MISSING : HEADER_LINE;
	if (slice_ieq(name, SLICE("Request-URI")) && !missing)
		d->header_kind = HEADER_URI;
	d->header_id = sip_header_of(name);
	d->header_name = name;
	return match_list_compile(&d->patterns, c, "matches", &d->pattern);
}

/* "403", "5" or "5xx"; 0: it is none. */
static unsigned status_parse(const char *text, unsigned *last)
{
	size_t n = strlen(text);
	unsigned code = 0;

	for (size_t i = 0; i < n && is_digit(text[i]) && i < 3; i++)
		code = code * 10 + (unsigned)(text[i] - '0');
	if (n == 3 && code >= 100) {
		*last = code;
	} else if ((n == 1 || (n == 3 && strcmp(text + 1, "xx") == 0)) && code < 10) {
		code *= 100;
		*last = code + 99;
	} else {
		return 0;
	}
	return code >= 100 && code < STATUS_END && is_digit(text[0]) ? code : 0;
}

static int statuses_compile(struct condition *d, struct compiler *c)
{
	int err = 0;

	d->answers = d->statuses.n;
	for (unsigned i = 0; i < d->statuses.n; i++) {
		const struct conf_item *item = &d->statuses.item[i];
		unsigned last, code = status_parse(item->text, &last);

		if (!code) {
			compiler_error(c, item, "status",
				       "\"%.40s\" is no status: write \"403\", or \"5\" for 500 to "
				       "599", item->text);
			err = -1;
		}
		for (; code && code <= last; code++)
			d->status[code / 8] |= (uint8_t)(1u << code % 8);
	}
	return err;
}

/* What can never be together is an error: it would seem to work and never fire. */
static int fit_check(const struct condition *d, struct compiler *c)
{
	if (d->statuses.n && (d->numbers.n || d->header_kind == HEADER_URI))
		compiler_error(c, NULL, "status", "an answer has no Request-URI");
	else if (d->statuses.n && d->when_conf.to.n)
		compiler_error(c, NULL, "status", "an answer dials no number");
	else
		return 0;
	return -1;
}

/* FNV-1a */
static uint64_t id_of(const char *name)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	return h;
}

int condition_compile(struct condition *d, struct compiler *c)
{
	int err = named_check(c, d->name) ? 0 : -1;

	d->transport = protos[d->transport];
	d->id = id_of(d->name);
	err |= when_compile(&d->when, &d->when_conf, c);
	err |= methodset_compile(&d->method, &d->methods, c, "method");
	err |= sources_compile(d, c);
	err |= match_list_compile(&d->domains, c, "domain", &d->domain);
	err |= match_list_compile(&d->numbers, c, "number", &d->number);
	err |= header_compile(d, c);
	err |= statuses_compile(d, c);
	return err | fit_check(d, c);
}

int condition_distinct(const struct condition *first, size_t stride, unsigned i,
		       const char *what, struct compiler *c)
{
	const char *entry = (const char *)first;
	const char *name = ((const struct condition *)(entry + i * stride))->name;

	for (unsigned j = 0; j < i; j++) {
		if (strcmp(((const struct condition *)(entry + j * stride))->name, name) != 0)
			continue;
		compiler_error(c, NULL, "name", "a %s of this name was written before", what);
		return -1;
	}
	return 0;
}

void condition_free(struct condition *d)
{
	when_free(&d->when);
	prefixset_free(&d->source);
	match_free(d->domain);
	match_free(d->number);
	match_free(d->pattern);
}

/* What conditions may speak of: by direction, requests and answers. */
#define METHODS_ALL UINT32_MAX

void condition_methods_add(struct condition_methods *m, const struct condition *d)
{
	/* names that are not registered are of METHOD_UNKNOWN */
	uint32_t own = d->method.n_own ? 1u << METHOD_UNKNOWN : 0;
	uint32_t methods = d->methods.n ? d->method.known | own : METHODS_ALL;

	if (d->direction != FROM_INSIDE)
		m->asks[0][d->answers] |= methods;
	if (d->direction != FROM_OUTSIDE)
		m->asks[1][d->answers] |= methods;
}
