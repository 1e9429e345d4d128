/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dial plan of a ruleset, compiled: private to rules/number/ and emergency.c.
 *
 * Ownership: belongs to the ruleset; slices point into its arena or const tables.
 * Locking: none, const once compiled.
 */
#ifndef SIPMOAT_PLAN_H
#define SIPMOAT_PLAN_H

#include "countries.h"
#include "match.h"
#include "number.h"
#include "numberset.h"

#define PLAN_PREFIXES 32

/* Some texts of digits. */
struct digits_list {
	struct slice item[PLAN_PREFIXES];
	unsigned n;
};

struct numbers {
	struct slice country;  /* code of the house; empty: nobody has said */
	struct slice national; /* trunk prefix */
	struct slice area;
	struct digits_list international, outside;
	struct digits_list emergency; /* of the country; none: the key emergency goes */
	uint64_t emergency_lengths;   /* bit per length of what is a call for help */
	unsigned length;       /* digits of every number of the country, 0: they differ */
	unsigned guarded;      /* digits that must follow an international prefix: where the
	                        * country is unknown, 011 may be an area code */
	uint16_t house;        /* country, 0: nobody has said */
	struct match *extensions; /* NULL: none */
	struct numberset *countries, *classes;
	unsigned n_classes;
	struct slice class[NUMBER_CLASSES];
	const char *class_name[NUMBER_CLASSES];
};

enum { CLASS_NATIONAL, CLASS_INTERNATIONAL, CLASS_SHIPPED };

/* The longest item that text begins with, and more than which follows; NULL: none. */
const struct slice *digits_before(const struct digits_list *l, struct slice text);
/* Length of the country code that E.164 digits begin with, 1 to 3. */
unsigned code_length(struct slice digits);

/* classes.c: rs->numbers->classes; 0 or -1, reported. */
int classes_compile(struct ruleset *rs, struct compiler *c);
/* The digits of a prefix as people write them ("+49 (30) 23125"), in out, at most
 * NUMBERSET_DIGITS; empty when it is none, and when it begins with 0 as no country code does. */
struct slice prefix_read(const char *text, char out[NUMBERSET_DIGITS]);

#endif
