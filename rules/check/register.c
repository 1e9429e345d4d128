/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registrations (RFC 3261 10): how many, for whom, for how long, how fast.
 *
 * The limits compare what the servers have accepted, never what was asked: nobody can
 * use up somebody else's share with requests that are refused.  A REGISTER that only
 * refreshes what is there is within every limit.
 *
 * After a power cut all phones come back at once.  What is too fast is dropped without
 * a ban and without ending its connection: the phone sends it again after 0.5, 1, 2 ...
 * seconds (RFC 3261 17.1.2.2), which spreads the crowd.  Users that were registered at
 * their site within the last day have a budget of their own, which strangers cannot use
 * up.  An answer to a challenge, and the repetition of what has passed, cost nothing:
 * they were paid for by the first request.
 */
#include "check.h"
#include "checks.h"
#include "inside.h"
#include "ruleset.h"
#include "state/bindings.h"
#include "state/memory.h"
#include "state/meter.h"
#include "state/state.h"

enum { ACCEPT, REFUSE };

enum meter_kind {
	METER_ALL = 0x30, /* + 1 for users that are known at the site */
	METER_SITE = METER_ALL + 2,
};

struct register_conf {
	uint32_t contacts, aors, new_aors, total;
	uint32_t rate, burst, source_rate, source_burst;
	uint32_t min_expires, max_expires;
	uint8_t star, own, third_party; /* ACCEPT or REFUSE */
	struct conf_list domains, contact_domains;
};

static const char *const choices[] = { "accept", "refuse", NULL };

#define AT(member) offsetof(struct register_conf, member)
#define MOST 60000 /* what a site's tally counts to */

static const struct conf_row register_rows[] = {
	{ "contacts", CONF_INT, AT(contacts), 0, CONTACTS_MOST, "10", NULL,
	  "contacts that an address-of-record may have; 0: any number" },
	{ "aors", CONF_INT, AT(aors), 0, MOST, "2000", NULL,
	  "addresses-of-record that may be registered from one source; 0: any number" },
	{ "new_aors", CONF_INT, AT(new_aors), 0, MOST, "1000", NULL,
	  "of them new ones within an hour; 0: any number" },
	{ "total", CONF_INT, AT(total), 0, 16777216, "0", NULL,
	  "contacts that may be registered in all; 0: any number" },
	{ "rate", CONF_INT, AT(rate), 0, 100000, "1000", NULL,
	  "REGISTERs a second that may come in all; 0: any number" },
	{ "burst", CONF_INT, AT(burst), 1, 1000000, "2000", NULL,
	  "so many at once, when there were fewer before" },
	{ "source_rate", CONF_INT, AT(source_rate), 0, 100000, "100", NULL,
	  "REGISTERs a second from one source; 0: any number" },
	{ "source_burst", CONF_INT, AT(source_burst), 1, 1000000, "300", NULL,
	  "so many at once, when there were fewer before" },
	{ "min_expires", CONF_DURATION, AT(min_expires), 0, 86400, "0s", NULL,
	  "shortest life that may be asked for, but for 0; 0: any" },
	{ "max_expires", CONF_DURATION, AT(max_expires), 0, 31536000, "0s", NULL,
	  "longest life that may be asked for; 0: any" },
	{ "star", CONF_WORD, AT(star), 0, 0, "refuse", choices,
	  "\"Contact: *\" with another contact beside it, or without \"Expires: 0\"" },
	{ "own", CONF_WORD, AT(own), 0, 0, "refuse", choices,
	  "a contact that is one of our servers, by its public address" },
	{ "third_party", CONF_WORD, AT(third_party), 0, 0, "accept", choices,
	  "a user who registers another one: From and To differ" },
	{ "domains", CONF_LIST, AT(domains), 0, 0, "", NULL,
	  "when not empty, only at these may one register" },
	{ "contact_domains", CONF_LIST, AT(contact_domains), 0, 0, "", NULL,
	  "when not empty, a contact with a name for a host must have one of these" },
	{ NULL },
};

static int burst_check(struct compiler *c, const char *key, uint32_t rate, uint32_t burst)
{
	if (burst >= rate)
		return 0;
	compiler_error(c, NULL, key, "%u is less than the rate of %u a second; write at least "
		       "that", burst, rate);
	return -1;
}

static int register_compile(void *conf, struct compiler *c)
{
	struct register_conf *r = conf;
	int all = burst_check(c, "burst", r->rate, r->burst);
	int source = burst_check(c, "source_burst", r->source_rate, r->source_burst);

	return all | source;
}

/* What one REGISTER is about. */
struct request {
	uint64_t user, aor; /* whom it registers */
	const struct contacts_asked *asked;
	struct binding binding; /* of the user at this site */
};

/* RFC 3261 10.2.2: alone, and to remove all. */
static enum found star_judge(const struct probe *p, struct evidence *ev)
{
	struct contact_walk w = { 0 };
	struct sip_nameaddr na;
	unsigned n = 0;
	bool star = false, zero = true;

	while (contact_next(p->sip, &w, &na)) {
		n++;
		if (!slice_eq(na.uri, SLICE("*")))
			continue;
		star = true;
		zero &= contact_seconds(p->sip, &na) == 0;
	}
	if (!star || (n == 1 && zero))
		return CLEAR;
	evidence_answer(ev, 400, ""); /* RFC 3261 10.3, step 6 */
	if (n > 1)
		evidence_reason(ev, "\"Contact: *\" is not alone");
	else
		evidence_reason(ev, "\"Contact: *\" without \"Expires: 0\"");
	evidence_bytes(ev, sip_first(p->sip, HDR_CONTACT));
	return HIT;
}

static bool domain_listed(const struct conf_list *l, struct slice host)
{
	for (unsigned i = 0; i < l->n; i++)
		if (slice_ieq(host, slice_of(l->item[i].text)))
			return true;
	return false;
}

/* An address is judged by others; .invalid stands for a host that nobody can call but
 * over the connection it came by (RFC 7118 5, RFC 2606 2). */
static bool is_foreign(const struct register_conf *r, struct slice host)
{
	const struct slice invalid = SLICE(".invalid");
	struct addr a;

	if (!r->contact_domains.n || !host.n || addr_parse_host(host, &a) == 0 ||
	    domain_listed(&r->contact_domains, host))
		return false;
	return host.n < invalid.n ||
	       !slice_ieq((struct slice){ host.p + host.n - invalid.n, invalid.n }, invalid);
}

static enum found contact_judge(const struct probe *p, const struct register_conf *r,
				const struct sip_nameaddr *na, struct evidence *ev)
{
	bool stated = p->sip->seen[HDR_EXPIRES];
	struct slice own;
	struct sip_uri uri;
	uint32_t seconds;

	(void)sip_uri_read(na->uri, &uri);
	if (r->own == REFUSE && inside_claim(p->rules, p->pkt, uri.host, uri.port)) {
		evidence_reason(ev, "the contact is our server %s", &uri.host);
		evidence_bytes(ev, na->uri);
		return HIT;
	}
	if (is_foreign(r, uri.host)) {
		evidence_reason(ev, "the contact is of a foreign domain: %s", &uri.host);
		evidence_bytes(ev, na->uri);
		return HIT;
	}
	if (!r->min_expires && !r->max_expires)
		return CLEAR;
	seconds = contact_seconds(p->sip, na);
	stated |= sip_param(na->params, SLICE("expires"), &own);
	if (!stated || !seconds ||
	    (seconds >= r->min_expires && (!r->max_expires || seconds <= r->max_expires)))
		return CLEAR;
	/* RFC 3261 20.23: the client asks again for as long as that */
	if (seconds < r->min_expires)
		evidence_answer(ev, 423, "Min-Expires: %u", r->min_expires);
	if (r->max_expires)
		evidence_reason(ev, "asks for %u s, may be %u s to %u s", seconds, r->min_expires,
				r->max_expires);
	else
		evidence_reason(ev, "asks for %u s, may be %u s at least", seconds,
				r->min_expires);
	evidence_bytes(ev, na->uri);
	ev->no_ban = true;
	return HIT;
}

static enum found contacts_judge(const struct probe *p, const struct register_conf *r,
				 struct evidence *ev)
{
	struct contact_walk w = { 0 };
	struct sip_nameaddr na;

	if (r->own == ACCEPT && !r->min_expires && !r->max_expires && !r->contact_domains.n)
		return CLEAR;
	while (contact_next(p->sip, &w, &na))
		if (contact_judge(p, r, &na, ev) == HIT)
			return HIT;
	return CLEAR;
}

static enum found domain_judge(const struct probe *p, const struct register_conf *r,
			       enum sip_header h, struct evidence *ev)
{
	struct slice name = slice_of(sip_header_name(h)), value = sip_first(p->sip, h);
	struct sip_nameaddr na;
	struct sip_uri uri = { .host = SLICE_NONE };

	if (sip_nameaddr_read(value, &na))
		(void)sip_uri_read(na.uri, &uri);
	if (domain_listed(&r->domains, uri.host))
		return CLEAR;
	evidence_reason(ev, "%s is of a foreign domain: %s", &name, &uri.host);
	evidence_bytes(ev, value);
	return HIT;
}

static enum found who_judge(const struct probe *p, const struct register_conf *r,
			    const struct request *q, struct evidence *ev)
{
	if (r->third_party == REFUSE &&
	    name_user(p->state, sip_first(p->sip, HDR_FROM)) != q->user) {
		evidence_reason(ev, "registers another user than From names");
		evidence_bytes(ev, sip_first(p->sip, HDR_TO));
		return HIT;
	}
	if (!r->domains.n)
		return CLEAR;
	if (domain_judge(p, r, HDR_TO, ev) == HIT)
		return HIT;
	return domain_judge(p, r, HDR_FROM, ev);
}

static enum found over(const struct probe *p, const char *what, uint64_t have, uint32_t limit,
		       struct evidence *ev)
{
	struct slice noun = slice_of(what);

	evidence_reason(ev, "%u %s are registered, the limit is %u", (unsigned)have, &noun, limit);
	evidence_bytes(ev, sip_first(p->sip, HDR_TO));
	ev->no_ban = true; /* others behind the address, or the user himself, are not to blame */
	return HIT;
}

static enum found limits_judge(const struct probe *p, const struct register_conf *r,
			       const struct request *q, struct evidence *ev)
{
	struct contacts c;
	struct bindings_site s;

	contacts_find(p->state, q->aor, q->asked, p->now, &c);
	if (c.fresh && r->contacts && c.live + c.fresh > r->contacts)
		return over(p, "contacts of this user", c.live, r->contacts, ev);
	if (c.fresh && r->total && bindings_live(p->state, p->now) + c.fresh > r->total)
		return over(p, "contacts", bindings_live(p->state, p->now), r->total, ev);
	if (!c.fresh || q->binding.bound)
		return CLEAR;
	bindings_site(p->state, p->site_key, p->now, &s);
	if (r->aors && s.aors >= r->aors)
		return over(p, "users at this source", s.aors, r->aors, ev);
	if (r->new_aors && s.fresh >= r->new_aors && !q->binding.known &&
	    !memory_learning(p->state, &p->rules->settings, p->now))
		return over(p, "new users at this source within the hour", s.fresh, r->new_aors,
			    ev);
	return CLEAR;
}

static struct meter_limit limit_of(uint32_t rate, uint32_t burst)
{
	return (struct meter_limit){ burst, burst, (uint64_t)burst * NS / (rate ? rate : 1) };
}

static enum found pace(const struct probe *p, uint64_t key, uint32_t rate, uint32_t burst,
		       const char *whose, struct evidence *ev)
{
	struct meter_limit limit = limit_of(rate, burst);
	struct slice of = slice_of(whose);
	bool over;

	if (!rate)
		return CLEAR;
	meter_add(state_meter(p->state), key, &limit, p->now, &over);
	if (!over)
		return CLEAR;
	evidence_reason(ev, "more than %u REGISTERs a second %s: later", rate, &of);
	evidence_bytes(ev, sip_first(p->sip, HDR_TO));
	evidence_answer(ev, 503, "");
	ev->no_ban = ev->gentle = true;
	return HIT;
}

static void pace_prefetch(const struct probe *p, const struct register_conf *r,
			  const struct request *q)
{
	struct meter_limit limit = limit_of(r->source_rate, r->source_burst);

	if (p->proof != PROOF_NONCE)
		meter_prefetch(state_meter(p->state),
			       key_with(p->site_key, METER_SITE + q->binding.known), &limit);
}

/* The site first: what one has too many of shall not cost the others. */
static enum found rates_judge(const struct probe *p, const struct register_conf *r,
			      const struct request *q, struct evidence *ev)
{
	struct transaction t;

	if (p->proof == PROOF_NONCE ||
	    (txn_find(p->state, p->names->txn, p->now, &t) && t.cseq == p->sip->cseq &&
	     t.target == p->names->target && t.guess == p->names->guess))
		return CLEAR;
	if (pace(p, key_with(p->site_key, METER_SITE + q->binding.known), r->source_rate,
		 r->source_burst, "from one source", ev) == HIT)
		return HIT;
	return pace(p, name_bytes(p->state, METER_ALL + q->binding.known, SLICE("register")),
		    r->rate, r->burst, "in all", ev);
}

static enum found register_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct register_conf *r = conf;
	struct request q;

	if (p->sip->method != METHOD_REGISTER)
		return CLEAR;
	q.user = p->names->aor_user;
	q.aor = p->names->aor;
	q.asked = &p->names->contacts;
	if ((r->star == REFUSE && q.asked->star && star_judge(p, ev) == HIT) ||
	    contacts_judge(p, r, ev) == HIT || who_judge(p, r, &q, ev) == HIT)
		return HIT;
	binding_find(p->state, q.user, q.aor, p->site_key, p->now, &q.binding);
	pace_prefetch(p, r, &q);
	if (limits_judge(p, r, &q, ev) == HIT)
		return HIT;
	return rates_judge(p, r, &q, ev);
}

const struct check check_register = {
	.name = "register",
	.help = "how many may register, for whom, for how long and how fast",
	.remedy = "too many phones or registrations for one user or address: raise "
		  "the limit that the reason names, for the source's zone or group",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_REQUEST,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP,
		      .retry_after = "5s-30s",
		      .ban = 300, .ban_after = 10, .ban_window = 60 },
	.rows = register_rows,
	.conf_size = sizeof(struct register_conf),
	.compile = register_compile,
	.run = register_run,
};
