/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of host.h that reads /proc/net/udp and its like, and who has which socket. */
#ifndef SIPMOAT_SOCKETS_H
#define SIPMOAT_SOCKETS_H

#include "host.h"

void sockets_look(struct host *h, const char *root);
/* The name of the process, printable. */
bool sockets_program(const char *root, const char *pid, char out[HOST_NAME]);

#endif
