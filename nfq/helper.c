/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"

#define NS 1000000000ull
#define JOBS_MOST 16

struct job {
	pid_t pid; /* 0: a free place */
	uint64_t until;
	bool killed;
	char token[APPROVAL_TOKEN];
};

struct helper {
	int fd, signal_fd;
	char *const *argv;
	uint64_t timeout;
	unsigned at_once;
	bool stopping;
	struct job job[JOBS_MOST];
};

/* Ends of what it runs come as signals. */
static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void child(char *const *argv, int input)
{
	static char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"LANG=C.UTF-8", NULL,
	};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	setsid();
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(127);
	execve(argv[0], argv, environment);
	_exit(127);
}

static void tell(struct helper *h, const char *token, enum helper_end end, int status)
{
	struct helper_result r = { .end = (uint8_t)end, .status = status };

	memcpy(r.token, token, sizeof(r.token));
	(void)send(h->fd, &r, sizeof(r), MSG_NOSIGNAL);
}

/* The text fits into the pipe, so that writing it never waits for the command. */
static pid_t start(const struct helper *h, const struct helper_job *in)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	if (write(fd[1], in->text, in->n) != in->n) {
		close(fd[0]);
		close(fd[1]);
		return -EIO;
	}
	close(fd[1]);
	pid = fork();
	if (pid == 0)
		child(h->argv, fd[0]);
	if (pid < 0)
		pid = -errno;
	close(fd[0]);
	return pid;
}

static struct job *free_job(struct helper *h)
{
	for (unsigned i = 0; i < h->at_once; i++)
		if (!h->job[i].pid)
			return &h->job[i];
	return NULL;
}

static void take(struct helper *h)
{
	struct helper_job in;
	ssize_t n = recv(h->fd, &in, sizeof(in), MSG_DONTWAIT);
	struct job *j = free_job(h);
	pid_t pid;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		h->stopping = true;
	if (n != (ssize_t)sizeof(in) || in.n > sizeof(in.text) || !j)
		return;
	in.token[sizeof(in.token) - 1] = '\0';
	pid = start(h, &in);
	if (pid < 0) {
		tell(h, in.token, HELPER_FAILED, pid);
		return;
	}
	*j = (struct job){ .pid = pid, .until = clock_kernel() + h->timeout };
	memcpy(j->token, in.token, sizeof(j->token));
}

static void stop(struct job *j)
{
	/* its session, and itself where it has not got as far as to have one */
	kill(-j->pid, SIGKILL);
	kill(j->pid, SIGKILL);
	j->killed = true;
}

static void reap(struct helper *h)
{
	for (unsigned i = 0; i < h->at_once; i++) {
		struct job *j = &h->job[i];
		int status;

		if (!j->pid || waitpid(j->pid, &status, WNOHANG) != j->pid)
			continue;
		tell(h, j->token, j->killed ? HELPER_KILLED :
		     WIFEXITED(status) && WEXITSTATUS(status) == 0 ? HELPER_GRANTED :
		     WIFEXITED(status) && WEXITSTATUS(status) == 127 ? HELPER_FAILED :
		     HELPER_REFUSED, status);
		j->pid = 0;
	}
}

/* Kills what has run too long; ms until the next one has, -1: nothing runs. */
static int watch(struct helper *h)
{
	uint64_t now = clock_kernel(), next = UINT64_MAX;

	for (unsigned i = 0; i < h->at_once; i++) {
		struct job *j = &h->job[i];

		if (!j->pid || j->killed)
			continue;
		if (h->stopping || now >= j->until)
			stop(j);
		else if (j->until < next)
			next = j->until;
	}
	return next == UINT64_MAX ? -1 : (int)((next - now) / 1000000) + 1;
}

void helper_run(int fd, char *const *argv, uint32_t timeout, unsigned at_once)
{
	struct helper h = { .argv = argv, .timeout = timeout * NS,
			    .at_once = at_once < JOBS_MOST ? at_once : JOBS_MOST };
	struct pollfd pfd[2];
	struct signalfd_siginfo info;

	h.fd = child_begin("hook", fd);
	h.signal_fd = signals();
	while (!h.stopping && h.signal_fd >= 0) {
		pfd[0] = (struct pollfd){ .fd = h.signal_fd, .events = POLLIN };
		/* while all places are taken the daemon's queue is the socket's */
		pfd[1] = (struct pollfd){ .fd = h.fd, .events = free_job(&h) ? POLLIN : 0 };
		poll(pfd, 2, watch(&h));
		while (read(h.signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
			;
		reap(&h);
		if (pfd[1].revents & POLLIN)
			take(&h);
		else if (pfd[1].revents)
			h.stopping = true;
	}
	(void)watch(&h);
	_exit(0);
}
