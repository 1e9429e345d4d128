/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which events become alerts, by a daemon that is made up; and what is tried again, by a receiver
 * that is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf.h"
#include "deliver.h"
#include "../../alert/follow.h" /* web has one, too */
#include "sender.h"

#define PATH_MOST 64

/* ---- the sender, as follow sees it ---- */

static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER; /* what is put and lost */
static char put[256];
static uint64_t lost;

void sender_put(struct sender *s, const struct alert *a)
{
	struct alert taken = *a;

	(void)s;
	pthread_mutex_lock(&own);
	strncat(put, a->text, sizeof(put) - strlen(put) - 1);
	pthread_mutex_unlock(&own);
	alert_free(&taken);
}

void sender_lose(struct sender *s, uint64_t n)
{
	(void)s;
	pthread_mutex_lock(&own);
	lost += n;
	pthread_mutex_unlock(&own);
}

/* ---- the daemon ---- */

static const char *const answers[] = {
	/* what was before it came is not told */
	"{\"ok\":true,\"last\":5,\"missed\":9,\"events\":[{\"id\":5,\"event\":\"finding\","
	"\"action\":\"banned\",\"text\":\"0\"}]}\n",
	"{\"ok\":true,\"last\":30,\"missed\":12,\"events\":["
	"{\"event\":\"finding\",\"action\":\"banned\",\"observed\":false,\"text\":\"a\"},"
	"{\"event\":\"finding\",\"action\":\"banned\",\"observed\":true,\"text\":\"b\"},"
	"{\"event\":\"finding\",\"action\":\"dropped\",\"observed\":false,\"text\":\"c\"},"
	"{\"event\":\"more\",\"action\":\"banned\",\"text\":\"d\"},"
	"{\"event\":\"approval\",\"action\":\"banned\",\"text\":\"e\"},"
	"{\"event\":\"notice\",\"level\":\"error\",\"text\":\"f\"},"
	"{\"event\":\"notice\",\"level\":\"info\",\"text\":\"g\"}]}\n",
};

static void *follower(void *arg)
{
	follow(arg);
	return NULL;
}

static int listen_at(int domain, const struct sockaddr *at, socklen_t n)
{
	int fd = socket(domain, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, at, n), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void what_becomes_an_alert(void **unused)
{
	static struct conf_item item[] = { { .text = "banned" }, { .text = "error" } };
	static const struct conf_list what = { item, 2 };
	static struct sockaddr_un at = { .sun_family = AF_UNIX };
	static struct follow_conf conf;
	char line[4096];
	pthread_t thread;
	FILE *client;
	int fd;

	(void)unused;
	snprintf(at.sun_path, PATH_MOST, "/tmp/sipmoat-follow.%d", (int)getpid());
	fd = listen_at(AF_UNIX, (struct sockaddr *)&at, sizeof(at));
	conf = (struct follow_conf){ .socket = at.sun_path, .what = &what };
	assert_int_equal(pthread_create(&thread, NULL, follower, &conf), 0);
	client = fdopen(accept(fd, NULL, NULL), "r+");
	assert_non_null(client);
	for (unsigned i = 0; i < 2; i++) {
		assert_non_null(fgets(line, sizeof(line), client));
		assert_true(fputs(answers[i], client) >= 0);
		assert_int_equal(fflush(client), 0);
	}
	assert_non_null(fgets(line, sizeof(line), client)); /* it has taken the second */
	unlink(at.sun_path);
	pthread_mutex_lock(&own);
	assert_string_equal(put, "af");
	assert_int_equal(lost, 12);
	pthread_mutex_unlock(&own);
}

/* ---- the receiver ---- */

struct receiver {
	int fd;
	_Atomic int status, posts;
};

static void *receive(void *arg)
{
	struct receiver *r = arg;
	char bytes[4096];
	int client;

	while ((client = accept(r->fd, NULL, NULL)) >= 0) {
		size_t n = 0;
		ssize_t got;

		while (!memchr(bytes, '}', n) &&
		       (got = recv(client, bytes + n, sizeof(bytes) - n, 0)) > 0)
			n += (size_t)got;
		n = (size_t)snprintf(bytes, sizeof(bytes), "HTTP/1.1 %d x\r\nContent-Length: 0\r\n"
				     "Location: /other\r\nConnection: close\r\n\r\n", r->status);
		r->posts++;
		(void)send(client, bytes, n, MSG_NOSIGNAL);
		close(client);
	}
	return NULL;
}

static struct receiver receiver;
static char url[PATH_MOST];

static int begin(void **unused)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);
	pthread_t thread;

	(void)unused;
	receiver.fd = listen_at(AF_INET, (struct sockaddr *)&at, sizeof(at));
	getsockname(receiver.fd, (struct sockaddr *)&at, &n);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(at.sin_port));
	return pthread_create(&thread, NULL, receive, &receiver);
}

static enum delivered try(struct deliver *d, int status, unsigned *done)
{
	char json[] = "{\"x\":1}", text[] = "x", err[DELIVER_ERROR];
	struct alert a = { .json = json, .text = text };

	receiver.status = status;
	return deliver(d, &a, done, err);
}

static void what_is_tried_again(void **unused)
{
	static const struct {
		int status;
		enum delivered what;
	} of[] = { { 200, DELIVERED }, { 204, DELIVERED }, { 302, DELIVER_NEVER },
		   { 400, DELIVER_NEVER }, { 404, DELIVER_NEVER }, { 408, DELIVER_LATER },
		   { 429, DELIVER_LATER }, { 500, DELIVER_LATER }, { 503, DELIVER_LATER } };
	struct deliver *d = deliver_open(&(struct deliver_conf){ .command = "", .url = url,
								 .timeout = 30 });
	int posts = receiver.posts;

	(void)unused;
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		unsigned done = 0;

		assert_int_equal(try(d, of[i].status, &done), of[i].what);
		assert_int_equal(done != 0, of[i].what != DELIVER_LATER);
	}
	assert_int_equal(receiver.posts - posts, sizeof(of) / sizeof(*of));
	deliver_close(d);
}

static void what_was_delivered_is_not_again(void **unused)
{
	char command[PATH_MOST], line[64] = "";
	struct deliver_conf conf = { .command = command, .url = url, .timeout = 30 };
	const char *file = command + strlen("/usr/bin/tee -a ");
	struct deliver *d;
	unsigned done = 0;
	FILE *f;

	(void)unused;
	snprintf(command, sizeof(command), "/usr/bin/tee -a /tmp/sipmoat-told.%d", (int)getpid());
	d = deliver_open(&conf);
	assert_int_equal(try(d, 500, &done), DELIVER_LATER);
	assert_int_equal(try(d, 200, &done), DELIVERED);
	deliver_close(d);
	f = fopen(file, "r");
	assert_non_null(f);
	assert_int_equal(fread(line, 1, sizeof(line) - 1, f), strlen("{\"x\":1}\n"));
	fclose(f);
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_becomes_an_alert),
		cmocka_unit_test(what_is_tried_again),
		cmocka_unit_test(what_was_delivered_is_not_again),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
