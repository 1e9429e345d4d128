/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The head of a message, as framing reads it (RFC 3261 7.5, 18.3).
 *
 * It ends where all servers agree that it does.  Kamailio ends it at LF LF and at
 * LF CR LF, pjsip at LF CR LF only, sofia-sip takes a lone CR for a line end: so
 * LF CR LF is an end, LF LF and a lone CR are broken the moment they are complete.
 * Kamailio and pjsip look for Content-Length before they parse anything: what only
 * one of them takes for one (folded, in a folded line, with an underscore) is
 * broken too.
 */
#include "sip/chars.h"
#include "sip/framing.h"

/* What stands behind a CR. */
static enum stream_flaw cr_flaw(char next)
{
	return next == '\n' ? FLAW_NONE : next ? FLAW_LONE_CR : FLAW_NUL;
}

/* What the control byte at `at` is, and what stands around it. */
static enum stream_flaw control_flaw(struct slice b, uint32_t at)
{
	switch (b.p[at]) {
	case '\0':
		return FLAW_NUL;
	case '\r': /* as the last byte it waits for the next segment */
		return at + 1 < b.n ? cr_flaw(b.p[at + 1]) : FLAW_NONE;
	case '\n':
		return at && b.p[at - 1] == '\n' ? FLAW_LONE_LF : FLAW_NONE;
	default:
		return FLAW_NONE;
	}
}

/* The first byte from `at` on that is no more than CR, or the end. */
static uint32_t skip_plain(struct slice b, uint32_t at)
{
	const uint64_t ones = ~0ull / 255, high = ones << 7;
	uint64_t word, low;

	for (; at + 8 <= b.n; at += 8) {
		memcpy(&word, b.p + at, 8);
		/* the high bit of each byte less than CR + 1; behind the lowest such byte
		 * also of some that are not */
		low = (word - ones * ('\r' + 1)) & ~word & high;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		if (low)
			return at + (uint32_t)__builtin_ctzll(low) / 8;
#else
		if (low)
			break;
#endif
	}
	while (at < b.n && (uint8_t)b.p[at] > '\r')
		at++;
	return at;
}

/*
 * May the line at `at` be a Content-Length, or continue one?  False is certain: a
 * look at two bytes, so that the lines of a head need not be walked again.
 */
static bool maybe_length(struct slice b, uint32_t at)
{
	char c;

	if (at + 8 > b.n)
		return true;
	c = b.p[at];
	if ((c | 0x20) == 'c')
		return b.p[at + 7] == '-' || b.p[at + 7] == '_';
	return (c | 0x20) == 'l' || c == ' ' || c == '\t';
}

uint32_t stream_head(struct stream *s, struct slice b, uint32_t *first, enum stream_flaw *flaw)
{
	uint32_t at = s->seen;
	bool found = at || maybe_length(b, 0);

	*first = 0;

	*flaw = FLAW_NONE;
	if (at && at < b.n && b.p[at - 1] == '\r')
		*flaw = cr_flaw(b.p[at]);
	for (; at < b.n && *flaw == FLAW_NONE; at++) {
		if ((uint8_t)b.p[at] > '\r')
			at = skip_plain(b, at);
		if (at == b.n)
			break;
		*flaw = control_flaw(b, at);
		if (b.p[at] == '\n' && !found && maybe_length(b, at + 1)) {
			*first = at + 1;
			found = true;
		}
		if (b.p[at] == '\n' && at >= 2 && b.p[at - 1] == '\r' && b.p[at - 2] == '\n')
			return at + 1;
	}
	s->seen = at;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Does a line, leading white space cut, begin with the header's name?  *value is
 * what stands behind the colon.  The underscore is Kamailio's.
 */
static bool is_length(struct slice line, struct slice *value, bool *odd)
{
	static const struct slice name = SLICE("content-length");
	const char *end = slice_end(line), *p;

	*odd = false;
	if (line.n && ascii_lower(line.p[0]) == 'l') {
		p = line.p + 1;
	} else if (line.n >= name.n) {
		for (uint32_t i = 0; i < name.n; i++) {
			if (i == 7 && line.p[i] == '_')
				*odd = true;
			else if (ascii_lower(line.p[i]) != name.p[i])
				return false;
		}
		p = line.p + name.n;
	} else {
		return false;
	}
	while (p < end && is_blank(*p))
		p++;
	/* what a careless server may still take for the name ("Content-Length\x01:") */
	while (p < end && *p != ':' && !is_token_char(*p)) {
		*odd = true;
		p++;
	}
	if (p == end || *p != ':')
		return false;
	*value = slice_between(p + 1, end);
	return true;
}

struct slice stream_line(const char **p, const char *end)
{
	const char *lf = find_char(*p, end, '\n');
	struct slice line = slice_between(*p, lf ? lf : end);

	*p = lf ? lf + 1 : end;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* A line that continues another one is a Content-Length to Kamailio when it looks
 * like one. */
int64_t stream_length(struct slice head, uint32_t first, enum stream_flaw *flaw)
{
	const char *end = slice_end(head), *p = head.p + first;
	int64_t length = -1;

	*flaw = FLAW_NONE;
	while (p < end && *flaw == FLAW_NONE) {
		struct slice line = stream_line(&p, end), value;
		struct slice name = line;
		uint64_t n;
		bool odd;

		while (name.n && is_blank(name.p[0]))
			name.p++, name.n--;
		if (!is_length(name, &value, &odd))
			continue;
		if (odd || name.p != line.p || line.p == head.p || (p < end && is_blank(*p)))
			*flaw = FLAW_LENGTH_ODD;
		else if (length >= 0)
			*flaw = FLAW_LENGTH_AGAIN;
		else if (!digits_read(slice_trim(value), INT64_MAX / 16, &n))
			*flaw = FLAW_LENGTH;
		else
			length = (int64_t)n;
	}
	return length;
}
