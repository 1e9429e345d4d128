/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "routes.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DUMP_BYTES 32768
#define TRIES 5 /* a dump that a change has torn is taken again */

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
	struct routes *f = arg;
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

/* One attribute of a route, or of one of its several next hops. */
static void read_gateway(int family, const struct nlattr *attr, struct route *r)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	struct addr *to = &r->gateway[r->n_gateway];

	if (r->n_gateway == ROUTES_HOPS)
		return;
	if (mnl_attr_get_type(attr) == RTA_GATEWAY)
		r->n_gateway += read_addr(family, attr, to);
	/* of the other family (RFC 5549) */
	if (mnl_attr_get_type(attr) != RTA_VIA)
		return;
	if (mnl_attr_get_payload_len(attr) == sizeof(*via) + 16 && via->rtvia_family == AF_INET6)
		r->gateway[r->n_gateway++] = addr_v6(via->rtvia_addr);
}

static void read_multipath(int family, const struct nlattr *attr, struct route *r)
{
	const struct rtnexthop *nh = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr);

	for (; RTNH_OK(nh, left) && r->n_oif < ROUTES_HOPS; nh = RTNH_NEXT(nh)) {
		const struct nlattr *a = (const struct nlattr *)RTNH_DATA(nh);
		int room = nh->rtnh_len - (int)RTNH_LENGTH(0);

		r->oif[r->n_oif++] = nh->rtnh_ifindex;
		for (; mnl_attr_ok(a, room); a = mnl_attr_next(a)) {
			read_gateway(family, a, r);
			room -= (int)MNL_ALIGN(a->nla_len);
		}
		left -= (int)RTNH_ALIGN(nh->rtnh_len);
	}
}

static int on_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	uint32_t table = rtm->rtm_table;
	struct route r = { .is_default = rtm->rtm_dst_len == 0, .to.len = rtm->rtm_dst_len };
	struct routes *f = arg;
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
			if (r.n_oif < ROUTES_HOPS)
				r.oif[r.n_oif++] = (int)mnl_attr_get_u32(attr);
			break;
		case RTA_GATEWAY:
		case RTA_VIA:
			read_gateway(rtm->rtm_family, attr, &r);
			break;
		case RTA_MULTIPATH:
			read_multipath(rtm->rtm_family, attr, &r);
			break;
		}
	}
	/* other tables are for rules of policy: only whom they send to counts */
	r.elsewhere = table != RT_TABLE_MAIN;
	if (rtm->rtm_type != RTN_UNICAST || !r.n_oif || (rtm->rtm_flags & RTM_F_CLONED) ||
	    (r.elsewhere && !r.is_default))
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

void routes_free(struct routes *f)
{
	free(f->own);
	free(f->route);
	*f = (struct routes){ 0 };
}

static int dump_all(struct routes *f)
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

/* What was asked of the kernel, again when it changed meanwhile. */
int routes_read(struct routes *f)
{
	int r = -EINTR;

	for (unsigned i = 0; r == -EINTR && i < TRIES; i++) {
		routes_free(f);
		r = dump_all(f);
	}
	return r;
}
