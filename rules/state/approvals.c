/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "approvals.h"

#include "store.h"

size_t approvals_size(void)
{
	return sizeof(struct approval);
}
