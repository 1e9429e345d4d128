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

/* Nobody folds so many lines; each costs as much as a header. */
#define FOLDS_MAX 256

struct scan {
	struct sip_msg *m;
	const char *p, *end;
	size_t crlf;    /* lines that ended in CRLF */
	unsigned folds; /* lines that continue another */
	bool cr_ends;   /* a lone CR ends a line too */
};

/* The first CR or LF; byte by byte, so that many of one kind cost no rescans. */
static const char *find_line_end(const char *p, const char *end)
{
	while (p < end && *p != '\r' && *p != '\n')
		p++;
	return p < end ? p : NULL;
}

/* A line that ends at `at`, or not at all, but not in CRLF. */
static bool odd_line_cut(struct scan *s, const char *at, const char **stop)
{
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
	} else {
		view_defect(s->m, DEFECT_BARE_LINE_END, at);
		s->p = at + 1;
	}
	return true;
}

/* Moves behind the line at s->p; *stop is its end without the line end.  false:
 * the bytes end before the line does. */
static inline bool line_cut(struct scan *s, const char **stop)
{
	const char *at = s->cr_ends ? find_line_end(s->p, s->end) : find_char(s->p, s->end, '\n');

	if (!at || at == s->p || at[-1] != '\r')
		return odd_line_cut(s, at, stop);
	*stop = at - 1;
	s->p = at + 1;
	s->crlf++;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_version(struct slice s)
{
	return slice_istarts(s, SLICE("SIP/"));
}

/* The place of " SIP/" nearest to the end of the line, NULL when there is none. */
static const char *find_version(struct slice line)
{
	static const struct slice usual = SLICE(" SIP/2.0");
	const char *end = slice_end(line);

	if (line.n > usual.n && memcmp(end - usual.n, usual.p, usual.n) == 0)
		return end - usual.n;
	for (const char *p = end; p > line.p; p--)
		if (is_blank(p[-1]) && is_version(slice_between(p, end)))
			return p - 1;
	return NULL;
}

static const char *find_lws(const char *p, const char *end)
{
	while (p < end && !is_lws(*p))
		p++;
	return p;
}

static void method_read(struct sip_msg *m, struct slice name)
{
	m->method_name = name;
	m->method = sip_method_of(name);
	if (m->method == METHOD_UNKNOWN && (!is_token(name) || method_misspelt(name)))
		view_defect(m, DEFECT_METHOD, name.p);
}

/*
 * Method SP Request-URI SP SIP-Version (RFC 3261 7.1): single spaces, no others.
 * Tabs and folds are read as what servers take them for.
 */
static void request_line(struct sip_msg *m, struct slice line, const char *version)
{
	const char *end = slice_end(line);
	const char *sp = find_lws(line.p, end);
	struct slice v = slice_between(version + 1, end);

	m->kind = SIP_REQUEST;
	method_read(m, slice_between(line.p, sp));
	if (*sp != ' ' || *version != ' ')
		view_defect(m, DEFECT_START_LINE, sp);
	while (v.n && is_lws(v.p[v.n - 1])) {
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
		if (m->uri.n && (is_lws(m->uri.p[0]) || is_lws(m->uri.p[m->uri.n - 1])))
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
	} else if (name->n < whole.n) {
		view_defect(m, DEFECT_SPACE_COLON, start);
	}
	return name->n == whole.n ? HDR_OTHER : sip_header_of(*name);
}

static inline void header_keep(struct sip_msg *m, enum sip_header id, struct slice name,
			struct slice value)
{
	if (!m->seen[id]++)
		m->first[id] = (uint8_t)m->count;
	m->hdr[m->count++] = (struct sip_hdr){ name, value, (uint8_t)id };
}

static inline void header_add(struct sip_msg *m, const char *start, const char *stop)
{
	const char *colon = find_char(start, stop, ':');
	enum sip_header id;
	struct slice name;

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

/* A line and those that continue it: they begin with white space (RFC 3261
 * 7.3.1).  false: the bytes end before the line does. */
static inline bool folded_cut(struct scan *s, const char **stop)
{
	bool ended = line_cut(s, stop);

	while (ended && s->p < s->end && is_blank(*s->p) && s->folds < FOLDS_MAX) {
		ended = line_cut(s, stop);
		s->folds++;
	}
	return ended;
}

/* Reads up to and with the empty line; false when it never comes.  What nobody
 * sends and nobody may let through need not be read to its end. */
static bool headers_read(struct scan *s)
{
	struct sip_msg *m = s->m;

	while (s->p < s->end) {
		const char *start = s->p, *stop;
		bool ended = folded_cut(s, &stop);

		if (stop == start) {
			if (ended)
				return true;
			break;
		}
		if (++m->lines > SIP_MAX_HEADERS || s->folds == FOLDS_MAX) {
			view_defect(m, DEFECT_TOO_MANY_HEADERS, start);
			return false;
		}
		header_add(m, start, stop);
	}
	view_defect(m, DEFECT_NO_END, s->end);
	return false;
}

static bool head_read(struct scan *s)
{
	struct sip_msg *m = s->m;
	const char *stop, *version;
	struct slice line;
	bool ended;

	m->count = m->lines = 0;
	m->defects = 0;
	memset(m->seen, 0, sizeof(m->seen));
	s->p = m->all.p;
	s->crlf = s->folds = 0;
	ended = folded_cut(s, &stop);
	line = slice_between(m->all.p, stop);
	if (is_version(line))
		status_line(m, line);
	else if ((version = find_version(line)) != NULL)
		request_line(m, line, version);
	else
		return false;
	if (s->folds)
		view_defect(m, DEFECT_START_LINE, m->all.p);
	if (!ended)
		view_defect(m, DEFECT_NO_END, s->end);
	return ended && headers_read(s);
}

static void rest_judge(struct sip_msg *m)
{
	const char *end = slice_end(m->rest), *p = skip_lws(m->rest.p, end);
	const char *lf = find_char(p, end, '\n');
	struct slice line;

	if (p == end) /* line ends: a keepalive's, or one too many; nobody reads them */
		return;
	line = slice_between(p, lf ? lf : end);
	if (is_version(line) || find_version(line))
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

/*
 * RFC 8489 5: two zero bits, the magic cookie, a length that fits.  All the rest is
 * the sender's choice, and Kamailio takes bytes like these for a method.
 */
static bool is_stun(struct slice s)
{
	static const char cookie[4] = { 0x21, 0x12, (char)0xa4, 0x42 };

	return s.n >= 20 && ((uint8_t)s.p[0] & 0xc0) == 0 && memcmp(s.p + 4, cookie, 4) == 0 &&
	       ((uint8_t)s.p[2] << 8 | (uint8_t)s.p[3]) + 20u == s.n &&
	       ((uint8_t)s.p[3] & 3) == 0 && !find_version(s);
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
	struct odd_bytes odd;
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
	/* nothing but the lines' own CRs and LFs, or a closer look is needed */
	odd = (struct odd_bytes){ .cr = s.crlf };
	if (low_count(m->all.p, s.p) != 2 * s.crlf)
		odd = odd_bytes_count(m->all.p, s.p);
	if (odd.cr != s.crlf) {
		s.cr_ends = true;
		ended = head_read(&s);
		odd = odd_bytes_count(m->all.p, s.p);
	}
	values_read(m);
	if (odd.nul + odd.control)
		controls_judge(m, s.p, odd);
	if (ended)
		body_frame(m, slice_between(s.p, s.end));
}
