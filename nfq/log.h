/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line a message: to stderr with an <N> priority prefix under systemd
 * (JOURNAL_STREAM set), plainly to a terminal or file, to syslog(3) when stderr
 * is closed.  Callers pass only text that is already escaped.
 *
 * Locking: any thread; a line is one write.  Never called on the packet path.
 */
#ifndef SIPMOAT_LOG_H
#define SIPMOAT_LOG_H

enum log_level { LOG_ERR_, LOG_WARN_, LOG_INFO_, LOG_DEBUG_ };

void log_open(enum log_level max);
void log_level_set(enum log_level max);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, for the log alone: a tap does not get it. */
void log_plain(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* who gets each further line, too, but debug ones, whatever the level says; NULL: nobody.
 * Called by any thread.  Set and taken back while no other thread runs. */
typedef void log_taps(void *arg, enum log_level level, const char *text);
void log_tap(log_taps *who, void *arg);

#define log_error(...) log_line(LOG_ERR_, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN_, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO_, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG_, __VA_ARGS__)

#endif
