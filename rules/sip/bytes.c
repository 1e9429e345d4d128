/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that do not belong into the head of a message: counted over the whole
 * head at once, which costs next to nothing, and looked for one by one only
 * where the count says that there may be some.
 */
#include "sip/chars.h"
#include "sip/view.h"

#define BLOCK 16

/* NUL, and what is no white space; 0x7f is one. */
static bool is_control(char c)
{
	return ((uint8_t)c < ' ' && !is_lws(c)) || c == 0x7f;
}

/* Fixed inner loops, so that a compiler makes vector code of them; a byte counts
 * to 255. */
static size_t blocks_count(const char *p, size_t blocks)
{
	uint8_t lane[BLOCK] = { 0 };
	size_t n = 0;

	for (size_t b = 0; b < blocks; b++, p += BLOCK) {
		for (unsigned i = 0; i < BLOCK; i++) {
			uint8_t c = (uint8_t)p[i];

			lane[i] = (uint8_t)(lane[i] + ((c < ' ') | (c == 0x7f)));
		}
	}
	for (unsigned i = 0; i < BLOCK; i++)
		n += lane[i];
	return n;
}

size_t unprintable_count(const char *p, const char *end)
{
	size_t n = 0;

	while (end - p >= BLOCK) {
		size_t blocks = (size_t)(end - p) / BLOCK;

		if (blocks > 255)
			blocks = 255;
		n += blocks_count(p, blocks);
		p += blocks * BLOCK;
	}
	for (; p < end; p++)
		n += (uint8_t)*p < ' ' || *p == 0x7f;
	return n;
}

struct odd_bytes odd_bytes_count(const char *p, const char *end)
{
	struct odd_bytes n = { 0 };

	for (; p < end; p++) {
		n.cr += *p == '\r';
		n.control += is_control(*p);
	}
	return n;
}

/* Of NULs or of other control bytes: how many, and the first without excuse. */
struct tally {
	size_t n;
	const char *at;
};

static void tally_head(const char *p, const char *end, struct tally tally[2])
{
	for (; p < end; p++)
		if (is_control(*p))
			tally[*p != 0].n++;
}

/* Takes out those in a quoted pair of a quoted string (RFC 3261 25.1). */
static void tally_excuse(struct slice value, struct tally tally[2])
{
	const char *p = value.p, *end = slice_end(value);
	bool quoted = false;

	for (; p < end; p++) {
		struct tally *t = &tally[*p != 0];

		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p + 1 < end)
			p++, tally[*p != 0].n -= is_control(*p);
		else if (is_control(*p) && !t->at)
			t->at = p;
	}
}

void controls_judge(struct sip_msg *m, const char *end)
{
	struct tally tally[2] = { { 0 } };

	tally_head(m->all.p, end, tally);
	for (unsigned i = 0; i < m->count; i++)
		tally_excuse(m->hdr[i].value, tally);
	if (tally[0].n)
		view_defect(m, DEFECT_NUL,
			    tally[0].at ? tally[0].at : find_char(m->all.p, end, '\0'));
	for (const char *p = m->all.p; tally[1].n && !tally[1].at && p < end; p++)
		if (*p && is_control(*p))
			tally[1].at = p;
	if (tally[1].n)
		view_defect(m, DEFECT_CONTROL, tally[1].at);
}
