/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands for what the main thread does: reload, mode. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "commands.h"
#include "orders.h"
#include "report.h"

#define WAIT_MOST 120 /* s; lists of millions take their time */
#define NOTES_MOST 200

static void put_notes(struct request *r, const struct conf_report *notes)
{
	static const char *const words[] = { [CONF_WARNING] = "warning", [CONF_DEGRADED] = "error",
					     [CONF_ERROR] = "error" };
	unsigned n = notes->n < NOTES_MOST ? notes->n : NOTES_MOST;

	request_put_number(r, "total", notes->n);
	request_rows(r, "notes");
	for (unsigned i = 0; i < n; i++) {
		request_row(r);
		request_put_text(r, "severity", words[notes->note[i].severity]);
		request_put_text(r, "file", notes->note[i].file);
		request_put_number(r, "line", notes->note[i].line);
		request_put_text(r, "key", notes->note[i].key);
		request_put_text(r, "text", notes->note[i].text);
	}
	request_rows_end(r);
}

/* Gives the order, and then comes back until it is done: true with *out filled. */
static bool carried_out(const struct asking *a, enum order_kind kind, const struct handmode *mode,
			struct order_result *out)
{
	uint64_t ticket = request_ticket(a->r);
	bool done;

	request_wait(a->r, 0);
	if (!ticket) {
		ticket = orders_give(a->on->orders, kind, mode);
		request_set_ticket(a->r, ticket);
	}
	done = ticket && orders_done(a->on->orders, ticket, out);
	if (!ticket || (a->last && !done))
		request_fail(a->r, "busy", "sipmoatd has not come to it yet; the log will tell");
	else if (!done)
		request_wait(a->r, WAIT_MOST);
	return done;
}

void ordercommands_reload(const struct asking *a)
{
	struct standing is;
	struct order_result res;

	if (!carried_out(a, ORDER_RELOAD, NULL, &res))
		return;
	is = standing_of(a->on->report->standing);
	if (res.taken) {
		request_put_number(a->r, "generation", is.generation);
		request_put_bool(a->r, "whole", res.whole);
	} else {
		request_fail(a->r, "refused", "reload refused: the old configuration stays in "
					      "force");
	}
	put_notes(a->r, &res.notes);
	order_result_free(&res);
}

void ordercommands_mode(const struct asking *a)
{
	struct standing is = standing_of(a->on->report->standing);

	request_put_text(a->r, "mode", handmode_word(is.settings.mode));
	request_put_text(a->r, "config", handmode_word(is.config_mode));
	request_put_bool(a->r, "by_hand", is.mode.mode != MODE_OFF);
	if (is.mode.mode == MODE_OFF)
		return;
	request_put_number(a->r, "since", is.mode.since);
	request_put_number(a->r, "uid", is.mode.uid);
}

void ordercommands_set_mode(const struct asking *a)
{
	const char *word = request_text(a->r, "mode");
	struct handmode mode = { .mode = MODE_OFF, .uid = a->uid, .since = clock_wall() };
	struct order_result res;

	for (uint8_t i = MODE_OBSERVE; word && i <= MODE_ENFORCE; i++)
		if (strcmp(word, handmode_word(i)) == 0)
			mode.mode = i;
	if (!word || strcmp(word, handmode_word(mode.mode)) != 0) {
		request_fail(a->r, "bad_request",
			     "\"mode\" must be \"observe\", \"enforce\" or \"config\"");
		return;
	}
	if (!carried_out(a, ORDER_MODE, &mode, &res))
		return;
	if (res.taken) {
		ordercommands_mode(a);
		request_put_bool(a->r, "whole", res.whole);
		request_put_bool(a->r, "kept", res.kept);
	} else {
		request_fail(a->r, "no_memory", "sipmoatd has no memory for that");
	}
	put_notes(a->r, &res.notes);
	order_result_free(&res);
}
