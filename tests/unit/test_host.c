/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's files say of sockets and routes, read from files of our own. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "confdir.h"
#include "host.h"

#define IDLE "00000000:00000000 00:00000000 00000000 0 0 "

static void test_sockets(void **state)
{
	struct confdir *d = confdir_new();
	struct addr a = addr_v4((const uint8_t[4]){ 192, 0, 2, 130 });
	char text[ADDR_TEXT];
	struct host h;

	if (htole32(1) != 1)
		skip(); /* a big endian kernel writes them the other way round */
	(void)state;
	confdir_place(d, "/proc/net/udp",
	    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
	    "   1: 0A0200C0:13C4 00000000:0000 07 " IDLE "91 2 0 0\n"
	    "   2: 00000000:13D8 00000000:0000 07 " IDLE "92 2 0 0\n"
	    "   3: 0A0200C0:13C4 0100007F:0035 01 " IDLE "93 2 0 0\n"
	    "what is this\n");
	confdir_place(d, "/proc/net/tcp6",
	    "   0: 00000000000000000000000001000000:13C4 00000000000000000000000000000000:0000 0A "
	    "00000000:00000000 00:00000000 00000000 0 0 94 1 0 0\n"
	    "   1: B80D0120000000000000000001000000:13C4 00000000000000000000000000000000:0000 0A "
	    "00000000:00000000 00:00000000 00000000 0 0 95 1 0 0\n");
	confdir_place(d, "/proc/net/route",
	    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
	    "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	    "eth1\t800200C0\t00000000\t0001\t0\t0\t0\t80FFFFFF\t0\t0\t0\n");
	host_look(&h, d->path);
	assert_int_equal(h.sockets, 4);
	addr_print(&h.socket[0].addr, text);
	assert_string_equal(text, "192.0.2.10");
	assert_int_equal(h.socket[0].port, 5060);
	assert_false(h.socket[0].any);
	assert_true(h.socket[1].any);
	assert_true(h.socket[2].loopback);
	addr_print(&h.socket[3].addr, text);
	assert_string_equal(text, "2001:db8::1");
	assert_int_equal(h.routes, 2);
	assert_string_equal(host_route_to(&h, &a)->link, "eth1");
	a = addr_v4((const uint8_t[4]){ 192, 0, 2, 1 });
	assert_string_equal(host_route_to(&h, &a)->link, "eth0");
	host_free(&h);
	confdir_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sockets) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
