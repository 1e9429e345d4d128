# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# What the tests of the status page have in common; field.sh comes first.

# web_field: a daemon with a control socket, and a server that answers
web_field() {
	field_open
	need setpriv
	field_topology router
	pbx_echo
	chmod 755 "$T"
	mkdir "$T/etc"
	cat >"$T/etc/sipmoat.conf" <<-CONF
	inside = [ "$PBX4", "$PBX6" ];
	control = { socket = "$T/control"; };
	queue = { workers = 1; };
	CONF
	guard_start "$T/etc/sipmoat.conf"
}

# web_start NAME PORT [OPTION...]: by a user who may look only; of the group of the socket
web_start() {
	local name=$1 port=$2
	shift 2
	ip netns exec "$GUARD_NS" setpriv --reuid=65534 --regid=0 --clear-groups --no-new-privs --bounding-set=-all \
		--inh-caps=-all --ambient-caps=-all "$ROOT/$B/sipmoat" web -l "127.0.0.1:$port" \
		-s "$T/control" "$@" >"$T/$name.log" 2>&1 </dev/null &
	WEB_PID=$!
	wait_for 20 web_listens "$port" || fail "sipmoat web does not start: $(cat "$T/$name.log")"
}
web_listens() { [ -n "$(guarded ss -Hltn "sport = :$1")" ]; }

# web_stop PID NAME: it ends as it should, and no sanitizer has complained
web_stop() {
	kill -TERM "$1"
	wait "$1"
	local rc=$?
	must "sipmoat web ended with $rc: $(cat "$T/$2.log")" [ $rc = 0 ]
	! grep -nE '(Sanitizer|runtime error):' "$T/$2.log" || fail "a sanitizer complains"
}

# hostile SOURCE TEXT: a scanner whose User-Agent has that; \x.. and \u.... are understood
hostile() {
	sip "$1" "$PBX4" -w 0 --raw "OPTIONS sip:1001@$PBX4 SIP/2.0\\r
Via: SIP/2.0/UDP $1:5060;branch=z9hG4bK-$RANDOM\\r
Max-Forwards: 70\\r
From: <sip:1001@$PBX4>;tag=$RANDOM\\r
To: <sip:1001@$PBX4>\\r
Call-ID: $RANDOM@$1\\r
CSeq: 1 OPTIONS\\r
User-Agent: friendly-scanner $2\\r
Content-Length: 0\\r
\\r
" >/dev/null
}

# browser_start: the page in a real browser, in the daemon's namespace
browser_start() {
	need chromium chromedriver
	coproc BROWSER { TMPDIR=$T exec ip netns exec "$GUARD_NS" $PY "$FIELD_LIB/page.py" 2>"$T/browser.err"; }
}
# page STEP...: of tests/lib/page.py
page() {
	local said
	echo "$*" >&"${BROWSER[1]}"
	IFS= read -r said <&"${BROWSER[0]}" || fail "the browser is gone: $(tail -n 3 "$T/browser.err")"
	[ "$said" = ok ] || fail "$said"
}
browser_stop() {
	local in=${BROWSER[1]} pid=$BROWSER_PID
	exec {in}>&-
	wait "$pid" 2>/dev/null
}
