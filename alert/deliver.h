/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One alert on its way: to a command of the operator's, on its standard input and in a few
 * variables of its environment, or to a URL by POST.
 *
 * No shell: the command is split at spaces.  It has PATH and LANG of ours, no open file but
 * stderr, and so many seconds; then it is killed with its session.  Of HTTPS the certificate
 * is verified; no redirection is followed.
 *
 * Ownership: deliver_open copies nothing: the texts of *c must outlive it.  Locking: one thread.
 */
#ifndef SIPMOAT_DELIVER_H
#define SIPMOAT_DELIVER_H

#include "backlog.h"

#define DELIVER_ERROR 256

struct deliver_conf {
	const char *command, *url; /* "": none */
	bool text_only;            /* POST {"text": ...}, for chats, in place of the event */
	uint32_t timeout;          /* s */
};
struct deliver;

struct deliver *deliver_open(const struct deliver_conf *c); /* NULL: no memory */
void deliver_close(struct deliver *d);                      /* takes NULL */

enum delivered { DELIVERED, DELIVER_LATER, DELIVER_NEVER };
/* Both, where there are both; err says what is wrong with the worse one.  done: what is there
 * already, a bitmap that is 0 at the first try of an alert. */
enum delivered deliver(struct deliver *d, const struct alert *a, unsigned *done,
		       char err[DELIVER_ERROR]);

#endif
