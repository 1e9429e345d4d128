/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one pass over a message: start line, header lines, body (RFC 3261 7, 25).
 *
 * Linear in the input whatever it holds: every byte is looked at a fixed number
 * of times.  Lines are cut at LF, which nearly every message allows; only when
 * the CRs do not add up is the head read again, with a lone CR as a line end.
 */
#include "sip/chars.h"
#include "sip/view.h"

/* RFC 5626 3.5.1 sends 4 bytes; more than this is not keeping anything alive. */
#define KEEPALIVE_MAX 64

struct scan {
	struct sip_msg *m;
	const char *p, *end;
	size_t crlf;  /* lines that ended in CRLF */
	bool cr_ends; /* a lone CR ends a line too */
};

#define BLOCK 16

/* Fixed inner loops, so that a compiler makes vector code of them; a byte counts
 * to 255. */
static size_t cr_count_blocks(const char *p, size_t blocks)
{
	uint8_t lane[BLOCK] = { 0 };
	size_t n = 0;

	for (size_t b = 0; b < blocks; b++, p += BLOCK)
		for (unsigned i = 0; i < BLOCK; i++)
			lane[i] = (uint8_t)(lane[i] + (p[i] == '\r'));
	for (unsigned i = 0; i < BLOCK; i++)
		n += lane[i];
	return n;
}

static size_t cr_count(const char *p, const char *end)
{
	size_t n = 0;

	while (end - p >= BLOCK) {
		size_t blocks = (size_t)(end - p) / BLOCK;

		if (blocks > 255)
			blocks = 255;
		n += cr_count_blocks(p, blocks);
		p += blocks * BLOCK;
	}
	for (; p < end; p++)
		n += *p == '\r';
	return n;
}

/* The first CR or LF; byte by byte, so that many of one kind cost no rescans. */
static const char *find_line_end(const char *p, const char *end)
{
	while (p < end && *p != '\r' && *p != '\n')
		p++;
	return p < end ? p : NULL;
}

/* Moves behind the line at s->p; *stop is its end without the line end.  false:
 * the bytes end before the line does. */
static bool line_cut(struct scan *s, const char **stop)
{
	const char *at = s->cr_ends ? find_line_end(s->p, s->end) : find_char(s->p, s->end, '\n');

	if (!at) {
		*stop = s->p = s->end;
		return false;
	}
	*stop = at;
	if (*at == '\r' && at + 1 < s->end && at[1] == '\n') {
		s->p = at + 2;
		s->crlf++;
	} else if (*at == '\r') {
		view_defect(s->m, DEFECT_LONE_CR, at);
		s->p = at + 1;
		/* the very last byte: its LF may be in the next segment of a stream */
		return s->p < s->end;
	} else if (at > s->p && at[-1] == '\r') {
		*stop = at - 1;
		s->p = at + 1;
		s->crlf++;
	} else {
		view_defect(s->m, DEFECT_BARE_LINE_END, at);
		s->p = at + 1;
	}
	return true;
}

static bool is_version(struct slice s)
{
	return slice_istarts(s, SLICE("SIP/"));
}

/* The place of " SIP/" nearest to the end of the line, NULL when there is none. */
static const char *find_version(struct slice line)
{
	const char *end = slice_end(line), *p = end;

	while (p > line.p && (p = memrchr(line.p, ' ', (size_t)(p - line.p))) != NULL)
		if (is_version(slice_between(p + 1, end)))
			return p;
	return NULL;
}

/* A bare start of a line that is, or means to be, SIP. */
static enum sip_kind line_kind(struct slice line)
{
	if (is_version(line))
		return SIP_RESPONSE;
	return find_version(line) ? SIP_REQUEST : SIP_NONE;
}

/* Method SP Request-URI SP SIP-Version (RFC 3261 7.1): single spaces, no others. */
static void request_line(struct sip_msg *m, struct slice line)
{
	const char *end = slice_end(line), *version = find_version(line);
	const char *sp = find_char(line.p, end, ' ');
	struct slice v = slice_between(version + 1, end);

	m->kind = SIP_REQUEST;
	m->method_name = slice_between(line.p, sp);
	m->method = sip_method_of(m->method_name);
	if (!is_token(m->method_name))
		view_defect(m, DEFECT_METHOD, line.p);
	while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t')) {
		view_defect(m, DEFECT_START_LINE, v.p + v.n - 1);
		v.n--;
	}
	if (!slice_ieq(v, SLICE("SIP/2.0")))
		view_defect(m, DEFECT_VERSION, v.p);
	if (sp == version) { /* "INVITE SIP/2.0" */
		m->uri = (struct slice){ version, 0 };
	} else {
		m->uri = slice_between(sp + 1, version);
		/* spaces around the URI are one thing, spaces in it another */
		if (m->uri.n && (m->uri.p[0] == ' ' || m->uri.p[m->uri.n - 1] == ' '))
			view_defect(m, DEFECT_START_LINE, m->uri.p);
		m->uri = slice_trim(m->uri);
	}
	values_uri(m);
}

/* SIP-Version SP Status-Code SP Reason-Phrase (RFC 3261 7.2).  A missing space
 * before an empty reason is read as what it means. */
static void status_line(struct sip_msg *m, struct slice line)
{
	const char *end = slice_end(line), *sp = find_char(line.p, end, ' ');
	struct slice version = slice_between(line.p, sp ? sp : end), code = { end, 0 };
	uint64_t status = 0;

	m->kind = SIP_RESPONSE;
	m->reason = code;
	if (!slice_ieq(version, SLICE("SIP/2.0")))
		view_defect(m, DEFECT_VERSION, line.p);
	if (sp) {
		const char *behind = find_char(sp + 1, end, ' ');

		code = slice_between(sp + 1, behind ? behind : end);
		if (behind)
			m->reason = slice_between(behind + 1, end);
	}
	if (code.n != 3 || !digits_read(code, 699, &status) || status < 100) {
		view_defect(m, DEFECT_STATUS, code.p);
		status = 0;
	}
	m->status = (uint16_t)status;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * A name that a strict reader does not accept but a careless server may: what
 * is left without the bytes around it that no name may hold ("To\x01:").
 */
static struct slice name_guess(struct slice name)
{
	while (name.n && !is_token_char(name.p[0]))
		name.p++, name.n--;
	while (name.n && !is_token_char(name.p[name.n - 1]))
		name.n--;
	return name;
}

/*
 * A name that is none of ours as it stands.  White space before the colon is
 * valid SIP (RFC 3261 7.3.1, HCOLON), unlike in HTTP.
 */
static enum sip_header odd_name_read(struct sip_msg *m, struct slice *name)
{
	const char *start = name->p;
	struct slice whole = *name;

	while (name->n && is_blank(name->p[name->n - 1]))
		name->n--;
	if (!is_token(*name)) {
		*name = name_guess(*name);
		view_defect(m, name->n ? DEFECT_HEADER_NAME : DEFECT_HEADER_SYNTAX, start);
	}
	return name->n == whole.n ? HDR_OTHER : sip_header_of(*name);
}

static void header_keep(struct sip_msg *m, enum sip_header id, struct slice name,
			struct slice value)
{
	bool first = m->seen[id] == 0;

	if (id == HDR_OTHER && m->lines > SIP_MAX_HEADERS)
		return;
	if (m->seen[id] < UINT16_MAX)
		m->seen[id]++;
	if (!first && m->lines > SIP_MAX_HEADERS)
		return;
	if (first)
		m->first[id] = (uint8_t)m->count;
	m->hdr[m->count++] = (struct sip_hdr){ name, value, (uint8_t)id };
}

static void header_add(struct sip_msg *m, const char *start, const char *stop)
{
	const char *colon = find_char(start, stop, ':');
	enum sip_header id;
	struct slice name;

	if (m->lines < UINT16_MAX)
		m->lines++;
	if (m->lines > SIP_MAX_HEADERS)
		view_defect(m, DEFECT_TOO_MANY_HEADERS, start);
	if (!colon) {
		view_defect(m, DEFECT_HEADER_SYNTAX, start);
		return;
	}
	name = slice_between(start, colon);
	id = sip_header_of(name);
	if (id == HDR_OTHER)
		id = odd_name_read(m, &name);
	if (name.n)
		header_keep(m, id, name, slice_trim(slice_between(colon + 1, stop)));
}

/* Reads up to and with the empty line; false when it never comes. */
static bool headers_read(struct scan *s)
{
	while (s->p < s->end) {
		const char *start = s->p, *stop;
		bool ended = line_cut(s, &stop);

		if (stop == start) {
			if (ended)
				return true;
			break;
		}
		/* a line that begins with white space continues (RFC 3261 7.3.1) */
		while (ended && s->p < s->end && is_blank(*s->p))
			ended = line_cut(s, &stop);
		header_add(s->m, start, stop);
	}
	view_defect(s->m, DEFECT_NO_END, s->end);
	return false;
}

static bool head_read(struct scan *s)
{
	struct sip_msg *m = s->m;
	struct slice line;
	const char *stop;
	bool ended;

	m->count = m->lines = 0;
	m->defects = 0;
	memset(m->seen, 0, sizeof(m->seen));
	s->p = m->all.p;
	s->crlf = 0;
	ended = line_cut(s, &stop);
	line = slice_between(m->all.p, stop);
	m->kind = line_kind(line);
	if (m->kind == SIP_REQUEST)
		request_line(m, line);
	else if (m->kind == SIP_RESPONSE)
		status_line(m, line);
	else
		return false;
	if (!ended)
		view_defect(m, DEFECT_NO_END, s->end);
	return ended && headers_read(s);
}

/* NULs that stand in a quoted pair of a quoted string (RFC 3261 25.1); *at is
 * the first that does not. */
static size_t nul_allowed(struct slice value, const char **at)
{
	const char *p = value.p, *end = slice_end(value);
	bool quoted = false;
	size_t allowed = 0;

	for (; p < end; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p + 1 < end)
			allowed += *++p == '\0';
		else if (*p == '\0' && !*at)
			*at = p;
	}
	return allowed;
}

static void nul_judge(struct sip_msg *m, const char *end)
{
	const char *at = NULL;
	size_t nuls = 0;

	for (const char *p = m->all.p; p < end; p++)
		nuls += *p == '\0';
	for (unsigned i = 0; i < m->count; i++)
		nuls -= nul_allowed(m->hdr[i].value, &at);
	if (nuls)
		view_defect(m, DEFECT_NUL, at ? at : find_char(m->all.p, end, '\0'));
}

static void rest_judge(struct sip_msg *m)
{
	const char *end = slice_end(m->rest), *p = skip_lws(m->rest.p, end);
	const char *lf = find_char(p, end, '\n');

	if (p == end) /* line ends: a keepalive's, or one too many; nobody reads them */
		return;
	if (line_kind(slice_between(p, lf ? lf : end)) != SIP_NONE)
		view_defect(m, DEFECT_SECOND_MESSAGE, p);
	else
		view_defect(m, DEFECT_TRAILING, p);
}

/* RFC 3261 18.3: over UDP the body ends where Content-Length says, bytes behind
 * it are not part of the message. */
static void body_frame(struct sip_msg *m, struct slice left)
{
	m->body = left;
	m->rest = (struct slice){ slice_end(left), 0 };
	if (m->content_length < 0)
		return;
	if ((uint64_t)m->content_length > left.n) {
		view_defect(m, DEFECT_SHORT_BODY, left.p);
		return;
	}
	m->body.n = (uint32_t)m->content_length;
	m->rest = slice_between(slice_end(m->body), slice_end(left));
	if (m->rest.n)
		rest_judge(m);
}

/* RFC 8489 5: two zero bits, the magic cookie, a length that fits. */
static bool is_stun(struct slice s)
{
	static const char cookie[4] = { 0x21, 0x12, (char)0xa4, 0x42 };

	return s.n >= 20 && ((uint8_t)s.p[0] & 0xc0) == 0 && memcmp(s.p + 4, cookie, 4) == 0 &&
	       ((uint8_t)s.p[2] << 8 | (uint8_t)s.p[3]) + 20u <= s.n && ((uint8_t)s.p[3] & 3) == 0;
}

static bool is_keepalive(struct slice s)
{
	if (is_stun(s))
		return true;
	if (s.n > KEEPALIVE_MAX)
		return false;
	for (uint32_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r' && s.p[i] != '\n' && s.p[i] != '\0')
			return false;
	return true;
}

/* RFC 3261 7.5: empty lines before the start line are ignored. */
static struct slice leading_lines_cut(struct slice s)
{
	while (s.n && (s.p[0] == '\r' || s.p[0] == '\n'))
		s.p++, s.n--;
	return s;
}

void sip_parse(struct sip_msg *m, struct slice bytes)
{
	struct scan s = { .m = m };
	bool ended;

	memset(m, 0, offsetof(struct sip_msg, hdr));
	m->content_length = -1;
	if (is_keepalive(bytes)) {
		m->kind = SIP_KEEPALIVE;
		m->all = bytes;
		return;
	}
	m->all = leading_lines_cut(bytes);
	s.end = slice_end(m->all);
	ended = head_read(&s);
	if (m->kind == SIP_NONE)
		return;
	if (cr_count(m->all.p, s.p) != s.crlf) {
		s.cr_ends = true;
		ended = head_read(&s);
	}
	values_read(m);
	if (find_char(m->all.p, s.p, '\0'))
		nul_judge(m, s.p);
	if (ended)
		body_frame(m, slice_between(s.p, s.end));
}
