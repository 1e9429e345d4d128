/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rates.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "plan.h"
#include "sip/chars.h"

#define FIELDS 6
#define INCREMENT_MOST 3600

struct rates {
	struct numberset *set;
	struct rate *rate;
	size_t n;
};

/* ---- money ---- */

bool money_read(struct slice text, uint32_t parts, uint32_t *out)
{
	uint64_t whole = 0, fraction = 0, unit = parts;
	uint32_t i = 0;

	for (; i < text.n && is_digit(text.p[i]) && whole <= UINT32_MAX; i++)
		whole = whole * 10 + (uint64_t)(text.p[i] - '0');
	if (!i || whole > UINT32_MAX)
		return false;
	if (i < text.n && text.p[i] == '.' && ++i == text.n)
		return false;
	for (; i < text.n && is_digit(text.p[i]); i++) {
		if (unit == 1 && text.p[i] != '0')
			return false; /* smaller than anything that is counted */
		unit = unit > 1 ? unit / 10 : 1;
		fraction += unit > 0 && text.p[i] != '0' ?
			    (uint64_t)(text.p[i] - '0') * unit : 0;
	}
	whole = whole * parts + fraction;
	*out = (uint32_t)whole;
	return i == text.n && whole <= UINT32_MAX;
}

size_t money_print(uint64_t amount, uint32_t parts, char out[MONEY_TEXT])
{
	unsigned digits = parts == CALL_MICRO ? 6 : 4;
	int n = snprintf(out, MONEY_TEXT, "%" PRIu64 ".%0*u", amount / parts, (int)digits,
			 (unsigned)(amount % parts));

	while (n > 3 && out[n - 1] == '0' && out[n - 3] != '.')
		n--;
	out[n] = '\0';
	return (size_t)n;
}

/* ---- lines ---- */

/* Cuts a field off; what stands in quotes holds what it likes.  false: it is the last. */
static bool field_next(struct slice *rest, char between, struct slice *field)
{
	const char *end = slice_end(*rest), *p = rest->p;
	bool quoted = false, more;

	while (p < end && (quoted || *p != between))
		quoted ^= *p++ == '"';
	more = p < end;
	*field = slice_trim(slice_between(rest->p, p));
	*rest = slice_between(more ? p + 1 : end, end);
	if (field->n > 1 && field->p[0] == '"' && field->p[field->n - 1] == '"')
		*field = slice_trim((struct slice){ field->p + 1, field->n - 2 });
	return more;
}

/* At most one more than a line may have. */
static unsigned fields_split(struct slice line, struct slice field[FIELDS + 1])
{
	char between = memchr(line.p, ';', line.n) ? ';' :
		       memchr(line.p, '\t', line.n) ? '\t' : ',';
	unsigned n = 0;

	while (n < FIELDS && field_next(&line, between, &field[n]))
		n++;
	if (n == FIELDS)
		field[n] = line;
	return n + 1;
}

/* "60/60", or "60": both are. */
static bool increments_read(struct slice s, struct call_price *p)
{
	const char *slash = find_char(s.p, slice_end(s), '/');
	struct slice first = { s.p, slash ? (uint32_t)(slash - s.p) : s.n }, then = first;
	uint64_t a, b;

	if (slash)
		then = slice_between(slash + 1, slice_end(s));
	if (!digits_read(slice_trim(first), INCREMENT_MOST, &a) ||
	    !digits_read(slice_trim(then), INCREMENT_MOST, &b) || !b)
		return false;
	p->first = (uint16_t)a;
	p->then = (uint16_t)b;
	return true;
}

/* What is wrong with the fields behind prefix and name; NULL: nothing. */
static const char *price_read(const struct slice *field, unsigned n, struct call_price *p)
{
	*p = (struct call_price){ .first = 60, .then = 60 };
	if (!n || !money_read(field[0], CALL_MICRO, &p->minute))
		return "has no price of a minute: write \"0.05\", with up to six digits behind "
		       "the dot";
	if (n > 1 && field[1].n && !money_read(field[1], CALL_MICRO, &p->setup))
		return "has a setup price that is none: write \"0.05\"";
	if (n > 2 && field[2].n && !increments_read(field[2], p))
		return "has increments that are none: write \"60/60\", \"30/6\" or \"1/1\", up to "
		       "3600 s";
	if (n > 3 && field[3].n && !money_read(field[3], CALL_MICRO, &p->least))
		return "has a minimum that is none: write \"0.05\"";
	return n > 4 ? "has too many fields: prefix, name, price of a minute, setup, increments, "
		       "minimum" : NULL;
}

static bool is_headline(struct slice first)
{
	return slice_ieq(first, SLICE("prefix"));
}

/* What is wrong with a line; NULL: nothing, and *digits is empty for a headline. */
static const char *line_read(const char *text, char room[NUMBERSET_DIGITS], struct slice *digits,
			     struct rate *out)
{
	struct slice field[FIELDS + 1];
	unsigned n = fields_split(slice_of(text), field), at = 1;
	char prefix[64] = "";
	uint32_t ignored;

	*digits = SLICE_NONE;
	if (n && is_headline(field[0]))
		return NULL;
	if (n && field[0].n < sizeof(prefix))
		memcpy(prefix, field[0].p, field[0].n);
	*digits = prefix_read(prefix, room);
	if (!digits->n)
		return "begins with no prefix: write 1 to 15 digits of E.164, without 00";
	out->name = SLICE_NONE;
	if (n > 1 && !money_read(field[1], CALL_MICRO, &ignored))
		out->name = field[at++];
	return price_read(field + at, n - at, &out->price);
}

/* ---- the card ---- */

struct card {
	const struct conf_list *list;
	struct number_prefix *prefix;
	char (*room)[NUMBERSET_DIGITS];
	struct rate *rate;
	uint32_t *line; /* index into list of each prefix */
	size_t n;
};

static bool card_init(struct card *k, const struct conf_list *l)
{
	*k = (struct card){ .list = l, .prefix = calloc(l->n + 1, sizeof(*k->prefix)),
			    .room = calloc(l->n + 1, sizeof(*k->room)),
			    .rate = calloc(l->n + 1, sizeof(*k->rate)),
			    .line = calloc(l->n + 1, sizeof(*k->line)) };
	return k->prefix && k->room && k->rate && k->line;
}

static int card_read(struct card *k, struct compiler *c, const char *key)
{
	int err = 0;

	for (unsigned i = 0; i < k->list->n; i++) {
		struct number_prefix *p = &k->prefix[k->n];
		const char *why = line_read(k->list->item[i].text, k->room[k->n], &p->digits,
					    &k->rate[k->n]);

		if (why) {
			compiler_error(c, &k->list->item[i], key, "\"%.80s\" %s",
				       k->list->item[i].text, why);
			err = -1;
			continue;
		}
		p->value = (uint32_t)k->n;
		k->line[k->n] = i;
		k->n += p->digits.n > 0;
	}
	return err;
}

static bool same_price(const struct call_price *a, const struct call_price *b)
{
	return a->minute == b->minute && a->setup == b->setup && a->least == b->least &&
	       a->first == b->first && a->then == b->then;
}

/* One prefix with two prices: nobody knows which is meant.  Of equal ones the set keeps
 * the last. */
static int card_doubles(const struct card *k, const struct rates *r, struct compiler *c,
			const char *key)
{
	int err = 0;

	for (size_t i = 0; i < k->n; i++) {
		uint32_t last = numberset_find(r->set, k->prefix[i].digits, NULL);
		const struct conf_item *at = &k->list->item[k->line[last]];
		const struct conf_item *here = &k->list->item[k->line[i]];

		if (same_price(&r->rate[last].price, &r->rate[i].price))
			continue;
		compiler_error(c, at, key, "%.*s has another price in %s:%u",
			       (int)k->prefix[i].digits.n, k->prefix[i].digits.p, here->file,
			       here->line);
		err = -1;
	}
	return err;
}

/* Takes k->rate over; NULL without memory. */
static struct rates *card_keep(struct card *k)
{
	struct rates *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->set = numberset_build(k->prefix, k->n);
	if (!r->set) {
		free(r);
		return NULL;
	}
	r->rate = k->rate;
	r->n = k->n;
	k->rate = NULL;
	return r;
}

static void card_free(struct card *k)
{
	free(k->prefix);
	free(k->room);
	free(k->rate);
	free(k->line);
}

int rates_compile(const struct conf_list *l, struct compiler *c, const char *key,
		  struct rates **out)
{
	struct rates *r = NULL;
	struct card k;
	bool room;
	int err;

	*out = NULL;
	if (!l->n)
		return 0;
	room = card_init(&k, l);
	err = room ? card_read(&k, c, key) : -1;
	if (!err) {
		r = card_keep(&k);
		room = r != NULL;
		err = r ? card_doubles(&k, r, c, key) : -1;
	}
	if (!room)
		compiler_error(c, NULL, key, "out of memory");
	card_free(&k);
	if (err)
		rates_free(r);
	else
		*out = r;
	return err;
}

void rates_free(struct rates *r)
{
	if (!r)
		return;
	numberset_free(r->set);
	free(r->rate);
	free(r);
}

const struct rate *rates_find(const struct rates *r, const struct number *n)
{
	uint32_t at = r && number_is_far(n) ?
		      numberset_find(r->set, number_digits(n), NULL) : NUMBERSET_NONE;

	return at == NUMBERSET_NONE ? NULL : &r->rate[at];
}

size_t rates_count(const struct rates *r)
{
	return r ? r->n : 0;
}
