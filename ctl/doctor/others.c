/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other firewalls beside us, and what of the kernel rewrites or hides SIP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "ports.h"

/* --- who is here --- */

struct neighbour {
	const char *name, *program;
	const char *table, *chain; /* of nftables; what is written in iptables */
	const char *hint;
};

static const struct neighbour neighbours[] = {
	{ "firewalld", "firewalld", "firewalld", NULL, "open SIP there, too" },
	{ "ufw", NULL, NULL, ":ufw-", "open SIP there, too" },
	{ "docker", "dockerd", NULL, ":DOCKER", "name the containers' addresses in inside" },
	{ "fail2ban", "fail2ban-server", "f2b-table", ":f2b-", "it may stay" },
	{ "crowdsec", "crowdsec", "crowdsec", NULL, "it may stay" },
	{ "suricata", "suricata", NULL, NULL, "its queues are others" },
};

static bool is_here(const struct place *p, const struct neighbour *n)
{
	char line[8];

	return (n->program && host_runs(p->root, n->program)) ||
	       (n->table && p->nft && nft_has_table(p->nft, n->table)) ||
	       (n->chain && place_iptables(p, n->chain, NULL, NULL, line, sizeof(line)));
}

/* Whose reload deletes the tables of everybody. */
static bool flushes(const struct place *p)
{
	char *text = host_read(p->root, "/etc/nftables.conf", 1 << 20);
	FILE *unit = host_open(p->root,
			       "/etc/systemd/system/sysinit.target.wants/nftables.service");
	bool is = text && unit && strstr(text, "\nflush ruleset");

	free(text);
	if (unit)
		fclose(unit);
	return is;
}

void find_beside(const struct place *p, struct finding *f)
{
	char text[FINDING_TEXT] = "";
	size_t n = 0;

	for (unsigned i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++)
		if (is_here(p, &neighbours[i]))
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s (%s)",
					      n ? ", " : "", neighbours[i].name,
					      neighbours[i].hint);
	if (flushes(p))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%snftables.service (its reload "
				      "deletes our tables; sipmoatd puts them back)",
				      n ? ", " : "");
	if (n)
		found(f, HEALTH_OK, "beside sipmoat: %s", text);
	else
		found(f, HEALTH_OK, "no other firewall is seen here");
}

/* --- DNAT --- */

static bool is_inside(const struct place *p, const char *text)
{
	size_t n, length = strcspn(text, ": \n");
	const struct prefix *inside = ruleset_inside(p->rules, &n);
	struct addr a;

	if (addr_parse((struct slice){ text, (uint32_t)length }, &a) != 0)
		return true; /* a range, or a name: nothing that can be said */
	for (size_t i = 0; i < n; i++)
		if (prefix_has(&inside[i], &a))
			return true;
	return false;
}

/* Where a rule sends SIP to that the config does not name. */
static bool sent_astray(const struct place *p, char *to, size_t room)
{
	const struct settings *s = ruleset_settings(p->rules);
	static const char to_word[] = "--to-destination ";
	char line[300], port[32];
	const char *at;

	for (unsigned i = 0; p->nft && i < p->nft->rules; i++) {
		const struct nft_rule *r = &p->nft->rule[i];

		if (r->does & NFT_DNATS && r->ports == NFT_SIP_PORTS &&
		    !is_inside(p, r->name)) {
			snprintf(to, room, "%s", r->name);
			return true;
		}
	}
	for (unsigned i = 0; i < s->ports[0]; i++) {
		snprintf(port, sizeof(port), "--dport %u ", s->port[0][i]);
		if (!place_iptables(p, "-j DNAT", port, to_word, line, sizeof(line)))
			continue;
		at = strstr(line, to_word);
		if (at && !is_inside(p, at + strlen(to_word))) {
			at += strlen(to_word);
			snprintf(to, room, "%.*s", (int)strcspn(at, ": "), at);
			return true;
		}
	}
	return false;
}

static bool is_turned(const struct place *p, unsigned from, unsigned to, const char *where)
{
	const struct settings *s = ruleset_settings(p->rules);
	size_t named;

	ruleset_inside(p->rules, &named);
	return from && from < 65536 && !ports_has(s, PROTO_UDP, (uint16_t)from) &&
	       !ports_has(s, PROTO_TCP, (uint16_t)from) && to < 65536 &&
	       (ports_has(s, PROTO_UDP, (uint16_t)to) || ports_has(s, PROTO_TCP, (uint16_t)to)) &&
	       (!named || is_inside(p, where));
}

/* A port that is not guarded and becomes one behind DNAT. */
static bool port_turned(const struct place *p, unsigned *from, unsigned *to)
{
	const char *asked, *led;
	char line[300], where[64];

	for (unsigned i = 0; p->nft && i < p->nft->rules; i++) {
		const struct nft_rule *r = &p->nft->rule[i];

		*from = r->dport;
		*to = r->to;
		if (r->does & NFT_DNATS && is_turned(p, *from, *to, r->name))
			return true;
	}
	for (const char *at = p->iptables; at && *at; at += strcspn(at, "\n"), at += *at != 0) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		asked = strstr(line, "--dport ");
		led = strstr(line, "-j DNAT --to-destination ");
		if (asked && led && sscanf(asked, "--dport %u ", from) == 1 &&
		    sscanf(led, "-j DNAT --to-destination %63[0-9.]:%u", where, to) == 2 &&
		    is_turned(p, *from, *to, where))
			return true;
	}
	return false;
}

void find_dnat(const struct place *p, struct finding *f)
{
	unsigned from, into;
	char to[64];
	size_t n;

	if (no_config(p, f))
		return;
	ruleset_inside(p->rules, &n);
	if (n && sent_astray(p, to, sizeof(to))) {
		found(f, HEALTH_FAIL, "DNAT sends SIP to %s, which is not in inside", to);
		because(f, "sipmoat reads addresses behind DNAT: to it that server is a stranger, "
			"and what the server says is judged");
		advise(f, "add \"%s\" to inside in conf.d/site.conf, then systemctl "
		       "reload sipmoatd", to);
	} else if (port_turned(p, &from, &into)) {
		found(f, HEALTH_WARN, "DNAT turns port %u into %u, and %u is not in ports", from,
		      into, from);
		because(f, "bans and police are in front of DNAT: who is banned still costs the "
			"daemon every packet, and passes while it is stopped");
		advise(f, "add %u to ports in conf.d/site.conf, beside %u, then systemctl reload "
		       "sipmoatd", from, into);
	} else if (!n) {
		found(f, HEALTH_OK, "inside is not named: sipmoatd works it out from the routes");
	} else if (!p->nft && !p->privileged) {
		not_root(f, "what DNAT does");
	} else {
		found(f, HEALTH_OK, "no DNAT leads SIP to an address outside of inside");
	}
}

/* --- the SIP helper of conntrack --- */

static const char helper_why[] = "it rewrites SIP after sipmoat has judged it, drops what it does "
				 "not understand, and opens ports that strangers name";

/* A rule that gives connections the helper "sip", whatever the object is called. */
static bool helper_rule(const struct place *p, struct finding *f)
{
	for (unsigned i = 0; p->nft && i < p->nft->rules; i++) {
		const struct nft_rule *r = &p->nft->rule[i];
		const struct nft_chain *c = &p->nft->chain[r->chain];

		for (unsigned k = 0; r->does & NFT_HELPS && k < p->nft->names; k++) {
			const struct nft_named *n = &p->nft->named[k];

			if (strcmp(n->type, "sip") != 0 || strcmp(n->name, r->name) != 0 ||
			    strcmp(n->table, c->table) != 0)
				continue;
			found(f, HEALTH_FAIL, "the chain %s %s %s gives SIP the helper "
			      "nf_conntrack_sip", c->family, c->table, c->name);
			if (strcmp(c->table, "firewalld") == 0)
				advise(f, "firewall-cmd --permanent --remove-service=sip "
				       "--add-port=5060/udp --add-port=5060/tcp && firewall-cmd "
				       "--reload");
			else
				advise(f, "nft -a list chain %s %s %s, then nft delete rule %s %s "
				       "%s handle ...", c->family, c->table, c->name, c->family,
				       c->table, c->name);
			return true;
		}
	}
	return false;
}

void find_helper(const struct place *p, struct finding *f)
{
	long long automatic = 0;
	char line[200];
	enum module here = place_module(p, "nf_conntrack_sip");

	host_number(p->root, "/proc/sys/net/netfilter/nf_conntrack_helper", &automatic);
	if (helper_rule(p, f)) {
		because(f, "%s", helper_why);
	} else if (place_iptables(p, "-j CT", "--helper sip", NULL, line, sizeof(line))) {
		found(f, HEALTH_FAIL, "iptables gives SIP the helper nf_conntrack_sip: %s", line);
		because(f, "%s", helper_why);
		advise(f, "iptables -t raw -D%s", line + 2);
	} else if (automatic && here == MODULE_HERE) {
		found(f, HEALTH_FAIL, "the kernel gives all SIP the helper nf_conntrack_sip");
		because(f, "%s", helper_why);
		advise(f, "sysctl -w net.netfilter.nf_conntrack_helper=0, and the same line in "
		       "/etc/sysctl.d/");
	} else if (!p->nft && !p->privileged) {
		not_root(f, "whether a rule assigns the SIP helper");
	} else {
		found(f, HEALTH_OK, "the SIP helper of conntrack is %s",
		      here == MODULE_HERE ? "loaded, and no rule uses it" : "not in use");
	}
}

/* --- what passes by --- */

/* Is SIP accepted, in front of that rule of its chain, so that it never gets there? */
static bool spared_before(const struct nft_view *v, unsigned rule)
{
	unsigned ends = 0;

	for (unsigned i = 0; i < rule; i++)
		if (v->rule[i].chain == v->rule[rule].chain && v->rule[i].does & NFT_ACCEPTS &&
		    v->rule[i].ports == NFT_SIP_PORTS)
			ends |= v->rule[i].ends;
	return ends == NFT_BOTH_ENDS;
}

void find_flowtables(const struct place *p, struct finding *f)
{
	char line[200];

	if (no_nft(p, f))
		return;
	found(f, HEALTH_OK, "no flow of SIP is handed to a flowtable");
	for (unsigned i = 0; i < p->nft->rules; i++) {
		const struct nft_rule *r = &p->nft->rule[i];
		const struct nft_chain *c = &p->nft->chain[r->chain];

		if (!(r->does & NFT_OFFLOADS) || r->ports == NFT_OTHER_PORTS ||
		    spared_before(p->nft, i))
			continue;
		found(f, HEALTH_FAIL, "the chain %s %s %s hands flows, SIP among them, to the "
		      "flowtable %s", c->family, c->table, c->name, r->name);
		advise(f, "have it ask for other ports, at both ends and as sets: th dport != "
		       "{ 5060, 5061 } th sport != { 5060, 5061 } flow add @%s", r->name);
		break;
	}
	if (f->health == HEALTH_OK &&
	    place_iptables(p, "-j FLOWOFFLOAD", NULL, NULL, line, sizeof(line))) {
		found(f, HEALTH_FAIL, "iptables hands flows, SIP among them, to a flowtable: %s",
		      line);
		advise(f, "switch flow offloading off, or accept SIP in front of that rule");
	}
	if (f->health == HEALTH_FAIL)
		because(f, "what is offloaded passes by every rule: sipmoat sees the first message "
			"of a phone and none that follows");
}

void find_untracked(const struct place *p, struct finding *f)
{
	char line[200];

	if (no_nft(p, f))
		return;
	found(f, HEALTH_OK, "no rule takes SIP out of connection tracking");
	for (unsigned i = 0; i < p->nft->rules; i++) {
		const struct nft_rule *r = &p->nft->rule[i];
		const struct nft_chain *c = &p->nft->chain[r->chain];

		if (!(r->does & NFT_UNTRACKS) || r->ports != NFT_SIP_PORTS || nft_is_ours(c))
			continue;
		found(f, HEALTH_WARN, "the chain %s %s %s takes SIP out of connection tracking",
		      c->family, c->table, c->name);
		advise(f, "nft -a list chain %s %s %s, then delete the rule with notrack",
		       c->family, c->table, c->name);
		break;
	}
	if (f->health == HEALTH_OK &&
	    (place_iptables(p, "port 5060", "--notrack", NULL, line, sizeof(line)) ||
	     place_iptables(p, "port 5060", "-j NOTRACK", NULL, line, sizeof(line)))) {
		found(f, HEALTH_WARN, "iptables takes SIP out of connection tracking: %s", line);
		advise(f, "iptables -t raw -D%s", line + 2);
	}
	if (f->health == HEALTH_WARN)
		because(f, "DNAT does not work for it, and a banned source keeps what it has open");
}
