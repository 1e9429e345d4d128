#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may only look cannot keep who may change things from it: twelve readers ask all they can, many
# questions at once and without a pause, and root's bans come between their answers.
. "$(dirname "$0")/../lib/field.sh"
field_open
field_topology router
command -v setpriv >/dev/null || skip "setpriv is not installed"
mkdir "$T/etc"
cat >"$T/etc/sipmoat.conf" <<-CONF
	control = { socket = "$T/control"; };
	tables = { calls = 1048576; };
CONF
guard_start "$T/etc/sipmoat.conf"
chmod 0666 "$T/control"
chmod 0755 "$T"
cat >"$T/ask.py" <<-'PY'
	import json, selectors, socket, sys
	question = b'{"command":"calls","user":"x"}\n'
	all = selectors.DefaultSelector()
	for i in range(12):
	    s = socket.socket(socket.AF_UNIX)
	    s.connect(sys.argv[1])
	    s.setblocking(False)
	    all.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE, {"part": 0, "got": 0})
	told = False
	while True:
	    for key, events in all.select():
	        s, of = key.fileobj, key.data
	        if events & selectors.EVENT_READ:
	            got = s.recv(65536)
	            assert got, "hung up"
	            of["got"] += got.count(b"\n")
	        if events & selectors.EVENT_WRITE:
	            try:
	                sent = s.send((question * 200)[of["part"]:])
	                of["part"] = (of["part"] + sent) % len(question)
	            except BlockingIOError:
	                pass
	    if not told and all.get_map() and min(k.data["got"] for k in all.get_map().values()) > 0:
	        print("each has an answer", flush=True)
	        told = True
PY
setpriv --reuid=65534 --regid=65534 --clear-groups $PY "$T/ask.py" "$T/control" >"$T/asked" 2>&1 &
READERS=$!
trap 'kill $READERS; field_close $?' EXIT
wait_for 60 grep -q 'each has' "$T/asked" || fail "a reader is not answered: $(cat "$T/asked")"
# of one answer, when nobody else asks, and of root's ban when all do: how often longer is it?
$PY - "$T/control" $READERS "$FIELD_LIB" <<-'PY' >"$T/times" 2>&1 || fail "$(cat "$T/times")"
	import os, signal, sys, time
	sys.path.insert(0, sys.argv[3])
	from control import Control
	def took(*what, **members):
	    d, began = Control(sys.argv[1]), time.monotonic()
	    d.ask(*what, **members)
	    return time.monotonic() - began
	busy = sorted(took("ban", who="198.51.100.%d" % i, seconds=60) for i in range(9))
	os.kill(int(sys.argv[2]), signal.SIGSTOP)
	alone = sorted(took("calls", user="x") for i in range(9))
	os.kill(int(sys.argv[2]), signal.SIGCONT)
	print("an answer takes %.0f ms, a ban among twelve who ask on %.0f ms" %
	      (alone[4] * 1000, busy[4] * 1000))
	assert busy[4] < 12 * alone[4] + 1, (busy, alone)
PY
note "$(cat "$T/times")"
must "a reader was hung up: $(cat "$T/asked")" kill -0 $READERS
