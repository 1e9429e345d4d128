#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Calls through a real Kamailio that last too long are ended for both sides by the gateway: both
# phones hear a BYE that they accept, Kamailio counts no call any more, no answer to those BYEs
# reaches anybody, and later requests of the calls are refused; over IPv4 and IPv6, over UDP and TCP.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/services.sh"
. "$(dirname "$0")/../lib/ended.sh"
field_open
need kamailio kamcmd sipp
field_topology router
ended_open
counting_pbx
guard_start "$T/etc/sipmoat.conf"
ended udp4 4 $CALLER4 5061 $CALLEE4 5071 10
! has_v6 || ended udp6 6 $CALLER6 5062 $CALLEE6 5072 10
# what follows on the connection of a caller goes with it, and is no finding
ENDED_FOUND=3 ENDED_AS=endedtcp ENDED_CALLER="-t tn -max_socket 50" ended tcp4 4 $CALLER4 5063 $CALLEE4 5073 10
