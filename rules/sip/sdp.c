/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Session descriptions (RFC 8866) that no phone writes and on which servers have
 * crashed: negative and huge numbers, lines cut short, hundreds of media lines or
 * formats.  What phones do write, right or wrong, passes: no s= or t=, odd order,
 * unknown lines and attributes, empty lines, any line end.
 */
#include "addr.h"
#include "sip/chars.h"
#include "sip/judge.h"

#define MEDIA_MAX 64
#define FORMATS_MAX 128 /* as many as there are payload types */
#define PAYLOAD_MAX 255
#define DIGITS_MAX 10   /* of a clock rate */
#define PARTS_MAX 16

/* The next word of a line; false at its end. */
static bool word_next(struct slice *rest, struct slice *word)
{
	const char *end = slice_end(*rest), *p = skip_lws(rest->p, end), *start = p;

	while (p < end && !is_lws(*p))
		p++;
	*word = slice_between(start, p);
	*rest = slice_between(p, end);
	return word->n > 0;
}

static bool all_of(struct slice s, const char *chars)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(chars, s.p[i]))
			return false;
	return s.n > 0;
}

static struct slice cut_at(struct slice s, char c)
{
	const char *at = find_char(s.p, slice_end(s), c);

	return at ? slice_between(s.p, at) : s;
}

/* A name, or an address that exists; behind '/' is the TTL of a multicast one. */
static bool address_sound(struct slice s)
{
	static const struct addr everybody = {
		{ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }
	};
	struct addr a;

	s = cut_at(cut_at(s, '/'), '%');
	if (!all_of(s, "0123456789.") && !find_char(s.p, slice_end(s), ':'))
		return s.n > 0;
	return addr_parse(s, &a) == 0 && !addr_eq(&a, &everybody);
}

/* nettype addrtype address, as the last three words of o= and all of c=. */
static bool connection_sound(const struct slice word[3])
{
	return !slice_eq(word[0], SLICE("IN")) || address_sound(word[2]);
}

static bool connection_line(struct slice rest)
{
	struct slice word[3];

	for (unsigned i = 0; i < 3; i++)
		if (!word_next(&rest, &word[i]))
			return false;
	return connection_sound(word);
}

/* A name with blanks and no name at all are both seen in the field. */
static bool origin_line(struct slice rest)
{
	struct slice last[3] = { SLICE_NONE, SLICE_NONE, SLICE_NONE }, word;
	unsigned n = 0;

	for (; word_next(&rest, &word); n++) {
		last[0] = last[1];
		last[1] = last[2];
		last[2] = word;
	}
	return n >= 5 && connection_sound(last);
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
	for (; proto.n >= 4; proto.p++, proto.n--)
		if (slice_istarts(proto, SLICE("RTP/")))
			return true;
	return false;
}

/* media port[/number] proto format... */
static bool media_line(struct slice rest)
{
	struct slice media, port, proto, format;
	bool unused = false, rtp;
	unsigned n = 0;

	if (!word_next(&rest, &media) || !word_next(&rest, &port) || !word_next(&rest, &proto) ||
	    !port_sound(port, &unused))
		return false;
	rtp = is_rtp(proto);
	for (; word_next(&rest, &format); n++)
		if (n == FORMATS_MAX || (rtp && !payload_sound(format)))
			return false;
	return n || unused;
}

/* rtpmap:PAYLOAD NAME/RATE, fmtp:FORMAT ... : the number, and no endless ones. */
static bool attribute_line(struct slice line)
{
	bool map = slice_istarts(line, SLICE("rtpmap"));
	uint32_t skip = map ? 6 : 4, digits = 0;
	struct slice rest, word;

	if (!map && !slice_istarts(line, SLICE("fmtp")))
		return true;
	rest = (struct slice){ line.p + skip, line.n - skip };
	if (rest.n && is_token_char(rest.p[0]))
		return true; /* the beginning of another name */
	if (!rest.n || rest.p[0] != ':')
		return false;
	rest.p++, rest.n--;
	if (!word_next(&rest, &word) || !payload_sound(word))
		return false;
	for (uint32_t i = 0; map && i < rest.n; i++) {
		digits = is_digit(rest.p[i]) ? digits + 1 : 0;
		if (digits > DIGITS_MAX)
			return false;
	}
	return true;
}

static void line_judge(struct judging *j, struct slice line, unsigned *media)
{
	struct slice text;

	if (line.n < 2 || line.p[1] != '=' || ascii_lower(line.p[0]) < 'a' ||
	    ascii_lower(line.p[0]) > 'z') {
		judge_found(j, DEFECT_SDP_SYNTAX, line.p);
		return;
	}
	text = slice_between(line.p + 2, slice_end(line));
	if (find_char(text.p, slice_end(text), '\0'))
		judge_found(j, DEFECT_SDP_SYNTAX, line.p);
	switch (line.p[0]) {
	case 'm':
		if (++*media > MEDIA_MAX || !media_line(text))
			judge_found(j, DEFECT_SDP_MEDIA, line.p);
		break;
	case 'a':
		if (!attribute_line(text))
			judge_found(j, DEFECT_SDP_MEDIA, line.p);
		break;
	case 'c':
		if (!connection_line(text))
			judge_found(j, DEFECT_SDP_CONNECTION, line.p);
		break;
	case 'o':
		if (!origin_line(text))
			judge_found(j, DEFECT_SDP_CONNECTION, line.p);
		break;
	default:
		break;
	}
}

static void description_judge(struct judging *j, struct slice sdp)
{
	const char *p = sdp.p, *end = slice_end(sdp);
	unsigned media = 0;

	while (p < end) {
		const char *lf = find_char(p, end, '\n'), *stop = lf ? lf : end;
		const char *cr = find_char(p, stop, '\r');
		struct slice line = slice_trim(slice_between(p, cr ? cr : stop));

		if (line.n)
			line_judge(j, line, &media);
		p = cr ? cr + 1 : stop + (lf != NULL);
	}
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

/* A part of a multipart body (RFC 2046 5.1): headers, empty line, content. */
static void part_judge(struct judging *j, struct slice part)
{
	static const struct slice name = SLICE("Content-Type:");
	bool description = false;
	struct slice line;

	while (line_next(&part, &line) && line.n)
		if (slice_istarts(line, name))
			description = is_description(slice_between(line.p + name.n,
								   slice_end(line)));
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
	unsigned parts = 0;

	while (line_next(&rest, &line)) {
		if (!is_delimiter(line, boundary))
			continue;
		if (start)
			part_judge(j, slice_between(start, line.p));
		if (++parts > PARTS_MAX)
			return;
		start = rest.p;
	}
	if (start)
		part_judge(j, slice_between(start, slice_end(j->m->body)));
}

void sdp_judge(struct judging *j)
{
	const struct sip_msg *m = j->m;
	struct slice type = sip_first(m, HDR_CONTENT_TYPE), params, boundary;

	if (!m->body.n || !type.n || m->seen[HDR_CONTENT_ENCODING])
		return;
	if (is_description(type))
		description_judge(j, m->body);
	else if (type_is(type, SLICE("multipart"), SLICE_NONE, &params) &&
		 sip_param(params, SLICE("boundary"), &boundary) && boundary.n)
		parts_judge(j, boundary);
}
