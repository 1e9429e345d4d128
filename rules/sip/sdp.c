/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session descriptions (RFC 8866) that no phone writes and on which servers have
 * crashed: negative and huge numbers, lines cut short, hundreds of media lines or
 * formats.  What phones do write, right or wrong, passes: no s= or t=, odd order,
 * unknown lines and attributes, empty lines, any line end.
 */
#include "sip/chars.h"
#include "sip/judge.h"
#include "sip/view.h"

#define MEDIA_MAX 64
#define FORMATS_MAX 128 /* as many as there are payload types */
#define PAYLOAD_MAX 255
#define DIGITS_MAX 10   /* of a clock rate */

static inline bool is_blank(char c)
{
	return (uint8_t)c <= ' ' && (c == ' ' || c == '\t'); /* nearly no byte is */
}

/* The next word of a line, which *p is moved behind; empty at the end. */
static inline struct slice word_next(const char **p, const char *end)
{
	const char *at = *p, *start;

	while (at < end && is_blank(*at))
		at++;
	start = at;
	while (at < end && !is_blank(*at))
		at++;
	*p = at;
	return slice_between(start, at);
}

/* The word before *p, which is moved before it. */
static inline struct slice word_before(const char *start, const char **p)
{
	const char *at = *p, *stop;

	while (at > start && is_blank(at[-1]))
		at--;
	stop = at;
	while (at > start && !is_blank(at[-1]))
		at--;
	*p = at;
	return slice_between(at, stop);
}

static bool is_numeric(struct slice s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && s.p[i] != '.')
			return false;
	return s.n > 0;
}

static struct slice cut_at(struct slice s, char c)
{
	const char *at = find_char(s.p, slice_end(s), c);

	return at ? slice_between(s.p, at) : s;
}

/* What a description says so far. */
struct description {
	struct judging *j;
	struct slice address; /* the last one that was sound: o= and c= mostly agree */
	unsigned media;       /* lines */
};

static bool is_everybody(const struct addr *a)
{
	static const struct addr everybody = {
		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }
	};

	return addr_eq(a, &everybody);
}

static bool host_sound(struct slice host)
{
	struct addr a;

	if (host.n > 2 && *host.p == '[' && host.p[host.n - 1] == ']') /* wrong, but clear */
		host = (struct slice){ host.p + 1, host.n - 2 };
	if (!is_numeric(host) && !find_char(host.p, slice_end(host), ':'))
		return host.n > 0;
	return literal_read(host, &a) && !is_everybody(&a);
}

/* A name, or an address that exists; behind '/' is the TTL of a multicast one. */
static bool address_sound(struct description *d, struct slice s)
{
	struct addr a;

	if (slice_eq(s, d->address))
		return true;
	if (literal_v4(s, &a) ? is_everybody(&a) : !host_sound(cut_at(cut_at(s, '/'), '%')))
		return false;
	d->address = s;
	return true;
}

static const struct slice in_ip4 = SLICE("IN IP4 ");

static bool is_usual(const char *p, const char *end)
{
	return end - p > (ptrdiff_t)in_ip4.n && memcmp(p, in_ip4.p, in_ip4.n) == 0;
}

/* c=nettype addrtype address */
static bool connection_line(struct description *d, const char *p, const char *end)
{
	struct slice net, address;

	if (is_usual(p, end) && !find_char(p + in_ip4.n, end, ' '))
		return address_sound(d, slice_between(p + in_ip4.n, end));
	net = word_next(&p, end);
	(void)word_next(&p, end);
	address = word_next(&p, end);
	return address.n && (!slice_eq(net, SLICE("IN")) || address_sound(d, address));
}

/* o=name id version nettype addrtype address: a name with blanks and no name at
 * all are both seen in the field. */
static bool origin_line(struct description *d, const char *start, const char *p)
{
	struct slice address = word_before(start, &p), net;

	(void)word_before(start, &p);
	net = word_before(start, &p);
	(void)word_before(start, &p);
	if (!word_before(start, &p).n)
		return false;
	return !slice_eq(net, SLICE("IN")) || address_sound(d, address);
}

static bool port_sound(struct slice word, bool *unused)
{
	struct slice port = cut_at(word, '/');
	uint64_t n;

	if (!digits_read(port, UINT16_MAX, &n))
		return false;
	*unused = n == 0;
	return port.n == word.n ||
	       digits_read(slice_between(port.p + port.n + 1, slice_end(word)), UINT16_MAX, &n);
}

/* Payload types are numbers; other words are left to the server. */
static bool payload_sound(struct slice word)
{
	uint64_t n;

	if (word.n && (is_digit(word.p[0]) || word.p[0] == '-'))
		return digits_read(word, PAYLOAD_MAX, &n);
	return true;
}

static bool is_rtp(struct slice proto)
{
	if (proto.p[0] == 'R' && slice_istarts(proto, SLICE("RTP/")))
		return true;
	for (; proto.n >= 4; proto.p++, proto.n--)
		if (slice_istarts(proto, SLICE("RTP/")))
			return true;
	return false;
}

/* m=media port[/number] proto format... */
static bool media_line(const char *p, const char *end)
{
	struct slice media = word_next(&p, end), port = word_next(&p, end);
	struct slice proto = word_next(&p, end), format;
	bool unused = false, rtp;
	unsigned n = 0;

	if (!media.n || !proto.n || !port_sound(port, &unused))
		return false;
	rtp = is_rtp(proto);
	for (; (format = word_next(&p, end)).n; n++)
		if (n == FORMATS_MAX || (rtp && !payload_sound(format)))
			return false;
	return n || unused;
}

/* Is p the attribute name, to its end?  with_colon: as it is mostly written. */
static inline bool is_attribute(const char *p, const char *end, struct slice with_colon)
{
	struct slice name = { with_colon.p, with_colon.n - 1 };

	if (end - p < (ptrdiff_t)name.n || ascii_lower(*p) != name.p[0])
		return false;
	if (end - p > (ptrdiff_t)name.n && memcmp(p, with_colon.p, with_colon.n) == 0)
		return true;
	return slice_istarts(slice_between(p, end), name) &&
	       !(p + name.n < end && is_token_char(p[name.n]));
}

/* a=rtpmap:PAYLOAD NAME/RATE, a=fmtp:FORMAT ...: the number, and no endless one. */
static bool attribute_line(const char *p, const char *end)
{
	static const struct slice rtpmap = SLICE("rtpmap:"), fmtp = SLICE("fmtp:");
	const char *slash = NULL;
	unsigned digits = 0;
	struct slice word;

	if (p == end)
		return true;
	if (is_attribute(p, end, rtpmap)) {
		slash = find_char(p, end, '/');
		p += rtpmap.n - 1;
	} else if (is_attribute(p, end, fmtp)) {
		p += fmtp.n - 1;
	} else {
		return true;
	}
	if (p == end || *p++ != ':')
		return false;
	word = word_next(&p, end);
	while (slash && ++slash < end && is_digit(*slash))
		digits++;
	return word.n && payload_sound(word) && digits <= DIGITS_MAX;
}

static void line_judge(struct description *d, const char *p, const char *end)
{
	while (p < end && is_blank(end[-1]))
		end--;
	if (p == end)
		return;
	if (end - p < 2 || p[1] != '=' || ascii_lower(*p) < 'a' || ascii_lower(*p) > 'z') {
		judge_found(d->j, DEFECT_SDP_SYNTAX, p);
		return;
	}
	switch (*p) {
	case 'm':
		if (++d->media > MEDIA_MAX || !media_line(p + 2, end))
			judge_found(d->j, DEFECT_SDP_MEDIA, p);
		break;
	case 'a':
		if (!attribute_line(p + 2, end))
			judge_found(d->j, DEFECT_SDP_MEDIA, p);
		break;
	case 'c':
		if (!connection_line(d, p + 2, end))
			judge_found(d->j, DEFECT_SDP_CONNECTION, p);
		break;
	case 'o':
		if (!origin_line(d, p + 2, end))
			judge_found(d->j, DEFECT_SDP_CONNECTION, p);
		break;
	default:
		break;
	}
}

/* CR and LF both end a line, as in the least patient of parsers. */
static void odd_lines_judge(struct description *d, struct slice sdp)
{
	const char *p = sdp.p, *end = slice_end(sdp), *start = p;

	for (; p < end; p++) {
		if (*p == '\0')
			judge_found(d->j, DEFECT_SDP_SYNTAX, p);
		if (*p != '\r' && *p != '\n')
			continue;
		line_judge(d, start, p);
		start = p + 1;
	}
	line_judge(d, start, end);
}

/* A line of which nothing but its first two bytes counts, and these are right. */
static inline bool is_idle(const char *p, const char *end)
{
	if (end - p < 3 || p[1] != '=' || *p < 'a' || *p > 'z')
		return false;
	if (*p == 'a')
		return ascii_lower(p[2]) != 'r' && ascii_lower(p[2]) != 'f';
	return *p != 'c' && *p != 'm' && *p != 'o';
}

/* All lines end in CRLF, and there are no other control bytes, as mostly: then
 * they can be cut by the dozen bytes.  false: judge again, byte by byte. */
static bool usual_lines_judge(struct description *d, struct slice sdp)
{
	const char *p = sdp.p, *end = slice_end(sdp), *lf;
	size_t low = 0;

	for (; (lf = find_char(p, end, '\n')) != NULL; p = lf + 1, low += 2) {
		if (lf == p || lf[-1] != '\r')
			return false;
		if (!is_idle(p, lf - 1))
			line_judge(d, p, lf - 1);
	}
	line_judge(d, p, end);
	return low_count(sdp.p, end) == low;
}

static void description_judge(struct judging *j, struct slice sdp)
{
	struct description d = { .j = j }, fresh = d;
	uint64_t before = j->out->found;

	if (usual_lines_judge(&d, sdp))
		return;
	j->out->found = before;
	odd_lines_judge(&fresh, sdp);
}

/* type/subtype of a Content-Type value, and its parameters. */
static bool type_is(struct slice value, struct slice type, struct slice subtype,
		    struct slice *params)
{
	struct slice name = cut_at(value, ';');
	struct slice left = cut_at(name, '/');

	*params = slice_between(slice_end(name), slice_end(value));
	if (left.n == name.n || !slice_ieq(slice_trim(left), type))
		return false;
	left = slice_between(slice_end(left) + 1, slice_end(name));
	return !subtype.n || slice_ieq(slice_trim(left), subtype);
}

static bool is_description(struct slice value)
{
	struct slice params;

	if (slice_eq(value, SLICE("application/sdp"))) /* so everybody writes it */
		return true;
	return type_is(value, SLICE("application"), SLICE("sdp"), &params);
}

/* Cuts a line off; false at the end. */
static bool line_next(struct slice *rest, struct slice *line)
{
	const char *end = slice_end(*rest), *lf = find_char(rest->p, end, '\n');

	if (!rest->n)
		return false;
	*line = slice_between(rest->p, lf ? lf : end);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	*rest = slice_between(lf ? lf + 1 : end, end);
	return true;
}

/* "Content-Type: application/sdp", as a header of a part. */
static bool names_description(struct slice header)
{
	struct slice name = cut_at(header, ':');

	if (name.n == header.n)
		return false;
	header = slice_between(slice_end(name) + 1, slice_end(header));
	return sip_header_of(slice_trim(name)) == HDR_CONTENT_TYPE &&
	       is_description(slice_trim(header));
}

/* A part of a multipart body (RFC 2046 5.1): headers, empty line, content. */
static void part_judge(struct judging *j, struct slice part)
{
	bool description = false;
	struct slice line, fold;

	while (line_next(&part, &line) && line.n) {
		while (part.n && is_blank(*part.p) && line_next(&part, &fold))
			line = slice_between(line.p, slice_end(fold));
		description = description || names_description(line);
	}
	if (description)
		description_judge(j, part);
}

static bool is_delimiter(struct slice line, struct slice boundary)
{
	return line.n >= boundary.n + 2 && line.p[0] == '-' && line.p[1] == '-' &&
	       slice_eq((struct slice){ line.p + 2, boundary.n }, boundary);
}

static void parts_judge(struct judging *j, struct slice boundary)
{
	struct slice rest = j->m->body, line;
	const char *start = NULL;

	while (line_next(&rest, &line)) {
		if (!is_delimiter(line, boundary))
			continue;
		if (start)
			part_judge(j, slice_between(start, line.p));
		start = rest.p;
	}
	if (start)
		part_judge(j, slice_between(start, slice_end(j->m->body)));
}

/* Without the parameter PJSIP takes the first line that looks like a delimiter. */
static struct slice boundary_of(struct slice params, struct slice body)
{
	struct slice boundary, line;

	if (sip_param(params, SLICE("boundary"), &boundary) && boundary.n)
		return boundary;
	while (line_next(&body, &line))
		if (line.n > 2 && line.p[0] == '-' && line.p[1] == '-')
			return slice_trim(slice_between(line.p + 2, slice_end(line)));
	return SLICE_NONE;
}

/*
 * What is compressed cannot be read here; but no server asks Content-Encoding
 * before it reads a description, so to write one must not switch the judge off.
 */
static bool is_compressed(const struct sip_msg *m)
{
	const char *end = slice_end(m->body), *p = skip_lws(m->body.p, end);

	return m->seen[HDR_CONTENT_ENCODING] && (end - p < 2 || (p[1] != '=' && *p != '-'));
}

/* Some phones count the NUL behind their C string. */
static struct slice nuls_cut(struct slice body)
{
	while (body.n && body.p[body.n - 1] == '\0')
		body.n--;
	return body;
}

void sdp_judge(struct judging *j)
{
	const struct sip_msg *m = j->m;
	struct slice type = sip_first(m, HDR_CONTENT_TYPE), params, boundary;

	if (!m->body.n || !type.n || is_compressed(m))
		return;
	if (is_description(type)) {
		description_judge(j, nuls_cut(m->body));
	} else if (type_is(type, SLICE("multipart"), SLICE_NONE, &params)) {
		boundary = boundary_of(params, m->body);
		if (boundary.n)
			parts_judge(j, boundary);
	}
}
