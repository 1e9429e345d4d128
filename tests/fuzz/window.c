/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: where the sequence numbers begin, how many chunks there are, then operations
 * of four bytes: what, offset (2), how many.  The window is compared with an array of
 * bytes that are here or not.
 */
#include "fuzz.h"
#include "state/window.h"

#define SPAN 4096

struct model {
	char byte[SPAN];
	bool here[SPAN];
	uint32_t gone; /* forgotten up to here: not asked about any more */
};

struct both {
	struct window window;
	struct pool *pool;
	struct model model;
	uint32_t base; /* sequence number of model.byte[0] */
	uint32_t most;
};

static uint32_t reach(const struct model *m, uint32_t from)
{
	while (from < SPAN && m->here[from])
		from++;
	return from;
}

static bool differs(const struct model *m, uint32_t at, struct slice bytes)
{
	for (uint32_t i = 0; i < bytes.n; i++)
		if (m->here[at + i] && m->byte[at + i] != bytes.p[i])
			return true;
	return false;
}

static void put(struct both *b, uint32_t at, uint32_t n, char first)
{
	struct model *m = &b->model;
	struct slice bytes;
	char *p = malloc(n);
	enum window_put said;

	must(p);
	for (uint32_t i = 0; i < n; i++) /* most repeats say the same */
		p[i] = m->here[at + i] && first & 0x30 ? m->byte[at + i] : (char)(first + (char)i);
	bytes = (struct slice){ p, n };
	said = window_put(&b->window, b->pool, b->base + at, bytes, b->most);
	must(b->window.chunks <= b->most);
	if (said == WINDOW_KEPT) {
		must(!differs(m, at, bytes));
		memcpy(m->byte + at, p, n);
		memset(m->here + at, 1, n);
	} else {
		must(said == WINDOW_FULL || differs(m, at, bytes));
	}
	free(p);
}

static void compare(struct both *b)
{
	const struct model *m = &b->model;

	for (uint32_t from = m->gone; from < SPAN;) {
		uint32_t to = reach(m, from), n = to - from;
		char *copy = malloc(n);

		must(copy);
		must(window_reach(&b->window, b->pool, b->base + from) == b->base + to);
		window_copy(&b->window, b->pool, b->base + from, n, copy);
		must(!n || memcmp(copy, m->byte + from, n) == 0);
		free(copy);
		from = to + 1;
		while (from < SPAN && !m->here[from])
			from++;
	}
}

static void operate(struct both *b, const uint8_t *op)
{
	struct model *m = &b->model;
	uint32_t at = ((uint32_t)op[1] << 8 | op[2]) % SPAN, n = op[3] * (op[0] & 8 ? 16u : 1u);

	if (at < m->gone)
		at = m->gone;
	if (n > SPAN - at)
		n = SPAN - at;
	switch (op[0] & 7) {
	case 0:
		window_forget(&b->window, b->pool, b->base + at);
		m->gone = at;
		break;
	case 1:
		for (uint32_t i = 0; i < n; i++) /* only what is here is taken out */
			if (!m->here[at + i])
				n = i;
		window_remove(&b->window, b->pool, b->base + at, n);
		memset(m->here + at, 0, n);
		break;
	default:
		if (n)
			put(b, at, n, (char)op[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct both b;

	if (size < 2)
		return 0;
	memset(&b, 0, sizeof(b));
	b.base = (uint32_t)data[0] << 24 | 0xfffd00;
	b.most = data[1] & 15 ? data[1] & 15 : SPAN;
	b.pool = pool_new(4 + (data[1] >> 4));
	must(b.pool);
	for (size_t i = 2; i + 4 <= size && i < 1024; i += 4) {
		operate(&b, data + i);
		compare(&b);
	}
	window_clear(&b.window, b.pool);
	must(pool_left(b.pool) == pool_chunks(b.pool));
	pool_free(b.pool);
	return 0;
}
