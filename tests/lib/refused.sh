# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests named tcp_refused* have in common; field.sh comes first.

# refused SOURCE TARGET STEP... OPTIONS: the connection ends for both ends at once, and the
# server hears nothing of the scanner
refused() {
	local from=$1 got
	got=$(tcp "$@")
	must "a scanner's connection goes on ($*): $got" ended reset "$got"
	case $got in *'"after": 0.'*) ;; *) fail "it ended late ($*): $got" ;; esac
	wait_for 20 disconnected "$from" ||
		fail "the server keeps the connection of $from: $(pbx ss -Hatno)"
	! heard_scanner || fail "the server heard a scanner ($*): $(grep scanner "$T/heard")"
	case $from in *:*) from=${from%1} ;; esac # the /64
	must_ban "$from"
	REFUSED=$((${REFUSED:-0} + 1))
}

# phone_holds SOURCE TARGET: a phone that splits its messages and sends keepalives, before,
# while and after scanners are refused; phone_lives: it was answered to the end
phone_holds() {
	rm -f "$T/go" "$T/held"
	tcp "$1" "$2" ping good half rest ping many:3 wait:"$T/go" good ping ping half rest \
		--cut 2,3,100,290 --ready "$T/held" >"$T/phone.json" &
	PHONE=$!
	wait_for 20 test -e "$T/held" || fail "a phone is held up: $(cat "$T/phone.json" "$T/heard")"
}
phone_lives() {
	: >"$T/go"
	wait "$PHONE"
	grep -q '"answers": 7, "end": "open"' "$T/phone.json" ||
		fail "a phone's connection did not live: $(cat "$T/phone.json")"
}

# refused_test TARGET4 TARGET6: all ways to be refused, beside a phone
refused_test() {
	local n=11 cut
	phone_holds $CALLER4 "$1"
	refused 203.0.113.$((n++)) "$1" bad
	# in the request line, the name of a header, its value, the empty line
	for cut in 3 1,2,3 30,200 280,285,290 each; do
		refused 203.0.113.$((n++)) "$1" bad --cut "$cut"
	done
	refused 203.0.113.$((n++)) "$1" good bad
	refused 203.0.113.$((n++)) "$1" both
	refused 203.0.113.$((n++)) "$1" both --cut 400,500,700
	refused 203.0.113.$((n++)) "$1" ping half rest bad --cut 7
	refused 203.0.113.$((n++)) "$1" bad --size 6000
	phone_lives
	if [ -n "${2:-}" ]; then
		phone_holds $CALLER6 "$2"
		refused 2001:db8:66:11::1 "$2" bad
		refused 2001:db8:66:12::1 "$2" bad --cut each
		refused 2001:db8:66:13::1 "$2" good both --cut 500,720
		refused 2001:db8:66:14::1 "$2" bad --size 6000
		phone_lives
	fi
	wait_for 20 logged 'banned .* and ended the TCP connection: agent: ' ||
		fail "the log does not say that a connection was ended"
	kill -USR1 "$GUARD_PID"
	wait_for 20 logged 'reset_lost ' || fail "no counters"
	must "RSTs were lost" logged 'reset_lost +0 '
	note "$REFUSED connections of scanners ended for both ends, phones went on"
}
