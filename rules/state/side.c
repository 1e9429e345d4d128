/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "side.h"

void side_start(struct side *s, struct pool *p, uint32_t seq, bool midway)
{
	window_clear(&s->window, p);
	s->low = s->done = s->next = seq;
	s->stream = (struct stream){ .midway = midway };
	s->synced = true;
	s->fin = false;
}

void side_lose(struct side *s, struct pool *p, uint32_t seq)
{
	side_start(s, p, seq, true);
	s->synced = false;
	s->missed = true;
}

void side_acknowledge(struct side *s, struct pool *p, uint32_t ack)
{
	if (s->fin && ack == s->next + 1)
		ack = s->next;
	/* it got bytes that we never saw; or we began where it is not yet */
	if (seq_before(s->next, ack) || !s->synced || (!s->acks && seq_before(ack, s->low)))
		side_lose(s, p, ack);
	if (!s->acks || seq_before(s->acked, ack))
		s->acked = ack;
	s->acks = true;
	if (seq_before(s->low, s->acked)) {
		s->low = seq_before(s->acked, s->done) ? s->acked : s->done;
		window_forget(&s->window, p, s->low);
	}
}

/* false: there is no room for more messages. */
static bool room_add(struct flow_room *room, struct slice message)
{
	if (room->n == ROOM_MESSAGES)
		return false;
	room->message[room->n++] = message;
	if (message.p == room->unmasked + room->used)
		room->used += message.n;
	return true;
}

/* Cuts messages off the bytes behind s->done. */
static unsigned cut(struct side *s, struct flow_room *room, struct slice bytes)
{
	while (bytes.n) {
		struct stream_out out = { SLICE_NONE, 0 };
		enum stream_cut what = stream_cut(&s->stream, bytes, room->unmasked + room->used,
						  SIDE_MAX - room->used, &out);

		if (what == STREAM_MORE)
			break;
		if (what != STREAM_SKIP && !room_add(room, out.message))
			return FLOW_TOO_LONG;
		if (what == STREAM_BROKEN) {
			/* whoever lets it pass reads on where the next segment begins */
			s->other = (uint8_t)sip_other(bytes);
			s->flaw = s->stream.flaw;
			s->done = s->next;
			s->missed = true;
			if (s->stream.kind != STREAM_OTHER)
				s->stream = (struct stream){ .midway = true };
			break;
		}
		s->done += out.take;
		bytes.p += out.take;
		bytes.n -= out.take;
	}
	return 0;
}

/*
 * May the side own the chunks up to `end`?  Bytes that came before those in front
 * of them must leave room for these, and what fills such a gap is not refused: else
 * the side would wait for ever for what it has no room for.
 */
static bool has_room(const struct side *s, struct pool *p, uint32_t end, uint32_t most)
{
	uint32_t base = s->low & ~(CHUNK_BYTES - 1u), kept = window_end(&s->window, p, s->low);

	return !seq_before(kept, end) || (end - base + CHUNK_BYTES - 1) / CHUNK_BYTES <= most;
}

unsigned side_take(struct side *s, struct pool *p, struct flow_room *room, uint32_t seq,
		   struct slice bytes, uint32_t most)
{
	uint32_t was = s->next, end = seq + bytes.n, n;
	bool whole;

	s->flaw = FLAW_NONE;
	/* what the receiver has, it ignores */
	if (s->acks && seq_before(seq, s->acked)) {
		if (!seq_before(s->acked, end))
			return 0;
		bytes.p += s->acked - seq;
		bytes.n = end - s->acked;
		seq = s->acked;
	}
	/* before the receiver has spoken nobody knows that it waits for what came first:
	 * what does not continue that may be what it waits for; it will say where it is */
	if (seq_before(seq, s->low) || (!s->acks && seq_before(was, seq)))
		return FLOW_OUTSIDE;
	if (end - s->low > SIDE_MAX)
		return end - s->done > SIDE_MAX && !seq_before(was, seq) ? FLOW_TOO_LONG :
									   FLOW_OUTSIDE;
	if (!has_room(s, p, end, most))
		return FLOW_OUTSIDE;
	switch (window_put(&s->window, p, seq, bytes, SIDE_MAX)) {
	case WINDOW_KEPT:
		break;
	case WINDOW_DIFFERS:
		return s->acks ? FLOW_DIFFERS : FLOW_OUTSIDE;
	case WINDOW_FULL:
		return FLOW_OUTSIDE;
	}
	s->next = window_reach(&s->window, p, was);
	n = s->next - s->done;
	if (s->next == was || n < s->stream.length)
		return 0;
	/* the usual case: it continues what came, and all that came before is judged */
	whole = seq == s->done && s->next == end;
	if (!whole)
		window_copy(&s->window, p, s->done, n, room->bytes);
	return cut(s, room, whole ? bytes : (struct slice){ room->bytes, n });
}
