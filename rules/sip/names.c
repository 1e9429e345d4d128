/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sip.h"

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
 * The known names by their length, so that a look-up compares with a handful at
 * most; slots left over hold HDR_VIA, which no other length equals.  The unit
 * test looks every name up, so a name that is missing here cannot go unnoticed.
 */
#define LENGTH_MAX 19
static const uint8_t by_length[LENGTH_MAX + 1][4] = {
	[2] = { HDR_TO },
	[3] = { HDR_VIA },
	[4] = { HDR_FROM, HDR_CSEQ },
	[5] = { HDR_ROUTE, HDR_EVENT },
	[6] = { HDR_SERVER },
	[7] = { HDR_CALL_ID, HDR_CONTACT, HDR_EXPIRES, HDR_SUBJECT },
	[8] = { HDR_REFER_TO, HDR_IDENTITY },
	[9] = { HDR_SUPPORTED },
	[10] = { HDR_USER_AGENT },
	[11] = { HDR_REFERRED_BY },
	[12] = { HDR_MAX_FORWARDS, HDR_CONTENT_TYPE, HDR_RECORD_ROUTE, HDR_ALLOW_EVENTS },
	[13] = { HDR_AUTHORIZATION, HDR_IDENTITY_INFO },
	[14] = { HDR_CONTENT_LENGTH, HDR_ACCEPT_CONTACT, HDR_REJECT_CONTACT },
	[15] = { HDR_SESSION_EXPIRES },
	[16] = { HDR_WWW_AUTHENTICATE, HDR_CONTENT_ENCODING },
	[18] = { HDR_PROXY_AUTHENTICATE },
	[19] = { HDR_PROXY_AUTHORIZATION, HDR_REQUEST_DISPOSITION },
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

enum sip_header sip_header_of(struct slice name)
{
	const char *hit;

	if (name.n == 0 || name.n > LENGTH_MAX)
		return HDR_OTHER;
	if (name.n == 1) {
		hit = name.p[0] ? memchr(compacts, ascii_lower(name.p[0]), HDR_OTHER) : NULL;
		return hit ? (enum sip_header)(hit - compacts) : HDR_OTHER;
	}
	for (unsigned i = 0; i < sizeof(by_length[0]); i++) {
		struct slice known = headers[by_length[name.n][i]];

		/* nearly everybody writes names as the RFC does */
		if (((known.p[0] ^ name.p[0]) & ~0x20) == 0 && known.n == name.n &&
		    (memcmp(known.p, name.p, name.n) == 0 || slice_ieq(known, name)))
			return by_length[name.n][i];
	}
	return HDR_OTHER;
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

	if (i == 0 && m->seen[h])
		i = m->first[h];
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
