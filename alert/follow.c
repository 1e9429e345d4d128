/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "link.h"

#define WAIT 30       /* s that a question may stay open */
#define AT_ONCE 100
#define PAUSE_MOST 10 /* s between two tries to reach the daemon */

struct follower {
	const struct follow_conf *conf;
	uint64_t last;
	bool known, away; /* last is one; said that the daemon is away */
	unsigned pause;
};

static bool listed(const struct conf_list *what, const char *word)
{
	for (unsigned i = 0; i < what->n; i++)
		if (strcmp(what->item[i].text, word) == 0)
			return true;
	return false;
}

static bool wanted(const struct conf_list *what, const struct reply *r, int row)
{
	const char *event = reply_text(r, row, "event");

	if (strcmp(event, "notice") == 0)
		return listed(what, reply_text(r, row, "level"));
	if (strcmp(event, "approval") == 0)
		return listed(what, event);
	return strcmp(event, "finding") == 0 && listed(what, reply_text(r, row, "action")) &&
	       (!reply_true(r, row, "observed") || listed(what, "observed"));
}

static void word(char out[ALERT_WORD], const struct reply *r, int row, const char *key)
{
	snprintf(out, ALERT_WORD, "%s", reply_text(r, row, key));
}

static void take_row(struct follower *f, struct reply *r, int row)
{
	struct alert a = { .json = NULL };

	if (!wanted(f->conf->what, r, row))
		return;
	a.json = reply_row(r, row);
	a.text = strdup(reply_text(r, row, "text"));
	if (!a.json || !a.text) {
		alert_free(&a);
		sender_lose(f->conf->sender, 1);
		return;
	}
	word(a.event, r, row, "event");
	word(a.check, r, row, "check");
	word(a.action, r, row, "action");
	word(a.source, r, row, "source");
	sender_put(f->conf->sender, &a);
}

static void take(struct follower *f, struct reply *r)
{
	uint64_t missed = reply_number(r, -1, "missed");
	size_t n = f->known ? reply_rows(r, "events") : 0;

	for (size_t i = 0; i < n; i++)
		take_row(f, r, (int)i);
	if (f->known && missed)
		sender_lose(f->conf->sender, missed);
	f->last = reply_number(r, -1, "last");
	f->known = true;
}

/* Until the daemon goes away. */
static int converse(struct follower *f, struct link *l)
{
	for (;;) {
		const struct client_arg args[] = { { "most", NULL, f->known ? AT_ONCE : 1 },
						   { f->known ? "after" : NULL, NULL, f->last },
						   { "wait", NULL, WAIT },
						   { NULL } };
		struct reply *r;
		int e = link_ask(l, "events", args, WAIT, &r);
		bool ok = !e && reply_true(r, -1, "ok");

		if (ok)
			take(f, r);
		else if (!e)
			fprintf(stderr, "sipmoat alert: sipmoatd refuses: %s\n",
				reply_text(r, -1, "text"));
		reply_free(r);
		if (!ok)
			return e;
		if (f->away)
			fprintf(stderr, "sipmoat alert: sipmoatd is there again\n");
		f->away = false;
		f->pause = 1;
	}
}

void follow(const struct follow_conf *c)
{
	struct follower f = { .conf = c, .pause = 1 };
	char text[LINK_TROUBLE];

	for (;;) {
		struct link *l = NULL;
		int e = link_open(c->socket, &l);

		if (!e)
			e = converse(&f, l);
		link_close(l);
		if (!f.away && e) {
			link_trouble(c->socket, e, text);
			fprintf(stderr, "sipmoat alert: %s\n", text);
		}
		f.away = true;
		nanosleep(&(struct timespec){ .tv_sec = f.pause }, NULL);
		f.pause = f.pause * 2 < PAUSE_MOST ? f.pause * 2 : PAUSE_MOST;
	}
}
