/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that knows PCRE2.  Literals become one Aho-Corasick automaton,
 * complete (a next state for every letter) over the classes of bytes that occur
 * in patterns, so that a text costs one table look-up a byte however many
 * patterns there are.
 *
 * White space: any run of it, folds included (RFC 3261 7.3.1), counts as one
 * space, in patterns and texts, and none at the ends; so no pattern is evaded by
 * a tab or a folded header.
 *
 * Expressions are interpreted, never compiled to machine code: under systemd's
 * MemoryDenyWriteExecute that is refused anyhow, and the tests shall run what the
 * daemon runs.  PCRE2 wants working memory; each of SLOTS slots has its own, made
 * when the set is compiled, and a match claims one with an atomic bit.  A thread
 * that finds all of them taken tries again: the match limit bounds the wait.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "match.h"
#include "matchtext.h"

#include <pcre2.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PATTERN_LIMIT 255  /* bytes of a literal */
#define STATE_LIMIT 65535
#define NO_PATTERN UINT32_MAX

#define SLOTS 32
#define EXPRESSION_LIMIT 1024 /* bytes of an expression */
#define SUBJECT_LIMIT 2048    /* bytes of a text that expressions see */
#define MATCH_LIMIT 5000      /* steps: about 70 us */
#define HEAP_LIMIT 64         /* KiB a match may use */
#define SLAB ((2 * HEAP_LIMIT + 8) * 1024) /* a growing frame vector is copied once */

enum kind { KIND_CONTAINS, KIND_EQUALS, KIND_PREFIX, KIND_EXPRESSION };

#define TELLS ((uint32_t)1 << 31) /* rows end far below it: STATE_LIMIT * 257 */

/* Patterns that are found when the automaton stands in a state. */
struct state_info {
	uint32_t contains; /* of this state or of one of its suffixes: the first of them */
	uint32_t equals, prefix; /* of this state itself: anchored, so no suffix counts */
	uint16_t depth;
};

struct expression {
	uint32_t index;
	pcre2_code *code;
};

/* Memory for one match: handed out upwards, taken back as a whole. */
struct slot {
	pcre2_match_data *data;
	char *slab;
	size_t used, base; /* base: what `data` itself takes */
	unsigned live;
};

struct match {
	const struct conf_list *patterns;
	uint8_t class[256]; /* 0: in no pattern */
	unsigned classes;
	uint32_t *next;     /* a row for each state: for each class the next one's row, with
			     * TELLS when a pattern may be found there, and last the state;
			     * so a byte waits for one look-up only */
	struct state_info *info;
	unsigned states;
	struct expression *expression; /* in the list's order */
	unsigned expressions;
	pcre2_match_context *limits;
	struct slot *slot;
	_Atomic uint32_t *busy; /* a bit for each slot */
};

/* ---- literals ---- */

static enum kind kind_of(struct slice *text)
{
	size_t n = text->n;

	if (n >= 2 && text->p[0] == '/' && text->p[n - 1] == '/') {
		*text = (struct slice){ text->p + 1, (uint32_t)n - 2 };
		return KIND_EXPRESSION;
	}
	if (n && (text->p[0] == '=' || text->p[0] == '^')) {
		*text = (struct slice){ text->p + 1, (uint32_t)n - 1 };
		return text->p[-1] == '=' ? KIND_EQUALS : KIND_PREFIX;
	}
	return KIND_CONTAINS;
}

/* Gives every byte of the literals a class; returns how many states they may need. */
static size_t classify(struct match *m)
{
	bool used[256] = { false };
	size_t states = 1;

	for (unsigned i = 0; i < m->patterns->n; i++) {
		struct slice text = slice_of(m->patterns->item[i].text);
		struct reader r;
		unsigned char c;

		if (kind_of(&text) == KIND_EXPRESSION)
			continue;
		for (r = reader_of(text); reader_next(&r, &c); states++)
			used[(unsigned char)ascii_lower((char)c)] = true;
	}
	m->classes = 1;
	for (unsigned c = 0; c < 256; c++)
		if (used[c])
			m->class[c] = (uint8_t)m->classes++;
	for (unsigned c = 'A'; c <= 'Z'; c++)
		m->class[c] = m->class[c | 0x20];
	return states;
}

static void put_first(uint32_t *at, uint32_t index)
{
	if (index < *at)
		*at = index;
}

static uint32_t row_of(const struct match *m, unsigned state)
{
	return state * (m->classes + 1);
}

static unsigned state_of(const struct match *m, uint32_t row)
{
	return m->next[row + m->classes];
}

static void state_add(struct match *m, unsigned depth)
{
	m->next[row_of(m, m->states) + m->classes] = m->states;
	m->info[m->states++] = (struct state_info){ NO_PATTERN, NO_PATTERN, NO_PATTERN,
						    (uint16_t)depth };
}

static void insert(struct match *m, struct slice text, enum kind kind, uint32_t index)
{
	struct reader r = reader_of(text);
	unsigned state = 0;
	unsigned char c;

	while (reader_next(&r, &c)) {
		uint32_t *next = &m->next[row_of(m, state) + m->class[c]];

		if (!*next) {
			*next = row_of(m, m->states);
			state_add(m, m->info[state].depth + 1u);
		}
		state = state_of(m, *next);
	}
	if (kind == KIND_CONTAINS)
		put_first(&m->info[state].contains, index);
	else if (kind == KIND_EQUALS)
		put_first(&m->info[state].equals, index);
	else
		put_first(&m->info[state].prefix, index);
}

/*
 * Breadth first, so that a state's suffix is complete before the state: where the
 * trie has no edge, the suffix's is taken.
 */
static void complete(struct match *m, uint16_t *queue, uint16_t *suffix)
{
	unsigned head = 0, tail = 0;

	queue[tail++] = 0;
	while (head < tail) {
		unsigned s = queue[head++];

		for (unsigned c = 1; c < m->classes; c++) {
			uint32_t *to = &m->next[row_of(m, s) + c];
			uint32_t other = s ? m->next[row_of(m, suffix[s]) + c] : 0;
			unsigned state = state_of(m, *to);

			if (!*to) {
				*to = other;
				continue;
			}
			suffix[state] = (uint16_t)state_of(m, other);
			put_first(&m->info[state].contains, m->info[suffix[state]].contains);
			queue[tail++] = (uint16_t)state;
		}
	}
}

static void tellers_mark(struct match *m)
{
	for (unsigned s = 0; s < m->states; s++)
		for (unsigned c = 0; c < m->classes; c++) {
			uint32_t *to = &m->next[row_of(m, s) + c];
			const struct state_info *info = &m->info[state_of(m, *to)];

			if (info->contains != NO_PATTERN || info->prefix != NO_PATTERN)
				*to |= TELLS;
		}
}

static int literals_build(struct match *m, size_t states)
{
	uint16_t *work = calloc(2 * states, sizeof(*work));

	m->next = calloc(states * (m->classes + 1), sizeof(*m->next));
	m->info = calloc(states, sizeof(*m->info));
	if (!work || !m->next || !m->info) {
		free(work);
		return -1;
	}
	state_add(m, 0);
	for (unsigned i = 0; i < m->patterns->n; i++) {
		struct slice text = slice_of(m->patterns->item[i].text);
		enum kind kind = kind_of(&text);

		if (kind != KIND_EXPRESSION)
			insert(m, text, kind, i);
	}
	complete(m, work, work + states);
	tellers_mark(m);
	free(work);
	return 0;
}

static uint32_t literals_find(const struct match *m, struct slice text)
{
	struct reader r = reader_of(text);
	uint32_t found = NO_PATTERN, at = 0;
	const struct state_info *info;
	uint32_t row = 0;
	unsigned char c;

	for (; reader_next(&r, &c); at++) {
		row = m->next[row + m->class[c]];
		if (!(row & TELLS))
			continue;
		row &= ~TELLS;
		info = &m->info[state_of(m, row)];
		put_first(&found, info->contains);
		if (info->depth == at + 1)
			put_first(&found, info->prefix);
	}
	info = &m->info[state_of(m, row)];
	if (info->depth == at)
		put_first(&found, info->equals);
	return found;
}

/* ---- expressions ---- */

static void *slab_alloc(size_t n, void *arg)
{
	struct slot *s = arg;
	size_t size = (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	void *p;

	if (n > SLAB || size > SLAB - s->used)
		return NULL;
	p = s->slab + s->used;
	s->used += size;
	s->live++;
	return p;
}

static void slab_free(void *p, void *arg)
{
	struct slot *s = arg;

	/* some versions keep the frame vector with the match data, some give it back */
	if (p && --s->live == 1)
		s->used = s->base;
}

static int slot_init(struct slot *s)
{
	pcre2_general_context *g;

	s->slab = malloc(SLAB);
	g = s->slab ? pcre2_general_context_create(slab_alloc, slab_free, s) : NULL;
	if (g)
		s->data = pcre2_match_data_create(1, g);
	if (!s->data)
		return -1;
	/* match data keeps a copy of the functions; the context stays in the slab */
	s->live = 1;
	s->base = s->used;
	return 0;
}

static int slots_init(struct match *m)
{
	m->limits = pcre2_match_context_create(NULL);
	m->busy = calloc(1, sizeof(*m->busy));
	m->slot = calloc(SLOTS, sizeof(*m->slot));
	if (!m->limits || !m->busy || !m->slot)
		return -1;
	pcre2_set_match_limit(m->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(m->limits, HEAP_LIMIT);
	for (unsigned i = 0; i < SLOTS; i++)
		if (slot_init(&m->slot[i]) < 0)
			return -1;
	return 0;
}

static unsigned slot_claim(const struct match *m)
{
	for (;;) {
		uint32_t busy = atomic_load_explicit(m->busy, memory_order_relaxed);
		unsigned i = busy == UINT32_MAX ? SLOTS : (unsigned)__builtin_ctz(~busy);

		if (i < SLOTS && atomic_compare_exchange_weak_explicit(
					 m->busy, &busy, busy | 1u << i, memory_order_acquire,
					 memory_order_relaxed))
			return i;
	}
}

static void slot_release(const struct match *m, unsigned i)
{
	atomic_fetch_and_explicit(m->busy, ~(1u << i), memory_order_release);
}

/* A match that runs into a limit is none: slow expressions must not cost calls. */
static uint32_t expressions_find(const struct match *m, struct slice text)
{
	struct reader r = reader_of(text);
	unsigned char subject[SUBJECT_LIMIT];
	uint32_t found = NO_PATTERN;
	unsigned i = slot_claim(m), n = 0;

	while (n < SUBJECT_LIMIT && reader_next(&r, &subject[n]))
		n++;
	for (unsigned e = 0; e < m->expressions && found == NO_PATTERN; e++)
		if (pcre2_match(m->expression[e].code, subject, n, 0, 0, m->slot[i].data,
				m->limits) >= 0)
			found = m->expression[e].index;
	slot_release(m, i);
	return found;
}

static int expression_compile(struct match *m, struct slice text, uint32_t index,
			      struct compiler *c, const char *key)
{
	const uint32_t options = PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
				 PCRE2_NEVER_BACKSLASH_C;
	const struct conf_item *item = &m->patterns->item[index];
	unsigned char why[128];
	PCRE2_SIZE at;
	pcre2_code *code;
	int err;

	if (text.n == 0 || text.n > EXPRESSION_LIMIT) {
		compiler_error(c, item, key, "an expression has 1 to %d bytes", EXPRESSION_LIMIT);
		return -1;
	}
	code = pcre2_compile((PCRE2_SPTR)text.p, text.n, options, &err, &at, NULL);
	if (!code) {
		pcre2_get_error_message(err, why, sizeof(why));
		compiler_error(c, item, key, "\"%.80s\" is no expression: %s, at byte %zu",
			       item->text, (const char *)why, (size_t)at + 1);
		return -1;
	}
	m->expression[m->expressions++] = (struct expression){ index, code };
	return 0;
}

/* ---- both ---- */

static unsigned literal_check(struct match *m, uint32_t index, struct slice text,
			      struct compiler *c, const char *key)
{
	const struct conf_item *item = &m->patterns->item[index];

	text = slice_trim(text);
	if (text.n >= 1 && text.n <= PATTERN_LIMIT)
		return 0;
	compiler_error(c, item, key, "\"%.40s\" %s", item->text,
		       text.n ? "is too long a pattern: at most 255 bytes" :
				"is an empty pattern: it would match everything");
	return 1;
}

/* Every pattern is looked at, whatever is wrong with the others. */
static unsigned patterns_read(struct match *m, struct compiler *c, const char *key)
{
	unsigned errors = 0;

	for (uint32_t i = 0; i < m->patterns->n; i++) {
		const struct conf_item *item = &m->patterns->item[i];
		struct slice text = slice_of(item->text);

		if (item->number) { /* [ 0044 ] would be found in every number with a 44 */
			compiler_error(c, item, key,
				       "%.20s must be in quotes: a number has no leading zeros",
				       item->text);
			errors++;
		} else if (kind_of(&text) == KIND_EXPRESSION)
			errors += expression_compile(m, text, i, c, key) < 0;
		else
			errors += literal_check(m, i, text, c, key);
	}
	return errors;
}

static int build(struct match *m, struct compiler *c, const char *key)
{
	size_t states;

	m->expression = calloc(m->patterns->n + 1, sizeof(*m->expression));
	if (!m->expression)
		goto no_memory;
	if (patterns_read(m, c, key))
		return -1;
	states = classify(m);
	if (states > STATE_LIMIT) {
		compiler_error(c, NULL, key, "the patterns are too long together: at most %d bytes",
			       STATE_LIMIT);
		return -1;
	}
	if (literals_build(m, states) < 0 || (m->expressions && slots_init(m) < 0))
		goto no_memory;
	return 0;
no_memory:
	compiler_error(c, NULL, key, "out of memory");
	return -1;
}

struct match *match_compile(const struct conf_list *patterns, struct compiler *c, const char *key)
{
	struct match *m = calloc(1, sizeof(*m));

	if (!m) {
		compiler_error(c, NULL, key, "out of memory");
		return NULL;
	}
	m->patterns = patterns;
	if (build(m, c, key) == 0)
		return m;
	match_free(m);
	return NULL;
}

int match_list_compile(const struct conf_list *patterns, struct compiler *c, const char *key,
		       struct match **out)
{
	if (!patterns->n)
		return 0;
	*out = match_compile(patterns, c, key);
	return *out ? 0 : -1;
}

void match_free(struct match *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->expressions; i++)
		pcre2_code_free(m->expression[i].code);
	for (unsigned i = 0; m->slot && i < SLOTS; i++)
		free(m->slot[i].slab); /* the match data lives in it */
	pcre2_match_context_free(m->limits);
	free(m->slot);
	free(m->busy);
	free(m->expression);
	free(m->next);
	free(m->info);
	free(m);
}

int match_find(const struct match *m, struct slice text)
{
	uint32_t found = literals_find(m, text);

	if (found == NO_PATTERN && m->expressions)
		found = expressions_find(m, text);
	return found == NO_PATTERN ? -1 : (int)found;
}

const char *match_text(const struct match *m, int index)
{
	return m->patterns->item[index].text;
}
