/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MOST (4u << 20)

#define PIECE 65536u

struct link {
	int fd;
	char *buf; /* what came, up to n; there is no whole line before looked */
	size_t n, room, looked;
};

struct reply {
	char *line;
	json_t *all, *rows;
};

static int be_patient(int fd, unsigned seconds)
{
	const struct timeval patience = { .tv_sec = seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)))
		return errno;
	return 0;
}

int link_open(const char *socket_path, struct link **out)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct link *l;
	int e = 0;

	*out = NULL;
	if (strlen(socket_path) >= sizeof(at.sun_path))
		return ENAMETOOLONG;
	memcpy(at.sun_path, socket_path, strlen(socket_path));
	l = calloc(1, sizeof(*l));
	if (!l)
		return ENOMEM;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd < 0)
		e = errno;
	else
		e = be_patient(l->fd, LINK_PATIENCE);
	if (!e && connect(l->fd, (const struct sockaddr *)&at, sizeof(at)))
		e = errno;
	if (e) {
		link_close(l);
		return e;
	}
	*out = l;
	return 0;
}

void link_close(struct link *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	free(l->buf);
	free(l);
}

int link_fd(const struct link *l)
{
	return l->fd;
}

void link_trouble(const char *socket_path, int e, char out[LINK_TROUBLE])
{
	if (e == ENOENT || e == ECONNREFUSED)
		snprintf(out, LINK_TROUBLE, "no sipmoatd listens at %s: is it running? "
			 "(systemctl status sipmoatd)", socket_path);
	else if (e == EACCES || e == EPERM)
		snprintf(out, LINK_TROUBLE, "no permission to use %s: be root, or a member of "
			 "the group sipmoat to look (usermod -aG sipmoat NAME)", socket_path);
	else if (e == EPIPE || e == ECONNRESET)
		snprintf(out, LINK_TROUBLE, "sipmoatd hung up: it stops, or has too many to talk "
			 "to");
	else if (e == EPROTO)
		snprintf(out, LINK_TROUBLE, "%s answers something else than sipmoatd",
			 socket_path);
	else
		snprintf(out, LINK_TROUBLE, "%s: %s", socket_path, strerror(e));
}

void link_interrupt(struct link *l)
{
	shutdown(l->fd, SHUT_RDWR);
}

static char *question(const char *command, const struct client_arg *args)
{
	json_t *all = json_pack("{s:s}", "command", command);
	char *text;

	for (; args && args->key; args++)
		json_object_set_new(all, args->key, args->text ? json_string(args->text) :
				    json_integer((json_int_t)args->number));
	text = json_dumps(all, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(all);
	return text;
}

static int send_line(int fd, const char *text)
{
	size_t n = strlen(text), at = 0;

	while (at <= n) {
		ssize_t r = at < n ? send(fd, text + at, n - at, MSG_NOSIGNAL) :
				     send(fd, "\n", 1, MSG_NOSIGNAL);

		if (r < 0)
			return errno;
		at += (size_t)r;
	}
	return 0;
}

/* 0: something came. */
static int read_some(struct link *l, int flags)
{
	ssize_t n;

	if (l->room - l->n < PIECE) {
		char *more = l->room < ANSWER_MOST ? realloc(l->buf, l->room + PIECE) : NULL;

		if (!more)
			return ENOMEM;
		l->buf = more;
		l->room += PIECE;
	}
	n = recv(l->fd, l->buf + l->n, l->room - l->n, flags);
	if (n <= 0)
		return n < 0 ? errno : EPIPE;
	l->n += (size_t)n;
	return 0;
}

/* The first line, for the caller to free; 0 and NULL: it is not there whole. */
static int take_line(struct link *l, char **out)
{
	char *end = l->n > l->looked ? memchr(l->buf + l->looked, '\n', l->n - l->looked) : NULL;

	l->looked = l->n;
	*out = NULL;
	if (!end)
		return 0;
	*out = strndup(l->buf, (size_t)(end - l->buf));
	l->n -= (size_t)(end - l->buf) + 1;
	l->looked = 0;
	memmove(l->buf, end + 1, l->n);
	return *out ? 0 : ENOMEM;
}

/* With MSG_DONTWAIT, 0 and NULL: not there yet. */
static int next_line(struct link *l, int flags, char **out)
{
	int e;

	for (;;) {
		e = take_line(l, out);
		if (e || *out)
			return e;
		e = read_some(l, flags);
		if (e == EAGAIN)
			return flags & MSG_DONTWAIT ? 0 : ETIMEDOUT;
		if (e)
			return e;
	}
}

/* Owns the line. */
static int make_reply(char *line, struct reply **out)
{
	struct reply *r = calloc(1, sizeof(*r));

	*out = NULL;
	if (!r) {
		free(line);
		return ENOMEM;
	}
	r->line = line;
	r->all = json_loads(line, 0, NULL);
	if (!json_is_object(r->all)) {
		reply_free(r);
		return EPROTO;
	}
	*out = r;
	return 0;
}

static int next_reply(struct link *l, int flags, struct reply **out)
{
	char *line;
	int e = next_line(l, flags, &line);

	*out = NULL;
	return e || !line ? e : make_reply(line, out);
}

int link_send(struct link *l, const char *command, const struct client_arg *args)
{
	char *text = question(command, args);
	int e = text ? send_line(l->fd, text) : ENOMEM;

	free(text);
	return e == EPIPE ? 0 : e; /* why it hung up it may have said */
}

int link_take(struct link *l, struct reply **out)
{
	return next_reply(l, MSG_DONTWAIT, out);
}

int link_ask(struct link *l, const char *command, const struct client_arg *args, unsigned wait,
	     struct reply **out)
{
	int e = be_patient(l->fd, LINK_PATIENCE + wait);

	*out = NULL;
	if (!e)
		e = link_send(l, command, args);
	return e ? e : next_reply(l, 0, out);
}

struct reply *reply_read(const char *text)
{
	char *line = strdup(text);
	struct reply *r = NULL;

	if (line)
		(void)make_reply(line, &r);
	return r;
}

void reply_free(struct reply *r)
{
	if (!r)
		return;
	json_decref(r->all);
	free(r->line);
	free(r);
}

size_t reply_rows(struct reply *r, const char *list)
{
	r->rows = json_object_get(r->all, list);
	return json_is_object(r->rows) ? 1 : json_array_size(r->rows);
}

static json_t *row_of(const struct reply *r, int row)
{
	if (row < 0)
		return r->all;
	return json_is_object(r->rows) ? r->rows : json_array_get(r->rows, (size_t)row);
}

static const json_t *member(const struct reply *r, int row, const char *key)
{
	return json_object_get(row_of(r, row), key);
}

const char *reply_text(const struct reply *r, int row, const char *key)
{
	const char *text = json_string_value(member(r, row, key));

	return text ? text : "";
}

uint64_t reply_number(const struct reply *r, int row, const char *key)
{
	return (uint64_t)json_integer_value(member(r, row, key));
}

bool reply_true(const struct reply *r, int row, const char *key)
{
	return json_is_true(member(r, row, key));
}

bool reply_value(const struct reply *r, int row, const char *key, double *out)
{
	const json_t *v = member(r, row, key);

	*out = json_is_number(v) ? json_number_value(v) : json_is_true(v);
	return json_is_number(v) || json_is_boolean(v);
}

size_t reply_values(const struct reply *r, int row, const char *key, double *out, size_t room)
{
	const json_t *list = member(r, row, key);
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < room; i++)
		out[i] = json_number_value(json_array_get(list, i));
	return n;
}

const char *reply_key(const struct reply *r, int row, size_t i)
{
	json_t *of = row_of(r, row);
	void *at = json_object_iter(of);

	while (at && i--)
		at = json_object_iter_next(of, at);
	return at ? json_object_iter_key(at) : NULL;
}

const char *reply_line(const struct reply *r)
{
	return r->line;
}

char *reply_row(const struct reply *r, int row)
{
	return json_dumps(json_array_get(r->rows, (size_t)row), JSON_COMPACT | JSON_ENSURE_ASCII);
}
