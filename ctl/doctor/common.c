/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What findings say, and what more than one of them asks. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "link.h"

__attribute__((format(printf, 2, 0)))
static void write_text(char out[FINDING_TEXT], const char *fmt, va_list args)
{
	vsnprintf(out, FINDING_TEXT, fmt, args);
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void found(struct finding *f, enum health h, const char *fmt, ...)
{
	va_list args;

	f->health = h;
	f->why[0] = f->todo[0] = '\0';
	va_start(args, fmt);
	write_text(f->what, fmt, args);
	va_end(args);
}

void because(struct finding *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_text(f->why, fmt, args);
	va_end(args);
}

void advise(struct finding *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_text(f->todo, fmt, args);
	va_end(args);
}

void not_root(struct finding *f, const char *what)
{
	found(f, HEALTH_UNKNOWN, "not root: %s cannot be seen", what);
	advise(f, "sudo sipmoat doctor");
}

bool no_config(const struct place *p, struct finding *f)
{
	if (p->defaults)
		found(f, HEALTH_UNKNOWN, "it depends on the config, which does not load");
	return p->defaults;
}

bool no_nft(const struct place *p, struct finding *f)
{
	if (p->nft)
		return false;
	if (!p->privileged && !p->nft_missing) {
		not_root(f, "the rules of nftables");
		return true;
	}
	found(f, HEALTH_UNKNOWN, "the rules of this host cannot be listed: %s", p->nft_why);
	if (p->nft_missing)
		advise(f, "apt-get install nftables");
	return true;
}

/* --- the steering --- */

/* Into the queues, from chains that packets come through. */
static bool steers(const struct place *p, const char *family, const char *table, unsigned does)
{
	const struct nft_chain *hook = nft_chain(p->nft, family, table, "steer_input");
	const struct nft_chain *lanes = nft_chain(p->nft, family, table, "steer_lanes");

	if (!hook || !hook->hook[0] || !hook->rules || !lanes)
		return false;
	for (unsigned i = 0; i < p->nft->rules; i++)
		if (&p->nft->chain[p->nft->rule[i].chain] == lanes && p->nft->rule[i].does & does)
			return true;
	return false;
}

enum steered place_steered(const struct place *p)
{
	/* nft that knows the target prints it as a queue */
	const unsigned any = NFT_QUEUES | NFT_QUEUES_XT;

	if (!p->nft)
		return STEERED_NOT;
	if (steers(p, "inet", "sipmoat", any))
		return STEERED_NATIVE;
	if (steers(p, "ip", "sipmoat-queue", any) || steers(p, "ip6", "sipmoat-queue", any))
		return STEERED_XT;
	return STEERED_NOT;
}

bool place_daemon(const struct place *p)
{
	return p->control == 0 || host_runs(p->root, "sipmoatd");
}

void place_queues(const struct place *p, unsigned *first, unsigned *last)
{
	const struct settings *s = ruleset_settings(p->rules);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned workers = s->workers ? s->workers : cores > 2 ? (unsigned)cores - 1 : 1;

	if (p->status && reply_number(p->status, -1, "workers"))
		workers = (unsigned)reply_number(p->status, -1, "workers");

	*first = s->queue_first;
	*last = s->queue_first + LANES * workers - 1;
}

bool place_iptables(const struct place *p, const char *a, const char *b, const char *c,
		    char *line, size_t room)
{
	const char *end;

	for (const char *at = p->iptables; at && *at; at = *end ? end + 1 : end) {
		size_t n = strcspn(at, "\n");

		end = at + n;
		if (memmem(at, n, a, strlen(a)) && (!b || memmem(at, n, b, strlen(b))) &&
		    (!c || memmem(at, n, c, strlen(c)))) {
			snprintf(line, room, "%.*s", (int)n, at);
			return true;
		}
	}
	return false;
}

/* --- parts of the kernel --- */

/* Does a line of that list of modules end a path with the name? */
static bool listed(const struct place *p, const char *file, const char *name, bool *readable)
{
	char path[256], want[80], line[1024];
	bool found_it = false;
	FILE *f;

	snprintf(path, sizeof(path), "/lib/modules/%s/%s", p->kernel, file);
	snprintf(want, sizeof(want), "/%s.ko", name);
	f = host_open(p->root, path);
	while (f && !found_it && fgets(line, sizeof(line), f)) {
		line[strcspn(line, ":\n")] = '\0'; /* behind it: what it needs */
		found_it = strstr(line, want) != NULL;
	}
	if (f) {
		*readable = true;
		fclose(f);
	}
	return found_it;
}

enum module place_module(const struct place *p, const char *name)
{
	bool readable = false;
	struct stat st;
	char path[512];

	snprintf(path, sizeof(path), "%s/sys/module/%s", p->root, name);
	if (stat(path, &st) == 0 || listed(p, "modules.builtin", name, &readable))
		return MODULE_HERE;
	if (listed(p, "modules.dep", name, &readable))
		return MODULE_LOADABLE;
	return readable ? MODULE_MISSING : MODULE_UNKNOWN;
}
