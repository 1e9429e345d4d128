/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which methods may be used at all (RFC 3261 8.2.1).  Names are case-sensitive. */
#include <stdio.h>

#include "check.h"
#include "sip/chars.h"

/* Methods of an operator's own, beside the registered ones. */
#define OWN_MAX 16

struct method_set {
	uint32_t known; /* bit per enum sip_method */
	unsigned n_own;
	struct slice own[OWN_MAX];
};

struct method_conf {
	struct conf_list allow_list, deny_list;
	struct method_set allow, deny;
};

static const struct conf_row method_rows[] = {
	{ .name = "allow",
	  .type = CONF_LIST,
	  .offset = offsetof(struct method_conf, allow_list),
	  .fallback = "ACK,BYE,CANCEL,INFO,INVITE,MESSAGE,NOTIFY,OPTIONS,PRACK,PUBLISH,REFER,"
		      "REGISTER,SUBSCRIBE,UPDATE",
	  .help = "methods that may pass, registered or not; names are case-sensitive" },
	{ .name = "deny",
	  .type = CONF_LIST,
	  .offset = offsetof(struct method_conf, deny_list),
	  .fallback = "",
	  .help = "methods that are refused even when allow names them" },
	{ 0 },
};

/* The registered method that differs from name in case only, or NULL. */
static const char *case_slip(struct slice name)
{
	for (unsigned i = METHOD_UNKNOWN + 1; i < METHOD_COUNT; i++)
		if (slice_ieq(slice_of(sip_method_name(i)), name))
			return sip_method_name(i);
	return NULL;
}

/* It may be one of theirs; a slip of the pen would refuse every INVITE. */
static void warn_of_own(struct compiler *c, const struct conf_item *item, const char *key)
{
	char where[128];

	snprintf(where, sizeof(where), "%s.%s", c->group, key);
	conf_report_add(c->report, CONF_WARNING, item->file, item->line, where,
			"\"%s\" is no registered SIP method; taken as one of your own", item->text);
}

static int set_add(struct method_set *set, const struct conf_item *item, struct compiler *c,
		   const char *key)
{
	struct slice name = slice_of(item->text);
	enum sip_method m = sip_method_of(name);
	const char *meant = case_slip(name);

	if (m != METHOD_UNKNOWN) {
		set->known |= 1u << m;
		return 0;
	}
	if (!is_token(name)) {
		compiler_error(c, item, key, "\"%s\" cannot be a method name: only letters, digits "
			       "and -.!%%*_+`'~ may stand in one", item->text);
		return -1;
	}
	if (meant) {
		compiler_error(c, item, key, "method names are case-sensitive: \"%s\" is another "
			       "method than %s; write %s", item->text, meant, meant);
		return -1;
	}
	if (set->n_own == OWN_MAX) {
		compiler_error(c, item, key, "more than %u methods that are not registered: "
			       "remove some", OWN_MAX);
		return -1;
	}
	warn_of_own(c, item, key);
	set->own[set->n_own++] = name;
	return 0;
}

static int set_compile(struct method_set *set, const struct conf_list *list, struct compiler *c,
		       const char *key)
{
	int err = 0;

	for (unsigned i = 0; i < list->n; i++)
		if (set_add(set, &list->item[i], c, key) < 0)
			err = -1;
	return err;
}

static int method_compile(void *conf, struct compiler *c)
{
	struct method_conf *mc = conf;
	int allow = set_compile(&mc->allow, &mc->allow_list, c, "allow");
	int deny = set_compile(&mc->deny, &mc->deny_list, c, "deny");

	return allow | deny;
}

static bool set_has(const struct method_set *set, const struct sip_msg *sip)
{
	if (sip->method != METHOD_UNKNOWN)
		return set->known >> sip->method & 1;
	for (unsigned i = 0; i < set->n_own; i++)
		if (slice_eq(set->own[i], sip->method_name))
			return true;
	return false;
}

static enum found method_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct method_conf *mc = conf;

	if (set_has(&mc->allow, p->sip) && !set_has(&mc->deny, p->sip))
		return CLEAR;
	evidence_reason(ev, "method %s is not allowed", &p->sip->method_name);
	evidence_bytes(ev, p->sip->method_name);
	return HIT;
}

const struct check check_method = {
	.name = "method",
	.help = "refuses requests whose method is not on the list",
	.stage = STAGE_MESSAGE,
	.needs = NEED_REQUEST,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 600, .ban_after = 5,
		      .ban_window = 60 },
	.rows = method_rows,
	.conf_size = sizeof(struct method_conf),
	.compile = method_compile,
	.run = method_run,
};
