/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"

#define PATIENCE 10 /* s */
#define ANSWER_MOST (4u << 20)

struct reply {
	char *line;
	size_t n;
	json_t *all, *rows;
};

static int unreachable(const char *name, const char *socket, int e)
{
	if (e == ENOENT || e == ECONNREFUSED)
		fprintf(stderr, "sipmoat %s: no sipmoatd listens at %s: is it running?\n", name,
			socket);
	else if (e == EACCES || e == EPERM)
		fprintf(stderr, "sipmoat %s: no permission to use %s: be root, or a member of "
				"the group sipmoat to look\n", name, socket);
	else
		fprintf(stderr, "sipmoat %s: %s: %s\n", name, socket, strerror(e));
	return CTL_UNREACHABLE;
}

/* 0, or an errno. */
static int client_connect(const char *path, int *out)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, e;

	if (strlen(path) >= sizeof(at.sun_path))
		return ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at))) {
		e = errno;
		close(fd);
		return e;
	}
	*out = fd;
	return 0;
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

/* Up to the end of the line. */
static int read_line(int fd, struct reply *r)
{
	size_t room = 0;

	for (;;) {
		ssize_t n;

		if (r->n == room) {
			char *more = room < ANSWER_MOST ? realloc(r->line, room + 65537) : NULL;

			if (!more)
				return ENOMEM;
			r->line = more;
			room += 65536;
		}
		n = recv(fd, r->line + r->n, room - r->n, 0);
		if (n <= 0)
			return n < 0 ? errno == EAGAIN ? ETIMEDOUT : errno : EPIPE;
		r->n += (size_t)n;
		r->line[r->n] = '\0';
		if (r->line[r->n - 1] == '\n') {
			r->line[--r->n] = '\0';
			return 0;
		}
	}
}

static int exchange(int fd, const char *text, struct reply *r)
{
	int e = text ? send_line(fd, text) : ENOMEM;

	if (!e || e == EPIPE)
		e = read_line(fd, r);
	if (!e)
		r->all = json_loadb(r->line, r->n, 0, NULL);
	return e;
}

int client_ask(const char *socket, const char *name, const char *command,
	       const struct client_arg *args, struct reply **out)
{
	struct reply *r = calloc(1, sizeof(*r));
	int fd = -1, e = r ? client_connect(socket, &fd) : ENOMEM, status = CTL_OK;
	char *text;

	*out = NULL;
	if (e) {
		free(r);
		return unreachable(name, socket, e);
	}
	text = question(command, args);
	e = exchange(fd, text, r);
	free(text);
	close(fd);
	if (e == EPIPE) {
		fprintf(stderr, "sipmoat %s: sipmoatd hung up: it stops, or has too many to talk "
				"to\n", name);
		status = CTL_UNREACHABLE;
	} else if (e) {
		status = unreachable(name, socket, e);
	} else if (!json_is_object(r->all)) {
		fprintf(stderr, "sipmoat %s: %s answers something else than sipmoatd\n", name,
			socket);
		status = CTL_UNREACHABLE;
	} else if (!reply_true(r, -1, "ok")) {
		fprintf(stderr, "sipmoat %s: %s\n", name, reply_text(r, -1, "text"));
		status = CTL_REFUSED;
	}
	if (status != CTL_OK) {
		reply_free(r);
		return status;
	}
	*out = r;
	return CTL_OK;
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
	return json_array_size(r->rows);
}

static const json_t *member(const struct reply *r, int row, const char *key)
{
	return json_object_get(row < 0 ? r->all : json_array_get(r->rows, (size_t)row), key);
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

const char *reply_line(const struct reply *r)
{
	return r->line;
}

bool list_options(int argc, char **argv, void (*usage)(FILE *to), struct list_options *out)
{
	static const struct option known[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*out = (struct list_options){ .socket = CLIENT_SOCKET, .status = CTL_USAGE };
	optind = 1;
	while ((c = getopt_long(argc, argv, "js:h", known, NULL)) != -1) {
		if (c == 'j') {
			out->json = true;
		} else if (c == 's') {
			out->socket = optarg;
		} else {
			usage(c == 'h' ? stdout : stderr);
			out->status = c == 'h' ? CTL_OK : CTL_USAGE;
			return false;
		}
	}
	if (optind == argc)
		return true;
	usage(stderr);
	return false;
}
