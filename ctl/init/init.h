/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `sipmoat init`: a first configuration, from what is seen and what is answered.
 *
 * Ownership: values.  Locking: one thread.
 */
#ifndef SIPMOAT_INIT_H
#define SIPMOAT_INIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "addr.h"
#include "host.h"

#define INIT_MOST 16 /* of each list */
#define INIT_REASON 200
#define INIT_CODE 4

struct init_list {
	struct prefix item[INIT_MOST];
	unsigned n;
};

enum init_question { ASK_INSIDE, ASK_PORTS, ASK_TRUNKS, ASK_COUNTRY, ASK_MODE, ASK_COUNT };

struct init {
	struct init_list inside, trunks;
	uint16_t port[2][INIT_MOST]; /* [0] UDP, [1] TCP, in order */
	unsigned ports[2];
	char country[INIT_CODE]; /* "49"; "" for none */
	bool enforce;
	bool given[ASK_COUNT];   /* by an option: not asked */
	char why[ASK_COUNT][INIT_REASON]; /* what makes one think so; "" for nothing */
};

/* Proposals from this host; root as in host.h. */
void init_guess(struct init *i, const struct host *h, const char *root);
void init_port(struct init *i, unsigned which, uint16_t port); /* again, or too many: nothing */

/*
 * An answer as text.  true: taken; else why, for people, and nothing has changed.
 * "none" empties what may be empty.
 */
#define INIT_ERROR 200
bool init_take(struct init *i, enum init_question q, const char *text, char why[INIT_ERROR]);
/* The answer as it stands, as one would type it. */
void init_show(const struct init *i, enum init_question q, char *out, size_t room);

/* Asks what is not given yet.  false: the input ended. */
bool init_ask(struct init *i, FILE *in, FILE *out);

/* As a file of configuration. */
void init_print(const struct init *i, FILE *out);

#endif
