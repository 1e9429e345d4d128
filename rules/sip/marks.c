/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/marks.h"

#include "sip/chars.h"

#define BIT(id) ((uint32_t)1 << MARK_##id)

static const struct {
	unsigned points;
	const char *text;
} marks[] = {
#define X(id, points, text) { points, text },
	SIP_MARKS(X)
#undef X
};

static uint32_t digits_at(struct slice s, uint32_t from)
{
	uint32_t n = from;

	while (n < s.n && is_digit(s.p[n]))
		n++;
	return n - from;
}

static bool is_lower_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool all_lower_hex(struct slice s, uint32_t n)
{
	if (s.n != n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!is_lower_hex(s.p[i]))
			return false;
	return true;
}

static bool starts(struct slice s, struct slice with)
{
	return s.n >= with.n && memcmp(s.p, with.p, with.n) == 0;
}

static bool holds(struct slice s, struct slice what)
{
	for (uint32_t i = 0; i + what.n <= s.n; i++) {
		const char *p = memchr(s.p + i, what.p[0], s.n - i - what.n + 1);

		if (!p)
			return false;
		i = (uint32_t)(p - s.p);
		if (memcmp(p, what.p, what.n) == 0)
			return true;
	}
	return false;
}

/*
 * Hex of: what it needs to know again, the byte 1, a random number in decimal.  By
 * chance a tag of hex digits ends so once in 10^8 times.
 */
static bool is_vicious_tag(struct slice tag)
{
	uint32_t at = tag.n;

	if (tag.n % 2 || tag.n < 14)
		return false;
	while (at >= 2 && tag.p[at - 2] == '3' && is_digit(tag.p[at - 1]))
		at -= 2;
	if (tag.n - at < 10 || tag.n - at > 20 || at < 4 || memcmp(tag.p + at - 2, "01", 2) != 0)
		return false;
	while (at && is_lower_hex(tag.p[at - 1]))
		at--;
	return at == 0;
}

static bool is_vicious_from(struct slice from)
{
	return starts(from, SLICE("\"sipvicious\"<sip:")) ||
	       holds(from, SLICE("<sip:100@1.1.1.1>"));
}

static uint32_t tag_marks(struct slice tag)
{
	uint32_t n = digits_at(tag, 0);

	if (is_vicious_tag(tag))
		return BIT(VICIOUS_TAG);
	/* process, "SIPpTag0", scenario, call */
	if (n && starts((struct slice){ tag.p + n, tag.n - n }, SLICE("SIPpTag0")))
		return BIT(SIPP_TAG);
	return 0;
}

/* Digits, n times, with a dash before each but the first. */
static bool is_numbers(struct slice s, uint32_t at, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t more;

		if (i && (at >= s.n || s.p[at++] != '-'))
			return false;
		more = digits_at(s, at);
		if (!more || more > 10)
			return false;
		at += more;
	}
	return at == s.n;
}

static bool is_sippts_branch(struct slice b)
{
	if (b.n != 71)
		return false;
	for (uint32_t i = 0; i < b.n; i++)
		if (!is_digit(b.p[i]) && !(b.p[i] >= 'a' && b.p[i] <= 'z'))
			return false;
	return true;
}

/* IDS is true only of both, and is taken back when the Call-ID is another one's. */
static uint32_t branch_marks(struct slice branch)
{
	const struct slice dash = SLICE("z9hG4bK-");

	if (is_sippts_branch(branch))
		return BIT(SIPPTS_BRANCH);
	if (!starts(branch, dash))
		return 0;
	if (is_numbers(branch, dash.n, 1))
		return BIT(VICIOUS_IDS);
	return is_numbers(branch, dash.n, 3) ? BIT(SIPP_BRANCH) : 0;
}

static bool is_vicious_order(const struct sip_msg *m)
{
	static const uint8_t order[] = { HDR_VIA, HDR_MAX_FORWARDS, HDR_TO, HDR_FROM,
					 HDR_USER_AGENT, HDR_CALL_ID, HDR_CONTACT, HDR_CSEQ,
					 HDR_OTHER, HDR_CONTENT_LENGTH };

	if (m->count < sizeof(order))
		return false;
	for (unsigned i = 0; i < sizeof(order); i++)
		if (m->hdr[i].id != order[i])
			return false;
	return slice_eq(m->hdr[8].name, SLICE("Accept"));
}

static bool is_sippts_allow(const struct sip_msg *m)
{
	const struct slice spaced = SLICE("INVITE, REGISTER, ACK, CANCEL, BYE, NOTIFY, REFER, "
					  "OPTIONS, INFO, SUBSCRIBE, UPDATE, PRACK, MESSAGE");
	const struct slice tight = SLICE("INVITE,REGISTER,ACK,CANCEL,BYE,NOTIFY,REFER,OPTIONS,INFO,"
					 "SUBSCRIBE,UPDATE,PRACK,MESSAGE");

	for (unsigned i = 0; i < m->count; i++)
		if (slice_eq(m->hdr[i].name, SLICE("Allow")))
			return slice_eq(m->hdr[i].value, spaced) ||
			       slice_eq(m->hdr[i].value, tight);
	return false;
}

/* What is looked for only where a tool has shown itself already. */
static uint32_t more_marks(const struct sip_msg *m, uint32_t found)
{
	struct slice call = sip_first(m, HDR_CALL_ID);
	uint32_t more = 0;

	if (found & BIT(VICIOUS_IDS) && (!call.n || call.n > 25 || digits_at(call, 0) != call.n))
		found &= ~BIT(VICIOUS_IDS);
	if (is_vicious_order(m))
		more |= BIT(VICIOUS_ORDER);
	if (found & BIT(SIPPTS_BRANCH) && all_lower_hex(m->from.tag, 8) && all_lower_hex(call, 32))
		more |= BIT(SIPPTS_IDS);
	if (is_sippts_allow(m))
		more |= BIT(SIPPTS_ALLOW);
	if (slice_eq(sip_first(m, HDR_SUBJECT), SLICE("Performance Test")))
		more |= BIT(SIPP_SUBJECT);
	if (holds(m->body, SLICE("\ns=SIPPTS")))
		more |= BIT(SIPPTS_SDP);
	if (holds(m->body, SLICE("\no=user1 53655765 2353687637 ")))
		more |= BIT(SIPP_SDP);
	return found | more;
}

uint32_t sip_marks(const struct sip_msg *m)
{
	uint32_t found = tag_marks(m->from.tag) | branch_marks(m->branch);

	if (is_vicious_from(sip_first(m, HDR_FROM)))
		found |= BIT(VICIOUS_FROM);
	return found ? more_marks(m, found) : 0;
}

unsigned sip_marks_points(uint32_t some)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MARK_COUNT; i++)
		if (some >> i & 1)
			n += marks[i].points;
	return n;
}

const char *sip_marks_text(uint32_t some)
{
	unsigned best = MARK_COUNT;

	for (unsigned i = 0; i < MARK_COUNT; i++)
		if (some >> i & 1 && (best == MARK_COUNT || marks[i].points > marks[best].points))
			best = i;
	return marks[best].text;
}
