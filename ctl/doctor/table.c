/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

/* In the order in which they are read: what is most often wrong comes first. */
const struct finding_row findings[] = {
	{ "daemon", "whether sipmoatd runs", find_daemon },
	{ "control", "whether its control socket answers", find_control },
	{ "config", "what sipmoat check says", find_config },
	{ "mode", "observe or enforce", find_mode },
	{ "inside", "whether the servers of this host are protected", find_inside },
	{ "listeners", "ports where SIP servers listen", find_listeners },
	{ "flows", "connections to ports that are usually SIP", find_flows },
	{ "encrypted", "ports with TLS and WSS", find_encrypted },
	{ "steering", "the way of SIP to sipmoatd", find_steering },
	{ "queues", "who else uses sipmoatd's queues", find_queues },
	{ "losses", "packets that found a queue full", find_losses },
	{ "priorities", "chains of others in front of ours", find_priorities },
	{ "sip-helper", "nf_conntrack_sip, which rewrites SIP", find_helper },
	{ "flowtables", "flows that pass by all rules", find_flowtables },
	{ "untracked", "SIP without connection tracking", find_untracked },
	{ "dnat", "where DNAT sends SIP to", find_dnat },
	{ "beside", "other firewalls on this host", find_beside },
	{ "sight", "whether the servers' answers come this way", find_sight },
	{ "rp-filter", "packets dropped for their way back", find_rp_filter },
	{ "forgery", "whether somebody outside could pass for a server", find_inside_links },
	{ "merging", "interfaces that merge packets", find_merging },
	{ "conntrack", "connection tracking, and its room", find_conntrack },
	{ "fragments", "whether they are put together", find_defrag },
	{ "kernel", "its version", find_kernel },
	{ "nftables", "whether it answers", find_nftables },
	{ "queueing", "whether the kernel can queue packets", find_queueing },
	{ "glue", "NETFILTER_NETLINK_GLUE_CT", find_glue },
	{ "clock", "whether it is right", find_clock },
	{ "databases", "of countries and networks, and their age", find_databases },
};

const unsigned findings_count = sizeof(findings) / sizeof(findings[0]);
