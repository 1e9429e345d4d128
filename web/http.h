/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What browsers and Prometheus get: the page, answers as JSON, events as they come, metrics.
 * GET and HEAD alone; nothing that is asked changes anything.
 *
 * Ownership: board and gate are borrowed until http_stop.
 * Locking: one thread starts and stops it, and sends beats; http_told may come from any.
 */
#ifndef SIPMOAT_HTTP_H
#define SIPMOAT_HTTP_H

#include <sys/socket.h>

#include "board.h"
#include "gate.h"

struct http;

/* NULL: errno says why. */
struct http *http_start(struct board *b, const struct gate *g, const struct sockaddr *at);
void http_stop(struct http *h);

/* There are new events on the board: whoever follows gets them. */
void http_told(void *http);
/* Once a second or so: ends what takes too long, and shows those that follow that it lives. */
void http_beat(struct http *h);

#endif
