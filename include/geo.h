/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Country and autonomous system of an address, from MaxMind DB files.  The file
 * is copied to sealed memory when opened, so that replacing or truncating it in
 * place cannot hurt us; it is probed for plausibility before it is used.
 *
 * Locking: const after open.  Nothing allocates in a look-up.
 */
#ifndef SIPMOAT_GEO_H
#define SIPMOAT_GEO_H

#include "addr.h"
#include "conf.h"

struct geo;

enum geo_kind { GEO_COUNTRY, GEO_ASN };

/* Either file may be NULL or "" (look in the usual places).  Returns NULL when
 * neither can be used; says why in report. */
struct geo *geo_open(const char *country_file, const char *asn_file, struct conf_report *report);
/* That file and no other.  NULL: it cannot be used; report says why. */
struct geo *geo_open_file(enum geo_kind kind, const char *path, struct conf_report *report);
void geo_free(struct geo *g);
bool geo_has_country(const struct geo *g); /* takes NULL */
bool geo_has_asn(const struct geo *g);
/* When its makers made the file, s since 1970; 0: there is none.  Takes NULL. */
uint64_t geo_country_built(const struct geo *g);
uint64_t geo_asn_built(const struct geo *g);
const char *geo_path(const struct geo *g, enum geo_kind kind); /* NULL: there is none; takes NULL */

/* Two upper-case letters as (first << 8 | second), 0 = unknown. */
uint32_t geo_country(const struct geo *g, const struct addr *a);
uint32_t geo_asn(const struct geo *g, const struct addr *a); /* 0 = unknown */

#define GEO_CODE(a, b) ((uint32_t)(a) << 8 | (uint32_t)(b))

/* ---- is a new file better than the one in place; not for the packet path ---- */

struct geo_survey {
	uint64_t built;       /* s since 1970 */
	uint64_t networks[2]; /* of IPv4 and of IPv6, that it has an answer for */
	unsigned countries;   /* different ones; 0 in a database of autonomous systems */
};

#define GEO_WHY 160

/* Goes through the whole file.  false: it is damaged. */
bool geo_survey(const struct geo *g, enum geo_kind kind, struct geo_survey *out);
/* Does it know the world, in both families?  false: why says what is wrong. */
bool geo_sound(const struct geo *g, enum geo_kind kind, struct geo_survey *out,
	       char why[GEO_WHY]);
/* May it take the place of the old one?  false: why says what is wrong. */
bool geo_succeeds(const struct geo_survey *fresh, const struct geo_survey *old,
		  char why[GEO_WHY]);

/* Our own table of addresses that no country has (RFC 6890 and its like). */
bool addr_is_bogon(const struct addr *a);   /* never a real source on the Internet */
bool addr_is_private(const struct addr *a); /* RFC 1918, 6598, ULA, link-local, loopback */
/* Is, holds, or lies in any of these but documentation, or in IPv6 outside of 2000::/3. */
bool prefix_is_odd(const struct prefix *p);

#endif
