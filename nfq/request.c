/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct request {
	json_t *asked, *answer;
	json_t *rows, *row; /* borrowed: where values go; NULL: into the answer */
	bool failed;
	unsigned waits; /* s */
	uint64_t ticket;
};

struct request *request_read(const char *line, size_t n)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->answer = json_pack("{s:b}", "ok", 1);
	if (!r->answer) {
		free(r);
		return NULL;
	}
	r->asked = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(r->asked))
		request_fail(r, "bad_request", "a line must be one JSON object");
	else if (!request_text(r, "command"))
		request_fail(r, "bad_request", "there is no \"command\"");
	return r;
}

struct request *request_object(void)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->answer = json_object();
	if (r->answer)
		return r;
	free(r);
	return NULL;
}

char *request_answer(const struct request *r, size_t *n)
{
	const size_t how = JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12);
	char *text = json_dumps(r->answer, how), *line;

	if (!text)
		return NULL;
	*n = strlen(text);
	line = realloc(text, *n + 2);
	if (!line) {
		free(text);
		return NULL;
	}
	line[(*n)++] = '\n';
	line[*n] = '\0';
	return line;
}

void request_free(struct request *r)
{
	if (!r)
		return;
	json_decref(r->asked);
	json_decref(r->answer);
	free(r);
}

const char *request_text(const struct request *r, const char *key)
{
	return json_string_value(json_object_get(r->asked, key));
}

bool request_number(const struct request *r, const char *key, uint64_t least, uint64_t most,
		    uint64_t *out)
{
	const json_t *v = json_object_get(r->asked, key);
	json_int_t n = json_integer_value(v);

	if (!v)
		return true;
	if (!json_is_integer(v) || n < 0 || (uint64_t)n < least || (uint64_t)n > most)
		return false;
	*out = (uint64_t)n;
	return true;
}

static void put(struct request *r, const char *key, json_t *value)
{
	(void)json_object_set_new(r->row ? r->row : r->answer, key, value);
}

void request_fail(struct request *r, const char *code, const char *text)
{
	r->failed = true;
	request_rows_end(r);
	(void)json_object_clear(r->answer);
	put(r, "ok", json_false());
	put(r, "error", json_string(code));
	put(r, "text", json_string(text));
}

bool request_failed(const struct request *r)
{
	return r->failed;
}

uint64_t request_ticket(const struct request *r)
{
	return r->ticket;
}

void request_set_ticket(struct request *r, uint64_t ticket)
{
	r->ticket = ticket;
}

void request_wait(struct request *r, unsigned seconds)
{
	r->waits = seconds;
}

unsigned request_waits(const struct request *r)
{
	return r->failed ? 0 : r->waits;
}

void request_put_text(struct request *r, const char *key, const char *text)
{
	put(r, key, json_string(text));
}

void request_put_number(struct request *r, const char *key, uint64_t value)
{
	put(r, key, json_integer((json_int_t)value));
}

void request_put_bool(struct request *r, const char *key, bool value)
{
	put(r, key, json_boolean(value));
}

void request_put_real(struct request *r, const char *key, double value)
{
	put(r, key, json_real(value));
}

void request_put_numbers(struct request *r, const char *key, const uint64_t *value, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_integer((json_int_t)value[i]));
	put(r, key, list);
}

void request_put_reals(struct request *r, const char *key, const double *value, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_real(value[i]));
	put(r, key, list);
}

void request_group(struct request *r, const char *key)
{
	json_t *group = json_object();

	request_rows_end(r);
	if (!group || json_object_set_new(r->answer, key, group))
		request_fail(r, "no_memory", "sipmoatd has no memory for the answer");
	else
		r->row = group;
}

void request_group_end(struct request *r)
{
	request_rows_end(r);
}

void request_rows(struct request *r, const char *key)
{
	request_rows_end(r);
	r->rows = json_array();
	if (r->rows)
		put(r, key, r->rows);
}

void request_row(struct request *r)
{
	json_t *row = r->rows ? json_object() : NULL;

	if (!row || json_array_append_new(r->rows, row))
		request_fail(r, "no_memory", "sipmoatd has no memory for the answer");
	else
		r->row = row;
}

void request_rows_end(struct request *r)
{
	r->rows = r->row = NULL;
}
