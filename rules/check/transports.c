/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which transports a source may use; in a zone it can require TLS or forbid what is
 * sent in clear.
 *
 * What a TCP connection is shows in its first bytes, so a SYN always passes, and
 * the connection ends before it has delivered a message.  Until then it may still
 * become any that is allowed.
 */
#include "check.h"
#include "checks.h"
#include "state/flows.h"

enum transport { UDP, TCP, TLS, WS, TRANSPORTS };
static const char *const names[TRANSPORTS] = { "udp", "tcp", "tls", "ws" };

struct transports_conf {
	struct conf_list allow_list;
	uint8_t allow; /* bitmap of enum transport */
};

static const struct conf_row transports_rows[] = {
	{ .name = "allow",
	  .type = CONF_LIST,
	  .offset = offsetof(struct transports_conf, allow_list),
	  .fallback = "udp,tcp,tls,ws",
	  .help = "transports that may be used: \"udp\", \"tcp\", \"tls\", \"ws\"" },
	{ 0 },
};

static int transports_compile(void *conf, struct compiler *c)
{
	struct transports_conf *t = conf;
	int err = 0;

	for (unsigned i = 0; i < t->allow_list.n; i++) {
		const struct conf_item *item = &t->allow_list.item[i];
		unsigned n = 0;

		while (n < TRANSPORTS && strcmp(names[n], item->text) != 0)
			n++;
		if (n < TRANSPORTS) {
			t->allow |= (uint8_t)(1u << n);
			continue;
		}
		compiler_error(c, item, "allow", "there is no transport \"%s\": write \"udp\", "
			       "\"tcp\", \"tls\" or \"ws\"", item->text);
		err = -1;
	}
	if (!err && !t->allow)
		compiler_error(c, NULL, "allow", "an empty list allows nothing: name at least one");
	return t->allow ? err : -1;
}

/* TRANSPORTS: it cannot be known yet, or is nothing that could be allowed. */
static enum transport transport_of(const struct probe *p)
{
	if (!p->segment)
		return p->pkt->proto == PROTO_UDP ? UDP : TRANSPORTS;
	switch ((enum stream_kind)p->segment->kind) {
	case STREAM_SIP:
		return TCP;
	case STREAM_TLS:
		return TLS;
	case STREAM_HTTP:
	case STREAM_WEBSOCKET:
		return WS;
	case STREAM_NEW:
	case STREAM_OTHER:
		break;
	}
	return TRANSPORTS;
}

static enum found transports_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct transports_conf *c = conf;
	enum transport t = transport_of(p);
	struct slice name;

	/* where nothing over TCP is allowed there is nothing to wait for */
	if (p->segment && t == TRANSPORTS && !(c->allow & (1 << TCP | 1 << TLS | 1 << WS)))
		t = TCP;
	if (t == TRANSPORTS || c->allow >> t & 1)
		return CLEAR;
	name = slice_of(names[t]);
	evidence_reason(ev, "transport %s is not allowed", &name);
	return HIT;
}

const struct check check_transports = {
	.name = "transports",
	.help = "which transports may be used: require TLS, forbid what is sent in clear",
	.remedy = "let the phone use a transport that is allowed, or allow this one "
		  "in the source's zone: transports.allow",
	.stage = STAGE_TRANSPORT,
	.needs = NEED_ANY,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .ban = 0, .ban_after = 1,
		      .ban_window = 60 },
	.rows = transports_rows,
	.conf_size = sizeof(struct transports_conf),
	.compile = transports_compile,
	.run = transports_run,
};
