/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include <ctype.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockets.h"

#define PATH_ROOM 512
#define ROUTE_UP 0x1     /* RTF_UP */
#define ROUTE_REJECT 0x200 /* RTF_REJECT */

FILE *host_open(const char *root, const char *path)
{
	char full[PATH_ROOM];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return fopen(full, "re");
}

char *host_read(const char *root, const char *path, size_t most)
{
	FILE *f = host_open(root, path);
	char *text = f ? malloc(most + 1) : NULL;

	if (text)
		text[fread(text, 1, most, f)] = '\0';
	if (f)
		fclose(f);
	return text;
}

bool host_number(const char *root, const char *path, long long *out)
{
	char *text = host_read(root, path, 64), *end;
	long long n = text ? strtoll(text, &end, 10) : 0;
	bool good = text && end != text;

	if (good)
		*out = n;
	free(text);
	return good;
}

/* In our network namespace, as far as that may be asked: containers have theirs. */
static bool lives_here(const char *root, const char *pid)
{
	char path[PATH_ROOM], own[64], its[64];
	ssize_t n, k;

	snprintf(path, sizeof(path), "%s/proc/self/ns/net", root);
	n = readlink(path, own, sizeof(own));
	snprintf(path, sizeof(path), "%s/proc/%.32s/ns/net", root, pid);
	k = readlink(path, its, sizeof(its));
	return n < 0 || k < 0 || (n == k && memcmp(own, its, (size_t)n) == 0);
}

bool host_runs(const char *root, const char *program)
{
	char path[PATH_ROOM], name[HOST_NAME];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof(path), "%s/proc", root);
	d = opendir(path);
	while (d && !found && (e = readdir(d)) != NULL)
		found = isdigit((unsigned char)e->d_name[0]) &&
			sockets_program(root, e->d_name, name) && strcmp(name, program) == 0 &&
			lives_here(root, e->d_name);
	if (d)
		closedir(d);
	return found;
}

static struct addr v4_of(uint32_t be)
{
	uint8_t b[4];

	memcpy(b, &be, 4);
	return addr_v4(b);
}

/* Interface, destination, gateway, flags, ..., metric, mask: addresses as the kernel has them
 * in memory. */
static void take_route(struct host *h, const char *line)
{
	struct host_route r = { 0 }, *more;
	unsigned to, gateway, flags, mask;
	char link[HOST_NAME];

	if (sscanf(line, "%31s %x %x %x %*d %*d %u %x", link, &to, &gateway, &flags, &r.metric,
		   &mask) != 6 || !(flags & ROUTE_UP) || flags & ROUTE_REJECT)
		return;
	snprintf(r.link, sizeof(r.link), "%s", link);
	r.gateway = v4_of(gateway);
	r.to = (struct prefix){ v4_of(to), (uint8_t)(ADDR_V4_BITS + __builtin_popcount(mask)) };
	more = reallocarray(h->route, h->routes + 1, sizeof(r));
	if (!more)
		return;
	h->route = more;
	h->route[h->routes++] = r;
}

static void look_routes(struct host *h, const char *root)
{
	FILE *f = host_open(root, "/proc/net/route");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		take_route(h, line);
	if (f)
		fclose(f);
}

static bool usable(const struct ifaddrs *i, struct addr *out)
{
	if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || i->ifa_flags & IFF_LOOPBACK)
		return false;
	if (i->ifa_addr->sa_family == AF_INET) {
		*out = v4_of(((const struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr);
		return true;
	}
	if (i->ifa_addr->sa_family != AF_INET6)
		return false;
	*out = addr_v6(((const struct sockaddr_in6 *)i->ifa_addr)->sin6_addr.s6_addr);
	return !(out->b[0] == 0xfe && (out->b[1] & 0xc0) == 0x80); /* link-local */
}

static void look_addresses(struct host *h)
{
	struct ifaddrs *all = NULL;
	struct addr a;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct host_address *more;

		if (!usable(i, &a))
			continue;
		more = reallocarray(h->address, h->addresses + 1, sizeof(*more));
		if (!more)
			break;
		h->address = more;
		h->address[h->addresses].addr = a;
		snprintf(h->address[h->addresses++].link, HOST_NAME, "%s", i->ifa_name);
	}
	freeifaddrs(all);
}

void host_look(struct host *out, const char *root)
{
	*out = (struct host){ 0 };
	look_routes(out, root);
	look_addresses(out);
	sockets_look(out, root);
}

void host_free(struct host *h)
{
	free(h->socket);
	free(h->address);
	free(h->route);
	*h = (struct host){ 0 };
}

const struct host_route *host_route_to(const struct host *h, const struct addr *a)
{
	const struct host_route *best = NULL;

	for (const struct host_route *r = h->route; r < h->route + h->routes; r++)
		if (prefix_has(&r->to, a) &&
		    (!best || r->to.len > best->to.len ||
		     (r->to.len == best->to.len && r->metric < best->metric)))
			best = r;
	return best;
}

bool host_has(const struct host *h, const struct addr *a)
{
	for (size_t i = 0; i < h->addresses; i++)
		if (addr_eq(&h->address[i].addr, a))
			return true;
	return false;
}
