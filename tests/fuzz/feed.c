/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: the file of a feed, read as each kind of list in each format. */
#include "feedlist.h"
#include "fuzz.h"

static void read_as(struct slice bytes, enum feed_list list, enum feed_format format)
{
	struct feed_text t;
	const char *why = feed_read(&t, bytes.p, bytes.n, list, format);
	size_t nets = 0;

	for (size_t i = 0; i < t.n; i++) {
		const struct prefix *p = &t.item[i].who;
		struct addr masked = addr_masked(&p->addr, p->len);

		must(p->len <= 128 && addr_eq(&masked, &p->addr));
		must(p->len >= 19 && t.item[i].line > 0);
		must(list == FEED_ALLOW || addr_is_v4(&p->addr) || p->addr.b[0] >> 5 == 1);
		nets += p->len < 128;
	}
	must(nets == t.nets);
	must(why || t.wrong <= t.n);
	must(t.notes <= FEED_NOTES && (t.notes == 0) == (t.wrong + t.ignored == 0));
	for (unsigned i = 0; i < t.notes; i++)
		for (const char *c = t.note[i].text; *c; c++)
			must(*c >= ' ' && *c <= '~');
	feed_text_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = piece_new(slice_data(data, size));

	for (unsigned format = FEED_AUTO; format <= FEED_DROP; format++) {
		read_as(bytes, FEED_BLOCK, (enum feed_format)format);
		read_as(bytes, FEED_ALLOW, (enum feed_format)format);
	}
	piece_free(bytes);
	return 0;
}
