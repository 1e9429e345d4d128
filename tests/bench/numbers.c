/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What 100,000 prefixes of numbers cost: to load with the config, as a list of a file and
 * as a rate card, and to look a number up, in random order, warm and with the caches full
 * of something else.  Once with prefixes all over the world, once with all of them below
 * +4420, where a tree by digits would be deep.  Fails when a warm look-up takes more than
 * 100 ns or a load more than 200 ms: `make bench-numbers`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "number/numberset.h"

#define PREFIXES 100000
#define NUMBERS 1000000
#define ROUNDS 9
#define SPOIL (64u << 20) /* bytes: more than the caches hold */
#define COLD 200          /* look-ups that are timed one by one */

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

	for (unsigned i = 0; spoil && i < COLD; i++) {
		struct slice d;
		uint64_t start;

		for (size_t at = 0; at < SPOIL; at += 64)
			spoil[at] = (unsigned char)i;
		d = slice_of(number[random_next() % NUMBERS].digits);
		start = now_ns();
		start = now_ns(); /* the clock itself is warm again */
		b->all += numberset_find(s, d, NULL);
		took[n++] = now_ns() - start;
	}
	free(spoil);
	qsort(took, n, sizeof(*took), by_value);
	return n ? (double)took[n / 2] : 0;
}

static void file_write(const char *path, const struct bench *b, const char *text)
{
	FILE *f = fopen(path, "w");

	for (unsigned i = 0; f && b && i < PREFIXES; i++)
		fprintf(f, "%s%s\n", b->prefix[i].digits, text);
	if (!f || (!b && fputs(text, f) < 0) || fclose(f) != 0)
		abort();
}

static double load_once(const char *conf)
{
	struct conf_report report = { 0 };
	uint64_t start = now_ns();
	struct ruleset *rs = ruleset_load(conf, &report);
	double ms = (double)(now_ns() - start) / 1e6;

	if (!rs) {
		fprintf(stderr, "%s\n", report.n ? report.note[0].text : "does not load");
		abort();
	}
	ruleset_free(rs);
	conf_report_free(&report);
	return ms;
}

/* ms for the whole config, its list of one file among it. */
static double load(const struct bench *b, const char *conf, const char *line)
{
	char dir[] = "/tmp/sipmoat-numbers.XXXXXX", lists[64], main_file[64], list[64];
	double best = 1e9;

	if (!mkdtemp(dir))
		abort();
	snprintf(lists, sizeof(lists), "%s/lists", dir);
	snprintf(main_file, sizeof(main_file), "%s/sipmoat.conf", dir);
	snprintf(list, sizeof(list), "%s/lists/mine.txt", dir);
	if (mkdir(lists, 0755) != 0)
		abort();
	file_write(main_file, NULL, conf);
	file_write(list, b, line);
	for (unsigned round = 0; round < ROUNDS; round++) {
		double ms = load_once(main_file);

		best = ms < best ? ms : best;
	}
	unlink(list);
	unlink(main_file);
	rmdir(lists);
	rmdir(dir);
	return best;
}

static bool bench(struct bench *b, const char *name, const char *below)
{
	struct numberset *s;
	double hit, miss, ms, rates;

	bench_fill(b, below);
	s = numberset_build(b->list, PREFIXES);
	if (!s)
		abort();
	hit = warm(b, s, b->hit);
	miss = warm(b, s, b->miss);
	ms = load(b, "classes = ( { name = \"mine\"; add = [ \"file:mine.txt\" ]; } );",
		  "");
	rates = load(b, "cost = { rates = [ \"file:mine.txt\" ]; };",
		     ",Some country mobile,0.0123,0.01,60/60,0.05");
	printf("%-12s %zu kB; hit %.0f ns, miss %.0f ns; caches spoilt: hit %.0f ns, "
	       "miss %.0f ns; load %.0f ms, as rates %.0f ms\n", name,
	       numberset_bytes(s) / 1024, hit, miss, cold(b, s, b->hit), cold(b, s, b->miss),
	       ms, rates);
	numberset_free(s);
	return hit <= 100 && miss <= 100 && ms <= 200 && rates <= 200;
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
