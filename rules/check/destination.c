/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom a request wants to reach: lists of an operator's own over the user part of
 * the URIs that a server would act upon.
 *
 * Which those are is what servers do, not what a caller means.  To is never one:
 * RFC 3261 16.5 and Asterisk alike go by the Request-URI.  A Route is one when it
 * can take the Request-URI's place: without ;lr by the rule of RFC 3261 16.6 (6),
 * and the last one by that of 16.4, which a caller sets off with a Request-URI
 * that names the proxy itself and a To tag of his own making.  Refer-To has the
 * server place a call of its own (RFC 3515 2.4.1).  maddr and the other Routes say
 * by which host a request travels, not whom it is for.
 */
#include "check.h"
#include "checks.h"
#include "match.h"
#include "sip/chars.h"

/* No number is longer, and Kamailio reads no longer URI. */
#define ROOM 1024

struct destination_conf {
	struct conf_list deny_list, allow_list;
	struct match *deny, *allow; /* NULL when the list is empty */
};

#define AT(member) offsetof(struct destination_conf, member)

static const struct conf_row destination_rows[] = {
	{ "deny", CONF_LIST, AT(deny_list), 0, 0, "", NULL,
	  "users and numbers that may not be reached: \"text\", \"=equal\", \"^prefix\" or "
	  "\"/expression/\"" },
	{ "allow", CONF_LIST, AT(allow_list), 0, 0, "", NULL,
	  "those that may be reached even when deny names them" },
	{ NULL },
};

static int destination_compile(void *conf, struct compiler *c)
{
	struct destination_conf *d = conf;
	int deny = match_list_compile(&d->deny_list, c, "deny", &d->deny);
	int allow = match_list_compile(&d->allow_list, c, "allow", &d->allow);

	return deny | allow;
}

static void destination_release(void *conf)
{
	struct destination_conf *d = conf;

	match_free(d->deny);
	match_free(d->allow);
}

/* One reading of a user part. */
static enum found user_judge(const struct destination_conf *d, const struct sip_uri *uri,
			     const char *where, struct evidence *ev)
{
	struct slice header = slice_of(where), pattern, user;
	char room[ROOM];
	int found;

	user = sip_user(uri, room, sizeof(room));
	found = user.n ? match_find(d->deny, user) : -1;
	if (found < 0 || (d->allow && match_find(d->allow, user) >= 0))
		return CLEAR;
	pattern = slice_of(match_text(d->deny, found));
	evidence_reason(ev, "%s is denied by \"%s\"", &header, &pattern);
	evidence_bytes(ev, uri->user);
	evidence_what(ev, "number", pattern);
	return HIT;
}

/* To some servers the user part ends at its first ';' (RFC 3261 19.1.6), which
 * PJSIP looks for behind the escapes, or at an escaped NUL because they keep it in
 * a C string. */
static struct slice user_short(struct slice user)
{
	const char *p = user.p, *end = slice_end(user);

	for (; p < end && *p != ';'; p++) {
		struct slice rest = slice_between(p, end);

		if (*p == '%' && (slice_istarts(rest, SLICE("%00")) ||
				  slice_istarts(rest, SLICE("%3b"))))
			break;
	}
	return slice_between(user.p, p);
}

/*
 * "sip:0044123": Asterisk's chan_sip dials the host where there is no user.  Taken
 * for that is only what can be dialled; with a dot in it, it is a real host.
 */
static struct slice user_lone(const struct sip_uri *uri, struct slice text)
{
	const char *start = slice_end(uri->scheme) + 1, *end = slice_end(text), *p = start;

	if (!uri->scheme.n || uri->user.n || !slice_istarts(uri->scheme, SLICE("sip")))
		return SLICE_NONE;
	while (p < end && (is_digit(*p) || memchr("+*#%-()", *p, 7) ||
			   (p - start >= 2 && (p[-1] == '%' || p[-2] == '%'))))
		p++;
	return p == end || memchr(";?:@", *p, 4) ? slice_between(start, p) : SLICE_NONE;
}

/* Kamailio's tel2sip() takes the separators out of "%3-0" before escapes are undone. */
static struct slice user_dense(struct slice user, char *room, size_t size)
{
	struct slice out = { room, 0 };

	for (uint32_t i = 0; i < user.n && out.n < size; i++)
		if (!memchr("-.()", user.p[i], 4))
			room[out.n++] = user.p[i];
	return out;
}

/* The user is read in all ways, since nobody knows which one the server's is; and
 * so is that of a URI that is broken behind it. */
static enum found uri_judge(const struct destination_conf *d, struct slice text, const char *where,
			    struct evidence *ev)
{
	char room[ROOM];
	struct slice whole;
	struct sip_uri uri;

	(void)sip_uri_read(text, &uri);
	if (!uri.user.n)
		uri.user = user_lone(&uri, text);
	if (user_judge(d, &uri, where, ev) == HIT)
		return HIT;
	whole = uri.user;
	uri.user = user_short(whole);
	if (uri.user.n < whole.n && user_judge(d, &uri, where, ev) == HIT)
		return HIT;
	if (!slice_ieq(uri.scheme, SLICE("tel")))
		return CLEAR;
	uri.user = user_dense(whole, room, sizeof(room));
	return user_judge(d, &uri, where, ev);
}

static enum found refer_judge(const struct destination_conf *d, const struct sip_msg *sip,
			      struct evidence *ev)
{
	struct slice line = SLICE_NONE, item;
	struct sip_nameaddr to;
	unsigned at = 0;

	while (sip_next(sip, HDR_REFER_TO, &at, &line))
		while (sip_list_next(&line, &item))
			if (sip_nameaddr_read(item, &to) &&
			    uri_judge(d, to.uri, "Refer-To", ev) == HIT)
				return HIT;
	return CLEAR;
}

static bool is_loose(struct slice text)
{
	struct sip_uri uri;
	struct slice lr;

	return sip_uri_read(text, &uri) && sip_param(uri.params, SLICE("lr"), &lr);
}

static enum found route_judge(const struct destination_conf *d, const struct sip_msg *sip,
			      struct evidence *ev)
{
	struct slice line = SLICE_NONE, item, last = SLICE_NONE;
	struct sip_nameaddr to;
	unsigned at = 0;

	while (sip_next(sip, HDR_ROUTE, &at, &line)) {
		while (sip_list_next(&line, &item)) {
			if (!sip_nameaddr_read(item, &to))
				continue;
			last = to.uri;
			if (!is_loose(last) && uri_judge(d, last, "Route", ev) == HIT)
				return HIT;
		}
	}
	return last.n ? uri_judge(d, last, "Route", ev) : CLEAR;
}

/* A server that takes "invite" for INVITE must not find a way around the lists. */
static bool is_method(const struct sip_msg *sip, enum sip_method method)
{
	return sip->method == method ||
	       (sip->method == METHOD_UNKNOWN &&
		slice_ieq(sip->method_name, slice_of(sip_method_name(method))));
}

static enum found destination_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct destination_conf *d = conf;
	const struct sip_msg *sip = p->sip;

	bool refer = is_method(sip, METHOD_REFER);

	if (!d->deny)
		return CLEAR;
	if (!refer && !is_method(sip, METHOD_INVITE) && !is_method(sip, METHOD_MESSAGE))
		return CLEAR;
	if (refer && refer_judge(d, sip, ev) == HIT)
		return HIT;
	if (uri_judge(d, sip->uri, "Request-URI", ev) == HIT)
		return HIT;
	return route_judge(d, sip, ev);
}

/*
 * No ban: a wrong number is no attack, and over UDP one call that nobody answers is
 * sent seven times.
 */
const struct check check_destination = {
	.name = "destination",
	.help = "users and numbers that may not be called or written to",
	.stage = STAGE_MESSAGE,
	.needs = NEED_REQUEST,
	.approves = true,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_REJECT, .code = 403,
		      .phrase = "Destination blocked", .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = destination_rows,
	.conf_size = sizeof(struct destination_conf),
	.compile = destination_compile,
	.release = destination_release,
	.run = destination_run,
};
