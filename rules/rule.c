/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule.h"

#include <stdlib.h>

#include "compiler.h"
#include "named.h"
#include "pkt.h"
#include "sip/chars.h"

#define AT(member) offsetof(struct rule, member)

static const char *const directions[] = { "in", "out", "both", NULL };
static const char *const transports[] = { "any", "udp", "tcp", NULL };
static const uint8_t protos[] = { PROTO_NONE, PROTO_UDP, PROTO_TCP };
static const char *const pers[] = { "nothing", "source", "user", "zone", "number", "all", NULL };
static const char *const actions[] = { "drop", "reject", "alert", "pass", NULL };

const struct conf_row rule_rows[] = {
	{ "name", CONF_TEXT, AT(name), 0, 0, "", NULL, "how reports call the rule" },
	{ "method", CONF_LIST, AT(methods), 0, 0, "", NULL,
	  "of requests with these methods; with status: of their answers" },
	{ "direction", CONF_WORD, AT(direction), 0, 0, "in", directions,
	  "in: from outside; out: from a server of yours" },
	WHEN_ROWS(struct rule, when_conf),
	{ "source", CONF_LIST, AT(sources), 0, 0, "", NULL,
	  "the outside end is in one of these prefixes" },
	{ "transport", CONF_WORD, AT(transport), 0, 0, "any", transports, "over this transport" },
	{ "domain", CONF_LIST, AT(domains), 0, 0, "", NULL,
	  "the domain in From is one of these: patterns as for users" },
	{ "number", CONF_LIST, AT(numbers), 0, 0, "", NULL,
	  "the user of the Request-URI, as it is dialled, is one of these patterns" },
	{ "header", CONF_TEXT, AT(header), 0, 0, "", NULL,
	  "there is a header of this name; \"!name\": there is none" },
	{ "matches", CONF_LIST, AT(patterns), 0, 0, "", NULL,
	  "a line of that header is one of these patterns" },
	{ "status", CONF_LIST, AT(statuses), 0, 0, "", NULL,
	  "of answers, with these codes: \"403\", or \"5\" for 500 to 599" },
	{ "rate", CONF_INT, AT(rate), 0, 1000000, "0", NULL,
	  "only of what comes on top of so many in the window; 0: of all" },
	{ "per", CONF_WORD, AT(per), 0, 0, "nothing", pers, "what the rate is counted for" },
	{ "window", CONF_DURATION, AT(window), 1, 86400, "60s", NULL, "the time of the rate" },
	{ "action", CONF_WORD, AT(action), 0, 0, "drop", actions,
	  "drop; reject: and answered; alert: only told; pass: no rule behind it is asked" },
	{ "ban", CONF_DURATION, AT(ban), 0, 31449600, "0s", NULL,
	  "how long the source is banned; 0: as the key of the check says" },
	{ NULL },
};

/* Not even what it costs to count would be worth a rule that always holds. */
static bool has_condition(const struct rule *r)
{
	const struct when_conf *w = &r->when_conf;

	return r->methods.n || r->sources.n || r->domains.n || r->numbers.n || r->statuses.n ||
	       r->header[0] || r->transport || r->rate || w->users.n || w->groups.n ||
	       w->zones.n || w->to.n || w->schedule[0];
}

static int sources_compile(struct rule *r, struct compiler *c)
{
	struct prefix *p;
	size_t n;
	int err;

	if (!r->sources.n)
		return 0;
	if (compiler_prefixes(c, &r->sources, "source", &p, &n) < 0)
		return -1;
	err = prefixset_build(&r->source, p, n);
	free(p);
	if (err)
		compiler_error(c, NULL, "source", "out of memory");
	return err ? -1 : 0;
}

static int header_compile(struct rule *r, struct compiler *c)
{
	bool missing = r->header[0] == '!';
	struct slice name = slice_of(r->header + missing);

	if (!r->header[0]) {
		if (!r->patterns.n)
			return 0;
		compiler_error(c, NULL, "matches", "needs a header whose lines it speaks of");
		return -1;
	}
	if (!is_token(name)) {
		compiler_error(c, NULL, "header", "\"%.40s\" cannot be the name of a header",
			       r->header);
		return -1;
	}
	if (missing && r->patterns.n) {
		compiler_error(c, NULL, "matches",
			       "has nothing to look at: there shall be no %.40s", name.p);
		return -1;
	}
	r->header_kind = missing ? HEADER_MISSING : HEADER_LINE;
	if (slice_ieq(name, SLICE("Request-URI")) && !missing)
		r->header_kind = HEADER_URI;
	r->header_id = sip_header_of(name);
	r->header_name = name;
	return match_list_compile(&r->patterns, c, "matches", &r->pattern);
}

/* "403", "5" or "5xx"; 0: it is none. */
static unsigned status_parse(const char *text, unsigned *last)
{
	size_t n = strlen(text);
	unsigned code = 0;

	for (size_t i = 0; i < n && is_digit(text[i]) && i < 3; i++)
		code = code * 10 + (unsigned)(text[i] - '0');
	if (n == 3 && code >= 100) {
		*last = code;
	} else if ((n == 1 || (n == 3 && strcmp(text + 1, "xx") == 0)) && code < 10) {
		code *= 100;
		*last = code + 99;
	} else {
		return 0;
	}
	return code >= 100 && code < STATUS_END && is_digit(text[0]) ? code : 0;
}

static int statuses_compile(struct rule *r, struct compiler *c)
{
	int err = 0;

	r->answers = r->statuses.n;
	for (unsigned i = 0; i < r->statuses.n; i++) {
		const struct conf_item *item = &r->statuses.item[i];
		unsigned last, code = status_parse(item->text, &last);

		if (!code) {
			compiler_error(c, item, "status",
				       "\"%.40s\" is no status: write \"403\", or \"5\" for 500 to "
				       "599", item->text);
			err = -1;
		}
		for (; code && code <= last; code++)
			r->status[code / 8] |= (uint8_t)(1u << code % 8);
	}
	return err;
}

static int rate_check(const struct rule *r, struct compiler *c)
{
	if (r->rate && r->per == PER_NOTHING)
		compiler_error(c, NULL, "per", "says for what the rate is counted: must be "
			       "\"source\", \"user\", \"zone\", \"number\" or \"all\"");
	else if (!r->rate && r->per != PER_NOTHING)
		compiler_error(c, NULL, "rate", "is 0: nothing is counted per %s", pers[r->per]);
	else
		return 0;
	return -1;
}

/* What can never be together is an error: the rule would seem to work and never fire. */
static int fit_check(const struct rule *r, struct compiler *c)
{
	if (r->statuses.n && (r->numbers.n || r->header_kind == HEADER_URI))
		compiler_error(c, NULL, "status", "an answer has no Request-URI");
	else if (r->statuses.n && (r->when_conf.to.n || r->per == PER_NUMBER))
		compiler_error(c, NULL, "status", "an answer dials no number");
	else if (r->ban && r->action > RULE_REJECT)
		compiler_error(c, NULL, "ban", "follows action = \"drop\" or \"reject\" only");
	else if (r->action == RULE_REJECT && r->statuses.n)
		compiler_error(c, NULL, "action", "nothing answers an answer: write \"drop\"");
	else if (r->ban && r->direction == RULE_OUT)
		compiler_error(c, NULL, "ban", "is for sources outside: of what leaves none is to "
			       "blame");
	else
		return 0;
	return -1;
}

/* FNV-1a */
static uint64_t id_of(const char *name)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3;
	return h;
}

int rule_compile(struct rule *r, struct compiler *c)
{
	int err = named_check(c, r->name) ? 0 : -1;

	if (!has_condition(r)) {
		compiler_error(c, NULL, "", "has no condition, so that it would be for every "
			       "message: set method, source, users, number, header, rate ...");
		err = -1;
	}
	r->transport = protos[r->transport];
	r->id = id_of(r->name);
	err |= when_compile(&r->when, &r->when_conf, c);
	err |= methodset_compile(&r->method, &r->methods, c, "method");
	err |= sources_compile(r, c);
	err |= match_list_compile(&r->domains, c, "domain", &r->domain);
	err |= match_list_compile(&r->numbers, c, "number", &r->number);
	err |= header_compile(r, c);
	err |= statuses_compile(r, c);
	err |= rate_check(r, c);
	return err | fit_check(r, c);
}

void rule_free(struct rule *r)
{
	when_free(&r->when);
	prefixset_free(&r->source);
	match_free(r->domain);
	match_free(r->number);
	match_free(r->pattern);
}
