/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fixed-size record that travels from a worker to the threads that tell and
 * act: who, when, and the decision.
 *
 * Events that are told travel with what their message says (struct news); the threads
 * that act need no more than the event.
 *
 * Ownership: values, copied into and out of rings.
 * Units: when in nanoseconds of the engine's clock (monotonic in the daemon,
 * the capture's own in replay).
 */
#ifndef SIPMOAT_EVENT_H
#define SIPMOAT_EVENT_H

#include "about.h"
#include "decision.h"
#include "pkt.h"

struct event {
	uint64_t when;
	struct addr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
	struct decision d;
};

struct news {
	struct event ev;
	struct about about;
};

#endif
