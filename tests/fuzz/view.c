/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: a SIP message, or what claims to be one. */
#include "readers.h"

static bool same_slice(struct slice a, struct slice from, struct slice b, struct slice of)
{
	return a.n == b.n && (a.n == 0 || a.p - from.p == b.p - of.p);
}

/* The same bytes at another address, into a view that held something else before. */
static void same(const struct sip_msg *a, const struct sip_msg *b)
{
	must(a->kind == b->kind && a->method == b->method && a->status == b->status);
	must(a->count == b->count && a->lines == b->lines && a->defects == b->defects);
	must(a->cseq == b->cseq && a->content_length == b->content_length);
	must(slice_eq(a->all, b->all));
	must(same_slice(a->method_name, a->all, b->method_name, b->all));
	must(same_slice(a->uri, a->all, b->uri, b->all));
	must(same_slice(a->reason, a->all, b->reason, b->all));
	must(same_slice(a->body, a->all, b->body, b->all));
	must(same_slice(a->rest, a->all, b->rest, b->all));
	for (unsigned h = 0; h < HDR_COUNT; h++) {
		must(a->seen[h] == b->seen[h]);
		must(!a->seen[h] || a->first[h] == b->first[h]);
	}
	for (unsigned d = 0; d < DEFECT_READ_COUNT; d++)
		must(!sip_defective(a, d) || a->defect_at[d] == b->defect_at[d]);
	for (unsigned i = 0; i < a->count; i++) {
		must(a->hdr[i].id == b->hdr[i].id);
		must(same_slice(a->hdr[i].name, a->all, b->hdr[i].name, b->all));
		must(same_slice(a->hdr[i].value, a->all, b->hdr[i].value, b->all));
	}
}

static void sane_headers(const struct sip_msg *m)
{
	unsigned seen[HDR_COUNT] = { 0 };

	must(m->count <= sizeof(m->hdr) / sizeof(m->hdr[0]) && m->count <= m->lines);
	for (unsigned i = 0; i < m->count; i++) {
		const struct sip_hdr *h = &m->hdr[i];

		must(h->id < HDR_COUNT);
		must(inside(h->name, m->all) && inside(h->value, m->all));
		must(slice_eq(slice_trim(h->value), h->value));
		must(seen[h->id]++ || m->first[h->id] == i);
	}
	for (unsigned h = 0; h < HDR_COUNT; h++) {
		struct slice value;
		unsigned at = 0, walked = 0;

		must(seen[h] <= m->seen[h] && !seen[h] == !m->seen[h]);
		while (sip_next(m, h, &at, &value))
			must(inside(value, m->all) && ++walked);
		must(walked == seen[h]);
	}
}

/* What the view noted in passing is what the lazy readers say. */
static void sane_ends(const struct sip_msg *m)
{
	struct sip_via via;
	struct slice branch;
	bool known = m->kind != SIP_NONE && sip_via_read(sip_first(m, HDR_VIA), &via);

	if (sip_defective(m, DEFECT_QUOTE) || sip_defective(m, DEFECT_BRACKET))
		return;
	must(sip_defective(m, DEFECT_FROM) ||
	     slice_eq(m->from.tag, sip_tag(sip_first(m, HDR_FROM))));
	must(sip_defective(m, DEFECT_TO) || slice_eq(m->to.tag, sip_tag(sip_first(m, HDR_TO))));
	must(known == (m->via.host.n > 0));
	if (!known || sip_defective(m, DEFECT_VIA))
		return;
	must(slice_eq(m->via.host, via.host) && m->via.port == via.port);
	must(slice_eq(m->branch, sip_param(via.params, SLICE("branch"), &branch) ? branch
										: SLICE_NONE));
}

static void sane(const struct sip_msg *m, struct slice bytes)
{
	must(m->kind <= SIP_RESPONSE && (unsigned)m->method < METHOD_COUNT);
	must(inside(m->all, bytes));
	must(inside(m->method_name, m->all) && inside(m->uri, m->all));
	must(inside(m->reason, m->all) && inside(m->body, m->all) && inside(m->rest, m->all));
	must(m->kind == SIP_RESPONSE || m->status == 0);
	must(m->status == 0 || (m->status >= 100 && m->status <= 699));
	must(m->content_length >= -1);
	must(!(m->defects >> DEFECT_READ_COUNT));
	for (unsigned d = 0; d < DEFECT_READ_COUNT; d++)
		must(!sip_defective(m, d) || m->defect_at[d] <= m->all.n);
	sane_headers(m);
	sane_ends(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_msg a, b;
	struct slice bytes = slice_data(data, size), copy = piece_new(bytes);

	memset(&a, 0xee, sizeof(a));
	memset(&b, 0x11, sizeof(b));
	sip_parse(&a, bytes);
	sip_parse(&b, copy);
	sane(&a, bytes);
	sane(&b, copy);
	same(&a, &b);
	must(sip_other(bytes) == sip_other(copy));
	must(sip_other(bytes) >= DEFECT_RTP && sip_other(bytes) <= DEFECT_NOT_SIP);
	read_uri(a.uri);
	for (unsigned i = 0; i < a.count && i < 32; i++)
		read_all(a.hdr[i].value);
	piece_free(copy);
	return 0;
}
