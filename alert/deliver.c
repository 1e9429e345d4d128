/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deliver.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MOST 32
#define VARIABLES 7
#define VARIABLE_TEXT 1024
#define PATH_TEXT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct deliver {
	struct deliver_conf conf;
	char *command; /* argv points into it */
	char *argv[ARGS_MOST + 1];
	CURL *curl;
	struct curl_slist *headers;
};

void deliver_close(struct deliver *d)
{
	if (!d)
		return;
	curl_slist_free_all(d->headers);
	curl_easy_cleanup(d->curl);
	free(d->command);
	free(d);
}

static bool split(struct deliver *d)
{
	char *save = NULL;
	unsigned n = 0;

	d->command = strdup(d->conf.command);
	if (!d->command)
		return false;
	for (char *w = strtok_r(d->command, " ", &save); w && n < ARGS_MOST;
	     w = strtok_r(NULL, " ", &save))
		d->argv[n++] = w;
	return true;
}

struct deliver *deliver_open(const struct deliver_conf *c)
{
	struct deliver *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->conf = *c;
	d->curl = c->url[0] ? curl_easy_init() : NULL;
	d->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (split(d) && d->headers && (d->curl || !c->url[0]))
		return d;
	deliver_close(d);
	return NULL;
}

/* ---- a command ---- */

static void child(struct deliver *d, int input, char **environment)
{
	int null = open("/dev/null", O_WRONLY);
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(input, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    syscall(SYS_close_range, 3, ~0U, 0))
		_exit(127);
	execve(d->argv[0], d->argv, environment);
	_exit(127);
}

/* The text fits into the pipe, so that writing it never waits for the command. */
static pid_t start(struct deliver *d, const struct alert *a)
{
	char room[VARIABLES][VARIABLE_TEXT], *environment[VARIABLES + 1];
	const char *const pair[VARIABLES][2] = {
		{ "", PATH_TEXT }, { "", "LANG=C.UTF-8" }, { "SIPMOAT_EVENT=", a->event },
		{ "SIPMOAT_CHECK=", a->check }, { "SIPMOAT_ACTION=", a->action },
		{ "SIPMOAT_SOURCE=", a->source }, { "SIPMOAT_TEXT=", a->text },
	};
	size_t n = strlen(a->json);
	int fd[2];
	pid_t pid;

	for (unsigned i = 0; i < VARIABLES; i++) {
		snprintf(room[i], VARIABLE_TEXT, "%s%s", pair[i][0], pair[i][1]);
		environment[i] = room[i];
	}
	environment[VARIABLES] = NULL;
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	if (write(fd[1], a->json, n) != (ssize_t)n || write(fd[1], "\n", 1) != 1) {
		close(fd[0]);
		close(fd[1]);
		return -EMSGSIZE;
	}
	close(fd[1]);
	fcntl(fd[0], F_SETFL, 0);
	pid = fork();
	if (pid == 0)
		child(d, fd[0], environment);
	close(fd[0]);
	return pid < 0 ? -errno : pid;
}

static enum delivered run(struct deliver *d, const struct alert *a, char err[DELIVER_ERROR])
{
	pid_t pid = start(d, a);
	struct pollfd pfd = { .events = POLLIN };
	int status = 0;
	bool slow;

	if (pid < 0) {
		snprintf(err, DELIVER_ERROR, "%s: %s", d->argv[0], strerror(-(int)pid));
		return DELIVER_LATER;
	}
	pfd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	slow = poll(&pfd, 1, (int)d->conf.timeout * 1000) == 0;
	if (slow) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	(void)waitpid(pid, &status, 0);
	if (pfd.fd >= 0)
		close(pfd.fd);
	if (!slow && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return DELIVERED;
	if (slow)
		snprintf(err, DELIVER_ERROR, "%s took too long and was killed", d->argv[0]);
	else
		snprintf(err, DELIVER_ERROR, "%s ended with status %d", d->argv[0],
			 WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return !slow && WIFEXITED(status) && WEXITSTATUS(status) == 127 ? DELIVER_NEVER :
									  DELIVER_LATER;
}

/* ---- a URL ---- */

static size_t ignore(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * n;
}

/* {"text":"..."}: it is printable ASCII, so that two bytes need an escape. */
static char *text_body(const char *text)
{
	static const char head[] = "{\"text\":\"";
	char *body = malloc(2 * strlen(text) + sizeof(head) + 2), *p = body;

	if (!body)
		return NULL;
	memcpy(p, head, sizeof(head) - 1);
	p += sizeof(head) - 1;
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			*p++ = '\\';
		*p++ = *text;
	}
	memcpy(p, "\"}", 3);
	return body;
}

static enum delivered post(struct deliver *d, const struct alert *a, char err[DELIVER_ERROR])
{
	char *body = d->conf.text_only ? text_body(a->text) : strdup(a->json);
	char trouble[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode r;

	curl_easy_reset(d->curl);
	curl_easy_setopt(d->curl, CURLOPT_URL, d->conf.url);
	curl_easy_setopt(d->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(d->curl, CURLOPT_POSTFIELDS, body ? body : "");
	curl_easy_setopt(d->curl, CURLOPT_HTTPHEADER, d->headers);
	curl_easy_setopt(d->curl, CURLOPT_USERAGENT, "sipmoat-alert/" SIPMOAT_VERSION);
	curl_easy_setopt(d->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(d->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(d->curl, CURLOPT_TIMEOUT, (long)d->conf.timeout);
	curl_easy_setopt(d->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(d->curl, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(d->curl, CURLOPT_ERRORBUFFER, trouble);
	r = body ? curl_easy_perform(d->curl) : CURLE_OUT_OF_MEMORY;
	curl_easy_getinfo(d->curl, CURLINFO_RESPONSE_CODE, &status);
	free(body);
	if (r == CURLE_OK && status >= 200 && status < 300)
		return DELIVERED;
	/* never the URL: those of chats are secrets */
	if (r != CURLE_OK)
		snprintf(err, DELIVER_ERROR, "alerts.url: %.200s",
			 trouble[0] ? trouble : curl_easy_strerror(r));
	else
		snprintf(err, DELIVER_ERROR, "alerts.url answers with status %ld", status);
	return r == CURLE_OK && status >= 300 && status < 500 && status != 408 && status != 429 ?
		       DELIVER_NEVER : DELIVER_LATER;
}

enum delivered deliver(struct deliver *d, const struct alert *a, unsigned *done,
		       char err[DELIVER_ERROR])
{
	enum delivered worse = DELIVERED, r;

	if (d->argv[0] && !(*done & 1)) {
		r = run(d, a, err);
		*done |= r != DELIVER_LATER ? 1 : 0;
		worse = r;
	}
	if (d->curl && !(*done & 2)) {
		r = post(d, a, err);
		*done |= r != DELIVER_LATER ? 2 : 0;
		worse = r == DELIVERED || worse == DELIVER_LATER ? worse : r;
	}
	return worse;
}
