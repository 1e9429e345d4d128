/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who holds a packet queue, as far as /proc tells; for messages at the start.
 *
 * Ownership: values.
 */
#ifndef SIPMOAT_PROCFS_H
#define SIPMOAT_PROCFS_H

#include <stddef.h>
#include <stdint.h>

/* Netlink port of the holder; 0: nobody, or only root may know. */
uint32_t procfs_queue_port(uint16_t number);
/* "process 812 (suricata)", or "another process" when it cannot be told. */
void procfs_holder(uint32_t port, char *out, size_t room);

#endif
