/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host is, as far as /proc tells: who listens for SIP, which addresses it has, where
 * its routes lead.  For `sipmoat doctor` and `sipmoat init`.
 *
 * Ownership: host_look fills *out, host_free takes a zeroed one.  Locking: one thread.
 * Errors: what cannot be read is not there; a program's name is "" where only root may know.
 */
#ifndef SIPMOAT_HOST_H
#define SIPMOAT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "addr.h"

#define HOST_NAME 32 /* of programs and interfaces */

/* A TCP socket that listens, or one of UDP that takes from anybody. */
struct host_socket {
	uint8_t proto;
	uint16_t port;
	struct addr addr;
	bool any;      /* all addresses of the host; addr is zero then */
	bool loopback;
	unsigned long inode;
	char program[HOST_NAME]; /* printable */
};

struct host_address {
	struct addr addr;
	char link[HOST_NAME];
};

struct host_route { /* IPv4 */
	struct prefix to;
	struct addr gateway; /* 0.0.0.0: none */
	uint32_t metric;
	char link[HOST_NAME];
};

struct host {
	struct host_socket *socket;
	struct host_address *address; /* of interfaces that are up, loopback and link-local aside */
	struct host_route *route;
	size_t sockets, addresses, routes;
};

/* root: in front of every path, "" for this machine. */
void host_look(struct host *out, const char *root);
void host_free(struct host *h);

/* The file below root; NULL if it cannot be read. */
FILE *host_open(const char *root, const char *path);
/* The file's text, ended by a zero, for the caller to free; at most `most` bytes of it. */
char *host_read(const char *root, const char *path, size_t most);
/* A number alone in a file, as below /proc/sys. */
bool host_number(const char *root, const char *path, long long *out);
/* Does a process of that name run, in this network namespace? */
bool host_runs(const char *root, const char *program);
/* Who has the socket with that inode; false: nobody, or only root may know. */
bool host_owner(const char *root, unsigned long inode, char out[HOST_NAME]);

/* The route that a packet to that address takes; NULL: none. */
const struct host_route *host_route_to(const struct host *h, const struct addr *a);
bool host_has(const struct host *h, const struct addr *a);

/* Programs that speak SIP, and what their sockets are for. */
enum host_speaks { SPEAKS_NOTHING, SPEAKS_SIP, SPEAKS_WS, SPEAKS_TLS, SPEAKS_WSS };
bool host_serves_sip(const char *program);
enum host_speaks host_speaks(const struct host *h, const struct host_socket *s);

#endif
