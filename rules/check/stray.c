/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nobody asked for: responses from outside that answer no request of a server
 * inside, and requests that claim to come from one.
 *
 * A response belongs to the request whose top Via it repeats (RFC 3261 17.1.3).
 * Servers behind us forward what they cannot place (RFC 3261 16.7, stateless), or take
 * it for the answer to a call.
 *
 * A request whose top Via or Contact names a server inside makes it answer, or
 * call, itself.  Private addresses say nothing: the phone's network at home may have
 * the same ones.  A request of ours that a proxy outside sent back (a spiral) still
 * carries our Via, with its branch.
 */
#include "check.h"
#include "checks.h"
#include "inside.h"
#include "state/flows.h"
#include "state/memory.h"
#include "state/sight.h"

/* Does one of the lower Vias name a request of ours that is under way? */
static bool is_spiral(const struct probe *p)
{
	struct slice line, item;
	struct transaction t;
	unsigned at = 0, vias = 0;

	while (sip_next(p->sip, HDR_VIA, &at, &line))
		while (line.n && sip_list_next(&line, &item)) {
			uint64_t key = vias++ ? names_asked(p->state, p->names, p->sip, item) : 0;

			if (vias > 16)
				return false;
			if (key && txn_find(p->state, key, p->now, &t))
				return true;
		}
	return false;
}

static enum found claims(struct evidence *ev, const char *fmt, struct slice host)
{
	ev->no_ban = true; /* a device with a wrong setting does so in all it sends */
	evidence_reason(ev, fmt, &host);
	evidence_bytes(ev, host);
	return HIT;
}

/* Where else answers may be asked to go (RFC 3261 18.2.2); who sends may not know. */
static bool via_claims(const struct probe *p, const struct sip_via *via, struct slice *host)
{
	static const struct slice names[] = { SLICE("maddr"), SLICE("received") };

	*host = via->host;
	if (inside_claim(p->rules, p->pkt, via->host, via->port))
		return true;
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (sip_param(via->params, names[i], host) && inside_host(p->rules, *host))
			return true;
	return false;
}

static bool contact_claims(const struct probe *p, struct slice *host)
{
	struct sip_uri uri;

	if (!p->sip->contact.n || !sip_uri_read(p->sip->contact, &uri))
		return false;
	*host = uri.host;
	if (inside_claim(p->rules, p->pkt, uri.host, uri.port))
		return true;
	return sip_param(uri.params, SLICE("maddr"), host) && inside_host(p->rules, *host);
}

static enum found judge_request(const struct probe *p, struct evidence *ev)
{
	struct slice host;

	if (via_claims(p, &p->sip->via, &host))
		return claims(ev, "request from outside whose top Via is our server %s", host);
	if (!contact_claims(p, &host) || is_spiral(p))
		return CLEAR;
	return claims(ev, "request from outside whose Contact is our server %s", host);
}

static enum found judge_response(const struct probe *p, struct evidence *ev)
{
	unsigned status = p->sip->status;
	struct transaction t;

	/* without a Via that can be read: malformed's */
	if (!p->names->txn || (p->segment && p->segment->missed) ||
	    txn_find(p->state, p->names->txn, p->now, &t) ||
	    memory_blind(p->state, &p->rules->settings, &p->pkt->dst, p->now))
		return CLEAR;
	evidence_reason(ev, "response %u that answers no request of ours", status);
	evidence_bytes(ev, sip_first(p->sip, HDR_VIA));
	return HIT;
}

static enum found stray_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	(void)conf;
	if (p->sip->kind == SIP_RESPONSE)
		return judge_response(p, ev);
	return judge_request(p, ev);
}

/* No ban: such packets need no return path, so anybody can forge them. */
const struct check check_stray = {
	.name = "stray",
	.help = "responses to no request of ours, and requests that claim to be ours",
	.remedy = "answers to nothing: a server that is asked past this gateway "
		  "(asymmetric routing), or somebody who guesses; let both directions "
		  "pass here",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_SIP,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.run = stray_run,
};
