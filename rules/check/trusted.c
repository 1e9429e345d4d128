/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources the operator vouches for, in the configuration or by hand: their packets are
 * accepted before anything else is asked.  Loopback and private addresses are not trusted
 * by themselves: on a router they are customers, and on a PBX host a proxy may sit there.
 */
#include "trusted.h"

#include <stdlib.h>

#include "check.h"
#include "checks.h"
#include "compiler.h"
#include "ruleset.h"

struct trusted_conf {
	struct conf_list written;
	struct prefix *prefix;
	size_t n;
	struct prefixset set;
};

static const struct conf_row trusted_rows[] = {
	{ "addresses", CONF_LIST, offsetof(struct trusted_conf, written), 0, 0, "", NULL,
	  "addresses and prefixes of carriers, trunks and proxies you vouch for" },
	{ NULL },
};

static int trusted_compile(void *conf, struct compiler *c)
{
	struct trusted_conf *t = conf;

	if (compiler_prefixes(c, &t->written, "addresses", &t->prefix, &t->n) < 0)
		return -1;
	if (prefixset_build(&t->set, t->prefix, t->n) == 0)
		return 0;
	compiler_error(c, NULL, "addresses", "out of memory");
	return -1;
}

static void trusted_release(void *conf)
{
	struct trusted_conf *t = conf;

	free(t->prefix);
	prefixset_free(&t->set);
}

const struct prefix *trusted_prefixes(const void *conf, size_t *n)
{
	const struct trusted_conf *t = conf;

	*n = t->n;
	return t->prefix;
}

static enum found trusted_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct trusted_conf *t = conf;
	struct ban allow;

	(void)ev;
	return p->zone->trust || prefixset_has(&t->set, &p->pkt->src) ||
	       state_allow_find(p->state, &p->pkt->src, p->now, &allow) ? TRUST : CLEAR;
}

const struct check check_trusted = {
	.name = "trusted",
	.help = "sources whose packets are accepted before anything else is asked",
	.remedy = "nothing is refused here; take the address out of trusted.addresses "
		  "when it is not yours to trust",
	.stage = STAGE_SOURCE,
	.needs = NEED_ANY,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = trusted_rows,
	.conf_size = sizeof(struct trusted_conf),
	.compile = trusted_compile,
	.release = trusted_release,
	.run = trusted_run,
};
