/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "mirror.h"
#include "tuple.h"

#define LOOK_MS 1000       /* between looks for new bans: those of one second go together */
#define REST 10            /* a pass is followed by so many times what it took of a processor */
#define DUMP_BYTES 32768   /* the kernel makes no longer answers */
#define DELETE_BYTES 32768 /* of deletions that leave together */
#define DELETE_ROOM 512    /* more than one takes */

/* What settings say about it. */
struct scope {
	uint16_t port[2][16];
	unsigned ports[2];
	bool everything, enforce;
};

struct conntrack {
	struct state *state;
	pthread_mutex_t lock; /* of scope and marked */
	struct scope scope;
	struct mirror *marked, *taken; /* sites: that wait, and that a pass looks for */
	atomic_bool stop;
	atomic_uint_fast64_t passes, deleted;
	struct mnl_socket *dump, *order;
	uint32_t seen;    /* state_bans_cut() when the last pass began */
	uint64_t rest_to; /* no pass before that */
	int wake_fd;      /* stop is set, or somebody waits */
	pthread_t thread;
};

/* One reading of the table. */
struct pass {
	struct conntrack *c;
	struct scope scope;
	bool bans, marked; /* there are some that it is for */
	uint64_t now;
	uint32_t seq;
	unsigned n;  /* deletions in hand */
	size_t used; /* bytes of them */
	_Alignas(8) char bytes[DELETE_BYTES];
};

static struct scope scope_of(const struct settings *s)
{
	struct scope scope = { .everything = s->ban_scope == SCOPE_ALL,
			       .enforce = s->mode == MODE_ENFORCE };

	memcpy(scope.port, s->port, sizeof(scope.port));
	memcpy(scope.ports, s->ports, sizeof(scope.ports));
	return scope;
}

/* --- which ones go --- */

static bool is_port(const struct scope *s, const struct tuple *t)
{
	unsigned which = t->proto == IPPROTO_TCP;

	if (t->proto != IPPROTO_UDP && t->proto != IPPROTO_TCP)
		return false;
	for (unsigned i = 0; i < s->ports[which]; i++)
		if (s->port[which][i] == t->sport || s->port[which][i] == t->dport)
			return true;
	return false;
}

static bool banned(const struct pass *p, const struct addr *a)
{
	struct ban ban;

	/* no other: behind NAT, or a filter that knows states, a connection may not outlive
	 * its entry, and anybody can forge what brings a ban about */
	return state_ban_cuts(p->c->state, a, p->now, &ban);
}

static bool marked(const struct pass *p, const struct addr *a)
{
	struct addr site = addr_site(a);

	return mirror_find(p->c->taken, &site);
}

/* By whoever has sent to us, or would answer: behind NAT the other addresses are our own. */
static bool goes(const struct pass *p, const struct tuple *sent, const struct tuple *back)
{
	bool sip = is_port(&p->scope, sent) || is_port(&p->scope, back);

	/* no TCP connections: what brings a mark about can be forged, too */
	if (p->marked && sip && sent->proto == IPPROTO_UDP &&
	    (marked(p, &sent->src) || marked(p, &back->src)))
		return true;
	return p->bans && (sip || p->scope.everything) &&
	       (banned(p, &sent->src) || banned(p, &back->src));
}

/* --- messages --- */

static struct nlmsghdr *message(void *room, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(room);
	struct nfgenmsg *g;

	m->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	g = mnl_nlmsg_put_extra_header(m, sizeof(*g));
	*g = (struct nfgenmsg){ .nfgen_family = family, .version = NFNETLINK_V0 };
	return m;
}

/* The kernel answers only what it refuses: an entry that has gone meanwhile. */
static void send_deletions(struct pass *p)
{
	_Alignas(8) char answer[DUMP_BYTES];
	unsigned refused = 0;
	ssize_t n;

	if (!p->n || mnl_socket_sendto(p->c->order, p->bytes, p->used) < 0)
		p->n = 0;
	while ((n = recv(mnl_socket_get_fd(p->c->order), answer, sizeof(answer),
			 MSG_DONTWAIT)) > 0) {
		struct nlmsghdr *m = (struct nlmsghdr *)answer;
		int left = (int)n;

		for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
			refused += m->nlmsg_type == NLMSG_ERROR;
	}
	atomic_fetch_add_explicit(&p->c->deleted, p->n > refused ? p->n - refused : 0,
				  memory_order_relaxed);
	p->n = 0;
	p->used = 0;
}

static void copy_attr(struct nlmsghdr *m, const struct nlattr *a)
{
	if (a)
		mnl_attr_put(m, a->nla_type, mnl_attr_get_payload_len(a),
			     mnl_attr_get_payload(a));
}

static int take_entry(const struct nlmsghdr *m, void *arg)
{
	const struct nfgenmsg *g = mnl_nlmsg_get_payload(m);
	struct tuple_attrs all = { { NULL } };
	struct tuple sent, back;
	struct pass *p = arg;
	struct nlmsghdr *out;

	if (mnl_attr_parse(m, sizeof(*g), tuple_sort, &all) < 0 ||
	    !tuple_read(all.a[CTA_TUPLE_ORIG], &sent) ||
	    !tuple_read(all.a[CTA_TUPLE_REPLY], &back) || !goes(p, &sent, &back))
		return MNL_CB_OK;
	if (p->used + DELETE_ROOM > sizeof(p->bytes))
		send_deletions(p);
	out = message(p->bytes + p->used, IPCTNL_MSG_CT_DELETE, 0, g->nfgen_family);
	copy_attr(out, all.a[CTA_TUPLE_ORIG]);
	copy_attr(out, all.a[CTA_ZONE]);
	copy_attr(out, all.a[CTA_ID]); /* this one, and none that took its place */
	p->used += NLMSG_ALIGN(out->nlmsg_len);
	p->n++;
	return MNL_CB_OK;
}

/* Nothing that is left of a reading that failed is to be taken for one of the next. */
static void drain(struct mnl_socket *s)
{
	char rest[DUMP_BYTES];

	while (recv(mnl_socket_get_fd(s), rest, sizeof(rest), MSG_DONTWAIT) > 0)
		;
}

/* false: it could not be read to its end. */
static bool read_table(struct pass *p)
{
	unsigned port = mnl_socket_get_portid(p->c->dump);
	_Alignas(8) char answer[DUMP_BYTES];
	struct nlmsghdr *ask = message(answer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
	ssize_t n;
	int more;

	ask->nlmsg_seq = p->seq;
	drain(p->c->dump);
	if (mnl_socket_sendto(p->c->dump, ask, ask->nlmsg_len) < 0)
		return false;
	do {
		n = mnl_socket_recvfrom(p->c->dump, answer, sizeof(answer));
		more = n < 0 ? -1 : mnl_cb_run(answer, (size_t)n, p->seq, port, take_entry, p);
	} while (more > 0);
	send_deletions(p);
	return more == 0;
}

static uint64_t processor_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static bool holds(const struct mirror *m)
{
	return mirror_count(m, true) || mirror_count(m, false);
}

/* Was anybody marked since the last pass took those that it looks for? */
static bool waits(struct conntrack *c)
{
	bool any;

	pthread_mutex_lock(&c->lock);
	any = holds(c->marked);
	pthread_mutex_unlock(&c->lock);
	return any;
}

/* What is to be looked for: what a pass did not get through first. */
static void take(struct pass *p)
{
	struct conntrack *c = p->c;
	struct mirror *waiting;

	pthread_mutex_lock(&c->lock);
	p->scope = c->scope;
	if (!holds(c->taken)) {
		waiting = c->marked;
		c->marked = c->taken;
		c->taken = waiting;
	}
	pthread_mutex_unlock(&c->lock);
	p->marked = holds(c->taken);
}

/* false: once more. */
static bool pass(struct conntrack *c, bool bans)
{
	uint64_t used = processor_time();
	struct pass p = { .c = c, .bans = bans, .now = clock_now(),
			  .seq = (uint32_t)(clock_kernel() | 1) };
	bool read = true;

	take(&p);
	if (p.scope.enforce) {
		read = read_table(&p);
		atomic_fetch_add_explicit(&c->passes, 1, memory_order_relaxed);
		c->rest_to = clock_kernel() + (processor_time() - used) * REST;
	}
	if (read)
		mirror_clear(c->taken);
	return read;
}

static void *conntrack_main(void *arg)
{
	struct conntrack *c = arg;
	struct pollfd pfd = { .fd = c->wake_fd, .events = POLLIN };
	bool asked = false;
	eventfd_t drained;

	while (!atomic_load(&c->stop)) {
		/* not before what ends a connection or a call is sent: where there is
		 * NAT, only its entry says from where it is to come */
		uint32_t cut = state_bans_cut(c->state);

		if ((asked || cut != c->seen) && clock_kernel() >= c->rest_to) {
			bool read = pass(c, cut != c->seen);

			asked = !read || waits(c);
			if (read)
				c->seen = cut;
		}
		if (poll(&pfd, 1, LOOK_MS) > 0)
			asked |= eventfd_read(c->wake_fd, &drained) == 0;
	}
	return NULL;
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);

	if (s && mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(s);
		s = NULL;
	}
	return s;
}

static void conntrack_free(struct conntrack *c)
{
	if (c->dump)
		mnl_socket_close(c->dump);
	if (c->order)
		mnl_socket_close(c->order);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	mirror_free(c->marked);
	mirror_free(c->taken);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

int conntrack_start(struct conntrack **out, struct state *st, const struct settings *s)
{
	struct conntrack *c = calloc(1, sizeof(*c));
	int r;

	*out = NULL;
	if (!c)
		return -ENOMEM;
	c->state = st;
	c->scope = scope_of(s);
	pthread_mutex_init(&c->lock, NULL);
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->dump = open_socket();
	c->order = open_socket();
	c->marked = mirror_new(s->mark_max);
	c->taken = mirror_new(s->mark_max);
	r = c->wake_fd < 0 || !c->dump || !c->order ? -errno :
	    !c->marked || !c->taken ? -ENOMEM :
		-pthread_create(&c->thread, NULL, conntrack_main, c);
	if (r) {
		conntrack_free(c);
		return r;
	}
	pthread_setname_np(c->thread, "sipmoatd-conns");
	*out = c;
	return 0;
}

void conntrack_forget(struct conntrack *c, const struct addr *site)
{
	struct mirror_entry *e;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	e = mirror_put(c->marked, site);
	if (e) /* where so many wait already, his entries end by themselves */
		e->until = 1;
	pthread_mutex_unlock(&c->lock);
	eventfd_write(c->wake_fd, 1);
}

void conntrack_reload(struct conntrack *c, const struct settings *s)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->scope = scope_of(s);
	pthread_mutex_unlock(&c->lock);
}

void conntrack_stop(struct conntrack *c)
{
	if (!c)
		return;
	atomic_store(&c->stop, true);
	eventfd_write(c->wake_fd, 1);
	pthread_join(c->thread, NULL);
	conntrack_free(c);
}

void conntrack_count(const struct conntrack *c, struct conntrack_counts *out)
{
	*out = (struct conntrack_counts){ 0 };
	if (!c)
		return;
	out->passes = atomic_load_explicit(&c->passes, memory_order_relaxed);
	out->deleted = atomic_load_explicit(&c->deleted, memory_order_relaxed);
}
