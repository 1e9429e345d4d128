/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "printable.h"

void printable_put(struct printable *t, const char *piece, size_t n)
{
	if (t->cut || t->n + n >= t->room) {
		t->cut = true; /* nothing after a gap: a later short piece would mislead */
		return;
	}
	memcpy(t->p + t->n, piece, n);
	t->n += n;
}

void printable_bytes(struct printable *t, struct slice bytes)
{
	static const char hex[] = "0123456789abcdef";

	for (uint32_t i = 0; i < bytes.n && !t->cut; i++) {
		uint8_t c = (uint8_t)bytes.p[i];
		char escape[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

		if (c == '\\')
			printable_put(t, "\\\\", 2);
		else if (c < 0x20 || c > 0x7e)
			printable_put(t, escape, 4);
		else
			printable_put(t, bytes.p + i, 1);
	}
}

void printable_end(struct printable *t)
{
	if (t->cut && t->n + 3 < t->room) {
		memcpy(t->p + t->n, "...", 3);
		t->n += 3;
	}
	t->p[t->n] = '\0';
}

void printable_text(char *out, size_t room, struct slice bytes)
{
	struct printable t = { .p = out, .room = room };

	printable_bytes(&t, bytes);
	printable_end(&t);
}
