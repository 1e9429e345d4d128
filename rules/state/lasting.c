/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lasting.h"

#define SESSION_LEAST 90      /* RFC 4028 4 */
#define SUBSCRIBED 3600       /* when nobody says how long */
#define SUBSCRIBED_SLACK 120
#define MOST 604800           /* a week */

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool number_of(struct slice s, uint32_t *out)
{
	uint32_t n = 0, i = 0;

	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		n = n < MOST ? n * 10 + (uint32_t)(s.p[i] - '0') : MOST;
	*out = least(n, MOST);
	return i > 0;
}

bool lasting_is_of_call(enum sip_method m)
{
	return m == METHOD_INVITE || m == METHOD_ACK || m == METHOD_BYE || m == METHOD_PRACK ||
	       m == METHOD_UPDATE || m == METHOD_INFO;
}

bool lasting_is_refresh(enum sip_method m)
{
	return m == METHOD_INVITE || m == METHOD_UPDATE || m == METHOD_SUBSCRIBE ||
	       m == METHOD_REFER || m == METHOD_NOTIFY;
}

bool lasting_is_call(const struct lesson *l)
{
	enum sip_method m = l->sip->method;

	if (m == METHOD_NOTIFY) /* of a transfer it may well be part of the call */
		return slice_istarts(sip_first(l->sip, HDR_EVENT), SLICE("refer"));
	if (m == METHOD_REFER && l->sip->kind == SIP_RESPONSE && l->asked)
		return l->asked->flags & TXN_IN_DIALOG;
	return m != METHOD_SUBSCRIBE && m != METHOD_REFER;
}

static struct slice subscription_state(const struct sip_msg *sip)
{
	for (unsigned i = 0; i < sip->count; i++)
		if (sip->hdr[i].id == HDR_OTHER &&
		    slice_ieq(sip->hdr[i].name, SLICE("Subscription-State")))
			return sip->hdr[i].value;
	return SLICE_NONE;
}

static void of_notify(const struct sip_msg *sip, struct lasting *out)
{
	struct slice state = subscription_state(sip), text;
	const char *semi = state.n ? memchr(state.p, ';', state.n) : NULL;

	if (slice_istarts(state, SLICE("terminated"))) {
		out->subscribed = true;
	} else if (semi && sip_param(slice_between(semi, state.p + state.n), SLICE("expires"),
				     &text) && number_of(text, &out->seconds)) {
		out->subscribed = true;
		out->seconds += SUBSCRIBED_SLACK;
	} /* else it lasts as it did (RFC 6665 4.1.3) */
}

/* Twice the interval: it is refreshed at half of it, and one refresh may get lost. */
static void of_session(const struct sip_msg *sip, struct lasting *out)
{
	uint32_t n;

	out->timed = true;
	if (number_of(sip_first(sip, HDR_SESSION_EXPIRES), &n))
		out->seconds = 2 * (n > SESSION_LEAST ? n : SESSION_LEAST);
}

void lasting_read(const struct lesson *l, struct lasting *out)
{
	const struct sip_msg *sip = l->sip;
	bool accepted = sip->kind == SIP_RESPONSE && sip->status / 100 == 2;
	uint32_t n;

	*out = (struct lasting){ false, false, 0 };
	if (sip->kind == SIP_REQUEST && sip->method == METHOD_NOTIFY)
		of_notify(sip, out);
	if (!accepted)
		return;
	if (sip->method == METHOD_INVITE || sip->method == METHOD_UPDATE)
		of_session(sip, out);
	if (sip->method != METHOD_SUBSCRIBE && sip->method != METHOD_REFER)
		return;
	out->subscribed = true;
	out->seconds = SUBSCRIBED + SUBSCRIBED_SLACK;
	if (sip->method == METHOD_SUBSCRIBE && number_of(sip_first(sip, HDR_EXPIRES), &n))
		out->seconds = n ? n + SUBSCRIBED_SLACK : 0;
}
