/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect.h"

/* Bytes from the message never reach the terminal as they are. */
static void print_escaped(FILE *out, struct slice s)
{
	for (uint32_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\\')
			fputs("\\\\", out);
		else if (c >= 0x20 && c <= 0x7e)
			putc(c, out);
		else
			fprintf(out, "\\x%02x", c);
	}
}

static void print_field(FILE *out, const char *name, struct slice value)
{
	if (!value.p)
		return;
	fprintf(out, "  %-14s ", name);
	print_escaped(out, value);
	putc('\n', out);
}

static void print_number(FILE *out, const char *name, uint64_t value)
{
	fprintf(out, "  %-14s %llu\n", name, (unsigned long long)value);
}

static void print_uri(FILE *out, struct slice text)
{
	struct sip_uri u;

	print_field(out, "request-uri", text);
	if (!sip_uri_read(text, &u))
		return;
	print_field(out, "  scheme", u.scheme);
	print_field(out, "  user", u.user);
	print_field(out, "  host", u.host);
	if (u.port)
		print_number(out, "  port", u.port);
	print_field(out, "  params", u.params);
	print_field(out, "  headers", u.headers);
}

static void print_address(FILE *out, const char *name, struct slice value)
{
	struct sip_nameaddr na;

	if (!sip_nameaddr_read(value, &na))
		return;
	print_field(out, name, na.uri);
	print_field(out, "  display", na.display.n ? na.display : SLICE_NONE);
	print_field(out, "  tag", sip_tag(value));
}

static void print_via(FILE *out, struct slice value)
{
	struct slice branch;
	struct sip_via via;

	if (!sip_via_read(value, &via))
		return;
	print_field(out, "via", via.host);
	print_field(out, "  transport", via.transport);
	if (via.port)
		print_number(out, "  port", via.port);
	if (sip_param(via.params, SLICE("branch"), &branch))
		print_field(out, "  branch", branch);
}

static void print_message(FILE *out, const struct sip_msg *m)
{
	if (m->kind == SIP_REQUEST) {
		print_field(out, "method", m->method_name);
		print_uri(out, m->uri);
	} else {
		print_number(out, "status", m->status);
		print_field(out, "reason", m->reason);
	}
	print_via(out, sip_first(m, HDR_VIA));
	print_address(out, "from", sip_first(m, HDR_FROM));
	print_address(out, "to", sip_first(m, HDR_TO));
	print_address(out, "contact", sip_first(m, HDR_CONTACT));
	print_field(out, "call-id", sip_first(m, HDR_CALL_ID));
	if (m->seen[HDR_CSEQ] && !sip_defective(m, DEFECT_CSEQ))
		print_number(out, "cseq", m->cseq);
	print_field(out, "user-agent", sip_first(m, HDR_USER_AGENT));
	if (m->content_length >= 0)
		print_number(out, "content-length", (uint64_t)m->content_length);
	print_number(out, "body", m->body.n);
	if (m->rest.n)
		print_number(out, "behind-body", m->rest.n);
	fprintf(out, "headers: %u\n", m->lines);
	for (unsigned i = 0; i < m->count; i++) {
		const struct sip_hdr *h = &m->hdr[i];

		fputs("  ", out);
		print_escaped(out, h->name);
		if (h->id != HDR_OTHER &&
		    !slice_eq(h->name, slice_of(sip_header_name(h->id))))
			fprintf(out, " (%s)", sip_header_name(h->id));
		fputs(": ", out);
		print_escaped(out, h->value);
		putc('\n', out);
	}
}

void inspect_text(FILE *out, const struct inspection *in)
{
	const struct sip_msg *m = in->m;

	fprintf(out, "%s, %u bytes\n", inspect_kind(m), m->all.n);
	if (m->kind == SIP_KEEPALIVE)
		return;
	if (m->kind != SIP_NONE)
		print_message(out, m);
	fputs(in->n ? "defects:\n" : "no defects\n", out);
	for (unsigned i = 0; i < in->n; i++) {
		const struct inspect_defect *d = &in->found[i];

		fprintf(out, "  %s at byte %u, line %u: %s (standard: %s)\n",
			sip_defect_name(d->defect), d->at, inspect_line(m, d->at),
			sip_defect_text(d->defect), inspect_treat(d->defect));
	}
	if (in->n)
		fprintf(out, "the standard preset %s\n", in->refused ? "drops it" : "lets it pass");
}
