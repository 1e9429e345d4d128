/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Defects that the view does not look for, because few depend on them: sizes,
 * what is written in addresses, what stands in a body.  Each is looked for only
 * when it is wanted.
 */
#include "sip/chars.h"
#include "sip/inject.h"
#include "sip/judge.h"

const struct sip_limits sip_limits_default = {
	.size = 16384, .headers = SIP_MAX_HEADERS, .header = 8192, .uri = 2048,
};

/* A line runs to the next one: its folds and the white space behind it count. */
static void header_sizes_judge(struct judging *j, uint32_t limit)
{
	const struct sip_msg *m = j->m;
	const char *end = judge_head_end(m);

	if ((size_t)(end - m->all.p) <= limit)
		return;
	for (unsigned i = 0; i < m->count; i++) {
		const char *next = i + 1u < m->count ? m->hdr[i + 1].name.p : end;

		if ((size_t)(next - m->hdr[i].name.p) > limit) {
			judge_found(j, DEFECT_HEADER_SIZE, m->hdr[i].name.p);
			return;
		}
	}
}

static void sizes_judge(struct judging *j, const struct sip_limits *limits)
{
	const struct sip_msg *m = j->m;

	if (m->all.n > limits->size)
		judge_found(j, DEFECT_MESSAGE_SIZE, m->all.p);
	if (m->lines > limits->headers)
		judge_found(j, DEFECT_HEADER_COUNT,
			    m->count > limits->headers ? m->hdr[limits->headers].name.p :
							 m->all.p);
	if (m->uri.n > limits->uri)
		judge_found(j, DEFECT_URI_SIZE, m->uri.p);
	if (judge_wants(j, SIP_JUDGED(DEFECT_HEADER_SIZE)))
		header_sizes_judge(j, limits->header);
}

static void body_judge(struct judging *j, bool stream)
{
	const struct sip_msg *m = j->m;

	if (stream && !m->seen[HDR_CONTENT_LENGTH])
		judge_found(j, DEFECT_MISSING_LENGTH, m->all.p);
	if (m->body.n && !m->seen[HDR_CONTENT_TYPE])
		judge_found(j, DEFECT_CONTENT_TYPE, m->body.p);
}

/* All but the first of the comma lists of all lines (RFC 3261 20.42). */
static void lower_vias_judge(struct judging *j)
{
	unsigned at = 0, n = 0;
	struct slice line;

	while (sip_next(j->m, HDR_VIA, &at, &line)) {
		struct slice rest = line, item;

		while (sip_list_next(&rest, &item)) {
			struct sip_via via;

			if (n++ && !sip_via_read(item, &via)) {
				judge_found(j, DEFECT_LOWER_VIA, item.n ? item.p : line.p);
				return;
			}
		}
	}
}

/* Bytes of the UTF-8 sequence at p (RFC 3629 4), 0 when it is none. */
static unsigned utf8_length(const char *p, const char *end)
{
	uint8_t c = (uint8_t)p[0], low = 0x80, high = 0xbf;
	unsigned n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (c < 0x80)
		return 1;
	if (!n || end - p < (ptrdiff_t)n)
		return 0;
	if (c == 0xe0)
		low = 0xa0; /* shorter forms exist */
	else if (c == 0xed)
		high = 0x9f; /* surrogates */
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	for (unsigned i = 1; i < n; i++, low = 0x80, high = 0xbf)
		if ((uint8_t)p[i] < low || (uint8_t)p[i] > high)
			return 0;
	return n;
}

static void utf8_judge(struct judging *j)
{
	const char *p = j->m->all.p, *end = judge_head_end(j->m);

	while (p < end) {
		unsigned n = utf8_length(p, end);

		if (!n) {
			judge_found(j, DEFECT_UTF8, p);
			return;
		}
		p += n;
	}
}

#define SDP \
	(SIP_JUDGED(DEFECT_SDP_SYNTAX) | SIP_JUDGED(DEFECT_SDP_MEDIA) | \
	 SIP_JUDGED(DEFECT_SDP_CONNECTION))

void sip_judge(const struct sip_msg *m, const struct sip_limits *limits, bool stream,
	       uint64_t wanted, uint64_t enough, struct sip_judged *out)
{
	struct judging j = { m, wanted, out, INJECT_WORK };

	out->found = 0;
	if (m->kind != SIP_REQUEST && m->kind != SIP_RESPONSE)
		return;
	sizes_judge(&j, limits);
	body_judge(&j, stream);
	if (out->found & enough)
		return;
	if (judge_wants(&j, SIP_JUDGED(DEFECT_LOWER_VIA)))
		lower_vias_judge(&j);
	if (judge_wants(&j, SIP_JUDGED(DEFECT_UTF8)))
		utf8_judge(&j);
	judge_addresses(&j);
	if (judge_wants(&j, SDP))
		sdp_judge(&j);
}
