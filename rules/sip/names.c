/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip/view.h"

static const struct slice methods[METHOD_COUNT] = {
	[METHOD_UNKNOWN] = SLICE("UNKNOWN"),
	[METHOD_ACK] = SLICE("ACK"),
	[METHOD_BYE] = SLICE("BYE"),
	[METHOD_CANCEL] = SLICE("CANCEL"),
	[METHOD_INFO] = SLICE("INFO"),
	[METHOD_INVITE] = SLICE("INVITE"),
	[METHOD_MESSAGE] = SLICE("MESSAGE"),
	[METHOD_NOTIFY] = SLICE("NOTIFY"),
	[METHOD_OPTIONS] = SLICE("OPTIONS"),
	[METHOD_PRACK] = SLICE("PRACK"),
	[METHOD_PUBLISH] = SLICE("PUBLISH"),
	[METHOD_REFER] = SLICE("REFER"),
	[METHOD_REGISTER] = SLICE("REGISTER"),
	[METHOD_SUBSCRIBE] = SLICE("SUBSCRIBE"),
	[METHOD_UPDATE] = SLICE("UPDATE"),
};

static const struct slice headers[HDR_COUNT] = {
#define X(id, name, compact) [HDR_##id] = SLICE(name),
	SIP_HEADERS(X)
#undef X
	[HDR_OTHER] = SLICE("-"),
};

static const char compacts[HDR_OTHER] = {
#define X(id, name, compact) [HDR_##id] = compact,
	SIP_HEADERS(X)
#undef X
};

/*
 * A slot for each known name; two names in one slot do not compile, and the unit
 * test looks every name up.  Slots left over hold HDR_VIA, which is compared in
 * vain.
 */
#define SLOT(n, first, last) (((n) + 2 * (first) + 5 * (last)) & 127)
static const uint8_t slots[128] = {
	[SLOT(3, 'v', 'a')] = HDR_VIA,
	[SLOT(4, 'f', 'm')] = HDR_FROM,
	[SLOT(2, 't', 'o')] = HDR_TO,
	[SLOT(7, 'c', 'd')] = HDR_CALL_ID,
	[SLOT(4, 'c', 'q')] = HDR_CSEQ,
	[SLOT(7, 'c', 't')] = HDR_CONTACT,
	[SLOT(12, 'm', 's')] = HDR_MAX_FORWARDS,
	[SLOT(14, 'c', 'h')] = HDR_CONTENT_LENGTH,
	[SLOT(12, 'c', 'e')] = HDR_CONTENT_TYPE,
	[SLOT(10, 'u', 't')] = HDR_USER_AGENT,
	[SLOT(6, 's', 'r')] = HDR_SERVER,
	[SLOT(13, 'a', 'n')] = HDR_AUTHORIZATION,
	[SLOT(19, 'p', 'n')] = HDR_PROXY_AUTHORIZATION,
	[SLOT(16, 'w', 'e')] = HDR_WWW_AUTHENTICATE,
	[SLOT(18, 'p', 'e')] = HDR_PROXY_AUTHENTICATE,
	[SLOT(7, 'e', 's')] = HDR_EXPIRES,
	[SLOT(5, 'r', 'e')] = HDR_ROUTE,
	[SLOT(12, 'r', 'e')] = HDR_RECORD_ROUTE,
	[SLOT(7, 's', 't')] = HDR_SUBJECT,
	[SLOT(9, 's', 'd')] = HDR_SUPPORTED,
	[SLOT(16, 'c', 'g')] = HDR_CONTENT_ENCODING,
	[SLOT(8, 'r', 'o')] = HDR_REFER_TO,
	[SLOT(11, 'r', 'y')] = HDR_REFERRED_BY,
	[SLOT(5, 'e', 't')] = HDR_EVENT,
	[SLOT(12, 'a', 's')] = HDR_ALLOW_EVENTS,
	[SLOT(15, 's', 's')] = HDR_SESSION_EXPIRES,
	[SLOT(14, 'a', 't')] = HDR_ACCEPT_CONTACT,
	[SLOT(14, 'r', 't')] = HDR_REJECT_CONTACT,
	[SLOT(19, 'r', 'n')] = HDR_REQUEST_DISPOSITION,
	[SLOT(8, 'i', 'y')] = HDR_IDENTITY,
	[SLOT(13, 'i', 'o')] = HDR_IDENTITY_INFO,
};

#define A TREAT_ACCEPT
#define L TREAT_ALERT
#define D TREAT_DROP
static const struct {
	const char *name, *text;
	uint8_t treat[PRESET_STRICT + 1];
} defects[DEFECT_COUNT] = {
#define X(id, word, lenient, standard, strict, why) \
	[DEFECT_##id] = { word, why, { lenient, standard, strict } },
	SIP_DEFECTS(X)
#undef X
};
#undef A
#undef L
#undef D

static uint64_t load8(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t load4(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#define X(id, name, compact) _Static_assert(sizeof(name) - 1 <= 24, "see same()");
SIP_HEADERS(X)
#undef X

/* As nearly everybody writes names: like the RFC.  A memcmp of unknown length
 * would cost more than the rest of the look-up. */
static bool same(const char *a, const char *b, uint32_t n)
{
	if (n > 16 && load8(a + 8) != load8(b + 8))
		return false;
	if (n >= 8)
		return load8(a) == load8(b) && load8(a + n - 8) == load8(b + n - 8);
	if (n >= 4)
		return load4(a) == load4(b) && load4(a + n - 4) == load4(b + n - 4);
	return a[0] == b[0] && a[1] == b[1] && a[n - 1] == b[n - 1];
}

/* The two that are seldom needed stay out of line: they would make sip_header_of save
 * registers for nothing. */
#define OUT_OF_LINE __attribute__((noinline))

static OUT_OF_LINE enum sip_header compact_of(char c)
{
	const char *hit = c ? memchr(compacts, ascii_lower(c), HDR_OTHER) : NULL;

	return hit ? (enum sip_header)(hit - compacts) : HDR_OTHER;
}

/* In other letters than the RFC's, or none of ours. */
static OUT_OF_LINE enum sip_header odd_header_of(struct slice name, enum sip_header h)
{
	return slice_ieq(headers[h], name) ? h : HDR_OTHER;
}

enum sip_header sip_header_of(struct slice name)
{
	unsigned first, last;
	enum sip_header h;

	if (name.n < 2)
		return name.n ? compact_of(name.p[0]) : HDR_OTHER;
	first = (uint8_t)name.p[0] | 0x20; /* what is no letter is compared in vain */
	last = (uint8_t)name.p[name.n - 1] | 0x20;
	h = slots[SLOT(name.n, first, last)];
	if (headers[h].n != name.n)
		return HDR_OTHER;
	return same(headers[h].p, name.p, name.n) ? h : odd_header_of(name, h);
}

const char *sip_header_name(enum sip_header h)
{
	return (unsigned)h < HDR_COUNT ? headers[h].p : "-";
}

enum sip_method sip_method_of(struct slice token)
{
	for (unsigned i = METHOD_UNKNOWN + 1; i < METHOD_COUNT; i++)
		if (slice_eq(methods[i], token))
			return i;
	return METHOD_UNKNOWN;
}

bool method_misspelt(struct slice name)
{
	char upper[16];

	if (name.n > sizeof(upper))
		return false;
	for (uint32_t i = 0; i < name.n; i++)
		upper[i] = name.p[i] >= 'a' && name.p[i] <= 'z' ? (char)(name.p[i] ^ 0x20) :
								     name.p[i];
	return sip_method_of((struct slice){ upper, name.n }) != METHOD_UNKNOWN;
}

const char *sip_method_name(enum sip_method m)
{
	return methods[(unsigned)m < METHOD_COUNT ? m : METHOD_UNKNOWN].p;
}

const char *sip_defect_name(enum sip_defect d)
{
	return (unsigned)d < DEFECT_COUNT ? defects[d].name : "-";
}

const char *sip_defect_text(enum sip_defect d)
{
	return (unsigned)d < DEFECT_COUNT ? defects[d].text : "-";
}

enum sip_treat sip_defect_treat(enum sip_defect d, enum sip_preset p)
{
	return defects[d].treat[p];
}

bool sip_next(const struct sip_msg *m, enum sip_header h, unsigned *at, struct slice *value)
{
	unsigned i = *at;

	if (i == 0)
		i = m->seen[h] ? m->first[h] : m->count;
	for (; i < m->count; i++) {
		if (m->hdr[i].id != h)
			continue;
		*value = m->hdr[i].value;
		*at = i + 1;
		return true;
	}
	*at = m->count;
	return false;
}

bool sip_is_method(const struct sip_msg *msg, enum sip_method m)
{
	return msg->method == m || (msg->method == METHOD_UNKNOWN &&
				    slice_ieq(msg->method_name, slice_of(sip_method_name(m))));
}
