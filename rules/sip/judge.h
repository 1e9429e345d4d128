/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files that find the judged defects: judge.c walks the message,
 * the others look at one kind of thing.
 *
 * Ownership and locking: as sip.h.  Every function is linear in what it is given.
 */
#ifndef SIPMOAT_JUDGE_H
#define SIPMOAT_JUDGE_H

#include "addr.h"
#include "sip.h"

struct judging {
	const struct sip_msg *m;
	uint64_t wanted;
	struct sip_judged *out;
	int work; /* INJECT_WORK that is left */
};

/* Something that is looked for and not found yet. */
static inline bool judge_wants(const struct judging *j, uint64_t some)
{
	return (j->wanted & ~j->out->found & some) != 0;
}

/* Records the first place of a defect, if it is wanted. */
static inline void judge_found(struct judging *j, enum sip_defect d, const char *at)
{
	if (!judge_wants(j, SIP_JUDGED(d)))
		return;
	j->out->found |= SIP_JUDGED(d);
	j->out->at[d - DEFECT_READ_COUNT] = (uint32_t)(at - j->m->all.p);
}

/* A literal IPv4 or IPv6 address, quicker than addr_parse (judge_address.c). */
bool literal_read(struct slice text, struct addr *out);
bool literal_v4(struct slice text, struct addr *out);
/* What is written in From, To, Contact, the Request-URI ... (judge_address.c). */
void judge_addresses(struct judging *j);
/* Session descriptions (sdp.c). */
void sdp_judge(struct judging *j);

/* Where the headers end: the body, or all there is when they do not. */
static inline const char *judge_head_end(const struct sip_msg *m)
{
	return m->body.p ? m->body.p : m->all.p + m->all.n;
}

#endif
