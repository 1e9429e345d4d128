/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of the view: view.c finds the lines, the others judge what
 * the lines of known headers say.
 *
 * Ownership and locking: as sip.h.
 */
#ifndef SIPMOAT_VIEW_H
#define SIPMOAT_VIEW_H

#include "sip.h"

/* Records the first place of a defect. */
static inline void view_defect(struct sip_msg *m, enum sip_defect d, const char *at)
{
	if (sip_defective(m, d))
		return;
	m->defects |= (uint64_t)1 << d;
	m->defect_at[d] = (uint32_t)(at - m->all.p);
}

/* Required headers, duplicates, CSeq, Via, numbers. */
void values_read(struct sip_msg *m);
/* The Request-URI. */
void values_uri(struct sip_msg *m);

/*
 * rules/sip/usual.c: behind "name" <sip:user@host:port;params>, or the URI in it, when
 * they are nothing but that, and the URI in *uri; NULL: they must be read well.
 * *plain stays true when sip_judge would find nothing in them.
 */
const char *usual_address(const char *p, const char *end, bool *plain, struct slice *uri);
const char *usual_uri(const char *p, const char *end, bool *plain);

/* Nearly all hosts can be told by their first bytes to be no special address: loopback,
 * multicast ..., in one number too (2130706433).  p: where the host begins, end: of what
 * it stands in. */
static inline bool may_be_special(const char *p, const char *end)
{
	char second;

	if (p == end || !(*p == '[' || (*p >= '0' && *p <= '4')))
		return false;
	second = p + 1 < end ? p[1] : '\0';
	return *p == '[' || *p == '0' || (*p == '1' && second == '2') ||
	       (*p == '2' && second >= '1' && second <= '5') || (*p == '3' && second >= '7') ||
	       (*p == '4' && second <= '2');
}

/* rules/sip/addresses.c: From, To, Contact and other headers that hold addresses. */
void addresses_judge(struct sip_msg *m);

/*
 * rules/sip/uri.c: display name (with its quotes) and URI of the address at p.
 * Behind it, white space skipped; NULL when the quoted string or bracket at *open
 * does not end.  No address: out->uri is empty.
 */
const char *nameaddr_scan(const char *p, const char *end, struct sip_nameaddr *out,
			  const char **open);

/* rules/sip/bytes.c */
struct odd_bytes {
	size_t cr, nul;
	size_t control; /* others that are no white space */
};
struct odd_bytes odd_bytes_count(const char *p, const char *end);
/* How many bytes are below SP, or 0x7f: what is odd, and CR, LF, HTAB. */
size_t low_count(const char *p, const char *end);
/* NULs and control bytes between the start of the message and end: odd says how many. */
void controls_judge(struct sip_msg *m, const char *end, struct odd_bytes odd);

/* rules/sip/names.c: no known method, but one to servers that ignore case. */
bool method_misspelt(struct slice name);

/* What a walk over parameters saw (rules/sip/params.c). */
struct walk {
	struct slice name;  /* the one that is looked for */
	struct slice value; /* of the first of that name, quotes taken off */
	unsigned times;     /* how often it stood there */
	bool gap;           /* an empty one inside, or two words where one may stand, behind
			     * which readers disagree; or more than anybody sends */
	const char *open;   /* the parameter in which a quoted string does not end, or NULL */
};
/* Walks ";a=b ;c" at p; returns where it ended: a ',', what is no ';', or end. */
const char *params_walk(const char *p, const char *end, struct walk *w);

#endif
