/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What gives a scanning tool away when it lies about its User-Agent: how it makes up
 * tags, branches and Call-IDs, in which order it writes headers, what it says in SDP.
 *
 * Each mark is one that no phone is known to make, yet each can be chance or somebody
 * testing his own server: a mark has points, and no single one is enough.
 *
 * Ownership, locking: none.
 */
#ifndef SIPMOAT_MARKS_H
#define SIPMOAT_MARKS_H

#include "sip.h"

/* X(id, points, what it is) */
#define SIP_MARKS(X) \
	X(VICIOUS_TAG, 60, "SIPVicious' From tag") \
	X(VICIOUS_FROM, 60, "SIPVicious' From") \
	X(VICIOUS_IDS, 40, "SIPVicious' branch and Call-ID") \
	X(VICIOUS_ORDER, 40, "SIPVicious' order of headers") \
	X(SIPPTS_BRANCH, 60, "sippts' branch") \
	X(SIPPTS_IDS, 40, "sippts' From tag and Call-ID") \
	X(SIPPTS_ALLOW, 40, "sippts' Allow") \
	X(SIPPTS_SDP, 60, "sippts' SDP") \
	X(SIPP_TAG, 30, "SIPp's From tag") \
	X(SIPP_BRANCH, 20, "SIPp's branch") \
	X(SIPP_SUBJECT, 20, "SIPp's Subject") \
	X(SIPP_SDP, 20, "SIPp's SDP")

enum sip_mark {
#define X(id, points, text) MARK_##id,
	SIP_MARKS(X)
#undef X
	MARK_COUNT
};

/* Bitmap of enum sip_mark: those of a request outside a dialog. */
uint32_t sip_marks(const struct sip_msg *m);
unsigned sip_marks_points(uint32_t marks);
/* The mark with most points; marks is not 0. */
const char *sip_marks_text(uint32_t marks);

#endif
