/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Headers that hold addresses (RFC 3261 20.10): what they name decides routing
 * and identity, so a server must have no choice in where an address ends.
 */
#include "sip/chars.h"
#include "sip/view.h"

/* A display name is words or one quoted string; quote: the last that it holds. */
static bool is_quoted_string(struct slice name, const char *quote)
{
	return name.p == quote && name.p[name.n - 1] == '"';
}

/* Name and URI of the address at p; behind them, NULL when they do not end. */
static const char *odd_address_judge(struct sip_msg *m, const char *p, const char *end,
				     enum sip_defect bad, struct slice *uri)
{
	const char *start = p, *open;
	struct sip_nameaddr na;
	struct sip_uri parts;

	p = nameaddr_scan(p, end, &na, &open);
	if (!p)
		view_defect(m, *open == '"' ? DEFECT_QUOTE : DEFECT_BRACKET, open);
	else if (!sip_uri_read(na.uri, &parts) || (open && !is_quoted_string(na.display, open)))
		view_defect(m, bad, start);
	if (p)
		*uri = na.uri;
	return p;
}

/* Judges the address at p, of which it gives out what it is; the ',' behind it, or
 * end.  *plain: see usual_address. */
static const char *address_judge(struct sip_msg *m, const char *p, const char *end,
				 enum sip_defect bad, bool *plain, struct sip_end *out)
{
	struct walk w = { .name = SLICE("tag") };
	const char *start = p;

	p = usual_address(start, end, plain, &out->uri);
	if (p) {
		p = skip_lws(p, end);
	} else {
		*plain = false;
		p = odd_address_judge(m, start, end, bad, &out->uri);
		if (!p)
			return end;
	}
	p = params_walk(p, end, &w);
	out->tag = w.value;
	if (w.open)
		view_defect(m, DEFECT_QUOTE, w.open);
	if (w.gap || w.times > 1)
		view_defect(m, bad, start);
	if (p == end || *p == ',')
		return p;
	view_defect(m, bad, p); /* what stands behind '>' is no parameter */
	p = find_char(p, end, ',');
	return p ? p : end;
}

static void single_judge(struct sip_msg *m, enum sip_header h, enum sip_defect bad,
			 struct sip_end *out)
{
	struct slice v = sip_first(m, h);
	const char *end = slice_end(v), *p;
	bool plain = true;

	if (!v.n)
		return;
	p = address_judge(m, v.p, end, bad, &plain, out);
	m->plain |= (uint32_t)plain << h;
	if (p < end)
		view_defect(m, DEFECT_TWO_ADDRESSES, p);
}

/* One Contact line; how many addresses may follow in others. */
static unsigned contact_judge(struct sip_msg *m, struct slice v, unsigned left, bool *plain)
{
	const char *end = slice_end(v), *p = v.p;
	struct sip_end contact = { 0 };

	if (!v.n || (v.n == 1 && *p == '*')) /* an empty one names nobody */
		return left;
	for (; left; left--, p++) {
		p = address_judge(m, p, end, DEFECT_CONTACT, plain, &contact);
		if (!m->contact.p)
			m->contact = contact.uri;
		if (p == end)
			return left - 1;
	}
	*plain = false;
	view_defect(m, DEFECT_CONTACT, p);
	return 0;
}

/* Quotes and brackets alone, for the headers of which a server takes what it likes. */
static void quoting_judge(struct sip_msg *m, struct slice v)
{
	const char *end = slice_end(v);

	for (const char *p = v.p; p < end; p++) {
		const char *open = p;

		if (*p == '"')
			p = quote_end(p + 1, end);
		else if (*p == '<')
			while (p < end && *p != '>')
				p++;
		if (!p || p == end) {
			view_defect(m, *open == '"' ? DEFECT_QUOTE : DEFECT_BRACKET, open);
			return;
		}
	}
}

void addresses_judge(struct sip_msg *m)
{
	static const uint8_t quoting[] = { HDR_ROUTE, HDR_RECORD_ROUTE, HDR_REFER_TO,
					   HDR_REFERRED_BY };
	unsigned at = 0, left = SIP_MAX_CONTACTS;
	bool plain = true;
	struct slice v;

	single_judge(m, HDR_FROM, DEFECT_FROM, &m->from);
	single_judge(m, HDR_TO, DEFECT_TO, &m->to);
	for (unsigned lines = m->seen[HDR_CONTACT]; lines; lines--)
		if (sip_next(m, HDR_CONTACT, &at, &v))
			left = contact_judge(m, v, left, &plain);
	m->plain |= (uint32_t)plain << HDR_CONTACT;
	for (unsigned i = 0; i < sizeof(quoting); i++) {
		at = 0;
		for (unsigned lines = m->seen[quoting[i]]; lines; lines--)
			if (sip_next(m, quoting[i], &at, &v))
				quoting_judge(m, v);
	}
}
