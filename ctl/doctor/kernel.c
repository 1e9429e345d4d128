/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel has of what is needed. */
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

/* The oldest that sipmoat is tried with. */
#define KERNEL_MAJOR 6
#define KERNEL_MINOR 1
#define NEARLY_FULL 90 /* percent */

void find_kernel(const struct place *p, struct finding *f)
{
	unsigned major = 0, minor = 0;

	if (sscanf(p->kernel, "%u.%u", &major, &minor) != 2) {
		found(f, HEALTH_UNKNOWN, "the kernel calls itself \"%s\"", p->kernel);
		return;
	}
	if (major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR)) {
		found(f, HEALTH_OK, "Linux %s", p->kernel);
		return;
	}
	found(f, HEALTH_WARN, "Linux %s is older than what sipmoat is tried with", p->kernel);
	because(f, "packets may be lost or bans refused in ways that nobody has seen");
	advise(f, "update to a system with Linux %d.%d or later, such as Debian 12", KERNEL_MAJOR,
	       KERNEL_MINOR);
}

void find_nftables(const struct place *p, struct finding *f)
{
	if (p->nft) {
		found(f, HEALTH_OK, "nftables answers: %u tables", p->nft->tables);
	} else if (p->privileged && !p->nft_missing) {
		found(f, HEALTH_FAIL, "nftables does not answer: %s", p->nft_why);
		because(f, "bans and the way of SIP to sipmoatd are rules of nftables");
		advise(f, "modprobe nf_tables");
	} else {
		no_nft(p, f);
	}
}

void find_queueing(const struct place *p, struct finding *f)
{
	enum module queue = place_module(p, "nfnetlink_queue");
	enum module native = place_module(p, "nft_queue"), xt = place_module(p, "xt_NFQUEUE");

	if (place_steered(p) != STEERED_NOT) {
		found(f, HEALTH_OK, "the kernel queues packets for sipmoatd");
	} else if (queue == MODULE_MISSING || (native == MODULE_MISSING && xt == MODULE_MISSING)) {
		found(f, HEALTH_FAIL, "the kernel cannot queue packets: %s is missing",
		      queue == MODULE_MISSING ? "nfnetlink_queue" : "nft_queue");
		because(f, "sipmoatd gets to see packets by no other way, and will not start");
		advise(f, "install the rest of your kernel's modules (linux-modules-extra-%s on "
		       "Ubuntu), or a kernel of the distribution", p->kernel);
	} else if (queue == MODULE_UNKNOWN) {
		found(f, HEALTH_UNKNOWN, "whether the kernel can queue packets: it has no list of "
		      "modules; sipmoatd says so when it starts");
	} else {
		found(f, HEALTH_OK, "the kernel can queue packets");
	}
}

void find_conntrack(const struct place *p, struct finding *f)
{
	long long n, most;

	if (!host_number(p->root, "/proc/sys/net/netfilter/nf_conntrack_max", &most) ||
	    !host_number(p->root, "/proc/sys/net/netfilter/nf_conntrack_count", &n)) {
		if (place_steered(p) == STEERED_NOT) {
			found(f, HEALTH_OK, "connection tracking is not on yet; sipmoatd switches "
			      "it on");
			return;
		}
		found(f, HEALTH_FAIL, "connection tracking is off");
		because(f, "without it fragments are not put together, and SIP in fragments "
			"gets past sipmoatd");
		advise(f, "modprobe nf_conntrack && systemctl restart sipmoatd");
	} else if (most && n >= most * NEARLY_FULL / 100) {
		found(f, HEALTH_WARN, "connection tracking is full: %lld of %lld", n, most);
		because(f, "a full one drops packets of new callers and phones before anybody "
			"sees them");
		advise(f, "sysctl -w net.netfilter.nf_conntrack_max=%lld", most * 2);
	} else {
		found(f, HEALTH_OK, "connection tracking holds %lld of %lld", n, most);
	}
}

void find_defrag(const struct place *p, struct finding *f)
{
	const struct nft_chain *c = NULL;
	long long room = 1;

	if (no_nft(p, f))
		return;
	if (host_number(p->root, "/proc/sys/net/ipv4/ipfrag_high_thresh", &room) && room == 0) {
		found(f, HEALTH_FAIL, "fragments are thrown away: ipfrag_high_thresh is 0");
		because(f, "long INVITEs come in fragments, and such calls fail");
		advise(f, "sysctl -w net.ipv4.ipfrag_high_thresh=4194304");
		return;
	}
	switch (place_steered(p)) {
	case STEERED_NOT:
		found(f, HEALTH_OK, "fragments: sipmoatd has them put together when it runs");
		return;
	case STEERED_NATIVE:
		c = nft_chain(p->nft, "inet", "sipmoat", "defrag");
		break;
	case STEERED_XT:
		c = nft_chain(p->nft, "ip", "sipmoat-queue", "defrag");
		break;
	}
	if (c && c->rules) {
		found(f, HEALTH_OK, "fragments are put together before they are judged");
		return;
	}
	found(f, HEALTH_FAIL, "the chain \"defrag\" of sipmoatd's table is empty or gone");
	because(f, "SIP in fragments may get past it");
	advise(f, "systemctl restart sipmoatd");
}

/* The config that the kernel was made with. */
static char *kernel_config(const struct place *p)
{
	char path[256], why[64], *text;
	const char *const unpack[] = { "gzip", "-dc", path, NULL };

	snprintf(path, sizeof(path), "/boot/config-%s", p->kernel);
	text = host_read(p->root, path, 4u << 20);
	if (text)
		return text;
	snprintf(path, sizeof(path), "%s/proc/config.gz", p->root);
	return place_run(unpack, why, sizeof(why));
}

void find_glue(const struct place *p, struct finding *f)
{
	char *config = kernel_config(p);

	if (!config) {
		found(f, HEALTH_UNKNOWN, "how the kernel was made cannot be read");
	} else if (strstr(config, "\nCONFIG_NETFILTER_NETLINK_GLUE_CT=y")) {
		found(f, HEALTH_OK, "the kernel tells of each packet which connection it is of");
	} else {
		found(f, HEALTH_WARN, "the kernel was made without NETFILTER_NETLINK_GLUE_CT");
		because(f, "behind DNAT, answers to strangers cannot come from the address that "
			"they asked; calls are not touched by that");
		advise(f, "nothing, unless your servers are behind DNAT: then use a kernel of "
		       "the distribution");
	}
	free(config);
}
