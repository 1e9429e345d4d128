/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feedmix.h"

#include <errno.h>
#include <stdlib.h>

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

const struct plan_range *feedmix_meets(const struct plan_ranges *s, const struct addr *lo,
				       const struct addr *hi)
{
	size_t from = 0, to = s->n;

	/* the last range that starts at or before hi is the only one that can */
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		bool v4 = addr_is_v4(&s->r[mid].lo), same = v4 == addr_is_v4(hi);

		if (same ? by_bytes(&s->r[mid].lo, hi) <= 0 : v4) /* IPv4 ranges come first */
			from = mid + 1;
		else
			to = mid;
	}
	if (!from || addr_is_v4(&s->r[from - 1].lo) != addr_is_v4(lo))
		return NULL;
	return by_bytes(lo, &s->r[from - 1].hi) <= 0 ? &s->r[from - 1] : NULL;
}

/* Sorts, and takes out what is there twice or lies in a net. */
static void tidy(struct feedmix *m)
{
	size_t kept = 0;

	if (m->hosts)
		qsort(m->host, m->hosts, sizeof(*m->host), by_bytes);
	for (size_t i = 0; i < m->hosts; i++) {
		const struct addr *a = &m->host[i];

		if (kept && addr_eq(&m->host[kept - 1], a))
			continue;
		if (!feedmix_meets(&m->nets, a, a))
			m->host[kept++] = *a;
	}
	m->hosts = kept;
}

int feedmix_build(struct feedmix *m, const struct feed_text *const *text, unsigned n)
{
	size_t hosts = 0, nets = 0;
	struct prefix *net;
	int e;

	*m = (struct feedmix){ 0 };
	for (unsigned i = 0; i < n; i++) {
		hosts += text[i]->n - text[i]->nets;
		nets += text[i]->nets;
	}
	m->host = malloc((hosts + 1) * sizeof(*m->host));
	net = malloc((nets + 1) * sizeof(*net));
	nets = 0;
	for (unsigned i = 0; m->host && net && i < n; i++) {
		for (size_t k = 0; k < text[i]->n; k++) {
			const struct prefix *p = &text[i]->item[k].who;

			if (p->len == 128)
				m->host[m->hosts++] = p->addr;
			else
				net[nets++] = *p;
		}
	}
	e = m->host && net ? plan_ranges_build(&m->nets, net, nets) : -ENOMEM;
	free(net);
	if (e < 0)
		feedmix_free(m);
	else
		tidy(m);
	return e;
}

void feedmix_free(struct feedmix *m)
{
	free(m->host);
	free(m->nets.r);
	*m = (struct feedmix){ 0 };
}

bool feedmix_has(const struct feedmix *m, const struct addr *a)
{
	return (m->hosts && bsearch(a, m->host, m->hosts, sizeof(*m->host), by_bytes)) ||
	       feedmix_meets(&m->nets, a, a);
}
