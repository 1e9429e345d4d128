#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls are ended for both sides on the server's own host: what goes to the server takes the
# loopback in the name of a phone outside, past strict reverse path filters and a firewall.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
. "$(dirname "$0")/../lib/ended.sh"
field_open
need kamailio kamcmd sipp
field_topology host
strict_host
ended_open
counting_pbx
guard_start "$T/etc/sipmoat.conf"
ended host4 4 $CALLER4 5061 $CALLEE4 5071 10
! has_v6 || ended host6 6 $CALLER6 5062 $CALLEE6 5072 10
