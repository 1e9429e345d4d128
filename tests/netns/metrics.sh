#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the daemon counts: its answer holds to the schema, Prometheus' own tool finds nothing wrong
# with the text, the page describes every metric; counters, lanes and histograms are those of the
# packets that were sent; the file for node_exporter is always whole.
. "$(dirname "$0")/../lib/field.sh"
field_open
need promtool
$PY -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed (make deps)"
field_topology router
pbx_echo
cat >"$T/sipmoat.conf" <<CONF
inside = [ "$PBX4", "$PBX6" ];
trusted = { addresses = [ "203.0.113.15" ]; };
feeds = ( { name = "worst"; file = "$T/worst"; } );
control = { socket = "$T/control"; };
store = { file = "$T/nowhere/memory"; interval = "1s"; };
CONF
printf '203.0.113.28\n203.0.113.29\n' >"$T/worst"
guard_start "$T/sipmoat.conf"
metrics() { $PY "$FIELD_LIB/metrics.py" "$@"; }
scrape() { tool stats --prometheus >"$T/text" || fail "sipmoat stats: $?"; }
# value SAMPLE of the last scrape
value() { metrics value "$T/text" "$1"; }
is() { [ "$(value "$1")" = "$2" ] || fail "$1 is $(value "$1"), not $2"; }
became() { scrape && [ "$(value "$1")" = "$2" ]; }

for _ in 1 2 3; do sip 203.0.113.12 $PBX4 >/dev/null; done
sip 203.0.113.15 $PBX4 >/dev/null
sip 203.0.113.11 $PBX4 -a friendly-scanner >/dev/null
must_ban 203.0.113.11
wait_for 10 became 'sipmoat_feed_entries{name="worst",list="block"}' 2 ||
	fail "the feed is not counted: $(grep feed "$T/text")"
is 'sipmoat_check_hits_total{check="agent",outcome="dropped"}' 1
is sipmoat_requests_total 5
is sipmoat_dropped_total 1
is 'sipmoat_banned{family="ipv4"}' 1
is 'sipmoat_queue_depth{lane="known",queue="5061"}' 0
is "sipmoat_server_heard{server=\"$PBX4\"}" 1
is sipmoat_up 1
is sipmoat_config_generation 1
# each packet is in one bucket, each batch of a lane in another
is sipmoat_processing_seconds_count "$(value sipmoat_packets_total)"
is sipmoat_batches_total $(($(value 'sipmoat_queue_delay_seconds_count{lane="known"}') +
	$(value 'sipmoat_queue_delay_seconds_count{lane="strangers"}')))
must "no packet went by the known lane" \
	[ "$(value 'sipmoat_queue_delay_seconds_count{lane="known"}')" -gt 0 ]
note "counters, lanes, histograms"

promtool check metrics <"$T/text" >"$T/lint" 2>&1 || fail "promtool: $(cat "$T/lint")"
must "promtool: $(cat "$T/lint")" [ ! -s "$T/lint" ]
metrics compare "$T/text" "$ROOT/docs/metrics.md" >"$T/wrong" || fail "$(cat "$T/wrong")"
metrics known "$T/text" "$ROOT/systemd/prometheus/sipmoat.rules.yml" "$ROOT/systemd/grafana/sipmoat.json" \
	>"$T/wrong" || fail "$(cat "$T/wrong")"
holds() { # COMMAND: its answer to its schema
	tool "$1" --json >"$T/$1.json" || fail "sipmoat $1: $?"
	$PY -m jsonschema -i "$T/$1.json" "$ROOT/docs/schema/$1.json" >"$T/wrong" 2>&1 ||
		fail "$1 is not of its schema: $(cat "$T/wrong")"
}
holds stats
holds status
must "for people: $(tool stats)" grep -qE '^check_hits +agent dropped +1  packets and calls' < <(tool stats)
must "a line without end: $(tool stats)" [ "$(tool stats | awk '/^counter/ { on = 1 } /^$/ { on = 0 }
	on && NF < 4' | wc -l)" = 0 ]
must "no tables: $(tool stats)" grep -qE '^meters +[1-9][0-9]* +65536 +0 +0$' < <(tool stats)
note "promtool, the page, the schemas"

# says REGEX: the status, for people
says() { tool status >"$T/status" && grep -qE -- "$1" "$T/status"; }
must "not what it should be: $(tool status)" says '^mode +enforce$'
must "nothing of packets: $(cat "$T/status")" says '^packets +[0-9]+ a second; [0-9]+ seen, 1 dropped'
must "no calls: $(cat "$T/status")" says '^calls +0 answered'
must "no ban: $(cat "$T/status")" says '^bans +1$'
must "it does not say that it learns: $(cat "$T/status")" says '^(alarms)? +memory\.learning: for [0-9]+ s'
note "the status for people"

# --- the memory cannot be saved, and then it can ---
wait_for 20 became sipmoat_store_failing 1 || fail "it is not told that nothing is saved"
must "the status does not tell: $(cat "$T/status")" says 'the memory cannot be saved: a restart'
mkdir "$T/nowhere"
wait_for 20 became sipmoat_store_failing 0 || fail "it is not told that it is saved again"
must "no save is counted" [ "$(value sipmoat_store_saves_total)" -gt 0 ]
must "it is not told when" [ "$(value sipmoat_store_saved_timestamp_seconds)" -ge "$(stat -c %W "$T/nowhere")" ]
note "saving: failing, and again"

# --- a configuration that is refused, and one that is taken ---
cp "$T/sipmoat.conf" "$T/good.conf"
echo 'nonsense = 1;' >>"$T/sipmoat.conf"
guard_reload
scrape
is sipmoat_config_refusals_total 1
must "it is not told when" [ "$(value sipmoat_config_refused_timestamp_seconds)" != 0 ]
is sipmoat_config_generation 1
must "the status does not tell: $(cat "$T/status")" says '^(alarms)? +the configuration was refused [0-9]+ s ago'
{ cat "$T/good.conf"; echo 'mode = "observe";'; } >"$T/sipmoat.conf"
guard_reload
scrape
is sipmoat_config_refused_timestamp_seconds 0
is sipmoat_config_generation 2
must "the mode is not told" grep -q '^sipmoat_info{.*mode="observe"' "$T/text"
must "the status does not tell the mode: $(cat "$T/status")" says '^(alarms)? +mode is "observe"'
holds status
note "reloads: refused, taken"

# --- the file: whoever reads it at any time finds all of it ---
mkdir "$T/textfile"
out=$T/textfile/sipmoat.prom
tool stats --textfile "$out" || fail "--textfile: $?"
must "others may not read the file" [ "$(stat -c %a "$out")" = 644 ]
for _ in $(seq 40); do tool stats --textfile "$out"; done &
writer=$!
while kill -0 $writer 2>/dev/null; do
	tail -n 1 "$out" | grep -q '^sipmoat_processing_seconds_count ' || fail "half a file: $(wc "$out")"
done
wait $writer || fail "--textfile: $?"
must "something is left beside it: $(ls "$T/textfile")" [ "$(ls "$T/textfile")" = sipmoat.prom ]
tool stats --textfile "$T/none/sipmoat.prom" 2>/dev/null && fail "no folder, and all is well"
if command -v prometheus-node-exporter >/dev/null; then
	guarded prometheus-node-exporter --collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$T/textfile" --web.listen-address=127.0.0.1:9100 \
		>"$T/node.err" 2>&1 </dev/null &
	exported() {
		guarded $PY -c 'import sys, urllib.request as u
sys.stdout.buffer.write(u.urlopen("http://127.0.0.1:9100/metrics", timeout=10).read())' >"$T/node" 2>/dev/null
	}
	wait_for 30 exported || fail "node_exporter: $(tail -n 3 "$T/node.err")"
	must "node_exporter cannot read it: $(grep textfile "$T/node")" grep -q '^node_textfile_scrape_error 0$' "$T/node"
	must "node_exporter does not pass it on" [ "$(grep -c '^sipmoat_' "$T/node")" = "$(grep -c '^sipmoat_' "$out")" ]
	note "node_exporter passes it on"
fi
guard_stop
tool stats --textfile "$out" 2>"$T/said"
must "status $?, not 3, without a daemon" [ $? = 3 ]
must "without a daemon: $(cat "$out")" [ "$(tail -n 1 "$out")" = 'sipmoat_up 0' ]
note "the file for node_exporter is whole at all times, and tells when nobody answers"
