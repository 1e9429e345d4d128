/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where SIP is spoken in fact, against the ports that are guarded. */
#include <string.h>

#include "doctor.h"
#include "ports.h"

#define FLOWS_MOST 200000 /* lines of conntrack that are looked at */

static bool guarded(const struct place *p, uint8_t proto, uint16_t port)
{
	return ports_has(ruleset_settings(p->rules), proto, port);
}

static const char *word(uint8_t proto)
{
	return proto == PROTO_TCP ? "tcp" : "udp";
}

/* "udp = [ 5060, 5080 ];", with one more. */
static void wanted_ports(const struct place *p, uint8_t proto, uint16_t more, char *out,
			 size_t room)
{
	const struct settings *s = ruleset_settings(p->rules);
	unsigned which = proto == PROTO_TCP;
	size_t n = (size_t)snprintf(out, room, "%s = [ ", word(proto));

	for (unsigned i = 0; i < s->ports[which] && n < room; i++)
		n += (size_t)snprintf(out + n, room - n, "%u, ", s->port[which][i]);
	if (n < room)
		snprintf(out + n, room - n, "%u ];", more);
}

static void advise_port(const struct place *p, struct finding *f, uint8_t proto, uint16_t port)
{
	char text[160];

	wanted_ports(p, proto, port, text, sizeof(text));
	advise(f, "if SIP from outside comes there: ports = { %s } in conf.d/site.conf, then "
	       "systemctl reload sipmoatd", text);
}

static const char *owner(const struct host_socket *s)
{
	return s->program[0] ? s->program : "a program";
}

void find_listeners(const struct place *p, struct finding *f)
{
	unsigned n = 0;

	if (no_config(p, f))
		return;
	for (size_t i = 0; i < p->host.sockets; i++) {
		const struct host_socket *s = &p->host.socket[i];
		enum host_speaks speaks = host_speaks(&p->host, s);

		if (s->loopback || (speaks != SPEAKS_SIP && speaks != SPEAKS_WS))
			continue;
		n++;
		if (guarded(p, s->proto, s->port))
			continue;
		found(f, HEALTH_WARN, "%s listens for %s on %s %u, which is not guarded", owner(s),
		      speaks == SPEAKS_WS ? "SIP over WebSocket" : "SIP", word(s->proto), s->port);
		because(f, "what comes in there gets past sipmoat");
		advise_port(p, f, s->proto, s->port);
		return;
	}
	if (n)
		found(f, HEALTH_OK, "all ports where SIP servers of this host listen are guarded");
	else if (p->privileged)
		found(f, HEALTH_OK, "no SIP server listens on this host");
	else
		not_root(f, "which program has which port");
}

void find_encrypted(const struct place *p, struct finding *f)
{
	found(f, HEALTH_OK, "no server of this host listens for encrypted SIP");
	for (size_t i = 0; i < p->host.sockets; i++) {
		const struct host_socket *s = &p->host.socket[i];
		enum host_speaks speaks = host_speaks(&p->host, s);

		if (s->loopback || (speaks != SPEAKS_TLS && speaks != SPEAKS_WSS))
			continue;
		if (guarded(p, s->proto, s->port)) {
			found(f, HEALTH_OK, "%s takes %s on tcp %u: handshakes are watched and "
			      "bans hold, what is said cannot be read", owner(s),
			      speaks == SPEAKS_TLS ? "TLS" : "WSS", s->port);
			continue;
		}
		found(f, HEALTH_WARN, "%s takes %s on tcp %u, which is not guarded", owner(s),
		      speaks == SPEAKS_TLS ? "TLS" : "WSS", s->port);
		because(f, "calls over it cannot be read in any case; unguarded, bans do not hold "
			"there, and handshakes are not counted");
		advise_port(p, f, s->proto, s->port);
		return;
	}
}

/* A line of /proc/net/nf_conntrack: the first direction's addresses and ports. */
static bool read_flow(const char *line, uint8_t *proto, char dst[ADDR_TEXT], unsigned *port)
{
	const char *at = strstr(line, " dst="), *ports = strstr(line, " dport=");

	*proto = strstr(line, " udp ") ? PROTO_UDP : strstr(line, " tcp ") ? PROTO_TCP : PROTO_NONE;
	return *proto && at && ports && sscanf(at, " dst=%45s", dst) == 1 &&
	       sscanf(ports, " dport=%u", port) == 1;
}

void find_flows(const struct place *p, struct finding *f)
{
	FILE *file = p->defaults ? NULL : host_open(p->root, "/proc/net/nf_conntrack");
	char line[512], dst[ADDR_TEXT];
	unsigned port, lines = 0;
	uint8_t proto;

	if (no_config(p, f))
		return;
	if (!file) {
		if (p->privileged)
			found(f, HEALTH_UNKNOWN, "connections are not listed in /proc here");
		else
			not_root(f, "which connections there are");
		return;
	}
	found(f, HEALTH_OK, "no SIP is seen on ports that are not guarded");
	while (lines++ < FLOWS_MOST && fgets(line, sizeof(line), file)) {
		if (!read_flow(line, &proto, dst, &port) || port < 5060 || port > 5099 ||
		    strncmp(dst, "127.", 4) == 0 || strcmp(dst, "::1") == 0 ||
		    guarded(p, proto, (uint16_t)port))
			continue;
		/* the other end's answers come from there: a phone's own port is none of ours */
		if (strstr(line, " sport=5060 ") || strstr(line, " sport=5061 "))
			continue;
		found(f, HEALTH_WARN, "packets go to %s on %s %u, which is not guarded", dst,
		      word(proto), port);
		because(f, "ports from 5060 on are usually SIP, and this gets past sipmoat");
		advise_port(p, f, proto, (uint16_t)port);
		break;
	}
	fclose(file);
}

/* Does the address that the socket has, or one of the host's, lie inside? */
static bool protected(const struct place *p, const struct host_socket *s)
{
	size_t n;
	const struct prefix *inside = ruleset_inside(p->rules, &n);

	for (size_t i = 0; i < n; i++) {
		if (!s->any && prefix_has(&inside[i], &s->addr))
			return true;
		for (size_t k = 0; s->any && k < p->host.addresses; k++)
			if (prefix_has(&inside[i], &p->host.address[k].addr))
				return true;
	}
	return false;
}

void find_inside(const struct place *p, struct finding *f)
{
	char text[ADDR_TEXT] = "...";
	size_t n;

	if (no_config(p, f))
		return;
	ruleset_inside(p->rules, &n);
	if (!n) {
		found(f, HEALTH_OK, "inside is not named: sipmoatd works it out, and its log says "
		      "what");
		return;
	}
	for (size_t i = 0; i < p->host.sockets; i++) {
		const struct host_socket *s = &p->host.socket[i];

		if (s->loopback || !host_serves_sip(s->program) ||
		    host_speaks(&p->host, s) != SPEAKS_SIP || protected(p, s))
			continue;
		if (!s->any)
			addr_print(&s->addr, text);
		else if (p->host.addresses)
			addr_print(&p->host.address[0].addr, text);
		found(f, HEALTH_FAIL, "%s listens on this host, and no address of it is in inside",
		      owner(s));
		because(f, "its answers are taken for a stranger's: nobody is known to be "
			"registered, and what it says is judged");
		advise(f, "add \"%s\" to inside in conf.d/site.conf, then systemctl reload "
		       "sipmoatd", text);
		return;
	}
	found(f, HEALTH_OK, "inside names %zu addresses or prefixes", n);
}
