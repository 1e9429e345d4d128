/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: a message, whose judged defects are all asked for; or, behind a NUL, a body
 * that gets a head, so that a session description need not bring one.
 */
#include "fuzz.h"
#include "sip.h"

static const char head[] = "INVITE sip:100@192.0.2.10 SIP/2.0\r\n"
			   "Via: SIP/2.0/UDP 203.0.113.7:5060;branch=z9hG4bK1\r\n"
			   "From: <sip:100@192.0.2.10>;tag=1\r\n"
			   "To: <sip:200@192.0.2.10>\r\n"
			   "Call-ID: one\r\n"
			   "CSeq: 1 INVITE\r\n"
			   "Max-Forwards: 70\r\n"
			   "Content-Type: application/sdp\r\n"
			   "\r\n";

static struct slice with_head(struct slice body)
{
	char *p = malloc(sizeof(head) - 1 + body.n);

	must(p);
	memcpy(p, head, sizeof(head) - 1);
	if (body.n)
		memcpy(p + sizeof(head) - 1, body.p, body.n);
	return (struct slice){ p, (uint32_t)sizeof(head) - 1 + body.n };
}

static void judge(const struct sip_msg *m, bool stream, uint64_t wanted, struct sip_judged *out)
{
	memset(out, 0xee, sizeof(*out));
	sip_judge(m, &sip_limits_default, stream, wanted, 0, out);
	must(!(out->found & ~wanted));
	for (unsigned i = 0; i < DEFECT_JUDGED_COUNT; i++)
		must(!(out->found >> i & 1) || out->at[i] <= m->all.n);
}

/* Each one by itself is found as it is among all. */
static void judge_each(const struct sip_msg *m, bool stream)
{
	struct sip_judged all, one;

	judge(m, stream, ~0ull >> (64 - DEFECT_JUDGED_COUNT), &all);
	for (unsigned i = 0; i < DEFECT_JUDGED_COUNT; i++) {
		judge(m, stream, 1ull << i, &one);
		must((one.found >> i & 1) == (all.found >> i & 1));
		must(!one.found || one.at[i] == all.at[i]);
	}
}

/* In what is called plain there is nothing to be found. */
static void judge_plain(struct sip_msg *m)
{
	struct sip_judged all, closer;

	judge(m, false, ~0ull >> (64 - DEFECT_JUDGED_COUNT), &all);
	m->plain = 0;
	m->plain_uri = false;
	judge(m, false, ~0ull >> (64 - DEFECT_JUDGED_COUNT), &closer);
	must(closer.found == all.found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_msg m;
	struct slice bytes = slice_data(data, size), text;

	if (size && !data[0])
		text = with_head((struct slice){ bytes.p + 1, bytes.n - 1 });
	else
		text = piece_new(bytes);
	sip_parse(&m, text);
	judge_each(&m, false);
	judge_each(&m, true);
	judge_plain(&m);
	piece_free(text);
	return 0;
}
