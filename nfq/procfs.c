/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "procfs.h"

#include <dirent.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUEUES "/proc/net/netfilter/nfnetlink_queue"

uint32_t procfs_queue_port(uint16_t number)
{
	FILE *f = fopen(QUEUES, "re");
	uint32_t port = 0, p;
	char line[256];
	unsigned n;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%u %" SCNu32, &n, &p) == 2 && n == number)
			port = p;
	fclose(f);
	return port;
}

void procfs_queues(uint16_t first, struct procfs_queue *out, size_t n)
{
	FILE *f = fopen(QUEUES, "re");
	char line[256];

	memset(out, 0, n * sizeof(*out));
	while (f && fgets(line, sizeof(line), f)) {
		struct procfs_queue q = { .there = true };
		unsigned number;

		/* number, port, depth, copy mode, copy range, dropped, undelivered, last id */
		if (sscanf(line, "%u %*u %" SCNu64 " %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64,
			   &number, &q.depth, &q.dropped, &q.undelivered, &q.seen) == 5 &&
		    number >= first && number - first < n)
			out[number - first] = q;
	}
	if (f)
		fclose(f);
}

/* The socket with this port among the netfilter ones; 0 when there is none. */
static unsigned long socket_inode(uint32_t port)
{
	FILE *f = fopen("/proc/net/netlink", "re");
	char line[256];
	unsigned long inode = 0;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		unsigned proto, p;
		unsigned long ino;

		/* sk, protocol, port, groups, rmem, wmem, dump, locks, drops, inode */
		if (sscanf(line, "%*s %u %u %*s %*d %*d %*d %*d %*u %lu", &proto, &p, &ino) == 3 &&
		    proto == NETLINK_NETFILTER && p == port)
			inode = ino;
	}
	fclose(f);
	return inode;
}

static bool process_has_socket(const char *pid, const char *link)
{
	char path[320], target[64];
	bool has = false;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	if (!d)
		return false;
	while (!has && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

		has = n > 0 && (size_t)n == strlen(link) && memcmp(target, link, (size_t)n) == 0;
	}
	closedir(d);
	return has;
}

static void process_name(const char *pid, char *out, size_t room)
{
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(out, (int)room, f))
		snprintf(out, room, "?");
	if (f)
		fclose(f);
	out[strcspn(out, "\n")] = '\0';
	/* a process may call itself anything */
	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

void procfs_holder(uint32_t port, char *out, size_t room)
{
	unsigned long inode = port ? socket_inode(port) : 0;
	DIR *proc = inode ? opendir("/proc") : NULL;
	char link[64], name[32];
	struct dirent *e;

	snprintf(out, room, "another process");
	if (!proc)
		return;
	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	while ((e = readdir(proc))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' ||
		    !process_has_socket(e->d_name, link))
			continue;
		process_name(e->d_name, name, sizeof(name));
		snprintf(out, room, "process %.10s (%s)", e->d_name, name);
		break;
	}
	closedir(proc);
}
