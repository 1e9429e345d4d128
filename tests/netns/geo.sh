#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sipmoat-geo-update from each of its sources, with small inputs and a server of our own: a good
# database comes into its place, and the daemon decides by it after a reload; whatever goes wrong
# the old one stays as it was, and one line says why.
. "$(dirname "$0")/../lib/field.sh"
has_v6 || skip "this kernel has no IPv6"
need curl openssl setpriv gzip
perl -MMaxMind::DB::Writer::Tree -e 1 2>/dev/null ||
	skip "libmaxmind-db-writer-perl is not installed (make deps)"
field_open
field_topology router
mkdir "$T/bin" "$T/www" "$T/tor" "$T/GeoIP" "$T/share" "$T/geo" "$T/etc"
chmod a+rx "$T"
cp "$ROOT/systemd/sipmoat-geo-update" "$ROOT/$B/sipmoat" "$T/bin"
GEO=$T/geo/country.mmdb
THIS=$(date -u +%Y-%m)
LAST=$(date -u -d "$THIS-01 -1 day" +%Y-%m)

# a systemd that says sipmoatd runs, and a MaxMind with an account
printf '#!/bin/sh\n[ "$1" != reload ] || echo "$@" >>%s/reloads\n' "$T" >"$T/bin/systemctl"
cat >"$T/bin/geoipupdate" <<-'FAKE'
	#!/bin/sh
	set -e
	[ "$1 $3" = "-f -d" ]
	! grep -q 'LicenseKey wrong' "$2" || { echo "error: 401 Unauthorized"; exit 1; }
	! grep -q 'LicenseKey waits' "$2" || { echo waits; exec sleep 60; }
	cp "${0%/bin/*}"/max/* "$4"
FAKE
# an apt that has tor-geoipdb when there is $T/deb, and a Perl that may lack a module
cat >"$T/bin/apt-get" <<-'FAKE'
	#!/bin/sh
	[ "$*" = "-qq download tor-geoipdb" ] || exit 2
	cp "${0%/bin/*}/deb" tor-geoipdb_0.4_all.deb 2>/dev/null && exit
	echo "E: Failed to fetch it"
	exit 100
FAKE
printf '#!/bin/sh\n[ ! -e %s/noperl ] || exit 1\nexec /usr/bin/perl "$@"\n' "$T" >"$T/bin/perl"
chmod 755 "$T/bin"/*
conf() {
	printf '%s = %s\n' directory "$T/geo" tor_directory "$T/tor" geoip_directory "$T/GeoIP:$T/share" \
		geoip_conf "$T/GeoIP.conf" timeout 20 dbip_url "https://127.0.0.1:8443$1" >"$T/etc/geo.conf"
}
update() {
	PATH=$T/bin:$PATH pbx env CURL_CA_BUNDLE="${CA:-$T/ca.pem}" sipmoat-geo-update \
		-c "$T/etc/geo.conf" "$@" >"$T/said" 2>&1
}
# must_end STATUS REGEX [OPTION...]: it ends so, in one line
must_end() {
	local want=$1 what=$2 rc
	shift 2
	update "$@"
	rc=$?
	must "$* ended with $rc, not $want: $(cat "$T/said")" [ $rc = "$want" ]
	must "it does not say \"$what\": $(cat "$T/said")" grep -qE "$what" "$T/said"
	must "not one line: $(cat "$T/said")" [ "$(wc -l <"$T/said")" = 1 ]
}
# must_fail ...: the same, and what is in place stays, and nothing is left beside it
must_fail() {
	local before
	before=$(sha256sum "$T/geo"/*.mmdb "$T/geo/release")
	must_end "$@"
	must "the old one is another after: $(cat "$T/said")" \
		[ "$(sha256sum "$T/geo"/*.mmdb "$T/geo/release")" = "$before" ]
	must "something is left" [ ! -e "$T/geo/.new" ]
}
make_db() { $PY "$FIELD_LIB/mmdb.py" "$@" || fail "no database"; }
# release MONTH [OPTION... ]: what DB-IP has of that month
release() {
	make_db --world --built "$(date +%s)" "$T/asn" asn
	gzip -c "$T/asn" >"$T/www/dbip-asn-lite-$1.mmdb.gz"
	gzip -c "$T/db" >"$T/www/dbip-country-lite-$1.mmdb.gz"
}
says() { [ "$("$T/bin/sipmoat" country --database "$GEO" "$1" | awk 'NR == 1 { print $2 }')" = "$2" ]; }

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext \
	subjectAltName=IP:127.0.0.1 -keyout "$T/key.pem" -out "$T/ca.pem" 2>/dev/null || fail "no certificate"
pbx $PY "$FIELD_LIB/https.py" 8443 "$T/ca.pem" "$T/key.pem" "$T/www" >"$T/www.log" 2>&1 </dev/null &
serves() { [ -n "$(pbx ss -Hltn "sport = :8443")" ]; }
wait_for 20 serves || fail "no server: $(cat "$T/www.log")"

# --- DB-IP: the month before, as long as there is none of this one; as another user ---
conf ""
touch "$T/noperl"
must_end 3 'no source: install'
must_end 3 'Perl cannot write' --source tor
rm "$T/noperl"
must_end 1 'apt-get download tor-geoipdb failed.*E: Failed to fetch it'
must_end 1 "has no dbip-country-lite-$LAST" --source dbip
must "it left something" [ -z "$(ls "$T/geo")" ]
echo 'sauce = dbip' >>"$T/etc/geo.conf"
must_end 2 'geo.conf:7: there is no key sauce'
conf ""
echo 'dbip_url = http://127.0.0.1:8443' >>"$T/etc/geo.conf"
must_end 2 'dbip_url must begin with https'
conf ""
echo 'timeout = 0' >>"$T/etc/geo.conf"
must_end 2 'timeout is in seconds'
must_end 2 'there is no source "ripe"' --source ripe
conf ""
echo 'source = dbip' >>"$T/etc/geo.conf"
chown -R 65534:65534 "$T/geo"
make_db --world --built 1700000000 "$T/db" dbip
release "$LAST"
must_end 0 "from dbip \(dbip $LAST\): country.mmdb asn.mmdb"
must "it is $(stat -c '%u %a' "$GEO")" [ "$(stat -c '%u %a' "$GEO")" = '65534 644' ]
must "no reload was asked for" [ "$(cat "$T/reloads")" = 'reload sipmoatd' ]
must_end 0 'nothing new'
must "a reload for nothing" [ "$(wc -l <"$T/reloads")" = 1 ]
head -c 3000 "$GEO" >"$T/part"
cat "$T/part" >"$GEO"
must_end 0 'country.mmdb in' # what is damaged in its place is fetched again

# --- the daemon decides by the new one, once it has read it ---
ip -n "$NS-wan" addr add 3ffe:66:0:1::1/128 dev w0 nodad
cat >"$T/etc/sipmoat.conf" <<CONF
geo = { country = "$GEO"; };
country = { mode = "enforce"; deny = [ "AQ" ]; };
CONF
pbx_echo
guard_start "$T/etc/sipmoat.conf"
got=$(answer_to 3ffe:66:0:1::1 $PBX6)
must "a source of no country is refused: $got" answered 200 "$got"
make_db --world --built 1700000100 "$T/db" dbip 3ffe:66::/32=AQ
release "$THIS"
must_end 0 "from dbip \(dbip $THIS\): country.mmdb"
got=$(answer_to 3ffe:66:0:1::1 $PBX6)
must "it decides by a file that it has not read: $got" answered 200 "$got"
guard_reload
got=$(sip 3ffe:66:0:1::1 $PBX6)
must "a denied country comes through after the reload: $got" unanswered "$got"
got=$(answer_to $CALLER6 $PBX6)
must "a source elsewhere is refused: $got" answered 200 "$got"
note "a database replaced under the daemon: it decides by it after the reload"

# --- what goes wrong on the way (--force: it is fetched although it is there) ---
conf /cut
must_fail 1 'bytes remaining|transfer closed|unexpected eof' --source dbip --force
conf /busy
must_fail 1 'the server answers 503' --source dbip --force
conf /endless
must_fail 1 'dbip-country-lite' --source dbip --force
conf ""
CA=/etc/ssl/certs/ca-certificates.crt must_fail 1 'certificate|CAfile' --source dbip --force
head -c 3000 "$T/www/dbip-country-lite-$THIS.mmdb.gz" >"$T/part" # of another file it would be
cp "$T/part" "$T/www/dbip-country-lite-$THIS.mmdb.gz"
must_fail 1 'cannot be unpacked' --source dbip --force
conf /hang
sed -i 's/^timeout.*/timeout = 1/' "$T/etc/geo.conf"
must_fail 1 'timed out|too slow' --source dbip --force

# --- what is wrong with the file ---
# must_refuse REGEX: of what $T/db is
conf ""
must_refuse() {
	gzip -c "$T/db" >"$T/www/dbip-country-lite-$THIS.mmdb.gz"
	echo "dbip before" >"$T/geo/release" # so that it is fetched
	must_fail 4 "the old one stays: .*$1" --source dbip
}
make_db --world --built 1700000200 "$T/good" dbip
head -c $(($(stat -c %s "$T/good") / 2)) "$T/good" >"$T/db"
must_refuse 'metadata'
make_db --world --built 1700000200 "$T/db" asn
must_refuse 'does not know well-known'
make_db --built 1700000200 "$T/db" dbip
must_refuse 'knows 1. countries'
make_db --world --built 1600000000 "$T/db" dbip
must_refuse 'was made 1157 days before'
make_db --world --built 4100000000 "$T/db" dbip
must_refuse 'it will be made in [0-9]* days'
make_db --world --built 1600000000 "$T/db" dbip
gzip -c "$T/db" >"$T/www/dbip-country-lite-$THIS.mmdb.gz"
must_end 0 'country.mmdb in' --source dbip --force
must "the forced one is not in place" [ "$("$T/bin/sipmoat" country --database "$GEO" --json |
	grep -o '"built":[0-9]*')" = '"built":1600000000' ]
make_db --built 1700000200 "$T/db" dbip
gzip -c "$T/db" >"$T/www/dbip-country-lite-$THIS.mmdb.gz"
must_fail 4 'knows 1. countries' --source dbip --force

# --- a full disk, a run beside another, a run that is killed ---
cp "$T/good" "$T/db"
release "$THIS"
dd if=/dev/urandom of="$T/www/dbip-country-lite-$THIS.mmdb.gz" bs=1M count=1 2>/dev/null
echo "dbip before" >"$T/geo/release"
cp "$GEO" "$T/before"
pbx unshare -m bash -c 'mount -t tmpfs -o size=200k tmpfs "$1/geo" && cp "$1/before" "$1/geo/country.mmdb" &&
	CURL_CA_BUNDLE=$1/ca.pem PATH=$1/bin:$PATH "$1/bin/sipmoat-geo-update" -c "$1/etc/geo.conf" --source dbip
	echo "status $?" && cmp "$1/before" "$1/geo/country.mmdb" && echo whole' - "$T" >"$T/said" 2>&1
must "a full disk: $(cat "$T/said")" [ "$(sed 1d "$T/said")" = "$(printf 'status 1\nwhole')" ]
release "$THIS"
conf /hang
update --source dbip --force &
running() { [ -e "$T/geo/.new/said" ]; }
wait_for 20 running || fail "the run does not begin: $(cat "$T/said")"
before=$(sha256sum "$GEO")
pids=$(pgrep -f "$T/bin/sipmoat-geo-update")
PATH=$T/bin:$PATH pbx sipmoat-geo-update -c "$T/etc/geo.conf" --source dbip >"$T/second" 2>&1
must "a second run: $(cat "$T/second")" grep -q 'another run is going on' "$T/second"
# shellcheck disable=SC2086
kill -9 $pids
wait $!
# shellcheck disable=SC2086
dead() { ! kill -0 $pids 2>/dev/null; } # a child of it may hold the lock for a moment
wait_for 20 dead || fail "kill -9 leaves something: $pids"
must "kill -9 took the old one" [ "$(sha256sum "$GEO")" = "$before" ]
conf ""
must_end 0 "country.mmdb" --source dbip
must "what was killed left something" [ ! -e "$T/geo/.new" ]
note "cut, endless, hanging, refused, killed, full: the old one stays, one line says why"

# --- MaxMind's, with and without an account ---
mkdir "$T/max"
make_db --world --built 1700000400 "$T/max/GeoLite2-Country.mmdb" maxmind 3ffe:66::/32=FR
make_db --world --built "$(date +%s)" "$T/max/GeoLite2-ASN.mmdb" asn 3ffe:66::/32=65551
printf 'AccountID 12345\nLicenseKey wrong\nEditionIDs GeoLite2-Country\n' >"$T/GeoIP.conf"
must_fail 1 'geoipupdate failed.*401 Unauthorized'
sed -i 's/wrong/abcDEF/' "$T/GeoIP.conf"
must_end 0 'from maxmind \(GeoLite2-Country.mmdb\): country.mmdb asn.mmdb'
must "not MaxMind's" says 3ffe:66::1 FR
must "not its networks" grep -q ' AS65551 ' <("$T/bin/sipmoat" country --asn "$T/geo/asn.mmdb" 3ffe:66::1)
# what is shipped is no account
for account in '999999 abcDEF' '0 abcDEF' '12345 000000000000' '12345 YOUR_LICENSE_KEY_HERE'; do
	# shellcheck disable=SC2086
	printf 'AccountID %s\nLicenseKey %s\n' $account >"$T/GeoIP.conf"
	must_fail 3 'no GeoLite2-Country in' --source maxmind
done
printf 'AccountID YOUR_ACCOUNT_ID_HERE\nLicenseKey YOUR_LICENSE_KEY_HERE\n' >"$T/GeoIP.conf"
make_db --world --built 1700000500 "$T/GeoIP/GeoLite2-Country.mmdb" maxmind 3ffe:66::/32=IT
must_end 0 'from maxmind' --source maxmind
must "not what geoipupdate had put down" says 3ffe:66::1 IT
rm "$T/GeoIP/"*
must_fail 3 'no GeoLite2-Country in' --source maxmind

# --- one that takes too long to look at, Ctrl-C, and a folder whose owner means root harm ---
cp "$T/bin/sipmoat" "$T/sipmoat"
printf '#!/bin/sh\nexec sleep 60\n' >"$T/bin/sipmoat"
make_db --world --built 1700000600 "$T/GeoIP/GeoLite2-Country.mmdb" maxmind
sed -i 's/^timeout.*/timeout = 1/' "$T/etc/geo.conf"
must_fail 4 'the old one stays: to look at it takes longer than 1 s' --source maxmind
cp "$T/sipmoat" "$T/bin/sipmoat"
rm "$T/GeoIP/"*
conf ""
printf 'AccountID 12345\nLicenseKey waits\n' >"$T/GeoIP.conf"
PATH=$T/bin:$PATH pbx $PY - "$T" <<-'PYTHON' || fail "Ctrl-C does not end it"
	import os, signal, subprocess, sys, time
	t = sys.argv[1]
	p = subprocess.Popen(["sipmoat-geo-update", "-c", t + "/etc/geo.conf"], start_new_session=True,
	                     stderr=subprocess.DEVNULL)
	for _ in range(100):
	    if subprocess.run(["grep", "-qs", "waits", t + "/geo/.new/said"]).returncode == 0:
	        break
	    time.sleep(0.1)
	os.killpg(p.pid, signal.SIGINT)
	p.wait(timeout=12)
PYTHON
must "Ctrl-C leaves something" [ ! -e "$T/geo/.new" ]
echo precious >"$T/root's"
ln -sfn "$T/root's" "$T/geo/.lock"
ln -s geo "$T/link"
must_fail 1 'cannot write to'
sed -i "s|^directory.*|directory = $T/link|" "$T/etc/geo.conf"
must_fail 1 'cannot write to'
must "root writes where another one points" [ "$(cat "$T/root's")" = precious ]
rm "$T/geo/.lock" "$T/GeoIP.conf"
conf ""

# --- Tor's lists ---
make_db --lists --world "$T/tor" maxmind 3ffe:66::/32=AQ "9.9.9.0/24=??"
must_end 0 'from tor \(tor-geoipdb\): country.mmdb'
must "not Tor's" says 3ffe:66::1 AQ
must "what is not known is" says 9.9.9.9 -
must "its date is not that of the list" grep -q 'made 2026-06-25' <("$T/bin/sipmoat" country --database "$GEO")
must_end 0 'nothing new from tor'
# ... that are in a package which nobody has installed
mkdir -p "$T/pkg/DEBIAN" "$T/pkg/usr/share/tor"
printf '%s\n' 'Package: tor-geoipdb' 'Version: 0.4' 'Architecture: all' 'Maintainer: nobody <n@example.org>' \
	'Description: lists' >"$T/pkg/DEBIAN/control"
packed() { dpkg-deb -b "$T/pkg" "$T/deb" >/dev/null || fail "no package"; }
packed
mv "$T/tor" "$T/lists"
must_fail 1 'no geoip and geoip6 in tor-geoipdb'
make_db --lists --world "$T/pkg/usr/share/tor" maxmind 3ffe:66::/32=BR
packed
must_end 0 'from tor \(tor-geoipdb\): country.mmdb'
must "not that of the package" says 3ffe:66::1 BR
must "something is left" [ ! -e "$T/geo/.new" ]
rm "$T/deb"
must_fail 1 'apt-get download tor-geoipdb failed'
mv "$T/lists" "$T/tor"
echo '1,2' >>"$T/tor/geoip6"
must_fail 1 'geoip6: line [0-9]* is not understood'

# --- what others keep new is taken, and not displaced by Tor's; what nobody keeps any more is not ---
NOW=$(date +%s)
make_db --world --built 1700000700 "$T/GeoIP/GeoLite2-Country.mmdb" maxmind 3ffe:66::/32=IT
must_fail 1 'geoip6: line [0-9]* is not understood'
make_db --world --ip-version 4 --built "$NOW" "$T/share/geolite2-country-ipv4.mmdb" ip-location-db
must_fail 1 'geoip6: line [0-9]* is not understood'
make_db --world --built "$NOW" "$T/share/dbip-country-lite-2026-10.mmdb" dbip 3ffe:66::/32=NO
make_db --world --built "$NOW" "$T/share/dbip-country-lite-2026-11.mmdb" dbip 3ffe:66::/32=DK
make_db --world --built "$NOW" "$T/share/asn.mmdb" asn 3ffe:66::/32=64999
must_end 0 "from local \\($T/share/dbip-country-lite-2026-11.mmdb\\): country.mmdb asn.mmdb"
must "not what others keep" says 3ffe:66::1 DK
must_end 0 "nothing new from local \\($T/share/dbip"
# what stands here is our own, and nobody else's
sed -i "s|^geoip_directory.*|geoip_directory = $T/geo|" "$T/etc/geo.conf"
must_fail 1 'geoip6: line [0-9]* is not understood'

# --- of countries and networks each stands alone ---
# must_part STATUS REGEX: countries are replaced, or nothing is, and the networks stay as they are
must_part() {
	local asn rc
	asn=$(sha256sum "$T/geo/asn.mmdb")
	update --source dbip
	rc=$?
	must "it ended with $rc: $(cat "$T/said")" [ $rc = "$1" ]
	must "it does not say \"$2\": $(cat "$T/said")" grep -q "$2" "$T/said"
	must "the networks are others" [ "$(sha256sum "$T/geo/asn.mmdb")" = "$asn" ]
}
conf ""
make_db --world --built $((NOW + 1)) "$T/db" dbip
release "$THIS"
cp "$T/www/dbip-country-lite-$THIS.mmdb.gz" "$T/www/dbip-asn-lite-$THIS.mmdb.gz"
reloads=$(wc -l <"$T/reloads")
must_part 6 'the new asn.mmdb from dbip is refused'
must "the countries are not DB-IP's" says 3ffe:66::1 -
must "no reload of what is new" [ "$(wc -l <"$T/reloads")" = $((reloads + 1)) ]
must_part 4 'the new asn.mmdb from dbip is refused'
must "a reload for nothing" [ "$(wc -l <"$T/reloads")" = $((reloads + 1)) ]
make_db --world --built $((NOW + 2)) "$T/db" dbip 3ffe:66::/32=SE
release "$THIS"
rm "$T/www/dbip-asn-lite-$THIS.mmdb.gz"
must_part 6 "has no dbip-asn-lite-$THIS"
must "the countries are not the new ones" says 3ffe:66::1 SE
gzip -c "$T/asn" >"$T/www/dbip-asn-lite-$THIS.mmdb.gz"
must_end 0 'asn.mmdb in' --source dbip
must_end 0 'nothing new from dbip' --source dbip
note "what others keep is taken when it is recent; a refused file of networks takes no countries along"

# --- a folder full of what is no database does not hang what opens it ---
: >"$T/etc/sipmoat.empty"
files=$(unshare -m sh -c 'mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/sipmoat-geo &&
	for i in 1 2 3 4 5 6; do echo >/var/lib/sipmoat-geo/country$i.mmdb; done
	exec "$1/bin/sipmoat" country -c "$1/etc/sipmoat.empty"' - "$T" 2>&1 | grep -c 'database not used')
must "it tries $files files" [ "$files" = 3 ]
got=$(sip 3ffe:66:0:1::1 $PBX6)
must "the daemon has lost its database: $got" unanswered "$got"
