/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the page is served: "127.0.0.1:9479", "[::1]:9479", "192.0.2.7". */
#ifndef SIPMOAT_PLACE_H
#define SIPMOAT_PLACE_H

#include <stdbool.h>
#include <sys/socket.h>

#define PLACE_DEFAULT "127.0.0.1:9479"

/* false: no address of that kind. */
bool place_read(const char *text, struct sockaddr_storage *out);
/* Nobody but this host can reach it. */
bool place_is_loopback(const struct sockaddr_storage *at);

#endif
