/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "account.h"

void account_read(const struct probe *p, struct account *out)
{
	(void)p;
	*out = (struct account){ .key = 0 };
}
