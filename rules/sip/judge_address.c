/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written into addresses: users, display names, literal hosts. */
#include "sip/chars.h"
#include "sip/inject.h"
#include "sip/judge.h"
#include "sip/view.h"

#define INJECTION (SIP_JUDGED(DEFECT_SQL) | SIP_JUDGED(DEFECT_SHELL))
#define ESCAPES (SIP_JUDGED(DEFECT_ESCAPE) | SIP_JUDGED(DEFECT_ESCAPED_CONTROL))
#define VIAS (SIP_JUDGED(DEFECT_VIA_ADDRESS) | SIP_JUDGED(DEFECT_VIA_LOOPBACK))

static void text_judge(struct judging *j, struct slice text)
{
	unsigned found;

	if (!text.n || !judge_wants(j, INJECTION))
		return;
	found = inject_find(text, &j->work);
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

bool literal_v4(struct slice text, struct addr *out)
{
	const char *end = slice_end(text);
	unsigned n = 0, digits = 0, i = 0;
	uint8_t be[4];

	for (const char *p = text.p; p < end; p++) {
		if (is_digit(*p)) {
			n = n * 10 + (unsigned)(*p - '0');
			if (++digits > 4 || n > 255)
				return false;
		} else {
			if (*p != '.' || !digits || i == 3)
				return false;
			be[i++] = (uint8_t)n;
			n = digits = 0;
		}
	}
	if (i != 3 || !digits)
		return false;
	be[3] = (uint8_t)n;
	*out = addr_v4(be);
	return true;
}

bool literal_read(struct slice text, struct addr *out)
{
	return literal_v4(text, out) ||
	       (find_char(text.p, slice_end(text), ':') && addr_parse(text, out) == 0);
}

/* A number as C writes it: 0x7f, 0177, 127; behind it in *p. */
static bool c_number(const char **p, const char *end, uint64_t *out)
{
	const char *at = *p, *start;
	unsigned base = 10;

	if (end - at > 2 && at[0] == '0' && ascii_lower(at[1]) == 'x') {
		base = 16;
		at += 2;
	} else if (end - at > 1 && at[0] == '0') {
		base = 8;
	}
	*out = 0;
	for (start = at; at < end && *out <= UINT32_MAX; at++) {
		int digit = hex_at(at, end);

		if (digit < 0 || (unsigned)digit >= base)
			break;
		*out = *out * base + (unsigned)digit;
	}
	*p = at;
	return at > start && *out <= UINT32_MAX;
}

/*
 * "127.1", "0x7f000001", "2130706433": getaddrinfo() reads them as inet_aton() does,
 * so to Asterisk they are addresses.  The last number fills what the others leave.
 */
static bool loose_v4(struct slice s, struct addr *out)
{
	const char *p = s.p, *end = slice_end(s);
	uint64_t n, all = 0;

	for (unsigned left = 32; left; left -= 8) {
		if (!c_number(&p, end, &n))
			return false;
		if (p == end) {
			if (left < 32 && n >> left)
				return false;
			all |= n;
			*out = addr_v4((uint8_t[]){ (uint8_t)(all >> 24), (uint8_t)(all >> 16),
						    (uint8_t)(all >> 8), (uint8_t)all });
			return true;
		}
		if (*p++ != '.' || n > 255)
			return false;
		all |= n << (left - 8);
	}
	return false;
}

/* In the order of the harm; ELSE is multicast and broadcast. */
enum host { HOST_USUAL, HOST_UNSPECIFIED, HOST_LOOPBACK, HOST_ELSE, HOST_NEVER };

static enum host kind_of(const struct addr *a)
{
	static const struct addr none = { { 0 } };
	const uint8_t *b = a->b;

	if (addr_is_v4(a)) {
		if (b[12] == 127)
			return HOST_LOOPBACK;
		if ((b[12] & 0xf0) == 224 || (b[12] & b[13] & b[14] & b[15]) == 255)
			return HOST_ELSE;
		return b[12] | b[13] | b[14] | b[15] ? HOST_USUAL : HOST_UNSPECIFIED;
	}
	if (b[0] == 0xff)
		return HOST_ELSE;
	if (memcmp(b, none.b, 15) != 0 || b[15] > 1)
		return HOST_USUAL;
	return b[15] ? HOST_LOOPBACK : HOST_UNSPECIFIED;
}

/* Of literal addresses; an IPv6 one in brackets.  0127.0.0.1 has two readings. */
static enum host host_of(struct slice host)
{
	enum host kind = HOST_USUAL;
	struct addr a;

	if (!may_be_special(host.p, slice_end(host)))
		return HOST_USUAL;
	if (host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = (struct slice){ host.p + 1, host.n - 2 };
	if (literal_read(host, &a))
		kind = kind_of(&a);
	if (kind == HOST_USUAL && loose_v4(host, &a))
		kind = kind_of(&a);
	return kind;
}

/* User and password, of whatever scheme; of one without '@' all there is, but a
 * mere host, which holds nothing of interest. */
static struct slice user_of(struct slice uri)
{
	const char *end = slice_end(uri), *at = uri.p ? memrchr(uri.p, '@', uri.n) : NULL;
	const char *colon = find_char(uri.p, at ? at : end, ':');

	if (!at && slice_istarts(uri, SLICE("sip")))
		return SLICE_NONE;
	return slice_between(colon ? colon + 1 : uri.p, at ? at : end);
}

/* Whether the host behind the user is worth a closer look. */
static bool host_doubtful(struct slice uri, struct slice user)
{
	const char *end = slice_end(uri), *at = user.n ? slice_end(user) : NULL;

	if (!at || at == end || find_char(user.p, at, '@'))
		return true;
	return may_be_special(at + 1, end);
}

/* refused: hosts of this kind and worse ones. */
static void uri_judge(struct judging *j, struct slice text, enum host refused)
{
	struct slice user = user_of(text);
	struct sip_uri uri;

	text_judge(j, user);
	if (judge_wants(j, ESCAPES))
		escapes_judge(j, text, user);
	if (refused != HOST_NEVER && host_doubtful(text, user) && sip_uri_read(text, &uri) &&
	    host_of(uri.host) >= refused)
		judge_found(j, DEFECT_CONTACT_ADDRESS, uri.host.p);
}

/* <uri>, or "name" <uri> without escapes, as nearly all are; false: read it well. */
static bool usual_read(struct slice value, struct sip_nameaddr *out)
{
	const char *p = value.p, *end = slice_end(value), *close;

	out->display = SLICE_NONE;
	if (p < end && *p == '"') {
		close = find_char(p + 1, end, '"');
		if (!close || close + 2 >= end || close[-1] == '\\' || close[1] != ' ')
			return false;
		out->display = slice_between(p + 1, close);
		p = close + 2;
	}
	if (p == end || *p != '<')
		return false;
	close = find_char(p, end, '>');
	if (close)
		out->uri = slice_between(p + 1, close);
	return close != NULL;
}

static void nameaddr_judge(struct judging *j, struct slice value, enum host refused)
{
	struct sip_nameaddr na;

	if (!usual_read(value, &na) && !sip_nameaddr_read(value, &na))
		return;
	text_judge(j, na.display);
	uri_judge(j, na.uri, refused);
}

/*
 * Of these the Contact is where later requests will be sent (RFC 3261 12.1, RFC
 * 3265, RFC 3311, RFC 3515); answers to REGISTER only repeat what was registered.
 * Whom a server of ours called itself may be a phone that does not know its address.
 */
static enum host contact_refused(const struct sip_msg *m)
{
	enum host most = m->kind == SIP_REQUEST ? HOST_UNSPECIFIED : HOST_ELSE;

	switch (m->method) {
	case METHOD_REGISTER:
		return m->kind == SIP_REQUEST ? most : HOST_NEVER;
	case METHOD_INVITE:
	case METHOD_NOTIFY:
	case METHOD_REFER:
	case METHOD_SUBSCRIBE:
	case METHOD_UPDATE:
		return m->status < 400 ? most : HOST_NEVER; /* 0 in requests */
	default:
		return HOST_NEVER;
	}
}

static bool judge_plain(const struct judging *j, enum sip_header h)
{
	return j->m->plain >> h & 1;
}

static void contacts_judge(struct judging *j)
{
	enum host refused = judge_wants(j, SIP_JUDGED(DEFECT_CONTACT_ADDRESS)) ?
				    contact_refused(j->m) : HOST_NEVER;
	struct slice line, item;
	unsigned at = 0;

	for (unsigned lines = j->m->seen[HDR_CONTACT]; lines; lines--) {
		if (!sip_next(j->m, HDR_CONTACT, &at, &line))
			return;
		if (find_char(line.p, slice_end(line), ',') != NULL)
			while (sip_list_next(&line, &item))
				nameaddr_judge(j, item, refused);
		else if (!judge_plain(j, HDR_CONTACT))
			nameaddr_judge(j, line, refused);
	}
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
	static const struct slice usual = SLICE("SIP/2.0/UDP ");
	struct slice value = sip_first(j->m, HDR_VIA);
	struct sip_via via;

	if (j->m->kind != SIP_REQUEST)
		return;
	if (value.n > usual.n && memcmp(value.p, usual.p, usual.n) == 0 &&
	    !is_lws(value.p[usual.n]) && !may_be_special(value.p + usual.n, slice_end(value)))
		return;
	if (!sip_via_read(value, &via))
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
	case HOST_NEVER:
		break;
	}
}

void judge_addresses(struct judging *j)
{
	const struct sip_msg *m = j->m;
	struct sip_uri uri;

	if (judge_wants(j, VIAS))
		via_judge(j);
	if (!m->plain_uri && judge_wants(j, SIP_JUDGED(DEFECT_URI_HEADERS)) &&
	    sip_uri_read(m->uri, &uri) && uri.headers.n)
		judge_found(j, DEFECT_URI_HEADERS, uri.headers.p);
	if (!judge_wants(j, INJECTION | ESCAPES | SIP_JUDGED(DEFECT_CONTACT_ADDRESS)))
		return;
	if (m->kind == SIP_REQUEST && !m->plain_uri)
		uri_judge(j, m->uri, HOST_NEVER);
	if (!judge_plain(j, HDR_FROM))
		nameaddr_judge(j, sip_first(m, HDR_FROM), HOST_NEVER);
	if (!judge_plain(j, HDR_TO))
		nameaddr_judge(j, sip_first(m, HDR_TO), HOST_NEVER);
	contacts_judge(j);
	text_judge(j, sip_first(m, HDR_USER_AGENT));
	credentials_judge(j, HDR_AUTHORIZATION);
	credentials_judge(j, HDR_PROXY_AUTHORIZATION);
}
