/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: a byte that decides about segments, and what a client sends over TCP. */
#include "cuts.h"

static struct cuts cut(struct slice bytes, uint32_t dice, bool midway)
{
	struct cuts c = cuts_new(dice);

	c.side[0].stream.midway = c.side[1].stream.midway = midway;
	cuts_feed(&c, 0, bytes);
	free(c.room);
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes;
	struct cuts whole, single, odd;
	bool midway;

	if (!size)
		return 0;
	midway = data[0] & 1;
	bytes = piece_new(slice_data(data + 1, size - 1));
	whole = cut(bytes, 0, midway);
	single = cut(bytes, 1, midway);
	odd = cut(bytes, 2 + data[0], midway);
	cuts_same(&whole, &single);
	cuts_same(&whole, &odd);
	(void)stream_begins(bytes);
	piece_free(bytes);
	return 0;
}
