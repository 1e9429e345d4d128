/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom a site asked for, and what our servers answered: how many different targets
 * it was refused, how many it reached, and how many challenges it left alone.  A
 * target is the user that a request is for (names.target), of OPTIONS with the server.
 *
 * All are lower bounds (sketch.h), of requests outside a dialog, by the first answer
 * to each.  Counted for the site, for the prefix around it (IPv4 /24, IPv6 /48), and
 * for the port of it that asks most.  What was refused or left alone is remembered
 * for at least half a window and at most a whole one, what was reached for a day; that
 * there was something in vain, too (slow.h).
 *
 * Where the answers of a server are not seen (sight.h) a request that is no call and
 * carries no credentials counts as open, and its like with credentials closes it.
 *
 * Ownership: values.  Locking: inside.  Units: seconds for window, ns for now.
 */
#ifndef SIPMOAT_SCANS_H
#define SIPMOAT_SCANS_H

#include <stdbool.h>
#include <stdint.h>

struct lesson;
struct state;

#define SCANS_WINDOW 600 /* s: until a check has asked with another */
#define SCANS_GRACE 8    /* s, up to twice that: what has had no answer for so long never
			  * gets one */

struct scan_facts {
	uint16_t refused;      /* targets: no such user, not allowed, not there */
	uint16_t reached;      /* targets: it rang, or a login was accepted */
	uint16_t open;         /* targets: challenged, or told of (OPTIONS), and left at that */
	uint16_t port_refused; /* the same for one port of the site; 0 unless it is that one */
	uint16_t port_open;
	uint16_t around_refused; /* of the prefix, when the site itself was last refused */
	uint16_t around_reached;
	uint16_t ways;         /* most ways in which one number was dialled, and refused */
	uint16_t vain;         /* targets of a day: refused, or asked for and left (slow.h) */
	uint16_t port_vain;    /* the same of the port that asks most, whichever it is */
	uint16_t shown;        /* of them, shown to have been asked for by this site */
	bool login;            /* a login from there was accepted within the last day */
};

/* false: nothing but good is known of the site, *out is zero. */
bool scans_find(struct state *st, uint64_t site_key, uint16_t port, uint32_t window,
		uint64_t now, struct scan_facts *out);

/* It was refused for what it asked for in vain, and asked again: that is not forgotten
 * while it goes on. */
void scans_again(struct state *st, uint64_t site_key, uint64_t now);

/* Bits of evidence (sip/marks.h) seen of a site; returns all of the window, and in
 * *fresh those that were not known yet. */
uint32_t scans_mark(struct state *st, uint64_t site_key, uint32_t marks, uint64_t now,
		    uint32_t *fresh);

void scans_learn(struct state *st, const struct lesson *l);

#endif
