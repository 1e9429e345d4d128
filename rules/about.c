/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people want to read of the message that was judged last. */
#include "about.h"

#include "engine.h"
#include "geo.h"
#include "printable.h"
#include "ruleset.h"
#include "scratch.h"

#define USER_ROOM 128
#define RAW_MOST 96 /* bytes that are not SIP say little */

static void put_user(const struct sip_msg *sip, struct about *out)
{
	bool registers = sip->method == METHOD_REGISTER;
	struct slice line = sip_first(sip, HDR_AUTHORIZATION), user;
	char room[USER_ROOM];
	struct sip_uri uri;

	if (!line.n)
		line = sip_first(sip, HDR_PROXY_AUTHORIZATION);
	if (!line.n || !sip_digest_param(line, SLICE("username"), &user) || !user.n) {
		(void)sip_uri_read(registers ? sip->to.uri : sip->from.uri, &uri);
		user = sip_user(&uri, room, sizeof(room));
	}
	printable_text(out->user, sizeof(out->user), user);
}

static void put_bytes(struct about *out, struct slice s)
{
	uint32_t room = (uint32_t)sizeof(out->excerpt) - out->excerpt_n;
	uint32_t n = s.n < room ? s.n : room;

	if (n)
		memcpy(out->excerpt + out->excerpt_n, s.p, n);
	out->excerpt_n = (uint16_t)(out->excerpt_n + n);
}

/* Whoever has a digest can guess at the password.  Headers that are unknown may hold one, too:
 * Authentication-Info does, and those of devices that misspell. */
static bool is_secret(const struct sip_hdr *h)
{
	const struct slice auth = SLICE("auth");
	bool named = false;

	for (uint32_t i = 0; h->id == HDR_OTHER && !named && i < h->name.n; i++)
		named = slice_istarts(slice_between(h->name.p + i, h->name.p + h->name.n), auth);
	return named || h->id == HDR_AUTHORIZATION || h->id == HDR_PROXY_AUTHORIZATION;
}

/* Of what is no SIP message that was read.  A segment may begin in the middle of a digest, or
 * of a key in a body: of TCP only what is no text is shown. */
static struct slice raw_of(const struct pkt *pkt)
{
	struct slice raw = pkt->payload;
	bool text = raw.n && ((raw.p[0] >= ' ' && raw.p[0] <= '~') || raw.p[0] == '\r' ||
			      raw.p[0] == '\n' || raw.p[0] == '\t');

	raw.n = raw.n < RAW_MOST ? raw.n : RAW_MOST;
	for (uint32_t i = 0; text && i < raw.n; i++)
		if (pkt->proto == PROTO_TCP || raw.p[i] == '\r' || raw.p[i] == '\n')
			raw.n = i;
	return raw;
}

static void put_lines(const struct sip_msg *sip, struct about *out)
{
	const char *start = sip->all.p, *at = start;
	const char *end = sip->count ? sip->hdr[0].name.p : start + sip->all.n;

	while (at < end && *at != '\r' && *at != '\n')
		at++;
	put_bytes(out, slice_between(start, at));
	for (unsigned i = 0; i < sip->count && out->excerpt_n < ABOUT_EXCERPT; i++) {
		const struct sip_hdr *h = &sip->hdr[i];

		if (is_secret(h))
			continue;
		put_bytes(out, SLICE("\n"));
		put_bytes(out, h->name);
		put_bytes(out, SLICE(": "));
		put_bytes(out, h->value);
	}
}

static void put_message(const struct sip_msg *sip, struct about *out)
{
	put_user(sip, out);
	printable_text(out->from, sizeof(out->from), sip->from.uri);
	printable_text(out->to, sizeof(out->to), sip->to.uri);
	printable_text(out->call_id, sizeof(out->call_id), sip_first(sip, HDR_CALL_ID));
	printable_text(out->agent, sizeof(out->agent), sip_first(sip, HDR_USER_AGENT));
	put_lines(sip, out);
}

void ruleset_country(const struct ruleset *rs, const struct addr *a, char out[3])
{
	uint32_t code = geo_has_country(rs->geo) ? geo_country(rs->geo, a) : 0;

	out[0] = (char)(code >> 8);
	out[1] = (char)code;
	out[2] = '\0';
}

void engine_about(const struct ruleset *rs, const struct scratch *s, const struct pkt *pkt,
		  const struct decision *d, struct about *out)
{
	out->user[0] = out->from[0] = out->to[0] = out->call_id[0] = out->agent[0] = '\0';
	out->number[0] = '\0';
	out->excerpt_n = 0;
	ruleset_country(rs, d->dir == DIR_OUTBOUND ? &pkt->dst : &pkt->src, out->country);
	if (d->parsed && (d->kind == SIP_REQUEST || d->kind == SIP_RESPONSE)) {
		put_message(&s->sip, out);
		return;
	}
	put_bytes(out, raw_of(pkt));
}
