/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers in a server's name to what is refused (action = "reject", "decoy", "tarpit"), and the
 * ACKs of them, which the server must not see.
 *
 * Whether there is one is for caps.h to say.  A repeated request gets the same answer.
 * Over TCP the answer is put into the connection, which ends with it.
 *
 * Locking: inside the state.
 */
#ifndef SIPMOAT_ANSWER_H
#define SIPMOAT_ANSWER_H

#include "check.h"
#include "engine.h"

struct answers {
	struct parcel trying; /* before one that has to wait, if n is not 0 */
	struct parcel last;
};

/*
 * Of a packet that is dropped, its ban settled: the verdict is REJECT or DECOY then, and *out is
 * to be sent, as the decision says; or that says what kept the answer back.  Over TCP it has its
 * place in the connection, and the server's end is to be reset.  how: ACTION_REJECT, _APPROVE,
 * _DECOY or _TARPIT.
 */
void answer_make(const struct probe *p, unsigned check, const struct evidence *ev,
		 enum action how, struct answers *out, struct decision *d);
/* May an answer with that status say Retry-After? */
bool answer_later(unsigned code);
/* Is this the ACK of an answer of ours? */
bool answer_acked(const struct probe *p);

#endif
