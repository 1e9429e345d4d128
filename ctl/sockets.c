/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sockets.h"

#include <ctype.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pkt.h"

#define TCP_LISTENS 0x0a /* TCP_LISTEN, as /proc writes it */
#define UDP_OPEN 0x07    /* bound, and not connected to anybody */
#define PATH_ROOM 512

/* Addresses stand there as 32-bit words in the order of this host. */
static bool read_address(const char *hex, size_t n, struct addr *out)
{
	uint8_t b[16];

	if (n != 8 && n != 32)
		return false;
	for (size_t i = 0; i < n / 8; i++) {
		char word[9] = "";
		uint32_t value;

		memcpy(word, hex + 8 * i, 8);
		value = (uint32_t)strtoul(word, NULL, 16);
		memcpy(b + 4 * i, &value, 4);
	}
	*out = n == 8 ? addr_v4(b) : addr_v6(b);
	return true;
}

static void take_socket(struct host *h, uint8_t proto, const char *line)
{
	static const struct addr none6;
	struct addr none4 = addr_v4((const uint8_t[4]){ 0, 0, 0, 0 });
	struct host_socket s = { .proto = proto }, *more;
	unsigned port, state;
	char address[33];

	/* sl, local, remote, st, queues, timer, retransmissions, uid, timeout, inode */
	if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*u %*u %lu", address, &port,
		   &state, &s.inode) != 4 ||
	    state != (proto == PROTO_TCP ? TCP_LISTENS : UDP_OPEN) ||
	    !read_address(address, strlen(address), &s.addr))
		return;
	s.port = (uint16_t)port;
	s.any = addr_eq(&s.addr, &none4) || addr_eq(&s.addr, &none6);
	s.loopback = addr_is_v4(&s.addr) ? s.addr.b[12] == 127 :
					   !s.any && memcmp(s.addr.b, none6.b, 15) == 0 &&
					   s.addr.b[15] == 1;
	more = reallocarray(h->socket, h->sockets + 1, sizeof(s));
	if (!more)
		return;
	h->socket = more;
	h->socket[h->sockets++] = s;
}

static void take_file(struct host *h, const char *root, uint8_t proto, const char *path)
{
	FILE *f = host_open(root, path);
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		take_socket(h, proto, line);
	if (f)
		fclose(f);
}

/* --- who has them --- */

bool sockets_program(const char *root, const char *pid, char out[HOST_NAME])
{
	char path[PATH_ROOM], *text;

	snprintf(path, sizeof(path), "/proc/%.32s/comm", pid);
	text = host_read(root, path, HOST_NAME - 1);
	if (!text)
		return false;
	text[strcspn(text, "\n")] = '\0';
	/* a process may call itself anything */
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	snprintf(out, HOST_NAME, "%s", text);
	free(text);
	return true;
}

typedef void each_socket(void *arg, unsigned long inode, const char *pid);

/* Every socket of the process with that number; what may not be seen is left out. */
static void of_process(const char *root, const char *pid, each_socket *each, void *arg)
{
	char path[PATH_ROOM], target[64];
	unsigned long inode;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/proc/%.32s/fd", root, pid);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) == 1)
			each(arg, inode, pid);
	}
	if (d)
		closedir(d);
}

static void of_all(const char *root, each_socket *each, void *arg)
{
	char path[PATH_ROOM];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "%s/proc", root);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]))
			of_process(root, e->d_name, each, arg);
	if (d)
		closedir(d);
}

struct naming {
	struct host *host;
	const char *root;
};

static void name_socket(void *arg, unsigned long inode, const char *pid)
{
	const struct naming *n = arg;

	for (size_t i = 0; i < n->host->sockets; i++)
		if (n->host->socket[i].inode == inode)
			sockets_program(n->root, pid, n->host->socket[i].program);
}

void sockets_look(struct host *h, const char *root)
{
	struct naming n = { h, root };

	take_file(h, root, PROTO_UDP, "/proc/net/udp");
	take_file(h, root, PROTO_UDP, "/proc/net/udp6");
	take_file(h, root, PROTO_TCP, "/proc/net/tcp");
	take_file(h, root, PROTO_TCP, "/proc/net/tcp6");
	of_all(root, name_socket, &n);
}

struct wanted {
	const char *root;
	unsigned long inode;
	char *out;
	bool found;
};

static void match_socket(void *arg, unsigned long inode, const char *pid)
{
	struct wanted *w = arg;

	if (inode == w->inode && !w->found)
		w->found = sockets_program(w->root, pid, w->out);
}

bool host_owner(const char *root, unsigned long inode, char out[HOST_NAME])
{
	struct wanted w = { root, inode, out, false };

	of_all(root, match_socket, &w);
	return w.found;
}

/* --- what they are for --- */

/* The beginning of their names, as the kernel cuts them. */
static const char *const servers[] = { "asterisk", "freeswitch", "kamailio", "opensips",
				       "3CXPhoneSystem", "yate", "drachtio", "flexisip", "sems",
				       "repro" };

bool host_serves_sip(const char *program)
{
	for (unsigned i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		if (strncmp(program, servers[i], strlen(servers[i])) == 0)
			return true;
	return false;
}

/* What such servers have on ports that are not those of SIP.  program "": whichever. */
static const struct usual {
	const char *program;
	uint8_t proto;
	uint16_t port;
	enum host_speaks speaks;
} usual[] = {
	{ "asterisk", PROTO_TCP, 8088, SPEAKS_WS },   { "asterisk", PROTO_TCP, 8089, SPEAKS_WSS },
	{ "asterisk", PROTO_UDP, 4569, SPEAKS_NOTHING }, /* IAX2 */
	{ "asterisk", PROTO_UDP, 4520, SPEAKS_NOTHING }, /* DUNDi */
	{ "asterisk", PROTO_UDP, 2727, SPEAKS_NOTHING }, /* MGCP */
	{ "asterisk", PROTO_UDP, 5000, SPEAKS_NOTHING }, /* UNIStim */
	{ "freeswitch", PROTO_TCP, 5066, SPEAKS_WS }, { "freeswitch", PROTO_TCP, 7443, SPEAKS_WSS },
	{ "freeswitch", PROTO_TCP, 5081, SPEAKS_TLS },
	{ "kamailio", PROTO_TCP, 80, SPEAKS_WS },     { "kamailio", PROTO_TCP, 443, SPEAKS_WSS },
	{ "kamailio", PROTO_TCP, 8080, SPEAKS_WS },   { "kamailio", PROTO_TCP, 4443, SPEAKS_WSS },
	{ "kamailio", PROTO_TCP, 8443, SPEAKS_WSS },
	{ "opensips", PROTO_TCP, 80, SPEAKS_WS },     { "opensips", PROTO_TCP, 443, SPEAKS_WSS },
	{ "opensips", PROTO_TCP, 8080, SPEAKS_WS },   { "opensips", PROTO_TCP, 8443, SPEAKS_WSS },
	{ "", PROTO_TCP, 5061, SPEAKS_TLS },
};

/* RTP and RTCP have an even port and the odd one above it. */
static bool paired(const struct host *h, const struct host_socket *s)
{
	for (size_t i = 0; i < h->sockets; i++)
		if (h->socket[i].proto == s->proto && h->socket[i].port == (s->port ^ 1) &&
		    strcmp(h->socket[i].program, s->program) == 0)
			return true;
	return false;
}

enum host_speaks host_speaks(const struct host *h, const struct host_socket *s)
{
	for (unsigned i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i].proto == s->proto && usual[i].port == s->port &&
		    strncmp(s->program, usual[i].program, strlen(usual[i].program)) == 0)
			return usual[i].speaks;
	if (s->port >= 5060 && s->port <= 5069)
		return SPEAKS_SIP;
	if (!host_serves_sip(s->program))
		return SPEAKS_NOTHING;
	if (s->proto == PROTO_TCP)
		return s->port >= 5070 && s->port <= 5099 ? SPEAKS_SIP : SPEAKS_NOTHING;
	/* media ports begin at 10000 on most servers, and on Asterisk at 5000 unless it is told */
	return s->port >= 1024 && s->port < 10000 && !paired(h, s) ? SPEAKS_SIP : SPEAKS_NOTHING;
}
