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

/* Either file may be NULL or "" (look in the usual places).  Returns NULL when
 * neither can be used; says why in report. */
struct geo *geo_open(const char *country_file, const char *asn_file, struct conf_report *report);
void geo_free(struct geo *g);
bool geo_has_country(const struct geo *g); /* takes NULL */
bool geo_has_asn(const struct geo *g);

/* Two upper-case letters as (first << 8 | second), 0 = unknown. */
uint32_t geo_country(const struct geo *g, const struct addr *a);
uint32_t geo_asn(const struct geo *g, const struct addr *a); /* 0 = unknown */

#define GEO_CODE(a, b) ((uint32_t)(a) << 8 | (uint32_t)(b))

/* Our own table of addresses that no country has (RFC 6890 and its like). */
bool addr_is_bogon(const struct addr *a);   /* never a real source on the Internet */
bool addr_is_private(const struct addr *a); /* RFC 1918, 6598, ULA, link-local, loopback */
/* Is, holds, or lies in any of these but documentation, or in IPv6 outside of 2000::/3. */
bool prefix_is_odd(const struct prefix *p);

#endif
