/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where calls may go: the lists of the destination check, for all checks that find out
 * about a number.  What judges a call that is asked for judges one that is transferred,
 * forwarded, or leaves.
 *
 * A number is read in all the ways in which a server may read it, and the reading that
 * fares worst decides.  Of the lists over normalised numbers the longest prefix wins; a
 * class counts as one of no digits, and where two are equally long, allow wins.
 *
 * Ownership: what is compiled belongs to the conf of the check.  Locking: none, const.
 */
#ifndef SIPMOAT_DESTINATIONS_H
#define SIPMOAT_DESTINATIONS_H

#include "when.h"

enum treat_number { NUMBER_ACCEPT, NUMBER_ALERT, NUMBER_DROP };

struct destination_lists_conf {
	struct conf_list deny, allow, deny_numbers, allow_numbers, alert_numbers;
	uint8_t unparsable; /* enum treat_number */
};

/* NULL where a list is empty. */
struct destination_lists {
	struct match *deny, *allow;
	struct numberlist *deny_numbers, *allow_numbers, *alert_numbers;
	uint8_t unparsable;
};

/* An entry of the key rules, and what is made of it: a zone may have the same entries. */
struct destination_entry {
	struct conf_item at;
	const char *name;
	struct when_conf when_conf;
	struct destination_lists_conf raw;
};
struct destination_rule {
	const char *name;
	struct when when;
	struct destination_lists lists;
};

struct destination_conf {
	struct destination_lists_conf raw;
	struct conf_groups entries;
	uint32_t tell_again; /* s */
	bool leaving;
	struct destination_lists lists;
	struct destination_rule *rule; /* as many as entries */
	unsigned rules;
};

extern const struct conf_row destination_rows[];
int destination_compile(void *conf, struct compiler *c);
void destination_release(void *conf);

/* The conf of the destination check in the zone of the outside end, and its policy there;
 * NULL: that check is off. */
const struct destination_conf *destination_of(const struct probe *p, const struct policy **policy);

/* What is asked about a URI. */
enum { LISTS_PATTERNS = 1, LISTS_NUMBERS = 2, LISTS_UNPARSABLE = 4 };
struct destination_query {
	const struct probe *p;
	const struct destination_conf *conf;
	struct slice user;  /* on whose account the call would run, as sip_user gives it */
	const char *where;  /* in which header it stands */
	unsigned lists;
};

enum destination_said { DESTINATION_FREE, DESTINATION_TOLD, DESTINATION_DENIED };

/* Anything but FREE writes ev.  number: how the URI is read first; may be NULL. */
enum destination_said destination_judge(const struct destination_query *q, struct slice uri,
					struct evidence *ev, struct number *number);

/* What is only told is told once in tell_again, by who calls and the classes that he calls;
 * never of strangers before they have a call: they dial what they like, and nobody lets them. */
bool destination_is_news(const struct destination_query *q, const struct number *number);

/* The user in a From or To, as sip_user gives it. */
struct slice destination_user(struct slice uri, char *room, size_t size);

#endif
