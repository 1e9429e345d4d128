/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sipmoat inspect: what the SIP view sees in one raw message, and its defects. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "inspect.h"

/* More than a datagram can hold, for messages of streams. */
#define FILE_MAX (1u << 20)

static const char usage[] =
	"usage: sipmoat inspect [--json] FILE\n\n"
	"Reads one raw SIP message (- is standard input), prints what the firewall sees\n"
	"in it, and every defect with what the standard preset does about it.\n"
	"Exit status: 0 lets it pass, 1 drops it, 2 unreadable.\n";

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

/* All that the check would find in the message, had it come in one datagram. */
static void inspect_find(const struct sip_msg *m, struct inspection *in)
{
	struct sip_judged judged;

	*in = (struct inspection){ .m = m };
	if (m->kind == SIP_NONE)
		in->found[in->n++] = (struct inspect_defect){ sip_other(m->all), 0 };
	for (unsigned d = 0; d < DEFECT_READ_COUNT; d++)
		if (sip_defective(m, d))
			in->found[in->n++] = (struct inspect_defect){ d, m->defect_at[d] };
	sip_judge(m, &sip_limits_default, false, UINT64_MAX, 0, &judged);
	for (unsigned i = 0; i < DEFECT_JUDGED_COUNT; i++)
		if (judged.found >> i & 1)
			in->found[in->n++] =
				(struct inspect_defect){ DEFECT_READ_COUNT + i, judged.at[i] };
	for (unsigned i = 0; i < in->n; i++)
		in->refused |= sip_defect_treat(in->found[i].defect, PRESET_STANDARD) == TREAT_DROP;
}

const char *inspect_treat(enum sip_defect d)
{
	static const char *const words[] = { "accept", "alert", "drop" };

	return words[sip_defect_treat(d, PRESET_STANDARD)];
}

unsigned inspect_line(const struct sip_msg *m, uint32_t at)
{
	unsigned line = 1;

	for (uint32_t i = 0; i < at && i < m->all.n; i++)
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
	struct inspection in;
	uint32_t n = 0;
	char *buf = m ? file_read(file, &n) : NULL;
	int status = 2;

	if (buf) {
		sip_parse(m, (struct slice){ buf, n });
		inspect_find(m, &in);
		if (json)
			inspect_json(stdout, &in);
		else
			inspect_text(stdout, &in);
		status = in.refused;
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
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
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
