/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: sipmoat.conf, "%%", conf.d/10.conf, "%%", conf.d/20.conf, "%%",
 * lists/a.txt, "%%", lists/b.txt; what is missing is not written.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine.h"
#include "fuzz.h"

static char folder[256], path[300];

static const char *path_of(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *tmp = getenv("TMPDIR");

	(void)argc, (void)argv;
	snprintf(folder, sizeof(folder), "%s/sipmoat-fuzz.XXXXXX", tmp ? tmp : "/tmp");
	must(mkdtemp(folder));
	must(mkdir(path_of("conf.d"), 0755) == 0);
	must(mkdir(path_of("lists"), 0755) == 0);
	return 0;
}

static void place(const char *file, struct slice *rest)
{
	struct slice text;
	int fd;

	if (!section_next(rest, &text)) {
		unlink(path_of(file));
		return;
	}
	fd = open(path_of(file), O_WRONLY | O_CREAT | O_TRUNC, 0644);
	must(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	close(fd);
}

static void sane(const struct conf_report *r)
{
	unsigned errors = 0;

	must(r->n <= CONF_NOTES);
	for (unsigned i = 0; i < r->n; i++) {
		char *line = conf_note_text(&r->note[i]);

		must(line && line[0] && r->note[i].text[0]);
		free(line);
		errors += r->note[i].severity == CONF_ERROR;
	}
	must(errors <= r->errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_data(data, size);
	struct conf_report report = { 0 };
	struct ruleset *rs;

	place("sipmoat.conf", &rest);
	place("conf.d/10.conf", &rest);
	place("conf.d/20.conf", &rest);
	place("lists/a.txt", &rest);
	place("lists/b.txt", &rest);
	rs = ruleset_load(path_of("sipmoat.conf"), &report);
	must(!rs == (report.errors != 0));
	sane(&report);
	conf_report_sort(&report);
	sane(&report);
	ruleset_free(rs);
	conf_report_free(&report);
	return 0;
}
