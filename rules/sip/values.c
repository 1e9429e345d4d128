/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the known headers say, as far as framing, matching and routing depend on
 * it; everything else is the server's business.
 */
#include "sip/chars.h"
#include "sip/view.h"

#define CSEQ_MAX 0x7fffffffu /* RFC 3261 8.1.1.5 */
#define LENGTH_MAX 0xffffffffu

/* Where a defect of an absent or empty header is shown. */
static const char *value_at(const struct sip_msg *m, enum sip_header h)
{
	return m->seen[h] ? sip_first(m, h).p : m->all.p;
}

static void required_judge(struct sip_msg *m)
{
	static const struct {
		uint8_t header, defect;
	} required[] = {
		{ HDR_VIA, DEFECT_MISSING_VIA },         { HDR_FROM, DEFECT_MISSING_FROM },
		{ HDR_TO, DEFECT_MISSING_TO },           { HDR_CALL_ID, DEFECT_MISSING_CALL_ID },
		{ HDR_CSEQ, DEFECT_MISSING_CSEQ },
	};

	for (unsigned i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (sip_first(m, required[i].header).n == 0)
			view_defect(m, required[i].defect, value_at(m, required[i].header));
	if (m->kind == SIP_REQUEST && !m->seen[HDR_MAX_FORWARDS])
		view_defect(m, DEFECT_MISSING_MAX_FORWARDS, m->all.p);
}

/*
 * Headers of which servers read one and which they read is their choice (RFC
 * 3261 7.3.1 allows repetition of lists only; RFC 3515 2.1, RFC 6665 7.2.1).
 */
static void duplicates_judge(struct sip_msg *m)
{
	static const uint8_t once[] = {
		HDR_FROM,         HDR_TO,      HDR_CALL_ID, HDR_CSEQ,  HDR_MAX_FORWARDS,
		HDR_CONTENT_LENGTH, HDR_CONTENT_TYPE, HDR_EXPIRES, HDR_EVENT, HDR_REFER_TO,
	};

	for (unsigned i = 0; i < sizeof(once); i++) {
		unsigned at = m->first[once[i]] + 1u;
		struct slice again;

		if (m->seen[once[i]] < 2)
			continue;
		if (sip_next(m, once[i], &at, &again))
			view_defect(m, DEFECT_DUPLICATE, again.p);
	}
}

static void cseq_read(struct sip_msg *m)
{
	struct slice v = sip_first(m, HDR_CSEQ), method;
	const char *end = slice_end(v), *p = v.p;
	uint64_t number = 0;

	if (v.n == 0)
		return;
	while (p < end && is_digit(*p))
		p++;
	method.p = skip_lws(p, end);
	method.n = (uint32_t)(end - method.p);
	if (!digits_read(slice_between(v.p, p), CSEQ_MAX, &number) || method.p == p ||
	    !is_token(method)) {
		view_defect(m, DEFECT_CSEQ, v.p);
		return;
	}
	m->cseq = (uint32_t)number;
	if (m->kind == SIP_RESPONSE) {
		m->method = sip_method_of(method);
		if (m->method == METHOD_UNKNOWN && method_misspelt(method))
			view_defect(m, DEFECT_CSEQ, method.p);
	} else if (!slice_eq(method, m->method_name)) /* RFC 3261 8.1.1.5 */
		view_defect(m, DEFECT_CSEQ_METHOD, method.p);
}

static void numbers_read(struct sip_msg *m)
{
	uint64_t n;

	if (m->seen[HDR_MAX_FORWARDS] && !digits_read(sip_first(m, HDR_MAX_FORWARDS), 255, &n))
		view_defect(m, DEFECT_MAX_FORWARDS, value_at(m, HDR_MAX_FORWARDS));
	/* an empty one says nothing; the RFC has servers take their default (20.19) */
	if (sip_first(m, HDR_EXPIRES).n && !digits_read(sip_first(m, HDR_EXPIRES), UINT32_MAX, &n))
		view_defect(m, DEFECT_EXPIRES, value_at(m, HDR_EXPIRES));
	if (!m->seen[HDR_CONTENT_LENGTH])
		return;
	if (digits_read(sip_first(m, HDR_CONTENT_LENGTH), LENGTH_MAX, &n))
		m->content_length = (int64_t)n;
	else
		view_defect(m, DEFECT_CONTENT_LENGTH, value_at(m, HDR_CONTENT_LENGTH));
}

/* RFC 3261 8.1.1.7: a branch is what replies and retransmissions are matched by. */
static void branch_judge(struct sip_msg *m, const struct walk *w)
{
	if (!w->times)
		view_defect(m, DEFECT_MISSING_BRANCH, sip_first(m, HDR_VIA).p);
	else if (w->times > 1 || w->value.n == 0 || slice_ieq(w->value, SLICE("z9hG4bK")))
		view_defect(m, DEFECT_BRANCH, w->value.p);
}

static void via_judge(struct sip_msg *m)
{
	struct walk w = { .name = SLICE("branch") };
	struct slice v = sip_first(m, HDR_VIA);
	struct sip_via *via = &m->via;
	const char *end;

	if (!v.n)
		return;
	if (!sip_via_read(v, via)) {
		*via = (struct sip_via){ 0 };
		view_defect(m, DEFECT_VIA, v.p);
		return;
	}
	end = slice_end(via->params);
	if (params_walk(via->params.p, end, &w) != end || w.gap || w.open)
		view_defect(m, DEFECT_VIA, v.p);
	m->branch = w.value;
	branch_judge(m, &w);
}

static void call_id_judge(struct sip_msg *m)
{
	struct slice v = sip_first(m, HDR_CALL_ID);
	const char *end = slice_end(v), *at = find_char(v.p, end, ' ');

	if (!at)
		at = find_char(v.p, end, '\t');
	if (at) /* a fold brings one of them */
		view_defect(m, DEFECT_CALL_ID, at);
}

void values_read(struct sip_msg *m)
{
	if (!sip_defective(m, DEFECT_TOO_MANY_HEADERS)) /* what is missing may follow */
		required_judge(m);
	duplicates_judge(m);
	cseq_read(m);
	numbers_read(m);
	call_id_judge(m);
	via_judge(m);
	addresses_judge(m);
}

/* RFC 3261 19.1, as strictly as routing needs it; other schemes are only text. */
void values_uri(struct sip_msg *m)
{
	static const bool wrong[256] = {
		[0 ... ' '] = true, [0x7f] = true, ['<'] = true, ['>'] = true, ['"'] = true,
	};
	struct slice uri = m->uri;
	struct sip_uri parts;

	m->plain_uri = true;
	if (usual_uri(uri.p, slice_end(uri), &m->plain_uri) == slice_end(uri))
		return;
	m->plain_uri = false;
	for (uint32_t i = 0; i < uri.n; i++) {
		if (wrong[(uint8_t)uri.p[i]]) {
			view_defect(m, DEFECT_URI, uri.p + i);
			return;
		}
	}
	if (!sip_uri_read(uri, &parts))
		view_defect(m, DEFECT_URI, uri.p);
}
