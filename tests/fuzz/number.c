/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: a user part, or a URI. */
#include "fuzzrules.h"
#include "number/number.h"

#define PLANS 5

static struct ruleset *plans[PLANS];
static bool has_house[PLANS];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const text[PLANS] = {
		"",
		"dialplan = { country = \"49\"; area = \"30\"; outside = [ \"0\" ];\n"
		"extensions = [ \"/^[1-7][0-9]{2}$/\" ]; };\n",
		"dialplan = { country = \"1\"; outside = [ \"9\", \"*9\" ]; };\n",
		"dialplan = { country = \"39\"; international = [ \"00\", \"012\" ]; };\n",
		"dialplan = { country = \"7\"; area = \"727\"; };\n",
	};

	(void)argc, (void)argv;
	for (unsigned i = 0; i < PLANS; i++) {
		plans[i] = fuzz_rules(text[i], 64);
		has_house[i] = text[i][0] != '\0';
	}
	return 0;
}

static void no_step(void *arg, const char *line)
{
	(void)arg;
	must(line[0]);
}

static bool same(const struct number *a, const struct number *b)
{
	return a->kind == b->kind && a->n == b->n && a->country == b->country &&
	       a->classes == b->classes && memcmp(a->digits, b->digits, a->n) == 0;
}

/* With a plus, and with separators: "+4-4-..." */
static void read_again(const struct ruleset *rs, const struct number *n)
{
	char text[2 * NUMBER_DIGITS + 2] = "+";
	struct number again;
	uint32_t at = 1;

	for (unsigned i = 0; i < n->n; i++) {
		text[at++] = n->digits[i];
		text[at++] = i % 2 ? '.' : '-';
	}
	number_read(rs, (struct slice){ text, at }, SLICE_NONE, &again);
	again.kind = again.kind == NUMBER_WORLD ? n->kind : again.kind;
	must(same(n, &again) || again.kind == NUMBER_EMERGENCY ||
	     again.kind == NUMBER_EXTENSION || n->kind != NUMBER_WORLD);
}

static void world(const struct ruleset *rs, const struct number *n, bool house)
{
	must(n->n >= 2 && n->n <= 15 && n->country && number_country(n->country)[0]);
	for (unsigned i = 0; i < n->n; i++)
		must(n->digits[i] >= '0' && n->digits[i] <= '9');
	must(n->digits[0] != '0');
	must((n->classes & 3) == 0 ? !house : house && (n->classes & 3) != 3);
	read_again(rs, n);
}

static void look(const struct ruleset *rs, const struct number *n, bool house)
{
	char text[NUMBER_TEXT];

	must(n->kind <= NUMBER_UNPARSABLE && n->n <= NUMBER_DIGITS);
	must(number_print(n, text) == strlen(text) || memchr(n->digits, '\0', n->n));
	if (number_is_far(n))
		world(rs, n, house);
	else
		must(!n->classes && !n->country);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice piece = piece_new(slice_data(data, size));

	for (unsigned i = 0; i < PLANS; i++) {
		struct number n, again;

		number_of_uri(plans[i], piece, &n);
		look(plans[i], &n, has_house[i]);
		number_read(plans[i], piece, piece, &n);
		look(plans[i], &n, has_house[i]);
		number_explain(plans[i], piece, no_step, NULL, &n);
		number_of_uri(plans[i], piece, &again);
		if (!same(&n, &again)) /* then it was no URI */
			number_read(plans[i], piece, SLICE_NONE, &again);
		must(same(&n, &again));
	}
	piece_free(piece);
	return 0;
}
