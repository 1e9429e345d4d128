/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests inside a dialog: it must exist, and they must come from the side that they
 * claim to be (RFC 3261 12.2).  Servers let such requests pass more easily than those
 * that begin something: proxies relay them without asking who it is.
 *
 * Who has moved (mobile phones, NAT, carriers with many addresses) knows the tags, its
 * user and the next number.  That is believed of a site that holds a registration of
 * the user, or has proven that it receives what is sent to it; of others it is told
 * when they say that they move the call, and refused when they do anything else.
 */
#include "checks.h"
#include "ruleset.h"
#include "state/bindings.h"
#include "state/dialogs.h"
#include "state/sight.h"
#include "state/state.h"
#include "state/targets.h"

#define ROUTES_MAX 16
#define BLOCK_V4 26 /* bits of the blocks in is_near() */
#define BLOCK_V6 48

enum sides { SIDES_TOLERANT, SIDES_STRICT };

struct dialog_conf {
	uint8_t sides;
	bool targets;
};

static const char *const sides[] = { "tolerant", "strict", NULL };

static const struct conf_row dialog_rows[] = {
	{ "sides", CONF_WORD, offsetof(struct dialog_conf, sides), 0, 0, "tolerant", sides,
	  "strict: a side that has moved must have named its new address before" },
	{ "targets", CONF_BOOL, offsetof(struct dialog_conf, targets), 0, 0, "true", NULL,
	  "refuse what goes to a host that is no target of its dialog" },
	{ NULL },
};

static unsigned standing_of(const struct probe *p)
{
	return source_standing(p->state, p->site_key, p->now);
}

/* Does the source hold a registration of that user? */
static bool holds(const struct probe *p, uint64_t user)
{
	return user && binding_held(p->state, user, p->site_key, p->now);
}

static uint64_t speaker(const struct probe *p)
{
	return name_user_of_uri(p->state, p->sip->from.uri);
}

/*
 * The same user, going on where the side stopped.  ACK and CANCEL repeat the number of
 * their INVITE.  One of our servers does not move to the outside.
 */
static bool goes_on(const struct probe *p, const struct dialog_side *side)
{
	bool same = p->sip->method == METHOD_ACK || p->sip->method == METHOD_CANCEL;
	uint32_t least = same ? side->cseq : side->cseq + 1;

	return side->site[0] && p->sip->cseq >= least && speaker(p) == side->user;
}

/* Carriers, and networks that translate addresses, speak from any of a block of them. */
static bool is_near(const struct addr *a, const struct addr *b)
{
	unsigned len = addr_is_v4(a) ? ADDR_V4_BITS + BLOCK_V4 : BLOCK_V6;
	struct addr x = addr_masked(a, len), y = addr_masked(b, len);

	return addr_eq(&x, &y);
}

/* A side at a new address.  The ACK of a new answer repeats a tag that only whoever
 * received that can know. */
static bool may_have_moved(const struct probe *p, const struct dialog *d,
			   const struct dialog_side *side)
{
	if (holds(p, side->user))
		return true;
	return goes_on(p, side) &&
	       ((p->sip->method == METHOD_ACK && d->state == DIALOG_ANSWERED) ||
		side->by_name || is_near(&p->pkt->src, &side->addr) ||
		standing_of(p) != STRANGER);
}

static struct slice addr_text(const struct addr *a, char room[ADDR_TEXT])
{
	return (struct slice){ room, (uint32_t)addr_print(a, room) };
}

static struct slice method_of(const struct probe *p)
{
	return p->sip->method == METHOD_INVITE && p->names->to ? SLICE("re-INVITE") :
								 p->sip->method_name;
}

/* The dialog is known, and this is neither of its sides.  The real one may be forged
 * here: it is not to blame. */
static enum found wrong_side(const struct probe *p, struct evidence *ev)
{
	char room[ADDR_TEXT];
	struct slice method = method_of(p), src = addr_text(&p->pkt->src, room);

	ev->no_ban = true;
	ev->quiet = dialog_refused(p->state, p->names, p->now);
	evidence_reason(ev, "%s of a dialog from %s, which is not the side it claims", &method,
			&src);
	evidence_bytes(ev, sip_first(p->sip, HDR_CALL_ID));
	return HIT;
}

/* By these a side says that it has moved (RFC 3261 14.1, RFC 3311 5.1): it is told. */
static bool says_moved(const struct probe *p, const struct dialog *d, struct evidence *ev)
{
	char room[ADDR_TEXT];
	struct slice method = method_of(p), src = addr_text(&p->pkt->src, room);

	if ((p->sip->method != METHOD_INVITE && p->sip->method != METHOD_UPDATE) ||
	    !goes_on(p, dialog_from(d, p->names)))
		return false;
	ev->alert = true;
	evidence_reason(ev, "%s moves a call to %s, which has proven nothing", &method, &src);
	evidence_bytes(ev, sip_first(p->sip, HDR_CALL_ID));
	return true;
}

/* A retransmission is counted with the request that it repeats; and who has shown
 * that it receives our servers' answers may speak of a call older than our memory. */
static enum found unknown(const struct probe *p, struct evidence *ev, const char *what)
{
	struct slice method = method_of(p);

	ev->quiet = dialog_refused(p->state, p->names, p->now);
	ev->no_ban = ev->quiet || standing_of(p) != STRANGER;
	evidence_reason(ev, what, &method);
	evidence_bytes(ev, sip_first(p->sip, HDR_CALL_ID));
	return HIT;
}

static bool is_blind(const struct probe *p)
{
	return memory_blind(p->state, &p->rules->settings, &p->pkt->dst, p->now);
}

/* Does a URI send to us, or to where the side was told to send to? */
static bool is_target(const struct probe *p, uint64_t targets, struct slice text)
{
	struct slice maddr;
	struct sip_uri uri;
	struct addr a;

	(void)sip_uri_read(text, &uri); /* what stands before the damage will do */
	if (targets_have(targets, targets_of(p->state, &uri)))
		return true;
	return !sip_param(uri.params, SLICE("maddr"), &maddr) &&
	       addr_parse_host(uri.host, &a) == 0 && prefixset_has(&p->rules->inside_set, &a);
}

/* RFC 3261 12.2.1.1: the Route of a request is that of its dialog, byte for byte. */
static bool routes_known(const struct probe *p, uint64_t targets, struct slice *where)
{
	struct slice line, item;
	unsigned at = 0, n = 0;

	while (sip_next(p->sip, HDR_ROUTE, &at, &line))
		while (n++ < ROUTES_MAX && line.n && sip_list_next(&line, &item)) {
			struct sip_nameaddr na;

			if (!sip_nameaddr_read(item, &na) || is_target(p, targets, na.uri))
				continue;
			*where = na.uri;
			return false;
		}
	return n <= ROUTES_MAX;
}

/*
 * Proxies relay what has a To tag without asking who it is, to whatever its Request-URI
 * and Route say: a call of one's own, to anybody who may be called, would do for a call
 * to anywhere.  Judged is what begins something where it arrives, by those who began the
 * dialog: whom our servers called had no choice of his, and some carriers send to names.
 */
static bool strays(const struct probe *p, const struct dialog *d, struct evidence *ev)
{
	const struct dialog_side *side = dialog_from(d, p->names);
	uint64_t targets = side == &d->side[0] ? side->targets : TARGETS_ANY;
	struct slice method = method_of(p), where = p->sip->uri;
	enum sip_method m = p->sip->method;

	if ((m != METHOD_INVITE && m != METHOD_REFER && m != METHOD_SUBSCRIBE &&
	     m != METHOD_MESSAGE) || targets == TARGETS_NONE || targets == TARGETS_ANY ||
	    (is_target(p, targets, where) && routes_known(p, targets, &where)) ||
	    standing_of(p) == REGISTERED)
		return false;
	ev->no_ban = true;
	ev->quiet = dialog_refused(p->state, p->names, p->now);
	evidence_answer(ev, 403, "");
	evidence_reason(ev, "%s to %s, which is no target of its dialog", &method, &where);
	evidence_bytes(ev, sip_first(p->sip, HDR_CALL_ID));
	return true;
}

static bool is_its_side(const struct probe *p, const struct dialog *d, const struct dialog_conf *c)
{
	const struct dialog_side *side = dialog_from(d, p->names);

	if (dialog_has_site(side, p->site_key))
		return true;
	/* one tag for both sides: a phone that calls itself */
	if (d->side[0].tag == d->side[1].tag && dialog_has_site(&d->side[1], p->site_key))
		return true;
	if (c->sides == SIDES_TOLERANT && may_have_moved(p, d, side))
		return true;
	return is_blind(p); /* it may have moved before we were there */
}

/* More calls than there is room for: some were forgotten. */
static bool is_crowded(const struct probe *p)
{
	return dialogs_forgot(p->state, &p->rules->settings, p->now);
}

/* The call of a registered phone may be older than our memory: the server knows. */
static bool may_be_older(const struct probe *p, const struct dialog_conf *c)
{
	const struct settings *s = &p->rules->settings;

	return c->sides == SIDES_TOLERANT && holds(p, speaker(p)) &&
	       (p->sip->method == METHOD_BYE ||
		memory_age(p->state, p->now) < s->dialog_confirmed * NS);
}

static enum found judge(const struct probe *p, const struct dialog_conf *c, struct evidence *ev)
{
	struct dialog d;

	if (dialog_find(p->state, p->names, p->now, &d)) {
		if (c->targets && strays(p, &d, ev))
			return HIT;
		if (is_its_side(p, &d, c))
			return CLEAR;
		if (c->sides == SIDES_TOLERANT && says_moved(p, &d, ev))
			return HIT;
		return wrong_side(p, ev);
	}
	/* our request reached it, and its answer is still on its way (RFC 6665 4.1.2.4) */
	if (dialog_find_asked(p->state, p->names, p->now, &d))
		return c->sides == SIDES_TOLERANT || dialog_has_site(&d.side[1], p->site_key) ?
			       CLEAR : wrong_side(p, ev);
	if (is_blind(p) || is_crowded(p) || may_be_older(p, c))
		return CLEAR;
	return unknown(p, ev, "%s for a dialog that is not known");
}

/* RFC 3261 9.1: it has the branch, Call-ID, From and CSeq number of its INVITE. */
static enum found judge_cancel(const struct probe *p, const struct dialog_conf *c,
			       struct evidence *ev)
{
	struct transaction t;
	struct dialog half;
	bool known;

	if (txn_find(p->state, p->names->invite, p->now, &t))
		return CLEAR;
	if (p->names->to) /* of a re-INVITE whose transaction had to make room */
		return judge(p, c, ev);
	known = dialog_find_half(p->state, p->names, p->now, &half);
	if (known && half.side[0].cseq == p->sip->cseq &&
	    (dialog_has_site(&half.side[0], p->site_key) ||
	     (c->sides == SIDES_TOLERANT && may_have_moved(p, &half, &half.side[0]))))
		return CLEAR; /* its transaction had to make room, or it has moved */
	if (is_blind(p) || (c->sides == SIDES_TOLERANT && holds(p, speaker(p))))
		return CLEAR;
	if (known)
		return wrong_side(p, ev);
	return is_crowded(p) ? CLEAR : unknown(p, ev, "%s for no call that is being set up");
}

/* Networks repeat them, and nobody answers: a stray one is dropped without a word. */
static enum found judge_ack(const struct probe *p, const struct dialog_conf *c,
			    struct evidence *ev)
{
	struct transaction t;
	enum found found;

	/* RFC 3261 17.1.1.3: of a refusal it has the branch of the INVITE */
	if (txn_find(p->state, p->names->invite, p->now, &t))
		return CLEAR;
	found = p->names->to ? judge(p, c, ev) : is_blind(p) ? CLEAR :
	        unknown(p, ev, "%s without a dialog");
	ev->quiet = ev->no_ban = true;
	return found;
}

static enum found dialog_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	switch (p->sip->method) {
	case METHOD_CANCEL:
		return judge_cancel(p, conf, ev);
	case METHOD_ACK:
		return judge_ack(p, conf, ev);
	case METHOD_REGISTER: /* never part of a dialog; some phones repeat our tag */
		return CLEAR;
	default:
		return p->names->to ? judge(p, conf, ev) : CLEAR;
	}
}

const struct check check_dialog = {
	.name = "dialog",
	.help = "requests of a call that does not exist, or from somebody else than its sides",
	.remedy = "the call is not known: it began before sipmoatd did, past it, or "
		  "is somebody else's; let both directions pass here",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_REQUEST,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP,
		      .code = 481, .phrase = "Call/Transaction Does Not Exist",
		      .ban = 300, .ban_after = 5, .ban_window = 60 },
	.rows = dialog_rows,
	.conf_size = sizeof(struct dialog_conf),
	.run = dialog_run,
};
