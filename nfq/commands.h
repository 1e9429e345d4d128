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
struct report_source;
struct journal;
struct publish;
struct ruleset;
struct orders;
struct state;

/* What commands work with. */
struct commands_on {
	struct state *state;
	struct feeds *feeds;
	struct ban_thread *ban;
	struct hand *hand;
	const struct report_source *report;
	struct journal *journal;
	struct publish *live;
	unsigned reader; /* of live: the control thread's number */
	struct orders *orders;
	const char *store; /* path of its database, NULL: there is none */
};

/* One of them, on its way. */
struct asking {
	const struct commands_on *on;
	struct request *r;
	unsigned uid;
	bool last; /* it has waited as long as it may */
};

/* The rules in force, until asking_done: a reload waits for that, so do not wait in between. */
const struct ruleset *asking_rules(const struct asking *a);
void asking_done(const struct asking *a);

/* bancommands.c */
void bancommands_ban(const struct asking *a);
void bancommands_unban(const struct asking *a);
void bancommands_allow(const struct asking *a);
void bancommands_disallow(const struct asking *a);
void bancommands_bans(const struct asking *a);
struct ban;
void bancommands_put(const struct asking *a, const struct ban *b, uint64_t now); /* a row */

/* listcommands.c */
void listcommands_calls(const struct asking *a);
void listcommands_registrations(const struct asking *a);
void listcommands_dialogs(const struct asking *a);

/* sourcecommands.c */
void sourcecommands_sources(const struct asking *a);
/* historycommands.c */
void historycommands_calls(const struct asking *a);

/* statcommands.c */
void statcommands_stats(const struct asking *a);
void statcommands_status(const struct asking *a);

/* ordercommands.c */
void ordercommands_reload(const struct asking *a);
void ordercommands_mode(const struct asking *a);
void ordercommands_set_mode(const struct asking *a);

/* whycommand.c */
void whycommand_why(const struct asking *a);

/* eventcommands.c */
void eventcommands_events(const struct asking *a);

/*
 * Runs what r asks for, or fails it; or it waits (request_waits): then run it again when there
 * is news in the journal or its time has come, and then with last.  uid: who asks;
 * may_change: he may do more than look.
 */
void commands_run(const struct commands_on *on, struct request *r, unsigned uid,
		  bool may_change, bool last);
/* Now and then: writes what waits for the disk, which others cannot wait for. */
void commands_keep(const struct commands_on *on);

#endif
