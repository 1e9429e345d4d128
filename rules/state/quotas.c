/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "quotas.h"

#include "store.h"

struct record {
	uint32_t part[QUOTA_PARTS];
	uint32_t used;
};

size_t quotas_size(void)
{
	return sizeof(struct record);
}
