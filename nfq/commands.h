/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be asked of the running daemon (docs/control.md): a new command is a row in the
 * table of commands.c.
 *
 * Locking: the control thread runs them, while others judge packets.
 */
#ifndef SIPMOAT_COMMANDS_H
#define SIPMOAT_COMMANDS_H

#include "request.h"

struct ban_thread;
struct feeds;
struct hand;
struct state;

/* What commands work with. */
struct commands_on {
	struct state *state;
	struct feeds *feeds;
	struct ban_thread *ban;
	struct hand *hand;
};

/* One of them, on its way. */
struct asking {
	const struct commands_on *on;
	struct request *r;
	unsigned uid;
};

/* bancommands.c */
void bancommands_ban(const struct asking *a);
void bancommands_unban(const struct asking *a);
void bancommands_allow(const struct asking *a);
void bancommands_disallow(const struct asking *a);
void bancommands_bans(const struct asking *a);

/* Runs what r asks for, or fails it.  uid: who asks; may_change: he may do more than
 * look. */
void commands_run(const struct commands_on *on, struct request *r, unsigned uid,
		  bool may_change);
/* Now and then: writes what waits for the disk, which others cannot wait for. */
void commands_keep(const struct commands_on *on);

#endif
