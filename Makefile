# SPDX-License-Identifier: GPL-2.0-or-later
# sipmoat: one Makefile for everything.  `make help` lists what it does.
#
#   make SAN=address,undefined   sanitizer build, in a folder of its own
#   make CC=clang                another compiler, in a folder of its own
#   make install DESTDIR=/tmp/x PREFIX=/usr

CC      ?= cc
PKG_CONFIG ?= pkg-config
PREFIX  ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
V       ?= 0
SAN     ?=
WERROR  ?= $(CI)

# the fuzz targets: a build of its own, rules.a with it
ifdef FUZZ
CC := clang
SAN := address,undefined,fuzzer-no-link
CFLAGS := -O1 -g -fno-sanitize-recover=all
endif

comma := ,
flavour := $(if $(FUZZ),-fuzz,$(if $(filter clang%,$(CC)),-clang)$(if $(SAN),-$(subst $(comma),-,$(SAN))))
B := build$(flavour)

VERSION := 0.1.0
PKGS_NFQ := libnetfilter_queue libmnl libnftnl nettle jansson sqlite3
PKGS_RULES := libpcre2-8 libconfig
PKGS_CTL := libpcap jansson ncurses
PKGS_WEB := libmicrohttpd jansson

# `override`: what a packager gives on the command line comes first, and does not replace ours
override CPPFLAGS += -Iinclude -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DSIPMOAT_VERSION='"$(VERSION)"' \
	-DSIPMOAT_SYSCONFDIR='"$(SYSCONFDIR)/sipmoat"'
CFLAGS ?= -O2 -g
override CFLAGS += -std=c11 -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla \
	-Wno-missing-field-initializers -fno-strict-aliasing -fstack-protector-strong \
	$(if $(WERROR),-Werror) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
# musl would give threads 128 KiB of stack; glibc passes over it
override LDFLAGS += $(if $(SAN),-fsanitize=$(SAN)) -pthread -Wl,-z,stack-size=1048576
# some 32-bit machines (MIPS, ARMv5) have no instructions for atomics of 64 bits
LIBS_ATOMIC = $(eval LIBS_ATOMIC := $(shell printf '\
	_Atomic unsigned long long n; int main(void) { return (int)n++; }' | \
	$(CC) $(CFLAGS) -x c -o /dev/null - 2>/dev/null || echo -latomic))$(LIBS_ATOMIC)
# libosip2's parser only: its other half is threads, timers and transactions.  What OpenWrt
# builds of libmaxminddb is not known to pkg-config.
LIBS_RULES = $(shell $(PKG_CONFIG) --libs $(PKGS_RULES)) -lmaxminddb \
	$(filter-out -losip2,$(shell $(PKG_CONFIG) --libs libosip2)) $(LIBS_ATOMIC)
LIBS_NFQ = $(shell $(PKG_CONFIG) --libs $(PKGS_NFQ))
LIBS_CTL = $(shell $(PKG_CONFIG) --libs $(PKGS_CTL))
LIBS_WEB = $(shell $(PKG_CONFIG) --libs $(PKGS_WEB)) $(LIBS_ATOMIC)
LIBS_TEST = $(shell $(PKG_CONFIG) --libs cmocka nettle jansson libmnl sqlite3)

# sources are found, not listed: a new check needs no line here
RULES_SRC := $(wildcard rules/*.c rules/*/*.c)
NFQ_SRC := $(wildcard nfq/*.c)
CTL_SRC := $(wildcard ctl/*.c ctl/*/*.c)
ALERT_SRC := $(wildcard alert/*.c)
WEB_SRC := $(wildcard web/*.c)
WEB_CTL := ctl/nobody.c ctl/link.c ctl/metrics.c # of the tool, what it shares
UNIT_SRC := $(wildcard tests/unit/*.c)
obj = $(patsubst %.c,$(B)/%.o,$(1))
UNITS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(UNIT_SRC))

ifeq ($(V),0)
say = @printf '  %-4s %s\n' $(1) $@;
quiet := -s
endif
SUB = $(MAKE) --no-print-directory $(quiet)
# what "sudo make" has built belongs to whose clone it is: "make" and "make deb" go on in it
owned = @[ "$$(id -u)" != 0 ] || chown -R --reference=. $(B) 2>/dev/null || true

all: $(B)/sipmoatd $(B)/sipmoat $(B)/sipmoat-web $(B)/sipmoat-alert ## build the daemon and the tool (default)
	$(owned)

$(B)/rules.a: $(call obj,$(RULES_SRC))
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $^

$(B)/sipmoatd: $(call obj,$(NFQ_SRC)) $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_RULES) $(LIBS_NFQ)

# no netfilter library here: the link line proves that replay needs none
$(B)/sipmoat: $(call obj,$(CTL_SRC)) $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_RULES) $(LIBS_CTL)

# the pages, with the hashes of what they may run
$(B)/web/pages.c: $(wildcard web/*.html web/*.css web/*.js) web/embed.sh
	@mkdir -p $(@D)
	$(call say,GEN)web/embed.sh >$@.new && mv $@.new $@

$(B)/web/pages.o: $(B)/web/pages.c
	$(call say,CC)$(CC) $(CPPFLAGS) -Iweb $(CFLAGS) -c -o $@ $<

$(B)/sipmoat-alert: $(call obj,$(ALERT_SRC) ctl/link.c ctl/nobody.c) $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_RULES) $(shell $(PKG_CONFIG) --libs libcurl jansson)

$(B)/sipmoat-web: $(call obj,$(WEB_SRC) $(WEB_CTL)) $(B)/web/pages.o
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_WEB)

# what a unit test links besides rules.a
NEEDS_test_ring := nfq/ring.c
NEEDS_test_mirror := nfq/mirror.c
NEEDS_test_plan := nfq/plan.c nfq/bantext.c
NEEDS_test_publish := nfq/publish.c nfq/clock.c
NEEDS_test_feedmix := nfq/feedmix.c nfq/feedguard.c nfq/plan.c nfq/clock.c
NEEDS_test_log := nfq/log.c
NEEDS_test_publish_steps := nfq/clock.c
NEEDS_test_hepwire := nfq/hepwire.c nfq/jsontext.c
NEEDS_test_sinkfile := nfq/sinkfile.c
NEEDS_test_sinks := $(patsubst %,nfq/%.c,sinks confined sinkfile sinktext told request jsontext journal \
	statefile clock log)
NEEDS_test_backlog := alert/backlog.c
NEEDS_test_sender := alert/sender.c alert/backlog.c
NEEDS_test_alerting := alert/follow.c alert/deliver.c alert/backlog.c ctl/link.c
$(B)/tests/unit/test_alerting: LIBS_TEST += $(shell $(PKG_CONFIG) --libs libcurl)
NEEDS_test_told := $(patsubst %,nfq/%.c,eventcommands journal told request clock)
NEEDS_test_sinktext := nfq/sinktext.c nfq/told.c nfq/request.c nfq/jsontext.c
NEEDS_test_worker := nfq/worker.c nfq/hep.c nfq/hepwire.c nfq/jsontext.c nfq/child.c nfq/notes.c nfq/outbox.c \
	nfq/tuple.c nfq/sights.c nfq/lane.c nfq/clock.c nfq/publish.c nfq/ring.c nfq/log.c
NEEDS_test_outbox := nfq/outbox.c
NEEDS_test_tuple := nfq/tuple.c
NEEDS_test_events := nfq/events.c nfq/eventtext.c nfq/journal.c nfq/told.c nfq/request.c nfq/clock.c nfq/ring.c nfq/log.c
NEEDS_test_check := ctl/check.c
NEEDS_test_doctor := $(filter-out ctl/doctor/main.c,$(wildcard ctl/doctor/*.c)) ctl/host.c ctl/sockets.c ctl/link.c
NEEDS_test_doctor_links = $(NEEDS_test_doctor)
NEEDS_test_host := ctl/host.c ctl/sockets.c
NEEDS_test_notes := nfq/notes.c nfq/ring.c
NEEDS_test_journal := nfq/journal.c nfq/told.c nfq/request.c nfq/clock.c
NEEDS_test_alarms := nfq/alarms.c
NEEDS_test_metrics := ctl/metrics.c ctl/link.c
NEEDS_test_hook := nfq/confined.c nfq/hook.c nfq/helper.c nfq/child.c nfq/jsontext.c nfq/clock.c nfq/eventtext.c nfq/log.c
NEEDS_test_request := nfq/request.c
NEEDS_test_digest := nfq/digest.c
NEEDS_test_pieces := nfq/pieces.c nfq/plan.c
NEEDS_test_hand := nfq/hand.c nfq/statefile.c nfq/log.c
NEEDS_test_bancommands := nfq/bancommands.c nfq/request.c nfq/hand.c nfq/statefile.c nfq/clock.c \
	nfq/log.c
NEEDS_test_grid := ctl/grid.c ctl/letters.c
NEEDS_test_times := ctl/times.c
NEEDS_test_orders := nfq/orders.c nfq/handmode.c nfq/statefile.c nfq/log.c
NEEDS_test_top := ctl/topdata.c ctl/topkeys.c ctl/topdraw.c ctl/canvas.c ctl/often.c \
	ctl/letters.c ctl/times.c ctl/link.c ctl/eventtone.c
NEEDS_test_link := ctl/link.c
NEEDS_test_changes := nfq/changes.c
NEEDS_test_store := $(patsubst %,nfq/%.c,store confined storefile storememory storetables storecalls \
	storeregistrations changes db statefile clock log)
NEEDS_test_storecalls = $(NEEDS_test_store)
NEEDS_test_words := nfq/words.c nfq/digest.c
NEEDS_test_gate := web/gate.c web/place.c
NEEDS_test_board := web/history.c web/tape.c

.SECONDEXPANSION:
$(B)/tests/unit/%: $(B)/tests/unit/%.o $$(call obj,$$(NEEDS_$$*)) $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_RULES) $(LIBS_TEST)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(if $(filter rules/% tests/%,$<),-Irules) $(if $(filter ctl/% web/% alert/%,$<),-Ictl) $(if $(filter tests/%,$<),-Infq -Ictl -Iweb -Ialert -Itests/lib) $(CFLAGS) -MMD -MP -c -o $@ $<

# compiled, and not linked: for what has no libraries to link with
objects: $(call obj,$(NFQ_SRC) $(RULES_SRC) $(CTL_SRC) $(ALERT_SRC) $(WEB_SRC)) $(B)/web/pages.o

units: $(UNITS) $(B)/tests/pages/names $(B)/tests/workers/workers $(B)/tests/workers/overload
	$(owned)

$(B)/tests/bench/gen: $(B)/tests/bench/gen.o $(B)/tests/bench/message.o
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^

$(B)/tests/bench/bare: $(B)/tests/bench/bare.o $(B)/nfq/queue.o $(B)/nfq/procfs.o
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_NFQ)

$(B)/tests/bench/behaviour $(B)/tests/bench/engine: $(B)/tests/bench/talk.o

$(B)/tests/bench/parse $(B)/tests/bench/tcp $(B)/tests/bench/behaviour $(B)/tests/bench/engine $(B)/tests/bench/numbers: %: %.o $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_RULES)

bench-parse: $(B)/tests/bench/parse ## what reading a message costs, ordinary and hostile ones
	$(B)/tests/bench/parse

bench-behaviour: $(B)/tests/bench/behaviour ## what the memory of calls and registrations costs a message
	$(B)/tests/bench/behaviour

bench-engine: $(B)/tests/bench/engine ## what the whole engine takes for each kind of message
	$(B)/tests/bench/engine

bench-numbers: $(B)/tests/bench/numbers ## what 100,000 prefixes of numbers cost: look-ups and load
	$(B)/tests/bench/numbers

bench-feeds: all ## a feed of a million: load, memory, and what others see of it; as root
	@B=$(B) tests/bench/feeds.sh

bench-bans: ## how fast a ban is, and what a banned packet costs; as root
	@$(SUB) harness benches
	@B=$(B) tests/bench/bans.sh

bench-fail2ban: ## what reaches a server of attacks behind fail2ban, and behind sipmoat; as root
	@$(SUB) deps
	@$(SUB) all
	@B=$(B) tests/bench/fail2ban.sh

bench-tcp: $(B)/tests/bench/tcp ## what judging a message costs over TCP, beside UDP
	$(B)/tests/bench/tcp

# decides with several threads what replay decides with one
$(B)/tests/workers/workers: $(B)/tests/workers/workers.o $(call obj,ctl/capture.c ctl/feed.c ctl/defrag.c) $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_RULES) $(LIBS_CTL)

# what pages are held to
$(B)/tests/pages/names: $(B)/tests/pages/names.o $(call obj,$(patsubst %,nfq/%.c,told request sinktext \
		jsontext confined storefile statefile db clock log) ctl/metrics.c ctl/link.c) $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_RULES) $(LIBS_TEST)

# the engine as a daemon that cannot keep up
$(B)/tests/workers/overload: $(B)/tests/workers/overload.o $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_RULES)

# built with FUZZ=1 only, by tests/fuzz/run.sh
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS_RULES)

fuzzers: $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/*.c))

fuzz: ## feed the readers with odd bytes, 60 s each: make fuzz [TARGET=view] [FUZZ_SECS=60]
	@$(SUB) deps
	@FUZZ_SECS=$(or $(FUZZ_SECS),60) tests/fuzz/run.sh $(TARGET)

benches: $(B)/tests/bench/gen $(B)/tests/bench/bare
	$(owned)

# the ban thread without the daemon
HARNESS := $(patsubst %,nfq/%.c,ban banlist bantext byhand clock elem elemheld eventtext hand keeper \
	keepwatch log marks mirror nets netwatch nftlink nftread nftrule nftset pieces plan refusal renew ring ruleparts shed statefile steer)

$(B)/tests/netns/nftharness $(B)/tests/netns/nftfaults: %: %.o $(call obj,$(HARNESS)) $(B)/rules.a
	$(call say,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_RULES) $(LIBS_NFQ)

harness: $(B)/tests/netns/nftharness $(B)/tests/netns/nftfaults
	$(owned)

build-deps: ## install what building and make deb take (Debian 12, 13; as root)
	@tests/deps.sh build

deps: ## install what all the tests take, too: 2 GB, not for the host of a PBX; as root
	@tests/deps.sh

check: ## all tests: sudo make check  [SAN=address,undefined | SAN=thread]
	@$(SUB) deps
	@$(SUB) all units benches harness
	@B=$(B) tests/run.sh

migration: ## the recipes of docs/migration.md: sudo make migration [RECIPE=pike]
	@$(SUB) deps
	@$(SUB) all
	@B=$(B) tests/migration/run.sh $(RECIPE)

ports: ## builds and tests for other machines (32 bits, big endian, musl), in roots of their own; as root
	@$(SUB) deps
	@tests/ports/ports.sh $(PORT)

vm: ## a virtual machine with Debian's kernel: AppArmor, nft's queue, the packages; as root
	@tests/deps.sh vm
	@$(SUB) all harness
	@B=$(B) exec tests/vm/vm.sh $(TESTS)

demo: ## a scanner, a cracker and a flood against a real server: sudo make demo
	@$(SUB) deps
	@$(SUB) all
	@B=$(B) tests/demo/demo.sh

screenshots: ## the pictures in docs/images of the status page and of top, taken anew; as root
	@$(SUB) deps
	@$(SUB) all
	@B=$(B) tests/demo/screenshots.sh

run: all ## guard this host in the foreground with the default config: sudo make run
	$(B)/sipmoatd -c systemd/sipmoat.conf

bench: ## what judging costs, against a bare queue loop: sudo make bench [ROUNDS=5] [SECS=2] [WATCHED=1]
	@$(SUB) deps
	@$(SUB) all benches
	@B=$(B) tests/bench/bench.sh

# the units are written for /usr; an existing configuration is never overwritten
SHARED := $(wildcard $(addprefix systemd/,prometheus/*.yml grafana/*.json fail2ban/*/*.conf crowdsec/*.yaml))
APPARMOR := $(filter-out systemd/apparmor/abstractions,$(wildcard systemd/apparmor/* systemd/apparmor/abstractions/*))
COMPLETIONS = bash-completion/completions/sipmoat zsh/site-functions/_sipmoat \
	fish/vendor_completions.d/sipmoat.fish
INSTALLED = $(DESTDIR)$(PREFIX)/sbin/sipmoatd $(DESTDIR)$(PREFIX)/bin/sipmoat \
	$(DESTDIR)$(PREFIX)/sbin/sipmoat-geo-update \
	$(DESTDIR)$(PREFIX)/libexec/sipmoat/sipmoat-web \
	$(DESTDIR)$(PREFIX)/libexec/sipmoat/sipmoat-alert \
	$(patsubst systemd/%,$(DESTDIR)$(PREFIX)/lib/systemd/system/%,$(wildcard systemd/*.service systemd/*.timer)) \
	$(DESTDIR)$(PREFIX)/lib/sysusers.d/sipmoat.conf \
	$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/sipmoat.conf \
	$(DESTDIR)$(PREFIX)/lib/modules-load.d/sipmoat.conf \
	$(patsubst systemd/%,$(DESTDIR)$(PREFIX)/share/sipmoat/%,$(SHARED)) \
	$(addprefix $(DESTDIR)$(PREFIX)/share/,$(COMPLETIONS)) \
	$(patsubst systemd/apparmor/%,$(DESTDIR)$(SYSCONFDIR)/apparmor.d/%,$(APPARMOR)) \
	$(DESTDIR)$(SYSCONFDIR)/logrotate.d/sipmoat \
	$(foreach s,1 5 8,$(patsubst systemd/%,$(DESTDIR)$(PREFIX)/share/man/man$s/%,$(wildcard systemd/*.$s)))
ETC = $(DESTDIR)$(SYSCONFDIR)/sipmoat
SETTINGS = sipmoat.conf geo-update.conf $(patsubst systemd/%,%,$(wildcard systemd/lists/*.txt))
OBSERVE = $(ETC)/conf.d/00-observe.conf
placed = sed 's|/usr/bin/|$(PREFIX)/bin/|g; s|/usr/sbin/|$(PREFIX)/sbin/|g; s|/usr/libexec/|$(PREFIX)/libexec/|g; s|/etc/sipmoat|$(SYSCONFDIR)/sipmoat|g'

install: all ## install below PREFIX (/usr/local); DESTDIR for packagers
	install -D -m 755 $(B)/sipmoatd $(DESTDIR)$(PREFIX)/sbin/sipmoatd
	install -D -m 755 $(B)/sipmoat $(DESTDIR)$(PREFIX)/bin/sipmoat
	install -D -m 755 $(B)/sipmoat-web $(DESTDIR)$(PREFIX)/libexec/sipmoat/sipmoat-web
	install -D -m 755 $(B)/sipmoat-alert $(DESTDIR)$(PREFIX)/libexec/sipmoat/sipmoat-alert
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(ETC)/conf.d $(ETC)/lists
	$(placed) systemd/sipmoat-geo-update >$(DESTDIR)$(PREFIX)/sbin/sipmoat-geo-update
	chmod 755 $(DESTDIR)$(PREFIX)/sbin/sipmoat-geo-update
	for u in $(patsubst systemd/%,%,$(wildcard systemd/*.service systemd/*.timer)); do \
		$(placed) systemd/$$u >$(DESTDIR)$(PREFIX)/lib/systemd/system/$$u; done
	install -D -m 644 systemd/sipmoat.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/sipmoat.conf
	install -D -m 644 systemd/sipmoat.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/sipmoat.conf
	install -D -m 644 systemd/sipmoat.modules $(DESTDIR)$(PREFIX)/lib/modules-load.d/sipmoat.conf
	install -D -m 644 systemd/sipmoat.logrotate $(DESTDIR)$(SYSCONFDIR)/logrotate.d/sipmoat
	install -d $(DESTDIR)$(SYSCONFDIR)/apparmor.d/abstractions
	for f in $(patsubst systemd/apparmor/%,%,$(APPARMOR)); do \
		$(placed) systemd/apparmor/$$f >$(DESTDIR)$(SYSCONFDIR)/apparmor.d/$$f; done
	for f in $(patsubst systemd/%,%,$(SHARED)); do \
		install -D -m 644 systemd/$$f $(DESTDIR)$(PREFIX)/share/sipmoat/$$f; done
	for f in $(COMPLETIONS); do n=$${f##*/}; [ $$n != sipmoat ] || n=sipmoat.bash; \
		install -D -m 644 systemd/completion/$$n $(DESTDIR)$(PREFIX)/share/$$f; done
	for s in 1 5 8; do for m in $(wildcard systemd/*.[158]); do case $$m in *.$$s) \
		install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$$s/$${m#systemd/};; esac; done; done
	@# not where sipmoat guards already, and may enforce
	[ -e $(ETC)/sipmoat.conf ] || [ -e $(OBSERVE) ] || \
		install -m 644 systemd/00-observe.conf $(OBSERVE)
	for f in $(SETTINGS); do \
		[ -e $(ETC)/$$f ] || install -m 644 systemd/$$f $(ETC)/$$f; done
	@[ -n "$(DESTDIR)" ] || printf '%s\n' "Now: systemd-sysusers && systemd-tmpfiles --create &&" \
		"  systemctl daemon-reload; then write $(ETC)/conf.d/site.conf (README.md)" \
		"  and start: systemctl enable --now sipmoatd"

uninstall: ## remove what install put there, but a configuration that was changed
	rm -f $(INSTALLED)
	! cmp -s systemd/00-observe.conf $(OBSERVE) || rm -f $(OBSERVE)
	for f in $(SETTINGS); do ! cmp -s systemd/$$f $(ETC)/$$f || rm -f $(ETC)/$$f; done
	rmdir $(ETC)/conf.d $(ETC)/lists $(ETC) 2>/dev/null || true

deb: ## Debian packages in build/deb
	@packaging/deb.sh

newuser: ## a new user's path with these packages, timed, on a Debian of its own: sudo make newuser [SUITE=trixie]
	@$(SUB) deps
	@[ -n "$(DEBS)" ] || tests/newuser/build.sh
	@tests/newuser/run.sh

lint: all $(B)/tests/pages/names ## the house rules
	@B=$(B) tests/lint.sh

clean: ## remove everything built
	rm -rf build build-*

help: ## this text
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | \
		awk -F'\t' '{ printf "  make %-15s %s\n", $$1, $$2 }'

.PHONY: all objects ports units benches bench-parse bench-tcp bench-behaviour bench-engine bench-feeds bench-numbers bench-bans bench-fail2ban fuzzers fuzz harness build-deps deps check migration vm demo screenshots run bench install uninstall deb newuser lint clean help
.SECONDARY:
-include $(patsubst %.o,%.d,$(call obj,$(RULES_SRC) $(NFQ_SRC) $(CTL_SRC) $(WEB_SRC) $(ALERT_SRC) $(UNIT_SRC) $(wildcard tests/bench/*.c tests/fuzz/*.c tests/netns/*.c tests/pages/*.c tests/workers/*.c)))
