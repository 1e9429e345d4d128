/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sender calls itself (User-Agent, RFC 3261 20.41): scanners that do not
 * bother to lie, and lists of an operator's own.
 *
 * Every line of a repeated header is asked, so that hiding the scanner's name in
 * the second one does not help.
 */
#include "check.h"
#include "checks.h"
#include "match.h"

enum { ACCEPT, REFUSE };

struct agent_conf {
	struct conf_list deny_list, allow_list;
	uint8_t missing, repeated; /* ACCEPT or REFUSE */
	struct match *deny, *allow; /* NULL when the list is empty */
};

static const char *const choices[] = { "accept", "refuse", NULL };

/*
 * Tools that scan, guess or flood and say so; systemd/lists/scanners.txt ships
 * the same names for operators to add to.  Short names are anchored, and sipcli
 * carries its slash: a real phone's name must not hold one by chance ("SIPclient"
 * does).  Test tools that administrators use on their own servers (sipsak, SIPp)
 * are not here, nor are the names of real phones that scanners borrow.
 */
#define SCANNERS \
	"friendly-scanner,friendly-request,sipvicious,^svmap,^svwar,^svcrack,^svreport,scanner," \
	"sip-scan,sip_scan,sipscan,sipcli/,=sipcli,sundayddr,sundayaddr,vaxsipuseragent," \
	"vaxipuseragent,vaxuseragent,pplsip,sippts,mr.sip,mrsip,siparmyknife,^sivus,^smap,^iwar," \
	"^gulp,^test agent,^nmap,^nsauditor,^voiphopper,^bluebox"

#define AT(member) offsetof(struct agent_conf, member)

static const struct conf_row agent_rows[] = {
	{ "deny", CONF_LIST, AT(deny_list), 0, 0, SCANNERS, NULL,
	  "agents that are refused: \"text\", \"=equal\", \"^prefix\" or \"/expression/\"" },
	{ "allow", CONF_LIST, AT(allow_list), 0, 0, "", NULL,
	  "when not empty, only these agents may pass" },
	{ "missing", CONF_WORD, AT(missing), 0, 0, "accept", choices,
	  "a request without User-Agent: many trunks send none" },
	{ "repeated", CONF_WORD, AT(repeated), 0, 0, "refuse", choices,
	  "a request with several User-Agent headers: no phone sends that" },
	{ NULL },
};

static int agent_compile(void *conf, struct compiler *c)
{
	struct agent_conf *a = conf;
	int deny = match_list_compile(&a->deny_list, c, "deny", &a->deny);
	int allow = match_list_compile(&a->allow_list, c, "allow", &a->allow);

	return deny | allow;
}

static void agent_release(void *conf)
{
	struct agent_conf *a = conf;

	match_free(a->deny);
	match_free(a->allow);
}

static enum found judge(const struct agent_conf *a, struct slice agent, struct evidence *ev)
{
	int found = a->deny ? match_find(a->deny, agent) : -1;
	struct slice pattern;

	if (found >= 0) {
		pattern = slice_of(match_text(a->deny, found));
		evidence_reason(ev, "User-Agent is denied by \"%s\"", &pattern);
		evidence_bytes(ev, agent);
		return HIT;
	}
	if (!a->allow || match_find(a->allow, agent) >= 0)
		return CLEAR;
	evidence_reason(ev, "User-Agent is not on the allow list");
	evidence_bytes(ev, agent);
	ev->no_ban = true; /* a new model of phone is no attack on its whole office */
	return HIT;
}

static enum found agent_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct agent_conf *a = conf;
	unsigned n = p->sip->seen[HDR_USER_AGENT], at = 0;
	struct slice agent = SLICE_NONE;

	if (!n && a->missing == ACCEPT)
		return CLEAR;
	if (!n) {
		evidence_reason(ev, "no User-Agent header");
		ev->no_ban = true;
		return HIT;
	}
	while (sip_next(p->sip, HDR_USER_AGENT, &at, &agent))
		if (judge(a, agent, ev) == HIT)
			return HIT;
	if (n == 1 || a->repeated == ACCEPT)
		return CLEAR;
	evidence_reason(ev, "%u User-Agent headers", n);
	evidence_bytes(ev, agent);
	ev->no_ban = true;
	return HIT;
}

/*
 * Five minutes: one forged datagram with a scanner's name bans whom it names, so
 * the ban must end by itself soon; and a real scanner that comes back is banned
 * again by its first packet, so that a longer ban would gain little.
 */
const struct check check_agent = {
	.name = "agent",
	.help = "what the sender calls itself: known scanners, and lists of your own",
	.remedy = "take the name out of the list that matched (agent.deny), or give "
		  "the source a zone where agent is off",
	.stage = STAGE_MESSAGE,
	.needs = NEED_REQUEST,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 300, .ban_after = 1,
		      .ban_window = 60 },
	.rows = agent_rows,
	.conf_size = sizeof(struct agent_conf),
	.compile = agent_compile,
	.release = agent_release,
	.run = agent_run,
};
