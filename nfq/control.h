/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: a unix stream socket, one JSON object a line in each direction, and
 * the one thread that serves it.  Clients, their lines and their time are bounded; no
 * packet ever waits for one.
 *
 * Who may connect the file says: the owner and the group of the daemon, and root.  To
 * change something it takes root or the daemon's own user.
 *
 * Ownership: control_open binds, control_close removes the socket.  Locking: none needed.
 */
#ifndef SIPMOAT_CONTROL_H
#define SIPMOAT_CONTROL_H

#include "commands.h"

struct control;

#define CONTROL_ERROR 256
/*
 * socket as settings say it; one without "/" is in RUNTIME_DIRECTORY, and without that
 * there is none: 0 and *out NULL.  -errno: err says why.
 */
int control_open(struct control **out, const char *socket, const struct commands_on *on,
		 char err[CONTROL_ERROR]);
void control_close(struct control *c); /* takes NULL */
/* Whoever waits looks again whether his answer is there.  Takes NULL. */
void control_wake(struct control *c);
/* Would this setting give the same socket? */
bool control_same(const struct control *c, const char *socket);

#endif
