/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tuple.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>

int tuple_sort(const struct nlattr *a, void *attrs)
{
	struct tuple_attrs *out = attrs;

	if (mnl_attr_get_type(a) <= CTA_MAX)
		out->a[mnl_attr_get_type(a)] = a;
	return MNL_CB_OK;
}

static struct tuple_attrs nested(const struct nlattr *a)
{
	struct tuple_attrs out = { { NULL } };

	if (a)
		mnl_attr_parse_nested(a, tuple_sort, &out);
	return out;
}

static bool read_address(const struct tuple_attrs *ip, unsigned v4, unsigned v6, struct addr *out)
{
	const struct nlattr *a = ip->a[v4] ? ip->a[v4] : ip->a[v6];
	unsigned len = ip->a[v4] ? 4 : 16;

	if (!a || mnl_attr_get_payload_len(a) != len)
		return false;
	*out = len == 4 ? addr_v4(mnl_attr_get_payload(a)) : addr_v6(mnl_attr_get_payload(a));
	return true;
}

static uint16_t read_port(const struct nlattr *a)
{
	return a && mnl_attr_get_payload_len(a) == 2 ? ntohs(mnl_attr_get_u16(a)) : 0;
}

bool tuple_read(const struct nlattr *from, struct tuple *t)
{
	struct tuple_attrs all = nested(from), ip = nested(all.a[CTA_TUPLE_IP]);
	struct tuple_attrs proto = nested(all.a[CTA_TUPLE_PROTO]);
	const struct nlattr *num = proto.a[CTA_PROTO_NUM];

	t->proto = num && mnl_attr_get_payload_len(num) == 1 ? mnl_attr_get_u8(num) : 0;
	t->sport = read_port(proto.a[CTA_PROTO_SRC_PORT]);
	t->dport = read_port(proto.a[CTA_PROTO_DST_PORT]);
	return read_address(&ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC, &t->src) &&
	       read_address(&ip, CTA_IP_V4_DST, CTA_IP_V6_DST, &t->dst);
}

bool tuple_of_packet(struct slice entry, uint32_t info, struct tuple *t)
{
	struct tuple_attrs all = { { NULL } };

	if (!entry.n || info > IP_CT_NEW_REPLY)
		return false;
	mnl_attr_parse_payload(entry.p, entry.n, tuple_sort, &all);
	return tuple_read(all.a[info < IP_CT_IS_REPLY ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY], t);
}
