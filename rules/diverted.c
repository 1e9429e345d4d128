/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diverted.h"

#include "number/number.h"
#include "sip/chars.h"

#define HOPS_MAX 32 /* no network lets a call come so far */
#define HOPS_MOST 1000

struct hop {
	struct slice uri, user, host;
	struct slice index; /* of History-Info */
	struct number number;
	unsigned count;     /* diversions that the entry stands for */
};

struct hops {
	struct hop at[HOPS_MAX];
	unsigned n;
};

/* RFC 5806 5: an entry may stand for several. */
static unsigned counter_of(struct slice params)
{
	struct slice value;
	unsigned n = 0;

	if (!sip_param(params, SLICE("counter"), &value))
		return 1;
	for (uint32_t i = 0; i < value.n && is_digit(value.p[i]) && n < HOPS_MOST; i++)
		n = n * 10 + (unsigned)(value.p[i] - '0');
	if (n > HOPS_MOST)
		return HOPS_MOST;
	return n ? n : 1;
}

static void hop_read(const struct ruleset *rs, struct slice item, struct hops *hops)
{
	struct hop *h = &hops->at[hops->n];
	struct sip_nameaddr na;
	struct sip_uri uri;

	if (!sip_nameaddr_read(item, &na))
		return;
	(void)sip_uri_read(na.uri, &uri);
	*h = (struct hop){ .uri = na.uri, .user = uri.user, .host = uri.host,
			   .index = SLICE_NONE, .count = counter_of(na.params) };
	(void)sip_param(na.params, SLICE("index"), &h->index);
	number_of_uri(rs, na.uri, &h->number);
	hops->n++;
}

static void hops_read(const struct ruleset *rs, const struct sip_msg *sip, struct slice name,
		      struct hops *hops)
{
	unsigned items = 0; /* that are no address count as well: somebody has to read them */

	hops->n = 0;
	for (unsigned i = 0; i < sip->count; i++) {
		struct slice line = sip->hdr[i].value, item;

		if (sip->hdr[i].id != HDR_OTHER || !slice_ieq(sip->hdr[i].name, name))
			continue;
		while (items++ < HOPS_MAX && sip_list_next(&line, &item))
			hop_read(rs, item, hops);
	}
}

/* Of a number it does not matter who routes it, of a name it does. */
static bool is_same(const struct hop *a, const struct hop *b)
{
	if (a->number.kind != b->number.kind)
		return false;
	if (a->number.kind == NUMBER_NAME || a->number.kind == NUMBER_NONE)
		return slice_ieq(a->user, b->user) && slice_ieq(a->host, b->host);
	return slice_eq(number_digits(&a->number), number_digits(&b->number));
}

/* Nobody in particular: who hides is not one. */
static bool is_hidden(const struct hop *h)
{
	static const struct slice names[] = { SLICE("anonymous"), SLICE("restricted"),
					      SLICE("unavailable"), SLICE("unknown") };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_ieq(h->user, names[i]))
			return true;
	return !h->user.n;
}

/* An entry that stands there before another one, and behind it again; the same one several
 * times in a row is one that was read, and written down, by several. */
static struct slice comes_back(const struct hops *hops)
{
	for (unsigned i = 2; i < hops->n; i++) {
		bool left = false;

		for (unsigned j = i; j-- > 0 && !is_hidden(&hops->at[i]);) {
			bool same = is_same(&hops->at[i], &hops->at[j]);

			if (same && left)
				return hops->at[i].uri;
			left |= !same;
		}
	}
	return SLICE_NONE;
}

/* Is one index (RFC 7044 5: "1.2.1") above the other one, or that one? */
static bool is_above(struct slice index, struct slice of)
{
	return index.n && index.n <= of.n && memcmp(index.p, of.p, index.n) == 0 &&
	       (index.n == of.n || of.p[index.n] == '.');
}

/*
 * History-Info writes down every turn, also those to a host, to one of several phones and
 * back from it: only those count on whose way the last one lies, where another user is
 * asked.  The last one is where the call is now.
 */
static unsigned history_cut(struct hops *hops)
{
	struct slice last = hops->n ? hops->at[hops->n - 1].index : SLICE_NONE;
	unsigned n = 0, turns = 0;

	for (unsigned i = 0; i < hops->n; i++)
		if (is_above(hops->at[i].index, last))
			hops->at[n++] = hops->at[i];
	hops->n = n;
	for (unsigned i = 1; i < n; i++)
		turns += !is_same(&hops->at[i], &hops->at[i - 1]);
	hops->n -= n > 0;
	return turns;
}

void diverted_read(const struct ruleset *rs, const struct sip_msg *sip, struct diverted *out)
{
	struct hops hops;
	unsigned turns;

	*out = (struct diverted){ 0, SLICE_NONE };
	hops_read(rs, sip, SLICE("Diversion"), &hops);
	for (unsigned i = 0; i < hops.n; i++)
		out->hops += hops.at[i].count;
	out->twice = comes_back(&hops);
	hops_read(rs, sip, SLICE("History-Info"), &hops);
	turns = history_cut(&hops);
	out->hops = turns > out->hops ? turns : out->hops;
	if (!out->twice.n)
		out->twice = comes_back(&hops);
}
