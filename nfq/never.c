/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "never.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"
#include "log.h"
#include "routes.h"

#define DNS_MOST 16
#define LINE 512
#define LOG_TEXT 700

/* systemd-resolved's own stands in the first one; whom it asks, in the second. */
static const char *const resolvers[] = { "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf" };

static const char own[] = "an address of this host";

struct found {
	struct never *list;
	size_t n, room;
};

static void add(struct found *w, const struct addr *a, const char *why)
{
	for (size_t i = 0; i < w->n; i++)
		if (addr_eq(&w->list[i].who.addr, a))
			return;
	if (w->n < w->room)
		w->list[w->n++] = (struct never){ { *a, 128 }, why };
}

/* "nameserver fe80::1%eth0": resolv.conf(5) */
static void add_server(struct found *w, const char *line)
{
	static const char word[] = "nameserver";
	const char *p = line + sizeof(word) - 1;
	struct addr a;

	if (strncmp(line, word, sizeof(word) - 1) != 0 || (*p != ' ' && *p != '\t'))
		return;
	p += strspn(p, " \t");
	if (addr_parse(slice_between(p, p + strcspn(p, " \t\r\n%#;")), &a) == 0)
		add(w, &a, "a DNS server of this host");
}

static void add_servers(struct found *w, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[LINE];

	while (f && fgets(line, sizeof(line), f))
		add_server(w, line);
	if (f)
		fclose(f);
}

static void say(const struct found *w, size_t written)
{
	char text[LOG_TEXT] = "", one[ADDR_TEXT];
	size_t at = 0, mine = 0;

	for (size_t i = 0; i < w->n; i++) {
		const struct never *v = &w->list[i];

		if (v->why == own) {
			mine++;
			continue;
		}
		addr_print(&v->who.addr, one);
		if (at + ADDR_TEXT + 40 < sizeof(text))
			at += (size_t)snprintf(text + at, sizeof(text) - at, ", %s (%s)", one,
					       v->why);
	}
	log_info("never banned, beside inside and trusted: %zu addresses of this host%s; "
		 "%zu of bans.never", mine, text, written);
}

int never_settle(struct ruleset *rs, const struct routes *f)
{
	struct found w = { .room = f->n_own + f->n_route * ROUTES_HOPS + DNS_MOST };
	size_t written;
	int e;

	ruleset_never(rs, &written);
	w.list = calloc(w.room, sizeof(*w.list));
	if (!w.list)
		return -ENOMEM;
	for (size_t i = 0; i < f->n_own; i++)
		add(&w, &f->own[i].addr, own);
	for (size_t i = 0; i < f->n_route; i++)
		for (unsigned k = 0; f->route[i].is_default && k < f->route[i].n_gateway; k++)
			add(&w, &f->route[i].gateway[k], "a gateway of this host");
	for (size_t i = 0; i < sizeof(resolvers) / sizeof(*resolvers); i++)
		add_servers(&w, resolvers[i]);
	e = ruleset_set_never(rs, w.list, w.n);
	if (e == 0)
		say(&w, written);
	free(w.list);
	return e;
}
