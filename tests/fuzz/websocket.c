/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: a byte that decides about segments, and what both ends say in turn, the
 * client first, "%%" between their words.  An answer is not cut before the words it
 * answers are complete: who speaks first does make a difference.
 */
#include "cuts.h"

#define TURNS 16

/* Each side's words are put one behind the other, as cuts_feed wants them. */
static struct cuts talk(struct slice bytes, uint32_t dice, char *mouth[2])
{
	struct cuts c = cuts_new(dice);
	uint32_t said[2] = { 0, 0 };
	struct slice words;

	for (unsigned turn = 0; turn < TURNS && section_next(&bytes, &words); turn++) {
		char *p = mouth[turn % 2] + said[turn % 2];

		/* an answer to half a hello: what the other half says is read, or not */
		if (c.side[1].stream.kind == STREAM_TLS && c.side[0].stream.kind == STREAM_NEW)
			break;
		if (words.n)
			memcpy(p, words.p, words.n);
		said[turn % 2] += words.n;
		cuts_feed(&c, turn % 2, (struct slice){ p, words.n });
	}
	(void)stream_kind_of(&c.side[0].stream, &c.side[1].stream);
	(void)stream_tls_failed(&c.side[0].stream, &c.side[1].stream);
	free(c.room);
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = slice_data(data, size);
	struct cuts whole, single, odd;
	char *mouth[2];

	if (!size)
		return 0;
	bytes.p++;
	bytes.n--;
	mouth[0] = malloc(size);
	mouth[1] = malloc(size);
	must(mouth[0] && mouth[1]);
	whole = talk(bytes, 0, mouth);
	single = talk(bytes, 1, mouth);
	odd = talk(bytes, 2 + data[0], mouth);
	cuts_same(&whole, &single);
	cuts_same(&whole, &odd);
	free(mouth[0]);
	free(mouth[1]);
	return 0;
}
