/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the user part of a URI to a number, step by step.  What the steps are, and why, is
 * in docs/numbers.md; each says itself what it does when somebody asks (number_explain).
 *
 * A server reads a number once, and nobody knows how.  Where readings differ, the one that
 * leads furthest is taken: of what may be a call to another country it is better to say
 * that it is one.
 */
#include <stdarg.h>
#include <stdio.h>

#include "emergency.h"
#include "plan.h"
#include "ruleset.h"
#include "sip/chars.h"
#include "written.h"

#define ROOM 1024  /* no number is longer, and Kamailio reads no longer URI */
#define DIALLED 64 /* characters that are looked at: what is longer is no number */
#define E164 15    /* digits at most (E.164 6.1) */
#define SHORT 6    /* digits at most of what is no number of a subscriber anywhere */

struct reading {
	const struct ruleset *rs;
	const struct numbers *n;
	struct number *out;
	number_step *step; /* NULL: nobody wants to know */
	void *arg;
	bool cut;          /* there was more than DIALLED */
	char dialled[DIALLED + 1];
	char world[DIALLED * 2 + 1];
};

__attribute__((format(printf, 2, 3)))
static void say(const struct reading *r, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (!r->step)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	r->step(r->arg, line);
}

#define TEXT(s) (int)(s).n, (s).n ? (s).p : ""

static void settle(struct reading *r, enum number_kind kind, struct slice digits)
{
	struct number *out = r->out;

	out->kind = (uint8_t)kind;
	out->n = (uint8_t)(digits.n < NUMBER_DIGITS ? digits.n : NUMBER_DIGITS);
	if (out->n)
		memcpy(out->digits, digits.p, out->n);
}

static void unparsable(struct reading *r, struct slice digits, const char *why)
{
	say(r, "\"%.*s\" cannot be dialled: %s", TEXT(digits), why);
	settle(r, NUMBER_UNPARSABLE, digits);
}

/* ---- E.164 ---- */

/* Of +1 the United States, their territories and Canada are each other's nation. */
static bool same_nation(const struct numbers *n, uint16_t country, struct slice digits)
{
	static const char north_america[] = "US CA PR VI GU AS MP ";
	const char *home = countries[n->house].iso, *there = countries[country].iso;

	if (country == n->house)
		return true;
	if (!begins(digits, n->country) || n->country.p[0] == '7')
		return false;
	return n->country.p[0] != '1' ||
	       (strstr(north_america, home) && strstr(north_america, there));
}

static void classify(struct reading *r, struct slice digits)
{
	uint32_t country = numberset_find(r->n->countries, digits, NULL);
	uint32_t classes = numberset_find(r->n->classes, digits, NULL);

	r->out->country = country == NUMBERSET_NONE ? 0 : (uint16_t)country;
	r->out->classes = classes == NUMBERSET_NONE ? 0 : classes;
	if (!r->n->house)
		return;
	r->out->classes |= 1u << (same_nation(r->n, r->out->country, digits) ?
				  CLASS_NATIONAL : CLASS_INTERNATIONAL);
}

/* Behind the country code some write the trunk prefix, as in +49 (0)30.  In few countries
 * a 0 there belongs to the number. */
static bool zero_is_trunk(struct slice digits)
{
	static const char *const kept[] = { "39", "378", "379", "225", "229", "241", "242", NULL };

	for (const char *const *k = kept; *k; k++)
		if (begins(digits, slice_of(*k)))
			return false;
	return true;
}

/* What follows the 15th digit no exchange waits for: it calls what stands before. */
static void too_long(struct reading *r, struct slice digits)
{
	unparsable(r, digits, "no number has more than 15 digits");
	settle(r, NUMBER_UNPARSABLE, (struct slice){ digits.p, E164 });
	classify(r, number_digits(r->out));
}

/* Country code and number, in r->world. */
static void read_world(struct reading *r, struct slice digits)
{
	unsigned code = code_length(digits);
	uint32_t zeros = 0;

	if (code > digits.n)
		code = digits.n;
	while (zeros < digits.n - code && digits.p[code + zeros] == '0')
		zeros++;
	if (zeros && zero_is_trunk(digits)) {
		say(r, "0 behind the country code is a trunk prefix: left out");
		digits.n -= zeros;
		memmove(r->world + code, r->world + code + zeros, digits.n - code);
	}
	if (!digits_only(digits))
		unparsable(r, digits, "a number has digits only");
	else if (numberset_find(r->n->countries, digits, NULL) == NUMBERSET_NONE)
		unparsable(r, digits, "no country has that code");
	else if (digits.n > E164)
		too_long(r, digits);
	else if (digits.n == code)
		unparsable(r, digits, "nothing follows the country code");
	else
		settle(r, NUMBER_WORLD, digits);
	if (r->out->kind == NUMBER_WORLD)
		classify(r, digits);
}

static void world_of(struct reading *r, struct slice a, struct slice b, struct slice c)
{
	const struct slice part[] = { a, b, c };
	uint32_t n = 0;

	for (unsigned i = 0; i < 3; i++)
		for (uint32_t j = 0; j < part[i].n && n < sizeof(r->world); j++)
			r->world[n++] = part[i].p[j];
	read_world(r, (struct slice){ r->world, n });
}

/* ---- as the house dials ---- */

static const struct slice *international(const struct reading *r, struct slice d)
{
	const struct slice *prefix = digits_before(&r->n->international, d);

	return prefix && (prefix->p[prefix->n - 1] == '0' || d.n - prefix->n >= r->n->guarded) ?
	       prefix : NULL;
}

static bool is_national(const struct numbers *n, struct slice d)
{
	if (!n->country.n)
		return false;
	if (n->length && d.n == n->length && (!n->national.n || !begins(d, n->national)))
		return true;
	return n->national.n ? d.n > n->national.n + 1 && begins(d, n->national) : d.n > SHORT;
}

/* As carriers write it, without anything in front. */
static bool is_bare(const struct numbers *n, struct slice d)
{
	unsigned code = code_length(d);

	if (!n->country.n || d.n > E164 || (n->national.n && begins(d, n->national)))
		return false;
	if (begins(d, n->country) && d.n == n->country.n + n->length)
		return true;
	if (begins(d, n->country) && d.n >= 11)
		return true;
	/* 11 digits may be a number of the country where nothing stands before those, or of
	 * an area, with an extension behind it */
	if (d.n == 11 && (n->area.n || !(n->length || n->national.n)))
		return false;
	return d.n >= 11 && d.n > code &&
	       numberset_find(n->countries, d, NULL) != NUMBERSET_NONE;
}

/* Digits behind what gets an outside line, or without; false: not of the world. */
static bool read_far(struct reading *r, struct slice d)
{
	const struct numbers *n = r->n;
	const struct slice *prefix = international(r, d);

	if (prefix) {
		say(r, "%.*s is an international prefix", TEXT(*prefix));
		world_of(r, behind(d, prefix->n), SLICE_NONE, SLICE_NONE);
	} else if (is_bare(n, d)) {
		say(r, "it is as long as a number with its country code");
		world_of(r, d, SLICE_NONE, SLICE_NONE);
	} else if (is_national(n, d)) {
		uint32_t trunk = n->national.n && begins(d, n->national) ? n->national.n : 0;

		say(r, trunk ? "%.*s is the trunk prefix: a number of the country %.*s" :
			       "%.*sa number of the country %.*s",
		    (int)trunk, d.p, TEXT(n->country));
		world_of(r, n->country, behind(d, trunk), SLICE_NONE);
	} else if (n->country.n && n->area.n && d.n > 4 && !begins(d, SLICE("1"))) {
		say(r, "a number of the area %.*s %.*s", TEXT(n->country), TEXT(n->area));
		world_of(r, n->country, n->area, d);
	} else {
		return false;
	}
	return true;
}

static void read_near(struct reading *r, struct slice d)
{
	if (d.n > E164) {
		unparsable(r, d, "no number has more than 15 digits");
	} else if (d.n <= SHORT) {
		say(r, "too short for a number of a subscriber: a service");
		settle(r, NUMBER_SERVICE, d);
	} else {
		say(r, r->n->country.n ? "a number of an area that nobody has named" :
					 "a number of a country that nobody has named");
		settle(r, NUMBER_LOCAL, d);
	}
}

static void read_digits(struct reading *r, struct slice d)
{
	const struct slice *outside = digits_before(&r->n->outside, d);

	if (outside) {
		struct slice rest = behind(d, outside->n);

		say(r, "%.*s gets an outside line", TEXT(*outside));
		if (rest.p[0] == '+')
			world_of(r, behind(rest, 1), SLICE_NONE, SLICE_NONE);
		else if (!read_far(r, rest))
			read_near(r, rest);
	} else if (!read_far(r, d)) {
		read_near(r, d);
	}
}

/* ---- what is written ---- */

/* A user part is a number when it begins like one. */
static bool begins_like_a_number(const struct reading *r, struct slice d)
{
	const struct slice *outside = digits_before(&r->n->outside, d);
	struct slice rest = outside ? behind(d, outside->n) : d;

	if (d.p[0] == '+' || digits_before(&r->n->international, rest))
		return true;
	return r->n->country.n && r->n->national.n && begins(rest, r->n->national) &&
	       rest.n > r->n->national.n + 1 && is_digit(rest.p[r->n->national.n]) &&
	       is_digit(rest.p[r->n->national.n + 1]);
}

/* Up to parameters or a NUL, without separators, and without the # that ends dialling. */
static struct slice compact(struct reading *r, struct slice user)
{
	struct slice d = { r->dialled, 0 };

	for (uint32_t i = 0; i < user.n && user.p[i] != ';' && user.p[i]; i++) {
		if (memchr("-.() ", user.p[i], 5))
			continue;
		if (d.n == DIALLED) {
			r->cut = true;
			break;
		}
		r->dialled[d.n++] = user.p[i];
	}
	while (d.n > 1 && d.p[d.n - 1] == '#' && is_digit(d.p[0]))
		d.n--;
	if (d.n && d.n < user.n)
		say(r, "without separators and parameters: %.*s", TEXT(d));
	return d;
}

/* RFC 3966 5.1.5: what a local number is local to; a domain says nothing about numbers. */
static bool read_context(struct reading *r, struct slice d, struct slice context)
{
	char room[NUMBERSET_DIGITS];
	uint32_t trunk = r->n->national.n && begins(d, r->n->national) ? r->n->national.n : 0;
	struct slice code = SLICE_NONE;
	uint32_t n = 0;

	if (context.n < 2 || context.p[0] != '+' || d.p[0] == '+' || international(r, d))
		return false;
	for (uint32_t i = 1; i < context.n && n < sizeof(room); i++)
		if (is_digit(context.p[i]))
			room[n++] = context.p[i];
	code = (struct slice){ room, n };
	if (!digits_only(d) || n + d.n - trunk > E164 || n + d.n - trunk < 7 ||
	    numberset_find(r->n->countries, code, NULL) == NUMBERSET_NONE)
		return false;
	say(r, "phone-context makes it a number below +%.*s", TEXT(code));
	world_of(r, code, behind(d, trunk), SLICE_NONE);
	return true;
}

/* Digits, which a + or what gets an outside line and a + may precede. */
static void read_dialled(struct reading *r, struct slice d)
{
	if (d.p[0] == '+' && d.n > 1)
		world_of(r, behind(d, 1), SLICE_NONE, SLICE_NONE);
	else
		read_digits(r, d);
}

static bool is_far(const struct reading *r)
{
	return number_is_far(r->out);
}

/*
 * No number, but dialled like one: servers and carriers that forgive more take the digits
 * up to what they do not understand, and 00 behind a + for what it is.  The number that
 * those would call is what prefixes, classes and prices are asked for.
 */
static void read_odd(struct reading *r, struct slice d, const char *why)
{
	struct slice lead = d;
	bool plus = plus_skip(&lead);
	const struct slice *outside = plus ? NULL : digits_before(&r->n->outside, d);
	uint32_t n = outside ? outside->n : 0;

	while (n < lead.n && is_digit(lead.p[n]))
		n++;
	lead.n = n;
	if (n) {
		say(r, "as far as it can be dialled: %s%.*s", plus ? "+" : "", TEXT(lead));
		if (plus && lead.p[0] != '0')
			world_of(r, lead, SLICE_NONE, SLICE_NONE);
		else
			read_digits(r, lead);
	}
	if (is_far(r)) {
		say(r, "\"%.*s\" cannot be dialled: %s", TEXT(d), why);
		r->out->kind = NUMBER_UNPARSABLE;
		return;
	}
	*r->out = (struct number){ .kind = NUMBER_NONE };
	unparsable(r, d, why);
}

/* Only what cannot be meant for the house counts: a mailbox may stand there, too. */
static void read_service(struct reading *r, struct slice d)
{
	struct slice rest = behind_code(d);

	say(r, "%.*s is a feature code", TEXT(d));
	if (rest.n && emergency_number(r->rs, rest)) {
		say(r, "with it, %.*s is a call for help", TEXT(rest));
		settle(r, NUMBER_EMERGENCY, rest);
		return;
	}
	if (rest.n && digits_only(rest.p[0] == '+' ? behind(rest, 1) : rest))
		read_dialled(r, rest);
	if (is_far(r)) {
		say(r, "with it, a number");
		r->out->kind = NUMBER_SERVICE;
		return;
	}
	*r->out = (struct number){ .kind = NUMBER_NONE };
	settle(r, NUMBER_SERVICE, d);
}

static bool is_plain(const struct reading *r, struct slice d)
{
	const struct slice *outside = digits_before(&r->n->outside, d);

	if (outside)
		d = behind(d, outside->n);
	if (d.n > 1 && d.p[0] == '+')
		return d.p[1] != '0' && digits_only(behind(d, 1));
	return digits_only(d);
}

static bool is_extension(const struct numbers *n, struct slice text)
{
	return n->extensions && match_find(n->extensions, text) >= 0;
}

static void read_user(struct reading *r, struct slice user, struct slice context)
{
	struct slice text = text_of(user), d = compact(r, user);

	if (!text.n || !d.n) {
		say(r, "there is no user");
		return;
	}
	if (!r->cut && !emergency_elsewhere(r->rs, context) &&
	    (emergency_number(r->rs, d) || emergency_number(r->rs, text))) {
		say(r, "%.*s is a call for help", TEXT(d));
		settle(r, NUMBER_EMERGENCY, d);
	} else if (is_extension(r->n, text) || is_extension(r->n, d)) {
		say(r, "%.*s is an extension", TEXT(d));
		settle(r, NUMBER_EXTENSION, d);
	} else if (r->cut || !dialable(d)) {
		if (begins_like_a_number(r, d) && (r->cut || !is_mac(d)))
			read_odd(r, d, r->cut ? "it is too long" : "it has more than digits");
		else
			settle(r, NUMBER_NAME, text);
	} else if (is_code(d) && !digits_before(&r->n->outside, d)) {
		read_service(r, d);
	} else if (!is_plain(r, d)) {
		read_odd(r, d, "a number has digits only, and no 0 behind a +");
	} else if (!read_context(r, d, context)) {
		read_dialled(r, d);
	}
}

static void read_uri(struct reading *r, struct slice text)
{
	char room[ROOM];
	struct slice user, context = SLICE_NONE, params;
	struct sip_uri uri;

	if (emergency_service(text)) {
		say(r, "it is a call for help");
		settle(r, NUMBER_EMERGENCY, SLICE_NONE);
		return;
	}
	(void)sip_uri_read(text, &uri);
	user = sip_user(&uri, room, sizeof(room));
	r->cut = uri.user.n > sizeof(room);
	params = behind(user, text_of(user).n);
	if (!sip_param(params, SLICE("phone-context"), &context))
		(void)sip_param(uri.params, SLICE("phone-context"), &context);
	read_user(r, user, context);
}

static struct reading reading_of(const struct ruleset *rs, struct number *out)
{
	*out = (struct number){ .kind = NUMBER_NONE };
	return (struct reading){ .rs = rs, .n = rs->numbers, .out = out };
}

void number_read(const struct ruleset *rs, struct slice user, struct slice context,
		 struct number *out)
{
	struct reading r = reading_of(rs, out);

	read_user(&r, user, context);
}

void number_of_uri(const struct ruleset *rs, struct slice uri, struct number *out)
{
	struct reading r = reading_of(rs, out);

	read_uri(&r, uri);
}

void number_explain(const struct ruleset *rs, struct slice text, number_step *step, void *arg,
		    struct number *out)
{
	struct reading r = reading_of(rs, out);
	struct sip_uri uri;

	r.step = step;
	r.arg = arg;
	(void)sip_uri_read(text, &uri);
	if (uri.scheme.n) /* broken or not */
		read_uri(&r, text);
	else
		read_user(&r, text, SLICE_NONE);
}

const char *number_country(unsigned country)
{
	return countries[country].iso;
}

const char *number_country_name(unsigned country)
{
	return countries[country].name;
}

size_t number_print(const struct number *n, char out[NUMBER_TEXT])
{
	/* of a record that was saved it may be more */
	size_t at = 0, digits = n->n < NUMBER_DIGITS ? n->n : NUMBER_DIGITS;

	if (number_is_far(n))
		out[at++] = '+';
	memcpy(out + at, n->digits, digits);
	at += digits;
	out[at] = '\0';
	return at;
}
