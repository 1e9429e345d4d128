/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define HEAD_BYTES 32 /* "sipmoatd: warning: " */

static struct {
	log_taps *who;
	void *arg;
} tap;

/* Ours to syslog's: the level lives in libc's log mask, which is one per process
 * and locked inside, so that this file needs no state of its own. */
static int priority_of(enum log_level level)
{
	switch (level) {
	case LOG_ERR_:
		return LOG_ERR;
	case LOG_WARN_:
		return LOG_WARNING;
	case LOG_INFO_:
		return LOG_INFO;
	case LOG_DEBUG_:
		break;
	}
	return LOG_DEBUG;
}

void log_level_set(enum log_level max)
{
	setlogmask(LOG_UPTO(priority_of(max)));
}

void log_open(enum log_level max)
{
	/* a reader that went away costs lines, never the firewall */
	signal(SIGPIPE, SIG_IGN);
	openlog("sipmoatd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	log_level_set(max);
}

/* JOURNAL_STREAM is inherited by everything a service starts; only when it names
 * the very file behind stderr does the journal read what we print. */
static int stderr_is_journal(const struct stat *err)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       dev == (unsigned long long)err->st_dev && ino == (unsigned long long)err->st_ino;
}

static void write_line(enum log_level level, const char *text)
{
	int priority = priority_of(level), n;
	char line[LINE_MAX_BYTES];
	struct stat err;

	if (!(setlogmask(0) & LOG_MASK(priority)))
		return;
	if (fstat(STDERR_FILENO, &err)) {
		syslog(priority, "%s", text);
		return;
	}
	if (stderr_is_journal(&err))
		n = snprintf(line, sizeof(line) - 1, "<%d>%s", priority, text);
	else
		n = snprintf(line, sizeof(line) - 1, "sipmoatd: %s%s",
			     level == LOG_ERR_ ? "error: " : level == LOG_WARN_ ? "warning: " : "",
			     text);
	if (n < 0)
		return;
	n = (int)strlen(line);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

void log_tap(log_taps *who, void *arg)
{
	tap.arg = arg;
	tap.who = who;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES - HEAD_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_plain(level, "%s", text);
	if (tap.who && level < LOG_DEBUG_)
		tap.who(tap.arg, level, text);
}

void log_plain(enum log_level level, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES - HEAD_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	write_line(level, text);
}
