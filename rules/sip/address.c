/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written into addresses: users, display names, literal hosts. */
#include "addr.h"
#include "sip/chars.h"
#include "sip/inject.h"
#include "sip/judge.h"

#define INJECTION (SIP_JUDGED(DEFECT_SQL) | SIP_JUDGED(DEFECT_SHELL))
#define ESCAPES (SIP_JUDGED(DEFECT_ESCAPE) | SIP_JUDGED(DEFECT_ESCAPED_CONTROL))
#define VIAS (SIP_JUDGED(DEFECT_VIA_ADDRESS) | SIP_JUDGED(DEFECT_VIA_LOOPBACK))

static void text_judge(struct judging *j, struct slice text)
{
	unsigned found;

	if (!text.n || !judge_wants(j, INJECTION))
		return;
	found = inject_find(text);
	if (found & INJECT_SQL)
		judge_found(j, DEFECT_SQL, text.p);
	if (found & INJECT_SHELL)
		judge_found(j, DEFECT_SHELL, text.p);
}

static int hex_at(const char *p, const char *end)
{
	char c = p < end ? ascii_lower(*p) : '\0';

	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void escapes_judge(struct judging *j, struct slice uri, struct slice user)
{
	const char *end = slice_end(uri), *p = uri.p;

	while ((p = find_char(p, end, '%')) != NULL) {
		int high = hex_at(p + 1, end), low = hex_at(p + 2, end), byte = high * 16 + low;

		if (high < 0 || low < 0)
			judge_found(j, DEFECT_ESCAPE, p);
		else if ((byte < ' ' || byte == 0x7f) && p >= user.p && p < slice_end(user))
			judge_found(j, DEFECT_ESCAPED_CONTROL, p);
		p++;
	}
}

enum host { HOST_USUAL, HOST_UNSPECIFIED, HOST_LOOPBACK, HOST_ELSE /* multicast, broadcast */ };

/* Of literal addresses; an IPv6 one in brackets. */
static enum host host_of(struct slice host)
{
	static const struct addr none = { { 0 } };
	struct addr a;

	if (!host.n || !(host.p[0] == '[' || (host.p[0] >= '0' && host.p[0] <= '2')))
		return HOST_USUAL;
	if (host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){ host.p + 1, host.n - 2 };
	if (addr_parse(host, &a) < 0)
		return HOST_USUAL;
	if (addr_is_v4(&a)) {
		if (a.b[12] == 127)
			return HOST_LOOPBACK;
		if (a.b[12] >= 224 && (a.b[12] < 240 || (a.b[12] & a.b[13] & a.b[14] & a.b[15]) == 255))
			return HOST_ELSE;
		return a.b[12] | a.b[13] | a.b[14] | a.b[15] ? HOST_USUAL : HOST_UNSPECIFIED;
	}
	if (a.b[0] == 0xff)
		return HOST_ELSE;
	if (memcmp(a.b, none.b, 15) != 0 || a.b[15] > 1)
		return HOST_USUAL;
	return a.b[15] ? HOST_LOOPBACK : HOST_UNSPECIFIED;
}

static void uri_judge(struct judging *j, struct slice text, bool contact)
{
	struct sip_uri uri;

	if (!sip_uri_read(text, &uri))
		uri = (struct sip_uri){ 0 };
	text_judge(j, uri.user);
	if (judge_wants(j, ESCAPES))
		escapes_judge(j, text, uri.user);
	if (contact && host_of(uri.host) != HOST_USUAL)
		judge_found(j, DEFECT_CONTACT_ADDRESS, uri.host.p);
}

static void nameaddr_judge(struct judging *j, struct slice value, bool contact)
{
	struct sip_nameaddr na;

	if (!sip_nameaddr_read(value, &na))
		return;
	text_judge(j, na.display);
	uri_judge(j, na.uri, contact);
}

/*
 * Where a Contact is where requests will be sent.  Not so in most answers: those
 * to REGISTER repeat what was registered, those that refuse are looked at by none.
 */
static bool contact_matters(const struct sip_msg *m)
{
	return m->kind == SIP_REQUEST || (m->status < 400 && m->method != METHOD_REGISTER);
}

static void contacts_judge(struct judging *j)
{
	bool matters = contact_matters(j->m);
	struct slice line, item;
	unsigned at = 0;

	if (!j->m->seen[HDR_CONTACT])
		return;
	while (sip_next(j->m, HDR_CONTACT, &at, &line))
		while (sip_list_next(&line, &item))
			nameaddr_judge(j, item, matters);
}

static void credentials_judge(struct judging *j, enum sip_header h)
{
	struct slice user;

	if (j->m->seen[h] && sip_digest_param(sip_first(j->m, h), SLICE("username"), &user))
		text_judge(j, user);
}

/* Of requests: the top Via of an answer is our own server's. */
static void via_judge(struct judging *j)
{
	struct sip_via via;

	if (j->m->kind != SIP_REQUEST || !sip_via_read(sip_first(j->m, HDR_VIA), &via))
		return;
	switch (host_of(via.host)) {
	case HOST_ELSE:
		judge_found(j, DEFECT_VIA_ADDRESS, via.host.p);
		break;
	case HOST_LOOPBACK:
	case HOST_UNSPECIFIED:
		judge_found(j, DEFECT_VIA_LOOPBACK, via.host.p);
		break;
	case HOST_USUAL:
		break;
	}
}

void addresses_judge(struct judging *j)
{
	const struct sip_msg *m = j->m;
	struct sip_uri uri;

	if (judge_wants(j, VIAS))
		via_judge(j);
	if (judge_wants(j, SIP_JUDGED(DEFECT_URI_HEADERS)) && sip_uri_read(m->uri, &uri) &&
	    uri.headers.n)
		judge_found(j, DEFECT_URI_HEADERS, uri.headers.p);
	if (!judge_wants(j, INJECTION | ESCAPES | SIP_JUDGED(DEFECT_CONTACT_ADDRESS)))
		return;
	if (m->kind == SIP_REQUEST)
		uri_judge(j, m->uri, false);
	nameaddr_judge(j, sip_first(m, HDR_FROM), false);
	nameaddr_judge(j, sip_first(m, HDR_TO), false);
	contacts_judge(j);
	text_judge(j, sip_first(m, HDR_USER_AGENT));
	credentials_judge(j, HDR_AUTHORIZATION);
	credentials_judge(j, HDR_PROXY_AUTHORIZATION);
}
