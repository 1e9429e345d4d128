/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "queue.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_queue/libnetfilter_queue.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "procfs.h"

/*
 * A slot holds the largest message the kernel can make: an attribute of 64 KiB
 * and the small ones around it.  Slots are virtual memory and only the pages that
 * packets reach become real; 17 pages apart, equal offsets of the slots do not
 * fight for the same cache sets as they would at a power of two.
 */
#define SLOT_BYTES (68u * 1024)
#define SLOT_SMALL 4096u
#define COPY_RANGE 0xffff
/*
 * How much may wait is limited by the socket's buffer and not by the queue's own
 * length: what finds the buffer full is counted where we can read it without
 * being root, also when it is let through (queue_lost).  A message of up to 1.4 kB
 * takes 2304 bytes of it, the shortest 1280: so at least as many packets as the
 * operator wants fit, and less than twice as many.  The kernel doubles the figure
 * it is given.
 */
#define BUFFER_PER_PACKET (2304u / 2)
#define BUFFER_MAX (1u << 30)
#define LENGTH_FACTOR 2
#define CONFIG_BYTES 1024
#define SEND_TRIES 2000
#define SEND_PAUSE_NS 1000000

struct queue {
	struct mnl_socket *nl;
	int fd;
	bool tracks;
	struct queue_conf conf;
};

/* One verdict as it travels; all members are naturally aligned.  Without a mark it ends where
 * that would begin. */
struct verdict_msg {
	struct nlmsghdr nlh;
	struct nfgenmsg nfg;
	struct nlattr attr;
	struct nfqnl_msg_verdict_hdr verdict;
	struct nlattr mark_attr;
	uint32_t mark;
};

struct queue_batch {
	unsigned packets;
	bool big; /* a slot has grown beyond its first page */
	struct queue_packet packet[QUEUE_BATCH];
	_Alignas(4) uint8_t answer[QUEUE_BATCH * sizeof(struct verdict_msg)];
	struct mmsghdr head[QUEUE_BATCH];
	struct iovec vec[QUEUE_BATCH];
	uint8_t *slots;
};

static int fail(char err[QUEUE_ERROR], const struct queue_conf *conf, const char *what, int code)
{
	snprintf(err, QUEUE_ERROR, "queue %u: %s: %s", conf->number, what, strerror(-code));
	return code;
}

/* Sends one config message and waits for the kernel's word on it. */
static int config_call(struct queue *q, struct nlmsghdr *nlh)
{
	char buf[CONFIG_BYTES];
	ssize_t n;

	nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(q->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(q->nl, buf, sizeof(buf));
	if (n < 0)
		return -errno;
	return mnl_cb_run(buf, (size_t)n, 0, mnl_socket_get_portid(q->nl), NULL, NULL) < 0 ?
		       -errno : 0;
}

static int config_bind(struct queue *q, char err[QUEUE_ERROR])
{
	char buf[CONFIG_BYTES], holder[96];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, q->conf.number);
	uint32_t port;
	int r;

	nfq_nlmsg_cfg_put_cmd(nlh, AF_UNSPEC, NFQNL_CFG_CMD_BIND);
	r = config_call(q, nlh);
	/* The kernel says EPERM for "not yours"; that we are allowed is known by now. */
	if (r == -EPERM || r == -EBUSY) {
		port = procfs_queue_port(q->conf.number);
		procfs_holder(port, holder, sizeof(holder));
		snprintf(err, QUEUE_ERROR,
			 "queue %u is taken by %s: stop it, or set another queue.first",
			 q->conf.number, holder);
		return -EBUSY;
	}
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return fail(err, &q->conf, "the kernel has no packet queues "
			    "(try: modprobe nfnetlink_queue)", r);
	return r ? fail(err, &q->conf, "cannot bind", r) : 0;
}

/* With GSO on, several datagrams arrive as one packet and all but the first message would
 * pass unread. */
static void put_flags(struct nlmsghdr *nlh, const struct queue *q)
{
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(NFQA_CFG_F_GSO | NFQA_CFG_F_FAIL_OPEN));
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(q->conf.fail_open ? NFQA_CFG_F_FAIL_OPEN : 0));
}

static int config_params(struct queue *q, char err[QUEUE_ERROR])
{
	char buf[CONFIG_BYTES];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, q->conf.number);
	int r;

	nfq_nlmsg_cfg_put_params(nlh, NFQNL_COPY_PACKET, COPY_RANGE);
	nfq_nlmsg_cfg_put_qmaxlen(nlh, q->conf.length * LENGTH_FACTOR);
	put_flags(nlh, q);
	r = config_call(q, nlh);
	return r ? fail(err, &q->conf, "cannot configure", r) : 0;
}

/* Nice to have: refused where the kernel cannot, and the only flag that may be. */
static void config_entries(struct queue *q)
{
	char buf[CONFIG_BYTES];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, q->conf.number);

	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(NFQA_CFG_F_CONNTRACK));
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_CONNTRACK));
	q->tracks = config_call(q, nlh) == 0;
}

void queue_fail_open(struct queue *q, bool open)
{
	char buf[CONFIG_BYTES];
	struct nlmsghdr *nlh = nfq_nlmsg_put(buf, NFQNL_MSG_CONFIG, q->conf.number);

	q->conf.fail_open = open;
	put_flags(nlh, q);
	/* a refusal comes among the packets, and is counted as an error there */
	if (send(q->fd, nlh, nlh->nlmsg_len, 0) < 0)
		q->conf.fail_open = !open; /* the next second again */
}

static int socket_options(struct queue *q)
{
	uint64_t want = (uint64_t)q->conf.length * BUFFER_PER_PACKET;
	int bytes = (int)(want > BUFFER_MAX ? BUFFER_MAX : want);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int one = 1;

	if (setsockopt(q->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) ||
	    /* a report of lost packets would cost a read and tells no more than
	     * queue_lost */
	    setsockopt(q->fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof(one)) ||
	    /* from now on only the kernel can talk to us */
	    connect(q->fd, (struct sockaddr *)&kernel, sizeof(kernel)))
		return -errno;
	/* Nothing that comes out of this socket has a time; but as long as there is one that
	 * wants them, the kernel stamps every packet that it receives, and tells us in
	 * NFQA_TIMESTAMP: that is how long packets wait is known.  Nice to have. */
	setsockopt(q->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
	/* an error report need not carry our own message back; nice to have */
	setsockopt(q->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return 0;
}

int queue_open(struct queue **out, const struct queue_conf *conf, char err[QUEUE_ERROR])
{
	struct queue *q = calloc(1, sizeof(*q));
	int r;

	if (!q)
		return fail(err, conf, "cannot open", -ENOMEM);
	q->conf = *conf;
	q->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!q->nl || mnl_socket_bind(q->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		r = fail(err, conf, "cannot open a netlink socket", -errno);
		goto out;
	}
	q->fd = mnl_socket_get_fd(q->nl);
	r = socket_options(q);
	if (r) {
		fail(err, conf, "cannot set the socket up", r);
		goto out;
	}
	r = config_bind(q, err);
	if (!r)
		r = config_params(q, err);
	if (!r && conf->entries)
		config_entries(q);
out:
	if (r)
		queue_close(q);
	else
		*out = q;
	return r;
}

void queue_close(struct queue *q)
{
	if (!q)
		return;
	if (q->nl)
		mnl_socket_close(q->nl);
	free(q);
}

int queue_fd(const struct queue *q)
{
	return q->fd;
}

bool queue_tracks(const struct queue *q)
{
	return q->tracks;
}

const struct queue_conf *queue_conf_of(const struct queue *q)
{
	return &q->conf;
}

uint32_t queue_lost(const struct queue *q)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t n = sizeof(info);

	getsockopt(q->fd, SOL_SOCKET, SO_MEMINFO, info, &n);
	return info[SK_MEMINFO_DROPS];
}

struct queue_batch *queue_batch_new(void)
{
	struct queue_batch *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->slots = mmap(NULL, QUEUE_BATCH * SLOT_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (b->slots == MAP_FAILED) {
		free(b);
		return NULL;
	}
	/* a huge page would make the untouched rest real */
	madvise(b->slots, QUEUE_BATCH * SLOT_BYTES, MADV_NOHUGEPAGE);
	for (unsigned i = 0; i < QUEUE_BATCH; i++) {
		b->vec[i] = (struct iovec){ b->slots + (size_t)i * SLOT_BYTES, SLOT_BYTES };
		b->head[i].msg_hdr.msg_iov = &b->vec[i];
		b->head[i].msg_hdr.msg_iovlen = 1;
	}
	return b;
}

void queue_batch_free(struct queue_batch *b)
{
	if (!b)
		return;
	munmap(b->slots, QUEUE_BATCH * SLOT_BYTES);
	free(b);
}

void queue_batch_rest(struct queue_batch *b)
{
	if (!b->big)
		return;
	b->big = false;
	madvise(b->slots, QUEUE_BATCH * SLOT_BYTES, MADV_DONTNEED);
}

/* One attribute of a packet message; true when it was the one with the id. */
static bool read_attr(uint16_t type, const uint8_t *value, uint16_t n, struct queue_packet *p)
{
	struct nfqnl_msg_packet_timestamp stamp;
	struct nfqnl_msg_packet_hdr hdr;
	uint32_t link, info;

	switch (type) {
	case NFQA_PACKET_HDR:
		if (n < sizeof(hdr))
			return false;
		memcpy(&hdr, value, sizeof(hdr));
		p->id = ntohl(hdr.packet_id);
		return true;
	case NFQA_IFINDEX_INDEV:
		if (n == sizeof(link)) {
			memcpy(&link, value, sizeof(link));
			p->link = ntohl(link);
		}
		return false;
	case NFQA_TIMESTAMP:
		if (n == sizeof(stamp)) {
			memcpy(&stamp, value, sizeof(stamp));
			p->stamped = be64toh(stamp.sec) * 1000000000 + be64toh(stamp.usec) * 1000;
		}
		return false;
	case NFQA_SKB_INFO:
		if (n == sizeof(info)) {
			memcpy(&info, value, sizeof(info));
			p->unverified = ntohl(info) & NFQA_SKB_CSUM_NOTVERIFIED;
		}
		return false;
	case NFQA_CT:
		p->entry = (struct slice){ (const char *)value, n };
		return false;
	case NFQA_CT_INFO:
		if (n == sizeof(info)) {
			memcpy(&info, value, sizeof(info));
			p->entry_info = ntohl(info);
		}
		return false;
	case NFQA_PAYLOAD:
		p->bytes = (struct slice){ (const char *)value, n };
		return false;
	}
	return false;
}

/*
 * Finds the id and the bytes in one message; false when it is no packet.  The
 * kernel writes the id first, so that even a message cut short by a slot too
 * small has one, and with it a verdict.
 */
static bool read_packet(const uint8_t *msg, size_t n, struct queue_packet *p)
{
	const size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	struct nlmsghdr nlh;
	struct nlattr attr;
	bool found = false;

	if (n < head)
		return false;
	memcpy(&nlh, msg, sizeof(nlh));
	if (nlh.nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return false;
	for (size_t at = head; at + NLA_HDRLEN <= n; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, msg + at, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > n - at)
			break;
		found |= read_attr(attr.nla_type & NLA_TYPE_MASK, msg + at + NLA_HDRLEN,
				   (uint16_t)(attr.nla_len - NLA_HDRLEN), p);
	}
	return found;
}

int queue_read(struct queue *q, struct queue_batch *b, struct queue_read *out)
{
	int n;

	b->packets = 0;
	*out = (struct queue_read){ .packet = b->packet };
	do
		n = recvmmsg(q->fd, b->head, QUEUE_BATCH, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == ENOBUFS ? 0 : -errno;
	out->messages = (unsigned)n;
	for (int i = 0; i < n; i++) {
		struct queue_packet *p = &b->packet[b->packets];

		*p = (struct queue_packet){ .verdict = q->conf.fail };
		b->big |= b->head[i].msg_len > SLOT_SMALL;
		if (!read_packet(b->vec[i].iov_base, b->head[i].msg_len, p))
			out->errors++;
		else
			b->packets++;
	}
	out->packets = b->packets;
	return 0;
}

static struct verdict_msg verdict_msg(const struct queue *q, const struct queue_packet *p)
{
	bool pass = p->verdict == VERDICT_ACCEPT, mark = pass && p->mark;

	return (struct verdict_msg){
		.nlh = { .nlmsg_len = mark ? sizeof(struct verdict_msg) :
					     offsetof(struct verdict_msg, mark_attr),
			 .nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_VERDICT_BATCH,
			 .nlmsg_flags = NLM_F_REQUEST },
		.nfg = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0,
			 .res_id = htons(q->conf.number) },
		.attr = { .nla_len = NLA_HDRLEN + sizeof(struct nfqnl_msg_verdict_hdr),
			  .nla_type = NFQA_VERDICT_HDR },
		.verdict = { .verdict = htonl(pass ? NF_ACCEPT : NF_DROP), .id = htonl(p->id) },
		.mark_attr = { .nla_len = NLA_HDRLEN + sizeof(uint32_t),
			       .nla_type = NFQA_MARK },
		.mark = htonl(p->mark),
	};
}

/*
 * A batch verdict answers every waiting packet up to its id.  The kernel numbers
 * a packet and puts its message into our socket under one lock, and takes it off
 * the queue again when the message does not fit: so what we read is in order and
 * without gaps, and a run of equal verdicts is one message, provided that all
 * runs before it are told first.  Returns the bytes of all.
 */
static size_t write_runs(const struct queue *q, struct queue_batch *b)
{
	size_t used = 0;

	for (unsigned i = 0; i < b->packets; i++) {
		const struct queue_packet *p = &b->packet[i];
		struct verdict_msg m;

		if (i + 1 < b->packets && p[1].verdict == p->verdict && p[1].mark == p->mark)
			continue;
		m = verdict_msg(q, p);
		memcpy(b->answer + used, &m, m.nlh.nlmsg_len);
		used += m.nlh.nlmsg_len;
	}
	return used;
}

int queue_answer(struct queue *q, struct queue_batch *b)
{
	const struct timespec pause = { .tv_nsec = SEND_PAUSE_NS };
	size_t bytes = write_runs(q, b);
	int tries;

	if (!bytes)
		return 0;
	for (tries = 0; tries < SEND_TRIES; tries++) {
		/* all or nothing: the kernel has handled every message when this returns */
		if (send(q->fd, b->answer, bytes, 0) >= 0)
			break;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM)
			return -errno;
		nanosleep(&pause, NULL); /* memory is short: nothing to poll for */
	}
	b->packets = 0;
	return tries < SEND_TRIES ? tries : -ENOBUFS;
}
