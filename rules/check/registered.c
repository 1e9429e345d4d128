/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls, messages and subscriptions only from where their sender is registered: a name
 * in From costs nothing, a binding that the server accepted does.  Requests within a
 * dialog belong to the dialog; those of trusted peers, who may speak for others (RFC
 * 3325), are accepted before they come here.
 *
 * Who says nothing that could be held against a binding (no credentials yet, an
 * anonymous From: RFC 3323 4.1.1.3) may pass when anybody at all is registered at the
 * site: the server will ask him.
 */
#include "check.h"
#include "checks.h"
#include "emergency.h"
#include "ruleset.h"
#include "state/bindings.h"
#include "state/memory.h"
#include "state/sight.h"
#include "state/state.h"

enum identity { IDENTITY_FROM, IDENTITY_LOGIN, IDENTITY_EITHER, IDENTITY_BOTH };

struct registered_conf {
	struct conf_list methods_list;
	uint32_t grace, learning; /* s */
	uint8_t identity;         /* enum identity */
	uint32_t methods;         /* bit per enum sip_method */
};

static const char *const identities[] = { "from", "login", "either", "both", NULL };

#define AT(member) offsetof(struct registered_conf, member)

static const struct conf_row registered_rows[] = {
	{ "methods", CONF_LIST, AT(methods_list), 0, 0, "INVITE,MESSAGE,SUBSCRIBE,REFER,PUBLISH",
	  NULL, "requests that only who is registered may begin" },
	{ "identity", CONF_WORD, AT(identity), 0, 0, "from", identities,
	  "who must be registered: the user in From, that of the credentials, one, or both" },
	{ "grace", CONF_DURATION, AT(grace), 0, 3600, "32s", NULL,
	  "how long a registration counts beyond its end: a refresh may be on its way" },
	{ "learning", CONF_DURATION, AT(learning), 0, 604800, "1h", NULL,
	  "after the start, until every phone has registered anew; 0 when memory.learning is" },
	{ NULL },
};

static int registered_compile(void *conf, struct compiler *c)
{
	struct registered_conf *r = conf;
	int err = 0;

	r->methods = 0;
	for (unsigned i = 0; i < r->methods_list.n; i++) {
		const struct conf_item *item = &r->methods_list.item[i];
		enum sip_method m = sip_method_of(slice_of(item->text));

		if (m == METHOD_UNKNOWN || m == METHOD_REGISTER || m == METHOD_ACK ||
		    m == METHOD_CANCEL) {
			compiler_error(c, item, "methods",
				       "\"%s\" begins nothing that could be asked of registered "
				       "users only", item->text);
			err = -1;
			continue;
		}
		r->methods |= 1u << m;
	}
	return err;
}

/* "100" and "100@pbx.example" are the same user (RFC 7616 3.4). */
static uint64_t login_user(const struct probe *p)
{
	char text[256] = "sip:";
	struct slice name;
	uint32_t n = 4;

	if (!p->names->login || !sip_digest_param(p->names->credentials, SLICE("username"), &name))
		return 0;
	for (uint32_t i = 0; i < name.n && name.p[i] != '@' && n + 2 < sizeof(text); i++)
		text[n++] = name.p[i];
	text[n++] = '@';
	text[n++] = 'x';
	return name_user_of_uri(p->state, (struct slice){ text, n });
}

static bool is_anonymous(const struct probe *p)
{
	struct sip_nameaddr na;
	struct sip_uri uri;

	if (!sip_nameaddr_read(sip_first(p->sip, HDR_FROM), &na))
		return false;
	(void)sip_uri_read(na.uri, &uri);
	return slice_ieq(uri.user, SLICE("anonymous")) ||
	       slice_ieq(uri.host, SLICE("anonymous.invalid"));
}

static bool holds(const struct probe *p, const struct registered_conf *r, uint64_t user)
{
	uint64_t late = r->grace * NS;

	return user && (binding_held(p->state, user, p->site_key, p->now) ||
			(late < p->now &&
			 binding_held(p->state, user, p->site_key, p->now - late)));
}

/* Where a server of ours has registered itself, it wants to be called from. */
static bool is_carrier(const struct probe *p, const struct registered_conf *r)
{
	uint64_t late = r->grace * NS;

	return upstream_held(p->state, p->site_key, p->now) ||
	       (late < p->now && upstream_held(p->state, p->site_key, p->now - late));
}

static bool anybody(const struct probe *p)
{
	return source_standing(p->state, p->site_key, p->now) == REGISTERED;
}

static bool may_begin(const struct probe *p, const struct registered_conf *r)
{
	bool from = r->identity != IDENTITY_LOGIN && holds(p, r, p->names->from_user);
	uint64_t user;
	bool login;

	if (from && r->identity != IDENTITY_BOTH)
		return true;
	if (r->identity != IDENTITY_LOGIN && !from && is_anonymous(p))
		from = anybody(p);
	if (r->identity == IDENTITY_FROM)
		return from;
	user = login_user(p);
	login = user ? holds(p, r, user) : anybody(p);
	return r->identity == IDENTITY_BOTH ? from && login : from || login;
}

/*
 * A phone registers and calls at once, and the answer to its REGISTER is still on its
 * way: the call is dropped gently, its next repetition will pass.  A TCP connection
 * without a REGISTER under way ends instead, or that request would block the REGISTER
 * behind it for good.
 */
static void soften(const struct probe *p, struct evidence *ev)
{
	struct binding b;

	binding_find(p->state, p->names->from_user, 0, p->site_key, p->now, &b);
	ev->gentle = b.asked;
	ev->no_ban |= b.asked;
}

static enum found registered_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct registered_conf *r = conf;
	const struct settings *s = &p->rules->settings;
	static const struct slice nobody = SLICE("From names no user");
	struct slice method = slice_of(sip_method_name(p->sip->method));

	if (!(r->methods >> p->sip->method & 1) || p->names->to || may_begin(p, r))
		return CLEAR;
	if (memory_blind(p->state, s, &p->pkt->dst, p->now) ||
	    (s->learning && memory_age(p->state, p->now) < r->learning * NS))
		return CLEAR;
	if (is_carrier(p, r) || emergency_call(p->rules, p->sip))
		return CLEAR;
	if (p->names->from_user)
		evidence_reason(ev, "%s from where its sender is not registered", &method);
	else
		evidence_reason(ev, "%s whose %s", &method, &nobody);
	evidence_bytes(ev, sip_first(p->sip, HDR_FROM));
	soften(p, ev);
	return HIT;
}

const struct check check_registered = {
	.name = "registered",
	.help = "calls, messages and subscriptions only from where their sender is registered",
	.remedy = "the phone must register from the address that it calls from; "
		  "trunks that never register belong into trusted or trunks",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_REQUEST,
	.defaults = { .mode = MODE_OFF, .action = ACTION_DROP, .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = registered_rows,
	.conf_size = sizeof(struct registered_conf),
	.compile = registered_compile,
	.run = registered_run,
};
