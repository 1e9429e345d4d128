# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests named cut* have in common; field.sh comes first.

# holds NAME SOURCE TARGET: a TCP connection with one request on it, which waits for its end
holds() {
	tcp "$2" "$3" good wait:"$T/go" --ready "$T/$1.held" >"$T/$1.json" &
	wait_for 20 test -e "$T/$1.held" || fail "$2 gets no connection: $(cat "$T/$1.json")"
}
is_reset() { grep -q '"end": "reset"' "$T/$1.json" 2>/dev/null; }
lives() { [ ! -s "$T/$1.json" ]; }

# tracked ADDRESS [WORDS...]: are there entries of it in conntrack?
tracked() {
	local family=ipv4 from=$1
	shift
	case $from in *:*) family=ipv6 ;; esac
	[ -n "$(guarded conntrack -L -f $family -s "$from" "$@" 2>/dev/null)" ]
}
untracked() { ! tracked "$@"; }

# unban SITE
unban() {
	local set=banned4
	case $1 in *:*) set=banned6 ;; esac
	guarded nft delete element inet sipmoat $set "{ $1 }"
	wait_for 20 logged "unbanned by hand" || fail "no unban of $1"
}

# counts NAME: packets that a rule of the server's own has counted
counts() { pbx nft list counter inet watch "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'; }

# watches SOURCE...: the server counts what reaches it of these
watches() {
	local a v=ip
	pbx nft -f - <<-RULES
		table inet watch {
			counter syns { }
			chain input { type filter hook input priority filter; }
		}
	RULES
	for a; do
		case $a in *:*) v=ip6 ;; *) v=ip ;; esac
		pbx nft add rule inet watch input $v saddr "$a" 'tcp flags syn / syn,ack counter name syns'
	done
}

# cut_test TARGET BAD GOOD SITE: BAD has three connections, one of which misbehaves
cut_test() {
	local target=$1 bad=$2 good=$3 site=$4 before
	rm -f "$T/go"
	holds one "$bad" "$target"
	holds two "$bad" "$target"
	holds other "$good" "$target"
	answered 200 "$(answer_to "$bad" "$target" -p 5090)" || fail "$bad is not answered over UDP"
	sip "$bad" "$target" -p 8080 --dport 8088 -w 0 >/dev/null
	must "no entries of $bad before it is banned" tracked "$bad" -p udp --dport 5060
	ended reset "$(tcp "$bad" "$target" bad)" || fail "the bad connection goes on"
	must_ban "$site"
	wait_for 20 is_reset one || fail "a connection of $bad goes on: $(cat "$T/one.json")"
	wait_for 20 is_reset two || fail "another connection of $bad goes on: $(cat "$T/two.json")"
	wait_for 20 disconnected "$bad" || fail "the server keeps one: $(pbx ss -Hatno)"
	must "the connection of $good was ended" lives other
	wait_for 20 untracked "$bad" -p tcp || fail "its TCP entries stay"
	wait_for 20 untracked "$bad" -p udp --dport 5060 || fail "its UDP entries stay"
	must "an entry that is not of SIP is gone" tracked "$bad" -p udp --dport 8088
	must "the entries of $good are gone" tracked "$good" -p tcp
	before=$(counts syns)
	wan timeout 3 $PY -c "import socket, sys
s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET)
s.bind((sys.argv[1], 0)); s.connect((sys.argv[2], 5060))" "$bad" "$target" 2>/dev/null
	must "a SYN of a banned source reached the server" [ "$(counts syns)" = "$before" ]
	unban "$site"
	tcp "$bad" "$target" good | grep -q '"answers": 1,' ||
		fail "after the ban $bad gets no connection"
	[ "$(counts syns)" -gt "$before" ] || fail "the server's rule counts nothing"
	: >"$T/go"
}
