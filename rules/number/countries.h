/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has a country code, from ITU-T's list of E.164 assigned country codes; the area
 * codes of the North American Numbering Plan, and the parts of others that are countries
 * of their own, from the plans of their administrations (NANPA, Ofcom, ACMA, ...).
 *
 * Ownership: const tables.
 */
#ifndef SIPMOAT_COUNTRIES_H
#define SIPMOAT_COUNTRIES_H

struct country {
	const char *prefixes; /* E.164, blanks between; the longest one counts */
	char iso[4];          /* ISO 3166; of what is no country its country code */
	const char *name;
};

/* [0] is none, and a country without prefixes ends the table. */
extern const struct country countries[];

/* How a country dials, from ITU-T's list of dialling procedures. */
struct habits {
	const char *code;          /* country code */
	const char *international; /* blanks between several */
	const char *national;      /* trunk prefix, "": none */
	const char *emergency;     /* from the lists of emergency numbers of ITU-T and EU */
	unsigned char length;      /* digits of every number without trunk prefix, 0: they differ */
};

/* A code of NULL ends the table. */
extern const struct habits habits[];

#endif
