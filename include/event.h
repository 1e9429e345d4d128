/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fixed-size record that travels from a worker to the threads that tell and
 * act: who, when, and the decision.
 *
 * Ownership: values, copied into and out of rings.
 * Units: when in nanoseconds of the engine's clock (monotonic in the daemon,
 * the capture's own in replay).
 */
#ifndef SIPMOAT_EVENT_H
#define SIPMOAT_EVENT_H

#include "decision.h"
#include "pkt.h"

struct event {
	uint64_t when;
	struct addr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
	struct decision d;
};

#endif
