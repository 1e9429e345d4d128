/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: the name of a parameter, a line end, and a challenge or credentials. */
#include "readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_data(data, size), name, value;
	const char *end = memchr(text.p, '\n', text.n);

	read_digest(text);
	if (!end)
		return 0;
	name = slice_between(text.p, end);
	text = slice_between(end + 1, text.p + text.n);
	read_digest(text);
	if (sip_digest_param(text, name, &value))
		must(inside(value, text));
	if (sip_param(text, name, &value))
		must(inside(value, text));
	return 0;
}
