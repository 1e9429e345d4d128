/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process does first that the daemon forks off at its start, before there is any
 * thread: it keeps one socket and the standard files, lays down all privileges for good, and
 * leaves signals to the daemon, whose end it sees by the end of the socket.
 */
#ifndef SIPMOAT_CHILD_H
#define SIPMOAT_CHILD_H

#include <sys/types.h>

#define CHILD_END_MS 2000

/*
 * Forks one that runs `run`, which must not return, with its end of a pair of sockets that
 * keep packets apart (SOCK_SEQPACKET).  In the daemon: its pid, or -errno; *fd is our end.
 */
pid_t child_fork(int *fd, void (*run)(void *arg, int fd), void *arg);

/* In the daemon: closes our end and waits for the process, which has CHILD_END_MS to leave by
 * itself. */
void child_end(int fd, pid_t pid);

/* In the child.  name: as ps shows it.  Returns what fd is now. */
int child_begin(const char *name, int fd);

#endif
