/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On whose account a request runs: who pays for the call that it asks for.
 *
 * A name in From costs nothing.  SHOWN is an account whose user is bound at the site that
 * asks, or has logged in there, or answers a challenge that a server gave to that site:
 * then the user is counted wherever he is, and nobody else can use up what is his.  Else
 * the name counts for that site alone.
 *
 * Ownership: user points into the account itself.  Locking: none.
 */
#ifndef SIPMOAT_ACCOUNT_H
#define SIPMOAT_ACCOUNT_H

#include "slice.h"

struct probe;

#define ACCOUNT_NAME 40

struct account {
	uint64_t key;    /* of the user, SHOWN; else of user and site; 0: there is no user */
	uint64_t user_key; /* name_user of the user, whatever he has shown; 0: none */
	bool shown;
	bool home;       /* SHOWN, and not only by his answer to a challenge, which is not
	                  * tested yet */
	uint8_t n;       /* of name */
	char name[ACCOUNT_NAME]; /* the username of the credentials up to its '@', else the
	                          * user in From; escapes undone, cut */
};

static inline struct slice account_user(const struct account *a)
{
	return (struct slice){ a->name, a->n };
}

/* Of an INVITE, REFER, MESSAGE or SUBSCRIBE from outside; for others all is zero. */
void account_read(const struct probe *p, struct account *out);

#endif
