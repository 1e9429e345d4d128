/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a phone and its server say to each other: a registration with a login, and a call.
 *
 * Ownership: talk_text writes into the caller's room.
 */
#ifndef SIPMOAT_BENCH_TALK_H
#define SIPMOAT_BENCH_TALK_H

#include "addr.h"
#include "slice.h"

/* In this order. */
enum talk {
	REGISTER, CHALLENGE, REGISTER_AUTH, BOUND, INVITE, TRYING, RINGING, ANSWER, ACK,
	INFO, INFO_OK, BYE, BYE_OK, KINDS
};

struct talker {
	struct addr addr;
	unsigned long number;
	unsigned round; /* makes Call-ID and CSeq new again */
};

#define TALK_ROOM 1600

struct talker talker_of(unsigned long number, unsigned round);
const char *talk_name(enum talk k);
bool talk_answers(enum talk k); /* it comes from the server */
/* callee: the user that the call is for, or NULL. */
struct slice talk_text(char room[TALK_ROOM], const struct talker *t, enum talk k,
		       const char *callee);

#endif
