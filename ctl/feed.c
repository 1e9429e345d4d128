/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "defrag.h"

#define SECOND UINT64_C(1000000000)
#define STEP (60 * SECOND)

struct feed {
	char *const *files;
	unsigned n, at; /* at: the file that is open, or the next one */
	uint64_t frames;
	uint64_t now, shift; /* now = when + shift, modulo 2^64 */
	struct capture *capture;
	struct defrag *defrag;
};

struct feed *feed_new(char *const *files, unsigned n)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	*f = (struct feed){ .files = files, .n = n, .now = SECOND, .shift = SECOND };
	f->defrag = defrag_new();
	if (f->defrag)
		return f;
	feed_free(f);
	return NULL;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	capture_close(f->capture);
	defrag_free(f->defrag);
	free(f);
}

static uint64_t clock_at(struct feed *f, uint64_t when)
{
	uint64_t t = when + f->shift;

	if (t < f->now && f->now - t > STEP) {
		f->shift = f->now - when;
		t = f->now;
	}
	if (t > f->now)
		f->now = t;
	return f->now;
}

/* The next frame of whichever file comes next; as capture_next. */
static int next_frame(struct feed *f, struct capture_frame *frame, char err[CAPTURE_ERROR])
{
	char why[CAPTURE_ERROR];
	int got = 0;

	while (f->at < f->n) {
		if (!f->capture)
			f->capture = capture_open(f->files[f->at], why);
		got = f->capture ? capture_next(f->capture, frame, why) : -1;
		if (got == 1)
			return 1;
		if (got < 0)
			break;
		capture_close(f->capture);
		f->capture = NULL;
		f->at++;
	}
	if (got < 0)
		snprintf(err, CAPTURE_ERROR, "%.150s: %.160s", f->files[f->at], why);
	f->at = f->n;
	return got;
}

/* What there is of a fragment by itself: ports only stand in the first one, and a
 * fragment is never judged alone, so none are shown. */
static void addresses_only(struct pkt *pkt, const struct ip_head *head)
{
	memset(pkt, 0, sizeof(*pkt));
	pkt->src = head->src;
	pkt->dst = head->dst;
	pkt->version = head->version;
	pkt->flags = PKT_FRAGMENT | PKT_OTHER;
}

static void put_fragment(struct feed *f, struct slice ip, const struct ip_head *head,
			 struct feed_item *out)
{
	struct slice whole;

	switch (defrag_put(f->defrag, ip, head, out->now, &whole)) {
	case DEFRAG_WHOLE:
		pkt_decode(&out->pkt, whole.p, whole.n);
		return;
	case DEFRAG_HELD:
		out->kind = FEED_HELD;
		break;
	case DEFRAG_REFUSED:
		out->kind = FEED_OVERLAP;
		break;
	}
	addresses_only(&out->pkt, head);
}

int feed_next(struct feed *f, struct feed_item *out, char err[CAPTURE_ERROR])
{
	struct capture_frame frame;
	struct ip_head head;
	int got = next_frame(f, &frame, err);
	bool whole;

	if (got != 1)
		return got;
	memset(out, 0, sizeof(*out));
	out->n = ++f->frames;
	out->when = frame.when;
	out->now = clock_at(f, frame.when);
	out->proto = -1;
	out->kind = FEED_NOT_IP;
	if (!frame.ip.n)
		return 1;
	whole = ip_head_read(frame.ip, &head);
	out->proto = head.proto;
	out->kind = frame.cut && !whole ? FEED_CUT : FEED_PACKET;
	if (whole && head.fragment) {
		put_fragment(f, frame.ip, &head, out);
		return 1;
	}
	pkt_decode(&out->pkt, frame.ip.p, frame.ip.n);
	if (out->pkt.flags & PKT_NOT_IP)
		out->kind = FEED_NOT_IP;
	return 1;
}
