#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A refused message ends its TCP connection for both ends at once, on the server's own host:
# the RST to the server goes through the loopback in the name of a source outside, past strict
# reverse path filters and a firewall that drops what has no valid state.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/refused.sh"
field_open
field_topology host
strict_host
pbx_echo
apart
guard_start
refused_test $PBX4 "$(! has_v6 || echo $PBX6)"
