#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real Prometheus scrapes the real daemon by sipmoat-web and judges by the rules that ship: a
# queue that is full and bans that are too many a second are alerts, and nothing else is; each panel
# of the dashboard has data; every alert is tested with made-up series, too.
. "$(dirname "$0")/../lib/field.sh"
field_open
need promtool prometheus setpriv
RULES=$ROOT/systemd/prometheus/sipmoat.rules.yml
BOARD=$ROOT/systemd/grafana/sipmoat.json
promtool check rules "$RULES" >"$T/said" 2>&1 || fail "$(cat "$T/said")"
promtool test rules "$FIELD_LIB"/rules*.yml >"$T/said" 2>&1 || fail "$(cat "$T/said")"
ask() { guarded $PY "$FIELD_LIB/prometheus.py" "$@"; }
$PY "$FIELD_LIB/prometheus.py" rules "$RULES" "$FIELD_LIB"/rules*.yml >"$T/said" || fail "$(cat "$T/said")"
note "the rules, by series that are made up"

field_topology router
pbx_echo
cat >"$T/sipmoat.conf" <<CONF
inside = [ "$PBX4", "$PBX6" ];
queue = { length = 64; };
police = { rate = 0; };
bans = { rate = 1; neighbours = 0; };
feeds = ( { name = "worst"; file = "$T/worst"; } );
control = { socket = "$T/control"; };
CONF
echo 203.0.113.28 >"$T/worst"
guard_start "$T/sipmoat.conf"
# by somebody who is nobody, but for the group of the socket; he may not be able to read the clone
mkdir "$T/public"
cp "$ROOT/$B/sipmoat-web" "$T/public/"
chmod -R a+rX "$T/public" && chmod a+x "$T"
guarded setpriv --reuid=65534 --regid="$(stat -c %g "$T/control")" --clear-groups --inh-caps=-all \
	"$T/public/sipmoat-web" --listen 127.0.0.1:9479 -s "$T/control" >"$T/web.err" 2>&1 </dev/null &
cat >"$T/prometheus.yml" <<CONF
global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
rule_files: [ "$RULES" ]
scrape_configs:
- job_name: sipmoat
  static_configs: [ { targets: [ "127.0.0.1:9479" ] } ]
CONF
guarded prometheus --config.file="$T/prometheus.yml" --storage.tsdb.path="$T/tsdb" \
	--web.listen-address=127.0.0.1:9090 --log.level=warn >"$T/prometheus.err" 2>&1 </dev/null &
P=http://127.0.0.1:9090
wait_for 60 ask $P targets 1 >/dev/null || fail "Prometheus does not scrape: $(tail -n 3 "$T/prometheus.err" "$T/web.err")"
sip 203.0.113.12 $PBX4 >/dev/null
wait_for 30 ask $P dashboard "$BOARD" >"$T/said" || fail "the dashboard: $(tail -n 3 "$T/said")"
note "Prometheus scrapes, the dashboard has data"

fires() { ask $P firing "$1" >"$T/$1"; }
only() { ask $P only "$1" >"$T/said" || fail "beside $1 there fires $(cat "$T/said")"; }
only nothing
for i in $(seq 11 17); do sip "203.0.113.$i" $PBX4 -a friendly-scanner --wait 0 >/dev/null; done
wait_for 30 fires SipmoatBansCapped || fail "too many bans a second are no alert: $(tail -n 5 "$T/guard.log")"
kill -STOP "$GUARD_PID"
sip 203.0.113.25 $PBX4 --count 200 --wait 0 >/dev/null
kill -CONT "$GUARD_PID"
wait_for 30 fires SipmoatQueueFull || fail "a full queue is no alert: $(tail -n 5 "$T/guard.log")"
must "its labels: $(cat "$T/SipmoatQueueFull")" grep -q "'job': 'sipmoat'" "$T/SipmoatQueueFull"
only SipmoatBansCapped,SipmoatQueueFull
"$ROOT/$B/sipmoat" status -s "$T/control" >"$T/said"
must "the status does not say so: $(cat "$T/said")" grep -q 'strangers found their queue full' "$T/said"
note "bans that are too many, and a full queue, are alerts, and nothing else is"
