/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's loop over queues that do what real ones hardly ever do: one that
 * never gets empty, one whose socket dies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "inject.h"
#include "log.h"
#include "worker.h"

#define FIRST 5060 /* strangers; the known lane is the next one */
#define FLOOD 1000 /* batches */

/* What one queue number is to do, and what happened to it. */
struct script {
	unsigned batches; /* full ones that wait */
	unsigned dies_reading, dies_answering, no_open; /* times to come */
	unsigned opened, closed, reads, answers, unanswered;
	unsigned reads_of_other; /* by the time that this one ran empty */
};

static struct script script[2]; /* strangers, known */
static uint64_t stamp; /* of all packets */
static uint64_t wait_most; /* of the worker's counters */
static struct ruleset *rules;   /* the defaults: what a worker does unasked needs them */
static struct state *memory;

struct queue {
	struct queue_conf conf;
	struct script *s;
	int fd;
};

struct queue_batch {
	struct queue_packet packet[QUEUE_BATCH];
};

int queue_open(struct queue **out, const struct queue_conf *conf, char err[QUEUE_ERROR])
{
	struct script *s = &script[conf->number - FIRST];

	if (s->opened && s->no_open) {
		s->no_open--;
		snprintf(err, QUEUE_ERROR, "no queue for you");
		return -ENODEV;
	}
	*out = calloc(1, sizeof(**out));
	**out = (struct queue){ *conf, s, eventfd(1, EFD_NONBLOCK) };
	s->opened++;
	return 0;
}

void queue_close(struct queue *q)
{
	if (!q)
		return;
	q->s->closed++;
	close(q->fd);
	free(q);
}

int queue_fd(const struct queue *q)
{
	return q->fd;
}

const struct queue_conf *queue_conf_of(const struct queue *q)
{
	return &q->conf;
}

bool queue_tracks(const struct queue *q)
{
	return q->conf.number < 65535;
}

void queue_fail_open(struct queue *q, bool open)
{
	q->conf.fail_open = open;
}

uint32_t queue_lost(const struct queue *q)
{
	(void)q;
	return 0;
}

struct queue_batch *queue_batch_new(void)
{
	return calloc(1, sizeof(struct queue_batch));
}

void queue_batch_free(struct queue_batch *b)
{
	free(b);
}

void queue_batch_rest(struct queue_batch *b)
{
	(void)b;
}

int queue_read(struct queue *q, struct queue_batch *b, struct queue_read *out)
{
	struct script *s = q->s;
	eventfd_t drained;

	*out = (struct queue_read){ .packet = b->packet };
	s->reads++;
	if (s->dies_reading) {
		s->dies_reading--;
		return -ECONNRESET;
	}
	if (!s->batches) {
		eventfd_read(q->fd, &drained);
		return 0;
	}
	if (!--s->batches)
		s->reads_of_other = script[s == &script[0]].reads;
	for (unsigned i = 0; i < QUEUE_BATCH; i++)
		b->packet[i] = (struct queue_packet){ .id = i, .verdict = q->conf.fail,
						       .stamped = stamp };
	out->messages = out->packets = QUEUE_BATCH;
	s->unanswered++;
	return 0;
}

int queue_answer(struct queue *q, struct queue_batch *b)
{
	struct script *s = q->s;

	(void)b;
	s->answers++;
	s->unanswered--;
	if (s->dies_answering) {
		s->dies_answering--;
		return -ECONNRESET;
	}
	return 0;
}

/* no raw sockets here: a worker does its work without */
int inject_open(struct inject **out, char err[INJECT_ERROR])
{
	(void)out;
	snprintf(err, INJECT_ERROR, "no raw socket for you");
	return -EPERM;
}

void inject_close(struct inject *in)
{
	assert_null(in);
}

bool inject_reset(struct inject *in, const struct reset *r, uint32_t link)
{
	(void)in;
	(void)r;
	(void)link;
	return false;
}

bool inject_parcel(struct inject *in, const struct parcel *parcel, uint32_t link, bool untracked)
{
	(void)in, (void)parcel, (void)link, (void)untracked;
	return true;
}

/* Runs a worker over the script until it has emptied both lanes or failed. */
static enum worker_phase run(struct script strangers, struct script known)
{
	struct settings settings = { .queue_first = FIRST, .queue_length = 64 };
	struct worker_conf conf = { .settings = &settings, .workers = 1,
				    .live = publish_new(1, rules), .state = memory,
				    .phase_fd = eventfd(0, 0) };
	char err[QUEUE_ERROR];
	enum worker_phase phase;
	eventfd_t told;
	struct worker *w;

	script[0] = strangers;
	script[1] = known;
	assert_int_equal(worker_new(&w, &conf, err), 0);
	worker_stop(w, WORKER_DRAIN);
	assert_int_equal(worker_start(w), 0);
	assert_int_equal(eventfd_read(conf.phase_fd, &told), 0);
	phase = worker_phase(w);
	wait_most = 0;
	for (unsigned i = 0; i < LANES; i++) {
		const struct stats_histogram *wait = &worker_stats(w)->delay[i];
		uint64_t batches = 0;

		for (unsigned b = 0; b <= STATS_BUCKETS; b++)
			batches += wait->bucket[b];
		assert_int_equal(batches, script[i].answers);
		wait_most = wait->most > wait_most ? wait->most : wait_most;
	}
	worker_free(w);
	publish_free(conf.live);
	close(conf.phase_fd);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(script[i].opened, script[i].closed);
		assert_int_equal(script[i].unanswered, 0);
	}
	return phase;
}

static void a_busy_known_lane_does_not_starve_strangers(void **unused)
{
	(void)unused;
	assert_int_equal(run((struct script){ 0 }, (struct script){ .batches = FLOOD }),
			 WORKER_ENDED);
	/* looked at every eight batches, empty or not */
	assert_true(script[1].reads_of_other >= FLOOD / 8 - 1);
}

static void a_busy_strangers_lane_does_not_starve_the_known(void **unused)
{
	(void)unused;
	assert_int_equal(run((struct script){ .batches = FLOOD }, (struct script){ 0 }),
			 WORKER_ENDED);
	assert_true(script[0].reads_of_other >= FLOOD - 1);
}

static void both_busy_the_known_go_first(void **unused)
{
	(void)unused;
	assert_int_equal(run((struct script){ .batches = FLOOD },
			     (struct script){ .batches = FLOOD }), WORKER_ENDED);
	assert_in_range(script[1].reads_of_other, FLOOD / 8 - 1, FLOOD / 8 + 1);
	assert_int_equal(script[0].answers, FLOOD);
	assert_int_equal(script[1].answers, FLOOD);
}

static void a_dead_queue_is_opened_again(void **unused)
{
	(void)unused;
	assert_int_equal(run((struct script){ .batches = 9, .dies_reading = 2, .no_open = 3 },
			     (struct script){ .batches = 9, .dies_answering = 3 }), WORKER_ENDED);
	assert_int_equal(script[0].opened, 3);
	assert_int_equal(script[0].answers, 9);
	assert_int_equal(script[1].opened, 4);
	assert_int_equal(script[1].answers, 9);
}

static void a_queue_that_stays_dead_ends_the_worker(void **unused)
{
	(void)unused;
	assert_int_equal(run((struct script){ .dies_reading = 1, .no_open = 99 },
			     (struct script){ 0 }), WORKER_FAILED);
}

/* What packets of that stamp are said to have waited. */
static uint64_t waited(uint64_t stamped)
{
	stamp = stamped;
	assert_int_equal(run((struct script){ .batches = 2 }, (struct script){ 0 }),
			 WORKER_ENDED);
	stamp = 0;
	return wait_most;
}

static void stamps_tell_how_long_packets_waited(void **unused)
{
	(void)unused;
	assert_int_equal(waited(0), 0);
	assert_in_range(waited(clock_wall_ns() - 5 * NS), 5 * NS, 50 * NS);
	/* somebody set the clock */
	assert_int_equal(waited(clock_wall_ns() + 3600 * NS), 0);
	assert_int_equal(waited(clock_wall_ns() - 3600 * NS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_busy_known_lane_does_not_starve_strangers),
		cmocka_unit_test(a_busy_strangers_lane_does_not_starve_the_known),
		cmocka_unit_test(both_busy_the_known_go_first),
		cmocka_unit_test(a_dead_queue_is_opened_again),
		cmocka_unit_test(a_queue_that_stays_dead_ends_the_worker),
		cmocka_unit_test(stamps_tell_how_long_packets_waited),
	};

	struct conf_report report = { 0 };
	int failed;

	log_open(LOG_ERR_);
	rules = ruleset_load(NULL, &report);
	memory = rules ? state_new(ruleset_settings(rules), (const uint8_t[16]){ 1 }) : NULL;
	if (!memory)
		return EXIT_FAILURE;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	state_free(memory);
	ruleset_free(rules);
	conf_report_free(&report);
	return failed;
}
