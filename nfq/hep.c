/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hep.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "hepwire.h"
#include "log.h"

#define SOCKET_BYTES (4 << 20) /* what may wait for the process */
#define PAYLOAD_BYTES 65535
#define TELL_NS (60 * NS) /* how often it tells of packets that it could not send */

struct hep {
	char *server, *password, *node;
	uint32_t id, rate;
	uint8_t what; /* enum hep_what */
	int fd;
	pid_t pid;
};

struct hep_feed {
	int fd;
	bool all;
	uint64_t rate, second, sent; /* packets a second, 0: no limit; of which second so many */
	unsigned n;
	struct hep_record record[QUEUE_BATCH];
	struct iovec part[QUEUE_BATCH][2];
	struct mmsghdr message[QUEUE_BATCH];
};

/* ---- the process ---- */

struct sender {
	int out;
	struct hep_self self;
	uint64_t lost, told_at;
	int why;
	struct sip_msg msg;
	struct hep_record record;
	char payload[PAYLOAD_BYTES];
	uint8_t room[HEP_BYTES];
};

static int open_udp(const char *server)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	struct addr a;
	uint16_t port;
	int fd;

	if (addr_parse_endpoint(slice_of(server), &a, &port))
		return -EINVAL;
	memcpy(&to.sin6_addr, a.b, sizeof(to.sin6_addr));
	to.sin6_port = htons(port);
	/* a host without IPv6 has no such socket */
	if (addr_is_v4(&a)) {
		struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };

		memcpy(&v4.sin_addr, a.b + 12, sizeof(v4.sin_addr));
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		return fd < 0 || !connect(fd, (struct sockaddr *)&v4, sizeof(v4)) ? fd : -errno;
	}
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 || !connect(fd, (struct sockaddr *)&to, sizeof(to)) ? fd : -errno;
}

/* That nobody listens is told by the answer to an earlier packet. */
static void send_out(void *arg, const uint8_t *bytes, size_t n)
{
	struct sender *s = arg;

	if (send(s->out, bytes, n, MSG_DONTWAIT) == (ssize_t)n)
		return;
	s->lost++;
	s->why = errno;
}

static void tell_lost(struct sender *s, const char *server)
{
	uint64_t now = clock_kernel();

	if (!s->lost || (s->told_at && now - s->told_at < TELL_NS))
		return;
	log_warn("%" PRIu64 " packets could not be sent to HOMER at %s: %s", s->lost, server,
		 strerror(s->why));
	s->lost = 0;
	s->told_at = now;
}

static void child_main(void *arg, int fd)
{
	const struct hep *h = arg;
	struct sender *s = calloc(1, sizeof(*s));
	ssize_t n;

	fd = child_begin("hep", fd);
	if (!s)
		return;
	s->self = (struct hep_self){ h->id, h->password, h->node };
	s->out = open_udp(h->server);
	if (s->out < 0)
		log_error("no socket to HOMER at %s: %s", h->server, strerror(-s->out));
	while (s->out >= 0) {
		struct iovec part[2] = { { &s->record, sizeof(s->record) },
					 { s->payload, sizeof(s->payload) } };

		n = readv(fd, part, 2);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		if (n < (ssize_t)sizeof(s->record))
			continue;
		hep_tell(&s->self, &s->record,
			 (struct slice){ s->payload, (uint32_t)((size_t)n - sizeof(s->record)) },
			 &s->msg, s->room, send_out, s);
		tell_lost(s, h->server);
	}
	s->told_at = 0;
	tell_lost(s, h->server);
	free(s);
}

/* ---- the daemon ---- */

static char *node_name(const char *wanted)
{
	char host[65] = "";

	if (!wanted[0] && !gethostname(host, sizeof(host) - 1))
		wanted = host;
	return strdup(wanted);
}

int hep_open(struct hep **out, const struct settings *s)
{
	int bytes = SOCKET_BYTES;
	struct hep *h;

	*out = NULL;
	if (!s->hep_server[0])
		return 0;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	*h = (struct hep){ .server = strdup(s->hep_server), .password = strdup(s->hep_password),
			   .node = node_name(s->hep_node), .id = s->hep_id, .rate = s->hep_rate,
			   .what = s->hep_what, .fd = -1, .pid = -ENOMEM };
	if (h->server && h->password && h->node)
		h->pid = child_fork(&h->fd, child_main, h);
	if (h->pid < 0) {
		int r = (int)h->pid;

		hep_close(h);
		return r;
	}
	/* the first needs CAP_NET_ADMIN; without it there is room for less */
	if (setsockopt(h->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
		(void)setsockopt(h->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	*out = h;
	return 0;
}

void hep_close(struct hep *h)
{
	if (!h)
		return;
	child_end(h->fd, h->pid);
	free(h->server);
	free(h->password);
	free(h->node);
	free(h);
}

bool hep_same(const struct hep *h, const struct settings *s)
{
	char *node;
	bool same;

	if (!h || !s->hep_server[0])
		return !h && !s->hep_server[0];
	node = node_name(s->hep_node);
	same = node && strcmp(h->node, node) == 0 && strcmp(h->server, s->hep_server) == 0 &&
	       strcmp(h->password, s->hep_password) == 0 && h->id == s->hep_id &&
	       h->rate == s->hep_rate && h->what == s->hep_what;
	free(node);
	return same;
}

void hep_watch(struct hep *h)
{
	if (!h || h->pid <= 0 || waitpid(h->pid, NULL, WNOHANG) != h->pid)
		return;
	h->pid = 0;
	log_error("the process that tells HOMER is gone: nothing is told until sipmoatd is "
		  "started again");
}

/* ---- a worker ---- */

struct hep_feed *hep_feed_new(const struct hep *h, unsigned workers)
{
	struct hep_feed *f = h ? calloc(1, sizeof(*f)) : NULL;

	if (!f)
		return NULL;
	f->fd = h->fd;
	f->all = h->what == HEP_ALL;
	f->rate = h->rate ? (h->rate - 1) / workers + 1 : 0;
	for (unsigned i = 0; i < QUEUE_BATCH; i++) {
		f->part[i][0] = (struct iovec){ &f->record[i], sizeof(f->record[i]) };
		f->message[i].msg_hdr = (struct msghdr){ .msg_iov = f->part[i],
							 .msg_iovlen = 2 };
	}
	return f;
}

void hep_feed_free(struct hep_feed *f)
{
	free(f);
}

static bool allowed(struct hep_feed *f, uint64_t when)
{
	if (when / NS != f->second) {
		f->second = when / NS;
		f->sent = 0;
	}
	return !f->rate || f->sent++ < f->rate;
}

void hep_feed_put(struct hep_feed *f, const struct queue_packet *p, const struct pkt *pkt,
		  const struct decision *d, struct stats *count)
{
	uint64_t when = p->stamped ? p->stamped : clock_wall_ns();

	/* keepalives and the like are nobody's call */
	if (d->check == CHECK_NONE &&
	    (!f->all || (d->kind != SIP_REQUEST && d->kind != SIP_RESPONSE)))
		return;
	if (f->n == QUEUE_BATCH || !allowed(f, when)) {
		stats_add(&count->hep_lost, 1);
		return;
	}
	hep_record_fill(&f->record[f->n], when, pkt, d);
	f->part[f->n][1] = (struct iovec){ (void *)(uintptr_t)pkt->payload.p, pkt->payload.n };
	f->n++;
}

void hep_feed_send(struct hep_feed *f, struct stats *count)
{
	unsigned sent = 0;

	if (!f->n)
		return;
	while (sent < f->n) {
		int r = sendmmsg(f->fd, f->message + sent, f->n - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (r <= 0)
			break;
		sent += (unsigned)r;
	}
	stats_add(&count->hep_lost, f->n - sent);
	f->n = 0;
}
