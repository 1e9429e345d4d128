/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emergency.h"

#define ROOM 64

static bool is_dialled(const char *p)
{
	const char *start = p;

	while (*p && strchr("0123456789*#+", *p))
		p++;
	return !*p && p > start && p - start < ROOM;
}

void emergency_compile(const struct settings *s, struct conf_report *r)
{
	for (unsigned i = 0; i < s->emergency.n; i++) {
		const struct conf_item *item = &s->emergency.item[i];

		if (!is_dialled(item->text))
			conf_report_add(r, CONF_ERROR, item->file, item->line, "emergency",
					"\"%s\" is no number: must be digits, *, # and +",
					item->text);
	}
}

bool emergency_number(const struct ruleset *rs, struct slice user)
{
	const struct conf_list *list = &rs->settings.emergency;
	const char *end = user.n ? memchr(user.p, ';', user.n) : NULL;

	if (end)
		user.n = (uint32_t)(end - user.p);
	for (unsigned i = 0; i < list->n; i++)
		if (slice_eq(user, slice_of(list->item[i].text)))
			return true;
	return false;
}

/* urn:service:sos, urn:service:sos.fire, ... */
static bool is_service(struct slice uri)
{
	const struct slice sos = SLICE("urn:service:sos");

	return uri.n >= sos.n && slice_ieq((struct slice){ uri.p, sos.n }, sos) &&
	       (uri.n == sos.n || uri.p[sos.n] == '.');
}

bool emergency_call(const struct ruleset *rs, const struct sip_msg *sip)
{
	char room[ROOM];
	struct sip_uri uri;

	if (sip->kind != SIP_REQUEST || sip->method != METHOD_INVITE || sip->to.tag.n)
		return false;
	if (is_service(sip->uri))
		return true;
	return sip_uri_read(sip->uri, &uri) &&
	       emergency_number(rs, sip_user(&uri, room, sizeof(room)));
}
