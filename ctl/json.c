/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <inttypes.h>

static void json_lead(struct json *j, const char *key)
{
	if (j->comma)
		fputc(',', j->out);
	if (key)
		fprintf(j->out, "\"%s\":", key);
	j->comma = true;
}

void json_open(struct json *j, const char *key, char bracket)
{
	json_lead(j, key);
	fputc(bracket, j->out);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	fputc(bracket, j->out);
	j->comma = true;
}

void json_text(struct json *j, const char *key, struct slice text)
{
	json_lead(j, key);
	fputc('"', j->out);
	for (uint32_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c == '"' || c == '\\')
			fprintf(j->out, "\\%c", c);
		else if (c >= 0x20 && c < 0x7f)
			fputc(c, j->out);
		else
			fprintf(j->out, "\\u%04x", c);
	}
	fputc('"', j->out);
}

void json_address(struct json *j, const char *key, const struct addr *a, bool known)
{
	char text[ADDR_TEXT];

	if (known)
		json_text(j, key, (struct slice){ text, (uint32_t)addr_print(a, text) });
	else
		json_null(j, key);
}

void json_prefix(struct json *j, const char *key, const struct prefix *p)
{
	char text[PREFIX_TEXT];

	json_text(j, key, (struct slice){ text, (uint32_t)prefix_print(p, text) });
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
	json_lead(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	json_lead(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	json_lead(j, key);
	fputs("null", j->out);
}

void json_seconds(struct json *j, const char *key, uint64_t ns)
{
	json_lead(j, key);
	fprintf(j->out, "%" PRIu64 ".%06" PRIu64, ns / 1000000000u, ns / 1000u % 1000000u);
}

void json_end_line(struct json *j)
{
	fputc('\n', j->out);
	j->comma = false;
}
