/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat doctor`: looks at the place it stands in, and says what to do. */
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl.h"
#include "doctor.h"
#include "json.h"

static const char *const words[] = { [HEALTH_OK] = "ok", [HEALTH_WARN] = "warn",
				     [HEALTH_FAIL] = "fail", [HEALTH_UNKNOWN] = "unknown" };

static void usage(FILE *to)
{
	fputs("usage: sipmoat doctor [--json] [-c FILE] [-s SOCKET]\n"
	      "Looks at the place that the firewall stands in: kernel, rules, ports, other\n"
	      "firewalls, the config and the daemon; says what is wrong and what to do.\n"
	      "Changes nothing.  Without root it says what it could not see.\n\n"
	      "  -j, --json         as one JSON object (docs/schema/doctor.json)\n"
	      "  -c, --config FILE  instead of " SIPMOAT_SYSCONFDIR "/sipmoat.conf\n"
	      "  -s, --socket PATH  instead of control.socket of the config\n\n"
	      "Exit status: 0 nothing failed, 1 something did, 2 misused.\n", to);
}

struct options {
	const char *file, *socket;
	bool json;
	int status; /* when it is to end at once */
};

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*o = (struct options){ .status = CTL_USAGE };
	optind = 1;
	while ((c = getopt_long(argc, argv, "jc:s:h", known, NULL)) != -1) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 'c':
			o->file = optarg;
			break;
		case 's':
			o->socket = optarg;
			break;
		default:
			usage(c == 'h' ? stdout : stderr);
			o->status = c == 'h' ? CTL_OK : CTL_USAGE;
			return false;
		}
	}
	if (optind == argc)
		return true;
	usage(stderr);
	return false;
}

/* --- what it says --- */

static void print_finding(const struct finding_row *row, const struct finding *f, bool colour)
{
	static const char *const colours[] = { [HEALTH_OK] = "\033[32m", [HEALTH_WARN] = "\033[33m",
					       [HEALTH_FAIL] = "\033[31;1m",
					       [HEALTH_UNKNOWN] = "\033[36m" };

	printf("%s%-7s%s  %-11s  %s\n", colour ? colours[f->health] : "", words[f->health],
	       colour ? "\033[0m" : "", row->name, f->what);
	if (f->why[0])
		printf("%22swhy: %s\n", "", f->why);
	if (f->todo[0])
		printf("%22sdo:  %s\n", "", f->todo);
}

static void print_all(const struct finding *f, const unsigned n[4])
{
	bool colour = isatty(1) && !getenv("NO_COLOR");

	for (unsigned i = 0; i < findings_count; i++)
		print_finding(&findings[i], &f[i], colour);
	printf("\n%u ok, %u to look at (warn), %u failed, %u unknown\n", n[HEALTH_OK],
	       n[HEALTH_WARN], n[HEALTH_FAIL], n[HEALTH_UNKNOWN]);
}

static void print_json(const struct finding *f, const unsigned n[4])
{
	struct json j = { stdout, false };

	json_open(&j, NULL, '{');
	for (unsigned h = 0; h < 4; h++)
		json_uint(&j, words[h], n[h]);
	json_open(&j, "findings", '[');
	for (unsigned i = 0; i < findings_count; i++) {
		json_open(&j, NULL, '{');
		json_text(&j, "name", slice_of(findings[i].name));
		json_text(&j, "about", slice_of(findings[i].about));
		json_text(&j, "health", slice_of(words[f[i].health]));
		json_text(&j, "what", slice_of(f[i].what));
		json_text(&j, "why", slice_of(f[i].why));
		json_text(&j, "todo", slice_of(f[i].todo));
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_end_line(&j);
}

static void add_sbin(void)
{
	const char *path = getenv("PATH");
	char *more;

	if (asprintf(&more, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin") < 0)
		return;
	setenv("PATH", more, 1);
	free(more);
}

int doctor_main(int argc, char **argv)
{
	struct finding *f = calloc(findings_count, sizeof(*f));
	unsigned n[4] = { 0 };
	struct options o;
	struct place p;

	/* as a user has it, it may lack where nft and iptables are */
	add_sbin();
	if (!read_options(argc, argv, &o)) {
		free(f);
		return o.status;
	}
	if (!f || place_look(&p, o.file, o.socket) < 0) {
		fputs("sipmoat doctor: no memory\n", stderr);
		free(f);
		return CTL_REFUSED;
	}
	for (unsigned i = 0; i < findings_count; i++) {
		findings[i].look(&p, &f[i]);
		n[f[i].health]++;
	}
	if (o.json)
		print_json(f, n);
	else
		print_all(f, n);
	place_free(&p);
	free(f);
	return n[HEALTH_FAIL] ? CTL_REFUSED : CTL_OK;
}
