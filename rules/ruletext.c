/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule in words, in the order in which its conditions are asked. */
#include <stdarg.h>
#include <stdio.h>

#include "pkt.h"
#include "rule.h"
#include "ruleset.h"

struct writer {
	char *out;
	size_t room, n;
};

static void put(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writer *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->out + w->n, w->room - w->n, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	for (; n > 0 && w->n < w->room - 1; n--, w->n++)
		if ((unsigned char)w->out[w->n] < ' ' || w->out[w->n] == 0x7f)
			w->out[w->n] = '?'; /* what an escape in the config made */
}

#define SHOWN 6 /* entries of a list, which may have a million */

static void put_list(struct writer *w, const char *before, const struct conf_list *l)
{
	if (!l->n)
		return;
	put(w, "%s", before);
	for (unsigned i = 0; i < l->n && i < SHOWN; i++)
		put(w, "%s%.60s", i ? ", " : "", l->item[i].text);
	if (l->n > SHOWN)
		put(w, " and %u more", l->n - SHOWN);
}

static void put_duration(struct writer *w, uint32_t s)
{
	static const struct {
		uint32_t seconds;
		char unit;
	} units[] = { { 604800, 'w' }, { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	unsigned i = 0;

	while (i < 4 && s % units[i].seconds)
		i++;
	put(w, "%u%c", s / units[i].seconds, units[i].unit);
}

static void put_what(struct writer *w, const struct rule *r)
{
	static const char *const ways[] = { "from outside", "from inside", "both ways" };

	if (r->answers) {
		put_list(w, "answers ", &r->statuses);
		put_list(w, " to ", &r->methods);
	} else if (r->methods.n) {
		put_list(w, "", &r->methods);
	} else {
		put(w, "requests");
	}
	put(w, " %s", ways[r->direction]);
	if (r->transport != PROTO_NONE)
		put(w, " over %s", r->transport == PROTO_UDP ? "UDP" : "TCP");
}

static void put_header(struct writer *w, const struct rule *r)
{
	if (r->header_kind == HEADER_MISSING)
		put(w, "; without %.60s", r->header_name.p);
	else if (r->header_kind != HEADER_NONE && !r->pattern)
		put(w, "; with %.60s", r->header_name.p);
	else if (r->header_kind != HEADER_NONE)
		put(w, "; %.60s", r->header_name.p);
	put_list(w, " is ", &r->patterns);
}

static void put_rate(struct writer *w, const struct rule *r)
{
	static const char *const whose[] = { "", "per source", "per user", "per zone",
					     "per number", "in all" };

	if (!r->rate)
		return;
	put(w, "; more than %u in ", r->rate);
	put_duration(w, r->window);
	put(w, " %s", whose[r->per]);
}

static void put_action(struct writer *w, const struct rule *r)
{
	static const char *const actions[] = { "drop", "reject", "alert", "pass" };

	put(w, ": %s", actions[r->action]);
	if (!r->ban)
		return;
	put(w, ", ban ");
	put_duration(w, r->ban);
}

void rule_text(const struct rule *r, char *out, size_t room)
{
	const struct when_conf *when = &r->when_conf;
	struct writer w = { out, room, 0 };

	put_what(&w, r);
	put_list(&w, "; source ", &r->sources);
	put_list(&w, "; zone ", &when->zones);
	if (when->schedule[0])
		put(&w, "; %s %s", when->schedule[0] == '!' ? "not while" : "while",
		    when->schedule + (when->schedule[0] == '!'));
	put_list(&w, "; to ", &when->to);
	put_list(&w, "; group ", &when->groups);
	put_list(&w, "; user ", &when->users);
	put_list(&w, "; domain ", &r->domains);
	put_list(&w, "; number ", &r->numbers);
	put_header(&w, r);
	put_rate(&w, r);
	put_action(&w, r);
}
