#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sipmoat init: finds the PBX of this host, and that behind a router; asks its five questions on a
# terminal; takes answers as options; writes what passes sipmoat check, never over what is there.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology host
mkdir -p "$T/etc/conf.d"
echo '# nothing' >"$T/etc/sipmoat.conf"
SITE=$T/etc/conf.d/site.conf
# init STATUS TEXT OPTION...: on the PBX host, with no terminal
init_in() {
	local where=$1 status=$2 text=$3 rc
	shift 3
	"$where" "$ROOT/$B/sipmoat" init "$@" >"$T/said" 2>&1 </dev/null
	rc=$?
	[ $rc = "$status" ] && grep -qE -- "$text" "$T/said" ||
		fail "sipmoat init $*: status $rc, not $status, or not \"$text\": $(cat "$T/said")"
}
says() { grep -qE -- "$1" "$SITE" || fail "the file does not say \"$1\": $(cat "$SITE")"; }
checks() {
	"$ROOT/$B/sipmoat" check -c "$T/etc/sipmoat.conf" >"$T/check" 2>&1 ||
		fail "what it wrote does not pass: $(cat "$T/check")"
}

# --- a PBX on this host ---
mkfifo "$T/holder"
pbx $PY "$FIELD_LIB/named.py" asterisk udp:5060 udp:5080 udp:4569 tcp:8089 udp:127.0.0.1:5099 \
	<"$T/holder" >"$T/held" 2>&1 &
holder=$!
exec 9>"$T/holder"
wait_for 10 grep -q held "$T/held" || fail "no PBX: $(cat "$T/held")"
init_in pbx 2 'no terminal: give --yes' -o "$SITE"
must "it wrote all the same" [ ! -e "$SITE" ]
init_in pbx 0 'inside +192.0.2.130.*\(asterisk listens on this host\)' --yes -o "$SITE" --country de
says '^mode = "observe";'
says "^inside = \[ \"$PBX4\".*\];"
! has_v6 || says "\"$PBX6\""
says 'udp = \[ 5060, 5080 \];'
says 'tcp = \[ 5060, 5061, 8089 \];'
says '^dialplan = \{ country = "49"; \};'
says '^#trusted'
checks
cp "$SITE" "$T/first"
init_in pbx 1 'is there already' --yes -o "$SITE"
must "it changed a file without --force" cmp -s "$SITE" "$T/first"
init_in pbx 0 "the old one is $SITE.1" --yes --force -o "$SITE" --inside "$PBX4" --ports 5060/udp \
	--trunk 198.51.100.0/28,2001:db8:10::/48 --country 44 --mode enforce
must "the old one is not kept" cmp -s "$SITE.1" "$T/first"
says '^mode = "enforce";'
says '^inside = \[ "192.0.2.130" \];'
says 'udp = \[ 5060 \];'
says 'tcp = \[  *\];'
says '^trusted = \{ addresses = \[ "198.51.100.0/28", "2001:db8:10::/48" \]; \};'
says '^trunks = '
checks
init_in pbx 0 "the old one is $SITE.2" --yes --force -o "$SITE"
for bad in '--inside pbx.example' '--ports 70000' '--ports 5060/sctp' '--trunk 198.51.100.0/99' \
	'--country XX' '--country 0' '--mode loud' '--nonsense' 'more'; do
	# shellcheck disable=SC2086
	init_in pbx 2 '.' --yes -o "$T/none.conf" $bad
done
must "a wrong answer was written" [ ! -e "$T/none.conf" ]
init_in pbx 1 'cannot write' --yes -o "$T/missing/site.conf"
echo 'flood = { budget = "many"; };' >"$T/etc/conf.d/broken.conf"
init_in pbx 1 'broken.conf:1: flood.budget' --yes --force -o "$SITE"
rm "$T/etc/conf.d/broken.conf"
exec 9>&-
wait $holder
note "a PBX on this host"

# --- on a terminal ---
cat >"$T/talk.py" <<'TALK'
"""talk.py ANSWER... -- COMMAND...: answers each prompt of a program on a terminal of its own."""
import os, pty, sys
at = sys.argv.index("--")
answers, command = sys.argv[1:at], sys.argv[at + 1:]
pid, fd = pty.fork()
if not pid:
    os.execvp(command[0], command)
said = b""
seen = 0
while True:
    try:
        got = os.read(fd, 4096)
    except OSError:
        break
    if not got:
        break
    said += got
    while answers and said.find(b"]: ", seen) >= 0:
        seen = said.find(b"]: ", seen) + 3
        answer = answers.pop(0)
        os.write(fd, b"\x04" if answer == "EOF" else answer.encode() + b"\n")
sys.stdout.write(said.decode("ascii", "replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
TALK
talk() { pbx $PY "$T/talk.py" "$@" >"$T/said" 2>&1; }
rm -f "$SITE"*
talk 192.0.2.130 nonsense 5060,5080/udp 198.51.100.7 GB '' -- "$ROOT/$B/sipmoat" init -o "$SITE" ||
	fail "the dialogue ends with $?: $(cat "$T/said")"
for n in 1 2 3 4 5; do
	must "question $n is not asked" grep -q "^$n\. " "$T/said"
done
grep -q '"nonsense" is no port' "$T/said" || fail "a wrong answer is not told: $(cat "$T/said")"
says '^inside = \[ "192.0.2.130" \];'
says 'udp = \[ 5060, 5080 \];'
says 'tcp = \[ 5060 \];'
says '"198.51.100.7"'
says 'country = "44"'
says '^mode = "observe";'
checks
rm -f "$SITE"
talk '' '' -- "$ROOT/$B/sipmoat" init -o "$SITE" --country none --trunk none --mode enforce ||
	fail "with three answers given: $(cat "$T/said")"
must "what was given is asked" [ "$(grep -c '\]: ' "$T/said")" = 2 ]
rm -f "$SITE"
! talk '' EOF -- "$ROOT/$B/sipmoat" init -o "$SITE" || fail "an end of the answers is taken for one"
must "it wrote half of the answers" [ ! -e "$SITE" ]
grep -q 'nothing was written' "$T/said" || fail "the end of the answers is not told"
note "on a terminal"

# --- a PBX behind this router ---
pbx_echo
gw nft 'table ip watch { chain f { type filter hook forward priority 0; ct state new accept; }; }'
got=$(answer_to 203.0.113.11 "$PBX4")
must "the server does not answer: $got" answered 200 "$got"
if gw grep -q 'dport=5060' /proc/net/nf_conntrack 2>/dev/null; then
	init_in gw 0 "inside +$PBX4 +\(SIP goes through this host" --yes -o "$SITE"
	checks
	note "a PBX behind this router"
fi
