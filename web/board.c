/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "board.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "tape.h"

#define FIRST_EVENTS 100 /* that somebody sees who comes */
#define LONG_AGO 5       /* s */

struct board {
	pthread_mutex_t lock;
	struct {
		char *line;
		uint64_t at, wanted;
	} topic[TOPIC_COUNT];
	struct history history;
	struct tape tape;
	const char *down; /* why; NULL: somebody answers */
	int wake;
};

static uint64_t wall(void)
{
	return (uint64_t)time(NULL);
}

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec + 1; /* never 0 */
}

struct board *board_new(void)
{
	struct board *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	pthread_mutex_init(&b->lock, NULL);
	b->down = "sipmoatd was not asked yet";
	b->wake = -1;
	return b;
}

void board_free(struct board *b)
{
	if (!b)
		return;
	for (unsigned i = 0; i < TOPIC_COUNT; i++)
		free(b->topic[i].line);
	tape_free(&b->tape);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

void board_answer(struct board *b, enum topic t, const char *line)
{
	char *copy = strdup(line);

	if (!copy)
		return;
	pthread_mutex_lock(&b->lock);
	free(b->topic[t].line);
	b->topic[t].line = copy;
	b->topic[t].at = wall();
	b->down = NULL;
	pthread_mutex_unlock(&b->lock);
}

void board_counted(struct board *b, const uint64_t total[HISTORY_SERIES])
{
	pthread_mutex_lock(&b->lock);
	history_note(&b->history, wall(), total);
	pthread_mutex_unlock(&b->lock);
}

void board_event(struct board *b, uint64_t id, const char *json, uint64_t missed)
{
	pthread_mutex_lock(&b->lock);
	tape_add(&b->tape, id, json, missed);
	pthread_mutex_unlock(&b->lock);
}

uint64_t board_last_event(struct board *b)
{
	uint64_t id;

	pthread_mutex_lock(&b->lock);
	id = b->tape.last;
	pthread_mutex_unlock(&b->lock);
	return id;
}

void board_down(struct board *b, const char *why)
{
	pthread_mutex_lock(&b->lock);
	b->down = why;
	history_gap(&b->history);
	for (unsigned i = 0; i < TOPIC_COUNT; i++) {
		free(b->topic[i].line);
		b->topic[i].line = NULL;
	}
	pthread_mutex_unlock(&b->lock);
}

uint64_t board_wanted(struct board *b, enum topic t)
{
	uint64_t when;

	pthread_mutex_lock(&b->lock);
	when = b->topic[t].wanted;
	pthread_mutex_unlock(&b->lock);
	return when;
}

void board_wake(struct board *b, int fd)
{
	pthread_mutex_lock(&b->lock);
	b->wake = fd;
	pthread_mutex_unlock(&b->lock);
}

/* With the lock held. */
static void look(struct board *b, enum topic t)
{
	uint64_t now = monotonic(), last = b->topic[t].wanted;

	b->topic[t].wanted = now;
	if (b->wake >= 0 && (!last || now - last > LONG_AGO))
		eventfd_write(b->wake, 1);
}

/* The beginning of each answer to a browser. */
static void head(const struct board *b, FILE *to)
{
	fprintf(to, "{\"up\":%s,\"text\":\"%s\",\"now\":%" PRIu64 ",", b->down ? "false" : "true",
		b->down ? b->down : "", wall());
}

static char *closed(FILE *to, char **text)
{
	int bad = ferror(to);

	if (!fclose(to) && !bad)
		return *text;
	free(*text);
	return NULL;
}

char *board_page(struct board *b, enum topic t, size_t *n)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, n);

	if (!to)
		return NULL;
	pthread_mutex_lock(&b->lock);
	look(b, t);
	head(b, to);
	fprintf(to, "\"at\":%" PRIu64 ",\"answer\":%s}\n", b->topic[t].at,
		b->topic[t].line ? b->topic[t].line : "null");
	pthread_mutex_unlock(&b->lock);
	return closed(to, &text);
}

char *board_history(struct board *b, uint64_t since, size_t *n)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, n);

	if (!to)
		return NULL;
	pthread_mutex_lock(&b->lock);
	look(b, TOPIC_stats);
	head(b, to);
	history_print(&b->history, since, to);
	fputs("}\n", to);
	pthread_mutex_unlock(&b->lock);
	return closed(to, &text);
}

char *board_line(struct board *b, enum topic t)
{
	char *line;

	pthread_mutex_lock(&b->lock);
	look(b, t);
	line = strdup(b->topic[t].line ? b->topic[t].line : "");
	pthread_mutex_unlock(&b->lock);
	return line;
}

size_t board_event_next(struct board *b, uint64_t *id, char *out, size_t room)
{
	size_t n;

	pthread_mutex_lock(&b->lock);
	n = tape_next(&b->tape, id, out, room);
	pthread_mutex_unlock(&b->lock);
	return n;
}

uint64_t board_event_first(struct board *b)
{
	uint64_t id;

	pthread_mutex_lock(&b->lock);
	id = tape_before(&b->tape, FIRST_EVENTS);
	pthread_mutex_unlock(&b->lock);
	return id;
}
