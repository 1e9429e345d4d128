# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What a machine consists of: every file with its mode, owner and bytes, the kernel's tables, the
# accounts, the units.  Sourced by run.sh.

# Not compared, because it is not of the package:
EXCEPT=(
	'/var/log/(dpkg|alternatives)\.log.*' '/var/log/apt/.*' # what was installed and removed, and when
	'/var/backups/(dpkg|alternatives|apt)\..*'         # ... and the copies that are made of it at midnight
	'/var/lib/dpkg/(status|status-old|available|(diversions|statoverride)-old|lock.*|triggers/.*)'
	'/var/lib/apt/extended_states' '/var/cache/apt/.*' # ... and what apt remembers of it
	'/etc/ld\.so\.cache' '/var/cache/ldconfig/.*'      # libraries that came and went
	'/etc/(passwd|group|shadow|gshadow)-?'             # line by line below; copies of them
	'/etc/\.pwd\.lock' '/run/adduser'                  # locks of tools for accounts
	'/var/log/(journal/.*|[wb]tmp.*|lastlog)'              # the machine's own
	'/var/lib/systemd/.*'                              # when timers ran
	'/etc/hosts' '/etc/ca-certificates\.conf' '/etc/ssl(/certs.*)?' # what dependencies leave
	'/var/cache/debconf/.*' '/run/runit(/.*)?'
)

# inventory FILE
inventory() {
	local not
	not=$(IFS='|'; echo "${EXCEPT[*]}")
	on "/usr/bin/find" / /run -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp \
		-o -path /run/systemd -o -path /run/log -o -path /root -o -path '/run/user' \) -prune \
		-o -printf '%p %M %u:%g %l\n' | grep -vE "^($not) " | sort >"$1"
	# bytes, of what is settled: caches of Python come and go with whoever runs it
	on sh -c 'find /etc /usr /var /opt /srv /boot -xdev -type f -exec sha256sum {} +' |
		sed 's/\([0-9a-f]*\)  \(.*\)/\2 \1/' | grep -vE "^($not) " | sort >>"$1"
	{
		on cat /etc/passwd /etc/group /etc/shadow /etc/gshadow
		pbx nft list ruleset 2>/dev/null
		pbx iptables-save 2>/dev/null | grep -v '^[#:]'
		pbx ip6tables-save 2>/dev/null | grep -v '^[#:]'
		on systemctl list-unit-files --no-legend --no-pager | awk '{ print "unit", $1, $2 }'
		on systemctl list-units --all --no-legend --no-pager --plain 'sipmoat*' |
			awk '{ print "loaded", $1, $2, $3 }'
		on ps -eo user:32,comm | grep sipmoat
	} >>"$1"
}

# nothing_left BEFORE AFTER
nothing_left() {
	diff "$1" "$2" >"$T/left" && return
	echo "left or missing behind purge:"
	head -n 40 "$T/left"
	return 1
}
