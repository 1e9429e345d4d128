/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the view makes of a request, and when two readings are the same: only
 * differences that both readers are right about are forgiven, class by class.
 */
#include "sip/reading.h"

#include "sip/chars.h"
#include "sip.h"

enum {
	SAME_SPACE = 1,
	SAME_QUOTES = 2,
	SAME_ZEROS = 4,
	SAME_BRACKETS = 8,
	SAME_ESCAPES = 16,
	SAME_ABSENT = 32,
	SAME_COMMENT = 64,
	SAME_NUL = 128,
	SAME_HOST = SAME_SPACE | SAME_BRACKETS,
	SAME_PORT = SAME_SPACE | SAME_ZEROS | SAME_ABSENT,
};

static const struct item {
	const char *name;
	unsigned same;
} items[ITEM_COUNT] = {
#define X(id, name, same) { name, same },
	READING_ITEMS(X)
#undef X
};

const char *reading_name(enum reading_item item)
{
	return items[item].name;
}

/* ---- classes of difference; each works in place and only shortens ---- */

static struct slice undo_space(char *p, uint32_t n)
{
	uint32_t to = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!is_lws(p[i]))
			p[to++] = p[i];
		else if (to && p[to - 1] != ' ')
			p[to++] = ' ';
	}
	return (struct slice){ p, to && p[to - 1] == ' ' ? to - 1 : to };
}

static struct slice undo_quotes(char *p, uint32_t n)
{
	if (n >= 2 && p[0] == '"' && p[n - 1] == '"')
		return (struct slice){ p + 1, n - 2 };
	return (struct slice){ p, n };
}

static struct slice undo_zeros(char *p, uint32_t n)
{
	while (n > 1 && *p == '0' && is_digit(p[1]))
		p++, n--;
	return (struct slice){ p, n };
}

static struct slice undo_absent(char *p, uint32_t n)
{
	return (struct slice){ p, n == 1 && *p == '0' ? 0 : n };
}

static struct slice undo_brackets(char *p, uint32_t n)
{
	if (n >= 2 && p[0] == '[' && p[n - 1] == ']')
		return (struct slice){ p + 1, n - 2 };
	return (struct slice){ p, n };
}

/* With the one blank that it takes to stand before it. */
static struct slice undo_comment(char *p, uint32_t n)
{
	const char *open = find_char(p, p + n, '(');

	if (!open)
		return (struct slice){ p, n };
	return slice_between(p, open > p ? open - 1 : p);
}

/* A quoted pair may hold one (RFC 3261 25.1); libosip2 is shown another byte. */
static struct slice undo_nul(char *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!p[i])
			p[i] = READING_NUL;
	return (struct slice){ p, n };
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* As libosip2 does it: one digit will do, and the text ends where none follows. */
static struct slice undo_escapes(char *p, uint32_t n)
{
	uint32_t to = 0;

	for (uint32_t i = 0; i < n; i++) {
		char c = p[i];

		if (c == '%') {
			int high = n - i > 1 ? hex(p[i + 1]) : -1;
			int low = n - i > 2 ? hex(p[i + 2]) : -1;

			if (high < 0 || n - i < 3)
				break;
			c = (char)(low < 0 ? high : high << 4 | low);
			i += low < 0 ? 1 : 2;
		}
		if (!c)
			break;
		p[to++] = c;
	}
	return (struct slice){ p, to };
}

/* In the order in which they are undone. */
static const struct {
	unsigned same;
	bool view_only; /* the other reader has done it already */
	struct slice (*undo)(char *p, uint32_t n);
	const char *why;
} classes[] = {
	{ SAME_NUL, true, undo_nul, "libosip2 is not shown the NUL of a quoted pair" },
	{ SAME_ESCAPES, true, undo_escapes,
	  "libosip2 undoes %-escapes in a user part once, the view leaves them to sip_user "
	  "(RFC 3261 19.1.2); its text ends at an escaped NUL, which RFC 4475 3.1.1.4 has us "
	  "accept, and at an escape that is none, which is for the malformed check to judge" },
	{ SAME_COMMENT, false, undo_comment,
	  "libosip2 takes a comment off a Via, as RFC 2543 6.40 had it" },
	{ SAME_SPACE, false, undo_space,
	  "any white space, folds too, counts as one space (RFC 3261 7.3.1), and none at the "
	  "ends of a value" },
	{ SAME_QUOTES, false, undo_quotes, "libosip2 leaves the quotes around a value" },
	{ SAME_ZEROS, false, undo_zeros, "007 and 7 are the same number (RFC 4475 3.1.1.1)" },
	{ SAME_ABSENT, false, undo_absent, "the view has 0 for no port, libosip2 no port" },
	{ SAME_BRACKETS, false, undo_brackets, "libosip2 takes the brackets off an IPv6 address" },
};

static struct slice undo(struct slice s, unsigned forgiven, bool view, char *room)
{
	if (s.n)
		memcpy(room, s.p, s.n);
	s.p = room;
	for (unsigned i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].same & forgiven && (view || !classes[i].view_only))
			s = classes[i].undo(room + (s.p - room), s.n);
	return s;
}

static bool same(const struct reading *view, const struct reading *other, unsigned i,
		 char *room, uint32_t half)
{
	struct slice a = view->item[i], b = other->item[i];
	unsigned forgiven = items[i].same;

	if (slice_eq(a, b))
		return true;
	if (!forgiven || a.n > half || b.n > half)
		return false;
	return slice_eq(undo(a, forgiven, !(view->opaque >> i & 1), room),
			undo(b, forgiven, false, room + half));
}

enum reading_item reading_differs(const struct reading *view, const struct reading *other,
				  char *room, uint32_t half)
{
	uint32_t unknown = view->unknown | other->unknown;
	unsigned i = 0;

	while (i < ITEM_COUNT && (unknown >> i & 1 || same(view, other, i, room, half)))
		i++;
	return (enum reading_item)i;
}

/* ---- the view's reading ---- */

void reading_number(struct reading *r, enum reading_item item, uint32_t n)
{
	char digits[10];
	uint32_t k = 0;

	do
		digits[k++] = (char)('0' + n % 10);
	while (n /= 10);
	if (k > READING_NUMBERS - r->used)
		return;
	r->item[item] = (struct slice){ r->room + r->used, k };
	while (k)
		r->room[r->used++] = digits[--k];
}

struct slice reading_opaque(struct slice behind_colon)
{
	const char *end = slice_end(behind_colon), *semi = find_char(behind_colon.p, end, ';');

	return slice_between(behind_colon.p, semi ? semi : end);
}

/*
 * user is an item whose host follows it.  What the view cannot read it says nothing
 * about: libosip2 makes something of any bytes, an IPv6 address without brackets in
 * a Contact for example, and a phone that writes such must still be able to call.
 */
static void uri_take(struct reading *r, struct slice uri, enum reading_item user,
		     struct sip_uri *u)
{
	if (!sip_uri_read(uri, u)) {
		r->unknown |= 3u << user;
	} else if (u->host.n) {
		r->item[user] = u->user;
		r->item[user + 1] = u->host;
	} else {
		const char *behind = slice_end(u->scheme) + 1;

		r->item[user] = reading_opaque(slice_between(behind, slice_end(uri)));
		r->opaque |= 1u << user;
	}
}

static void address_take(struct reading *r, struct slice value, enum reading_item user, bool tag)
{
	struct sip_nameaddr na;
	struct sip_uri u;
	struct slice found;

	if (!sip_nameaddr_read(value, &na))
		return;
	uri_take(r, na.uri, user, &u);
	if (tag && sip_param(na.params, SLICE("tag"), &found))
		r->item[user + 2] = found;
}

static void via_take(struct reading *r, const struct sip_msg *m)
{
	struct slice branch;
	struct sip_via via;

	if (!sip_via_read(sip_first(m, HDR_VIA), &via))
		return;
	/* libosip2 looks for a blank, and finds the next one when there is but a TAB */
	if (!find_char(slice_end(via.transport), via.host.p, ' '))
		r->unknown |= 7u << ITEM_VIA_HOST;
	r->item[ITEM_VIA_HOST] = via.host;
	if (via.port)
		reading_number(r, ITEM_VIA_PORT, via.port);
	if (sip_param(via.params, SLICE("branch"), &branch))
		r->item[ITEM_VIA_BRANCH] = branch;
}

static void contacts_take(struct reading *r, const struct sip_msg *m)
{
	struct slice value, item;
	unsigned at = 0, n = 0;

	while (sip_next(m, HDR_CONTACT, &at, &value))
		while (sip_list_next(&value, &item))
			if (item.n && n++ == 0)
				address_take(r, item, ITEM_CONTACT_USER, false);
	/* a display name that begins with a star, "*97 <sip:...>", is but a star to libosip2 */
	value = sip_first(m, HDR_CONTACT);
	if (value.n > 1 && value.p[0] == '*' && is_token_char(value.p[1]))
		r->unknown |= 3u << ITEM_CONTACT_USER;
	reading_number(r, ITEM_CONTACTS, n);
}

static void cseq_take(struct reading *r, const struct sip_msg *m)
{
	struct slice value = sip_first(m, HDR_CSEQ);
	const char *p = value.p, *end = slice_end(value);

	while (p < end && is_digit(*p))
		p++;
	reading_number(r, ITEM_CSEQ_NUMBER, m->cseq);
	r->item[ITEM_CSEQ_METHOD] = slice_trim(slice_between(p, end));
}

/* Without quotes libosip2 takes the next quoted string for it, which is the realm. */
static void username_take(struct reading *r, struct slice credentials)
{
	struct slice *name = &r->item[ITEM_USERNAME];

	if (!sip_digest_param(credentials, SLICE("username"), name) || name->p[-1] != '"')
		r->unknown |= 1u << ITEM_USERNAME;
}

void reading_view(struct reading *r, const struct sip_msg *m)
{
	struct sip_uri uri;

	*r = (struct reading){ 0 };
	r->item[ITEM_METHOD] = m->method_name;
	uri_take(r, m->uri, ITEM_USER, &uri);
	r->item[ITEM_SCHEME] = uri.scheme;
	if (uri.port)
		reading_number(r, ITEM_PORT, uri.port);
	address_take(r, sip_first(m, HDR_FROM), ITEM_FROM_USER, true);
	address_take(r, sip_first(m, HDR_TO), ITEM_TO_USER, true);
	r->item[ITEM_CALL_ID] = sip_first(m, HDR_CALL_ID);
	cseq_take(r, m);
	via_take(r, m);
	r->item[ITEM_AGENT] = sip_first(m, HDR_USER_AGENT);
	reading_number(r, ITEM_AGENTS, m->seen[HDR_USER_AGENT]);
	contacts_take(r, m);
	reading_number(r, ITEM_LENGTH, m->content_length < 0 ? 0 : (uint32_t)m->content_length);
	r->item[ITEM_EXPIRES] = sip_first(m, HDR_EXPIRES);
	r->item[ITEM_MAX_FORWARDS] = sip_first(m, HDR_MAX_FORWARDS);
	username_take(r, sip_first(m, HDR_AUTHORIZATION));
}
