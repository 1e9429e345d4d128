/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "approve.h"

#include "number/number.h"
#include "ruleset.h"
#include "state/approvals.h"

#define USER_ROOM 128

static struct approval_who who_asks(const struct probe *p)
{
	return (struct approval_who){ .account = p->account, .site = p->site,
				      .site_key = p->site_key };
}

bool evidence_approved(const struct probe *p, struct evidence *ev)
{
	struct approval_who who = who_asks(p);

	if (!p->account || !approval_granted(p->state, &who, ev->what, p->now))
		return false;
	ev->approved = true;
	return true;
}

/* E.164 with its plus where it is that, else as it was sent. */
static struct slice dialled(const struct probe *p, char room[USER_ROOM])
{
	const struct number *n = p->number;
	struct sip_uri uri;

	if (n && n->n) {
		room[0] = '+';
		memcpy(room + 1, n->digits, n->n);
		return number_is_far(n) ? (struct slice){ room, n->n + 1u } :
						 (struct slice){ room + 1, n->n };
	}
	(void)sip_uri_read(p->sip->uri, &uri);
	return sip_user(&uri, room, USER_ROOM);
}

void approve_ask(const struct probe *p, const struct evidence *ev, struct decision *d)
{
	const struct settings *s = &p->rules->settings;
	struct approval_ask ask = {
		.who = who_asks(p), .what = ev->what, .label = slice_of(ev->label),
		.token_life = s->approve_token, .grant_life = s->approve_grant,
		.most = s->approve_waiting,
	};
	char room[USER_ROOM];
	struct approval_token token;

	ask.number = dialled(p, room);
	if (!ev->what || !approval_ask(p->state, &ask, p->now, &token))
		return;
	d->notify = token.news;
	if (!token.news)
		return;
	memcpy(d->token, token.text, sizeof(d->token));
	d->approval = token.key;
	d->approval_life = s->approve_token;
}
