#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A refused message ends its TCP connection for both ends at once, however it is cut into
# segments, and the server hears nothing of it; phones beside it go on.  Here: on a gateway.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/refused.sh"
field_open
field_topology router
pbx_echo
apart
guard_start
refused_test $PBX4 "$(! has_v6 || echo $PBX6)"
