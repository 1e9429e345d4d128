/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the source is.  Deny wins over allow; when one of the allow lists has
 * entries, only what one of them names may pass.  Private addresses are at home
 * everywhere; addresses that belong to nobody are unknown, whatever a database
 * says.
 */
#include <stdlib.h>

#include "check.h"
#include "checks.h"
#include "compiler.h"
#include "geo.h"
#include "ruleset.h"

enum { ACCEPT, REFUSE };

struct place_list {
	struct conf_list written;
	uint32_t *value; /* sorted */
	unsigned n;      /* 0 too when it cannot work for lack of a database */
};

struct country_conf {
	struct place_list allow, deny, asn_allow, asn_deny;
	uint8_t unknown; /* ACCEPT or REFUSE */
	bool by_country, by_asn; /* which databases are asked */
};

static const char *const choices[] = { "accept", "refuse", NULL };

#define AT(member) offsetof(struct country_conf, member)

static const struct conf_row country_rows[] = {
	{ "allow", CONF_LIST, AT(allow.written), 0, 0, "", NULL,
	  "countries that may pass (ISO 3166); when not empty, no others" },
	{ "deny", CONF_LIST, AT(deny.written), 0, 0, "", NULL,
	  "countries that are refused, also when allow names them" },
	{ "asn_allow", CONF_LIST, AT(asn_allow.written), 0, 0, "", NULL,
	  "autonomous systems that may pass beside the countries in allow" },
	{ "asn_deny", CONF_LIST, AT(asn_deny.written), 0, 0, "", NULL,
	  "autonomous systems that are refused" },
	{ "unknown", CONF_WORD, AT(unknown), 0, 0, "accept", choices,
	  "a source that the databases do not know" },
	{ NULL },
};

/*
 * Without one of its databases the check can still refuse what a deny list names
 * by the other; but who is not on the allow lists, and who is unknown, it cannot
 * tell, and then it refuses nobody.
 */
static void lose(struct country_conf *cc, struct place_list *deny, struct compiler *c,
		 const char *what)
{
	cc->allow.n = cc->asn_allow.n = deny->n = 0;
	cc->unknown = ACCEPT;
	compiler_degraded(c, "", "no %s database: of this check only deny lists of the other "
			  "database work; sipmoat-geo-update fetches one, or set geo.%s",
			  what, what);
}

static void need_databases(struct country_conf *cc, struct compiler *c)
{
	bool asns = cc->asn_allow.n || cc->asn_deny.n;
	bool countries = cc->allow.n || cc->deny.n || !asns;

	if (c->mode == MODE_OFF)
		return;
	if (!cc->allow.n && !cc->deny.n && !asns && cc->unknown == ACCEPT) {
		compiler_degraded(c, "", "all lists are empty: no source would be refused");
		return;
	}
	if (countries && !geo_has_country(c->geo))
		lose(cc, &cc->deny, c, "country");
	if (asns && !geo_has_asn(c->geo))
		lose(cc, &cc->asn_deny, c, "asn");
	cc->by_country = countries && geo_has_country(c->geo);
	cc->by_asn = asns && geo_has_asn(c->geo);
}

static int country_compile(void *conf, struct compiler *c)
{
	struct country_conf *cc = conf;
	int err = 0;

	err |= compiler_countries(c, &cc->allow.written, "allow", &cc->allow.value, &cc->allow.n);
	err |= compiler_countries(c, &cc->deny.written, "deny", &cc->deny.value, &cc->deny.n);
	err |= compiler_asns(c, &cc->asn_allow.written, "asn_allow", &cc->asn_allow.value,
			     &cc->asn_allow.n);
	err |= compiler_asns(c, &cc->asn_deny.written, "asn_deny", &cc->asn_deny.value,
			     &cc->asn_deny.n);
	if (err)
		return -1;
	need_databases(cc, c);
	return 0;
}

static void country_release(void *conf)
{
	struct country_conf *cc = conf;

	free(cc->allow.value);
	free(cc->deny.value);
	free(cc->asn_allow.value);
	free(cc->asn_deny.value);
}

static bool listed(const struct place_list *l, uint32_t value)
{
	return value && compiler_has(l->value, l->n, value);
}

static enum found refuse_country(uint32_t country, const char *why, struct evidence *ev)
{
	char code[2] = { (char)(country >> 8), (char)country };
	struct slice text = { code, 2 }, words = slice_of(why);

	evidence_reason(ev, "country %s %s", &text, &words);
	evidence_bytes(ev, text);
	return HIT;
}

static enum found refuse_asn(uint32_t asn, const char *why, struct evidence *ev)
{
	struct slice words = slice_of(why);

	evidence_reason(ev, "AS%u %s", asn, &words);
	return HIT;
}

static enum found judge(const struct country_conf *cc, uint32_t country, uint32_t asn,
			struct evidence *ev)
{
	if (listed(&cc->deny, country))
		return refuse_country(country, "is denied", ev);
	if (listed(&cc->asn_deny, asn))
		return refuse_asn(asn, "is denied", ev);
	if (listed(&cc->allow, country) || listed(&cc->asn_allow, asn))
		return CLEAR;
	if (cc->by_country ? !country : !asn) {
		evidence_reason(ev, cc->by_country ? "country unknown" : "AS unknown");
		return cc->unknown == REFUSE ? HIT : CLEAR;
	}
	if (!cc->allow.n && !cc->asn_allow.n)
		return CLEAR;
	return cc->by_country ? refuse_country(country, "is not on the allow list", ev) :
				refuse_asn(asn, "is not on the allow list", ev);
}

static enum found country_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct country_conf *cc = conf;
	const struct addr *src = &p->pkt->src;
	uint32_t country, asn;

	if ((!cc->by_country && !cc->by_asn) || addr_is_private(src))
		return CLEAR;
	country = cc->by_country ? geo_country(p->rules->geo, src) : 0;
	asn = cc->by_asn ? geo_asn(p->rules->geo, src) : 0;
	return judge(cc, country, asn, ev);
}

/*
 * Off until the operator names countries and installs a database.  The ban moves
 * the work into the kernel; a forged source does no harm here, since its owner is
 * refused anyhow.
 */
const struct check check_country = {
	.name = "country",
	.help = "countries and networks that may or may not send",
	.remedy = "add the country to country.allow, or give the source a zone of its "
		  "own where country is off; an address in the wrong country is the "
		  "database's: update it",
	.stage = STAGE_SOURCE,
	.needs = NEED_ANY,
	.uses_geo = true,
	.defaults = { .mode = MODE_OFF, .action = ACTION_DROP, .ban = 300, .ban_after = 1,
		      .ban_window = 60 },
	.rows = country_rows,
	.conf_size = sizeof(struct country_conf),
	.compile = country_compile,
	.release = country_release,
	.run = country_run,
};
