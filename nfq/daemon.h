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
#include "hook.h"
#include "publish.h"
#include "worker.h"

struct daemon {
	const char *config;
	struct settings fixed; /* as at the start; only its numbers, no text, are valid */
	struct publish *live;
	struct state *state;
	unsigned workers;      /* how many of the arrays' elements are there */
	struct worker **worker;
	struct ring **event_ring, **ban_ring; /* of events, one more: the auditor's */
	struct events *events;
	struct hook_runner *hook;
	struct control *control;
	struct ban_thread *ban;
	struct conntrack *conntrack;
	struct feeds *feeds;
	struct hand *hand;
	struct store *store;
	struct auditor *auditor;
	uint64_t lost_told[LANES]; /* of the packets that found a queue full */
	uint64_t capped_told, capped_at; /* bans that were too many, and when that was told */
	int phase_fd;  /* a worker has ended */
	int events_fd, bans_fd;
};

/* Loads the config and says all its notes; NULL when it has errors. */
struct ruleset *daemon_load(const char *config);

/* What must be there before the first thread: the process that runs the hook. */
void daemon_fork(struct daemon *d, const struct settings *s);
/* Starts all parts around rs, which is the daemon's from now on.  EX_OK, or the
 * status to leave with; daemon_free is due in both cases. */
int daemon_start(struct daemon *d, struct ruleset *rs);
/* Any error keeps the old configuration, and says so. */
void daemon_reload(struct daemon *d);
/* No more packets come in; workers finish what waits. */
void daemon_drain(struct daemon *d);
/* Workers end with the batch in hand. */
void daemon_leave(struct daemon *d);
/* How many workers still run; *failed counts those that did not end as asked. */
unsigned daemon_running(struct daemon *d, unsigned *failed);
void daemon_report(struct daemon *d);
/* Says loudly when queues have overflowed since the last call. */
void daemon_overflow(struct daemon *d);
/* Likewise, once a minute, that more sources were to be banned than may be (bans.rate). */
void daemon_capped(struct daemon *d);
void daemon_line(struct daemon *d, char *out, size_t room);
void daemon_free(struct daemon *d);

#endif
