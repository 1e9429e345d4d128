/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of the daemon's control socket (docs/control.md): asks one thing, and
 * says itself what went wrong.
 *
 * Ownership: client_ask allocates *out, reply_free takes NULL; texts and rows that are got
 * live as long as the reply.
 */
#ifndef SIPMOAT_CLIENT_H
#define SIPMOAT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CLIENT_SOCKET "/run/sipmoat/control"

struct reply;

/* text NULL: number is the value. */
struct client_arg {
	const char *key; /* NULL ends them */
	const char *text;
	uint64_t number;
};

/*
 * CTL_OK; CTL_REFUSED: the daemon would not; CTL_UNREACHABLE.  What is not CTL_OK was told
 * on stderr as "sipmoat NAME: ...".
 */
int client_ask(const char *socket, const char *name, const char *command,
	       const struct client_arg *args, struct reply **out);
void reply_free(struct reply *r);

/* row: -1 of the answer itself, else of its list of that name, see reply_rows. */
size_t reply_rows(struct reply *r, const char *list);
const char *reply_text(const struct reply *r, int row, const char *key); /* "" for none */
uint64_t reply_number(const struct reply *r, int row, const char *key);
bool reply_true(const struct reply *r, int row, const char *key);
const char *reply_line(const struct reply *r); /* as it came */

/*
 * The options of a command that lists something: -j, -s, -h.  false: all is done, and status
 * is to be returned.
 */
struct list_options {
	const char *socket;
	bool json;
	int status;
};
bool list_options(int argc, char **argv, void (*usage)(FILE *to), struct list_options *out);

#endif
