/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions and rules in words, in the order in which they are asked. */
#include "pkt.h"
#include "rule.h"
#include "ruleset.h"

static void put_what(struct text *w, const struct condition *d)
{
	static const char *const ways[] = { "from outside", "from inside", "both ways" };

	if (d->answers) {
		text_list(w, "answers ", &d->statuses);
		text_list(w, " to ", &d->methods);
	} else if (d->methods.n) {
		text_list(w, "", &d->methods);
	} else {
		text_put(w, "requests");
	}
	text_put(w, " %s", ways[d->direction]);
	if (d->transport != PROTO_NONE)
		text_put(w, " over %s", d->transport == PROTO_UDP ? "UDP" : "TCP");
}

static void put_header(struct text *w, const struct condition *d)
{
	if (d->header_kind == HEADER_MISSING)
		text_put(w, "; without %.60s", d->header_name.p);
	else if (d->header_kind != HEADER_NONE && !d->pattern)
		text_put(w, "; with %.60s", d->header_name.p);
	else if (d->header_kind != HEADER_NONE)
		text_put(w, "; %.60s", d->header_name.p);
	text_list(w, " is ", &d->patterns);
}

void condition_text(struct text *w, const struct condition *d)
{
	const struct when_conf *when = &d->when_conf;

	put_what(w, d);
	text_list(w, "; source ", &d->sources);
	text_list(w, "; zone ", &when->zones);
	if (when->schedule[0])
		text_put(w, "; %s %s", when->schedule[0] == '!' ? "not while" : "while",
			 when->schedule + (when->schedule[0] == '!'));
	text_list(w, "; to ", &when->to);
	text_list(w, "; group ", &when->groups);
	text_list(w, "; user ", &when->users);
	text_list(w, "; domain ", &d->domains);
	text_list(w, "; number ", &d->numbers);
	put_header(w, d);
}

static void put_rate(struct text *w, const struct rule *r)
{
	static const char *const whose[] = { "", "per source", "per user", "per zone",
					     "per number", "in all" };

	if (!r->rate)
		return;
	text_put(w, "; more than %u in ", r->rate);
	text_duration(w, r->window);
	text_put(w, " %s", whose[r->per]);
}

static void put_action(struct text *w, const struct rule *r)
{
	static const char *const actions[] = { "drop", "reject", "alert", "pass" };

	text_put(w, ": %s", actions[r->action]);
	if (!r->ban)
		return;
	text_put(w, ", ban ");
	text_duration(w, r->ban);
}

void rule_text(const struct rule *r, char *out, size_t room)
{
	struct text w = { out, room, 0 };

	condition_text(&w, &r->when);
	put_rate(&w, r);
	put_action(&w, r);
}
