/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sipmoat inspect: what the SIP view sees in one raw message, and its defects. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "inspect.h"

/* More than a datagram can hold, for messages of streams. */
#define FILE_MAX (1u << 20)

static const char usage[] =
	"Usage: sipmoat inspect [--json] FILE\n\n"
	"Reads one raw SIP message (- is standard input), prints what the firewall sees\n"
	"in it, and every defect.  Exit status: 0 clean, 1 defective, 2 unreadable.\n";

/* Reads all of file into a malloc'd buffer; the error is told. */
static char *file_read(const char *file, uint32_t *n)
{
	bool std = strcmp(file, "-") == 0;
	FILE *f = std ? stdin : fopen(file, "rb");
	char *buf = f ? malloc(FILE_MAX + 1) : NULL;
	size_t got = buf ? fread(buf, 1, FILE_MAX + 1, f) : 0;
	const char *why = NULL;

	if (!f || !buf || ferror(f))
		why = strerror(errno);
	else if (got == 0)
		why = "the file is empty";
	else if (got > FILE_MAX)
		why = "larger than 1 MiB: not one SIP message";
	if (f && !std)
		fclose(f);
	if (why) {
		fprintf(stderr, "sipmoat inspect: %s: %s\n", file, why);
		free(buf);
		return NULL;
	}
	*n = (uint32_t)got;
	return buf;
}

static const struct check *malformed_find(void)
{
	for (unsigned i = 0; i < check_count; i++)
		if (strcmp(checks[i]->name, "malformed") == 0)
			return checks[i];
	return NULL;
}

/* The defects that the malformed check lets through when nobody configures it. */
static const char *ignored_by_default(void)
{
	const struct check *c = malformed_find();

	for (const struct conf_row *r = c ? c->rows : NULL; r && r->name; r++)
		if (strcmp(r->name, "ignore") == 0)
			return r->fallback;
	return "";
}

bool inspect_refused(enum sip_defect d)
{
	struct slice name = slice_of(sip_defect_name(d));

	for (const char *p = ignored_by_default(); *p;) {
		size_t n = strcspn(p, ",");
		struct slice word = { p, (uint32_t)n };

		if (slice_eq(slice_trim(word), name))
			return false;
		p += n + (p[n] == ',');
	}
	return true;
}

unsigned inspect_line(const struct sip_msg *m, enum sip_defect d)
{
	unsigned line = 1;

	for (uint32_t i = 0; i < m->defect_at[d] && i < m->all.n; i++)
		line += m->all.p[i] == '\n';
	return line;
}

const char *inspect_kind(const struct sip_msg *m)
{
	switch (m->kind) {
	case SIP_KEEPALIVE:
		return "keepalive";
	case SIP_REQUEST:
		return "request";
	case SIP_RESPONSE:
		return "response";
	case SIP_NONE:
		break;
	}
	return "none";
}

struct slice inspect_method(const struct sip_msg *m)
{
	return m->kind == SIP_REQUEST ? m->method_name : slice_of(sip_method_name(m->method));
}

static int inspect_file(const char *file, bool json)
{
	struct sip_msg *m = malloc(sizeof(*m));
	uint32_t n = 0;
	char *buf = m ? file_read(file, &n) : NULL;
	int status = 2;

	if (buf) {
		sip_parse(m, (struct slice){ buf, n });
		if (json)
			inspect_json(stdout, m);
		else
			inspect_text(stdout, m);
		status = m->kind == SIP_NONE || m->defects;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "sipmoat inspect: cannot write the result: %s\n", strerror(errno));
		status = 2;
	}
	free(buf);
	free(m);
	return status;
}

int inspect_main(int argc, char **argv)
{
	bool json = false;
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			json = true;
		} else if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			return 0;
		} else {
			fprintf(stderr, "sipmoat inspect: unknown option %s\n%s", argv[i], usage);
			return 2;
		}
	}
	if (i != argc - 1) {
		fputs(usage, stderr);
		return 2;
	}
	return inspect_file(argv[i], json);
}
