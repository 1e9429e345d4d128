/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "distinct.h"

#include <string.h>

#define BITMAPS (DISTINCT_EXACT + 1)
#define HALF ((DISTINCT_PARTS - 1) / 2) /* parts */
#define BITS (32 * DISTINCT_WORDS)

static uint16_t print_of(uint32_t item)
{
	return (uint16_t)(item ^ item >> 16);
}

static void bit_set(uint32_t *bits, uint16_t print)
{
	bits[print % BITS / 32] |= (uint32_t)1 << print % 32;
}

static bool bit_has(const uint32_t *bits, uint16_t print)
{
	return bits[print % BITS / 32] >> print % 32 & 1;
}

static void clear(struct distinct *d, uint32_t part)
{
	*d = (struct distinct){ .head = part };
}

/* A saved record may hold anything. */
static bool sound(const struct distinct *d)
{
	unsigned sum = 0;

	if (d->n == BITMAPS)
		return true;
	for (unsigned i = 0; i < DISTINCT_PARTS; i++)
		sum += d->part[i];
	return sum == d->n && d->n < BITMAPS;
}

static uint8_t *part_of(struct distinct *d, uint32_t part)
{
	return &d->part[part % DISTINCT_PARTS];
}

/* Those that were seen last in a part that goes are the last of all. */
static void advance_prints(struct distinct *d, uint32_t parts)
{
	for (; parts && d->n; parts--) {
		d->n = (uint8_t)(d->n - *part_of(d, ++d->head));
		*part_of(d, d->head) = 0;
	}
	d->head += parts;
}

static void advance_bits(struct distinct *d, uint32_t part)
{
	uint32_t turns = part / HALF - d->head / HALF;

	d->head = part;
	for (; turns; turns--) {
		memcpy(d->bits[1], d->bits[0], sizeof(d->bits[1]));
		memset(d->bits[0], 0, sizeof(d->bits[0]));
	}
	if (!distinct_count(d))
		clear(d, part);
}

void distinct_advance(struct distinct *d, uint32_t part)
{
	int32_t parts = (int32_t)(part - d->head);

	if (parts >= DISTINCT_PARTS || parts <= -DISTINCT_PARTS || !sound(d))
		clear(d, part);
	else if (parts > 0 && d->n == BITMAPS)
		advance_bits(d, part);
	else if (parts > 0)
		advance_prints(d, (uint32_t)parts);
}

/* -1: none. */
static int find(const struct distinct *d, uint16_t print)
{
	for (int i = 0; i < d->n; i++)
		if (d->print[i] == print)
			return i;
	return -1;
}

/* The part in which the i-th was last seen. */
static uint32_t seen(struct distinct *d, unsigned i)
{
	uint32_t part = d->head;
	unsigned upto = *part_of(d, part);

	while (upto <= i)
		upto += *part_of(d, --part);
	return part;
}

static void remove_at(struct distinct *d, unsigned i)
{
	--*part_of(d, seen(d, i));
	d->n--;
	memmove(&d->print[i], &d->print[i + 1], (d->n - i) * sizeof(d->print[0]));
}

static void into_bits(struct distinct *d)
{
	uint32_t bits[2][DISTINCT_WORDS] = { { 0 } };

	for (unsigned i = 0; i < d->n; i++) {
		uint32_t half = d->head / HALF - seen(d, i) / HALF;

		if (half < 2)
			bit_set(bits[half], d->print[i]);
	}
	memcpy(d->bits, bits, sizeof(bits));
	d->n = BITMAPS;
}

bool distinct_has(const struct distinct *d, uint32_t item)
{
	uint16_t print = print_of(item);

	if (d->n == BITMAPS)
		return bit_has(d->bits[0], print) || bit_has(d->bits[1], print);
	return find(d, print) >= 0;
}

void distinct_add(struct distinct *d, uint32_t item)
{
	uint16_t print = print_of(item);
	int at = d->n == BITMAPS ? -1 : find(d, print);

	if (at >= 0)
		remove_at(d, (unsigned)at);
	if (d->n == DISTINCT_EXACT)
		into_bits(d);
	if (d->n == BITMAPS) {
		bit_set(d->bits[0], print);
		return;
	}
	memmove(&d->print[1], &d->print[0], d->n * sizeof(d->print[0]));
	d->print[0] = print;
	d->n++;
	++*part_of(d, d->head);
}

void distinct_drop(struct distinct *d, uint32_t item)
{
	uint16_t print = print_of(item);
	int at;

	if (d->n == BITMAPS) {
		d->bits[0][print % BITS / 32] &= ~((uint32_t)1 << print % 32);
		return;
	}
	at = find(d, print);
	if (at >= 0)
		remove_at(d, (unsigned)at);
}

uint32_t distinct_count(const struct distinct *d)
{
	uint32_t n = 0;

	if (d->n != BITMAPS)
		return d->n;
	for (unsigned i = 0; i < DISTINCT_WORDS; i++)
		n += (uint32_t)__builtin_popcount(d->bits[0][i] | d->bits[1][i]);
	return n;
}
