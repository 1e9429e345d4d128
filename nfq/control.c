/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "engine.h"
#include "journal.h"
#include "log.h"

#define CLIENTS 16
#define READERS 12 /* of them: who may only look does not keep out who may change */
#define BACKLOG 64
#define LINE_MOST 4096
#define KEEP_EVERY (5 * NS)
#define GATHER_MS 20
#define PATIENCE (10 * NS) /* for a whole line to come, or an answer to be taken */

struct client {
	int fd; /* -1: a free place */
	unsigned uid;
	bool may_change;
	bool last;  /* it goes when it has its answer */
	uint64_t until;
	size_t n;   /* of line */
	char line[LINE_MOST];
	char *answer;
	size_t answer_n, sent;
	struct request *waits; /* for something to happen, until then: */
	uint64_t waits_until;
};

struct control {
	struct commands_on on;
	struct sockaddr_un at;
	struct client client[CLIENTS];
	unsigned turn; /* the client whose question is looked for first */
	int fd, stop_fd;
	int news_fd; /* eventfd: there is something in the journal */
	pthread_t thread;
	bool bound, running;
};

/* false: there is to be none, or its name is too long (and then errno says so). */
static bool path_of(const char *socket, struct sockaddr_un *out)
{
	const char *dir = getenv("RUNTIME_DIRECTORY");
	const size_t room = sizeof(out->sun_path);
	int n;

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	errno = 0;
	if (!socket[0])
		return false;
	if (strchr(socket, '/'))
		n = snprintf(out->sun_path, room, "%s", socket);
	else if (dir && dir[0] == '/')
		n = snprintf(out->sun_path, room, "%s/%s", dir, socket);
	else
		return false;
	if ((size_t)n < room)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

bool control_same(const struct control *c, const char *socket)
{
	struct sockaddr_un at;

	if (!path_of(socket, &at))
		at.sun_path[0] = '\0';
	return strcmp(at.sun_path, c ? c->at.sun_path : "") == 0;
}

/* ---- clients ---- */

static void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->answer);
	c->answer = NULL;
	request_free(c->waits);
	c->waits = NULL;
	c->fd = -1;
}

static void client_write(struct client *c)
{
	ssize_t n = send(c->fd, c->answer + c->sent, c->answer_n - c->sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client_close(c);
		return;
	}
	c->sent += (size_t)n;
	c->until = clock_now() + PATIENCE;
	if (c->sent < c->answer_n)
		return;
	free(c->answer);
	c->answer = NULL;
	if (c->last)
		client_close(c);
}

static void client_answer(struct client *c, struct request *r)
{
	c->answer = r ? request_answer(r, &c->answer_n) : NULL;
	c->sent = 0;
	request_free(r);
	if (c->answer)
		client_write(c);
	else
		client_close(c); /* no memory */
}

/* Runs a request; what waits is kept. */
static void client_run(struct control *k, struct client *c, struct request *r, bool last)
{
	unsigned wait;

	if (r)
		commands_run(&k->on, r, c->uid, c->may_change, last);
	wait = r ? request_waits(r) : 0;
	if (!wait) {
		client_answer(c, r);
		return;
	}
	c->waits = r;
	c->waits_until = clock_now() + wait * NS;
	c->until = c->waits_until + PATIENCE;
}

/* It has a question that nobody has looked at: a line, or what is too long for one. */
static bool client_asks(const struct client *c)
{
	return c->fd >= 0 && !c->answer && !c->waits &&
	       (c->n == LINE_MOST || memchr(c->line, '\n', c->n));
}

/* The first of the lines that have come. */
static void client_line(struct control *k, struct client *c)
{
	char *end = memchr(c->line, '\n', c->n);
	struct request *r = request_read(c->line, end ? (size_t)(end - c->line) : 0);

	if (end) {
		c->n -= (size_t)(end - c->line) + 1;
		memmove(c->line, end + 1, c->n);
		client_run(k, c, r, false);
		return;
	}
	c->last = true;
	if (r)
		request_fail(r, "bad_request", "the line is too long");
	client_answer(c, r);
}

/* Something has happened, or the time has come. */
static void client_look(struct control *k, struct client *c, bool news, uint64_t now)
{
	struct request *r = c->waits;
	uint64_t until = c->waits_until;
	bool last = now >= until;

	if (!r || (!news && !last))
		return;
	c->waits = NULL;
	client_run(k, c, r, last);
	if (c->waits)
		c->waits_until = until; /* however often it looks */
}

static void client_read(struct client *c)
{
	ssize_t n = recv(c->fd, c->line + c->n, LINE_MOST - c->n, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(c);
		return;
	}
	c->n += (size_t)n;
}

static void client_serve(struct client *c, short events, uint64_t now)
{
	if (c->fd < 0 || client_asks(c))
		return;
	if (events && c->answer)
		client_write(c);
	else if (events && c->waits)
		client_close(c); /* it hung up */
	else if (events)
		client_read(c);
	if (c->fd >= 0 && now >= c->until && !client_asks(c))
		client_close(c);
}

/* One question of each who may change things, and one of all the others, in turn: whoever
 * asks much, and what takes long, holds up nobody for longer than one answer takes. */
static void answer_some(struct control *k)
{
	struct client *reader = NULL;

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &k->client[i];

		if (c->may_change && client_asks(c))
			client_line(k, c);
	}
	for (unsigned i = 0; i < CLIENTS && !reader; i++) {
		struct client *c = &k->client[k->turn];

		k->turn = (k->turn + 1) % CLIENTS;
		if (!c->may_change && client_asks(c))
			reader = c;
	}
	if (reader)
		client_line(k, reader);
}

static struct client *free_place(struct control *k, bool may_change)
{
	struct client *place = NULL;
	unsigned readers = 0;

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &k->client[i];

		if (c->fd < 0)
			place = c;
		else
			readers += !c->may_change;
	}
	return may_change || readers < READERS ? place : NULL;
}

static void client_accept(struct control *k)
{
	int fd = accept4(k->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred who;
	socklen_t n = sizeof(who);
	struct client *c;
	bool may_change;

	if (fd < 0) {
		/* without descriptors it would be asked again at once, and again */
		if (errno != EAGAIN && errno != ECONNABORTED)
			poll(NULL, 0, 100);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) || n != sizeof(who)) {
		close(fd);
		return;
	}
	may_change = who.uid == 0 || who.uid == geteuid();
	c = free_place(k, may_change);
	if (!c) {
		close(fd);
		return;
	}
	*c = (struct client){ .fd = fd, .uid = who.uid, .may_change = may_change,
			      .until = clock_now() + PATIENCE };
}

/* ---- the thread ---- */

/* When the next client has waited too long, or something else is to be done. */
static int patience_ms(const struct control *k, uint64_t now)
{
	uint64_t until = now + KEEP_EVERY;

	for (unsigned i = 0; i < CLIENTS; i++) {
		const struct client *c = &k->client[i];
		uint64_t due = c->waits ? c->waits_until : c->until;

		if (client_asks(c))
			return 0;
		if (c->fd >= 0 && due < until)
			until = due;
	}
	return until > now ? (int)((until - now) / 1000000) + 1 : 0;
}

enum { FD_STOP, FD_ACCEPT, FD_NEWS, FD_CLIENTS };

/* Of who waits only that he hangs up matters; whose question is next is not read further. */
static short client_events(const struct client *c)
{
	if (client_asks(c))
		return 0;
	return c->answer ? POLLOUT : c->waits ? POLLRDHUP : POLLIN;
}

static void serve_all(struct control *k, const struct pollfd *pfd)
{
	bool news = pfd[FD_NEWS].revents != 0;
	eventfd_t drained;

	if (news) {
		poll(NULL, 0, GATHER_MS); /* a burst is looked at once */
		eventfd_read(k->news_fd, &drained);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct client *c = &k->client[i];

		client_look(k, c, news, clock_now());
		client_serve(c, pfd[FD_CLIENTS + i].revents, clock_now());
	}
	answer_some(k);
	if (pfd[FD_ACCEPT].revents)
		client_accept(k);
	commands_keep(&k->on);
}

static void *control_main(void *arg)
{
	struct control *k = arg;
	struct pollfd pfd[FD_CLIENTS + CLIENTS] = {
		[FD_STOP] = { .fd = k->stop_fd, .events = POLLIN },
		[FD_ACCEPT] = { .fd = k->fd, .events = POLLIN },
		[FD_NEWS] = { .fd = k->news_fd, .events = POLLIN },
	};

	for (;;) {
		for (unsigned i = 0; i < CLIENTS; i++)
			pfd[FD_CLIENTS + i] = (struct pollfd){
				.fd = k->client[i].fd, .events = client_events(&k->client[i]) };
		if (poll(pfd, FD_CLIENTS + CLIENTS, patience_ms(k, clock_now())) < 0)
			continue; /* a signal */
		if (pfd[FD_STOP].revents)
			return NULL;
		serve_all(k, pfd);
	}
}

/* Of an earlier run that was killed: nobody listens there. */
static int remove_stale(const struct sockaddr_un *at)
{
	struct stat is;
	int fd, r;

	if (lstat(at->sun_path, &is))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(is.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = connect(fd, (const struct sockaddr *)at, sizeof(*at)) ? -errno : -EADDRINUSE;
	close(fd);
	if (r != -ECONNREFUSED)
		return r;
	return unlink(at->sun_path) && errno != ENOENT ? -errno : 0;
}

/* Nobody can connect before it listens, and then its mode is what it shall be. */
static int control_listen(struct control *k)
{
	int r = remove_stale(&k->at);

	if (r)
		return r;
	k->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	k->stop_fd = eventfd(0, EFD_CLOEXEC);
	k->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (k->fd < 0 || k->stop_fd < 0 || k->news_fd < 0 ||
	    bind(k->fd, (const struct sockaddr *)&k->at, sizeof(k->at)))
		return -errno;
	k->bound = true;
	if (chmod(k->at.sun_path, 0660) || listen(k->fd, BACKLOG))
		return -errno;
	(void)journal_watch(k->on.journal, k->news_fd);
	r = pthread_create(&k->thread, NULL, control_main, k);
	k->running = !r;
	if (!r)
		pthread_setname_np(k->thread, "control");
	return -r;
}

int control_open(struct control **out, const char *socket, const struct commands_on *on,
		 char err[CONTROL_ERROR])
{
	struct control *k = calloc(1, sizeof(*k));
	int r = k ? 0 : -ENOMEM;

	*out = NULL;
	if (k) {
		k->on = *on;
		k->fd = k->stop_fd = k->news_fd = -1;
		for (unsigned i = 0; i < CLIENTS; i++)
			k->client[i].fd = -1;
		if (!path_of(socket, &k->at)) {
			r = -errno;
			free(k);
			k = NULL;
		}
	}
	if (k)
		r = control_listen(k);
	if (!r) {
		*out = k;
		return 0;
	}
	snprintf(err, CONTROL_ERROR, "no control socket at %s: %s", k ? k->at.sun_path : socket,
		 strerror(-r));
	control_close(k);
	return r;
}

void control_wake(struct control *k)
{
	if (k)
		eventfd_write(k->news_fd, 1);
}

void control_close(struct control *k)
{
	if (!k)
		return;
	if (k->running) {
		eventfd_write(k->stop_fd, 1);
		pthread_join(k->thread, NULL);
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		client_close(&k->client[i]);
	if (k->bound)
		(void)unlink(k->at.sun_path);
	if (k->fd >= 0)
		close(k->fd);
	if (k->stop_fd >= 0)
		close(k->stop_fd);
	if (k->news_fd >= 0) {
		journal_unwatch(k->on.journal, k->news_fd);
		close(k->news_fd);
	}
	free(k);
}
