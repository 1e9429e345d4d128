/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows the daemon's events, for good: from now on at first, then from the last one seen,
 * over restarts of the daemon.
 *
 * Ownership: the texts of *c must outlive it.  Locking: one thread.
 */
#ifndef SIPMOAT_FOLLOW_H
#define SIPMOAT_FOLLOW_H

#include "conf.h"
#include "sender.h"

struct follow_conf {
	const char *socket;
	const struct conf_list *what; /* actions; "approval", "warning", "error", "observed" */
	struct sender *sender;
};

void follow(const struct follow_conf *c) __attribute__((noreturn));

#endif
