/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect.h"
#include "json.h"

/* A text, or null when there is none. */
static void text_or_null(struct json *j, const char *key, struct slice s)
{
	if (s.p)
		json_text(j, key, s);
	else
		json_null(j, key);
}

static void port_json(struct json *j, uint16_t port)
{
	if (port)
		json_uint(j, "port", port);
	else
		json_null(j, "port");
}

static void uri_json(struct json *j, struct slice text)
{
	struct sip_uri u;

	json_open(j, "uri", '{');
	json_text(j, "text", text);
	if (sip_uri_read(text, &u)) {
		text_or_null(j, "scheme", u.scheme);
		text_or_null(j, "user", u.user);
		text_or_null(j, "host", u.host);
		port_json(j, u.port);
		text_or_null(j, "params", u.params);
		text_or_null(j, "headers", u.headers);
	}
	json_close(j, '}');
}

static void address_json(struct json *j, const char *key, struct slice value)
{
	struct sip_nameaddr na;

	if (!sip_nameaddr_read(value, &na)) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	text_or_null(j, "display", na.display.n ? na.display : SLICE_NONE);
	json_text(j, "uri", na.uri);
	text_or_null(j, "tag", sip_tag(value));
	json_close(j, '}');
}

static void via_json(struct json *j, struct slice value)
{
	struct slice branch = SLICE_NONE;
	struct sip_via via;

	if (!sip_via_read(value, &via)) {
		json_null(j, "via");
		return;
	}
	json_open(j, "via", '{');
	json_text(j, "transport", via.transport);
	json_text(j, "host", via.host);
	port_json(j, via.port);
	(void)sip_param(via.params, SLICE("branch"), &branch);
	text_or_null(j, "branch", branch);
	json_close(j, '}');
}

static void headers_json(struct json *j, const struct sip_msg *m)
{
	json_open(j, "headers", '[');
	for (unsigned i = 0; i < m->count; i++) {
		const struct sip_hdr *h = &m->hdr[i];

		json_open(j, NULL, '{');
		if (h->id == HDR_OTHER)
			json_null(j, "header");
		else
			json_text(j, "header", slice_of(sip_header_name(h->id)));
		json_text(j, "name", h->name);
		json_text(j, "value", h->value);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void message_json(struct json *j, const struct sip_msg *m)
{
	json_text(j, "method", inspect_method(m));
	if (m->kind == SIP_REQUEST) {
		uri_json(j, m->uri);
	} else {
		json_uint(j, "status", m->status);
		json_text(j, "reason", m->reason);
	}
	via_json(j, sip_first(m, HDR_VIA));
	address_json(j, "from", sip_first(m, HDR_FROM));
	address_json(j, "to", sip_first(m, HDR_TO));
	address_json(j, "contact", sip_first(m, HDR_CONTACT));
	text_or_null(j, "call_id", sip_first(m, HDR_CALL_ID));
	if (m->seen[HDR_CSEQ] && !sip_defective(m, DEFECT_CSEQ))
		json_uint(j, "cseq", m->cseq);
	else
		json_null(j, "cseq");
	text_or_null(j, "user_agent", sip_first(m, HDR_USER_AGENT));
	if (m->content_length >= 0)
		json_uint(j, "content_length", (uint64_t)m->content_length);
	else
		json_null(j, "content_length");
	json_uint(j, "body", m->body.n);
	json_uint(j, "behind_body", m->rest.n);
	json_uint(j, "lines", m->lines);
	headers_json(j, m);
}

static void defect_json(struct json *j, const struct sip_msg *m, const struct inspect_defect *d)
{
	json_open(j, NULL, '{');
	json_text(j, "name", slice_of(sip_defect_name(d->defect)));
	json_text(j, "text", slice_of(sip_defect_text(d->defect)));
	json_uint(j, "offset", d->at);
	json_uint(j, "line", inspect_line(m, d->at));
	json_text(j, "standard", slice_of(inspect_treat(d->defect)));
	json_close(j, '}');
}

void inspect_json(FILE *out, const struct inspection *in)
{
	const struct sip_msg *m = in->m;
	struct json j = { .out = out };

	json_open(&j, NULL, '{');
	json_text(&j, "kind", slice_of(inspect_kind(m)));
	json_uint(&j, "bytes", m->all.n);
	if (m->kind == SIP_REQUEST || m->kind == SIP_RESPONSE)
		message_json(&j, m);
	json_open(&j, "defects", '[');
	for (unsigned i = 0; i < in->n; i++)
		defect_json(&j, m, &in->found[i]);
	json_close(&j, ']');
	json_bool(&j, "refused", in->refused);
	json_close(&j, '}');
	json_end_line(&j);
}
