/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SIP view: one bounded pass over a message that records where things are
 * (RFC 3261 7, 20, 25).  It copies nothing and allocates nothing; values that
 * need more work (parameters, URIs) are read on demand by the lazy readers.
 *
 * Ownership: all slices point into the bytes given to sip_parse.
 * Locking: none; one view belongs to one worker.
 * Errors: none; sip_parse classifies.  Whatever makes a message ambiguous or
 * impossible is a named defect in a bitmap, for the malformed check to judge.
 */
#ifndef SIPMOAT_SIP_H
#define SIPMOAT_SIP_H

#include "slice.h"

enum sip_kind {
	SIP_NONE,      /* not SIP at all */
	SIP_KEEPALIVE, /* CRLFs (RFC 5626 3.5.1), lone NULs, or STUN */
	SIP_REQUEST,
	SIP_RESPONSE,
};

enum sip_method {
	METHOD_UNKNOWN,
	METHOD_ACK,
	METHOD_BYE,
	METHOD_CANCEL,
	METHOD_INFO,
	METHOD_INVITE,
	METHOD_MESSAGE,
	METHOD_NOTIFY,
	METHOD_OPTIONS,
	METHOD_PRACK,
	METHOD_PUBLISH,
	METHOD_REFER,
	METHOD_REGISTER,
	METHOD_SUBSCRIBE,
	METHOD_UPDATE,
	METHOD_COUNT
};

/* X(id, long name, compact name or 0); compact forms: IANA SIP header registry */
#define SIP_HEADERS(X) \
	X(VIA, "Via", 'v') \
	X(FROM, "From", 'f') \
	X(TO, "To", 't') \
	X(CALL_ID, "Call-ID", 'i') \
	X(CSEQ, "CSeq", 0) \
	X(CONTACT, "Contact", 'm') \
	X(MAX_FORWARDS, "Max-Forwards", 0) \
	X(CONTENT_LENGTH, "Content-Length", 'l') \
	X(CONTENT_TYPE, "Content-Type", 'c') \
	X(USER_AGENT, "User-Agent", 0) \
	X(SERVER, "Server", 0) \
	X(AUTHORIZATION, "Authorization", 0) \
	X(PROXY_AUTHORIZATION, "Proxy-Authorization", 0) \
	X(WWW_AUTHENTICATE, "WWW-Authenticate", 0) \
	X(PROXY_AUTHENTICATE, "Proxy-Authenticate", 0) \
	X(EXPIRES, "Expires", 0) \
	X(ROUTE, "Route", 0) \
	X(RECORD_ROUTE, "Record-Route", 0) \
	X(SUBJECT, "Subject", 's') \
	X(SUPPORTED, "Supported", 'k') \
	X(CONTENT_ENCODING, "Content-Encoding", 'e') \
	X(REFER_TO, "Refer-To", 'r') \
	X(REFERRED_BY, "Referred-By", 'b') \
	X(EVENT, "Event", 'o') \
	X(ALLOW_EVENTS, "Allow-Events", 'u') \
	X(SESSION_EXPIRES, "Session-Expires", 'x') \
	X(ACCEPT_CONTACT, "Accept-Contact", 'a') \
	X(REJECT_CONTACT, "Reject-Contact", 'j') \
	X(REQUEST_DISPOSITION, "Request-Disposition", 'd') \
	X(IDENTITY, "Identity", 'y') \
	X(IDENTITY_INFO, "Identity-Info", 'n')

enum sip_header {
#define X(id, name, compact) HDR_##id,
	SIP_HEADERS(X)
#undef X
	HDR_OTHER, /* any name not listed above */
	HDR_COUNT
};

/* X(id, config and report name, what it is and why it matters) */
#define SIP_DEFECTS(X) \
	X(START_LINE, "bad-start-line", "the first line is neither a request nor a status line") \
	X(VERSION, "bad-version", "the version is not SIP/2.0") \
	X(METHOD, "bad-method", "the method is not a token") \
	X(STATUS, "bad-status", "the status code is not 100 to 699") \
	X(URI, "bad-request-uri", \
	  "the Request-URI is empty, bracketed, not a URI or holds white space") \
	X(NO_END, "no-end-of-headers", "no empty line ends the headers") \
	X(HEADER_SYNTAX, "bad-header-line", "a header line has no colon or no name") \
	X(HEADER_NAME, "bad-header-name", "a header name holds white space or control bytes") \
	X(BARE_LINE_END, "bare-line-end", "a line ends in LF without CR") \
	X(LONE_CR, "lone-cr", "a CR without LF in the headers: a line end to some servers only") \
	X(NUL, "nul-byte", "a NUL byte stands in the headers where no quoted pair allows it") \
	X(TOO_MANY_HEADERS, "too-many-headers", "more header lines than the view follows") \
	X(DUPLICATE, "duplicate-header", "a header that may stand once stands twice") \
	X(MISSING_VIA, "missing-via", "no Via header, or an empty one") \
	X(MISSING_FROM, "missing-from", "no From header, or an empty one") \
	X(MISSING_TO, "missing-to", "no To header, or an empty one") \
	X(MISSING_CALL_ID, "missing-call-id", "no Call-ID header, or an empty one") \
	X(MISSING_CSEQ, "missing-cseq", "no CSeq header, or an empty one") \
	X(VIA, "bad-via", "the top Via is not protocol, host and parameters") \
	X(CSEQ, "bad-cseq", "CSeq is not a number below 2^31 and a method") \
	X(CSEQ_METHOD, "cseq-mismatch", "the CSeq method is not the method of the request") \
	X(CONTENT_LENGTH, "bad-content-length", "Content-Length is not a number") \
	X(SHORT_BODY, "short-body", "Content-Length promises more bytes than came") \
	X(TRAILING, "trailing-bytes", "bytes follow the end of the message") \
	X(SECOND_MESSAGE, "second-message", "a second message follows in the same datagram") \
	X(MAX_FORWARDS, "bad-max-forwards", "Max-Forwards is not 0 to 255") \
	X(QUOTE, "unterminated-quote", "a quoted string does not end in From, To or Contact") \
	X(BRACKET, "unterminated-bracket", "an angle bracket does not end in From, To or Contact")

enum sip_defect {
#define X(id, name, text) DEFECT_##id,
	SIP_DEFECTS(X)
#undef X
	DEFECT_COUNT
};

#define SIP_MAX_HEADERS 128

struct sip_hdr {
	struct slice name;  /* as sent */
	struct slice value; /* trimmed; folds (CRLF + white space) still inside */
	uint8_t id;         /* enum sip_header */
};

struct sip_msg {
	enum sip_kind kind;
	enum sip_method method; /* of the request, or of the response's CSeq */
	uint16_t status;        /* responses: 100..699, else 0 */
	uint16_t count;         /* headers recorded in hdr[] */
	uint16_t lines;         /* header lines that there are, saturates */
	uint16_t seen[HDR_COUNT]; /* how many lines of each header */
	uint8_t first[HDR_COUNT]; /* index into hdr[] of its first line, if seen */
	uint64_t defects;       /* bitmap of enum sip_defect */
	struct slice all;       /* the whole message as given, leading CRLFs cut */
	struct slice method_name, uri; /* requests */
	struct slice reason;    /* responses */
	struct slice body;      /* as framed by Content-Length, or all that is left */
	struct slice rest;      /* bytes behind the body: a further message? */
	uint32_t cseq;
	int64_t content_length; /* -1 if absent or not a number */
	uint32_t defect_at[DEFECT_COUNT]; /* offset into all, where defects has the bit */
	/* the first SIP_MAX_HEADERS lines, then only the first of each known name */
	struct sip_hdr hdr[SIP_MAX_HEADERS + HDR_OTHER];
};

/* Reads one message at the start of bytes.  Fills all of *msg but unused hdr[]. */
void sip_parse(struct sip_msg *msg, struct slice bytes);

static inline bool sip_defective(const struct sip_msg *m, enum sip_defect d)
{
	return m->defects >> d & 1;
}

/* The first line of a header; SLICE_NONE when absent. */
static inline struct slice sip_first(const struct sip_msg *m, enum sip_header h)
{
	return m->seen[h] ? m->hdr[m->first[h]].value : SLICE_NONE;
}

/* Walks the lines of one header; *at starts at 0; false at the end. */
bool sip_next(const struct sip_msg *m, enum sip_header h, unsigned *at, struct slice *value);

const char *sip_method_name(enum sip_method m); /* "INVITE"; "UNKNOWN" */
enum sip_method sip_method_of(struct slice token); /* case-sensitive, RFC 3261 7.1 */
enum sip_header sip_header_of(struct slice name); /* long or compact, any case */
const char *sip_header_name(enum sip_header h);
const char *sip_defect_name(enum sip_defect d);
const char *sip_defect_text(enum sip_defect d);

/*
 * Lazy readers (rules/sip/uri.c, rules/sip/digest.c).  Each returns slices into
 * its argument and reads what a liberal server would read.
 */

/* name-addr or addr-spec (RFC 3261 20.10): "Bob" <sip:bob@x;u=1>;tag=2 */
struct sip_nameaddr {
	struct slice display; /* quotes kept off, escapes left in */
	struct slice uri;
	struct slice params;  /* header parameters behind it, starting at ';' or empty */
};
bool sip_nameaddr_read(struct slice value, struct sip_nameaddr *out);

/* Value of a ;name=value or ;name parameter, any case; false when absent. */
bool sip_param(struct slice params, struct slice name, struct slice *value);

/* sip:user:password@host:port;params?headers (RFC 3261 19.1), tel:number;params */
struct sip_uri {
	struct slice scheme, user, password, host, params, headers;
	uint16_t port; /* 0 when absent */
};
bool sip_uri_read(struct slice uri, struct sip_uri *out);

struct slice sip_tag(struct slice from_or_to); /* SLICE_NONE when absent */

/* One top Via (RFC 3261 20.42), the first of a comma list. */
struct sip_via {
	struct slice transport, host, params;
	uint16_t port;
};
bool sip_via_read(struct slice value, struct sip_via *out);

/*
 * Cuts the next item off a comma-separated header value (RFC 3261 7.3.1): commas
 * inside quotes and angle brackets do not count.  false when nothing is left.
 */
bool sip_list_next(struct slice *rest, struct slice *item);

/*
 * A parameter of a Digest challenge or credentials (RFC 7616), quotes taken
 * off; false when the scheme is not Digest or the parameter is absent.
 */
bool sip_digest_param(struct slice header, struct slice name, struct slice *value);

#endif
