/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hash.h"

#include <endian.h>
#include <string.h>

struct sip_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotl(uint64_t x, unsigned b)
{
	return x << b | x >> (64 - b);
}

static inline void sip_round(struct sip_state *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

/* Byte order does not matter to us: no hash ever leaves this machine. */
static inline void absorb(struct sip_state *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

static inline struct sip_state start(const struct hash_key *key)
{
	return (struct sip_state){
		key->k0 ^ 0x736f6d6570736575u,
		key->k1 ^ 0x646f72616e646f6du,
		key->k0 ^ 0x6c7967656e657261u,
		key->k1 ^ 0x7465646279746573u,
	};
}

static inline uint64_t finish(struct sip_state *s)
{
	s->v2 ^= 0xff;
	sip_round(s);
	sip_round(s);
	sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* n bytes at p, up to 8; the length goes into the top byte, which those leave free. */
static inline uint64_t word_of(const unsigned char *p, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, p, n);
	return le64toh(word);
}

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t n)
{
	struct sip_state s = start(key);
	const unsigned char *p = bytes;
	uint64_t last = (uint64_t)n << 56;
	size_t left = n;

	for (; left >= 8; left -= 8, p += 8)
		absorb(&s, word_of(p, 8));
	absorb(&s, left ? last | word_of(p, left) : last);
	return finish(&s);
}

void hash_begin(struct hash_run *run, const struct hash_key *key)
{
	struct sip_state s = start(key);

	*run = (struct hash_run){ { s.v0, s.v1, s.v2, s.v3 }, 0 };
}

void hash_more(struct hash_run *run, const void *bytes, size_t n)
{
	struct sip_state s = { run->v[0], run->v[1], run->v[2], run->v[3] };
	const unsigned char *p = bytes;

	for (size_t i = 0; i + 8 <= n; i += 8)
		absorb(&s, word_of(p + i, 8));
	*run = (struct hash_run){ { s.v0, s.v1, s.v2, s.v3 }, run->n + n };
}

uint64_t hash_end(const struct hash_run *run)
{
	struct sip_state s = { run->v[0], run->v[1], run->v[2], run->v[3] };

	absorb(&s, run->n << 56);
	return finish(&s);
}
