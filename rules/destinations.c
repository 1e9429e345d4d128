/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "destinations.h"

#include <stdlib.h>

#include "account.h"
#include "checks.h"
#include "groups.h"
#include "ruleset.h"
#include "sip/chars.h"
#include "state/told.h"

/* No number is longer, and Kamailio reads no longer URI. */
#define ROOM 1024
#define READINGS 4

#define SECONDS_A_MINUTE 60

enum { TOLD_CALLER = 0xde57, TOLD_NUMBER, NAME_NUMBER = 0x4012 };

/* ---- of the config ---- */

static const char *const treats[] = { "accept", "alert", "drop", NULL };

#define LISTS_AT(type, key) (offsetof(type, raw) + offsetof(struct destination_lists_conf, key))
#define LISTS_ROWS(type) \
	{ "deny", CONF_LIST, LISTS_AT(type, deny), 0, 0, "", NULL, \
	  "users and numbers as dialled that may not be reached: \"text\", \"=equal\", " \
	  "\"^prefix\" or \"/expression/\"" }, \
	{ "allow", CONF_LIST, LISTS_AT(type, allow), 0, 0, "", NULL, \
	  "those that may be reached even when deny names them" }, \
	{ "deny_numbers", CONF_LIST, LISTS_AT(type, deny_numbers), 0, 0, "", NULL, \
	  "numbers that may not be reached: prefixes (E.164), classes" }, \
	{ "allow_numbers", CONF_LIST, LISTS_AT(type, allow_numbers), 0, 0, "", NULL, \
	  "those that may, where the prefix is as long as that of deny_numbers or longer" }, \
	{ "alert_numbers", CONF_LIST, LISTS_AT(type, alert_numbers), 0, 0, \
	  "high-risk,premium,satellite", NULL, "numbers that are told when somebody calls them" }, \
	{ "unparsable", CONF_WORD, LISTS_AT(type, unparsable), 0, 0, "accept", treats, \
	  "what is dialled like a number and is none" }

static const struct conf_row rule_rows[] = {
	{ "name", CONF_TEXT, offsetof(struct destination_entry, name), 0, 0, "", NULL,
	  "how reports call it" },
	WHEN_ROWS(struct destination_entry, when_conf),
	LISTS_ROWS(struct destination_entry),
	{ NULL },
};

const struct conf_row destination_rows[] = {
	LISTS_ROWS(struct destination_conf),
	{ .name = "rules", .type = CONF_GROUPS,
	  .offset = offsetof(struct destination_conf, entries), .max = 256, .fallback = "",
	  .rows = rule_rows, .size = sizeof(struct destination_entry),
	  .help = "lists for some users, groups, zones, numbers or times: the first that fits "
		  "takes the place of the others" },
	{ "leaving", CONF_BOOL, offsetof(struct destination_conf, leaving), 0, 0, "true", NULL,
	  "judge calls that leave to a trunk, too, by the lists of its zone" },
	{ "tell_again", CONF_DURATION, offsetof(struct destination_conf, tell_again), 0, 604800,
	  "1h", NULL, "how long the same caller's numbers of the same classes are not told again" },
	{ NULL },
};

static int lists_compile(struct destination_lists *l, const struct destination_lists_conf *raw,
			 struct compiler *c)
{
	int err = match_list_compile(&raw->deny, c, "deny", &l->deny);

	err |= match_list_compile(&raw->allow, c, "allow", &l->allow);
	err |= numberlist_compile(&raw->deny_numbers, c, "deny_numbers", &l->deny_numbers);
	err |= numberlist_compile(&raw->allow_numbers, c, "allow_numbers", &l->allow_numbers);
	err |= numberlist_compile(&raw->alert_numbers, c, "alert_numbers", &l->alert_numbers);
	l->unparsable = raw->unparsable;
	return err;
}

static void lists_release(struct destination_lists *l)
{
	match_free(l->deny);
	match_free(l->allow);
	numberlist_free(l->deny_numbers);
	numberlist_free(l->allow_numbers);
	numberlist_free(l->alert_numbers);
}

static int rule_compile(struct destination_rule *r, const struct destination_entry *e,
			struct compiler *c)
{
	struct compiler in = *c;

	in.group = e->at.text;
	in.file = e->at.file;
	in.line = e->at.line;
	r->name = e->name;
	if (!r->name[0])
		compiler_error(&in, NULL, "name", "is empty: reports need one");
	return when_compile(&r->when, &e->when_conf, &in) | lists_compile(&r->lists, &e->raw, &in) |
	       (r->name[0] ? 0 : -1);
}

int destination_compile(void *conf, struct compiler *c)
{
	struct destination_conf *d = conf;
	const struct destination_entry *e = d->entries.entry;
	int err = lists_compile(&d->lists, &d->raw, c);

	d->rule = calloc(d->entries.n + 1, sizeof(*d->rule));
	if (!d->rule) {
		compiler_error(c, NULL, "rules", "out of memory");
		return -1;
	}
	d->rules = d->entries.n;
	for (unsigned i = 0; i < d->rules; i++)
		err |= rule_compile(&d->rule[i], &e[i], c);
	return err;
}

void destination_release(void *conf)
{
	struct destination_conf *d = conf;

	lists_release(&d->lists);
	for (unsigned i = 0; i < d->rules; i++) {
		when_free(&d->rule[i].when);
		lists_release(&d->rule[i].lists);
	}
	free(d->rule);
}

const struct destination_conf *destination_of(const struct probe *p, const struct policy **policy)
{
	unsigned i = 0;

	while (checks[i] != &check_destination)
		i++;
	*policy = &p->zone->policy[i];
	return (*policy)->mode == MODE_OFF ? NULL : p->zone->conf[i];
}

/* ---- readings ---- */

/* To some servers the user part ends at its first ';' (RFC 3261 19.1.6), which
 * PJSIP looks for behind the escapes, or at an escaped NUL because they keep it in
 * a C string. */
static struct slice user_short(struct slice user)
{
	const char *p = user.p, *end = slice_end(user);

	for (; p < end && *p != ';'; p++) {
		struct slice rest = slice_between(p, end);

		if (*p == '%' && (slice_istarts(rest, SLICE("%00")) ||
				  slice_istarts(rest, SLICE("%3b"))))
			break;
	}
	return slice_between(user.p, p);
}

/*
 * "sip:0044123": Asterisk's chan_sip dials the host where there is no user.  Taken
 * for that is only what can be dialled; with a dot in it, it is a real host.
 */
static struct slice user_lone(const struct sip_uri *uri, struct slice text)
{
	const char *start, *end = slice_end(text), *p;

	if (!uri->scheme.n || uri->user.n || !slice_istarts(uri->scheme, SLICE("sip")))
		return SLICE_NONE;
	p = start = slice_end(uri->scheme) + 1;
	while (p < end && (is_digit(*p) || memchr("+*#%-()", *p, 7) ||
			   (p - start >= 2 && (p[-1] == '%' || p[-2] == '%'))))
		p++;
	return p == end || memchr(";?:@", *p, 4) ? slice_between(start, p) : SLICE_NONE;
}

/* Kamailio's tel2sip() takes the separators out of "%3-0" before escapes are undone. */
static struct slice user_dense(struct slice user, char *room, size_t size)
{
	struct slice out = { room, 0 };

	for (uint32_t i = 0; i < user.n && out.n < size; i++)
		if (!memchr("-.()", user.p[i], 4))
			room[out.n++] = user.p[i];
	return out;
}

struct slice destination_user(struct slice text, char *room, size_t size)
{
	struct sip_uri uri;

	(void)sip_uri_read(text, &uri); /* what stands before the damage will do */
	return sip_user(&uri, room, size);
}

/* ---- one of them ---- */

struct reading {
	struct slice user; /* as sip_user gives it */
	struct number number;
};

/* The lists that count, and the name of the rule that they are of, or NULL. */
static const struct destination_lists *lists_of(const struct destination_query *q,
						const struct number *number, const char **rule)
{
	const struct destination_rule *r = q->conf->rule;

	for (unsigned i = 0; i < q->conf->rules; i++) {
		if (!when_holds(&r[i].when, q->p, q->user, number))
			continue;
		*rule = r[i].name;
		return &r[i].lists;
	}
	*rule = NULL;
	return &q->conf->lists;
}

/* "premium": the first class of it that is worth a word. */
static struct slice class_name(const struct ruleset *rs, const struct number *n)
{
	const char *name, *last = "its class";

	for (unsigned i = 0; i < NUMBER_CLASSES && (name = number_class_name(rs, i)); i++) {
		if (!(n->classes >> i & 1))
			continue;
		last = name;
		if (strcmp(name, "international") != 0 && strcmp(name, "national") != 0)
			break;
	}
	return slice_of(last);
}

/* length: as numberlist_find says it. */
static void explain(const struct destination_query *q, const struct reading *r, const char *is,
		    unsigned length, const char *rule, struct evidence *ev)
{
	struct slice where = slice_of(q->where), verb = slice_of(is), number, class;
	struct slice in = slice_of(rule ? " in rule " : ""), by = slice_of(rule ? rule : "");
	char text[NUMBER_TEXT];

	number = (struct slice){ text, (uint32_t)number_print(&r->number, text) };
	class = class_name(q->p->rules, &r->number);
	evidence_what(ev, length > 1 ? "number" : "class",
		      length > 1 ? (struct slice){ r->number.digits, length - 1 } : class);
	if (length > 1)
		evidence_reason(ev, "%s %s is %s by its first %u digits%s%s", &where, &number,
				&verb, length - 1, &in, &by);
	else
		evidence_reason(ev, "%s %s is %s as %s%s%s", &where, &number, &verb, &class, &in,
				&by);
}

static enum destination_said patterns_judge(const struct destination_query *q,
					    const struct destination_lists *l,
					    const struct reading *r, struct evidence *ev)
{
	struct slice header = slice_of(q->where), pattern;
	int found = r->user.n ? match_find(l->deny, r->user) : -1;

	if (found < 0 || (l->allow && match_find(l->allow, r->user) >= 0))
		return DESTINATION_FREE;
	pattern = slice_of(match_text(l->deny, found));
	evidence_reason(ev, "%s is denied by \"%s\"", &header, &pattern);
	evidence_what(ev, "number", pattern);
	return DESTINATION_DENIED;
}

static enum destination_said numbers_judge(const struct destination_query *q,
					   const struct destination_lists *l, const char *rule,
					   const struct reading *r, struct evidence *ev)
{
	unsigned allow = numberlist_find(l->allow_numbers, &r->number);
	unsigned deny = numberlist_find(l->deny_numbers, &r->number);
	unsigned alert;

	if (deny > allow) {
		explain(q, r, "denied", deny, rule, ev);
		return DESTINATION_DENIED;
	}
	alert = numberlist_find(l->alert_numbers, &r->number);
	if (alert <= allow)
		return DESTINATION_FREE;
	explain(q, r, "told", alert, rule, ev);
	return DESTINATION_TOLD;
}

static enum destination_said reading_judge(const struct destination_query *q,
					   const struct reading *r, struct evidence *ev)
{
	const char *rule;
	const struct destination_lists *l = lists_of(q, &r->number, &rule);

	if (q->lists & LISTS_PATTERNS && l->deny && patterns_judge(q, l, r, ev))
		return DESTINATION_DENIED;
	if (!(q->lists & LISTS_NUMBERS))
		return DESTINATION_FREE;
	return numbers_judge(q, l, rule, r, ev);
}

static enum destination_said unparsable_judge(const struct destination_query *q,
					      const struct reading *r, struct evidence *ev)
{
	struct slice where = slice_of(q->where);
	const char *rule;
	unsigned treat;

	if (!(q->lists & LISTS_UNPARSABLE) || r->number.kind != NUMBER_UNPARSABLE)
		return DESTINATION_FREE;
	treat = lists_of(q, &r->number, &rule)->unparsable;
	if (treat == NUMBER_ACCEPT)
		return DESTINATION_FREE;
	evidence_reason(ev, "%s is dialled like a number and is none", &where);
	evidence_what(ev, "number", SLICE("unparsable"));
	return treat == NUMBER_DROP ? DESTINATION_DENIED : DESTINATION_TOLD;
}

/* ---- all of them ---- */

struct readings {
	struct reading at[READINGS];
	unsigned n;
	struct slice raw; /* as it was sent */
	char room[READINGS][ROOM];
};

static struct reading *reading_add(struct readings *all, struct sip_uri uri, struct slice user)
{
	struct reading *r = &all->at[all->n];

	uri.user = user;
	r->user = sip_user(&uri, all->room[all->n], ROOM);
	if (!r->user.n)
		return NULL;
	all->n++;
	return r;
}

/* The user is read in all ways, since nobody knows which one the server's is; and
 * so is that of a URI that is broken behind it.  known: what number it is, if that was read
 * before. */
static void read_all(const struct ruleset *rs, struct slice text, const struct number *known,
		     struct readings *all)
{
	struct slice whole, context = SLICE_NONE;
	char room[ROOM];
	struct sip_uri uri;
	struct reading *r;

	all->n = 0;
	(void)sip_uri_read(text, &uri);
	whole = uri.user.n ? uri.user : user_lone(&uri, text);
	all->raw = whole;
	r = reading_add(all, uri, whole);
	if (!r)
		return;
	(void)sip_param(uri.params, SLICE("phone-context"), &context);
	if (uri.user.n && known)
		r->number = *known;
	else if (uri.user.n)
		number_of_uri(rs, text, &r->number);
	else
		number_read(rs, r->user, context, &r->number);
	if (context.n) { /* few servers look at it */
		all->at[all->n] = *r;
		number_read(rs, r->user, SLICE_NONE, &all->at[all->n++].number);
	}
	if (user_short(whole).n < whole.n && (r = reading_add(all, uri, user_short(whole))))
		number_read(rs, r->user, context, &r->number);
	if (!slice_ieq(uri.scheme, SLICE("tel")))
		return;
	r = reading_add(all, uri, user_dense(whole, room, sizeof(room)));
	if (r)
		number_read(rs, r->user, context, &r->number);
}

/* With action = "approve": may the account have it? */
static bool is_approved(const struct probe *p, struct evidence *ev)
{
	const struct policy *policy;

	return destination_of(p, &policy) && policy->action == ACTION_APPROVE &&
	       evidence_approved(p, ev);
}

/* One more thing that was said of a URI: the worst stays. */
static void add(const struct probe *p, enum destination_said said, struct evidence *of,
		enum destination_said *worst, struct evidence *ev)
{
	if (said <= *worst)
		return;
	if (said == DESTINATION_DENIED && is_approved(p, of)) {
		ev->approved = true;
		return;
	}
	*worst = said;
	memcpy(ev->reason, of->reason, sizeof(ev->reason));
	memcpy(ev->label, of->label, sizeof(ev->label));
	ev->what = of->what;
}

enum destination_said destination_judge(const struct destination_query *q, struct slice text,
					struct evidence *ev, struct number *number)
{
	const struct ruleset *rs = q->p->rules;
	enum destination_said worst = DESTINATION_FREE;
	const struct number *known = NULL;
	struct evidence of;
	struct readings all;

	if (q->p->number && text.p == q->p->sip->uri.p)
		known = q->p->number;
	read_all(rs, text, known, &all);
	if (number)
		*number = all.n ? all.at[0].number : (struct number){ .kind = NUMBER_NONE };
	if (!all.n || all.at[0].number.kind == NUMBER_EMERGENCY)
		return DESTINATION_FREE;
	evidence_bytes(ev, all.raw);
	add(q->p, unparsable_judge(q, &all.at[0], &of), &of, &worst, ev);
	for (unsigned i = 0; i < all.n && worst < DESTINATION_DENIED; i++)
		add(q->p, reading_judge(q, &all.at[i], &of), &of, &worst, ev);
	return worst;
}

/* ---- what is only told ---- */

/* The other leg of a call tells nothing new. */
static bool number_is_news(const struct probe *p, const struct number *n, bool leaves)
{
	uint64_t key = key_with(name_bytes(p->state, NAME_NUMBER, number_digits(n)), TOLD_NUMBER);
	bool before = told_before(p->state, key, p->now);

	if (!before)
		(void)told_now(p->state, key, p->now, p->now + SECONDS_A_MINUTE * NS);
	return !leaves || !before;
}

bool destination_is_news(const struct destination_query *q, const struct number *number)
{
	const struct probe *p = q->p;
	bool leaves = p->pkt->dir == DIR_OUTBOUND;
	bool shown = p->account && p->account->shown;
	uint64_t who = shown ? p->account->key : p->site_key;

	if (!leaves && !shown && !p->names->to && trunk_of(p->rules, &p->pkt->src) < 0 &&
	    source_standing(p->state, p->site_key, p->now) == STRANGER)
		return false;
	if (!number_is_news(p, number, leaves))
		return false;
	who = key_with(key_with(who, TOLD_CALLER), number->classes);
	return !q->conf->tell_again ||
	       told_now(p->state, who, p->now, p->now + q->conf->tell_again * NS);
}
