/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Works out which addresses of a capture are the protected servers, from who
 * answers: a registrar or whoever challenges is one for sure; without any, the
 * side that is asked most; when nobody answers, those who are asked and never
 * ask.  Who serves nobody but servers (the provider a PBX registers with, a
 * phone that answers its PBX) is not one.
 *
 * Ownership: the caller frees with servers_free.
 */
#ifndef SIPMOAT_SERVERS_H
#define SIPMOAT_SERVERS_H

#include "engine.h"

struct server {
	struct addr addr;
	uint64_t answers;  /* final responses from a SIP port to requests that were seen */
	uint64_t requests; /* requests to a SIP port that opened something, not repeated */
};

struct servers {
	struct server *server;
	size_t n;
};

/* Reads the files up to their end or up to where they are damaged.  0 or -ENOMEM. */
int servers_find(struct servers *out, char *const *files, unsigned n, const struct settings *s);
void servers_free(struct servers *s); /* takes a zeroed one */

#endif
