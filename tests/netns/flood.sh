#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A flood is banned in the kernel within 100 ms of the request that exceeds its budget, while
# the calls of others go on.
# alone: it times a ban to 100 ms under a flood
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/flood.sh"
field_open
need kamailio sipp stdbuf
field_topology router
flood_test 4 $CALLER4 $PBX4 '203.0.113.21|203.0.113.21' '203.0.113.22|203.0.113.22' \
	'203.0.113.23|203.0.113.23' '203.0.113.24|203.0.113.24' '203.0.113.25|203.0.113.25'
