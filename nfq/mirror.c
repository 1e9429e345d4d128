/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mirror.h"

#include <stdlib.h>
#include <sys/random.h>

struct mirror {
	struct mirror_entry *entry; /* open addressing, linear probing */
	uint32_t mask, max;
	uint32_t turn; /* where mirror_yielding goes on */
	uint32_t count[2]; /* IPv6, IPv4 */
	uint32_t yielding; /* of both */
	uint64_t seed[2];  /* senders choose the keys: they must not choose the places */
};

struct mirror *mirror_new(uint32_t max)
{
	struct mirror *m = calloc(1, sizeof(*m));
	uint32_t places = 16;

	if (!m)
		return NULL;
	while (places / 2 < max && places < 1u << 30)
		places *= 2;
	m->mask = places - 1;
	m->max = max;
	m->entry = calloc(places, sizeof(*m->entry));
	if (!m->entry || getrandom(m->seed, sizeof(m->seed), 0) != sizeof(m->seed)) {
		mirror_free(m);
		return NULL;
	}
	return m;
}

void mirror_free(struct mirror *m)
{
	if (!m)
		return;
	free(m->entry);
	free(m);
}

/* Both halves of the product, which has 128 bits: few 32-bit machines have a type for that. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	uint64_t low = (uint64_t)(uint32_t)a * (uint32_t)b;
	uint64_t cross = (a >> 32) * (uint32_t)b + (low >> 32);
	uint64_t other = (uint64_t)(uint32_t)a * (b >> 32) + (uint32_t)cross;

	return a * b ^ ((a >> 32) * (b >> 32) + (cross >> 32) + (other >> 32));
}

static uint32_t place_of(const struct mirror *m, const struct addr *site)
{
	uint64_t w[2];

	memcpy(w, site->b, sizeof(w));
	return (uint32_t)fold(fold(w[0] ^ m->seed[0], w[1] ^ m->seed[1]) ^ m->seed[1],
			      m->seed[0] | 1) & m->mask;
}

/* Where site stands, or the empty place where it would. */
static uint32_t seek(const struct mirror *m, const struct addr *site)
{
	uint32_t i = place_of(m, site);

	while (m->entry[i].until && !addr_eq(&m->entry[i].site, site))
		i = (i + 1) & m->mask;
	return i;
}

struct mirror_entry *mirror_find(struct mirror *m, const struct addr *site)
{
	struct mirror_entry *e = &m->entry[seek(m, site)];

	return e->until ? e : NULL;
}

struct mirror_entry *mirror_put(struct mirror *m, const struct addr *site)
{
	struct mirror_entry *e = &m->entry[seek(m, site)];

	if (e->until)
		return e;
	if (m->count[0] + m->count[1] >= m->max)
		return NULL;
	*e = (struct mirror_entry){ .site = *site };
	m->count[addr_is_v4(site)]++;
	return e;
}

/* Empties place i and moves up those that had to stand behind it. */
static void remove_at(struct mirror *m, uint32_t i)
{
	uint32_t next = i;

	m->count[addr_is_v4(&m->entry[i].site)]--;
	m->yielding -= m->entry[i].yields;
	for (;;) {
		next = (next + 1) & m->mask;
		if (!m->entry[next].until)
			break;
		/* an entry may move to i unless its own place lies behind i */
		if (((next - place_of(m, &m->entry[next].site)) & m->mask) <
		    ((next - i) & m->mask))
			continue;
		m->entry[i] = m->entry[next];
		i = next;
	}
	m->entry[i].until = 0;
}

void mirror_remove(struct mirror *m, const struct addr *site)
{
	uint32_t i = seek(m, site);

	if (m->entry[i].until)
		remove_at(m, i);
}

void mirror_yield(struct mirror *m, struct mirror_entry *e, bool yields)
{
	m->yielding += yields;
	m->yielding -= e->yields;
	e->yields = yields;
}

struct mirror_entry *mirror_yielding(struct mirror *m)
{
	for (uint32_t i = 0; m->yielding && i <= m->mask; i++) {
		struct mirror_entry *e = &m->entry[m->turn++ & m->mask];

		if (e->until && e->yields)
			return e;
	}
	return NULL;
}

void mirror_clear(struct mirror *m)
{
	if (!(m->count[0] + m->count[1]))
		return; /* memory that nobody has written takes no room */
	memset(m->entry, 0, ((size_t)m->mask + 1) * sizeof(*m->entry));
	m->count[0] = m->count[1] = m->yielding = 0;
}

void mirror_sweep(struct mirror *m, uint64_t then)
{
	for (uint32_t i = 0; i <= m->mask && m->count[0] + m->count[1]; i++)
		while (m->entry[i].until && m->entry[i].until <= then)
			remove_at(m, i);
}

uint32_t mirror_count(const struct mirror *m, bool v4)
{
	return m->count[v4];
}

struct mirror_entry *mirror_next(struct mirror *m, uint32_t *at)
{
	while (*at <= m->mask)
		if (m->entry[(*at)++].until)
			return &m->entry[*at - 1];
	return NULL;
}
