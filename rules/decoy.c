/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decoy.h"

#include "ruleset.h"
#include "state/state.h"

struct lines {
	char *at;
	uint32_t n;
	bool full;
};

static void put(struct lines *l, struct slice s)
{
	if (s.n > DECOY_LINES - l->n) {
		l->full = true;
		return;
	}
	if (s.n)
		memcpy(l->at + l->n, s.p, s.n);
	l->n += s.n;
}

static void put_line(struct lines *l, struct slice name, struct slice value)
{
	uint32_t at;

	put(l, name);
	at = l->n;
	put(l, value);
	l->full |= !reply_flatten(l->at + at, l->n - at);
	put(l, SLICE("\r\n"));
}

/* Whoever registers hears that it is so, for as long as he asked.  "*" takes all away: of it
 * nothing is left to tell (RFC 3261 10.3). */
static void put_bindings(struct lines *l, const struct sip_msg *sip)
{
	struct slice value;
	unsigned at = 0;

	while (sip_next(sip, HDR_CONTACT, &at, &value))
		if (!slice_eq(slice_trim(value), SLICE("*")))
			put_line(l, SLICE("Contact: "), slice_trim(value));
	value = slice_trim(sip_first(sip, HDR_EXPIRES));
	put_line(l, SLICE("Expires: "), value.n ? value : SLICE("3600"));
}

static void put_challenge(struct lines *l, const struct probe *p)
{
	char nonce[SOURCE_NONCE + 1];

	source_nonce(p->state, p->site_key, p->now, nonce);
	put(l, SLICE("WWW-Authenticate: Digest realm=\""));
	put(l, slice_of(p->rules->settings.answers_realm));
	put(l, SLICE("\",nonce=\""));
	put(l, slice_of(nonce));
	put(l, SLICE("\"\r\n"));
}

bool decoy_fill(const struct probe *p, char lines[DECOY_LINES], struct reply *r)
{
	enum sip_method m = p->sip->method;
	struct lines l = { .at = lines };
	bool ok = p->rules->settings.answers_decoy == DECOY_OK &&
		  (m == METHOD_OPTIONS || m == METHOD_REGISTER);

	r->status = ok ? 200 : 401;
	r->phrase = ok ? SLICE("OK") : SLICE("Unauthorized");
	if (!ok)
		put_challenge(&l, p);
	else if (m == METHOD_REGISTER)
		put_bindings(&l, p->sip);
	r->headers = (struct slice){ lines, l.n };
	return !l.full;
}
