/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registrations as the servers' answers teach them, through the whole engine. */
#include "registrar.h"

static void test_binding_ends_to_the_second(void **arg)
{
	struct world w;

	(void)arg;
	set_up(&w);
	assert_false(held(&w, "100", HOME, 0));
	ask(&w, HOME, "100", PHONE "\r\nExpires: 3600", 0);
	assert_false(held(&w, "100", HOME, 0));
	accepted(&w, HOME, "100", PHONE ";expires=120", NS);
	assert_true(held(&w, "100", HOME, NS));
	assert_false(held(&w, "100", HOTEL, NS));
	assert_false(held(&w, "101", HOME, NS));
	assert_true(held(&w, "100", HOME, 121 * NS - NS / 10));
	assert_false(held(&w, "100", HOME, 121 * NS + NS / 10));
	/* the header when the contact says nothing, an hour when both are silent */
	registers(&w, HOME, "101", PHONE "\r\nExpires: 50", 0);
	assert_true(held(&w, "101", HOME, 49 * NS));
	assert_false(held(&w, "101", HOME, 51 * NS));
	registers(&w, HOME, "102", PHONE, 0);
	assert_true(held(&w, "102", HOME, 3599 * NS));
	assert_false(held(&w, "102", HOME, 3601 * NS));
	tear_down(&w);
}

/* What binds nobody. */
static void test_only_the_server_binds(void **arg)
{
	struct world w;

	(void)arg;
	set_up(&w);
	ask(&w, HOME, "100", PHONE, 0);
	answer(&w, "192.0.2.10", HOME, "100", 401, "WWW-Authenticate: Digest nonce=\"1\"", 0);
	assert_false(held(&w, "100", HOME, 0));
	answer(&w, "198.51.100.66", "192.0.2.10", "100", 200, PHONE, 0);
	answer(&w, HOME, "192.0.2.10", "100", 200, PHONE, 0);
	assert_false(held(&w, "100", HOME, 0));
	/* an answer to nobody's question, and one to somebody else's */
	w.requests++;
	accepted(&w, HOME, "100", PHONE, 0);
	ask(&w, HOTEL, "100", PHONE, 0);
	accepted(&w, HOME, "100", PHONE, 0);
	assert_false(held(&w, "100", HOME, 0));
	assert_int_equal(bindings_live(w.st, START), 0);
	tear_down(&w);
}

static void test_unregistering(void **arg)
{
	struct world w;

	(void)arg;
	set_up(&w);
	registers(&w, HOME, "100", PHONE ";expires=600", 0);
	assert_int_equal(bindings_live(w.st, START), 1);
	registers(&w, HOME, "100", PHONE ";expires=0", NS);
	assert_false(held(&w, "100", HOME, NS));
	assert_int_equal(live(&w, "100", NS), 0);
	assert_int_equal(bindings_live(w.st, START + NS), 0);
	/* of all phones, wherever they are */
	registers(&w, HOME, "100", PHONE ";expires=600", 2 * NS);
	ask(&w, HOTEL, "100", "Contact: <sip:100@10.0.0.6>", 3 * NS);
	accepted(&w, HOTEL, "100", PHONE ";expires=599, <sip:100@10.0.0.6>;expires=600", 3 * NS);
	assert_true(held(&w, "100", HOME, 3 * NS));
	assert_true(held(&w, "100", HOTEL, 3 * NS));
	assert_int_equal(bindings_live(w.st, START + 3 * NS), 2);
	ask(&w, HOTEL, "100", "Contact: *\r\nExpires: 0", 4 * NS);
	accepted(&w, HOTEL, "100", "X: y", 4 * NS);
	assert_false(held(&w, "100", HOME, 4 * NS));
	assert_false(held(&w, "100", HOTEL, 4 * NS));
	assert_int_equal(bindings_live(w.st, START + 4 * NS), 0);
	tear_down(&w);
}

/* The repetition of an answer, later than what was said since. */
static void test_late_repetition(void **arg)
{
	struct world w;

	(void)arg;
	set_up(&w);
	registers(&w, HOME, "100", PHONE ";expires=600", 0);
	registers(&w, HOME, "100", PHONE ";expires=0", NS);
	w.requests--;
	accepted(&w, HOME, "100", PHONE ";expires=600", NS + NS / 2);
	assert_false(held(&w, "100", HOME, 2 * NS));
	assert_int_equal(bindings_live(w.st, START + 2 * NS), 0);
	tear_down(&w);
}

/* A server of ours that registers elsewhere is nobody's phone. */
static void test_server_registers(void **arg)
{
	char to[64] = "<sip:100@pbx.example>";
	struct binding b;
	struct world w;

	(void)arg;
	set_up(&w);
	ask(&w, HOME, "100", PHONE, 0);
	binding_find(w.st, name_user(w.st, slice_of(to)), aor(&w, "100"), site(&w, HOME), START,
		     &b);
	assert_true(b.asked);
	w.requests++;
	send(&w, "192.0.2.10", HOTEL,
	     "REGISTER sip:carrier.example SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKo\r\n"
	     "From: <sip:100@pbx.example>;tag=a\r\nTo: <sip:100@pbx.example>\r\n"
	     "Call-ID: c1\r\nCSeq: 2 REGISTER\r\nMax-Forwards: 70\r\n" PHONE "\r\n"
	     "Content-Length: 0\r\n\r\n", 0);
	binding_find(w.st, name_user(w.st, slice_of(to)), aor(&w, "100"), site(&w, HOTEL), START,
		     &b);
	assert_false(b.asked);
	send(&w, HOTEL, "192.0.2.10",
	     "SIP/2.0 200 Well\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKo\r\n"
	     "From: <sip:100@pbx.example>;tag=a\r\nTo: <sip:100@pbx.example>;tag=b\r\n"
	     "Call-ID: c1\r\nCSeq: 2 REGISTER\r\n" PHONE ";expires=60\r\n"
	     "Content-Length: 0\r\n\r\n", 0);
	assert_false(held(&w, "100", HOTEL, 0));
	assert_int_equal(bindings_live(w.st, START), 0);
	assert_true(upstream_held(w.st, site(&w, HOTEL), START + 59 * NS));
	assert_false(upstream_held(w.st, site(&w, HOTEL), START + 61 * NS));
	tear_down(&w);
}

/* A registrar that lists nothing. */
static void test_answer_without_contact(void **arg)
{
	struct world w;

	(void)arg;
	set_up(&w);
	ask(&w, HOME, "100", PHONE "\r\nExpires: 60", 0);
	accepted(&w, HOME, "100", "X: y", 0);
	assert_true(held(&w, "100", HOME, 59 * NS));
	assert_false(held(&w, "100", HOME, 61 * NS));
	assert_int_equal(live(&w, "100", 0), 1);
	ask(&w, HOME, "100", PHONE ";expires=600", 0);
	accepted(&w, HOME, "100", "Expires: 30", 0);
	assert_false(held(&w, "100", HOME, 61 * NS));
	/* nothing was asked for, or its end */
	ask(&w, HOME, "101", "X: y", 0);
	accepted(&w, HOME, "101", "X: y", 0);
	assert_false(held(&w, "101", HOME, 0));
	ask(&w, HOME, "100", PHONE ";expires=0", NS);
	accepted(&w, HOME, "100", "X: y", NS);
	assert_false(held(&w, "100", HOME, NS));
	assert_int_equal(bindings_live(w.st, START + NS), 0);
	tear_down(&w);
}

/* The same contact from another address: a NAT gave it a new one. */
static void test_binding_moves(void **arg)
{
	struct world w;

	(void)arg;
	set_up(&w);
	registers(&w, HOME, "100", PHONE ";expires=600", 0);
	registers(&w, HOTEL, "100", PHONE ";expires=600", NS);
	assert_false(held(&w, "100", HOME, NS));
	assert_true(held(&w, "100", HOTEL, NS));
	assert_int_equal(live(&w, "100", NS), 1);
	tear_down(&w);
}

/* A server that lists all contacts says that one is gone by leaving it out; one that
 * lists only what was asked for does not. */
static void test_lists_that_leave_out(void **arg)
{
	struct world w;

	(void)arg;
	set_up(&w);
	registers(&w, HOME, "100", PHONE ";expires=600", 0);
	registers(&w, HOTEL, "100", "Contact: <sip:100@10.0.0.6>;expires=600", NS);
	assert_true(held(&w, "100", HOME, NS));
	assert_int_equal(live(&w, "100", NS), 1);
	ask(&w, HOTEL, "100", "Contact: <sip:100@10.0.0.6>", 2 * NS);
	accepted(&w, HOTEL, "100", "Contact: <sip:100@10.0.0.6>\r\n" PHONE ";expires=590", 2 * NS);
	assert_int_equal(live(&w, "100", 2 * NS), 2);
	registers(&w, HOTEL, "100", "Contact: <sip:100@10.0.0.6>;expires=600", 3 * NS);
	assert_int_equal(live(&w, "100", 3 * NS), 1);
	assert_false(held(&w, "100", HOME, 3 * NS));
	assert_true(held(&w, "100", HOTEL, 3 * NS));
	tear_down(&w);
}

/* Two phones of a user behind one address: one that leaves does not take the other's. */
static void test_two_phones_at_home(void **arg)
{
	struct world w;

	(void)arg;
	set_up(&w);
	registers(&w, HOME, "100", PHONE ";expires=600", 0);
	ask(&w, HOME, "100", "Contact: <sip:100@10.0.0.6>", 0);
	accepted(&w, HOME, "100", PHONE ";expires=600,<sip:100@10.0.0.6>;expires=300", 0);
	ask(&w, HOME, "100", PHONE ";expires=0", NS);
	accepted(&w, HOME, "100", "Contact: <sip:100@10.0.0.6>;expires=299", NS);
	assert_true(held(&w, "100", HOME, 299 * NS));
	assert_false(held(&w, "100", HOME, 301 * NS));
	tear_down(&w);
}

/* The server puts the address that it sees into the contact. */
static void test_rewritten_contacts(void **arg)
{
	const char *both = "Contact: <sip:100@203.0.113.9:6001>;expires=600\r\n"
			   "Contact: <sip:100@198.51.100.7:6002>;expires=600";
	struct world w;

	(void)arg;
	set_up(&w);
	ask(&w, HOME, "100", PHONE, 0);
	accepted(&w, HOME, "100", "Contact: <sip:100@203.0.113.9:6001>;expires=600", 0);
	/* another phone with the same private address */
	ask(&w, HOTEL, "100", PHONE, 0);
	accepted(&w, HOTEL, "100", both, 0);
	assert_true(held(&w, "100", HOME, NS));
	assert_true(held(&w, "100", HOTEL, NS));
	ask(&w, HOTEL, "100", PHONE ";expires=0", NS);
	accepted(&w, HOTEL, "100", "Contact: <sip:100@203.0.113.9:6001>;expires=599", NS);
	assert_true(held(&w, "100", HOME, NS));
	assert_false(held(&w, "100", HOTEL, NS));
	tear_down(&w);
}

/* The same, and a server that lists only what was asked for. */
static void test_rewritten_and_alone(void **arg)
{
	struct world w;

	(void)arg;
	set_up(&w);
	ask(&w, HOME, "100", PHONE, 0);
	accepted(&w, HOME, "100", "Contact: <sip:100@203.0.113.9:6001>;expires=600", 0);
	ask(&w, HOTEL, "100", PHONE, 0);
	accepted(&w, HOTEL, "100", "Contact: <sip:100@198.51.100.7:6002>;expires=600", 0);
	assert_true(held(&w, "100", HOME, NS));
	assert_true(held(&w, "100", HOTEL, NS));
	ask(&w, HOTEL, "100", PHONE ";expires=0", NS);
	accepted(&w, HOTEL, "100", "X: y", NS);
	assert_true(held(&w, "100", HOME, NS));
	assert_false(held(&w, "100", HOTEL, NS));
	tear_down(&w);
}

static void test_sites_are_counted(void **arg)
{
	struct bindings_site s;
	struct world w;
	char user[8];

	(void)arg;
	set_up(&w);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(user, sizeof(user), "%u", 200 + i);
		registers(&w, HOME, user, PHONE ";expires=600", 2 * i * NS);
	}
	bindings_site(w.st, site(&w, HOME), START + 120 * NS, &s);
	assert_int_equal(s.aors, 60);
	assert_int_equal(s.fresh, 60);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(user, sizeof(user), "%u", 200 + i);
		registers(&w, HOME, user, PHONE ";expires=7200", (300 + 2 * i) * NS);
	}
	bindings_site(w.st, site(&w, HOME), START + 800 * NS, &s);
	assert_int_equal(s.aors, 60);
	assert_int_equal(s.fresh, 60);
	registers(&w, HOME, "200", PHONE ";expires=0", 900 * NS);
	bindings_site(w.st, site(&w, HOME), START + 900 * NS, &s);
	assert_int_equal(s.aors, 59);
	bindings_site(w.st, site(&w, HOME), START + 3800 * NS, &s);
	assert_int_equal(s.fresh, 0);
	assert_int_equal(s.aors, 59);
	bindings_site(w.st, site(&w, HOME), START + 7800 * NS, &s);
	assert_int_equal(s.aors, 0);
	assert_int_equal(bindings_live(w.st, START + 5000 * NS), 59);
	assert_int_equal(bindings_live(w.st, START + 7800 * NS), 0);
	tear_down(&w);
}

static void test_known_for_a_day(void **arg)
{
	uint64_t user;
	struct binding b;
	struct world w;

	(void)arg;
	set_up(&w);
	user = name_user(w.st, SLICE("<sip:100@pbx.example>"));
	ask(&w, HOME, "100", PHONE, 0);
	binding_find(w.st, user, aor(&w, "100"), site(&w, HOME), START + 31 * NS, &b);
	assert_true(b.asked && !b.held && !b.bound && !b.known);
	accepted(&w, HOME, "100", PHONE ";expires=600", 0);
	binding_find(w.st, user, aor(&w, "100"), site(&w, HOME), START + 599 * NS, &b);
	assert_true(b.held && b.bound && b.known && !b.asked);
	binding_find(w.st, user, aor(&w, "100"), site(&w, HOME), START + 86999 * NS, &b);
	assert_true(!b.held && !b.bound && b.known);
	binding_find(w.st, user, aor(&w, "100"), site(&w, HOME), START + 87001 * NS, &b);
	assert_false(b.known);
	tear_down(&w);
}

static void read_contacts(struct contacts_asked *a, struct world *w, const char *contacts)
{
	struct sip_msg sip;
	char text[512];

	snprintf(text, sizeof(text), "REGISTER sip:x SIP/2.0\r\nm: %s\r\n\r\n", contacts);
	sip_parse(&sip, slice_of(text));
	contacts_read(w->st, &sip, a);
}

/* Is it a contact more, or one that is there? */
static void test_refresh_is_no_new_contact(void **arg)
{
	const char *phone = "Contact: <sip:100@10.0.0.5>;+sip.instance=\"<urn:uuid:1>\";reg-id=1";
	struct contacts_asked a;
	struct contacts c;
	struct world w;

	(void)arg;
	set_up(&w);
	registers(&w, HOME, "100", phone, 0);
	read_contacts(&a, &w, "<sip:100@10.0.0.99:7>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"");
	contacts_find(w.st, aor(&w, "100"), &a, START, &c);
	assert_int_equal(c.live, 1);
	assert_int_equal(c.fresh, 0);
	read_contacts(&a, &w, "<sip:100@10.0.0.99:7>;reg-id=2;+sip.instance=\"<urn:uuid:1>\"");
	contacts_find(w.st, aor(&w, "100"), &a, START, &c);
	assert_int_equal(c.fresh, 1);
	read_contacts(&a, &w,
		      "sip:100@10.0.0.7, <sip:100@10.0.0.5>, <sip:100@10.0.0.8>;expires=0");
	contacts_find(w.st, aor(&w, "100"), &a, START, &c);
	assert_int_equal(c.fresh, 1);
	contacts_find(w.st, aor(&w, "100"), &a, START + 3601 * NS, &c);
	assert_int_equal(c.live, 0);
	assert_int_equal(c.fresh, 2);
	tear_down(&w);
}

/* More than there is room for: nobody loses his binding for it. */
static void test_too_many_contacts(void **arg)
{
	char headers[1600] = "Contact: <sip:100@10.0.0.1>";
	struct world w;

	(void)arg;
	set_up(&w);
	registers(&w, HOME, "100", headers, 0);
	for (unsigned i = 2; i < 30; i++)
		snprintf(headers + strlen(headers), sizeof(headers) - strlen(headers),
			 ",<sip:100@10.0.0.%u>", i);
	ask(&w, HOTEL, "100", "Contact: <sip:100@10.0.0.29>", NS);
	accepted(&w, HOTEL, "100", headers, NS);
	assert_int_equal(live(&w, "100", NS), CONTACTS_MOST);
	assert_true(held(&w, "100", HOTEL, NS));
	assert_true(held(&w, "100", HOME, NS));
	tear_down(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_binding_ends_to_the_second),
		cmocka_unit_test(test_only_the_server_binds),
		cmocka_unit_test(test_unregistering),
		cmocka_unit_test(test_binding_moves),
		cmocka_unit_test(test_lists_that_leave_out),
		cmocka_unit_test(test_two_phones_at_home),
		cmocka_unit_test(test_rewritten_contacts),
		cmocka_unit_test(test_rewritten_and_alone),
		cmocka_unit_test(test_sites_are_counted),
		cmocka_unit_test(test_known_for_a_day),
		cmocka_unit_test(test_refresh_is_no_new_contact),
		cmocka_unit_test(test_too_many_contacts),
		cmocka_unit_test(test_late_repetition),
		cmocka_unit_test(test_answer_without_contact),
		cmocka_unit_test(test_server_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
