/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom a request wants to reach: an operator's own lists over the URIs that a server
 * would act upon (rules/destinations.h).
 *
 * Which those are is what servers do, not what a caller means.  To is never one:
 * RFC 3261 16.5 and Asterisk alike go by the Request-URI.  A Route is one when it
 * can take the Request-URI's place: without ;lr by the rule of RFC 3261 16.6 (6),
 * and the last one by that of 16.4, which a caller sets off with a Request-URI
 * that names the proxy itself and a To tag of his own making.  Refer-To has the
 * server place a call of its own (RFC 3515 2.4.1): here it is asked for what was dialled,
 * the transfer check looks at the number.  maddr and the other Routes say by which host a
 * request travels, not whom it is for.
 *
 * What leaves to a trunk is asked, too: a server that was broken into, or a phone that is
 * forwarded, calls numbers that nobody outside has dialled.
 */
#include "account.h"
#include "checks.h"
#include "destinations.h"
#include "groups.h"
#include "state/dialogs.h"

#define USER_ROOM 128
#define URIS_MAX 32 /* of Refer-To there is one, of Routes that are not loose hardly any */

/* Servers take the first, or the last, or what first stands in brackets: what hides behind
 * so many others is not let through, and they are not all judged for it. */
static enum destination_said too_many(const char *where, struct evidence *ev)
{
	struct slice header = slice_of(where);

	evidence_reason(ev, "%s names more than %u addresses", &header, URIS_MAX);
	return DESTINATION_DENIED;
}

static enum destination_said refer_judge(const struct destination_query *q,
					 const struct sip_msg *sip, struct evidence *ev)
{
	struct destination_query refer = *q;
	struct slice line = SLICE_NONE, item;
	struct sip_nameaddr to;
	unsigned at = 0, n = 0;

	refer.where = "Refer-To";
	refer.lists = LISTS_PATTERNS;
	while (sip_next(sip, HDR_REFER_TO, &at, &line))
		while (sip_list_next(&line, &item)) {
			if (n++ == URIS_MAX)
				return too_many(refer.where, ev);
			if (sip_nameaddr_read(item, &to) &&
			    destination_judge(&refer, to.uri, ev, NULL) == DESTINATION_DENIED)
				return DESTINATION_DENIED;
		}
	return DESTINATION_FREE;
}

static bool is_loose(struct slice text)
{
	struct sip_uri uri;
	struct slice lr;

	return sip_uri_read(text, &uri) && sip_param(uri.params, SLICE("lr"), &lr);
}

/* What they name is no more than told by the Request-URI. */
static enum destination_said route_judge(const struct destination_query *q,
					 const struct sip_msg *sip, struct evidence *ev)
{
	struct destination_query route = *q;
	struct slice line = SLICE_NONE, item, last = SLICE_NONE;
	struct sip_nameaddr to;
	unsigned at = 0, n = 0;

	route.where = "Route";
	route.lists &= ~(unsigned)LISTS_UNPARSABLE;
	while (sip_next(sip, HDR_ROUTE, &at, &line)) {
		while (sip_list_next(&line, &item)) {
			if (!sip_nameaddr_read(item, &to))
				continue;
			last = to.uri;
			if (is_loose(last))
				continue;
			if (n++ == URIS_MAX)
				return too_many(route.where, ev);
			if (destination_judge(&route, last, ev, NULL) == DESTINATION_DENIED)
				return DESTINATION_DENIED;
		}
	}
	return last.n && destination_judge(&route, last, ev, NULL) == DESTINATION_DENIED ?
		       DESTINATION_DENIED : DESTINATION_FREE;
}

/* The call goes on to whom it was made: that was asked when it began. */
static bool goes_on(const struct probe *p)
{
	const struct dialog_side *from;
	struct dialog d;

	if (!p->names || !p->names->to || !dialog_find(p->state, p->names, p->now, &d))
		return false;
	from = dialog_from(&d, p->names);
	return dialog_has_site(from, p->site_key) &&
	       d.side[from == &d.side[0]].user == name_user_of_uri(p->state, p->sip->uri);
}

static enum destination_said uri_judge(const struct destination_query *q, struct evidence *ev)
{
	const struct probe *p = q->p;
	struct number number;
	enum destination_said said = destination_judge(q, p->sip->uri, ev, &number);

	if (said == DESTINATION_DENIED && goes_on(p))
		return DESTINATION_FREE;
	if (said == DESTINATION_TOLD && (p->sip->to.tag.n || !destination_is_news(q, &number)))
		return DESTINATION_FREE;
	return said;
}

static enum destination_said judge(struct destination_query *q, bool refer, struct evidence *ev)
{
	const struct sip_msg *sip = q->p->sip;
	enum destination_said said;

	if (refer && refer_judge(q, sip, ev) == DESTINATION_DENIED)
		return DESTINATION_DENIED;
	q->lists = LISTS_PATTERNS;
	if (!refer)
		q->lists |= LISTS_NUMBERS | (sip->to.tag.n ? 0 : LISTS_UNPARSABLE);
	said = uri_judge(q, ev);
	if (said != DESTINATION_DENIED && route_judge(q, sip, ev) == DESTINATION_DENIED)
		said = DESTINATION_DENIED;
	return said;
}

/* Of what leaves, calls and messages that begin, to a trunk. */
static bool is_asked(const struct probe *p, const struct destination_conf *d, bool refer)
{
	if (!refer && !sip_is_method(p->sip, METHOD_INVITE) &&
	    !sip_is_method(p->sip, METHOD_MESSAGE))
		return false;
	return p->pkt->dir == DIR_INBOUND ||
	       (d->leaving && !refer && !p->sip->to.tag.n &&
		trunk_of(p->rules, &p->pkt->dst) >= 0);
}

static enum found destination_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	struct destination_query q = { .p = p, .conf = conf, .where = "Request-URI" };
	bool refer = sip_is_method(p->sip, METHOD_REFER);
	enum destination_said said;
	char room[USER_ROOM];

	if (!is_asked(p, conf, refer))
		return CLEAR;
	q.user = p->account && p->account->n ? account_user(p->account) :
		 destination_user(p->sip->from.uri, room, sizeof(room));
	said = judge(&q, refer, ev);
	if (said == DESTINATION_FREE)
		return CLEAR;
	ev->alert = said == DESTINATION_TOLD;
	return HIT;
}

/*
 * No ban: a wrong number is no attack, and over UDP one call that nobody answers is
 * sent seven times.
 */
const struct check check_destination = {
	.name = "destination",
	.help = "users and numbers that may not be called or written to",
	.remedy = "take the number or user out of destination.deny, or allow a longer "
		  "prefix of it; sipmoat number NUMBER shows how it is read",
	.stage = STAGE_MESSAGE,
	.needs = NEED_REQUEST,
	.methods = 1u << METHOD_INVITE | 1u << METHOD_MESSAGE | 1u << METHOD_REFER |
		   1u << METHOD_UNKNOWN,
	.way = WAY_BOTH,
	.approves = true,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_REJECT, .code = 403,
		      .phrase = "Destination blocked", .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = destination_rows,
	.conf_size = sizeof(struct destination_conf),
	.compile = destination_compile,
	.release = destination_release,
	.run = destination_run,
};
