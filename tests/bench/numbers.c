/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What 100,000 prefixes of numbers cost: to load with the config, as a list of a file, and
 * to look a number up, in random order, warm and with the caches full of something else.
 * Once with prefixes all over the world, once with all of them below +4420, where a tree
 * by digits would be deep.  Fails when a warm look-up takes more than 100 ns or the load
 * more than 200 ms: `make bench-numbers`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "confdir.h"
#include "number/numberset.h"

#define PREFIXES 100000
#define NUMBERS 1000000
#define ROUNDS 9
#define SPOIL (64u << 20) /* bytes: more than the caches hold */
#define COLD 20000        /* look-ups that are timed one by one */

struct text {
	char digits[16];
};

struct bench {
	struct text prefix[PREFIXES], hit[NUMBERS], miss[NUMBERS];
	struct number_prefix list[PREFIXES];
	uint64_t all; /* of what was found: or the compiler would leave it out */
};

static uint64_t random_next(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void digits_add(struct text *t, unsigned n)
{
	size_t at = strlen(t->digits);

	for (; n-- && at < sizeof(t->digits) - 1; at++)
		t->digits[at] = (char)('0' + random_next() % 10);
	t->digits[at] = '\0';
}

static void bench_fill(struct bench *b, const char *below)
{
	for (unsigned i = 0; i < PREFIXES; i++) {
		struct text *t = &b->prefix[i];

		snprintf(t->digits, sizeof(t->digits), "%s", below);
		if (!below[0])
			t->digits[0] = (char)('1' + random_next() % 8), t->digits[1] = '\0';
		digits_add(t, (unsigned)(4 + random_next() % 4));
		b->list[i] = (struct number_prefix){ slice_of(t->digits), i };
	}
	for (unsigned i = 0; i < NUMBERS; i++) {
		b->hit[i] = b->prefix[random_next() % PREFIXES];
		digits_add(&b->hit[i], 5);
		snprintf(b->miss[i].digits, sizeof(b->miss[i].digits), "9");
		digits_add(&b->miss[i], 10);
	}
}

static double warm(struct bench *b, const struct numberset *s, const struct text *number)
{
	double best = 1e9;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t start = now_ns();
		double ns;

		for (unsigned i = 0; i < NUMBERS; i++) {
			struct slice d = { number[i].digits, 12 };

			/* the next one waits for this: what one call takes, not many at once */
			d.n -= (uint32_t)(b->all & 1);
			b->all += numberset_find(s, d, NULL) & 2;
		}
		ns = (double)(now_ns() - start) / NUMBERS;
		best = ns < best ? ns : best;
	}
	return best;
}

static double cold(struct bench *b, const struct numberset *s, const struct text *number)
{
	static uint64_t took[COLD];
	unsigned char *spoil = malloc(SPOIL);
	size_t n = 0;

	for (unsigned i = 0; spoil && i < COLD / 100; i++) {
		for (size_t at = 0; at < SPOIL; at += 64)
			spoil[at] = (unsigned char)i;
		for (unsigned j = 0; j < 100; j += 100) {
			struct slice d = slice_of(number[random_next() % NUMBERS].digits);
			uint64_t start = now_ns();

			b->all += numberset_find(s, d, NULL);
			took[n++] = now_ns() - start;
		}
	}
	free(spoil);
	qsort(took, n, sizeof(*took), by_value);
	return n ? (double)took[n / 2] : 0;
}

/* ms for the whole config, its list of one file among it. */
static double load(const struct bench *b)
{
	struct confdir *d = confdir_new();
	char path[128];
	double best = 1e9;
	FILE *f;

	confdir_write(d, "sipmoat.conf",
		      "classes = ( { name = \"mine\"; add = [ \"file:mine.txt\" ]; } );\n");
	snprintf(path, sizeof(path), "%s/lists/mine.txt", d->path);
	f = fopen(path, "w");
	for (unsigned i = 0; f && i < PREFIXES; i++)
		fprintf(f, "%s\n", b->prefix[i].digits);
	if (!f || fclose(f) != 0)
		abort();
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t start = now_ns();
		struct ruleset *rs = confdir_load(d);
		double ms = (double)(now_ns() - start) / 1e6;

		if (!rs) {
			confdir_print(d);
			abort();
		}
		ruleset_free(rs);
		best = ms < best ? ms : best;
	}
	confdir_free(d);
	return best;
}

static bool bench(struct bench *b, const char *name, const char *below)
{
	struct numberset *s;
	double hit, miss, ms;

	bench_fill(b, below);
	s = numberset_build(b->list, PREFIXES);
	if (!s)
		abort();
	hit = warm(b, s, b->hit);
	miss = warm(b, s, b->miss);
	ms = load(b);
	printf("%-12s %zu kB; hit %.0f ns, miss %.0f ns; caches spoilt: hit %.0f ns, "
	       "miss %.0f ns; load %.0f ms\n", name, numberset_bytes(s) / 1024, hit, miss,
	       cold(b, s, b->hit), cold(b, s, b->miss), ms);
	numberset_free(s);
	return hit <= 100 && miss <= 100 && ms <= 200;
}

int main(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	bool good;

	if (!b)
		abort();
	good = bench(b, "everywhere:", "");
	good &= bench(b, "below 4420:", "4420");
	free(b);
	return good ? 0 : 1;
}
