/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the supervisor is told: sd_notify's protocol, one datagram a message, to
 * the socket named in NOTIFY_SOCKET; nothing at all when there is none.
 *
 * Ownership: none; the environment is read at each call and never changed.
 * Locking: the main thread.  Units: nanoseconds.
 */
#ifndef SIPMOAT_NOTIFY_H
#define SIPMOAT_NOTIFY_H

#include <stdint.h>

/* Lines of NAME=value, parted by '\n'. */
void notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* How often the watchdog wants to hear from us at most; 0 = no watchdog. */
uint64_t notify_watchdog(void);

#endif
