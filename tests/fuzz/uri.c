/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: the value of a header, a URI, an address. */
#include "readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_data(data, size);

	read_uri(text);
	read_nameaddr(text);
	read_via(text);
	read_list(text);
	read_params(text);
	return 0;
}
