/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CAPS_MOST 64
#define END_PAUSE_MS 5

/* For good: neither this process nor what it starts gets any back. */
static void drop_privileges(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; cap < CAPS_MOST; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	/* where a sandbox forbids even that, what an ordinary user executes has none of its
	 * own now; root's would */
	if (syscall(SYS_capset, &head, none) && geteuid() == 0)
		_exit(1);
}

/* Whatever the daemon had open is not for others. */
static int keep_only(int fd)
{
	int own = 3;

	if (fd != own && dup2(fd, own) < 0)
		_exit(1);
	if (syscall(SYS_close_range, (unsigned)own + 1, ~0U, 0))
		_exit(1);
	fcntl(own, F_SETFD, FD_CLOEXEC);
	return own;
}

/* A terminal's Ctrl-C and the supervisor's TERM are for the daemon, which drains its queues
 * and then closes our socket. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGPIPE };
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int child_begin(const char *name, int fd)
{
	prctl(PR_SET_NAME, name);
	fd = keep_only(fd);
	drop_privileges();
	ignore_signals();
	return fd;
}

pid_t child_fork(int *fd, void (*run)(void *arg, int fd), void *arg)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = fork();
	if (pid == 0) {
		run(arg, pair[1]);
		_exit(0);
	}
	if (pid < 0) {
		pid = -errno;
		close(pair[0]);
		pair[0] = -1;
	}
	close(pair[1]);
	*fd = pair[0];
	return pid;
}

void child_end(int fd, pid_t pid)
{
	const struct timespec pause = { .tv_nsec = END_PAUSE_MS * 1000000 };

	if (fd >= 0)
		close(fd);
	if (pid <= 0)
		return;
	for (unsigned ms = 0; ms < CHILD_END_MS; ms += END_PAUSE_MS) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return;
		nanosleep(&pause, NULL);
	}
	/* stopped, or stuck: it must not hold up the end of the daemon */
	kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}
