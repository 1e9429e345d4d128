/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a ruleset says of itself; what checks have made of the config, for an operator to
 * compare with what he meant. */
#include <stdio.h>

#include "check.h"
#include "geo.h"
#include "groups.h"
#include "ruleset.h"
#include "seen.h"

const struct settings *ruleset_settings(const struct ruleset *rs)
{
	return &rs->settings;
}

struct databases ruleset_databases(const struct ruleset *rs)
{
	return (struct databases){ geo_country_built(rs->geo), geo_asn_built(rs->geo),
				   rs->geo_wanted };
}

const struct prefix *ruleset_inside(const struct ruleset *rs, size_t *n)
{
	*n = rs->n_inside;
	return rs->inside;
}

const struct prefix *ruleset_trusted(const struct ruleset *rs, size_t *n)
{
	*n = rs->n_trusted;
	return rs->trusted;
}

const char *ruleset_zone_name(const struct ruleset *rs, unsigned zone)
{
	return zone < rs->n_zones ? rs->zone[zone].name : "-";
}

void ruleset_place(const struct ruleset *rs, const struct addr *a, struct seen_place *out)
{
	uint32_t code = rs->geo ? geo_country(rs->geo, a) : 0;

	*out = (struct seen_place){ .asn = rs->geo ? geo_asn(rs->geo, a) : 0 };
	if (code) {
		out->country[0] = (char)(code >> 8);
		out->country[1] = (char)code;
	}
}

const char *ruleset_trunk_name(const struct ruleset *rs, int trunk)
{
	return trunk < 0 ? NULL : trunk_name(rs, (unsigned)trunk);
}

struct page {
	conf_line *line;
	void *arg;
	const char *head; /* to be said before the first line; NULL: it has been */
};

static void put(void *arg, const char *line)
{
	struct page *page = arg;

	if (page->head)
		page->line(page->arg, page->head);
	page->head = NULL;
	page->line(page->arg, line);
}

static const char *remark(const struct ruleset *rs, const struct policy *policy)
{
	if (policy->mode == MODE_OBSERVE || rs->settings.mode == MODE_OBSERVE)
		return " (mode observe: only told)";
	if (policy->action == ACTION_MARK)
		return " (action mark: it passes, with the mark)";
	return policy->action == ACTION_ALERT ? " (action alert: only told)" : "";
}

static void describe(const struct ruleset *rs, unsigned z, unsigned check, struct page *page)
{
	const struct zone *zone = &rs->zone[z];
	const struct policy *policy = &zone->policy[check];
	char head[256];

	if (z && zone->conf[check] == rs->zone[0].conf[check])
		return;
	page->head = head;
	snprintf(head, sizeof(head), "%s%s%s%s:", checks[check]->name, z ? " in zone " : "",
		 z ? zone->name : "", remark(rs, policy));
	if (policy->mode != MODE_OFF && zone->conf[check])
		checks[check]->describe(zone->conf[check], put, page);
	if (z && page->head)
		put(page, policy->mode == MODE_OFF ? "  off" : "  nothing");
}

void ruleset_describe(const struct ruleset *rs, conf_line *line, void *arg)
{
	struct page page = { line, arg, NULL };

	for (unsigned check = 0; check < check_count; check++)
		for (unsigned z = 0; checks[check]->describe && z < rs->n_zones; z++)
			describe(rs, z, check, &page);
}
