/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From files to one generation of policy, in two passes: first everything is
 * read and laid over what came before (defaults, the main file, conf.d/ in name
 * order, the zone), then everything is compiled, once for all zones that do not
 * differ.  Both passes run to their end whatever they find, so that all errors
 * are reported at once.
 */
#include "ruleset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/trusted.h"
#include "checks.h"
#include "compiler.h"
#include "feeds.h"
#include "geo.h"
#include "groups.h"
#include "number/number.h"
#include "schedule.h"
#include "settings.h"
#include "sources.h"
#include "state/audits.h"
#include "zone.h"

/* What a zone is while it is loaded, beside the zone itself. */
struct draft {
	const struct node *node; /* NULL for the default zone */
	struct zone_conf conf;
	char path[KEY_TEXT];     /* "zones.office", "" for the default zone */
	const struct node *group[CHECK_MAX]; /* where a check was last written */
};

struct loading {
	struct reader reader;
	struct ruleset *rs;
	struct sources files;
	const char *file; /* the main file, for what is written nowhere */
	struct draft *draft;
	const char *check_names[CHECK_MAX + 1];
};

static void no_memory(struct loading *l)
{
	conf_report_add(l->reader.report, CONF_ERROR, l->file, 0, "", "out of memory");
}

/* ---- pass one: read ---- */

static void read_settings(struct loading *l)
{
	for (const struct settings_group *g = settings_groups; g->name; g++) {
		struct rows_into into[] = { { g->rows, &l->rs->settings }, { NULL, NULL } };

		rows_defaults(&l->reader, g->rows, &l->rs->settings, g->name);
		for (unsigned i = 0; g->name[0] && i < l->files.n; i++) {
			const struct node *n = node_find(l->files.root[i], g->name);

			if (n && rows_is_group(&l->reader, n, g->name))
				rows_read(&l->reader, into, n, g->name, NULL);
		}
	}
}

/* The top level: its own rows, and the names of all that is read elsewhere. */
static void read_top(struct loading *l)
{
	const char *others[CHECK_MAX + 16] = { "zones" };
	struct rows_into into[] = { { NULL, &l->rs->settings }, { NULL, NULL } };
	unsigned n = 1;

	for (const struct settings_group *g = settings_groups; g->name; g++) {
		if (g->name[0])
			others[n++] = g->name;
		else
			into[0].rows = g->rows;
	}
	for (unsigned i = 0; l->check_names[i]; i++)
		others[n++] = l->check_names[i];
	for (unsigned i = 0; i < l->files.n; i++)
		rows_read(&l->reader, into, l->files.root[i], "", others);
}

static void read_group(struct loading *l, unsigned z, unsigned check, const struct node *parent)
{
	struct zone *zone = &l->rs->zone[z];
	struct draft *draft = &l->draft[z];
	struct rows_into into[] = { { policy_rows, &zone->policy[check] },
				    { checks[check]->rows, zone->conf[check] },
				    { NULL, NULL } };
	const struct node *n = z ? zone_group(parent, checks[check]->name) :
				   node_find(parent, checks[check]->name);
	char path[KEY_TEXT];

	key_join(path, draft->path, checks[check]->name);
	if (!n || !rows_is_group(&l->reader, n, path))
		return;
	if (checks[check]->conf_size && !zone->conf[check])
		return; /* for lack of memory, which is reported */
	draft->group[check] = n;
	rows_read(&l->reader, into, n, path, NULL);
	n = node_find(n, "action");
	if (n && !checks[check]->approves && zone->policy[check].action == ACTION_APPROVE)
		conf_report_add(l->reader.report, CONF_ERROR, n->file, n->line, path,
				"action: what this check refuses cannot be approved: "
				"\"alert\", \"drop\", \"reject\", \"decoy\" or \"tarpit\"");
}

static void read_default_check(struct loading *l, unsigned check)
{
	const struct check *c = checks[check];
	struct zone *zone = &l->rs->zone[0];

	zone->policy[check] = c->defaults;
	zone->policy[check].code = policy_code(c);
	if (!c->defaults.phrase)
		zone->policy[check].phrase = "Forbidden";
	if (!c->defaults.retry_after)
		zone->policy[check].retry_after = "";
	if (c->conf_size && !(zone->conf[check] = calloc(1, c->conf_size))) {
		no_memory(l);
		return;
	}
	rows_defaults(&l->reader, c->rows, zone->conf[check], c->name);
	for (unsigned i = 0; i < l->files.n; i++)
		read_group(l, 0, check, l->files.root[i]);
}

/* A zone's check is the default's, raw, with what the zone writes laid over it. */
static void read_zone_check(struct loading *l, unsigned z, unsigned check)
{
	const struct check *c = checks[check];
	struct zone *zone = &l->rs->zone[z], *base = &l->rs->zone[0];

	zone->policy[check] = base->policy[check];
	zone->conf[check] = base->conf[check];
	if (!zone_group(l->draft[z].node, c->name) || !base->conf[check]) {
		read_group(l, z, check, l->draft[z].node);
		return;
	}
	zone->conf[check] = malloc(c->conf_size);
	if (!zone->conf[check]) {
		no_memory(l);
		return;
	}
	memcpy(zone->conf[check], base->conf[check], c->conf_size);
	rows_split(&l->reader, c->rows, zone->conf[check], c->name);
	read_group(l, z, check, l->draft[z].node);
}

static void read_zone(struct loading *l, unsigned z)
{
	struct draft *d = &l->draft[z];
	struct rows_into into[] = { { zone_rows, &d->conf }, { NULL, NULL } };
	const struct node *name = node_find(d->node, "name");

	if (name && name->type == NODE_TEXT && strlen(name->text) < ZONE_NAME)
		snprintf(d->path, sizeof(d->path), "zones.%s", name->text);
	else
		snprintf(d->path, sizeof(d->path), "zones[%u]", z - 1);
	rows_defaults(&l->reader, zone_rows, &d->conf, d->path);
	rows_read(&l->reader, into, d->node, d->path, l->check_names);
	for (unsigned i = 0; i < check_count; i++)
		read_zone_check(l, z, i);
}

static void collect_zones(struct loading *l, const struct node *list)
{
	if (list->type != NODE_LIST) {
		conf_report_add(l->reader.report, CONF_ERROR, list->file, list->line, "zones",
				"has the wrong type: must be a list, ( { ... }, { ... } )");
		return;
	}
	for (unsigned i = 0; i < list->n; i++) {
		const struct node *n = &list->child[i];

		if (!rows_is_group(&l->reader, n, "zones"))
			continue;
		if (l->rs->n_zones == ZONE_MAX) {
			conf_report_add(l->reader.report, CONF_ERROR, n->file, n->line, "zones",
					"too many zones: at most %d", ZONE_MAX - 1);
			return;
		}
		l->draft[l->rs->n_zones++].node = n;
	}
}

static void read_zones(struct loading *l)
{
	memcpy(l->rs->zone[0].name, "default", sizeof("default"));
	l->rs->zone[0].registered = -1;
	l->rs->zone[0].schedule.schedule = -1;
	l->rs->n_zones = 1;
	for (unsigned i = 0; i < l->files.n; i++) {
		const struct node *n = node_find(l->files.root[i], "zones");

		if (n)
			collect_zones(l, n);
	}
	for (unsigned i = 0; i < check_count; i++)
		read_default_check(l, i);
	for (unsigned z = 1; z < l->rs->n_zones; z++)
		read_zone(l, z);
}

/* ---- pass two: compile ---- */

static struct compiler compiler_at(struct loading *l, const char *group, const struct node *n)
{
	return (struct compiler){ .report = l->reader.report, .group = group,
				  .file = n ? n->file : l->file, .line = n ? n->line : 0,
				  .geo = l->rs->geo, .rules = l->rs, .mode = MODE_ENFORCE };
}

static bool geo_needed(const struct loading *l)
{
	const struct ruleset *rs = l->rs;

	if (rs->settings.country_file[0] || rs->settings.asn_file[0])
		return true;
	for (unsigned z = 0; z < rs->n_zones; z++) {
		if (zone_needs_geo(&l->draft[z].conf))
			return true;
		for (unsigned i = 0; i < check_count; i++)
			if (checks[i]->uses_geo && rs->zone[z].policy[i].mode != MODE_OFF)
				return true;
	}
	return false;
}

static void compile_checks(struct loading *l, unsigned z)
{
	struct zone *zone = &l->rs->zone[z];

	for (unsigned i = 0; i < check_count; i++) {
		char path[KEY_TEXT];
		struct compiler c = compiler_at(l, path, l->draft[z].group[i]);

		key_join(path, l->draft[z].path, checks[i]->name);
		c.mode = zone->policy[i].mode;
		policy_compile(&zone->policy[i], checks[i], &c);
		if (l->draft[z].group[i])
			policy_warn(&zone->policy[i], checks[i], &l->rs->settings, &c);
		if (!checks[i]->compile || (z && zone->conf[i] == l->rs->zone[0].conf[i]))
			continue;
		if (zone->conf[i])
			(void)checks[i]->compile(zone->conf[i], &c); /* errors are counted */
	}
}

static void compile_zones(struct loading *l)
{
	struct ruleset *rs = l->rs;

	for (unsigned z = 1; z < rs->n_zones; z++) {
		struct compiler c = compiler_at(l, l->draft[z].path, l->draft[z].node);

		zone_compile(&rs->zone[z], &l->draft[z].conf, l->draft[z].node, &c);
		for (unsigned other = 1; other < z; other++)
			if (rs->zone[z].name[0] &&
			    strcmp(rs->zone[other].name, rs->zone[z].name) == 0)
				compiler_error(&c, NULL, "name",
					       "a zone of this name was written before (%s:%u)",
					       l->draft[other].node->file,
					       l->draft[other].node->line);
	}
	for (unsigned z = 0; z < rs->n_zones; z++)
		compile_checks(l, z);
}

static void compile_inside(struct loading *l)
{
	const struct conf_list *list = &l->rs->settings.inside;
	struct compiler c = compiler_at(l, "", NULL);
	struct prefix *p;
	size_t n;

	if (compiler_prefixes(&c, list, "inside", &p, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (p[i].len == 0 || (p[i].len == ADDR_V4_BITS && addr_is_v4(&p[i].addr)))
			compiler_error(&c, &list->item[i], "inside",
				       "\"%s\" is every address: nothing would be judged; name "
				       "the servers", list->item[i].text);
	if (ruleset_set_inside(l->rs, p, n) < 0)
		no_memory(l);
	free(p);
}

/* All that checks may speak of by its name. */
static void compile_named(struct loading *l)
{
	struct compiler c = compiler_at(l, "", NULL);

	(void)numbers_compile(l->rs, &c); /* errors are counted */
	(void)schedules_compile(l->rs, &c);
	(void)groups_compile(l->rs, &c);
	feeds_compile(l->rs, &c);
}

static int trusted_append(struct ruleset *rs, const struct prefix *p, size_t n)
{
	struct prefix *more = realloc(rs->trusted, (rs->n_trusted + n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	rs->trusted = more;
	if (n)
		memcpy(more + rs->n_trusted, p, n * sizeof(*p));
	rs->n_trusted += n;
	return 0;
}

/*
 * A zone's addresses are trusted whatever else holds only when no zone before it
 * can claim the source first: so the walk ends at the first other kind of zone.
 */
static int trusted_zones(struct loading *l, unsigned check)
{
	struct ruleset *rs = l->rs;
	struct compiler c = compiler_at(l, "zones", NULL);
	int err = 0;

	for (unsigned z = 1; z < rs->n_zones && !err; z++) {
		struct prefix *p;
		size_t n;

		if (!rs->zone[z].trust || !zone_only_addresses(&rs->zone[z]) ||
		    rs->zone[z].policy[check].mode == MODE_OFF)
			break;
		if (compiler_prefixes(&c, &l->draft[z].conf.addresses, "", &p, &n) < 0)
			return 0;
		err = trusted_append(rs, p, n);
		free(p);
	}
	return err;
}

/* A zone that has a trusted group of its own may well trust less. */
static bool everywhere_trusted(const struct ruleset *rs, unsigned check)
{
	for (unsigned z = 0; z < rs->n_zones; z++)
		if (rs->zone[z].conf[check] != rs->zone[0].conf[check] ||
		    rs->zone[z].policy[check].mode == MODE_OFF)
			return false;
	return true;
}

static void compile_trusted(struct loading *l)
{
	struct ruleset *rs = l->rs;
	const struct prefix *p;
	size_t n;

	if (l->reader.report->errors)
		return; /* no second word about addresses that are wrong */
	for (unsigned i = 0; i < check_count; i++) {
		if (checks[i] != &check_trusted || !rs->zone[0].conf[i])
			continue;
		p = trusted_prefixes(rs->zone[0].conf[i], &n);
		if (everywhere_trusted(rs, i) && trusted_append(rs, p, n) < 0)
			no_memory(l);
		if (trusted_zones(l, i) < 0)
			no_memory(l);
	}
}

static void compile_spared(struct loading *l)
{
	struct compiler c = compiler_at(l, "bans", NULL);

	if (spared_compile(l->rs, &c) < 0)
		no_memory(l);
}

static void load(struct loading *l)
{
	struct ruleset *rs = l->rs;

	for (unsigned i = 0; i < check_count; i++)
		l->check_names[i] = checks[i]->name;
	sources_read(&l->files, l->file, &l->reader);
	read_settings(l);
	read_top(l);
	read_zones(l);
	settings_compile(&rs->settings, &l->reader, l->file);
	rs->geo_wanted = geo_needed(l);
	if (rs->geo_wanted)
		rs->geo = geo_open(rs->settings.country_file, rs->settings.asn_file,
				   l->reader.report);
	compile_inside(l);
	compile_named(l);
	compile_zones(l);
	if (!l->reader.report->errors)
		audit_assign(rs);
	compile_trusted(l);
	compile_spared(l);
	if (!l->reader.report->errors)
		lookers_compile(rs);
}

struct ruleset *ruleset_load(const char *file, struct conf_report *report)
{
	struct loading l = { .reader.report = report, .file = file ? file : "" };
	struct ruleset *rs = calloc(1, sizeof(*rs));

	l.rs = rs;
	l.draft = calloc(ZONE_MAX, sizeof(*l.draft));
	if (rs) {
		rs->arena = l.reader.arena = arena_new();
		rs->zone = calloc(ZONE_MAX, sizeof(*rs->zone));
	}
	if (rs && l.draft && rs->arena && rs->zone)
		load(&l);
	else
		no_memory(&l);
	free(l.draft);
	sources_free(&l.files);
	conf_report_sort(report);
	if (report->errors) {
		ruleset_free(rs);
		return NULL;
	}
	return rs;
}

/* ---- the rest of its life ---- */

static void release_checks(struct ruleset *rs, unsigned z)
{
	for (unsigned i = 0; i < check_count; i++) {
		void *conf = rs->zone[z].conf[i];

		if (!conf || (z && conf == rs->zone[0].conf[i]))
			continue;
		if (checks[i]->release)
			checks[i]->release(conf);
		free(conf);
	}
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	if (rs->of) {
		free(rs->zone);
		free(rs);
		return;
	}
	/* the default zone last: the others compare with what it holds */
	for (unsigned z = rs->n_zones; z-- > 0;) {
		release_checks(rs, z);
		zone_free(&rs->zone[z]);
	}
	free(rs->zone);
	geo_free(rs->geo);
	numbers_free(rs->numbers);
	schedules_free(rs->schedules);
	groups_free(rs->groups);
	prefixset_free(&rs->inside_set);
	free(rs->outside);
	free(rs->inside);
	free(rs->trusted);
	prefixset_free(&rs->spared_set);
	free(rs->never);
	arena_free(rs->arena);
	free(rs);
}
