/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history.h"

#include <inttypes.h>
#include <string.h>

static void spread(struct history *h, uint64_t now, const uint64_t total[HISTORY_SERIES])
{
	uint64_t n = now - h->last;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = h->last + 1 + i;

		h->second[at % HISTORY_SECONDS].at = at;
		for (unsigned s = 0; s < HISTORY_SERIES; s++) {
			uint64_t all = total[s] - h->total[s];

			h->second[at % HISTORY_SECONDS].n[s] =
				(uint32_t)(all * (i + 1) / n - all * i / n);
		}
	}
}

void history_note(struct history *h, uint64_t now, const uint64_t total[HISTORY_SERIES])
{
	if (h->known && now == h->last)
		return;
	for (unsigned s = 0; s < HISTORY_SERIES; s++)
		h->known = h->known && total[s] >= h->total[s]; /* else it counts anew */
	if (h->known && now > h->last && now - h->last <= HISTORY_SECONDS)
		spread(h, now, total);
	memcpy(h->total, total, sizeof(h->total));
	h->last = now;
	h->known = true;
}

void history_gap(struct history *h)
{
	h->known = false;
}

void history_print(const struct history *h, uint64_t since, FILE *to)
{
	static const char *const name[HISTORY_SERIES] = {
#define X(series) #series,
		HISTORY(X)
#undef X
	};
	uint64_t from = h->last > HISTORY_SECONDS ? h->last - HISTORY_SECONDS : 0;

	if (since > from)
		from = since < h->last ? since : h->last;
	while (from < h->last && h->second[(from + 1) % HISTORY_SECONDS].at != from + 1)
		from++;
	fprintf(to, "\"from\":%" PRIu64, from + 1);
	for (unsigned s = 0; s < HISTORY_SERIES; s++) {
		fprintf(to, ",\"%s\":[", name[s]);
		for (uint64_t at = from + 1; at <= h->last; at++) {
			const char *comma = at > from + 1 ? "," : "";

			if (h->second[at % HISTORY_SECONDS].at == at)
				fprintf(to, "%s%" PRIu32, comma,
					h->second[at % HISTORY_SECONDS].n[s]);
			else
				fprintf(to, "%snull", comma);
		}
		fputc(']', to);
	}
}
