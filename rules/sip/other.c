/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guess at bytes that are not SIP.  The first byte tells the protocols apart
 * (RFC 7983 7); as any byte may come first in rubbish, the header behind it must
 * hold together too, or the bytes get no name.
 */
#include "sip/chars.h"
#include "sip.h"

static unsigned byte(struct slice s, uint32_t i)
{
	return (uint8_t)s.p[i];
}

static unsigned word(struct slice s, uint32_t i)
{
	return byte(s, i) << 8 | byte(s, i + 1);
}

/* A DTLS record (RFC 6347 4.1): 1.0 and 1.2; 1.3 looks like 1.2 at first. */
static bool is_dtls(struct slice s)
{
	return s.n > 13 && byte(s, 0) >= 20 && byte(s, 0) <= 25 &&
	       (word(s, 1) == 0xfeff || word(s, 1) == 0xfefd) && word(s, 11) > 0 &&
	       word(s, 11) <= s.n - 13;
}

/* A TLS record (RFC 8446 5.1), which may go on in the next packet. */
static bool is_tls(struct slice s)
{
	return s.n > 5 && byte(s, 0) >= 20 && byte(s, 0) <= 24 && byte(s, 1) == 3 &&
	       byte(s, 2) <= 4 && word(s, 3) > 0 && word(s, 3) <= (1u << 14) + 2048;
}

/* RFC 3550 6.4 and the RTP profiles: the packets of a compound one fill it. */
static bool is_rtcp(struct slice s)
{
	uint32_t size;

	if (s.n < 8 || byte(s, 0) >> 6 != 2 || byte(s, 1) < 200 || byte(s, 1) > 207)
		return false;
	size = (word(s, 2) + 1) * 4;
	return size >= 8 && size <= s.n;
}

/*
 * RFC 3550 5.1.  Contributing sources are left out: only mixers send them, and
 * rubbish would pass for RTP sixteen times as often.
 */
static bool is_rtp(struct slice s)
{
	unsigned first = s.n ? byte(s, 0) : 0, type;
	uint32_t head = 12;

	if (s.n < head || first >> 6 != 2 || first & 15)
		return false;
	type = byte(s, 1) & 0x7f;
	if (type > 34 && type < 96) /* unassigned, or RTCP's (RFC 3551 6, RFC 5761 4) */
		return false;
	if (first & 0x10) { /* an extension: one of RFC 8285, which all use today */
		if (s.n < head + 4 || (word(s, head) != 0xbede && word(s, head) >> 4 != 0x100))
			return false;
		head += 4 + word(s, head + 2) * 4;
	}
	if (first & 0x20) /* padding: its last byte is its length */
		head += byte(s, s.n - 1) ? byte(s, s.n - 1) : s.n + 1;
	return head <= s.n;
}

/* "GET /path HTTP/1.1", "HTTP/1.1 200 OK". */
static bool is_http(struct slice s)
{
	const struct slice version = SLICE("HTTP/");
	const char *end = slice_end(s), *lf, *sp;
	struct slice method;

	if (slice_istarts(s, version))
		return s.n > version.n && is_digit(s.p[version.n]);
	sp = find_char(s.p, s.n > 32 ? s.p + 32 : end, ' ');
	lf = find_char(s.p, end, '\n');
	if (!sp)
		return false;
	method = slice_between(s.p, sp);
	if (!is_token(method))
		return false;
	while (lf && lf > sp && is_lws(lf[-1]))
		lf--;
	/* " HTTP/1.1" ends the line */
	return lf && lf - sp > 9 && slice_ieq((struct slice){ lf - 8, 5 }, version) &&
	       lf[-9] == ' ';
}

enum sip_defect sip_other(struct slice bytes)
{
	if (is_dtls(bytes))
		return DEFECT_DTLS;
	if (is_tls(bytes))
		return DEFECT_TLS;
	if (is_rtcp(bytes))
		return DEFECT_RTCP;
	if (is_rtp(bytes))
		return DEFECT_RTP;
	return is_http(bytes) ? DEFECT_HTTP : DEFECT_NOT_SIP;
}
