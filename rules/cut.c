/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cut.h"

#include <stdio.h>

#include "sip/compose.h"
#include "state/flows.h"
#include "state/legs.h"

#define SENT_BY (ADDR_TEXT + 8)

/* In the name of one end, to the other. */
struct saying {
	struct strict *strict;
	const struct legs *legs;
	char branch[LEGS_BRANCH];
	char sent_by[SENT_BY];
	struct slice reason;
};

static struct slice hostport(char out[SENT_BY], const struct addr *a, uint16_t port)
{
	char text[ADDR_TEXT];
	int n;

	addr_print(a, text);
	n = snprintf(out, SENT_BY, addr_is_v4(a) ? "%s:%u" : "[%s]:%u", text, port);
	return (struct slice){ out, (uint32_t)n };
}

/*
 * The server as the side outside knows it: behind NAT it has another name there than on
 * the wire here.  The answer finds its way by rport whatever stands there.
 */
static struct slice server_name(struct saying *s)
{
	struct slice first = legs_text(s->legs, LEG_ROUTE_INSIDE), rest = first;
	struct sip_nameaddr na;
	struct sip_uri uri;
	struct addr a;

	if (!rest.n || !sip_list_next(&rest, &first))
		first = legs_text(s->legs, LEG_TO_INSIDE);
	if (sip_nameaddr_read(first, &na) && sip_uri_read(na.uri, &uri) &&
	    addr_parse_host(uri.host, &a) == 0 && addr_is_v4(&a) == addr_is_v4(&s->legs->inside))
		return hostport(s->sent_by, &a, uri.port ? uri.port : 5060);
	return hostport(s->sent_by, &s->legs->inside, s->legs->inside_port);
}

static void bye_of(struct saying *s, enum leg_end to, struct bye *b)
{
	const struct legs *l = s->legs;
	/* we speak for the caller when he is at the other end */
	bool calls = (to == LEG_INSIDE) == !!(l->flags & LEG_OUTSIDE_CALLS);

	*b = (struct bye){
		.target = legs_text(l, to == LEG_INSIDE ? LEG_TO_INSIDE : LEG_TO_OUTSIDE),
		.route = legs_text(l, to == LEG_INSIDE ? LEG_ROUTE_INSIDE : LEG_ROUTE_OUTSIDE),
		.from_uri = legs_text(l, calls ? LEG_CALLER_URI : LEG_CALLEE_URI),
		.from_tag = legs_text(l, calls ? LEG_CALLER_TAG : LEG_CALLEE_TAG),
		.to_uri = legs_text(l, calls ? LEG_CALLEE_URI : LEG_CALLER_URI),
		.to_tag = legs_text(l, calls ? LEG_CALLEE_TAG : LEG_CALLER_TAG),
		.call_id = legs_text(l, LEG_CALL_ID),
		.branch = slice_of(s->branch),
		.reason = s->reason,
		.cseq = l->cseq[calls ? LEG_CALLER : LEG_CALLEE] + 1,
		.tcp = l->flags & LEG_TCP,
	};
	b->sent_by = to == LEG_INSIDE ? hostport(s->sent_by, &l->heard, l->heard_port) :
					server_name(s);
}

static bool say(struct saying *s, const struct state *st, enum leg_end to, struct parcel *out)
{
	const struct legs *l = s->legs;
	struct bye b;

	legs_branch(st, l->key, to, s->branch);
	bye_of(s, to, &b);
	if (to == LEG_INSIDE)
		*out = (struct parcel){ .from = l->heard, .to = l->inside,
					.sport = l->heard_port, .dport = l->inside_port };
	else
		*out = (struct parcel){ .from = l->inside, .to = l->told,
					.sport = l->inside_port, .dport = l->told_port };
	out->n = (uint16_t)compose_bye(s->strict, &b, out->bytes, sizeof(out->bytes));
	return out->n;
}

static struct cut answers(const struct legs *l, enum cut_said said)
{
	return (struct cut){
		.said = (uint8_t)said,
		.inside = l->answered >> LEG_INSIDE & 1,
		.outside = l->answered >> LEG_OUTSIDE & 1,
		.inside_refused = l->refused >> LEG_INSIDE & 1,
		.outside_refused = l->refused >> LEG_OUTSIDE & 1,
	};
}

static struct reset connection_of(const struct legs *l)
{
	return (struct reset){ .outside = l->told, .inside = l->inside,
			       .outside_port = l->told_port, .inside_port = l->inside_port };
}

/* Both BYEs into the stream; the second time with the numbers of the first. */
static bool put(struct state *st, const struct legs *l, struct parcel parcel[2], uint64_t now)
{
	struct reset ends = connection_of(l);
	uint32_t at[2] = { l->put[0], l->put[1] };
	bool again = l->flags & LEG_PUT;

	for (unsigned i = 0; i < 2; i++) {
		struct parcel *p = &parcel[i];
		bool inside = i == LEG_INSIDE;

		p->tcp = true;
		if (!flow_put(st, &ends, inside, again ? 0 : p->n, now, &at[i], &p->ack))
			return false;
		if (again)
			at[i] = l->put[i];
		p->seq = at[i];
	}
	if (!again)
		legs_put(st, l->key, at, now);
	return true;
}

/* A connection can carry nothing else behind our BYEs: it ends with the call. */
static struct cut cut_tcp(struct state *st, const struct legs *l, unsigned times, uint64_t now,
			  struct call_notice *out)
{
	bool done = l->answered == 3;

	out->cut = true;
	if (!done && times < CUT_TCP_TIMES && put(st, l, out->parcel, now))
		return answers(l, CUT_SENT);
	out->parcel[LEG_INSIDE].n = out->parcel[LEG_OUTSIDE].n = 0;
	if (!done && !(l->flags & LEG_PUT) && times < CUT_TCP_TIMES)
		return answers(l, CUT_SENT); /* some message is half way: not now */
	out->d.ending = connection_of(l);
	out->d.reset = out->cut = flow_put_end(st, &out->d.ending, now);
	return answers(l, done ? CUT_DONE : CUT_CANNOT);
}

struct cut call_cut(struct state *st, const struct settings *s, struct strict *strict,
		    uint64_t key, unsigned times, struct slice reason, uint64_t now,
		    struct call_notice *out)
{
	struct legs l;
	struct saying saying = { .strict = strict, .legs = &l, .reason = reason };
	bool inside, outside;

	out->cut = false;
	out->parcel[LEG_INSIDE].n = out->parcel[LEG_OUTSIDE].n = 0;
	if (!legs_find(st, key, now, &l))
		return (struct cut){ .said = CUT_CANNOT };
	if (!times)
		legs_cut(st, key, s->dialog_confirmed, now);
	if (!(l.flags & LEG_CONFIRMED) || l.flags & LEG_TOO_LONG)
		return answers(&l, CUT_CANNOT);
	if (l.flags & LEG_TCP) {
		if (!say(&saying, st, LEG_INSIDE, &out->parcel[LEG_INSIDE]) ||
		    !say(&saying, st, LEG_OUTSIDE, &out->parcel[LEG_OUTSIDE]))
			return answers(&l, CUT_CANNOT);
		return cut_tcp(st, &l, times, now, out);
	}
	inside = !(l.answered >> LEG_INSIDE & 1) && say(&saying, st, LEG_INSIDE,
							&out->parcel[LEG_INSIDE]);
	outside = !(l.answered >> LEG_OUTSIDE & 1) && say(&saying, st, LEG_OUTSIDE,
							  &out->parcel[LEG_OUTSIDE]);
	/* a caller who would be the only one to hear of it could go on uncounted */
	if (l.flags & LEG_OUTSIDE_CALLS && !inside && !(l.answered >> LEG_INSIDE & 1)) {
		out->parcel[LEG_OUTSIDE].n = 0;
		return answers(&l, CUT_CANNOT);
	}
	out->cut = inside || outside;
	if (out->cut)
		return answers(&l, CUT_SENT);
	return answers(&l, l.answered == 3 ? CUT_DONE : CUT_CANNOT);
}
