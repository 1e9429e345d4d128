/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a new database of countries or networks may be put in the place of the old one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "geo.h"

#define COUNTRIES 150 /* of some 250 codes; a file of one continent has fewer */
#define WRONG 2       /* of the addresses below, of each family */

/*
 * Registries, universities and carriers that have been where they are for decades, and are
 * not anycast: here honest databases do not disagree.
 */
static const struct known {
	const char *addr, *country;
	uint32_t asn;
} known[] = {
	{ "193.0.6.139", "NL", 3333 },   { "130.59.31.248", "CH", 559 },
	{ "129.240.2.3", "NO", 224 },    { "168.126.63.1", "KR", 4766 },
	{ "200.160.2.3", "BR", 22548 },  { "133.11.0.1", "JP", 2501 },
	{ "131.111.8.42", "GB", 786 },   { "141.20.1.3", "DE", 680 },
	{ "2001:67c:2e8:22::c100:68b", "NL", 3333 }, { "2001:620:0:ff::2", "CH", 559 },
	{ "2001:700:100::1", "NO", 224 },            { "2001:12ff:0:2::3", "BR", 22548 },
	{ "2001:200::1", "JP", 2500 },   { "2001:630::1", "GB", 786 },
	{ "2001:638::1", "DE", 680 },
};

static bool knows(const struct geo *g, enum geo_kind kind, const struct known *k,
		  const struct addr *a)
{
	if (kind == GEO_ASN)
		return geo_asn(g, a) == k->asn;
	return geo_country(g, a) == GEO_CODE((unsigned char)k->country[0],
					     (unsigned char)k->country[1]);
}

static bool knows_all(const struct geo *g, enum geo_kind kind, char why[GEO_WHY])
{
	unsigned wrong[2] = { 0, 0 };

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct addr a;
		unsigned v6;

		if (addr_parse(slice_of(known[i].addr), &a) < 0 || knows(g, kind, &known[i], &a))
			continue;
		v6 = addr_is_v4(&a) ? 0 : 1;
		if (++wrong[v6] <= WRONG)
			continue;
		snprintf(why, GEO_WHY, "it is wrong about well-known IPv%d addresses, the last of "
			 "them %s", v6 ? 6 : 4, known[i].addr);
		return false;
	}
	return true;
}

bool geo_sound(const struct geo *g, enum geo_kind kind, struct geo_survey *out, char why[GEO_WHY])
{
	if (!geo_survey(g, kind, out)) {
		snprintf(why, GEO_WHY, "it is damaged");
		return false;
	}
	if (kind == GEO_COUNTRY && out->countries < COUNTRIES) {
		snprintf(why, GEO_WHY, "it knows %u countries, and should know %u at least",
			 out->countries, COUNTRIES);
		return false;
	}
	for (unsigned i = 0; i < 2; i++) {
		if (out->networks[i])
			continue;
		snprintf(why, GEO_WHY, "it has no IPv%d networks: take the file that has both",
			 i ? 6 : 4);
		return false;
	}
	return knows_all(g, kind, why);
}

bool geo_succeeds(const struct geo_survey *fresh, const struct geo_survey *old, char why[GEO_WHY])
{
	if (fresh->built < old->built) {
		snprintf(why, GEO_WHY, "it was made %" PRIu64 " days before the one in place",
			 (old->built - fresh->built) / 86400);
		return false;
	}
	for (unsigned i = 0; i < 2; i++) {
		if (fresh->networks[i] >= old->networks[i] / 2)
			continue;
		snprintf(why, GEO_WHY, "it has %" PRIu64 " IPv%d networks, and the one in place %"
			 PRIu64, fresh->networks[i], i ? 6 : 4, old->networks[i]);
		return false;
	}
	return true;
}
