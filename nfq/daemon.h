/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All parts of the running firewall, the order in which they start and stop, and
 * the change to a new configuration.
 *
 * Ownership: a daemon owns everything in it.  Locking: the main thread.
 * Errors: said in the log where they happen; what is returned is an exit status.
 */
#ifndef SIPMOAT_DAEMON_H
#define SIPMOAT_DAEMON_H

#include "auditor.h"
#include "ban.h"
#include "conntrack.h"
#include "control.h"
#include "events.h"
#include "feeds.h"
#include "hand.h"
#include "hep.h"
#include "hook.h"
#include "journal.h"
#include "orders.h"
#include "publish.h"
#include "sinks.h"
#include "report.h"
#include "worker.h"

struct daemon {
	const char *config;
	struct settings fixed; /* as at the start; only its numbers, no text, are valid */
	struct handmode mode;   /* by hand */
	struct ruleset *loaded; /* as the config is; what is live is it, or it in another mode */
	struct publish *live;
	struct state *state;
	unsigned workers;      /* how many of the arrays' elements are there */
	struct worker **worker;
	struct ring **event_ring, **ban_ring; /* of events, one more: the auditor's */
	struct journal *journal;
	struct events *events;
	struct hook_runner *hook;
	struct hep *hep;
	struct sinks *sinks;
	struct orders *orders;
	struct control *control;
	struct ban_thread *ban;
	struct conntrack *conntrack;
	struct feeds *feeds;
	struct hand *hand;
	struct store *store;
	struct auditor *auditor;
	struct standing_board standing;
	struct report_source report; /* of all of these */
	uint64_t lost_told[LANES]; /* of the packets that found a queue full */
	uint64_t capped_told, capped_at; /* bans that were too many, and when that was told */
	int phase_fd;  /* a worker has ended */
	int events_fd, bans_fd;
};

/* Loads the config and logs all its notes, which are added to report; NULL when it has errors. */
struct ruleset *daemon_load(const char *config, struct conf_report *report);

/* What must be there before the first thread: the processes of the hook and of HEP. */
void daemon_fork(struct daemon *d, const struct settings *s);
/* Starts all parts around loaded, which is the daemon's from now on.  EX_OK, or the
 * status to leave with; daemon_free is due in both cases. */
int daemon_start(struct daemon *d, struct ruleset *loaded);
/* Any error keeps the old configuration, and is logged; res has the same, for the caller to
 * free. */
void daemon_reload(struct daemon *d, struct order_result *res);
/* Carries out what was ordered (d->orders). */
void daemon_orders(struct daemon *d);
/* No more packets come in; workers finish what waits. */
void daemon_drain(struct daemon *d);
/* Workers end with the batch in hand. */
void daemon_leave(struct daemon *d);
/* How many workers still run; *failed counts those that did not end as asked. */
unsigned daemon_running(struct daemon *d, unsigned *failed);
void daemon_report(struct daemon *d);
/* Says once that a process that was forked at the start is gone. */
void daemon_watch(struct daemon *d);
/* Says loudly when queues have overflowed since the last call. */
void daemon_overflow(struct daemon *d);
/* Likewise, once a minute, that more sources were to be banned than may be (bans.rate). */
void daemon_capped(struct daemon *d);
void daemon_line(struct daemon *d, char *out, size_t room);
void daemon_free(struct daemon *d);

/* --- between daemon.c and reload.c --- */
/* loaded as it is to be in force, in the mode that was set by hand; NULL: no memory. */
struct ruleset *daemon_in_mode(struct daemon *d, struct ruleset *loaded);
/* Starts the audit; the firewall stands without it. */
void daemon_audit(struct daemon *d, const struct ruleset *rs);

#endif
