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

/* X(id, long name, compact name or 0); compact forms: all of IANA's SIP header registry */
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

/*
 * What makes a message, or the packet it came in, dangerous or ambiguous.
 * X(id, config and report name, lenient, standard, strict, what it is)
 * The three columns are the presets of the malformed check: A accept, L alert
 * (tell, let pass), D drop.  Those before SIP_DEFECTS_JUDGED are found by
 * sip_parse while it reads, the others by the malformed check when it is asked.
 */
#define SIP_DEFECTS_READ(X) \
	X(START_LINE, "bad-start-line", D, D, D, \
	  "the first line is neither a request nor a status line") \
	X(VERSION, "bad-version", D, D, D, "the version is not SIP/2.0") \
	X(METHOD, "bad-method", D, D, D, \
	  "the method is not a token, or a known one in lower case") \
	X(STATUS, "bad-status", D, D, D, "the status code is not 100 to 699") \
	X(URI, "bad-request-uri", D, D, D, \
	  "the Request-URI is empty, bracketed, not a URI or holds white space") \
	X(NO_END, "no-end-of-headers", D, D, D, "no empty line ends the headers") \
	X(HEADER_SYNTAX, "bad-header-line", D, D, D, "a header line has no colon or no name") \
	X(HEADER_NAME, "bad-header-name", D, D, D, \
	  "a header name is no token: white space, control bytes, brackets ...") \
	X(SPACE_COLON, "space-before-colon", A, A, D, "white space before a header's colon") \
	X(BARE_LINE_END, "bare-line-end", A, A, D, "a line ends in LF without CR") \
	X(LONE_CR, "lone-cr", D, D, D, \
	  "a CR without LF in the headers: a line end to some servers only") \
	X(NUL, "nul-byte", D, D, D, \
	  "a NUL byte stands in the headers where no quoted pair allows it") \
	X(CONTROL, "control-byte", A, D, D, \
	  "a control byte stands in the headers where no quoted pair allows it") \
	X(TOO_MANY_HEADERS, "too-many-headers", D, D, D, \
	  "more header lines, or folds of them, than are read") \
	X(DUPLICATE, "duplicate-header", D, D, D, "a header that may stand once stands twice") \
	X(MISSING_VIA, "missing-via", D, D, D, "no Via header, or an empty one") \
	X(MISSING_FROM, "missing-from", D, D, D, "no From header, or an empty one") \
	X(MISSING_TO, "missing-to", D, D, D, "no To header, or an empty one") \
	X(MISSING_CALL_ID, "missing-call-id", D, D, D, "no Call-ID header, or an empty one") \
	X(MISSING_CSEQ, "missing-cseq", D, D, D, "no CSeq header, or an empty one") \
	X(MISSING_MAX_FORWARDS, "missing-max-forwards", A, A, D, \
	  "a request without Max-Forwards") \
	X(MISSING_BRANCH, "missing-branch", A, A, D, \
	  "the top Via has no branch: RFC 2543, or a lazy tool") \
	X(BRANCH, "bad-branch", A, D, D, \
	  "the branch of the top Via is empty, nothing but the magic cookie, or there are two") \
	X(VIA, "bad-via", D, D, D, "the top Via is not protocol, host and parameters") \
	X(CSEQ, "bad-cseq", D, D, D, "CSeq is not a number below 2^31 and a method") \
	X(CSEQ_METHOD, "cseq-mismatch", D, D, D, \
	  "the CSeq method is not the method of the request") \
	X(CONTENT_LENGTH, "bad-content-length", D, D, D, "Content-Length is not a number") \
	X(SHORT_BODY, "short-body", D, D, D, "Content-Length promises more bytes than came") \
	X(TRAILING, "trailing-bytes", A, A, D, "bytes follow the end of the message") \
	X(SECOND_MESSAGE, "second-message", A, A, D, \
	  "a second message follows in the same datagram") \
	X(MAX_FORWARDS, "bad-max-forwards", D, D, D, "Max-Forwards is not 0 to 255") \
	X(EXPIRES, "bad-expires", A, L, D, "Expires is not a number below 2^32") \
	X(CALL_ID, "bad-call-id", A, D, D, "Call-ID holds white space") \
	X(FROM, "bad-from", A, D, D, "From is no address, or has two tags") \
	X(TO, "bad-to", A, D, D, "To is no address, or has two tags") \
	X(CONTACT, "bad-contact", A, D, D, "a Contact is no address, or there are too many") \
	X(TWO_ADDRESSES, "two-addresses", D, D, D, "From or To names two addresses") \
	X(QUOTE, "unterminated-quote", D, D, D, "a quoted string does not end") \
	X(BRACKET, "unterminated-bracket", D, D, D, "an angle bracket does not end")

#define SIP_DEFECTS_JUDGED(X) \
	X(MESSAGE_SIZE, "message-too-long", D, D, D, "the message is longer than max_size") \
	X(HEADER_COUNT, "header-count", D, D, D, "more header lines than max_headers") \
	X(HEADER_SIZE, "header-too-long", A, D, D, "a header line is longer than max_header") \
	X(URI_SIZE, "uri-too-long", A, D, D, "the Request-URI is longer than max_uri") \
	X(MISSING_LENGTH, "missing-content-length", D, D, D, \
	  "no Content-Length over TCP: servers disagree where the message ends") \
	X(LOWER_VIA, "bad-lower-via", A, A, D, "a Via below the top one is damaged") \
	X(UTF8, "bad-utf8", A, A, D, "a header is not UTF-8") \
	X(ESCAPE, "bad-escape", A, A, D, "a percent sign without two hex digits in a URI") \
	X(ESCAPED_CONTROL, "escaped-control", A, A, D, "an escaped control byte in a user part") \
	X(URI_HEADERS, "uri-headers", A, A, D, "the Request-URI carries headers") \
	X(SQL, "sql-injection", L, D, D, "SQL in a user, a display name or User-Agent") \
	X(SHELL, "shell-injection", L, D, D, \
	  "shell commands in a user, a display name or User-Agent") \
	X(CONTACT_ADDRESS, "contact-address", L, D, D, \
	  "a Contact points to a multicast, loopback, broadcast or unspecified address") \
	X(VIA_ADDRESS, "via-address", L, D, D, \
	  "the top Via names a multicast or broadcast address") \
	X(VIA_LOOPBACK, "via-loopback", A, A, D, \
	  "the top Via names a loopback or unspecified address") \
	X(CONTENT_TYPE, "missing-content-type", A, A, D, "a body without Content-Type") \
	X(SDP_SYNTAX, "sdp-syntax", L, D, D, "an SDP line is not a letter, '=' and text") \
	X(SDP_MEDIA, "sdp-media", L, D, D, "an SDP m= line is impossible, or there are too many") \
	X(SDP_CONNECTION, "sdp-connection", L, D, D, "an SDP c= or o= line is impossible") \
	X(PACKET_HEADER, "bad-packet-header", D, D, D, "an IP, UDP or TCP header is absurd") \
	X(PACKET_LENGTH, "bad-packet-length", D, D, D, "IP and UDP disagree about the length") \
	X(PACKET_TRUNCATED, "truncated-packet", D, D, D, \
	  "fewer bytes came than the IP header promises") \
	X(FRAGMENT, "stray-fragment", D, D, D, "a fragment that the kernel did not put together") \
	X(RTP, "rtp", A, D, D, "RTP on a SIP port") \
	X(RTCP, "rtcp", A, D, D, "RTCP on a SIP port") \
	X(DTLS, "dtls", A, D, D, "DTLS on a SIP port") \
	X(TLS, "tls", A, D, D, "TLS in a datagram") \
	X(HTTP, "http", D, D, D, "HTTP on a SIP port") \
	X(NOT_SIP, "not-sip", D, D, D, "bytes that are not SIP")

#define SIP_DEFECTS(X) SIP_DEFECTS_READ(X) SIP_DEFECTS_JUDGED(X)

enum sip_defect {
#define X(id, name, lenient, standard, strict, text) DEFECT_##id,
	SIP_DEFECTS(X)
#undef X
	DEFECT_COUNT
};
/* What is done about a defect: the columns above. */
enum sip_treat { TREAT_ACCEPT, TREAT_ALERT, TREAT_DROP };
enum sip_preset { PRESET_LENIENT, PRESET_STANDARD, PRESET_STRICT };
enum sip_treat sip_defect_treat(enum sip_defect d, enum sip_preset p);

/* the ones in sip_msg.defects: at most 64 */
#define X(id, name, lenient, standard, strict, text) +1
enum { DEFECT_READ_COUNT = 0 SIP_DEFECTS_READ(X) };
#undef X

#define SIP_MAX_HEADERS 128
#define SIP_MAX_CONTACTS 64

struct sip_hdr {
	struct slice name;  /* as sent */
	struct slice value; /* trimmed; folds (CRLF + white space) still inside */
	uint8_t id;         /* enum sip_header */
};

/* A Via (RFC 3261 20.42). */
struct sip_via {
	struct slice transport, host, params;
	uint16_t port;
};

/* What From and To say (RFC 3261 20.20, 20.39). */
struct sip_end {
	struct slice uri; /* empty when there is no address */
	struct slice tag; /* empty when there is none; of a defective one maybe too */
};

struct sip_msg {
	enum sip_kind kind;
	enum sip_method method; /* of the request, or of the response's CSeq */
	uint16_t status;        /* responses: 100..699, else 0 */
	uint16_t count;         /* headers recorded in hdr[] */
	uint16_t lines;         /* header lines; SIP_MAX_HEADERS + 1 when there are more */
	uint16_t seen[HDR_COUNT]; /* how many lines of each header */
	uint8_t first[HDR_COUNT]; /* index into hdr[] of its first line, if seen */
	uint32_t plain;         /* bitmap of HDR_FROM, TO, CONTACT: the addresses in them
				 * hold nothing that sip_judge looks for */
	bool plain_uri;         /* nor does uri */
	uint64_t defects;       /* bitmap of enum sip_defect below DEFECT_READ_COUNT */
	struct slice all;       /* the whole message as given, leading CRLFs cut */
	struct slice method_name, uri; /* requests */
	struct slice reason;    /* responses */
	struct slice body;      /* as framed by Content-Length, or all that is left */
	struct slice rest;      /* bytes behind the body: a further message? */
	struct sip_end from, to;
	struct slice contact;   /* the URI of the first Contact; empty when there is none */
	struct sip_via via;     /* the top one; host is empty when it is broken */
	struct slice branch;    /* of it, likewise */
	uint32_t cseq;
	int64_t content_length; /* -1 if absent or not a number */
	uint32_t defect_at[DEFECT_READ_COUNT]; /* offset into all, where defects has the bit */
	struct sip_hdr hdr[SIP_MAX_HEADERS];
};

/*
 * Reads one message at the start of bytes.  Fills all of *msg but unused hdr[].
 * Of a message with too many headers the rest is not read, the body neither.
 */
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
/* Also in another case: a server that takes "invite" for INVITE must not be a way around. */
bool sip_is_method(const struct sip_msg *msg, enum sip_method m);
enum sip_method sip_method_of(struct slice token); /* case-sensitive, RFC 3261 7.1 */
enum sip_header sip_header_of(struct slice name); /* long or compact, any case */
const char *sip_header_name(enum sip_header h);
const char *sip_defect_name(enum sip_defect d);
const char *sip_defect_text(enum sip_defect d);

/*
 * Lazy readers (rules/sip/uri.c, user.c, list.c, digest.c).  Each returns slices into
 * its argument and reads what a liberal server would read.
 */

/* name-addr or addr-spec (RFC 3261 20.10): "Bob" <sip:bob@x;u=1>;tag=2 */
struct sip_nameaddr {
	struct slice display; /* quotes kept off, escapes left in */
	struct slice uri;
	struct slice params;  /* header parameters behind it, starting at ';' or empty */
};
bool sip_nameaddr_read(struct slice value, struct sip_nameaddr *out);

/* Value of a ;name=value or ;name parameter, any case; false when absent.  name is not empty. */
bool sip_param(struct slice params, struct slice name, struct slice *value);

/* sip:user:password@host:port;params?headers (RFC 3261 19.1), tel:number;params */
struct sip_uri {
	struct slice scheme, user, password, host, params, headers;
	uint16_t port; /* 0 when absent */
};
/* false: it is broken; what stands before the damage is in *out all the same. */
bool sip_uri_read(struct slice uri, struct sip_uri *out);

/*
 * The user part as a server sees it: escapes undone once (RFC 3261 19.1.2), in
 * room; of a telephone number (tel:, user=phone, or digits and separators only)
 * the visual separators - . ( ) taken out (RFC 3966 5.1.1).  What does not fit
 * into room is cut.  An escaped NUL stays in as a byte.
 */
struct slice sip_user(const struct sip_uri *uri, char *room, size_t size);

/* Escapes undone once, in room; what does not fit is cut. */
struct slice sip_unescape(struct slice text, char *room, size_t size);

struct slice sip_tag(struct slice from_or_to); /* SLICE_NONE when absent */

/* The first Via of a comma list (struct sip_via). */
bool sip_via_read(struct slice value, struct sip_via *out);

/*
 * Cuts the next item off a comma-separated header value (RFC 3261 7.3.1): commas
 * inside quotes and angle brackets do not count.  false when nothing is left.
 */
bool sip_list_next(struct slice *rest, struct slice *item);

/*
 * What bytes that are not SIP seem to be: DEFECT_RTP, RTCP, DTLS, TLS, HTTP or
 * NOT_SIP (rules/sip/other.c; RFC 7983 7 tells the first bytes apart).
 */
enum sip_defect sip_other(struct slice bytes);

/*
 * The defects of SIP_DEFECTS_JUDGED that a message can have by itself
 * (rules/sip/judge.c), found when somebody asks.
 */
#define SIP_JUDGED(d) ((uint64_t)1 << ((d) - DEFECT_READ_COUNT))
enum { DEFECT_JUDGED_COUNT = DEFECT_COUNT - DEFECT_READ_COUNT };

struct sip_limits {
	uint32_t size, headers, header, uri; /* see max_size ... of the check */
};
extern const struct sip_limits sip_limits_default;

struct sip_judged {
	uint64_t found; /* bitmap of SIP_JUDGED(), a subset of what was wanted */
	uint32_t at[DEFECT_JUDGED_COUNT]; /* offset into sip_msg.all, where found */
};

/*
 * stream: the message came over bare TCP.  wanted, enough: bitmaps of SIP_JUDGED();
 * when one of enough is found, the others may be left out.
 */
void sip_judge(const struct sip_msg *m, const struct sip_limits *limits, bool stream,
	       uint64_t wanted, uint64_t enough, struct sip_judged *out);

/*
 * A parameter of a Digest challenge or credentials (RFC 7616), quotes taken
 * off; false when the scheme is not Digest or the parameter is absent.
 */
bool sip_digest_param(struct slice header, struct slice name, struct slice *value);

/* The credentials of a request, in one pass; what is absent is SLICE_NONE. */
struct sip_digest {
	struct slice username, nonce, response, nc;
	bool repeated; /* one of them stands there twice, or is named where only other
			* readers see it: it is not known which counts */
};
bool sip_digest_read(struct slice header, struct sip_digest *out); /* false: not Digest */

#endif
