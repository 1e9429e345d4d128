/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "follow.h"
#include "metrics.h"
#include "page.h"

#define CONNECTIONS 64
#define QUIET 15     /* s without a byte, either way */
#define PATIENCE 20  /* s for a request to come and its answer to be taken */
#define BEAT 15      /* s between signs of life to those that follow */
#define MEMORY 16384 /* for request line and headers */

/* A place for a connection. */
struct visitor {
	struct http *http;
	int fd; /* -1: free */
	uint64_t until; /* monotonic s; 0: as long as it likes */
};

struct http {
	struct board *board;
	const struct gate *gate;
	struct MHD_Daemon *daemon;
	struct followers *followers;
	uint64_t next_beat;
	pthread_mutex_t lock; /* of all below */
	struct visitor visitor[CONNECTIONS];
};

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

static const char *header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* ---- answers ---- */

/* Takes r.  What every answer has: nobody frames, keeps, sniffs or embeds it. */
static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, struct MHD_Response *r,
			      const char *type)
{
	static const char *const always[][2] = {
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Content-Security-Policy", page_policy },
	};
	enum MHD_Result done;

	if (!r)
		return MHD_NO;
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		MHD_add_response_header(r, always[i][0], always[i][1]);
	MHD_add_response_header(r, "Content-Type", type);
	done = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return done;
}

static struct MHD_Response *constant(const void *text, size_t n)
{
	return MHD_create_response_from_buffer(n, (void *)(uintptr_t)text,
					       MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned status, const char *text)
{
	return answer(c, status, constant(text, strlen(text)), "text/plain; charset=utf-8");
}

/* Takes text; NULL: no memory. */
static enum MHD_Result give(struct MHD_Connection *c, char *text, size_t n, const char *type)
{
	struct MHD_Response *r;

	if (!text)
		return say(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
	r = MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
	if (!r)
		free(text);
	return answer(c, MHD_HTTP_OK, r, type);
}

static enum MHD_Result give_json(struct MHD_Connection *c, char *text, size_t n)
{
	return give(c, text, n, "application/json");
}

/* What comes now may take as long as it likes. */
static void visitor_stays(struct http *h, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct visitor *v = info ? info->socket_context : NULL;

	pthread_mutex_lock(&h->lock);
	if (v)
		v->until = 0;
	pthread_mutex_unlock(&h->lock);
}

/* ---- routes ---- */

static enum MHD_Result route_events(struct http *h, struct MHD_Connection *c)
{
	struct MHD_Response *r = followers_response(h->followers, c, header(c, "Last-Event-ID"));

	if (!r)
		return say(c, MHD_HTTP_SERVICE_UNAVAILABLE, "too many follow the events\n");
	visitor_stays(h, c);
	return answer(c, MHD_HTTP_OK, r, "text/event-stream");
}

void http_told(void *http)
{
	struct http *h = http;

	followers_wake(h->followers);
}

static enum MHD_Result route_page(struct http *h, struct MHD_Connection *c)
{
	(void)h;
	return answer(c, MHD_HTTP_OK, constant(page_status, page_status_n),
		      "text/html; charset=utf-8");
}

static enum MHD_Result route_history(struct http *h, struct MHD_Connection *c)
{
	const char *since = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "since");
	size_t n;
	char *text = board_history(h->board, since ? strtoull(since, NULL, 10) : 0, &n);

	return give_json(c, text, n);
}

static enum MHD_Result give_topic(struct http *h, struct MHD_Connection *c, enum topic t)
{
	size_t n;
	char *text = board_page(h->board, t, &n);

	return give_json(c, text, n);
}

/* As Prometheus reads it; it tells of a daemon that is down, too. */
static enum MHD_Result route_metrics(struct http *h, struct MHD_Connection *c)
{
	char *line = board_line(h->board, TOPIC_stats), *text = NULL;
	struct reply *r = line ? reply_read(line) : NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	bool bad = !to;

	if (to) {
		metrics_write(to, r);
		bad = ferror(to);
		bad = fclose(to) || bad;
	}
	reply_free(r);
	free(line);
	if (bad) {
		free(text);
		text = NULL;
	}
	return give(c, text, n, METRICS_TYPE);
}

#define X(name, seconds) \
	static enum MHD_Result route_##name(struct http *h, struct MHD_Connection *c) \
	{ \
		return give_topic(h, c, TOPIC_##name); \
	}
TOPICS(X)
#undef X

/* Whoever shows the token gets a cookie, which holds something else. */
static enum MHD_Result route_login(struct http *h, struct MHD_Connection *c)
{
	struct MHD_Response *r = constant("", 0);
	char cookie[GATE_SESSION + 64];

	snprintf(cookie, sizeof(cookie), GATE_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict",
		 h->gate->session);
	if (r && gate_bears(h->gate, header(c, "Authorization")))
		MHD_add_response_header(r, "Set-Cookie", cookie);
	return answer(c, MHD_HTTP_NO_CONTENT, r, "text/plain");
}

static const struct route {
	const char *path;
	enum MHD_Result (*run)(struct http *h, struct MHD_Connection *c);
} routes[] = {
	{ "/", route_page },
	{ "/login", route_login },
	{ "/metrics", route_metrics },
	{ "/api/history", route_history },
	{ "/api/events", route_events },
#define X(name, seconds) { "/api/" #name, route_##name },
	TOPICS(X)
#undef X
};

static enum MHD_Result refuse(struct MHD_Connection *c, enum gate_answer why, const char *path)
{
	struct MHD_Response *r;

	if (why == GATE_WRONG_HOST)
		return say(c, MHD_HTTP_MISDIRECTED_REQUEST,
			   "this host has another name: see --name\n");
	if (why == GATE_WRONG_SITE)
		return say(c, MHD_HTTP_FORBIDDEN, "another site may not ask\n");
	if (strcmp(path, "/") != 0)
		r = constant("a token is needed\n", 18);
	else
		r = constant(page_login, page_login_n);
	if (r)
		MHD_add_response_header(r, "WWW-Authenticate", "Bearer realm=\"sipmoat\"");
	return answer(c, MHD_HTTP_UNAUTHORIZED, r,
		      strcmp(path, "/") ? "text/plain" : "text/html; charset=utf-8");
}

static enum MHD_Result refuse_method(struct MHD_Connection *c)
{
	struct MHD_Response *r = constant("this page is for reading\n", 25);

	if (r) {
		MHD_add_response_header(r, "Allow", "GET, HEAD");
		MHD_add_response_header(r, "Connection", "close");
	}
	return answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, r, "text/plain");
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *path,
			      const char *method, const char *version, const char *body, size_t *n,
			      void **seen)
{
	struct http *h = arg;
	const struct gate_question q = {
		.host = header(c, "Host"), .authorization = header(c, "Authorization"),
		.cookie = header(c, "Cookie"), .site = header(c, "Sec-Fetch-Site"),
		.mode = header(c, "Sec-Fetch-Mode"),
	};
	enum gate_answer may;

	(void)version;
	(void)body;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refuse_method(c);
	if (*n) { /* nothing of ours takes a body */
		*n = 0;
		return MHD_YES;
	}
	if (!*seen) { /* headers only: an answer now would end the connection */
		*seen = h;
		return MHD_YES;
	}
	if (strcmp(path, "/health") == 0)
		return say(c, MHD_HTTP_OK, "ok\n");
	may = gate_ask(h->gate, &q);
	if (may != GATE_IN)
		return refuse(c, may, path);
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (strcmp(routes[i].path, path) == 0)
			return routes[i].run(h, c);
	return say(c, MHD_HTTP_NOT_FOUND, "there is no such page\n");
}

/* ---- visitors ---- */

static void visitor_comes(struct http *h, int fd, void **context)
{
	for (unsigned i = 0; i < CONNECTIONS; i++)
		if (h->visitor[i].fd < 0) {
			h->visitor[i].fd = fd;
			h->visitor[i].until = monotonic() + PATIENCE;
			*context = &h->visitor[i];
			return;
		}
}

static void on_connection(void *arg, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http *h = arg;
	struct visitor *v = *context;

	pthread_mutex_lock(&h->lock);
	if (what == MHD_CONNECTION_NOTIFY_STARTED && info)
		visitor_comes(h, info->connect_fd, context);
	else if (v)
		v->fd = -1;
	pthread_mutex_unlock(&h->lock);
}

/* One more request may come on the connection. */
static void on_completed(void *arg, struct MHD_Connection *c, void **seen,
			 enum MHD_RequestTerminationCode how)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http *h = arg;
	struct visitor *v = info ? info->socket_context : NULL;

	(void)seen;
	(void)how;
	pthread_mutex_lock(&h->lock);
	if (v)
		v->until = monotonic() + PATIENCE;
	pthread_mutex_unlock(&h->lock);
}

void http_beat(struct http *h)
{
	uint64_t now = monotonic();

	pthread_mutex_lock(&h->lock);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		struct visitor *v = &h->visitor[i];

		/* its descriptor is closed after on_connection, so it is still its own */
		if (v->fd >= 0 && v->until && now >= v->until)
			shutdown(v->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&h->lock);
	if (now < h->next_beat)
		return;
	followers_beat(h->followers);
	h->next_beat = now + BEAT;
}

/* ---- start and stop ---- */

static struct MHD_Daemon *listen_at(struct http *h, const struct sockaddr *at)
{
	unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD |
			 MHD_ALLOW_SUSPEND_RESUME;

	if (at->sa_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	return MHD_start_daemon(flags, 0, NULL, NULL, handle, h,
		MHD_OPTION_SOCK_ADDR, at,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)QUIET,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_END);
}

struct http *http_start(struct board *b, const struct gate *g, const struct sockaddr *at)
{
	struct http *h = calloc(1, sizeof(*h));
	int e;

	if (!h)
		return NULL;
	h->board = b;
	h->gate = g;
	h->followers = followers_new(b);
	pthread_mutex_init(&h->lock, NULL);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		h->visitor[i].fd = -1;
	errno = ENOMEM;
	h->daemon = h->followers ? listen_at(h, at) : NULL;
	if (h->daemon)
		return h;
	e = errno;
	followers_free(h->followers);
	pthread_mutex_destroy(&h->lock);
	free(h);
	errno = e;
	return NULL;
}

void http_stop(struct http *h)
{
	if (!h)
		return;
	followers_end(h->followers);
	MHD_stop_daemon(h->daemon);
	followers_free(h->followers);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
