/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the main thread alone may do and others want of it: one list of orders, each with what
 * came of it.  Nobody waits inside: who gave an order asks later whether it is done.
 *
 * Ownership: orders_finish takes the result's notes, orders_done gives them away.  Locking:
 * inside.
 */
#ifndef SIPMOAT_ORDERS_H
#define SIPMOAT_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "handmode.h"

#define ORDERS_MOST 16 /* at a time; of who does not come back for the result, too */

struct orders;

enum order_kind { ORDER_RELOAD, ORDER_MODE };

struct order {
	uint64_t id;
	enum order_kind kind;
	struct handmode mode; /* of ORDER_MODE: what is to hold */
};

struct order_result {
	bool taken;
	bool whole;  /* and all of it is in force */
	bool kept;   /* and it outlasts a restart */
	struct conf_report notes; /* what was told of it */
};

struct orders *orders_new(void); /* NULL: no memory, or no descriptor */
void orders_free(struct orders *o); /* takes NULL */

/* --- who gives them --- */
/* The order's number from now on; 0: too many are under way. */
uint64_t orders_give(struct orders *o, enum order_kind kind, const struct handmode *mode);
/* Once: true with *out filled when it is done. */
bool orders_done(struct orders *o, uint64_t id, struct order_result *out);

/* --- who carries them out --- */
int orders_fd(const struct orders *o); /* readable: there may be one */
bool orders_next(struct orders *o, struct order *out);
void orders_finish(struct orders *o, uint64_t id, const struct order_result *result);

void order_result_free(struct order_result *r);

#endif
