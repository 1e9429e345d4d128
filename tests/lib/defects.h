/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of messages and of just the defects that sip_parse must find in each. */
#ifndef SIPMOAT_DEFECTS_H
#define SIPMOAT_DEFECTS_H

#include "message.h"

static inline uint64_t bits(const int *list)
{
	uint64_t b = 0;

	for (; *list >= 0; list++)
		b |= (uint64_t)1 << *list;
	return b;
}

struct row {
	struct slice text;
	enum sip_kind kind;
	int defects[8]; /* ends with -1 */
};

#define D(d) DEFECT_##d
#define REQ(text, ...) { SLICE(text), SIP_REQUEST, { __VA_ARGS__ } }
#define RES(text, ...) { SLICE(text), SIP_RESPONSE, { __VA_ARGS__ } }
#define OTHER(kind, text) { SLICE(text), kind, { -1 } }

static inline void judge(const struct row *row, size_t n)
{
	static struct sip_msg m;

	for (size_t i = 0; i < n; i++) {
		struct guard g = parse(&m, row[i].text);
		uint64_t want = bits(row[i].defects);

		if (m.kind != row[i].kind)
			fail_msg("row %zu: kind %d, not %d: %.*s", i, m.kind, row[i].kind,
				 (int)row[i].text.n, row[i].text.p);
		for (unsigned d = 0; d < DEFECT_READ_COUNT; d++)
			if (((m.defects ^ want) >> d) & 1)
				fail_msg("row %zu: %s is %s: %.*s", i, sip_defect_name(d),
					 sip_defective(&m, d) ? "wrong" : "missing",
					 (int)row[i].text.n, row[i].text.p);
		guard_free(&g);
	}
}

#define JUDGE(rows) judge(rows, sizeof(rows) / sizeof((rows)[0]))
#define HDRS(headers, ...) REQ(LINE headers "\r\n", __VA_ARGS__)

#endif
