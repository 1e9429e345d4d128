/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `sipmoat doctor`: what it looks at, and what it finds.  A finding is a function and a row in
 * the table of them; it sees the place, which was looked at once, and nothing else changes.
 *
 * Ownership: place_look fills a place, place_free takes a zeroed one; findings own nothing.
 * Locking: one thread.
 */
#ifndef SIPMOAT_DOCTOR_H
#define SIPMOAT_DOCTOR_H

#include "engine.h"
#include "host.h"
#include "nft.h"

enum health { HEALTH_OK, HEALTH_WARN, HEALTH_FAIL, HEALTH_UNKNOWN };

#define FINDING_TEXT 512

struct finding {
	enum health health;
	char what[FINDING_TEXT]; /* what is */
	char why[FINDING_TEXT];  /* why it matters; "" where all is well */
	char todo[FINDING_TEXT]; /* what to do, a command where there is one */
};

struct reply;

/* An interface that is up, and not the loopback. */
struct place_link {
	char name[HOST_NAME];
	bool known; /* the kernel said what it merges */
	bool lro;
	bool merges_udp; /* that is only forwarded, too */
};

struct place {
	const char *root; /* in front of all paths; "" */
	const char *file; /* of the config */
	const char *socket;
	char own_socket[108]; /* room for socket, where the config names it */
	bool privileged;      /* may see what is root's */
	char kernel[64];      /* its release */

	struct ruleset *rules; /* of the file, or else the defaults; never NULL */
	bool defaults;	       /* the file does not load */
	struct conf_report report;

	struct nft_view *nft; /* NULL: nft_why says why */
	char nft_why[128];
	bool nft_missing;
	char *iptables; /* what iptables-save and its brothers say; NULL: not known */

	struct host host;
	struct place_link *link;
	size_t links;

	int control; /* 0: it answers; else an errno */
	struct reply *status; /* of the daemon, or NULL */

	uint64_t now, built; /* s since 1970; of this program's file, 0: not known */
	bool synchronised;
};

/* file, socket: NULL for the usual ones.  0 or -ENOMEM. */
int place_look(struct place *p, const char *file, const char *socket);
void place_free(struct place *p);

typedef void finding_look(const struct place *p, struct finding *f);

struct finding_row {
	const char *name;
	const char *about; /* what it looks at */
	finding_look *look;
};

extern const struct finding_row findings[];
extern const unsigned findings_count;

/* For findings; bytes that are not printable ASCII are written as '?'. */
void found(struct finding *f, enum health h, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void because(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void advise(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Only root may see that. */
void not_root(struct finding *f, const char *what);
/* What nft says is not known: says so.  false: it is known. */
bool no_config(const struct place *p, struct finding *f); /* says so where it does not load */
bool no_nft(const struct place *p, struct finding *f);

/* --- what more than one of them asks --- */

enum steered { STEERED_NOT, STEERED_NATIVE, STEERED_XT };
enum steered place_steered(const struct place *p);
bool place_daemon(const struct place *p); /* it runs, or so it seems */
/* The queues that are ours, as sipmoatd says, or else by the config. */
void place_queues(const struct place *p, unsigned *first, unsigned *last);
/* Has a line of iptables-save all three in it?  NULL: whatever.  Copies the line. */
bool place_iptables(const struct place *p, const char *a, const char *b, const char *c,
		    char *line, size_t room);

enum module { MODULE_HERE, MODULE_LOADABLE, MODULE_MISSING, MODULE_UNKNOWN };
enum module place_module(const struct place *p, const char *name);

/* Runs a program, without a shell and with no input; what it said, for the caller to free.
 * NULL: it is not there or failed, why says so in a few words. */
char *place_run(const char *const argv[], char *why, size_t room);

finding_look find_kernel, find_nftables, find_queueing, find_conntrack, find_defrag, find_glue;
finding_look find_steering, find_priorities, find_queues, find_losses;
finding_look find_beside, find_dnat;
finding_look find_helper, find_flowtables, find_untracked;
finding_look find_merging, find_rp_filter, find_inside_links;
finding_look find_clock, find_databases;
finding_look find_listeners, find_encrypted, find_flows, find_inside;
finding_look find_config, find_daemon, find_control, find_sight, find_mode;

#endif
