/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the house dials: from the settings, and from what is usual in its country. */
#include "plan.h"

#include <stdlib.h>

#include "ruleset.h"
#include "sip/chars.h"

const struct slice *digits_before(const struct digits_list *l, struct slice text)
{
	const struct slice *best = NULL;

	for (unsigned i = 0; i < l->n; i++)
		if (text.n > l->item[i].n && (!best || best->n < l->item[i].n) &&
		    memcmp(text.p, l->item[i].p, l->item[i].n) == 0)
			best = &l->item[i];
	return best;
}

/* ITU-T E.164 assigns whole tens of codes with two or three digits. */
unsigned code_length(struct slice digits)
{
	static const char two[] = "20 27 28 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 "
				  "51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 83 84 86 89 "
				  "90 91 92 93 94 95 98 ";

	if (digits.n && (digits.p[0] == '1' || digits.p[0] == '7'))
		return 1;
	for (const char *p = two; digits.n > 1 && *p; p += 3)
		if (memcmp(p, digits.p, 2) == 0)
			return 2;
	return 3;
}

void country_code_of(const char *iso, char out[4])
{
	out[0] = '\0';
	for (const struct country *c = countries + 1; c->prefixes; c++)
		if (strcasecmp(c->iso, iso) == 0) {
			memcpy(out, c->prefixes, 3);
			out[code_length(slice_of(c->prefixes))] = '\0';
			return;
		}
}

static bool all_of(struct slice s, const char *chars)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(chars, s.p[i]))
			return false;
	return s.n > 0;
}

/* "011 810": what stands in our own tables. */
static void digits_split(const char *text, struct digits_list *out)
{
	out->n = 0;
	while (*text && out->n < PLAN_PREFIXES) {
		const char *end = strchrnul(text, ' ');

		out->item[out->n++] = slice_between(text, end);
		text = *end ? end + 1 : end;
	}
}

static int compile_prefixes(struct compiler *c, const struct conf_list *l, const char *key,
			    const char *chars, struct digits_list *out)
{
	int err = 0;

	for (unsigned i = 0; i < l->n; i++) {
		struct slice s = slice_of(l->item[i].text);

		if (!all_of(s, chars)) {
			compiler_error(c, &l->item[i], key, "\"%s\" is nothing to dial: must be "
				       "digits%s", l->item[i].text,
				       strchr(chars, '*') ? ", * and #" : "");
			err = -1;
		} else if (out->n == PLAN_PREFIXES) {
			compiler_error(c, &l->item[i], key, "too many prefixes: at most %d",
				       PLAN_PREFIXES);
			return -1;
		} else {
			out->item[out->n++] = s;
		}
	}
	return err;
}

static int compile_digits(struct compiler *c, const char *text, const char *key,
			  struct slice *out)
{
	*out = slice_of(text);
	if (!out->n || all_of(*out, "0123456789"))
		return 0;
	compiler_error(c, NULL, key, "\"%s\" must be digits", text);
	return -1;
}

static const struct habits *habits_of(struct slice code)
{
	for (const struct habits *h = habits; h->code; h++)
		if (slice_eq(slice_of(h->code), code))
			return h;
	return NULL;
}

static uint16_t country_of(const struct numbers *n, struct slice digits)
{
	uint32_t country = numberset_find(n->countries, digits, NULL);

	return country == NUMBERSET_NONE ? 0 : (uint16_t)country;
}

/* Of +1 and +7 the area code tells the country. */
static int compile_house(struct numbers *n, struct compiler *c)
{
	char whole[NUMBERSET_DIGITS];
	uint32_t i = 0;

	if (!n->country.n)
		return 0;
	if (n->country.n > 3 || code_length(n->country) != n->country.n ||
	    !country_of(n, n->country)) {
		compiler_error(c, NULL, "dialplan.country",
			       "\"%.*s\" is no country code: write \"49\", without + or 00",
			       (int)n->country.n, n->country.p);
		return -1;
	}
	for (; i < n->country.n; i++)
		whole[i] = n->country.p[i];
	for (uint32_t j = 0; j < n->area.n && i < sizeof(whole); j++)
		whole[i++] = n->area.p[j];
	n->house = country_of(n, (struct slice){ whole, i });
	return 0;
}

static void take_habits(struct numbers *n, const struct settings *s)
{
	const struct habits *h = habits_of(n->country);
	bool known = n->country.n != 0;

	if (!n->international.n)
		digits_split(h ? h->international : known ? "00" : "00 011", &n->international);
	if (strcmp(s->dial_national, "none") == 0)
		n->national = SLICE_NONE;
	else if (!n->national.n)
		n->national = slice_of(h ? h->national : known ? "0" : "");
	if (!h)
		return;
	n->length = h->length;
	/* entries without a file are the default: nobody wrote them */
	if (!s->emergency.n || !s->emergency.item[0].file[0])
		digits_split(h->emergency, &n->emergency);
}

static void measure_emergency(struct numbers *n, const struct settings *s)
{
	for (unsigned i = 0; i < n->emergency.n; i++)
		n->emergency_lengths |= (uint64_t)1 << (n->emergency.item[i].n & 63);
	for (unsigned i = 0; i < s->emergency.n && !n->emergency.n; i++)
		n->emergency_lengths |= (uint64_t)1 << (strlen(s->emergency.item[i].text) & 63);
}

#define CODES 512 /* more than the table has */

static int compile_countries(struct numbers *n)
{
	struct number_prefix prefix[CODES];
	size_t count = 0;

	for (uint32_t i = 1; countries[i].name; i++)
		for (const char *p = countries[i].prefixes, *end; *p && count < CODES;
		     p = *end ? end + 1 : end) {
			end = strchrnul(p, ' ');
			prefix[count++] = (struct number_prefix){ slice_between(p, end), i };
		}
	n->countries = numberset_build(prefix, count);
	return n->countries ? 0 : -1;
}

int numbers_compile(struct ruleset *rs, struct compiler *c)
{
	const struct settings *s = &rs->settings;
	struct numbers *n = rs->numbers = calloc(1, sizeof(*n));
	const char *national = strcmp(s->dial_national, "none") == 0 ? "" : s->dial_national;
	int err;

	if (!n || compile_countries(n) < 0) {
		compiler_error(c, NULL, "dialplan", "out of memory");
		return -1;
	}
	err = compile_digits(c, s->country_code, "dialplan.country", &n->country);
	err |= compile_digits(c, national, "dialplan.national", &n->national);
	err |= compile_digits(c, s->dial_area, "dialplan.area", &n->area);
	err |= compile_prefixes(c, &s->dial_international, "dialplan.international", "0123456789",
				&n->international);
	err |= compile_prefixes(c, &s->dial_outside, "dialplan.outside", "0123456789*#",
				&n->outside);
	err |= match_list_compile(&s->dial_extensions, c, "dialplan.extensions", &n->extensions);
	if (!err)
		err = compile_house(n, c);
	n->guarded = n->country.n || s->dial_international.n ? 0 : 9;
	take_habits(n, s);
	measure_emergency(n, s);
	return err | classes_compile(rs, c);
}

void numbers_free(struct numbers *n)
{
	if (!n)
		return;
	match_free(n->extensions);
	numberset_free(n->countries);
	numberset_free(n->classes);
	free(n);
}
