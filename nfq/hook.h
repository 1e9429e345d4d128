/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's command that is told of each new token (approve.hook) and approves when it
 * ends with status 0.
 *
 * It is run by a helper process without capabilities, forked before there is any thread and
 * told nothing but what one token is about.  No shell: the command is split at spaces when
 * it is opened.  It gets one line of JSON on its standard input, an environment of PATH and
 * LANG, and no file of ours but stderr.  What takes too long is killed, with the processes
 * it started, unless they have left its session.
 *
 * At most HOOK_AT_ONCE run at a time and HOOK_QUEUE wait; what is more is dropped and
 * counted.
 *
 * Ownership: hook_open forks, hook_close ends the helper and reaps it.
 * Locking: hook_ask by one thread; the rest by the main thread.
 */
#ifndef SIPMOAT_HOOK_H
#define SIPMOAT_HOOK_H

#include "engine.h"

#define HOOK_AT_ONCE 4
#define HOOK_QUEUE 32

struct hook_runner;

/* Before any thread exists.  timeout in s.  0 or -errno; *out is NULL for an empty command. */
int hook_open(struct hook_runner **out, const char *command, uint32_t timeout);
/* Starts the thread that takes its answers.  Takes NULL. */
int hook_start(struct hook_runner *h, struct state *st);
/* Never waits.  arg: a struct hook_runner. */
void hook_ask(void *arg, const struct approval *a);
void hook_close(struct hook_runner *h); /* takes NULL */

/* Would these settings give the same? */
bool hook_same(const struct hook_runner *h, const char *command, uint32_t timeout);

struct hook_counts {
	uint64_t asked, ended, granted, dropped, killed;
};
void hook_count(const struct hook_runner *h, struct hook_counts *out); /* of NULL: zeros */

#endif
