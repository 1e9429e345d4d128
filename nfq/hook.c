/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hook.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "confined.h"
#include "eventtext.h"
#include "helper.h"
#include "jsontext.h"
#include "log.h"

#define ARGS_MOST 32

struct hook_runner {
	char *whole;            /* as the settings say it */
	char *command;          /* argv points into it */
	uint32_t timeout;
	char *argv[ARGS_MOST + 1];
	pid_t pid;
	int fd, stop_fd;
	struct state *state;
	pthread_t thread;
	bool running;
	atomic_bool gone;       /* the helper */
	atomic_uint under_way;
	atomic_uint_fast64_t asked, ended, granted, dropped, killed;
};

static int split(struct hook_runner *h, const char *command)
{
	char *save = NULL;
	unsigned n = 0;

	h->whole = strdup(command);
	h->command = strdup(command);
	if (!h->whole || !h->command)
		return -ENOMEM;
	for (char *word = strtok_r(h->command, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		if (n == ARGS_MOST)
			return -E2BIG;
		h->argv[n++] = word;
	}
	return n ? 0 : -EINVAL;
}

static void run_helper(void *arg, int fd)
{
	struct hook_runner *h = arg;

	helper_run(fd, h->argv, h->timeout, HOOK_AT_ONCE);
}

static int fork_helper(struct hook_runner *h)
{
	h->pid = child_fork(&h->fd, run_helper, h);
	return h->pid < 0 ? (int)h->pid : 0;
}

int hook_open(struct hook_runner **out, const char *command, uint32_t timeout)
{
	struct hook_runner *h;
	int r;

	*out = NULL;
	if (!command[0])
		return 0;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->fd = h->stop_fd = -1;
	h->timeout = timeout;
	r = split(h, command);
	if (!r && access(h->argv[0], X_OK))
		r = -errno;
	if (!r)
		r = fork_helper(h);
	if (r) {
		hook_close(h);
		return r;
	}
	*out = h;
	return 0;
}

bool hook_same(const struct hook_runner *h, const char *command, uint32_t timeout)
{
	return strcmp(h ? h->whole : "", command) == 0 && (!h || h->timeout == timeout);
}

/* ---- out ---- */

static void job_fill(struct helper_job *j, const struct approval *a)
{
	struct jsontext t = { j->text, sizeof(j->text), 0 };
	struct prefix p = { a->site, (uint8_t)addr_site_len(&a->site) };
	char site[PREFIX_TEXT], tail[96];
	uint64_t now = clock_now();

	prefix_print(&p, site);
	memcpy(j->token, a->token, sizeof(j->token));
	jsontext_put(&t, "{\"event\":\"approval\"");
	jsontext_member(&t, "token", a->token);
	jsontext_member(&t, "user", a->user);
	jsontext_member(&t, "source", site);
	jsontext_member(&t, "what", a->label);
	jsontext_member(&t, "number", a->number);
	snprintf(tail, sizeof(tail), ",\"shown\":%s,\"expires\":%u,\"grant\":%u}\n",
		 a->shown ? "true" : "false",
		 (unsigned)(a->until > now ? (a->until - now) / NS : 0), a->grant_life);
	jsontext_put(&t, tail);
	j->n = (uint16_t)t.n;
}

void hook_ask(void *arg, const struct approval *a)
{
	struct hook_runner *h = arg;
	struct helper_job j = { .n = 0 };

	if (!h || atomic_load(&h->gone))
		return;
	if (atomic_load(&h->under_way) < HOOK_AT_ONCE + HOOK_QUEUE) {
		job_fill(&j, a);
		/* before its result can come */
		atomic_fetch_add(&h->under_way, 1);
		if (send(h->fd, &j, sizeof(j), MSG_DONTWAIT | MSG_NOSIGNAL) ==
		    (ssize_t)sizeof(j)) {
			atomic_fetch_add(&h->asked, 1);
			return;
		}
		atomic_fetch_sub(&h->under_way, 1);
	}
	if (!atomic_fetch_add(&h->dropped, 1))
		log_warn("approve.hook is too slow for so many tokens: some are only logged");
}

/* ---- in ---- */

static void on_granted(struct hook_runner *h, const char *token)
{
	char time[EVENTS_DURATION];
	uint64_t now = clock_now();
	struct approval a;

	/* too late is as if it had said nothing */
	if (!state_approve(h->state, token, 0, now, &a))
		return;
	atomic_fetch_add(&h->granted, 1);
	events_duration(a.grant_life, time);
	log_info("approved by the hook: %s may have %s for %s", a.user, a.label, time);
}

static void on_result(struct hook_runner *h, struct helper_result *r)
{
	r->token[sizeof(r->token) - 1] = '\0';
	atomic_fetch_sub(&h->under_way, 1);
	switch ((enum helper_end)r->end) {
	case HELPER_GRANTED:
		on_granted(h, r->token);
		break;
	case HELPER_REFUSED:
		log_debug("approve.hook did not approve of %s", r->token);
		break;
	case HELPER_KILLED:
		atomic_fetch_add(&h->killed, 1);
		log_warn("approve.hook took too long over %s and was killed", r->token);
		break;
	case HELPER_FAILED:
		log_error("approve.hook cannot be run: %s%s",
			  r->status < 0 ? strerror(-r->status) : h->argv[0],
			  confined_hint(EACCES));
		break;
	}
	atomic_fetch_add(&h->ended, 1);
}

static void *hook_main(void *arg)
{
	struct hook_runner *h = arg;
	struct pollfd pfd[2] = { { .fd = h->stop_fd, .events = POLLIN },
				 { .fd = h->fd, .events = POLLIN } };
	struct helper_result r;
	ssize_t n;

	for (;;) {
		poll(pfd, 2, -1);
		if (pfd[0].revents)
			return NULL;
		n = recv(h->fd, &r, sizeof(r), MSG_DONTWAIT);
		if (n == (ssize_t)sizeof(r)) {
			on_result(h, &r);
		} else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			atomic_store(&h->gone, true);
			log_error("the process that runs approve.hook is gone: tokens are only "
				  "logged until sipmoatd is started again");
			return NULL;
		}
	}
}

int hook_start(struct hook_runner *h, struct state *st)
{
	int r;

	if (!h)
		return 0;
	h->state = st;
	h->stop_fd = eventfd(0, EFD_CLOEXEC);
	r = h->stop_fd < 0 ? -errno : -pthread_create(&h->thread, NULL, hook_main, h);
	h->running = !r;
	if (h->running)
		pthread_setname_np(h->thread, "hook");
	return r;
}

void hook_count(const struct hook_runner *h, struct hook_counts *out)
{
	*out = (struct hook_counts){ 0 };
	if (h)
		*out = (struct hook_counts){ atomic_load(&h->asked), atomic_load(&h->ended),
					     atomic_load(&h->granted), atomic_load(&h->dropped),
					     atomic_load(&h->killed) };
}

void hook_close(struct hook_runner *h)
{
	if (!h)
		return;
	if (h->running) {
		eventfd_write(h->stop_fd, 1);
		pthread_join(h->thread, NULL);
	}
	/* what it runs ends with it */
	child_end(h->fd, h->pid);
	if (h->stop_fd >= 0)
		close(h->stop_fd);
	free(h->whole);
	free(h->command);
	free(h);
}
