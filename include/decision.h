/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine says about one packet: the verdict, which check said so, why
 * in words an operator understands, and what should follow from it.
 *
 * Ownership: a value; the worker owns one per packet of a batch.
 * Units: seconds for bans.  Text is printable ASCII, NUL-terminated: every byte
 * that came from the wire is escaped when it is put in.
 */
#ifndef SIPMOAT_DECISION_H
#define SIPMOAT_DECISION_H

#include "addr.h"

/* reject: dropped, and an answer is to be sent (engine_answer).  decoy: likewise, and it is
 * a lie. */
enum verdict { VERDICT_ACCEPT, VERDICT_DROP, VERDICT_REJECT, VERDICT_DECOY };

/* Who hears of it: where a request was answered, its sender does some seconds later. */
enum reset_ends { RESET_BOTH, RESET_INSIDE, RESET_OUTSIDE };

/*
 * A TCP connection to be ended (RFC 9293 3.5.2): what a forged RST needs so that
 * each end believes it.  Sequence numbers in host order.
 */
struct reset {
	struct addr outside, inside;
	uint16_t outside_port, inside_port;
	uint32_t to_inside;  /* the next byte that the inside end expects */
	uint32_t to_outside; /* the next byte that the outside end expects */
	uint8_t ends;        /* enum reset_ends */
};

/* Why a request that was to be answered was not. */
enum kept {
	KEPT_NONE,     /* it was, or nobody could */
	KEPT_STRANGER, /* its sender has not shown that he receives answers */
	KEPT_CAPPED,   /* too many, too often the same, or larger than what was asked */
};

#define CHECK_NONE 255
#define OWN_MARK 0x51b0a7u /* on packets that we sent ourselves: none of them is judged */
/*
 * Likewise, and connection tracking does not see them.  Answers that leave from where a request
 * was sent to before DNAT: as a connection they would take what that client sends next, which
 * DNAT would not get to see then.
 */
#define OWN_UNTRACKED 0x51b0a8u
#define APPROVAL_TOKEN 10 /* "K7QF-2M9X" */
#define APPROVAL_LABEL 40
#define REASON_TEXT 96
#define EVIDENCE_TEXT 160

struct decision {
	uint8_t verdict;  /* enum verdict: what the kernel is told */
	uint8_t check;    /* index into checks[], CHECK_NONE when no check hit */
	uint8_t kind;     /* enum sip_kind */
	uint8_t method;   /* enum sip_method */
	uint16_t status;  /* of a response, else 0 */
	uint16_t code;    /* REJECT, DECOY: status of the answer, else 0 */
	uint16_t answer_after; /* ms that the answer has to wait, 0: not; see engine_trying */
	uint8_t kept;     /* enum kept */
	uint8_t dir;      /* enum direction */
	uint8_t zone;     /* index of the source's zone, 0 is "default" */
	bool parsed;      /* the packet reached the SIP view */
	bool notify;      /* worth an event: a check hit, enforced or not, and it is news */
	bool observed;    /* it hit, and only mode = "observe" let it pass */
	bool proven;      /* this request repeated what only its true sender can know */
	bool absorbed;    /* dropped, and nothing is wrong with it: it answers a packet of ours */
	bool reset;       /* end the TCP connection, see ending */
	bool call;        /* it speaks of a running call, not of a packet: a drop ends it */
	uint8_t defect;   /* found by the malformed check, whoever decided: enum
	                   * sip_defect; else DEFECT_COUNT */
	uint16_t messages; /* SIP messages it completed: any number over TCP */
	struct reset ending; /* valid when reset */
	uint32_t ban;     /* seconds that `banned` is banned from now at least, 0 = not */
	struct prefix banned; /* valid when ban: the site, or a prefix around it */
	bool ban_proven;  /* likewise: struct ban */
	uint8_t ban_times; /* likewise */
	bool ban_capped;  /* it would have been banned, but too many are (bans.rate) */
	uint32_t mark;    /* what the packet, if it passes, carries in the kernel, 0 = no change */
	uint32_t mark_time; /* seconds that the packets of its source shall carry that, too,
	                     * 0 = no change */
	uint32_t known;   /* seconds the site belongs into the known lane, 0 = no change */
	uint32_t called;  /* likewise, by a call that proved it: it makes room for the registered */
	uint64_t approval; /* with a token: where it waits, for state_approval_of */
	uint32_t approval_life; /* s that it waits at most */
	bool approved;    /* it hit, and passes because somebody approved of it */
	char token[APPROVAL_TOKEN]; /* refused until it is approved with this; "": it cannot
	                             * be, or was told within the last minute */
	struct addr site; /* whom known and called speak of: the outside end's */
	char reason[REASON_TEXT];     /* valid unless check is CHECK_NONE: what is wrong */
	char evidence[EVIDENCE_TEXT]; /* likewise: the bytes that show it, or empty */
};

const char *verdict_name(enum verdict v); /* "accept", "drop", "reject", "decoy" */

static inline bool decision_answers(const struct decision *d)
{
	return d->verdict == VERDICT_REJECT || d->verdict == VERDICT_DECOY;
}

/* What the ban of d is worth, for people: "2nd time, proven", "proven", "not proven". */
#define BAN_WORTH 32
void decision_ban_worth(const struct decision *d, char out[BAN_WORTH]);

#endif
