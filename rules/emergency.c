/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emergency.h"

#include "number/plan.h"
#include "sip/chars.h"

#define DIALLED 64
#define ROOM 1024 /* Kamailio reads no longer URI */
#define PLACE 7   /* digits of country and area at most, as in +49 3xxxx */

static bool is_dialled(const char *p)
{
	const char *start = p;

	while (*p && strchr("0123456789*#+", *p))
		p++;
	return !*p && p > start && p - start < DIALLED;
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

/* As it stands in a list, or with a + in front, as some phones write all they dial. */
static bool is_listed(const struct ruleset *rs, struct slice user)
{
	const struct conf_list *list = &rs->settings.emergency;
	const struct digits_list *own = &rs->numbers->emergency;

	if (user.n && user.p[0] == '+')
		user.p++, user.n--;
	/* nearly all that is dialled is of another length */
	if (!user.n || user.n >= DIALLED || !(rs->numbers->emergency_lengths >> user.n & 1))
		return false;
	for (unsigned i = 0; i < own->n; i++)
		if (slice_eq(user, own->item[i]))
			return true;
	for (unsigned i = 0; i < list->n && !own->n; i++)
		if (list->item[i].text[0] == user.p[0] &&
		    slice_eq(user, slice_of(list->item[i].text)))
			return true;
	return false;
}

bool emergency_number(const struct ruleset *rs, struct slice user)
{
	const char *end = user.n ? memchr(user.p, ';', user.n) : NULL;

	if (end)
		user.n = (uint32_t)(end - user.p);
	if (is_listed(rs, user))
		return true;
	for (unsigned i = 0; i < rs->numbers->outside.n; i++) {
		struct slice prefix = rs->numbers->outside.item[i];

		if (user.n > prefix.n && memcmp(user.p, prefix.p, prefix.n) == 0 &&
		    is_listed(rs, (struct slice){ user.p + prefix.n, user.n - prefix.n }))
			return true;
	}
	return false;
}

/* A house of many extensions may be the context of its own phones. */
bool emergency_elsewhere(const struct ruleset *rs, struct slice context)
{
	const struct numbers *n = rs->numbers;
	char room[NUMBERSET_DIGITS];
	struct slice d = { room, 0 };
	uint32_t classes;

	if (!n || !context.n || context.p[0] != '+')
		return false;
	for (uint32_t i = 1; i < context.n && d.n < sizeof(room); i++)
		if (is_digit(context.p[i]))
			room[d.n++] = context.p[i];
	classes = numberset_find(n->classes, d, NULL);
	return d.n > PLACE && ((classes != NUMBERSET_NONE && classes) ||
			       (n->country.n && memcmp(room, n->country.p, n->country.n) != 0));
}

bool emergency_service(struct slice uri)
{
	const struct slice sos = SLICE("urn:service:sos");

	return uri.n >= sos.n && slice_ieq((struct slice){ uri.p, sos.n }, sos) &&
	       (uri.n == sos.n || uri.p[sos.n] == '.');
}

bool emergency_call(const struct ruleset *rs, const struct sip_msg *sip)
{
	struct slice user, context = SLICE_NONE;
	char room[ROOM];
	struct sip_uri uri;

	if (sip->kind != SIP_REQUEST || sip->method != METHOD_INVITE || sip->to.tag.n)
		return false;
	if (emergency_service(sip->uri))
		return true;
	if (!sip_uri_read(sip->uri, &uri) || uri.user.n > sizeof(room))
		return false;
	user = sip_user(&uri, room, sizeof(room));
	if (!emergency_number(rs, user))
		return false;
	if (!sip_param(user, SLICE("phone-context"), &context))
		(void)sip_param(uri.params, SLICE("phone-context"), &context);
	return !emergency_elsewhere(rs, context);
}
