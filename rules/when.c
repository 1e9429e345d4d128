/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "when.h"

#include "groups.h"
#include "named.h"
#include "ruleset.h"

static int groups_read(struct when *w, const struct conf_list *l, struct compiler *c)
{
	int err = 0;

	for (unsigned i = 0; i < l->n; i++) {
		const struct conf_item *item = &l->item[i];
		struct nearest best = nearest_to(item->text);
		int group = group_find(c->rules, item->text);
		const char *name;

		if (group >= 0) {
			w->groups |= (uint32_t)1 << group;
			continue;
		}
		for (unsigned g = 0; (name = group_name(c->rules, g)); g++)
			nearer(&best, name);
		named_unknown(c, item, "groups", "group", &best);
		err = -1;
	}
	return err;
}

static int zones_read(struct when *w, const struct conf_list *l, struct compiler *c)
{
	const struct ruleset *rs = c->rules;
	int err = 0;

	for (unsigned i = 0; i < l->n; i++) {
		const struct conf_item *item = &l->item[i];
		struct nearest best = nearest_to(item->text);
		unsigned z = 0;

		for (; z < rs->n_zones && strcmp(rs->zone[z].name, item->text) != 0; z++)
			nearer(&best, rs->zone[z].name);
		if (z < rs->n_zones) {
			w->zones |= (uint64_t)1 << z;
			continue;
		}
		named_unknown(c, item, "zones", "zone", &best);
		err = -1;
	}
	return err;
}

int when_compile(struct when *w, const struct when_conf *conf, struct compiler *c)
{
	int err = 0;

	*w = (struct when){ .schedule.schedule = -1 };
	err |= match_list_compile(&conf->users, c, "users", &w->users);
	err |= groups_read(w, &conf->groups, c);
	err |= zones_read(w, &conf->zones, c);
	err |= numberlist_compile(&conf->to, c, "to", &w->to);
	err |= schedule_refer(&w->schedule, conf->schedule, c, "schedule");
	return err;
}

void when_free(struct when *w)
{
	match_free(w->users);
	numberlist_free(w->to);
}

static bool in_groups(const struct ruleset *rs, uint32_t groups, struct slice user)
{
	for (; groups; groups &= groups - 1)
		if (group_has(rs, (unsigned)__builtin_ctz(groups), user))
			return true;
	return false;
}

bool when_holds(const struct when *w, const struct probe *p, struct slice user,
		const struct number *to)
{
	if (w->zones && !(w->zones >> (p->zone - p->rules->zone) & 1))
		return false;
	if (!schedule_fits(p->rules, w->schedule, p->wall))
		return false;
	if (w->to && !(to && numberlist_find(w->to, to)))
		return false;
	if (w->groups && !in_groups(p->rules, w->groups, user))
		return false;
	return !w->users || (user.n && match_find(w->users, user) >= 0);
}

/* ---- what it says ---- */

/* FNV-1a, and a last stir (that of MurmurHash3), so that sums of it tell lists apart. */
static uint64_t hash_texts(const char *key, const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	do
		h = (h ^ (unsigned char)*key) * 0x100000001b3;
	while (*key++);
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
	return h ^ h >> 33;
}

/* In which order it was written does not matter. */
static uint64_t hash_list(const char *key, const struct conf_list *l)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < l->n; i++)
		sum += hash_texts(key, l->item[i].text);
	return sum;
}

uint64_t when_hash(const struct when_conf *conf)
{
	return hash_list("users", &conf->users) + hash_list("groups", &conf->groups) +
	       hash_list("zones", &conf->zones) + hash_list("to", &conf->to) +
	       hash_texts("schedule", conf->schedule);
}
