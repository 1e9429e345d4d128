/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nft.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports.h"

struct reading {
	struct nft_view *view;
	const struct settings *settings;
	bool full; /* no memory */
};

static void take_text(const json_t *o, const char *key, char *out, size_t room)
{
	const char *text = json_string_value(json_object_get(o, key));

	snprintf(out, room, "%s", text ? text : "");
	/* who may name tables is root, but a terminal is a terminal */
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static void *another(struct reading *r, void **list, unsigned *n, size_t size)
{
	void *more = reallocarray(*list, *n + 1, size);

	if (!more) {
		r->full = true;
		return NULL;
	}
	*list = more;
	more = (char *)more + *n * size;
	memset(more, 0, size);
	++*n;
	return more;
}

static void take_chain(struct reading *r, const json_t *o)
{
	struct nft_view *v = r->view;
	struct nft_chain *c = another(r, (void **)&v->chain, &v->chains, sizeof(*c));
	char policy[16];

	if (!c)
		return;
	take_text(o, "family", c->family, sizeof(c->family));
	take_text(o, "table", c->table, sizeof(c->table));
	take_text(o, "name", c->name, sizeof(c->name));
	take_text(o, "hook", c->hook, sizeof(c->hook));
	take_text(o, "policy", policy, sizeof(policy));
	c->priority = (int)json_integer_value(json_object_get(o, "prio"));
	c->drops = strcmp(policy, "drop") == 0;
}

static void take_named(struct reading *r, const json_t *o, bool helper)
{
	struct nft_view *v = r->view;
	struct nft_named *n = another(r, (void **)&v->named, &v->names, sizeof(*n));

	if (!n)
		return;
	take_text(o, "family", n->family, sizeof(n->family));
	take_text(o, "table", n->table, sizeof(n->table));
	take_text(o, "name", n->name, sizeof(n->name));
	if (helper)
		take_text(o, "type", n->type, sizeof(n->type));
}

/* --- rules --- */

static bool is_sip(const struct reading *r, json_int_t port)
{
	return port > 0 && port < 65536 &&
	       (ports_has(r->settings, PROTO_UDP, (uint16_t)port) ||
		ports_has(r->settings, PROTO_TCP, (uint16_t)port));
}

static bool range_has_sip(const struct reading *r, const json_t *range)
{
	json_int_t from = json_integer_value(json_array_get(range, 0));
	json_int_t to = json_integer_value(json_array_get(range, 1));

	for (json_int_t p = from; p <= to && p < 65536; p++)
		if (is_sip(r, p))
			return true;
	return false;
}

/* What is compared with a port: a number, a range, or a set of them; a set with a name may
 * hold any. */
static enum nft_ports ports_of(const struct reading *r, const json_t *right)
{
	const json_t *set = json_object_get(right, "set"), *range = json_object_get(right, "range");
	bool sip = false;

	if (json_is_string(right))
		return NFT_ANY_PORT;
	if (json_is_integer(right))
		return is_sip(r, json_integer_value(right)) ? NFT_SIP_PORTS : NFT_OTHER_PORTS;
	if (range)
		return range_has_sip(r, range) ? NFT_SIP_PORTS : NFT_OTHER_PORTS;
	for (size_t i = 0; i < json_array_size(set); i++) {
		const json_t *e = json_array_get(set, i);

		if (json_is_integer(e))
			sip = sip || is_sip(r, json_integer_value(e));
		else
			sip = sip || range_has_sip(r, json_object_get(e, "range"));
	}
	return sip ? NFT_SIP_PORTS : NFT_OTHER_PORTS;
}

static void take_match(const struct reading *r, struct nft_rule *rule, const json_t *match)
{
	const json_t *payload = json_object_get(json_object_get(match, "left"), "payload");
	const char *field = json_string_value(json_object_get(payload, "field"));
	const char *op = json_string_value(json_object_get(match, "op"));
	enum nft_ports ports;

	if (!field || (strcmp(field, "dport") != 0 && strcmp(field, "sport") != 0))
		return;
	ports = ports_of(r, json_object_get(match, "right"));
	if (ports == NFT_SIP_PORTS)
		rule->ends |= field[0] == 'd' ? NFT_TO : NFT_FROM;
	if (op && strcmp(op, "!=") == 0)
		ports = rule->ends == NFT_BOTH_ENDS ? NFT_OTHER_PORTS : NFT_ANY_PORT;
	else if (field[0] == 'd')
		rule->dport = (uint16_t)json_integer_value(json_object_get(match, "right"));
	/* both ends may be asked for: what keeps SIP out does so, whatever the other says */
	if (rule->ports != NFT_OTHER_PORTS && ports != NFT_ANY_PORT)
		rule->ports = ports;
}

static void take_queue(struct nft_rule *rule, const json_t *queue)
{
	const json_t *num = json_object_get(queue, "num"), *range = json_object_get(num, "range");

	rule->does |= NFT_QUEUES;
	rule->first = rule->last = (uint16_t)json_integer_value(num);
	if (range) {
		rule->first = (uint16_t)json_integer_value(json_array_get(range, 0));
		rule->last = (uint16_t)json_integer_value(json_array_get(range, 1));
	}
}

static void take_xt(struct nft_rule *rule, const json_t *xt)
{
	const char *name = json_string_value(json_object_get(xt, "name"));

	/* older versions of nft write nothing but "xt" */
	if (!name || strcmp(name, "NFQUEUE") == 0)
		rule->does |= NFT_QUEUES_XT;
}

static void take_statement(const struct reading *r, struct nft_rule *rule, const char *key,
			   const json_t *value)
{
	static const struct {
		const char *key;
		enum nft_does does;
	} plain[] = { { "drop", NFT_DROPS }, { "reject", NFT_DROPS }, { "accept", NFT_ACCEPTS },
		      { "notrack", NFT_UNTRACKS } };
	const char *flowtable = json_string_value(json_object_get(value, "flowtable"));

	for (unsigned i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(key, plain[i].key) == 0)
			rule->does |= plain[i].does;
	if (strcmp(key, "match") == 0) {
		take_match(r, rule, value);
	} else if (strcmp(key, "queue") == 0) {
		take_queue(rule, value);
	} else if (strcmp(key, "xt") == 0) {
		take_xt(rule, value);
	} else if (strcmp(key, "flow") == 0 && flowtable) {
		rule->does |= NFT_OFFLOADS;
		snprintf(rule->name, sizeof(rule->name), "%s", flowtable + (*flowtable == '@'));
	} else if (strcmp(key, "ct helper") == 0 && json_is_string(value)) {
		rule->does |= NFT_HELPS;
		snprintf(rule->name, sizeof(rule->name), "%s", json_string_value(value));
	} else if (strcmp(key, "dnat") == 0 && json_is_string(json_object_get(value, "addr"))) {
		rule->does |= NFT_DNATS;
		take_text(value, "addr", rule->name, sizeof(rule->name));
		rule->to = (uint16_t)json_integer_value(json_object_get(value, "port"));
	}
}

static void take_rule(struct reading *r, const json_t *o)
{
	struct nft_view *v = r->view;
	struct nft_rule *rule = another(r, (void **)&v->rule, &v->rules, sizeof(*rule));
	const json_t *expr = json_object_get(o, "expr");
	char family[8], table[NFT_NAME], name[NFT_NAME];
	const struct nft_chain *chain;

	if (!rule)
		return;
	take_text(o, "family", family, sizeof(family));
	take_text(o, "table", table, sizeof(table));
	take_text(o, "chain", name, sizeof(name));
	chain = nft_chain(v, family, table, name);
	if (!chain) { /* nft names chains before their rules */
		v->rules--;
		return;
	}
	rule->chain = (unsigned)(chain - v->chain);
	v->chain[rule->chain].rules++;
	for (size_t i = 0; i < json_array_size(expr); i++) {
		json_t *statement = json_array_get(expr, i);
		const char *key = json_object_iter_key(json_object_iter(statement));

		if (key)
			take_statement(r, rule, key, json_object_get(statement, key));
	}
}

struct nft_view *nft_view_read(const char *json, const struct settings *s)
{
	json_t *all = json_loads(json, 0, NULL), *list = json_object_get(all, "nftables");
	struct reading r = { calloc(1, sizeof(struct nft_view)), s, false };

	for (size_t i = 0; r.view && !r.full && i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		if (json_object_get(o, "table"))
			r.view->tables++;
		else if (json_object_get(o, "chain"))
			take_chain(&r, json_object_get(o, "chain"));
		else if (json_object_get(o, "rule"))
			take_rule(&r, json_object_get(o, "rule"));
		else if (json_object_get(o, "flowtable"))
			take_named(&r, json_object_get(o, "flowtable"), false);
		else if (json_object_get(o, "ct helper"))
			take_named(&r, json_object_get(o, "ct helper"), true);
	}
	if (!json_is_array(list) || r.full) {
		nft_view_free(r.view);
		r.view = NULL;
	}
	json_decref(all);
	return r.view;
}

void nft_view_free(struct nft_view *v)
{
	if (!v)
		return;
	free(v->chain);
	free(v->rule);
	free(v->named);
	free(v);
}

bool nft_has_table(const struct nft_view *v, const char *table)
{
	for (unsigned i = 0; i < v->chains; i++)
		if (strcmp(v->chain[i].table, table) == 0)
			return true;
	return false;
}

const struct nft_chain *nft_chain(const struct nft_view *v, const char *family,
				  const char *table, const char *name)
{
	for (unsigned i = 0; i < v->chains; i++)
		if (strcmp(v->chain[i].name, name) == 0 && strcmp(v->chain[i].table, table) == 0 &&
		    strcmp(v->chain[i].family, family) == 0)
			return &v->chain[i];
	return NULL;
}

bool nft_is_ours(const struct nft_chain *c)
{
	return strcmp(c->table, "sipmoat") == 0 || strcmp(c->table, "sipmoat-queue") == 0;
}
