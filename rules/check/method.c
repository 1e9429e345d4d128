/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which methods may be used at all (RFC 3261 8.2.1).  Names are case-sensitive. */
#include "check.h"
#include "methodset.h"

struct method_conf {
	struct conf_list allow_list, deny_list;
	struct methodset allow, deny;
	char allowed[METHODSET_TEXT]; /* for the answer */
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

static int method_compile(void *conf, struct compiler *c)
{
	struct method_conf *mc = conf;
	int allow = methodset_compile(&mc->allow, &mc->allow_list, c, "allow");
	int deny = methodset_compile(&mc->deny, &mc->deny_list, c, "deny");

	methodset_text(&mc->allow, &mc->deny, mc->allowed);
	return allow | deny;
}

static enum found method_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct method_conf *mc = conf;
	struct slice allowed = slice_of(mc->allowed);

	if (methodset_has(&mc->allow, p->sip) && !methodset_has(&mc->deny, p->sip))
		return CLEAR;
	evidence_reason(ev, "method %s is not allowed", &p->sip->method_name);
	evidence_bytes(ev, p->sip->method_name);
	evidence_answer(ev, 405, "Allow: %s", &allowed); /* RFC 3261 8.2.1 */
	return HIT;
}

const struct check check_method = {
	.name = "method",
	.help = "refuses requests whose method is not on the list",
	.remedy = "add the method to method.allow when your servers need it from "
		  "outside",
	.stage = STAGE_MESSAGE,
	.needs = NEED_REQUEST,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP,
		      .code = 405, .phrase = "Method Not Allowed",
		      .ban = 600, .ban_after = 5, .ban_window = 60 },
	.rows = method_rows,
	.conf_size = sizeof(struct method_conf),
	.compile = method_compile,
	.run = method_run,
};
