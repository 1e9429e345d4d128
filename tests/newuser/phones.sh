# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The Kamailio of the machine, and who phones through it.  Sourced by run.sh.

# the server of all tests, as the service of Debian's package
kamailio_start() {
	local listen="listen=udp:$PBX4:5060\nlisten=tcp:$PBX4:5060"
	! has_v6 || listen="$listen\nlisten=udp:[$PBX6]:5060\nlisten=tcp:[$PBX6]:5060"
	sed "s|^LISTEN|$listen|" "$FIELD_LIB/kamailio.cfg" \
		>"${MACHINE_ROOT:?}/etc/kamailio/kamailio.cfg"
	on systemctl restart kamailio || fail "Kamailio does not start"
	wait_for 20 kamailio_listens || fail "Kamailio does not listen"
}
kamailio_listens() { [ -n "$(pbx ss -Hlun "sport = :5060")" ]; }

# load SECONDS: calls over UDP and over TCP, and phones that register, in the background
load() {
	calls udp 4 $CALLER4 5062 $((8 * $1)) 8 3000 &
	LOAD=$!
	calls tcp 4 198.51.100.21 5064 $((2 * $1)) 2 3000 -t t1 &
	LOAD="$LOAD $!"
	users 1021 1050 >"$T/registering.users"
	phone registering register 4 198.51.100.22 5066 -inf "$T/registering.users" \
		-key contact_port 5066 -m $((2 * $1)) -r 2 -timeout 120s -timeout_error &
	LOAD="$LOAD $!"
	wait_for 20 load_runs || fail "nobody phones"
}
load_runs() { [ "$(sipp_count udp 'CurrentCall')" -ge 15 ] && [ "$(sipp_count tcp 'CurrentCall')" -ge 3 ]; }

# load_ends: all is over, and nothing was lost: no call failed, nothing was sent twice
load_ends() {
	local pid name again
	for pid in $LOAD; do
		wait "$pid" || fail "SIPp ends with $?: a call was lost"
	done
	for name in udp tcp registering; do
		[ "$(bad $name)" = 0 ] || fail "$name: $(bad $name) failed"
		again=$(sipp_count $name 'Retransmissions(C)')
		# SIPp waits 500 ms; who shares this machine may take them, too
		[ "$again" = 0 ] || fail "$name: $again messages had to be sent again" \
			"(load $(cut -d' ' -f1 /proc/loadavg) on $(nproc) processors)"
	done
	note "$(good udp) calls over UDP, $(good tcp) over TCP, $(good registering) registrations:" \
		"none lost, nothing sent twice"
}
