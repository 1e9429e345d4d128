/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that do not belong into the head of a message: counted over the whole
 * head at once, which costs next to nothing, and looked for one by one only
 * where the count says that there may be some.
 */
#include "sip/chars.h"
#include "sip/view.h"

#define BLOCK 16

/* One vector register, or what the compiler makes of it; a byte counts to 255. */
#define LANES uint8_t __attribute__((vector_size(BLOCK)))

/* Two lanes at a time: one by one would cost as much as counting a short head. */
static size_t lanes_sum(LANES v)
{
	const uint64_t even = 0x00ff00ff00ff00ffull;
	uint64_t half[2], pairs; /* sums of 16 bits */

	memcpy(half, &v, sizeof(half));
	pairs = (half[0] & even) + (half[0] >> 8 & even) + (half[1] & even) + (half[1] >> 8 & even);
	return (size_t)(pairs * 0x0001000100010001ull >> 48);
}

static size_t low_in_blocks(const char *p, size_t blocks, char unused)
{
	LANES n = { 0 }, v;

	(void)unused;
	for (size_t b = 0; b < blocks; b++, p += BLOCK) {
		memcpy(&v, p, BLOCK);
		n -= (LANES)(v < (LANES){ 0 } + ' ') | (LANES)(v == (LANES){ 0 } + 0x7f);
	}
	return lanes_sum(n);
}

static size_t same_in_blocks(const char *p, size_t blocks, char c)
{
	LANES n = { 0 }, v;

	for (size_t b = 0; b < blocks; b++, p += BLOCK) {
		memcpy(&v, p, BLOCK);
		n -= (LANES)(v == (LANES){ 0 } + (uint8_t)c);
	}
	return lanes_sum(n);
}

static inline size_t count(const char *p, const char *end, char c,
			   size_t in_blocks(const char *, size_t, char))
{
	char last[BLOCK];
	size_t n = 0;

	while (end - p >= BLOCK) {
		size_t blocks = (size_t)(end - p) / BLOCK;

		if (blocks > 255)
			blocks = 255;
		n += in_blocks(p, blocks, c);
		p += blocks * BLOCK;
	}
	memset(last, c == ' ' ? 'x' : ' ', BLOCK); /* not counted, whichever it is */
	memcpy(last, p, (size_t)(end - p));
	return n + in_blocks(last, 1, c);
}

size_t low_count(const char *p, const char *end)
{
	return p < end ? count(p, end, 'x', low_in_blocks) : 0;
}

struct odd_bytes odd_bytes_count(const char *p, const char *end)
{
	struct odd_bytes n = { 0 };

	if (p == end)
		return n;
	n.cr = count(p, end, '\r', same_in_blocks);
	n.nul = count(p, end, '\0', same_in_blocks);
	n.control = low_count(p, end) - n.cr - n.nul - count(p, end, '\n', same_in_blocks) -
		    count(p, end, '\t', same_in_blocks);
	return n;
}

static bool is_control(char c)
{
	return ((uint8_t)c < ' ' && !is_lws(c)) || c == 0x7f;
}

/* What NULs and other control bytes are left without an excuse. */
struct rest {
	size_t n[2];       /* NULs, others */
	const char *at[2]; /* the first of them in a header's value */
};

/* Takes out those in a quoted pair of a quoted string (RFC 3261 25.1). */
static void quoted_pairs_excuse(struct slice value, struct rest *r)
{
	static const bool stops[256] = {
		[0 ... 8] = true, [11 ... 12] = true, [14 ... 31] = true, [0x7f] = true,
		['"'] = true,     ['\\'] = true,
	};
	const char *p = value.p, *end = slice_end(value);
	size_t nuls = 0, others = 0; /* each by itself in a register */
	bool quoted = false;

	for (; p < end; p++) {
		if (!stops[(uint8_t)*p])
			continue;
		if (*p == '"') {
			quoted = !quoted;
		} else if (*p == '\\') {
			if (quoted && p + 1 < end && is_control(*++p)) {
				nuls += *p == 0;
				others += *p != 0;
			}
		} else if (!r->at[*p != 0]) {
			r->at[*p != 0] = p;
		}
	}
	r->n[0] -= nuls;
	r->n[1] -= others;
}

static const char *first_of(const char *p, const char *end, bool nul)
{
	while (p < end && (nul ? *p != 0 : !*p || !is_control(*p)))
		p++;
	return p;
}

void controls_judge(struct sip_msg *m, const char *end, struct odd_bytes odd)
{
	struct rest r = { .n = { odd.nul, odd.control } };

	for (unsigned i = 0; i < m->count; i++)
		quoted_pairs_excuse(m->hdr[i].value, &r);
	if (r.n[0])
		view_defect(m, DEFECT_NUL, r.at[0] ? r.at[0] : first_of(m->all.p, end, true));
	if (r.n[1])
		view_defect(m, DEFECT_CONTROL, r.at[1] ? r.at[1] : first_of(m->all.p, end, false));
}
