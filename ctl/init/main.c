/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat init`: writes a first configuration that passes `sipmoat check`. */
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "engine.h"
#include "geo.h"
#include "init.h"
#include "link.h"

#define OUT SIPMOAT_SYSCONFDIR "/conf.d/site.conf"
#define PATH_ROOM 512

static void usage(FILE *to)
{
	fputs("usage: sipmoat init [--yes] [--force] [-o FILE] [ANSWER...]\n"
	      "Asks five questions, each with a proposal from what it sees here, and writes the\n"
	      "answers to " OUT ".  Nothing is started or changed\n"
	      "besides.\n\n"
	      "  -y, --yes            ask nothing: take the proposals\n"
	      "  -f, --force          replace the file if it is there; the old one is kept\n"
	      "  -o, --output FILE    instead of " OUT "\n"
	      "Answers, which are then not asked for:\n"
	      "      --inside LIST    the SIP servers: 192.0.2.10,2001:db8::10; or none\n"
	      "      --ports LIST     5060,5080/udp,8088/tcp\n"
	      "      --trunk LIST     carriers and trunks, trusted; or none\n"
	      "      --country CODE   49, or DE; or none\n"
	      "      --mode MODE      observe (proposed) or enforce\n", to);
}

struct options {
	const char *file;
	bool yes, force;
	int status; /* when it is to end at once */
};

static int wrong(const char *text)
{
	fprintf(stderr, "sipmoat init: %s\n", text);
	return CTL_USAGE;
}

static bool take_option(struct options *o, struct init *i, int c, const char *text)
{
	char why[INIT_ERROR];

	if (c >= 256) {
		enum init_question q = (enum init_question)(c - 256);

		i->given[q] = init_take(i, q, text, why);
		i->why[q][0] = '\0';
		if (!i->given[q])
			o->status = wrong(why);
		return i->given[q];
	}
	if (c == 'y') {
		o->yes = true;
	} else if (c == 'f') {
		o->force = true;
	} else if (c == 'o') {
		o->file = text;
	} else {
		usage(c == 'h' ? stdout : stderr);
		o->status = c == 'h' ? CTL_OK : CTL_USAGE;
		return false;
	}
	return true;
}

static bool read_options(int argc, char **argv, struct options *o, struct init *i)
{
	static const struct option known[] = {
		{ "yes", no_argument, NULL, 'y' },
		{ "force", no_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "inside", required_argument, NULL, 256 + ASK_INSIDE },
		{ "ports", required_argument, NULL, 256 + ASK_PORTS },
		{ "trunk", required_argument, NULL, 256 + ASK_TRUNKS },
		{ "country", required_argument, NULL, 256 + ASK_COUNTRY },
		{ "mode", required_argument, NULL, 256 + ASK_MODE },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*o = (struct options){ .file = OUT, .status = CTL_USAGE };
	optind = 1;
	while ((c = getopt_long(argc, argv, "yfo:h", known, NULL)) != -1)
		if (!take_option(o, i, c, optarg))
			return false;
	if (optind == argc)
		return true;
	usage(stderr);
	return false;
}

/* --- the file --- */

static int failed(const char *what, const char *path)
{
	fprintf(stderr, "sipmoat init: %s %s: %s\n", what, path, strerror(errno));
	if (errno == EACCES || errno == EPERM)
		fputs("sipmoat init: be root, or name another file with -o\n", stderr);
	else if (errno == ENOENT)
		fputs("sipmoat init: is sipmoat installed? Another file can be named with -o\n",
		      stderr);
	return CTL_REFUSED;
}

/* Says what is wrong with the file, if anything is; what may be wrong beside it is not ours. */
static bool passes(const char *file)
{
	struct conf_report report = { 0 };
	struct ruleset *rs = ruleset_load(file, &report);
	bool good = rs && !report.errors && !report.degraded;

	for (unsigned i = 0; i < report.n; i++) {
		char *text = conf_note_text(&report.note[i]);

		fprintf(stderr, "sipmoat init: %s\n", text ? text : report.note[i].text);
		free(text);
	}
	conf_report_free(&report);
	ruleset_free(rs);
	return good;
}

static int write_new(const struct init *i, const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return failed("cannot write", path);
	init_print(i, f);
	fflush(f);
	if (ferror(f) || fsync(fileno(f)) || fclose(f))
		return failed("cannot write", path);
	return CTL_OK;
}

/* The file that is there gets the first name that is free: FILE.1, FILE.2 ... */
static int keep_old(const char *path, char *kept, size_t room)
{
	for (unsigned n = 1; n < 1000; n++) {
		snprintf(kept, room, "%s.%u", path, n);
		if (link(path, kept) == 0)
			return CTL_OK;
		if (errno != EEXIST)
			break;
	}
	return failed("cannot keep the old file as", kept);
}

/* Of a file in conf.d: the main one, which is read before it. */
static bool main_file(const char *path, char *out, size_t room)
{
	char copy[PATH_ROOM], *folder;

	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	if (strcmp(folder, "conf.d") == 0)
		snprintf(out, room, "sipmoat.conf");
	else if (strlen(folder) > 7 && strcmp(folder + strlen(folder) - 7, "/conf.d") == 0)
		snprintf(out, room, "%.*s/sipmoat.conf", (int)(strlen(folder) - 7), folder);
	else
		return false;
	return access(out, R_OK) == 0;
}

static int put_file(const struct init *i, const struct options *o)
{
	char fresh[PATH_ROOM], kept[PATH_ROOM] = "", all[PATH_ROOM];
	bool there = access(o->file, F_OK) == 0;
	int status;

	if (there && !o->force) {
		fprintf(stderr, "sipmoat init: %s is there already: edit it, or replace it with "
			"--force (the old one is kept)\n", o->file);
		return CTL_REFUSED;
	}
	snprintf(fresh, sizeof(fresh), "%s.new", o->file);
	status = write_new(i, fresh);
	if (status == CTL_OK && !passes(fresh)) {
		unlink(fresh);
		return CTL_REFUSED;
	}
	if (status == CTL_OK && there)
		status = keep_old(o->file, kept, sizeof(kept));
	if (status == CTL_OK && rename(fresh, o->file))
		status = failed("cannot write", o->file);
	if (status != CTL_OK) {
		unlink(fresh);
		return status;
	}
	printf("written: %s\n", o->file);
	if (kept[0])
		printf("the old one is %s\n", kept);
	if (main_file(o->file, all, sizeof(all)) && !passes(all)) {
		fputs("sipmoat init: what is wrong stands in the other files: sipmoat check\n",
		      stderr);
		return CTL_REFUSED;
	}
	return CTL_OK;
}

/* Where it came as a package, the daemon runs already. */
static bool runs(void)
{
	struct link *l;
	bool yes = link_open(LINK_SOCKET, &l) == 0;

	link_close(l);
	return yes;
}

/* Rules by country need what nobody has yet. */
static bool lacks_database(void)
{
	struct conf_report report = { 0 };
	struct geo *g = geo_open(NULL, NULL, &report);
	bool lacks = !geo_has_country(g);

	geo_free(g);
	conf_report_free(&report);
	return lacks;
}

static void say_next(const struct init *i)
{
	printf("\nnext:\n"
	       "  sipmoat check                    is the configuration in order?\n"
	       "  %s\n"
	       "  sipmoat doctor                   does anything stand in its way?\n"
	       "  journalctl -fu sipmoatd          what it sees\n",
	       runs() ? "systemctl reload sipmoatd        it runs: have it read this"
		      : "systemctl enable --now sipmoatd  start it, now and at every boot");
	if (lacks_database())
		fputs("for rules by country (sipmoat.conf(5), country; package sipmoat-geoip):\n"
		      "  systemctl start sipmoat-geo-update    a database\n", stdout);
	if (!i->enforce)
		fputs("after some days without \"would have dropped\" of somebody good:\n"
		      "  sipmoat mode enforce\n", stdout);
}

static void say_answers(const struct init *i)
{
	static const char *const names[] = { "inside", "ports", "trunks", "country", "mode" };
	char text[1024];

	for (unsigned q = 0; q < ASK_COUNT; q++) {
		init_show(i, (enum init_question)q, text, sizeof(text));
		printf("%-8s %s%s%s%s\n", names[q], text, i->why[q][0] ? "  (" : "", i->why[q],
		       i->why[q][0] ? ")" : "");
	}
}

int init_main(int argc, char **argv)
{
	struct options o;
	struct init i;
	struct host h;
	int status;

	host_look(&h, "");
	init_guess(&i, &h, "");
	host_free(&h);
	if (!read_options(argc, argv, &o, &i))
		return o.status;
	if (!o.yes && !isatty(0)) {
		return wrong("nobody can be asked, as the input is no terminal: give --yes to take "
			     "the proposals, and answers as options (--help)");
	}
	if (!o.yes && !init_ask(&i, stdin, stdout)) {
		fputs("\nsipmoat init: the answers ended: nothing was written\n", stderr);
		return CTL_REFUSED;
	}
	say_answers(&i);
	status = put_file(&i, &o);
	if (status == CTL_OK)
		say_next(&i);
	return status;
}
