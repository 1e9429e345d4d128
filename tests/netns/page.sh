#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The status page in a real browser: it shows what the daemon does while it does it, goes by
# keyboard, and whatever attackers, operators or a false daemon write stays text.
. "$(dirname "$0")/../lib/field.sh"
. "$(dirname "$0")/../lib/web.sh"
need chromium chromedriver
web_field
# addresses of documentation are in no country; 3ffe::/16 belongs to nobody any more (RFC 3701)
if has_v6; then
	ip -n "$NS-wan" addr add 3ffe:66:1:1::1/128 dev w0 nodad
	$PY "$FIELD_LIB/mmdb.py" "$T/etc/country.mmdb" maxmind 3ffe:66:1::/48=BR || fail "no database"
	echo "geo = { country = \"$T/etc/country.mmdb\"; };" >>"$T/etc/sipmoat.conf"
fi
echo 'bans = { never = [ "198.51.100.25" ]; };' >>"$T/etc/sipmoat.conf"
guard_reload
web_start web 9479
web=$WEB_PID
browser_start
page open http://127.0.0.1:9479/
page shows mode enforcing
page shows facts 0.1.0
page shows bans 'Nobody is banned'
sip 203.0.113.11 $PBX4 -a friendly-scanner -w 0 >/dev/null
must_ban 203.0.113.11
page shows bans 203.0.113.11
page shows bans 'User-Agent is denied'
page shows events 203.0.113.11
page once events 203.0.113.11
page shows checks agent
page shows sources 203.0.113.11
page counts 203.0.113.11
page draws
guarded "$ROOT/$B/sipmoat" unban 203.0.113.11 -s "$T/control" >/dev/null 2>&1
page hides bans 203.0.113.11
# a burst is told once, and then counted
sip 198.51.100.25 $PBX4 -a friendly-scanner -n 5 -r 100 -w 0 >/dev/null
page shows events 'agent: 4 more'
page shows calls 'Nobody is on the phone'
sip 198.51.100.10 $PBX4 -m INVITE --user 1001 --size 400 -w 10 >/dev/null
page shows calls answered1001
page shows calls 198.51.100.10
if has_v6; then
	page spots
	sip 3ffe:66:1:1::1 $PBX6 -a friendly-scanner -w 0 >/dev/null
	page shows countries Brazil11
	page shows sources Brazil
	page spots Brazil
fi
page safe
note "it shows bans, events, checks, sources, countries, calls and the chart as they come"

page keys
page pause
sip 203.0.113.12 $PBX4 -a friendly-scanner -w 0 >/dev/null
must_ban 203.0.113.12
page shows pause 'Go on (1)'
page hides events 203.0.113.12
page pause_off
page shows events 203.0.113.12
page narrow
page safe
note "by keyboard, on a small telephone, paused"

# --- what attackers write, through the daemon ---
hostile 203.0.113.13 '<img src=x onerror=window.owned=1>'
hostile 203.0.113.14 '\"><script>window.owned=1</script>'
hostile 203.0.113.15 '</script><svg onload=window.owned=1>'
hostile 203.0.113.16 'nul \x00 bidi \xe2\x80\xae bell \x07'
hostile 203.0.113.17 "$(printf '%03000d' 0)"
guarded "$ROOT/$B/sipmoat" ban 203.0.113.18 --note '<script>window.owned=1</script>' \
	-s "$T/control" >/dev/null 2>&1
page shows events '<img src=x onerror=window.owned=1>'
page shows events '"><script>window.owned=1</script>'
page shows events '</script><svg onload=window.owned=1>'
page shows events 203.0.113.16
page shows events 203.0.113.17
page shows bans '<script>window.owned=1</script>'
page safe
note "what attackers and operators write is text"

# --- the daemon goes, and comes ---
guard_stop
page shows mode 'no daemon'
page shows alarms 'sipmoatd does not run'
guard_start
page shows mode enforcing
page hides alarms 'sipmoatd does not run'
sip 203.0.113.19 $PBX4 -a friendly-scanner -w 0 >/dev/null
page shows events 203.0.113.19
page once events 'banned203.0.113.19'
page safe
web_stop $web web
page shows live waiting
web_start again 9479
web=$WEB_PID
page shows live live
page once events 'banned203.0.113.19'
note "it says that the daemon, or its own server, is away, and goes on when they are back"

printf 'correct-horse-battery\n' >"$T/token"
chmod 644 "$T/token"
web_start token 9480 --token-file "$T/token"
page login http://127.0.0.1:9480/ correct-horse-battery
web_stop $WEB_PID token
note "a token is typed once"

# --- a daemon that lies ---
$PY "$FIELD_LIB/liar.py" "$T/liar" >"$T/liar.err" 2>&1 &
liar=$!
wait_for 10 test -S "$T/liar"
web_start lied 9481 -s "$T/liar"
page open http://127.0.0.1:9481/
page shows bans '</script><script>window.owned=1</script>'
page shows events '</style><svg onload=window.owned=1>'
page shows calls '<img src=x onerror=window.owned=1>'
page shows alarms '<img src=x onerror=window.owned=1>'
page shows events '\u202egnp.exe\u2066\u200b'
page shows bans 'bell \u0007 escape \u001b[31m line\u000abreak \u2028'
page safe
note "nor does a daemon that lies get anything to run"
kill $liar
browser_stop
web_stop $WEB_PID lied
web_stop $web again
