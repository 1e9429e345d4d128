/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this host looks like: who serves SIP here or behind, and where it stands. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "init.h"

#define FLOWS_MOST 200000 /* lines of conntrack that are looked at */
#define ZONES "zoneinfo/"

/* The site of nobody twice; what is too many is left out. */
static void add(struct init_list *l, const struct addr *a)
{
	for (unsigned k = 0; k < l->n; k++)
		if (addr_eq(&l->item[k].addr, a))
			return;
	if (l->n < INIT_MOST)
		l->item[l->n++] = (struct prefix){ *a, 128 };
}

/* --- a server on this host --- */

static bool takes_sip(const struct host *h, const struct host_socket *s)
{
	return !s->loopback && host_serves_sip(s->program) &&
	       host_speaks(h, s) != SPEAKS_NOTHING;
}

/* Bridges of containers have no servers of this host's on them. */
static bool to_somebody(const struct host_address *a)
{
	return strncmp(a->link, "docker", 6) != 0 && strncmp(a->link, "br-", 3) != 0 &&
	       strncmp(a->link, "veth", 4) != 0 && strncmp(a->link, "virbr", 5) != 0;
}

static void guess_here(struct init *i, const struct host *h)
{
	const struct host_socket *first = NULL;

	for (size_t k = 0; k < h->sockets; k++) {
		const struct host_socket *s = &h->socket[k];

		if (!takes_sip(h, s))
			continue;
		init_port(i, s->proto == PROTO_TCP, s->port);
		if (!first)
			first = s;
		for (size_t m = 0; s->any && m < h->addresses; m++)
			if (to_somebody(&h->address[m]))
				add(&i->inside, &h->address[m].addr);
		if (!s->any)
			add(&i->inside, &s->addr);
	}
	if (!first)
		return;
	snprintf(i->why[ASK_INSIDE], INIT_REASON, "%s listens on this host", first->program);
	snprintf(i->why[ASK_PORTS], INIT_REASON, "5060 is usual, and what %s has open",
		 first->program);
}

/* --- a server behind this host --- */

/* Where the route to it is not the default one. */
static bool lies_behind(const struct host *h, const struct addr *a)
{
	const struct host_route *r = host_route_to(h, a);

	return r && r->to.len > ADDR_V4_BITS && !host_has(h, a);
}

static bool is_sip(unsigned port)
{
	return port == 5060 || port == 5061;
}

/* Of a line of conntrack: who began it, and who answers, behind DNAT. */
static void take_flow(struct init *i, const struct host *h, const char *line)
{
	char src[ADDR_TEXT], dst[ADDR_TEXT], server[ADDR_TEXT];
	unsigned sport, dport;
	const char *at = strstr(line, " src="), *back = at ? strstr(at + 1, " src=") : NULL;
	struct addr a, b;

	if (!back || sscanf(at, " src=%45s dst=%45s sport=%u dport=%u", src, dst, &sport,
			    &dport) != 4 || !is_sip(dport) ||
	    sscanf(back, " src=%45s", server) != 1)
		return;
	if (addr_parse(slice_of(server), &a) == 0 && addr_is_v4(&a) && lies_behind(h, &a) &&
	    !i->why[ASK_INSIDE][0]) {
		add(&i->inside, &a);
		return;
	}
	/* a server of ours that asks on its own, and is answered: a carrier, or a phone */
	if (addr_parse(slice_of(src), &b) == 0 && addr_parse(slice_of(dst), &a) == 0 &&
	    is_sip(sport) && !strstr(line, "[UNREPLIED]") && addr_is_v4(&a) &&
	    (lies_behind(h, &b) || host_has(h, &b)) && !lies_behind(h, &a) && !host_has(h, &a))
		snprintf(i->why[ASK_TRUNKS], INIT_REASON, "%s asks %s on port %u: is that your "
			 "carrier, then write it", src, dst, dport);
}

static void guess_flows(struct init *i, const struct host *h, const char *root)
{
	FILE *f = host_open(root, "/proc/net/nf_conntrack");
	unsigned lines = 0;
	char line[512];

	while (f && lines++ < FLOWS_MOST && fgets(line, sizeof(line), f))
		take_flow(i, h, line);
	if (f)
		fclose(f);
	if (i->inside.n && !i->why[ASK_INSIDE][0])
		snprintf(i->why[ASK_INSIDE], INIT_REASON, "SIP goes through this host to there");
}

/* --- the country --- */

/* The line of zone.tab that ends with the zone begins with the country. */
static bool country_of_zone(const char *root, const char *zone, char iso[3])
{
	FILE *f = host_open(root, "/usr/share/zoneinfo/zone.tab");
	char line[256], name[128];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%2[A-Z]\t%*s\t%127s", iso, name) == 2 &&
			strcmp(name, zone) == 0;
	if (f)
		fclose(f);
	return found;
}

static void guess_country(struct init *i, const char *root)
{
	char path[256], target[256], iso[3];
	const char *zone;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/etc/localtime", root);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	zone = strstr(target, ZONES);
	if (!zone || !country_of_zone(root, zone + strlen(ZONES), iso))
		return;
	country_code_of(iso, i->country);
	if (i->country[0])
		snprintf(i->why[ASK_COUNTRY], INIT_REASON, "the time zone of this host is %.80s",
			 zone + strlen(ZONES));
}

void init_guess(struct init *i, const struct host *h, const char *root)
{
	*i = (struct init){ 0 };
	init_port(i, 0, 5060);
	init_port(i, 1, 5060);
	init_port(i, 1, 5061);
	guess_here(i, h);
	guess_flows(i, h, root);
	if (!i->inside.n)
		snprintf(i->why[ASK_INSIDE], INIT_REASON, "no SIP server is seen here%s",
			 geteuid() == 0 ? "" : " (as root more can be seen)");
	guess_country(i, root);
	snprintf(i->why[ASK_MODE], INIT_REASON, "some days of observe show whom it would drop");
}
