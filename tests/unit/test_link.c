/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tool's end of the control socket: several questions, answers in pieces, a daemon that
 * refuses, hangs up, says nothing or talks nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "link.h"

struct world {
	char dir[32], path[64];
	int listener, daemon; /* the daemon's end, once it is accepted */
	struct link *c;
};

static int begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	assert_non_null(w);
	snprintf(w->dir, sizeof(w->dir), "/tmp/sipmoat-client.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/control", w->dir);
	memcpy(at.sun_path, w->path, strlen(w->path));
	w->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(w->listener, 4), 0);
	assert_int_equal(link_open(w->path, &w->c), 0);
	w->daemon = accept(w->listener, NULL, NULL);
	assert_true(w->daemon >= 0);
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	link_close(w->c);
	if (w->daemon >= 0)
		close(w->daemon);
	close(w->listener);
	unlink(w->path);
	rmdir(w->dir);
	free(w);
	return 0;
}

static void says(struct world *w, const char *text)
{
	assert_int_equal(write(w->daemon, text, strlen(text)), (int)strlen(text));
}

static void heard(struct world *w, const char *want)
{
	char got[512];
	ssize_t n = read(w->daemon, got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	assert_string_equal(got, want);
}

static struct reply *answered(struct world *w)
{
	struct reply *r;

	assert_int_equal(link_take(w->c, &r), 0);
	assert_non_null(r);
	return r;
}

static void not_yet(struct world *w)
{
	struct reply *r;

	assert_int_equal(link_take(w->c, &r), 0);
	assert_null(r);
}

static void questions_follow_each_other(void **state)
{
	const struct client_arg args[] = { { "who", "a \"b\"", 0 }, { "seconds", NULL, 5 }, { 0 } };
	struct world *w = *state;
	struct reply *r;

	assert_int_equal(link_send(w->c, "bans", NULL), 0);
	assert_int_equal(link_send(w->c, "ban", args), 0);
	heard(w, "{\"command\":\"bans\"}\n"
		 "{\"command\":\"ban\",\"who\":\"a \\\"b\\\"\",\"seconds\":5}\n");
	not_yet(w);
	says(w, "{\"ok\":true,\"bans\":[{\"who\":\"x\",\"times\":2,\"proven\":tr");
	not_yet(w);
	says(w, "ue}]}\n{\"ok\":false,\"error\":\"never\",\"text\":\"not him\"}\n{\"ok\":true}\n");
	r = answered(w);
	assert_int_equal(reply_rows(r, "bans"), 1);
	assert_string_equal(reply_text(r, 0, "who"), "x");
	assert_string_equal(reply_text(r, 0, "why"), "");
	assert_int_equal(reply_number(r, 0, "times"), 2);
	assert_true(reply_true(r, 0, "proven"));
	reply_free(r);
	r = answered(w);
	assert_false(reply_true(r, -1, "ok"));
	assert_string_equal(reply_text(r, -1, "error"), "never");
	reply_free(r);
	r = answered(w);
	assert_string_equal(reply_line(r), "{\"ok\":true}");
	reply_free(r);
}

static void long_answers_come_whole(void **state)
{
	struct world *w = *state;
	char text[200000];
	struct reply *r = NULL;
	size_t sent = 0;

	memset(text, 'x', sizeof(text));
	memcpy(text, "{\"ok\":true,\"t\":\"", 16);
	memcpy(text + sizeof(text) - 4, "\"}\n", 4);
	for (unsigned i = 0; i < 10000 && !r; i++) {
		if (sent < sizeof(text) - 1) {
			ssize_t n = send(w->daemon, text + sent, sizeof(text) - 1 - sent,
					 MSG_DONTWAIT);

			sent += n > 0 ? (size_t)n : 0;
		}
		assert_int_equal(link_take(w->c, &r), 0);
	}
	assert_non_null(r);
	assert_int_equal(strlen(reply_text(r, -1, "t")), sizeof(text) - 1 - 16 - 3);
	reply_free(r);
}

static void fails(struct world *w, int want)
{
	struct reply *r;

	assert_int_equal(link_take(w->c, &r), want);
	assert_null(r);
}

static void hangs_up(void **state)
{
	struct world *w = *state;
	struct reply *r;

	says(w, "{\"ok\":tr");
	close(w->daemon);
	w->daemon = -1;
	fails(w, EPIPE);
	assert_int_equal(link_ask(w->c, "bans", NULL, 0, &r), EPIPE);
	assert_null(r);
}

static void nonsense(void **state)
{
	struct world *w = *state;

	says(w, "HTTP/1.1 400 Bad Request\n[]\n");
	fails(w, EPROTO);
	fails(w, EPROTO);
}

static void nobody_there(void **state)
{
	char name[200], why[LINK_TROUBLE];
	struct link *l;

	(void)state;
	assert_int_equal(link_open("/tmp/sipmoat-client.nobody/control", &l), ENOENT);
	assert_null(l);
	link_trouble("/x", ENOENT, why);
	assert_string_equal(why, "no sipmoatd listens at /x: is it running? "
				 "(systemctl status sipmoatd)");
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(link_open(name, &l), ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(questions_follow_each_other, begin, end),
		cmocka_unit_test_setup_teardown(long_answers_come_whole, begin, end),
		cmocka_unit_test_setup_teardown(hangs_up, begin, end),
		cmocka_unit_test_setup_teardown(nonsense, begin, end),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
