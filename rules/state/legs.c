/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "legs.h"

#include "dialogs.h"
#include "legtexts.h"
#include "store.h"

#define BRANCH "z9hG4bK-c" /* in front of 16 hex digits */
#define NAME_ENDING 4      /* name_bytes: what the digits are made from */

#define ROUTE_ROOM 255
#define ROUTES_MOST 8

/* Who makes room first. */
enum rank { RANK_ASKED, RANK_KNOWN, RANK_FIRM, RANK_LIVES };

size_t legs_size(void)
{
	return sizeof(struct legs);
}

/* What nothing is learned from, or found by. */
static bool is_ignored(enum sip_method m)
{
	return m == METHOD_REGISTER || m == METHOD_CANCEL || m == METHOD_SUBSCRIBE;
}

void legs_prefetch(const struct state *st, const struct sip_msg *sip, const struct names *n,
		   table_fetch *fetch)
{
	if (!n->from || is_ignored(sip->method))
		return;
	if (n->to || (sip->kind == SIP_REQUEST && sip->method == METHOD_INVITE))
		fetch(st->legs, n->from);
	if (n->to && sip->method != METHOD_INVITE)
		fetch(st->legs, n->to);
}

/* ---- what messages say ---- */

struct route_list {
	struct slice item[ROUTES_MOST];
	unsigned n;
	bool many; /* more than there is room for */
};

static void routes_read(const struct sip_msg *sip, struct route_list *out)
{
	struct slice line, item;
	unsigned at = 0;

	out->n = 0;
	out->many = false;
	while (sip_next(sip, HDR_RECORD_ROUTE, &at, &line))
		while (line.n && sip_list_next(&line, &item)) {
			if (out->n == ROUTES_MOST)
				out->many = true;
			else if (item.n)
				out->item[out->n++] = item;
		}
}

/* The first so many of them, in this order or the reverse. */
static void put_routes(struct legs *l, enum leg_text which, const struct route_list *r, unsigned n,
		       bool reversed)
{
	char room[ROUTE_ROOM];
	uint32_t used = 0;

	for (unsigned i = 0; i < n; i++) {
		struct slice s = slice_trim(r->item[reversed ? n - 1 - i : i]);

		if (used + 2 + s.n > sizeof(room)) {
			l->flags |= LEG_TOO_LONG;
			return;
		}
		if (i) {
			memcpy(room + used, ", ", 2);
			used += 2;
		}
		memcpy(room + used, s.p, s.n);
		used += s.n;
	}
	if (r->many)
		l->flags |= LEG_TOO_LONG;
	legs_put_text(l, which, (struct slice){ room, used });
}

static bool outbound(const struct lesson *l)
{
	return l->pkt->dir == DIR_OUTBOUND;
}

/* The sender's own; what stands behind '?' is not for us to send. */
static void put_target(struct legs *g, const struct lesson *l)
{
	struct slice uri = l->sip->contact;
	const char *headers = uri.n ? memchr(uri.p, '?', uri.n) : NULL;

	if (!uri.n)
		return;
	if (headers && slice_istarts(uri, SLICE("sip")))
		uri.n = (uint32_t)(headers - uri.p);
	legs_put_text(g, outbound(l) ? LEG_TO_INSIDE : LEG_TO_OUTSIDE, uri);
}

static void put_heard(struct legs *g, const struct lesson *l)
{
	g->heard = l->outside;
	g->heard_port = l->outside_port;
}

static void put_told(struct legs *g, const struct lesson *l)
{
	g->told = l->outside;
	g->told_port = l->outside_port;
}

/* What speaks over one connection is spoken to over it. */
static void put_ends(struct legs *g, const struct lesson *l)
{
	bool tcp = l->pkt->proto == PROTO_TCP;
	bool one = g->told_port == g->heard_port && addr_eq(&g->told, &g->heard);

	if (outbound(l) || one || tcp)
		put_told(g, l);
	if (!outbound(l) || tcp)
		put_heard(g, l);
	g->inside = l->inside;
	g->inside_port = outbound(l) ? l->pkt->sport : l->pkt->dport;
	g->flags = (uint8_t)((g->flags & ~LEG_TCP) | (tcp ? LEG_TCP : 0));
}

/* ---- a call begins ---- */

static void draw(struct legs *g, const struct lesson *l)
{
	struct route_list r;

	*g = (struct legs){ .key = l->names->from };
	g->flags = outbound(l) ? 0 : LEG_OUTSIDE_CALLS;
	g->cseq[LEG_CALLER] = l->sip->cseq;
	routes_read(l->sip, &r);
	g->routes = (uint8_t)r.n;
	legs_put_text(g, LEG_CALL_ID, sip_first(l->sip, HDR_CALL_ID));
	legs_put_text(g, LEG_CALLER_TAG, l->sip->from.tag);
	legs_put_text(g, LEG_CALLER_URI, l->sip->from.uri);
	legs_put_text(g, LEG_CALLEE_URI, l->sip->to.uri);
	put_routes(g, outbound(l) ? LEG_ROUTE_INSIDE : LEG_ROUTE_OUTSIDE, &r, r.n, false);
	put_target(g, l);
	put_heard(g, l);
	put_told(g, l);
	put_ends(g, l);
}

/* May this INVITE draw the record anew?  What a proxy sends on may not, nor what somebody
 * says of a call that goes on. */
static bool may_redraw(const struct legs *g, const struct lesson *l)
{
	if (g->flags & LEG_CUT)
		return false;
	if (g->flags & LEG_CONFIRMED)
		return g->flags & LEG_OVER;
	return !(g->flags & LEG_OUTSIDE_CALLS) == outbound(l) &&
	       (outbound(l) || addr_eq(&g->heard, &l->outside));
}

static void learn_invite(struct state *st, const struct lesson *l)
{
	uint8_t rank = RANK_FIRM;
	struct hold h;

	if (!l->names->from || l->again)
		return;
	if (!outbound(l))
		rank = source_standing(st, l->names->site, l->now) == STRANGER ? RANK_ASKED :
										 RANK_KNOWN;
	h = table_make(st->legs, l->names->from, l->now, rank);
	if (!h.value)
		return;
	if (h.fresh || may_redraw(h.value, l)) {
		draw(h.value, l);
		table_keep(&h, l->now, l->now + l->settings->dialog_early * NS, rank);
	}
	table_release(&h);
}

/* ---- it goes on ---- */

static bool is_of(const struct legs *g, const struct sip_msg *sip, bool caller)
{
	struct slice from = caller ? sip->from.tag : sip->to.tag;
	struct slice to = caller ? sip->to.tag : sip->from.tag;

	return slice_eq(legs_text(g, LEG_CALLER_TAG), from) &&
	       slice_eq(legs_text(g, LEG_CALLEE_TAG), to);
}

/* The record of a message with both tags; *caller: From is the caller's. */
static struct hold find(struct state *st, const struct names *n, uint64_t now, bool *caller)
{
	struct hold h = table_find(st->legs, n->from, now);

	*caller = h.value && ((const struct legs *)h.value)->key == n->from;
	if (!*caller) {
		table_release(&h);
		h = table_find(st->legs, n->to, now);
	}
	if (h.value && (((const struct legs *)h.value)->key != (*caller ? n->from : n->to) ||
			!legs_sound(h.value)))
		table_release(&h);
	return h;
}

static bool is_here(const struct legs *g, const struct lesson *l, bool sender_calls)
{
	return (sender_calls == !!(g->flags & LEG_OUTSIDE_CALLS)) == !outbound(l);
}

static void live(struct hold *h, const struct lesson *l)
{
	const struct legs *g = h->value;
	const struct settings *s = l->settings;

	if (g->flags & LEG_CUT)
		return;
	if (g->flags & LEG_OVER)
		table_set(h, l->now, l->now + s->dialog_ended * NS, RANK_ASKED);
	else
		table_set(h, l->now, l->now + s->dialog_confirmed * NS, RANK_LIVES);
}

/* 2xx to the first INVITE.  Of Record-Route it repeats what the INVITE had, behind what
 * was put there on the way from us to its sender (12.1.1). */
static void confirm(struct legs *g, const struct lesson *l)
{
	bool in = g->flags & LEG_OUTSIDE_CALLS;
	struct route_list r;

	routes_read(l->sip, &r);
	legs_put_text(g, LEG_CALLEE_TAG, l->sip->to.tag);
	legs_put_text(g, LEG_CALLEE_URI, l->sip->to.uri);
	put_routes(g, in ? LEG_ROUTE_INSIDE : LEG_ROUTE_OUTSIDE, &r,
		   r.n > g->routes ? r.n - g->routes : 0, true);
	put_target(g, l);
	if (!in) {
		put_heard(g, l);
		put_told(g, l);
	}
	put_ends(g, l);
	g->cseq[LEG_CALLEE] = 0;
	g->flags = (uint8_t)((g->flags | LEG_CONFIRMED) & ~LEG_OVER);
}

static bool is_asked(const struct lesson *l)
{
	return outbound(l) || (l->asked && l->asked->flags & TXN_INSIDE &&
			       dialog_site(l->asked->site) == dialog_site(l->names->site));
}

static bool may_confirm(const struct legs *g, const struct lesson *l)
{
	if (l->sip->method != METHOD_INVITE || g->flags & LEG_CUT || !is_here(g, l, false) ||
	    (g->flags & LEG_CONFIRMED && !(g->flags & LEG_OVER)))
		return false;
	return !outbound(l) || addr_eq(&g->heard, &l->outside);
}

static void learn_response(struct state *st, const struct lesson *l)
{
	enum sip_method m = l->sip->method;
	unsigned status = l->sip->status;
	bool caller, good = status / 100 == 2;
	struct hold h = find(st, l->names, l->now, &caller);
	struct legs *g = h.value;

	if (!g)
		return;
	if (caller && good && may_confirm(g, l)) {
		if (is_asked(l))
			confirm(g, l);
	} else if (caller && !good && m == METHOD_INVITE && status > 100 && status < 200 &&
		   !(g->flags & LEG_CONFIRMED)) {
		table_keep(&h, l->now, l->now + l->settings->dialog_early * NS, RANK_ASKED);
		table_release(&h);
		return;
	} else if (!is_of(g, l->sip, caller) || !is_here(g, l, !caller) || !is_asked(l)) {
		table_release(&h);
		return;
	} else if (good && (m == METHOD_INVITE || m == METHOD_UPDATE)) {
		put_target(g, l);
	} else if (m == METHOD_BYE && (status == 401 || status == 407)) {
		g->flags &= (uint8_t)~LEG_OVER;
	}
	if (g->flags & LEG_CONFIRMED)
		live(&h, l);
	table_release(&h);
}

static void learn_request(struct state *st, const struct lesson *l)
{
	enum sip_method m = l->sip->method;
	/* whoever is refused as a sender by the memory of dialogs is none here */
	bool caller, known = outbound(l) || l->spoke & SPOKE_ITS_SIDE;
	struct hold h = find(st, l->names, l->now, &caller);
	struct legs *g = h.value;
	uint32_t *cseq;

	if (!g)
		return;
	/* our BYE is the same each time, whatever passes meanwhile */
	if (!known || (g->flags & (LEG_CONFIRMED | LEG_CUT)) != LEG_CONFIRMED ||
	    !is_of(g, l->sip, caller) || !is_here(g, l, caller)) {
		table_release(&h);
		return;
	}
	cseq = &g->cseq[caller ? LEG_CALLER : LEG_CALLEE];
	if (l->sip->cseq > *cseq)
		*cseq = l->sip->cseq;
	put_ends(g, l);
	if (m == METHOD_INVITE || m == METHOD_UPDATE)
		put_target(g, l);
	if (m == METHOD_BYE)
		g->flags |= LEG_OVER;
	live(&h, l);
	table_release(&h);
}

void legs_learn(struct state *st, const struct lesson *l)
{
	enum sip_method m = l->sip->method;
	bool request = l->sip->kind == SIP_REQUEST;

	if (is_ignored(m))
		return;
	if (request && m == METHOD_INVITE && !l->names->to)
		learn_invite(st, l);
	else if (!l->names->to || !l->names->from)
		return;
	else if (request)
		learn_request(st, l);
	else
		learn_response(st, l);
}

/* ---- it is ended ---- */

bool legs_find(struct state *st, uint64_t key, uint64_t now, struct legs *out)
{
	struct hold h = table_find(st->legs, key, now);

	if (!h.value)
		return false;
	*out = *(const struct legs *)h.value;
	table_release(&h);
	return out->key == key && legs_sound(out);
}

void legs_cut(struct state *st, uint64_t key, uint32_t seconds, uint64_t now)
{
	struct hold h = table_find(st->legs, key, now);
	struct legs *g = h.value;

	if (g && g->key == key) {
		g->flags |= LEG_CUT;
		table_keep(&h, now, now + seconds * NS, RANK_LIVES);
	}
	table_release(&h);
}

void legs_put(struct state *st, uint64_t key, const uint32_t put[2], uint64_t now)
{
	struct hold h = table_find(st->legs, key, now);
	struct legs *g = h.value;

	if (g && g->key == key) {
		memcpy(g->put, put, sizeof(g->put));
		g->flags |= LEG_PUT;
	}
	table_release(&h);
}

bool legs_are_cut(struct state *st, const struct names *n, const struct sip_msg *sip,
		  uint64_t now)
{
	bool caller, cut;
	struct hold h;

	if (!n->from || !n->to)
		return false;
	h = find(st, n, now, &caller);
	cut = h.value && ((const struct legs *)h.value)->flags & LEG_CUT &&
	      is_of(h.value, sip, caller);
	table_release(&h);
	return cut;
}

void legs_branch(const struct state *st, uint64_t key, enum leg_end to, char out[LEGS_BRANCH])
{
	uint64_t made[2] = { key, to };
	uint64_t v = name_bytes(st, NAME_ENDING, (struct slice){ (char *)made, sizeof(made) });
	char *p = out + sizeof(BRANCH) - 1;

	memcpy(out, BRANCH, sizeof(BRANCH) - 1);
	for (unsigned i = 0; i < 16; i++, v <<= 4)
		*p++ = "0123456789abcdef"[v >> 60];
	*p = 0;
}

static bool is_branch(const struct state *st, struct slice branch, uint64_t key, enum leg_end to)
{
	char own[LEGS_BRANCH];

	legs_branch(st, key, to, own);
	return slice_eq(branch, slice_of(own));
}

bool legs_answer(struct state *st, const struct pkt *pkt, const struct sip_msg *sip,
		 const struct names *n, uint64_t now)
{
	enum leg_end end = pkt->dir == DIR_OUTBOUND ? LEG_INSIDE : LEG_OUTSIDE;
	unsigned status = sip->status;
	uint64_t key = n->from;
	struct hold h;
	struct legs *g;

	if (sip->kind != SIP_RESPONSE || sip->method != METHOD_BYE ||
	    sip->branch.n != LEGS_BRANCH - 1 || !slice_istarts(sip->branch, SLICE(BRANCH)))
		return false;
	if (!is_branch(st, sip->branch, key, end)) {
		key = n->to;
		if (!is_branch(st, sip->branch, key, end))
			return false;
	}
	h = table_find(st->legs, key, now);
	g = h.value;
	if (g && g->key == key && status >= 200) {
		g->answered |= (uint8_t)(1u << end);
		if (status / 100 != 2 && status != 408 && status != 481)
			g->refused |= (uint8_t)(1u << end);
	}
	table_release(&h);
	return true;
}
