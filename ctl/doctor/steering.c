/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of SIP to the daemon, and who else is on it. */
#include <inttypes.h>
#include <string.h>

#include "doctor.h"

#define STEER_PRIORITY (-5) /* of our chains behind the routing; nfq/steer.c */
#define NETFILTER 12        /* NETLINK_NETFILTER */

void find_steering(const struct place *p, struct finding *f)
{
	unsigned first, last;

	if (no_nft(p, f))
		return;
	place_queues(p, &first, &last);
	if (place_steered(p) != STEERED_NOT && p->privileged && !place_daemon(p)) {
		found(f, HEALTH_WARN, "SIP is led into queues %u to %u, and nobody reads them",
		      first, last);
		because(f, "sipmoatd has gone without a word; SIP passes unjudged, or is dropped, "
			"as when_gone and known_gone say");
		advise(f, "systemctl restart sipmoatd");
	} else if (place_steered(p) != STEERED_NOT) {
		found(f, HEALTH_OK, "SIP is led into queues %u to %u, %s", first, last,
		      place_steered(p) == STEERED_NATIVE ? "by nft's queue" :
							   "by the xt target NFQUEUE");
	} else if (place_daemon(p)) {
		found(f, HEALTH_FAIL, "sipmoatd runs, and SIP is not led to it");
		because(f, "nothing is judged");
		advise(f, "systemctl restart sipmoatd, then journalctl -u sipmoatd");
	} else {
		found(f, HEALTH_WARN, "SIP is not led into queues, as sipmoatd does not run");
		because(f, "bans that are in the kernel hold, and all else passes unjudged");
		advise(f, "systemctl enable --now sipmoatd");
	}
}

/* Does a packet of SIP come through it before it gets to us? */
static bool in_front(const struct nft_chain *c)
{
	if (nft_is_ours(c) || !c->hook[0] ||
	    (strcmp(c->family, "ip") != 0 && strcmp(c->family, "ip6") != 0 &&
	     strcmp(c->family, "inet") != 0))
		return false;
	return strcmp(c->hook, "prerouting") == 0 ||
	       (strcmp(c->hook, "postrouting") != 0 && c->priority <= STEER_PRIORITY);
}

/* Drops what goes to or comes from SIP's ports, or all that it does not accept. */
static bool keeps_from_us(const struct nft_view *v, unsigned chain)
{
	if (v->chain[chain].drops)
		return true;
	for (unsigned i = 0; i < v->rules; i++)
		if (v->rule[i].chain == chain && v->rule[i].does & NFT_DROPS &&
		    v->rule[i].ports == NFT_SIP_PORTS)
			return true;
	return false;
}

/* The older kernel interface of iptables, which nft does not list: its chains of that name are
 * all in front of ours. */
static bool dropped_by_iptables(const struct place *p, struct finding *f)
{
	char line[200];

	if (!place_iptables(p, "-A PREROUTING", "port 5060", "-j DROP", line, sizeof(line)))
		return false;
	found(f, HEALTH_WARN, "iptables drops SIP before sipmoat sees it: %s", line);
	advise(f, "take SIP out of that rule, or move it to the chain INPUT or FORWARD of filter");
	return true;
}

static const char front_why[] = "what is dropped there is judged and counted by nobody; if calls "
				"fail and sipmoat's log tells nothing, it is this";

void find_priorities(const struct place *p, struct finding *f)
{
	unsigned front = 0;

	if (no_nft(p, f))
		return;
	for (unsigned i = 0; i < p->nft->chains; i++) {
		const struct nft_chain *c = &p->nft->chain[i];

		if (!in_front(c))
			continue;
		front++;
		if (!keeps_from_us(p->nft, i))
			continue;
		found(f, HEALTH_WARN, "the chain %s %s %s (%s, priority %d) drops SIP before "
		      "sipmoat sees it", c->family, c->table, c->name, c->hook, c->priority);
		because(f, "%s", front_why);
		advise(f, "nft list chain %s %s %s; take SIP out of it, or give it a priority "
		       "above %d", c->family, c->table, c->name, STEER_PRIORITY);
		return;
	}
	if (dropped_by_iptables(p, f))
		because(f, "%s", front_why);
	else
		found(f, HEALTH_OK, "%u chains of others are in front of ours, and none of them "
		      "drops SIP", front);
}

/* --- the queues --- */

/* The socket of that netlink port among netfilter's; 0: none. */
static unsigned long inode_of(const struct place *p, uint32_t port)
{
	FILE *f = host_open(p->root, "/proc/net/netlink");
	unsigned long inode = 0, i;
	unsigned protocol, at;
	char line[256];

	/* sk, protocol, port, groups, rmem, wmem, dump, locks, drops, inode */
	while (f && !inode && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %u %u %*s %*s %*s %*s %*s %*s %lu", &protocol, &at,
			   &i) == 3 && protocol == NETFILTER && at == port)
			inode = i;
	if (f)
		fclose(f);
	return inode;
}

/* A queue of /proc/net/netfilter/nfnetlink_queue. */
struct kernel_queue {
	unsigned number;
	uint32_t port;
	unsigned long long dropped, user_dropped; /* it was full; its reader's buffer was */
};

typedef bool each_queue(const struct place *p, const struct kernel_queue *q, void *arg);

/* Those of ours, until each says false.  false: they cannot be read. */
static bool our_queues(const struct place *p, each_queue *each, void *arg)
{
	FILE *f = host_open(p->root, "/proc/net/netfilter/nfnetlink_queue");
	struct kernel_queue q;
	unsigned first, last;
	bool going = true;
	char line[256];

	place_queues(p, &first, &last);
	if (!f)
		return false;
	while (going && fgets(line, sizeof(line), f))
		if (sscanf(line, "%u %" SCNu32 " %*u %*u %*u %llu %llu", &q.number, &q.port,
			   &q.dropped, &q.user_dropped) == 4 &&
		    q.number >= first && q.number <= last)
			going = each(p, &q, arg);
	fclose(f);
	return true;
}

static bool check_reader(const struct place *p, const struct kernel_queue *q, void *arg)
{
	struct finding *f = arg;
	char who[HOST_NAME] = "";
	unsigned long inode = inode_of(p, q->port);

	if (inode && host_owner(p->root, inode, who) && strcmp(who, "sipmoatd") == 0)
		return true;
	if (!who[0] && !p->privileged)
		return true;
	found(f, HEALTH_FAIL, "%s reads queue %u, which is sipmoatd's",
	      who[0] ? who : "another process", q->number);
	because(f, "two cannot read one queue: sipmoatd does not start, or %s judges SIP instead",
		who[0] ? who : "the other");
	advise(f, "give one of them other numbers: queue = { first = %u; } in conf.d/site.conf, "
	       "restart it", q->number < 20000 ? 20000 : 30000);
	return false;
}

/* Rules of others that send into our queues. */
static bool check_senders(const struct place *p, struct finding *f)
{
	unsigned first, last, from, to;
	char line[200];
	const char *at;

	place_queues(p, &first, &last);
	for (unsigned i = 0; p->nft && i < p->nft->rules; i++) {
		const struct nft_rule *r = &p->nft->rule[i];
		const struct nft_chain *c = &p->nft->chain[r->chain];

		if (!(r->does & NFT_QUEUES) || nft_is_ours(c) || r->first > last || r->last < first)
			continue;
		found(f, HEALTH_FAIL, "the chain %s %s %s sends packets into queue %u, which is "
		      "sipmoatd's", c->family, c->table, c->name, r->first);
		advise(f, "nft -a list chain %s %s %s, then delete that rule or give it another "
		       "number", c->family, c->table, c->name);
		return false;
	}
	if (!place_iptables(p, "-j NFQUEUE", "--queue-", NULL, line, sizeof(line)))
		return true;
	at = strstr(line, "--queue-balance ");
	from = to = 0;
	if (!at || sscanf(at, "--queue-balance %u:%u", &from, &to) != 2) {
		at = strstr(line, "--queue-num ");
		if (!at || sscanf(at, "--queue-num %u", &from) != 1)
			return true;
		to = from;
	}
	if (from > last || to < first)
		return true;
	found(f, HEALTH_FAIL, "a rule of iptables sends packets into sipmoatd's queue: %s", line);
	advise(f, "delete that rule, or give it another number");
	return false;
}

void find_queues(const struct place *p, struct finding *f)
{
	unsigned first, last;

	place_queues(p, &first, &last);
	found(f, HEALTH_OK, "nobody else uses queues %u to %u", first, last);
	if (!check_senders(p, f)) {
		because(f, "packets that are no SIP would be judged as if they were, and those of "
			"the other one are missing there");
		return;
	}
	if (!our_queues(p, check_reader, f))
		not_root(f, "who reads the queues");
}

static bool add_losses(const struct place *p, const struct kernel_queue *q, void *arg)
{
	unsigned long long *lost = arg;

	(void)p;
	lost[0] += q->dropped;
	lost[1] += q->user_dropped;
	return true;
}

void find_losses(const struct place *p, struct finding *f)
{
	unsigned long long lost[2] = { 0, 0 };

	if (!our_queues(p, add_losses, lost)) {
		not_root(f, "what the queues have lost");
	} else if (lost[0] || lost[1]) {
		found(f, HEALTH_WARN, "%llu packets found a queue full, and %llu a full buffer, "
		      "since sipmoatd started", lost[0], lost[1]);
		because(f, "more came than could be judged: strangers' packets were dropped, those "
			"of known phones passed unjudged");
		advise(f, "if it was no flood: queue = { workers = ...; length = 32768; } in "
		       "sipmoat.conf, then restart sipmoatd");
	} else {
		found(f, HEALTH_OK, "no packet has found a queue full");
	}
}
