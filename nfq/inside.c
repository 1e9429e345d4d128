/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inside.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "engine.h"
#include "log.h"

#define DUMP_BYTES 32768
#define NEXTHOPS 16
#define TRIES 5 /* a dump that a change has torn is taken again */
#define LOG_TEXT 700

struct route {
	struct prefix to;
	bool is_default;
	unsigned n_oif;
	int oif[NEXTHOPS];
};

struct found {
	struct prefix *own;
	struct route *route;
	size_t n_own, n_route;
	bool no_memory;
};

/* One more element at the end of a growing array; NULL without memory. */
static void *append(void *array, size_t *n, size_t size)
{
	void *grown = (*n & (*n - 1)) ? array : realloc(array, (*n ? *n * 2 : 1) * size);

	if (grown)
		++*n;
	return grown;
}

static bool read_addr(int family, const struct nlattr *attr, struct addr *out)
{
	if (family == AF_INET && mnl_attr_get_payload_len(attr) == 4)
		*out = addr_v4(mnl_attr_get_payload(attr));
	else if (family == AF_INET6 && mnl_attr_get_payload_len(attr) == 16)
		*out = addr_v6(mnl_attr_get_payload(attr));
	else
		return false;
	return true;
}

static int on_address(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct found *f = arg;
	struct nlattr *attr;
	struct addr address, local;
	bool has_address = false, has_local = false;
	struct prefix *grown;

	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		/* on a point-to-point link IFA_ADDRESS is the peer, IFA_LOCAL is ours */
		if (mnl_attr_get_type(attr) == IFA_LOCAL)
			has_local = read_addr(ifa->ifa_family, attr, &local);
		else if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			has_address = read_addr(ifa->ifa_family, attr, &address);
	}
	if (!has_local && !has_address)
		return MNL_CB_OK;
	grown = append(f->own, &f->n_own, sizeof(*f->own));
	if (!grown) {
		f->no_memory = true;
		return MNL_CB_OK;
	}
	f->own = grown;
	f->own[f->n_own - 1] = (struct prefix){ has_local ? local : address, 128 };
	return MNL_CB_OK;
}

static void read_multipath(const struct nlattr *attr, struct route *r)
{
	const struct rtnexthop *nh = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr);

	for (; RTNH_OK(nh, left) && r->n_oif < NEXTHOPS; nh = RTNH_NEXT(nh)) {
		r->oif[r->n_oif++] = nh->rtnh_ifindex;
		left -= (int)RTNH_ALIGN(nh->rtnh_len);
	}
}

static int on_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	uint32_t table = rtm->rtm_table;
	struct route r = { .is_default = rtm->rtm_dst_len == 0, .to.len = rtm->rtm_dst_len };
	struct found *f = arg;
	struct nlattr *attr;
	struct route *grown;

	if (rtm->rtm_family == AF_INET) {
		r.to.len = (uint8_t)(r.to.len + ADDR_V4_BITS);
		r.to.addr = addr_v4((const uint8_t[4]){ 0 });
	}
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_TABLE:
			table = mnl_attr_get_u32(attr);
			break;
		case RTA_DST:
			read_addr(rtm->rtm_family, attr, &r.to.addr);
			break;
		case RTA_OIF:
			if (r.n_oif < NEXTHOPS)
				r.oif[r.n_oif++] = (int)mnl_attr_get_u32(attr);
			break;
		case RTA_MULTIPATH:
			read_multipath(attr, &r);
			break;
		}
	}
	if (table != RT_TABLE_MAIN || rtm->rtm_type != RTN_UNICAST || !r.n_oif ||
	    (rtm->rtm_flags & RTM_F_CLONED))
		return MNL_CB_OK;
	grown = append(f->route, &f->n_route, sizeof(*f->route));
	if (!grown) {
		f->no_memory = true;
		return MNL_CB_OK;
	}
	f->route = grown;
	f->route[f->n_route - 1] = r;
	return MNL_CB_OK;
}

/* Asks for all of one kind and one family; -EINTR: it changed meanwhile. */
static int dump(struct mnl_socket *nl, uint16_t type, int family, mnl_cb_t each, void *arg)
{
	char *buf = malloc(DUMP_BYTES);
	struct nlmsghdr *nlh;
	unsigned seq = (unsigned)type << 8 | (unsigned)family;
	ssize_t n;
	int r = MNL_CB_OK;

	if (!buf)
		return -ENOMEM;
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = seq;
	/* rtmsg and ifaddrmsg both begin with the family */
	((struct rtmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtmsg)))->rtm_family =
		(unsigned char)family;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		r = -errno;
	while (r > 0) {
		n = mnl_socket_recvfrom(nl, buf, DUMP_BYTES);
		r = n < 0 ? -errno : mnl_cb_run(buf, (size_t)n, seq, mnl_socket_get_portid(nl),
						each, arg);
		if (n >= 0 && r < 0)
			r = -errno;
	}
	free(buf);
	return r;
}

static void found_fini(struct found *f)
{
	free(f->own);
	free(f->route);
	*f = (struct found){ 0 };
}

static int dump_all(struct found *f)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int r = 0;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		r = -errno;
	for (unsigned i = 0; !r && i < 2; i++) {
		r = dump(nl, RTM_GETADDR, families[i], on_address, f);
		if (!r)
			r = dump(nl, RTM_GETROUTE, families[i], on_route, f);
	}
	if (nl)
		mnl_socket_close(nl);
	return r ? r : f->no_memory ? -ENOMEM : 0;
}

static bool is_multicast(const struct addr *a)
{
	return addr_is_v4(a) ? (a->b[12] & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

static bool is_link_local(const struct addr *a)
{
	return addr_is_v4(a) ? a->b[12] == 169 && a->b[13] == 254 :
			       a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static bool is_loopback(const struct addr *a)
{
	struct addr one = { { [15] = 1 } };

	return addr_is_v4(a) ? a->b[12] == 127 : addr_eq(a, &one);
}

/* Does any of its interfaces lead to the default route of its family? */
static bool leads_outside(const struct found *f, const struct route *r)
{
	for (size_t i = 0; i < f->n_route; i++) {
		const struct route *d = &f->route[i];

		if (!d->is_default || addr_is_v4(&d->to.addr) != addr_is_v4(&r->to.addr))
			continue;
		for (unsigned k = 0; k < d->n_oif * r->n_oif; k++)
			if (d->oif[k / r->n_oif] == r->oif[k % r->n_oif])
				return true;
	}
	return false;
}

static bool has_default(const struct found *f, bool v4)
{
	for (size_t i = 0; i < f->n_route; i++)
		if (f->route[i].is_default && addr_is_v4(&f->route[i].to.addr) == v4)
			return true;
	return false;
}

static bool is_inside(const struct found *f, const struct route *r)
{
	/* without a default route nothing tells the outside from the inside */
	return !r->is_default && has_default(f, addr_is_v4(&r->to.addr)) &&
	       !leads_outside(f, r) && !is_link_local(&r->to.addr) &&
	       !is_multicast(&r->to.addr) && !is_loopback(&r->to.addr);
}

/* What was asked of the kernel, again when it changed meanwhile. */
static int look(struct found *f)
{
	int r = -EINTR;

	for (unsigned i = 0; r == -EINTR && i < TRIES; i++) {
		found_fini(f);
		r = dump_all(f);
	}
	return r;
}

/* Own addresses and networks behind; the caller frees *out. */
static int inside_find(const struct found *f, struct prefix **out, size_t *n)
{
	struct prefix *p = calloc(f->n_own + f->n_route + 1, sizeof(*p));
	size_t count = 0;

	if (!p)
		return -ENOMEM;
	/* loopback addresses are our own too: a call from this host to itself must
	 * not count as a stranger's */
	for (size_t i = 0; i < f->n_own; i++)
		p[count++] = f->own[i];
	for (size_t i = 0; i < f->n_route; i++)
		if (is_inside(f, &f->route[i]))
			p[count++] = f->route[i].to;
	*out = p;
	*n = count;
	return 0;
}

static bool is_own(const struct found *f, const struct prefix *p)
{
	for (size_t i = 0; i < f->n_own; i++)
		if (p->len == 128 && addr_eq(&p->addr, &f->own[i].addr))
			return true;
	return false;
}

static bool route_uses(const struct route *r, int link)
{
	for (unsigned i = 0; i < r->n_oif; i++)
		if (r->oif[i] == link)
			return true;
	return false;
}

/* May part of p lie behind the link?  The routes that p falls under decide, and
 * those into parts of it. */
static bool behind(const struct found *f, const struct prefix *p, int link)
{
	const struct route *best = NULL;

	for (size_t i = 0; i < f->n_route; i++) {
		const struct route *r = &f->route[i];

		if (addr_is_v4(&r->to.addr) != addr_is_v4(&p->addr))
			continue;
		if (r->to.len > p->len && prefix_has(p, &r->to.addr) && route_uses(r, link))
			return true;
		if (r->to.len <= p->len && prefix_has(&r->to, &p->addr) &&
		    (!best || r->to.len > best->to.len ||
		     (r->to.len == best->to.len && route_uses(r, link))))
			best = r;
	}
	return best && route_uses(best, link);
}

static bool nothing_behind(const struct found *f, const struct prefix *p, size_t n,
			   const struct outside_link *l)
{
	for (size_t i = 0; i < n; i++)
		if (addr_is_v4(&p[i].addr) == l->v4 && !is_own(f, &p[i]) &&
		    behind(f, &p[i], (int)l->index))
			return false;
	return true;
}

/*
 * The interfaces of the default routes, less those with inside addresses behind
 * them: there an inside source can only be forged.
 */
static int outside_find(const struct found *f, const struct prefix *p, size_t n,
			struct outside_link **out, size_t *count)
{
	struct outside_link *l = calloc(f->n_route * NEXTHOPS + 1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*count = 0;
	for (size_t i = 0; i < f->n_route; i++) {
		const struct route *r = &f->route[i];

		for (unsigned k = 0; r->is_default && k < r->n_oif; k++) {
			l[*count] = (struct outside_link){ (uint32_t)r->oif[k],
							   addr_is_v4(&r->to.addr) };
			*count += nothing_behind(f, p, n, &l[*count]);
		}
	}
	*out = l;
	return 0;
}

static void log_inside(const struct prefix *p, size_t n, const char *origin)
{
	char text[LOG_TEXT] = "", one[PREFIX_TEXT];
	size_t at = 0, left = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_loopback(&p[i].addr) || is_link_local(&p[i].addr))
			continue;
		if (left || at + PREFIX_TEXT + 2 > sizeof(text)) {
			left++;
			continue;
		}
		prefix_print(&p[i], one);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? ", " : "", one);
	}
	if (left)
		log_info("inside (%s): %s and %zu more", origin, text, left);
	else
		log_info("inside (%s): %s", origin, at ? text : "nothing but this host's loopback");
}

static void log_outside(const struct outside_link *l, size_t n)
{
	char name[IF_NAMESIZE];

	for (size_t i = 0; i < n; i++)
		log_info("outside: %s, so an inside source that comes in there over IPv%d is "
			 "forged", if_indextoname(l[i].index, name) ? name : "?", l[i].v4 ? 4 : 6);
}

static int settle_outside(struct ruleset *rs, const struct found *f)
{
	struct outside_link *l = NULL;
	const struct prefix *p;
	size_t n, count = 0;
	int r;

	p = ruleset_inside(rs, &n);
	r = outside_find(f, p, n, &l, &count);
	if (!r)
		r = ruleset_set_outside(rs, l, count);
	if (!r)
		log_outside(l, count);
	free(l);
	return r;
}

static int settle_inside(struct ruleset *rs, const struct found *f)
{
	struct prefix *p = NULL;
	const struct prefix *given;
	size_t n;
	int r;

	if (ruleset_settings(rs)->inside.n) {
		given = ruleset_inside(rs, &n);
		log_inside(given, n, "from the config");
		return 0;
	}
	r = inside_find(f, &p, &n);
	if (!r)
		r = ruleset_set_inside(rs, p, n);
	if (!r)
		log_inside(p, n, "worked out: own addresses and what lies behind");
	free(p);
	return r;
}

int inside_settle(struct ruleset *rs)
{
	struct found f = { 0 };
	int r = look(&f);

	if (!r)
		r = settle_inside(rs, &f);
	if (!r)
		r = settle_outside(rs, &f);
	if (r)
		log_error("cannot ask the kernel for addresses and routes: %s", strerror(-r));
	found_fini(&f);
	return r;
}
