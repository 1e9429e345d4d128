/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One question to the daemon's control socket (docs/control.md) by a subcommand: says itself
 * what went wrong.
 *
 * Ownership: client_ask allocates *out, for reply_free.
 */
#ifndef SIPMOAT_CLIENT_H
#define SIPMOAT_CLIENT_H

#include <stdbool.h>
#include <stdio.h>

#include "link.h"

#define CLIENT_SOCKET LINK_SOCKET

/*
 * CTL_OK; CTL_REFUSED: the daemon would not; CTL_USAGE: it knows no such word, or number;
 * CTL_UNREACHABLE.  What is not CTL_OK was told on stderr as "sipmoat NAME: ...".
 */
int client_ask(const char *socket, const char *name, const char *command,
	       const struct client_arg *args, struct reply **out);
/* Of any answer: what the command ends with. */
int client_status(const struct reply *r);
/* Where a refusal says more than its text: *out is NULL with CTL_UNREACHABLE only, and nothing
 * was told of the others.  wait: as for link_ask. */
int client_order(const char *socket, const char *name, const char *command,
		 const struct client_arg *args, unsigned wait, struct reply **out);

/* An option of a command that lists something, which the daemon takes as a member of the same
 * name. */
struct list_filter {
	const char *name; /* NULL ends them */
	char letter;
	bool number;
	bool time; /* a number that is written "7d" */
};
#define LIST_FILTERS 6

/*
 * The options of a command that lists something: -j, -s, -h.  false: all is done, and status
 * is to be returned.
 */
struct list_options {
	const char *socket;
	bool json;
	int first; /* of argv: what are no options */
	int status;
	struct client_arg arg[LIST_FILTERS + 1]; /* filters that were given */
};
bool list_options(int argc, char **argv, void (*usage)(FILE *to), struct list_options *out);
/* The same, and up to `most` arguments that are no options. */
bool list_arguments(int argc, char **argv, void (*usage)(FILE *to), int most,
		    struct list_options *out);

/*
 * Such a command, if the daemon knows it by the same name: print writes its answer for people,
 * false without memory.
 */
int list_main(int argc, char **argv, void (*usage)(FILE *to), bool (*print)(struct reply *r));
/* Likewise, with options of its own; and if it is another command that the daemon knows. */
int list_command(const char *command, int argc, char **argv, void (*usage)(FILE *to),
		 const struct list_filter *filters, bool (*print)(struct reply *r));
int list_filtered(int argc, char **argv, void (*usage)(FILE *to),
		  const struct list_filter *filters, bool (*print)(struct reply *r));

#endif
