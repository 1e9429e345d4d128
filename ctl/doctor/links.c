/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces and routes: what is merged, dropped for its way back, or may be forged. */
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

#define STRICT 1 /* of rp_filter */

/* Merging for all protocols in software (GRO) is undone before a queue, LRO cannot be. */
static bool hurts(const struct place_link *l, struct finding *f)
{
	if (l->lro) {
		found(f, HEALTH_WARN, "%s merges TCP segments in hardware (LRO), and this host is "
		      "a router", l->name);
		because(f, "what LRO has merged cannot be sent on: SIP over TCP stalls");
		advise(f, "ethtool -K %s lro off", l->name);
	} else if (l->merges_udp) {
		found(f, HEALTH_WARN, "%s merges UDP that is only forwarded", l->name);
		because(f, "some kernels, Debian 12's among them, drop a merged packet that begins "
			"a connection before any queue: nobody counts it");
		advise(f, "ethtool -K %s rx-udp-gro-forwarding off rx-gro-list off", l->name);
	}
	return l->lro || l->merges_udp;
}

void find_merging(const struct place *p, struct finding *f)
{
	long long forwards = 0;
	unsigned known = 0;

	host_number(p->root, "/proc/sys/net/ipv4/ip_forward", &forwards);
	for (size_t i = 0; i < p->links; i++) {
		known += p->link[i].known;
		if (forwards && hurts(&p->link[i], f))
			return;
	}
	if (!known)
		found(f, HEALTH_UNKNOWN, "no interface tells what it merges");
	else
		found(f, HEALTH_OK, "no merging that hurts; GRO may stay on: what it merges is "
		      "taken apart again");
}

/* The kernel takes the stricter of "all" and the interface. */
static long long rp_filter(const struct place *p, const char *link)
{
	long long all = 0, own = 0;
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", link);
	host_number(p->root, "/proc/sys/net/ipv4/conf/all/rp_filter", &all);
	host_number(p->root, path, &own);
	return own > all ? own : all;
}

/* Packets that it has dropped, ever: a column of the file, named in the line above. */
static unsigned long long dropped_on_the_way_back(const struct place *p)
{
	char *text = host_read(p->root, "/proc/net/netstat", 1 << 16), *names, *values;
	unsigned long long n = 0;
	char *a, *b;

	names = text;
	values = names ? strchr(names, '\n') : NULL;
	if (values) {
		*values++ = '\0';
		values[strcspn(values, "\n")] = '\0';
		for (names = strtok_r(names, " ", &a), values = strtok_r(values, " ", &b);
		     names && values;
		     names = strtok_r(NULL, " ", &a), values = strtok_r(NULL, " ", &b))
			if (strcmp(names, "IPReversePathFilter") == 0)
				n = strtoull(values, NULL, 10);
	}
	free(text);
	return n;
}

static bool has_default(const struct place *p, const char *link)
{
	for (size_t i = 0; i < p->host.routes; i++)
		if (p->host.route[i].to.len == ADDR_V4_BITS &&
		    strcmp(p->host.route[i].link, link) == 0)
			return true;
	return false;
}

void find_rp_filter(const struct place *p, struct finding *f)
{
	unsigned long long n = dropped_on_the_way_back(p);
	const char *strict = NULL;
	unsigned links = 0;

	for (size_t i = 0; i < p->links; i++) {
		const char *link = p->link[i].name;

		if (rp_filter(p, link) != STRICT)
			continue;
		/* the one with the default route takes from anybody */
		if (!strict || has_default(p, strict))
			strict = link;
		links++;
	}
	if (strict && n && !has_default(p, strict)) {
		found(f, HEALTH_WARN, "rp_filter has dropped %llu packets, and is strict on %s, "
		      "which has no default route", n, strict);
		because(f, "who comes in by one interface and is answered by another is dropped "
			"before sipmoat sees it");
		advise(f, "if those were not forged: sysctl -w net.ipv4.conf.all.rp_filter=2 "
		       "net.ipv4.conf.%s.rp_filter=2", strict);
	} else if (links) {
		found(f, HEALTH_OK, "rp_filter is strict on %u interfaces and drops nobody who "
		      "should come through", links);
	} else {
		found(f, HEALTH_OK, "rp_filter is not strict");
	}
}

void find_inside_links(const struct place *p, struct finding *f)
{
	size_t n;
	const struct prefix *inside = ruleset_inside(p->rules, &n);
	char text[PREFIX_TEXT];

	if (no_config(p, f))
		return;
	found(f, HEALTH_OK, "no server lies behind the interface to the outside");
	for (size_t i = 0; i < n; i++) {
		const struct host_route *r = host_route_to(&p->host, &inside[i].addr);

		if (!addr_is_v4(&inside[i].addr) || !r || host_has(&p->host, &inside[i].addr) ||
		    !has_default(p, r->link))
			continue;
		prefix_print(&inside[i], text);
		found(f, HEALTH_WARN, "inside %s lies behind %s, where the Internet is", text,
		      r->link);
		because(f, "what says that it comes from your server is believed, and there nobody "
			"can tell who said it");
		advise(f, "have the router in front drop packets from outside in the name of %s "
		       "(docs/operations.md, Reverse path)", text);
		return;
	}
}
