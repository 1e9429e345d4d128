/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nftlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef NETLINK_CAP_ACK
#define NETLINK_CAP_ACK 10
#endif

#define START_BYTES (1u << 20)
#define ANSWER_BYTES (1u << 16)  /* a dump's datagram holds at most 32 KiB */
#define SEND_BUFFER (32 << 20)   /* only a limit: a thousand elements take about 400 kB */
#define EVENT_BUFFER (8 << 20)   /* what others may do to our sets before we look */
#define EVENT_TURNS 256          /* datagrams a call: other work waits, too */

struct nftlink {
	int fd;
	uint32_t port, seq, first;
	char *buf;        /* the transaction, from its opening message on */
	size_t used, cap;
	size_t last;      /* where the newest message starts */
	unsigned count;
	bool broken;      /* no memory: what is built now is thrown away */
	char answer[ANSWER_BYTES] __attribute__((aligned(8)));
};

static int link_bind(struct nftlink *l, uint32_t groups)
{
	struct sockaddr_nl me = { .nl_family = AF_NETLINK, .nl_groups = groups };
	socklen_t n = sizeof(me);
	int one = 1, bytes = groups ? EVENT_BUFFER : SEND_BUFFER;
	int which = groups ? SO_RCVBUFFORCE : SO_SNDBUFFORCE;

	l->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (l->fd < 0)
		return -errno;
	/* the answer to a refused message need not repeat the message */
	setsockopt(l->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (setsockopt(l->fd, SOL_SOCKET, which, &bytes, sizeof(bytes)) < 0)
		return -errno;
	bytes = EVENT_BUFFER;
	if (!groups && setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		return -errno;
	if (bind(l->fd, (struct sockaddr *)&me, sizeof(me)) < 0 ||
	    getsockname(l->fd, (struct sockaddr *)&me, &n) < 0)
		return -errno;
	l->port = me.nl_pid;
	return 0;
}

int nftlink_open(struct nftlink **out, uint32_t groups)
{
	struct nftlink *l = calloc(1, sizeof(*l));
	int e = -ENOMEM;

	*out = NULL;
	if (!l)
		return e;
	l->fd = -1;
	l->cap = START_BYTES;
	l->buf = malloc(l->cap);
	if (l->buf)
		e = link_bind(l, groups);
	if (e < 0) {
		nftlink_close(l);
		return e;
	}
	*out = l;
	return 0;
}

void nftlink_close(struct nftlink *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	free(l->buf);
	free(l);
}

int nftlink_fd(const struct nftlink *l)
{
	return l->fd;
}

uint32_t nftlink_port(const struct nftlink *l)
{
	return l->port;
}

int nftlink_ignore(struct nftlink *l, uint32_t port, uint32_t other)
{
	uint32_t second = other ? other : port;
	/* all messages of a datagram stem from one transaction: the first one tells */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(second), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (setsockopt(l->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0)
		return -errno;
	return 0;
}

/* The messages that open and close a transaction carry no attributes. */
static void put_frame(struct nftlink *l, uint16_t type)
{
	struct nlmsghdr *m = nftlink_room(l);
	struct nfgenmsg *g = NLMSG_DATA(m);

	memset(m, 0, NLMSG_LENGTH(sizeof(*g)));
	m->nlmsg_len = NLMSG_LENGTH(sizeof(*g));
	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST;
	m->nlmsg_seq = l->seq++;
	g->res_id = htons(NFNL_SUBSYS_NFTABLES);
	l->used += NLMSG_ALIGN(m->nlmsg_len);
}

void nftlink_begin(struct nftlink *l)
{
	l->used = 0;
	l->count = 0;
	l->broken = false;
	put_frame(l, NFNL_MSG_BATCH_BEGIN);
	l->first = l->seq;
}

void *nftlink_room(struct nftlink *l)
{
	char *more;

	if (l->cap - l->used >= NFTLINK_ROOM)
		return l->buf + l->used;
	more = realloc(l->buf, l->cap * 2);
	if (more) {
		l->buf = more;
		l->cap *= 2;
	} else {
		l->broken = true;
		l->used = 0;
	}
	return l->buf + l->used;
}

uint32_t nftlink_seq(const struct nftlink *l)
{
	return l->seq;
}

unsigned nftlink_add(struct nftlink *l)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(l->buf + l->used);

	l->last = l->used;
	l->used += NLMSG_ALIGN(m->nlmsg_len);
	l->seq++;
	return l->count++;
}

struct answers {
	uint32_t first, count;
	struct nftlink_fault *fault;
	unsigned room, n;
	int error;
};

static void take_answer(struct answers *a, const struct nlmsghdr *m)
{
	const struct nlmsgerr *e = NLMSG_DATA(m);

	if (m->nlmsg_type != NLMSG_ERROR || m->nlmsg_len < NLMSG_LENGTH(sizeof(int)))
		return;
	if (e->error == 0)
		return;
	if (a->error == 0)
		a->error = e->error;
	if (m->nlmsg_seq - a->first < a->count && a->n < a->room) {
		a->fault[a->n].index = m->nlmsg_seq - a->first;
		a->fault[a->n++].error = e->error;
	}
}

/* The kernel works inside send(): when it returns, every answer waits. */
static int read_answers(struct nftlink *l, struct answers *a)
{
	for (;;) {
		ssize_t n = recv(l->fd, l->answer, sizeof(l->answer), MSG_DONTWAIT);
		struct nlmsghdr *m = (struct nlmsghdr *)l->answer;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return a->error;
		if (n < 0 && a->error == 0)
			a->error = -errno;
		for (; n > 0 && NLMSG_OK(m, n); m = NLMSG_NEXT(m, n))
			take_answer(a, m);
	}
}

int nftlink_commit(struct nftlink *l, struct nftlink_fault *fault, unsigned room, unsigned *n)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct answers a = { l->first, l->count, fault, room, 0, 0 };
	int e = 0;

	if (l->count && !l->broken) {
		/* refusals always answer; one acknowledgement covers the rest */
		((struct nlmsghdr *)(l->buf + l->last))->nlmsg_flags |= NLM_F_ACK;
		put_frame(l, NFNL_MSG_BATCH_END);
	}
	if (l->broken)
		e = -ENOMEM;
	else if (l->count && sendto(l->fd, l->buf, l->used, 0, (struct sockaddr *)&kernel,
				    sizeof(kernel)) < 0)
		e = -errno;
	else if (l->count)
		e = read_answers(l, &a);
	if (n)
		*n = a.n;
	return e;
}

static void throw_away(struct nftlink *l)
{
	while (recv(l->fd, l->answer, sizeof(l->answer), MSG_DONTWAIT) > 0)
		;
}

/* One datagram of a dump: 1 = finished, 0 = more to come, or -errno. */
static int dump_part(struct nftlink *l, uint32_t seq, nftlink_each *each, void *arg)
{
	ssize_t n = recv(l->fd, l->answer, sizeof(l->answer), 0);
	struct nlmsghdr *m = (struct nlmsghdr *)l->answer;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n)) {
		if (m->nlmsg_seq != seq)
			continue;
		if (m->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (m->nlmsg_type == NLMSG_DONE)
			return 1;
		if (m->nlmsg_type == NLMSG_ERROR) {
			int e = ((const struct nlmsgerr *)NLMSG_DATA(m))->error;

			return e ? e : 1;
		}
		each(m, arg);
	}
	return 0;
}

int nftlink_dump(struct nftlink *l, struct nlmsghdr *request, nftlink_each *each, void *arg)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int e = 0;

	request->nlmsg_seq = l->seq++;
	if (sendto(l->fd, request, request->nlmsg_len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	while (e == 0)
		e = dump_part(l, request->nlmsg_seq, each, arg);
	if (e == -EINTR)
		throw_away(l);
	return e < 0 ? e : 0;
}

int nftlink_ask(struct nftlink *l, void *requests, size_t bytes, uint32_t *first,
		nftlink_each *each, void *arg)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct nlmsghdr *m = requests;
	ssize_t left = (ssize_t)bytes;

	*first = l->seq;
	for (; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left))
		m->nlmsg_seq = l->seq++;
	if (sendto(l->fd, requests, bytes, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	/* as in read_answers: they wait already */
	for (;;) {
		ssize_t n = recv(l->fd, l->answer, sizeof(l->answer), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
		for (m = (struct nlmsghdr *)l->answer; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n))
			if (m->nlmsg_type != NLMSG_ERROR)
				each(m, arg);
	}
}

int nftlink_events(struct nftlink *l, nftlink_each *each, void *arg)
{
	for (unsigned i = 0; i < EVENT_TURNS; i++) {
		ssize_t n = recv(l->fd, l->answer, sizeof(l->answer), MSG_DONTWAIT);
		struct nlmsghdr *m = (struct nlmsghdr *)l->answer;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0 && errno == ENOBUFS) {
			throw_away(l); /* older than what the caller will read now */
			return -ENOBUFS;
		}
		if (n < 0)
			return -errno;
		for (; NLMSG_OK(m, n); m = NLMSG_NEXT(m, n))
			each(m, arg);
	}
	return 0;
}
