/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why nftables refused something, in words that say what to do.  e: a negative errno, returned. */
#ifndef SIPMOAT_REFUSAL_H
#define SIPMOAT_REFUSAL_H

#include "ban.h"

int refusal_explain(char err[BAN_ERROR], const char *what, int e);
/* Where the kernel has taken such rules before. */
int refusal_change(char err[BAN_ERROR], int e);

#endif
