/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the place once, so that all findings speak of the same moment. */
#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "link.h"

#define FEATURES_MAX 1024
#define SSET_WORDS (sizeof(struct ethtool_sset_info) / sizeof(uint32_t)) /* the number follows */

/* --- rules of this host --- */

static void look_nft(struct place *p)
{
	/* -t: no elements of sets, which may be a million bans */
	static const char *const ask[] = { "nft", "-j", "-t", "list", "ruleset", NULL };
	char *text = place_run(ask, p->nft_why, sizeof(p->nft_why));

	if (text) {
		p->nft = nft_view_read(text, ruleset_settings(p->rules));
		if (!p->nft)
			snprintf(p->nft_why, sizeof(p->nft_why), "what it says is not understood");
	}
	p->nft_missing = !text && strstr(p->nft_why, "no program");
	free(text);
}

static void add_text(char **all, char *more)
{
	char *both = NULL;

	if (more && asprintf(&both, "%s%s", *all ? *all : "", more) >= 0) {
		free(*all);
		*all = both;
	}
	free(more);
}

/* Those of the older kernel interface, too, where they are installed. */
static void look_iptables(struct place *p)
{
	static const char *const programs[] = { "iptables-save", "ip6tables-save",
						"iptables-legacy-save", "ip6tables-legacy-save" };
	char why[128];

	for (unsigned i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const char *const ask[] = { programs[i], NULL };

		add_text(&p->iptables, place_run(ask, why, sizeof(why)));
	}
}

/* --- interfaces --- */

static bool ethtool(const struct place_link *l, int fd, void *command)
{
	struct ifreq ask = { .ifr_data = command };

	snprintf(ask.ifr_name, sizeof(ask.ifr_name), "%.15s", l->name);
	return ioctl(fd, SIOCETHTOOL, &ask) == 0;
}

static void look_merging(struct place_link *l, int fd)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GFLAGS };

	l->known = ethtool(l, fd, &value);
	l->lro = l->known && value.data & ETH_FLAG_LRO;
}

/* Features of the kernel have names; their numbers differ from kernel to kernel. */
static void look_features(struct place_link *l, int fd)
{
	union { struct ethtool_sset_info is; uint32_t word[SSET_WORDS + 1]; } set =
		{ .word = { 0 } };
	struct ethtool_gfeatures *held = NULL;
	struct ethtool_gstrings *names = NULL;
	uint32_t count, blocks;

	set.is.cmd = ETHTOOL_GSSET_INFO;
	set.is.sset_mask = 1ULL << ETH_SS_FEATURES;
	if (!ethtool(l, fd, &set) || !set.is.sset_mask || set.word[SSET_WORDS] > FEATURES_MAX)
		return;
	count = set.word[SSET_WORDS];
	blocks = (count + 31) / 32;
	names = calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
	held = calloc(1, sizeof(*held) + blocks * sizeof(held->features[0]));
	if (names && held) {
		*names = (struct ethtool_gstrings){ ETHTOOL_GSTRINGS, ETH_SS_FEATURES, count };
		*held = (struct ethtool_gfeatures){ ETHTOOL_GFEATURES, blocks };
	}
	if (names && held && ethtool(l, fd, names) && ethtool(l, fd, held))
		for (uint32_t i = 0; i < count; i++) {
			const char *name = (const char *)names->data + i * ETH_GSTRING_LEN;

			if (held->features[i / 32].active >> i % 32 & 1)
				l->merges_udp |= strcmp(name, "rx-udp-gro-forwarding") == 0 ||
						 strcmp(name, "rx-gro-list") == 0;
		}
	free(names);
	free(held);
}

static void look_links(struct place *p)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *all = fd >= 0 ? if_nameindex() : NULL;
	struct place_link *more;

	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		struct ifreq flags = { 0 };

		snprintf(flags.ifr_name, sizeof(flags.ifr_name), "%.15s", i->if_name);
		if (ioctl(fd, SIOCGIFFLAGS, &flags) != 0 || !(flags.ifr_flags & IFF_UP) ||
		    flags.ifr_flags & IFF_LOOPBACK)
			continue;
		more = reallocarray(p->link, p->links + 1, sizeof(*more));
		if (!more)
			break;
		p->link = more;
		more += p->links++;
		*more = (struct place_link){ 0 };
		snprintf(more->name, sizeof(more->name), "%s", i->if_name);
		look_merging(more, fd);
		look_features(more, fd);
	}
	if (all)
		if_freenameindex(all);
	if (fd >= 0)
		close(fd);
}

/* --- the daemon, the clock, the config --- */

static void look_daemon(struct place *p)
{
	struct link *l;

	p->control = link_open(p->socket, &l);
	if (p->control == 0)
		p->control = link_ask(l, "status", NULL, 0, &p->status);
	link_close(l);
}

static void look_clock(struct place *p)
{
	struct timex t = { 0 };
	struct stat st;
	int state = adjtimex(&t);

	p->now = (uint64_t)time(NULL);
	p->synchronised = state >= 0 && state != TIME_ERROR && !(t.status & STA_UNSYNC);
	if (stat("/proc/self/exe", &st) == 0)
		p->built = (uint64_t)st.st_mtime;
}

static int look_config(struct place *p)
{
	struct conf_report none = { 0 };

	p->rules = ruleset_load(p->file, &p->report);
	p->defaults = !p->rules;
	if (p->defaults) {
		p->rules = ruleset_load(NULL, &none);
		conf_report_free(&none);
	}
	return p->rules ? 0 : -ENOMEM;
}

int place_look(struct place *p, const char *file, const char *socket)
{
	struct utsname name;
	const char *own;

	*p = (struct place){ .root = "", .socket = socket };
	p->file = file ? file : SIPMOAT_SYSCONFDIR "/sipmoat.conf";
	if (look_config(p) < 0)
		return -ENOMEM;
	own = ruleset_settings(p->rules)->control_socket;
	if (!socket) {
		snprintf(p->own_socket, sizeof(p->own_socket), "%s",
			 own[0] == '/' ? own : LINK_SOCKET);
		p->socket = p->own_socket;
	}
	if (uname(&name) == 0)
		snprintf(p->kernel, sizeof(p->kernel), "%.63s", name.release);
	p->privileged = geteuid() == 0;
	look_nft(p);
	look_iptables(p);
	host_look(&p->host, p->root);
	look_links(p);
	look_daemon(p);
	look_clock(p);
	return 0;
}

void place_free(struct place *p)
{
	ruleset_free(p->rules);
	conf_report_free(&p->report);
	nft_view_free(p->nft);
	free(p->iptables);
	host_free(&p->host);
	free(p->link);
	reply_free(p->status);
	*p = (struct place){ 0 };
}
