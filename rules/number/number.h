/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telephone numbers: how a user part is dialled, and what number of the world that is
 * (ITU-T E.164), by the dial plan in the config; the country it is in, and its classes.
 *
 * Ownership: values; a dialplan belongs to its ruleset.  Locking: none, const once compiled.
 */
#ifndef SIPMOAT_NUMBER_H
#define SIPMOAT_NUMBER_H

#include "conf.h"
#include "sip.h"

struct ruleset;

enum number_kind {
	NUMBER_NONE,       /* no user at all */
	NUMBER_NAME,       /* a user that is no number: "alice" */
	NUMBER_EXTENSION,  /* of the house: as the dial plan says */
	NUMBER_SERVICE,    /* a feature code (*21#), or too short to be anywhere else */
	NUMBER_EMERGENCY,  /* the key emergency: never refused, limited or counted */
	NUMBER_WORLD,      /* E.164: digits are country code and number */
	NUMBER_LOCAL,      /* of a network outside, but the dial plan does not say of which
	                    * country or area */
	NUMBER_UNPARSABLE, /* dialled like a number, and none: policy of its own */
};

#define NUMBER_DIGITS 24

struct number {
	uint8_t kind; /* enum number_kind */
	uint8_t n;    /* of digits */
	uint16_t country; /* index for number_country, 0: none */
	uint32_t classes; /* bit per class: number_class */
	char digits[NUMBER_DIGITS]; /* number_is_far: E.164 without plus; else as dialled,
	                             * separators taken out, cut */
};

/* Are its digits E.164?  Those of NUMBER_WORLD are; those of NUMBER_SERVICE where the code
 * has a number behind it, and of NUMBER_UNPARSABLE as far as somebody may dial them. */
static inline bool number_is_far(const struct number *n)
{
	return n->kind == NUMBER_WORLD || n->country;
}

/*
 * Classes: those that ship (rules/number/ranges.c), computed ones ("international":
 * another country than dialplan.country; "national"), and those of the key classes.
 */
#define NUMBER_CLASSES 32
/* Index of a class, -1: there is none of that name. */
int number_class(const struct ruleset *rs, const char *name);
const char *number_class_name(const struct ruleset *rs, unsigned class); /* NULL behind the last */

/* ISO 3166 code and name of a country or of what else has a country code. */
const char *number_country(unsigned country);
const char *number_country_name(unsigned country);

static inline struct slice number_digits(const struct number *n)
{
	return (struct slice){ n->digits, n->n };
}

/* Reads a user part as sip_user gives it; context: the value of phone-context or empty. */
void number_read(const struct ruleset *rs, struct slice user, struct slice context,
		 struct number *out);
/* Of a sip:, sips: or tel: URI (RFC 3966), urn:service:sos among them; of a broken one what
 * can be read. */
void number_of_uri(const struct ruleset *rs, struct slice uri, struct number *out);
/* E.164 with its plus, an extension as it is: for events; returns the length written. */
#define NUMBER_TEXT (NUMBER_DIGITS + 2)
size_t number_print(const struct number *n, char out[NUMBER_TEXT]);

/* For the tool: each step from the text, a number or a URI, to the number, a line each. */
typedef void number_step(void *arg, const char *line);
void number_explain(const struct ruleset *rs, struct slice text, number_step *step, void *arg,
		    struct number *out);

/*
 * A list of prefixes and names of classes as an operator writes it, for lists of the
 * config: "44", "+4420", "file:premium.txt", "premium".  value is what a hit gives.
 */
struct numberlist;
/* *out is NULL when the list is empty; 0 or -1, reported. */
int numberlist_compile(const struct conf_list *l, struct compiler *c, const char *key,
		       struct numberlist **out);
void numberlist_free(struct numberlist *l); /* takes NULL */
/* Length of the longest prefix that the number begins with, plus 1; a class counts like a
 * prefix of length 0.  0: none, or l is NULL, or the number is not far. */
unsigned numberlist_find(const struct numberlist *l, const struct number *n);
/* The first class of the list that the number is of, -1: none. */
int numberlist_class(const struct numberlist *l, const struct number *n);

/* One entry of the key classes. */
struct class_entry {
	struct conf_item at;
	const char *name;
	struct conf_list add, remove;
};
extern const struct conf_row class_rows[];

/* ruleset.c: compiles settings dialplan and classes into rs->numbers; 0 or -1, reported. */
struct numbers;
int numbers_compile(struct ruleset *rs, struct compiler *c);
void numbers_free(struct numbers *n); /* takes NULL */

#endif
