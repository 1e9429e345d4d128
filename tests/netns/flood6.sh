#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same in IPv6, where a ban takes the /64.
# alone: it times a ban to 100 ms under a flood
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/flood.sh"
has_v6 || skip "this kernel has no IPv6"
field_open
need kamailio sipp stdbuf
field_topology router
flood_test 6 $CALLER6 $PBX6 '2001:db8:66:11::1|2001:db8:66:11::' \
	'2001:db8:66:12::1|2001:db8:66:12::' '2001:db8:66:13::1|2001:db8:66:13::' \
	'2001:db8:66:14::1|2001:db8:66:14::' '2001:db8:66:15::1|2001:db8:66:15::'
