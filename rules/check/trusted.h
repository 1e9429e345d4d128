/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trusted check's addresses, which the kernel's trusted sets hold too. */
#ifndef SIPMOAT_TRUSTED_H
#define SIPMOAT_TRUSTED_H

#include "addr.h"

/* conf: the check's compiled conf of a zone; valid as long as the ruleset. */
const struct prefix *trusted_prefixes(const void *conf, size_t *n);

#endif
