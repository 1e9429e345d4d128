/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backlog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE 60000000000ull
#define DIGEST_TEXT 1024

void alert_free(struct alert *a)
{
	free(a->json);
	free(a->text);
	*a = (struct alert){ .json = NULL };
}

bool backlog_init(struct backlog *b, unsigned room, unsigned per_minute)
{
	*b = (struct backlog){ .room = room, .per_minute = per_minute };
	b->at = calloc(room, sizeof(*b->at));
	return b->at != NULL;
}

static struct alert take_first(struct backlog *b)
{
	struct alert a = b->at[b->first];

	b->first = (b->first + 1) % b->room;
	b->n--;
	return a;
}

void backlog_free(struct backlog *b)
{
	while (b->n) {
		struct alert a = take_first(b);

		alert_free(&a);
	}
	free(b->at);
	b->at = NULL;
}

static void count_more(struct backlog *b, const struct alert *a)
{
	const char *name = a->check[0] ? a->check : a->event;
	unsigned i = 0;

	while (i < BACKLOG_CHECKS && b->of[i].name[0] && strcmp(b->of[i].name, name) != 0)
		i++;
	b->more++;
	if (i == BACKLOG_CHECKS)
		return;
	memcpy(b->of[i].name, name, strlen(name) + 1);
	b->of[i].n++;
}

static void next_minute(struct backlog *b, uint64_t now)
{
	if (b->since && now - b->since < MINUTE)
		return;
	b->since = now;
	b->sent = 0;
}

void backlog_put(struct backlog *b, const struct alert *a, uint64_t now)
{
	struct alert own = *a;

	next_minute(b, now);
	if (b->sent + b->n >= b->per_minute && b->n < b->room) {
		count_more(b, &own);
		alert_free(&own);
		return;
	}
	if (b->n == b->room) {
		struct alert old = take_first(b);

		alert_free(&old);
		b->lost++;
	}
	b->at[(b->first + b->n++) % b->room] = own;
}

void backlog_lose(struct backlog *b, uint64_t n)
{
	b->lost += n;
}

/* "312 more: flood 300, agent 12; 4 could not be delivered" */
static bool make_digest(const struct backlog *b, struct alert *out)
{
	char text[DIGEST_TEXT], json[DIGEST_TEXT + 128];
	int n = snprintf(text, sizeof(text), "%" PRIu64 " more", b->more);

	for (unsigned i = 0; i < BACKLOG_CHECKS && b->of[i].name[0]; i++)
		if (n < DIGEST_TEXT - 2 * ALERT_WORD)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%s %s %" PRIu64,
				      i ? "," : ":", b->of[i].name, b->of[i].n);
	if (b->lost)
		snprintf(text + n, sizeof(text) - (size_t)n,
			 "; %" PRIu64 " could not be delivered", b->lost);
	snprintf(json, sizeof(json), "{\"event\":\"digest\",\"more\":%" PRIu64 ",\"lost\":%" PRIu64
		 ",\"text\":\"%s\"}", b->more, b->lost, text);
	*out = (struct alert){ .json = strdup(json), .text = strdup(text), .event = "digest" };
	if (out->json && out->text)
		return true;
	alert_free(out);
	return false;
}

bool backlog_take(struct backlog *b, uint64_t now, struct alert *out, uint64_t *wait)
{
	bool fresh = b->since && now - b->since >= MINUTE;

	if ((b->more || b->lost) && fresh && make_digest(b, out)) {
		next_minute(b, now);
		b->more = b->lost = 0;
		memset(b->of, 0, sizeof(b->of));
		b->sent++;
		return true;
	}
	next_minute(b, now);
	*wait = b->n || b->more || b->lost ? b->since + MINUTE - now : UINT64_MAX;
	if (!b->n || b->sent >= b->per_minute)
		return false;
	*out = take_first(b);
	b->sent++;
	return true;
}
