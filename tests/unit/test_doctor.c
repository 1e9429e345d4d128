/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `sipmoat doctor` finds, on places that are written down here: what cannot be made in
 * every network namespace, and the readers that everything else stands on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "placed.h"

#define CHAIN(family, table, name, rest) \
	"{\"chain\": {\"family\": \"" family "\", \"table\": \"" table "\", \"name\": \"" name \
	"\"" rest "}}"
#define BASE(hook, prio, policy) \
	", \"type\": \"filter\", \"hook\": \"" hook "\", \"prio\": " #prio \
	", \"policy\": \"" policy "\""
#define RULE(family, table, chain, expr) \
	"{\"rule\": {\"family\": \"" family "\", \"table\": \"" table "\", \"chain\": \"" chain \
	"\", \"expr\": [" expr "]}}"
#define MATCH(op, field, right) "{\"match\": {\"op\": \"" op "\", \"left\": {\"payload\": " \
	"{\"protocol\": \"udp\", \"field\": \"" field "\"}}, \"right\": " right "}}"
#define PORT(field, right) MATCH("==", field, right)
#define FORWARD CHAIN("inet", "fw", "f", BASE("forward", 0, "accept")) ","
#define FW(expr) RULE("inet", "fw", "f", expr)

static void test_kernel(void **state)
{
	struct field *t = *state;

	finds(t, "kernel", HEALTH_OK, "6.1.0-test");
	snprintf(t->place.kernel, sizeof(t->place.kernel), "5.10.0-30-amd64");
	finds(t, "kernel", HEALTH_WARN, "5.10.0-30-amd64 is older");
	snprintf(t->place.kernel, sizeof(t->place.kernel), "6.0.9");
	finds(t, "kernel", HEALTH_WARN, "older");
	snprintf(t->place.kernel, sizeof(t->place.kernel), "7.0");
	finds(t, "kernel", HEALTH_OK, "7.0");
}

/* With a config that does not load nobody knows what is in it: not ok, not wrong. */
static void test_broken_config(void **state)
{
	static const char *const of_config[] = { "mode", "inside", "listeners", "flows", "dnat",
						 "forgery", "databases" };
	struct field *t = *state;

	t->place.defaults = true;
	for (size_t i = 0; i < sizeof(of_config) / sizeof(of_config[0]); i++)
		finds(t, of_config[i], HEALTH_UNKNOWN, "config, which does not load");
	finds(t, "kernel", HEALTH_OK, "6.1.0-test");
}

static void test_modules(void **state)
{
	struct field *t = *state;

	finds(t, "queueing", HEALTH_UNKNOWN, "no list of modules");
	put(t, "/lib/modules/6.1.0-test/modules.builtin", "kernel/net/netfilter/nfnetlink.ko\n");
	finds(t, "queueing", HEALTH_FAIL, "nfnetlink_queue is missing");
	/* what needs it, and what is only named like it */
	put(t, "/lib/modules/6.1.0-test/modules.dep",
	    "kernel/net/netfilter/xt_x.ko: kernel/net/netfilter/nfnetlink_queue.ko\n"
	    "kernel/net/netfilter/own_nfnetlink_queue.ko:\n");
	finds(t, "queueing", HEALTH_FAIL, "nfnetlink_queue is missing");
	put(t, "/lib/modules/6.1.0-test/modules.dep",
	    "kernel/net/netfilter/nfnetlink_queue.ko.xz: kernel/net/netfilter/nfnetlink.ko.xz\n");
	finds(t, "queueing", HEALTH_FAIL, "nft_queue is missing");
	put(t, "/sys/module/xt_NFQUEUE/refcnt", "0\n");
	finds(t, "queueing", HEALTH_OK, "can queue");
}

static void test_glue(void **state)
{
	struct field *t = *state;

	finds(t, "glue", HEALTH_UNKNOWN, "cannot be read");
	put(t, "/boot/config-6.1.0-test",
	    "# nothing\n# CONFIG_NETFILTER_NETLINK_GLUE_CT is not set\n");
	finds(t, "glue", HEALTH_WARN, "without NETFILTER_NETLINK_GLUE_CT");
	put(t, "/boot/config-6.1.0-test", "# nothing\nCONFIG_NETFILTER_NETLINK_GLUE_CT=y\n");
	finds(t, "glue", HEALTH_OK, "which connection");
}

static void test_conntrack(void **state)
{
	struct field *t = *state;

	rules(t, "");
	finds(t, "conntrack", HEALTH_OK, "not on yet");
	put(t, "/proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
	put(t, "/proc/sys/net/netfilter/nf_conntrack_count", "899\n");
	finds(t, "conntrack", HEALTH_OK, "899 of 1000");
	put(t, "/proc/sys/net/netfilter/nf_conntrack_count", "900\n");
	finds(t, "conntrack", HEALTH_WARN, "full: 900 of 1000");
}

#define STEERED(table_family, table) \
	CHAIN(table_family, table, "steer_input", BASE("input", -5, "accept")) "," \
	CHAIN(table_family, table, "steer_lanes", "") "," \
	CHAIN(table_family, table, "defrag", "") "," \
	RULE(table_family, table, "steer_input", "{\"jump\": {\"target\": \"steer_lanes\"}}") "," \
	RULE(table_family, table, "steer_lanes", \
	     "{\"queue\": {\"num\": {\"range\": [5060, 5061]}, \"flags\": \"bypass\"}}")

static void test_steering(void **state)
{
	struct field *t = *state;

	finds(t, "steering", HEALTH_UNKNOWN, "cannot be listed");
	t->place.privileged = false;
	finds(t, "steering", HEALTH_UNKNOWN, "not root");
	t->place.privileged = true;
	rules(t, "");
	finds(t, "steering", HEALTH_WARN, "does not run");
	t->place.control = 0;
	finds(t, "steering", HEALTH_FAIL, "not led to it");
	rules(t, STEERED("inet", "sipmoat"));
	finds(t, "steering", HEALTH_OK, "by nft's queue");
	finds(t, "fragments", HEALTH_FAIL, "\"defrag\"");
	rules(t, STEERED("inet", "sipmoat") ","
		 RULE("inet", "sipmoat", "defrag", "{\"accept\": null}"));
	finds(t, "fragments", HEALTH_OK, "put together");
	finds(t, "conntrack", HEALTH_FAIL, "is off");
	finds(t, "queues", HEALTH_UNKNOWN, "not root"); /* no file here */
	rules(t, STEERED("ip", "sipmoat-queue"));
	finds(t, "steering", HEALTH_OK, "NFQUEUE");
	/* emptied, as a stopped daemon leaves it */
	rules(t, CHAIN("inet", "sipmoat", "steer_input", BASE("input", -5, "accept")));
	finds(t, "steering", HEALTH_FAIL, "not led to it");
}

static void test_queues(void **state)
{
	struct field *t = *state;
	char link[512];

	rules(t, "");
	config(t, "queue = { first = 100; workers = 2; };");
	put(t, "/proc/net/netfilter/nfnetlink_queue",
	    "   99  77 0 2 65531     5     6      0  1\n"
	    "  103 812 0 2 65531     3     0      0  1\n"
	    "  104 812 0 2 65531     9     9      0  1\n");
	put(t, "/proc/net/netlink", "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n"
				    "0000000000000000 0   812 00000000 0 0 0 2 0 4000\n"
				    "0000000000000000 12  812 00000000 0 0 0 2 0 4001\n");
	finds(t, "losses", HEALTH_WARN, "3 packets found a queue full");
	finds(t, "queues", HEALTH_FAIL, "another process reads queue 103");
	put(t, "/proc/812/comm", "sipmoatd\n");
	put(t, "/proc/812/fd/none", "");
	snprintf(link, sizeof(link), "%s/proc/812/fd/7", t->dir->path);
	assert_int_equal(symlink("socket:[4001]", link), 0);
	finds(t, "queues", HEALTH_OK, "queues 100 to 103");
	put(t, "/proc/812/comm", "n\x1b[2Jsnort\n");
	finds(t, "queues", HEALTH_FAIL, "n?[2Jsnort reads queue 103");
	put(t, "/proc/812/comm", "sipmoatd\n");
	rules(t, FORWARD FW("{\"queue\": {\"num\": 102}}"));
	finds(t, "queues", HEALTH_FAIL, "inet fw f sends packets into queue 102");
	rules(t, FORWARD FW("{\"queue\": {\"num\": {\"range\": [90, 100]}}}"));
	finds(t, "queues", HEALTH_FAIL, "sends packets into queue 90");
	rules(t, "");
	t->place.iptables = strdup("*raw\n-A FORWARD -j NFQUEUE --queue-balance 90:100\nCOMMIT\n");
	finds(t, "queues", HEALTH_FAIL, "--queue-balance 90:100");
	free(t->place.iptables);
	t->place.iptables = strdup("-A FORWARD -j NFQUEUE --queue-num 104 --queue-bypass\n");
	finds(t, "queues", HEALTH_OK, "");
	put(t, "/proc/net/netfilter/nfnetlink_queue", "  103 812 0 2 65531 0 0 0 1\n");
	finds(t, "losses", HEALTH_OK, "");
}

#define FLOW_ADD "{\"flow\": {\"op\": \"add\", \"flowtable\": \"@fast\"}}"
#define SPARED(end) FW(PORT(end, "5060") ", {\"accept\": null}") ","
#define OTHERS(end) MATCH("!=", end, "{\"set\": [5060, 5061]}") ","

/* The way back counts as well: what asks for one end alone spares SIP nothing. */
static void test_flowtables(void **state)
{
	struct field *t = *state;

	rules(t, "{\"flowtable\": {\"family\": \"inet\", \"name\": \"fast\", \"table\": \"fw\"}}");
	finds(t, "flowtables", HEALTH_OK, "");
	rules(t, FORWARD FW(FLOW_ADD));
	finds(t, "flowtables", HEALTH_FAIL, "inet fw f hands flows, SIP among them, to the flow");
	rules(t, FORWARD FW(PORT("dport", "{\"set\": [80, 443]}") "," FLOW_ADD));
	finds(t, "flowtables", HEALTH_OK, "");
	rules(t, FORWARD SPARED("dport") FW(FLOW_ADD));
	finds(t, "flowtables", HEALTH_FAIL, "inet fw f");
	rules(t, FORWARD SPARED("dport") SPARED("sport") FW(FLOW_ADD));
	finds(t, "flowtables", HEALTH_OK, "");
	rules(t, FORWARD FW(OTHERS("dport") OTHERS("sport") FLOW_ADD));
	finds(t, "flowtables", HEALTH_OK, "");
	rules(t, FORWARD FW(OTHERS("dport") FLOW_ADD));
	finds(t, "flowtables", HEALTH_FAIL, "inet fw f");
	rules(t, "");
	t->place.iptables = strdup("-A FORWARD -m conntrack -j FLOWOFFLOAD\n");
	finds(t, "flowtables", HEALTH_FAIL, "FLOWOFFLOAD");
}

static void test_helper(void **state)
{
	struct field *t = *state;

	rules(t, "");
	finds(t, "sip-helper", HEALTH_OK, "not in use");
	put(t, "/sys/module/nf_conntrack_sip/refcnt", "0\n");
	finds(t, "sip-helper", HEALTH_OK, "no rule uses it");
	put(t, "/proc/sys/net/netfilter/nf_conntrack_helper", "1\n");
	finds(t, "sip-helper", HEALTH_FAIL, "gives all SIP the helper");
	put(t, "/proc/sys/net/netfilter/nf_conntrack_helper", "0\n");
	/* the name of the object says nothing */
	rules(t, "{\"ct helper\": {\"family\": \"ip\", \"name\": \"sip\", \"table\": \"a\", "
		 "\"type\": \"ftp\", \"protocol\": \"tcp\", \"l3proto\": \"ip\"}},"
		 CHAIN("ip", "a", "c", "") "," RULE("ip", "a", "c", "{\"ct helper\": \"sip\"}"));
	finds(t, "sip-helper", HEALTH_OK, "");
}

static void test_priorities(void **state)
{
	struct field *t = *state;

	/* by address alone: a ban list, or a filter for the way back */
	rules(t, CHAIN("inet", "own", "c", BASE("prerouting", -460, "accept")) ","
		 RULE("inet", "own", "c", "{\"match\": {\"op\": \"==\", \"left\": {\"payload\": "
		      "{\"protocol\": \"ip\", \"field\": \"saddr\"}}, \"right\": \"@bad\"}}, "
		      "{\"drop\": null}"));
	finds(t, "priorities", HEALTH_OK, "1 chains");
	rules(t, CHAIN("inet", "own", "c", BASE("input", -10, "drop")));
	finds(t, "priorities", HEALTH_WARN, "inet own c (input, priority -10)");
	rules(t, CHAIN("ip", "own", "c", BASE("input", -10, "accept")) ","
		 RULE("ip", "own", "c", MATCH("!=", "dport", "5060") ", {\"drop\": null}"));
	finds(t, "priorities", HEALTH_OK, "1 chains"); /* all but SIP */
	rules(t, CHAIN("inet", "own", "c", BASE("input", -4, "drop")));
	finds(t, "priorities", HEALTH_OK, "0 chains");
	rules(t, CHAIN("bridge", "own", "c", BASE("input", -200, "drop")));
	finds(t, "priorities", HEALTH_OK, "0 chains");
	rules(t, CHAIN("inet", "fw", "f", BASE("output", -100, "accept")) ","
		 FW(PORT("sport", "{\"range\": [5000, 5100]}") ", {\"reject\": null}"));
	finds(t, "priorities", HEALTH_WARN, "inet fw f (output, priority -100)");
	rules(t, CHAIN("inet", "sipmoat", "bans", BASE("prerouting", -450, "drop")));
	finds(t, "priorities", HEALTH_OK, "0 chains");
	t->place.iptables = strdup("*mangle\n-A PREROUTING -p udp --dport 5060 -j DROP\nCOMMIT\n");
	finds(t, "priorities", HEALTH_WARN, "iptables drops SIP");
	free(t->place.iptables);
	t->place.iptables = strdup("-A PREROUTING --dport 5060 -m comment \x1b[2J -j DROP\n");
	finds(t, "priorities", HEALTH_WARN, "comment ?[2J");
}

static void socket_here(struct field *t, const char *program, uint8_t proto, uint16_t port)
{
	struct host *h = &t->place.host;
	struct host_socket *s;

	h->socket = reallocarray(h->socket, h->sockets + 1, sizeof(*s));
	assert_non_null(h->socket);
	s = &h->socket[h->sockets++];
	*s = (struct host_socket){ .proto = proto, .port = port, .any = true };
	snprintf(s->program, sizeof(s->program), "%s", program);
}

static void test_listeners(void **state)
{
	struct field *t = *state;

	finds(t, "listeners", HEALTH_OK, "no SIP server");
	socket_here(t, "asterisk", PROTO_UDP, 5060);
	socket_here(t, "asterisk", PROTO_UDP, 4569);  /* IAX2 */
	socket_here(t, "asterisk", PROTO_TCP, 5038);  /* its manager */
	socket_here(t, "asterisk", PROTO_UDP, 14002); /* media */
	socket_here(t, "asterisk", PROTO_UDP, 8010);
	socket_here(t, "asterisk", PROTO_UDP, 8011);
	socket_here(t, "avahi-daemon", PROTO_UDP, 5353);
	finds(t, "listeners", HEALTH_OK, "are guarded");
	socket_here(t, "asterisk", PROTO_TCP, 8089);
	finds(t, "encrypted", HEALTH_WARN, "asterisk takes WSS on tcp 8089");
	finds(t, "listeners", HEALTH_OK, "");
	socket_here(t, "kamailio", PROTO_UDP, 6060);
	finds(t, "listeners", HEALTH_WARN, "kamailio listens for SIP on udp 6060");
	t->place.host.sockets--;
	socket_here(t, "", PROTO_UDP, 5062);
	finds(t, "listeners", HEALTH_WARN, "a program listens for SIP on udp 5062");
	t->place.host.sockets--;
	socket_here(t, "asterisk", PROTO_TCP, 8088);
	finds(t, "listeners", HEALTH_WARN, "SIP over WebSocket on tcp 8088");
	t->place.host.socket[t->place.host.sockets - 1].loopback = true;
	finds(t, "listeners", HEALTH_OK, "");
}

static void test_flows(void **state)
{
	struct field *t = *state;

	finds(t, "flows", HEALTH_UNKNOWN, "not listed");
	put(t, "/proc/net/nf_conntrack",
	    "ipv4     2 udp      17 29 src=203.0.113.9 dst=192.0.2.10 sport=5071 dport=5060 "
	    "src=192.0.2.10 dst=203.0.113.9 sport=5060 dport=5071 mark=0 use=2\n"
	    "ipv4     2 udp      17 29 src=192.0.2.10 dst=203.0.113.9 sport=5060 dport=5062 "
	    "src=203.0.113.9 dst=192.0.2.10 sport=5062 dport=5060 mark=0 use=2\n");
	finds(t, "flows", HEALTH_OK, "");
	put(t, "/proc/net/nf_conntrack",
	    "ipv4     2 tcp      6 431999 ESTABLISHED src=203.0.113.9 dst=192.0.2.10 sport=40000 "
	    "dport=5080 src=192.0.2.10 dst=203.0.113.9 sport=5080 dport=40000 [ASSURED] use=2\n");
	finds(t, "flows", HEALTH_WARN, "192.0.2.10 on tcp 5080");
}

static void test_time(void **state)
{
	struct field *t = *state;

	finds(t, "clock", HEALTH_OK, "");
	t->place.synchronised = false;
	finds(t, "clock", HEALTH_WARN, "not synchronised");
	t->place.now = t->place.built - 90000;
	finds(t, "clock", HEALTH_FAIL, "before sipmoat was installed");
}

static void test_beside(void **state)
{
	struct field *t = *state;

	finds(t, "beside", HEALTH_OK, "no other firewall");
	put(t, "/proc/44/comm", "fail2ban-server\n");
	t->place.iptables = strdup(":ufw-before-input - [0:0]\n:DOCKER - [0:0]\n");
	put(t, "/etc/nftables.conf", "#!/usr/sbin/nft -f\n\nflush ruleset\n");
	finds(t, "beside", HEALTH_OK, "ufw (");
	finds(t, "beside", HEALTH_OK, "docker (");
	finds(t, "beside", HEALTH_OK, "fail2ban (");
	put(t, "/etc/systemd/system/sysinit.target.wants/nftables.service", "");
	finds(t, "beside", HEALTH_OK, "nftables.service (");
}

static void test_daemon(void **state)
{
	struct field *t = *state;

	finds(t, "daemon", HEALTH_FAIL, "does not run");
	finds(t, "control", HEALTH_UNKNOWN, "nobody answers");
	t->place.control = EACCES;
	finds(t, "daemon", HEALTH_UNKNOWN, "not root");
	finds(t, "control", HEALTH_UNKNOWN, "no permission");
	put(t, "/proc/44/comm", "sipmoatd\n");
	t->place.control = ECONNREFUSED;
	finds(t, "daemon", HEALTH_OK, "runs");
	finds(t, "control", HEALTH_WARN, "does not answer");
	config(t, "mode = \"observe\";");
	finds(t, "mode", HEALTH_OK, "the config says observe");
	config(t, "mode = \"enforce\";");
	finds(t, "mode", HEALTH_OK, "the config says enforce");
	finds(t, "config", HEALTH_OK, "in order");
}

/* Whatever nft may say one day: nothing is read that is not there. */
static void test_strange_rules(void **state)
{
	struct field *t = *state;
	const struct settings *s = ruleset_settings(t->place.rules);

	assert_null(nft_view_read("", s));
	assert_null(nft_view_read("[]", s));
	assert_null(nft_view_read("{\"nftables\": {}}", s));
	rules(t, "1, \"x\", {}, {\"rule\": null}, "
		 "{\"rule\": {\"expr\": [1, [], {}, {\"match\": 3}]}},"
		 CHAIN("ip", "a\\u001b", "c", "") ","
		 RULE("ip", "a\\u001b", "c", "3, {}, {\"queue\": null}, {\"flow\": 1}, "
		      "{\"xt\": null}, " PORT("dport", "{\"set\": [\"x\", {}, null]}")));
	assert_int_equal(t->place.nft->rules, 1);
	assert_string_equal(t->place.nft->chain[0].table, "a?");
}

/* docs/doctor.md explains each of them. */
static void test_page(void **state)
{
	char line[256], want[64];

	(void)state;
	for (unsigned i = 0; i < findings_count; i++) {
		FILE *f = fopen("docs/doctor.md", "r");
		bool there = false;

		assert_non_null(f);
		snprintf(want, sizeof(want), "### %s\n", findings[i].name);
		while (!there && fgets(line, sizeof(line), f))
			there = strcmp(line, want) == 0;
		fclose(f);
		if (!there)
			fail_msg("docs/doctor.md does not explain %s", findings[i].name);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_kernel), T(test_broken_config), T(test_modules), T(test_glue),
		T(test_conntrack), T(test_steering), T(test_queues), T(test_flowtables),
		T(test_helper), T(test_priorities),
		T(test_listeners), T(test_flows), T(test_time),
		T(test_beside), T(test_daemon), T(test_strange_rules), T(test_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
