#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The daemon is restarted, and killed and started, while a phone's TCP connection is open: it
# goes on working.  A scanner's connection that outlived the restart is ended all the same.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
pbx_echo

# holds NAME SOURCE TARGET STEP...: in the background, up to the step that waits for NAME.go
holds() {
	local name=$1
	shift
	tcp "$@" --ready "$T/$name.held" >"$T/$name.json" &
	wait_for 20 test -e "$T/$name.held" || fail "$name cannot connect: $(cat "$T/$name.json")"
}
# end_of NAME: lets it go on and says what became of it
end_of() {
	: >"$T/$1.go"
	wait_for 20 test -s "$T/$1.json"
	cat "$T/$1.json"
}

round() {
	local how=$1 n=$2 got
	guard_start
	holds phone.$n $CALLER4 $PBX4 good ping wait:"$T/phone.$n.go" good half rest ping good \
		--cut 50,300
	holds scanner.$n 203.0.113.$n $PBX4 ping wait:"$T/scanner.$n.go" bad
	! has_v6 || holds phone6.$n $CALLER6 $PBX6 good wait:"$T/phone6.$n.go" good good
	guard_$how
	guard_start
	got=$(end_of phone.$n)
	case $got in *'"answers": 4, "end": "open"'*) ;; *) fail "a phone's connection broke: $got" ;; esac
	if has_v6; then
		got=$(end_of phone6.$n)
		case $got in *'"answers": 3, "end": "open"'*) ;; *) fail "a phone's connection broke (IPv6): $got" ;; esac
	fi
	got=$(end_of scanner.$n)
	must "a scanner's connection goes on: $got" ended reset "$got"
	wait_for 20 disconnected 203.0.113.$n || fail "the server keeps a scanner's connection"
	! heard_scanner || fail "the server heard a scanner"
	guard_stop
}
round stop 11
round kill 12
