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

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	int priority = priority_of(level), head = 0, n;
	struct stat err;
	va_list ap;

	if (!(setlogmask(0) & LOG_MASK(priority)))
		return;
	va_start(ap, fmt);
	if (fstat(STDERR_FILENO, &err)) {
		vsyslog(priority, fmt, ap);
		va_end(ap);
		return;
	}
	if (stderr_is_journal(&err))
		head = snprintf(line, sizeof(line), "<%d>", priority);
	else
		head = snprintf(line, sizeof(line), "sipmoatd: %s",
				level == LOG_ERR_ ? "error: " :
				level == LOG_WARN_ ? "warning: " : "");
	n = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	n = (int)strlen(line);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
