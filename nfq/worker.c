/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "hep.h"
#include "inject.h"
#include "lane.h"
#include "log.h"
#include "notes.h"
#include "outbox.h"
#include "sights.h"

#define CHORES_NS NS   /* how often a worker does what no packet asks for */
#define IDLE_MS 1000   /* a sleeping worker shows that it lives this often */
#define DRAINED_MS 50  /* both queues empty for so long: no straggler comes any more */
#define KNOWN_BATCHES 8 /* of the known lane before strangers get a turn */
#define SWEEP_ROOM ENGINE_CUT /* connections that are found at once */
#define SWEEP_ROUNDS 16 /* and how often at most, so that packets need not wait */
#define CALLS_NS (NS / 64) /* how often it looks after calls: each time a share of them */
#define CALLS_ROOM 4    /* of which something is to be told or done, at once */
#define REOPEN_TRIES 5
#define REOPEN_PAUSE_NS 100000000

struct ending {
	struct reset reset;
	uint32_t link;
	struct event *note; /* that tells of it, or NULL */
};

struct worker {
	unsigned index; /* first: what a debugger shows */
	atomic_int phase; /* enum worker_phase */
	atomic_uint_fast64_t beats;
	struct worker_conf conf;
	struct queue *queue[LANES];
	uint32_t lost_seen[LANES]; /* of queue_lost, in stats already */
	uint64_t chores_at;        /* when they were done last */
	uint64_t calls_at;         /* likewise calls */
	struct queue_batch *batch;
	struct inject *inject; /* NULL: refused connections stall */
	struct scratch *scratch;
	struct stats stats;
	struct notes notes; /* what the batch in hand has to tell */
	struct ending ending[QUEUE_BATCH]; /* the TCP connections that it ends */
	unsigned endings;
	struct outbox *outbox; /* answers to what it refuses */
	struct hep_feed *hep;  /* NULL: nobody wants to know */
	int poke_fd;
	pthread_t thread;
	bool started;
};

/* Judges one packet; keeps the decision when something must follow from it. */
static void judge(struct worker *w, const struct ruleset *rs, uint64_t now,
		  struct queue_packet *p)
{
	struct news *t = &w->notes.at[w->notes.n];
	struct event *ev = &t->ev;
	struct pkt pkt;
	bool told;

	if (!p->bytes.p)
		return; /* keeps the fail verdict */
	pkt_decode(&pkt, p->bytes.p, p->bytes.n);
	pkt.link = p->link;
	if (p->unverified)
		pkt_verify(&pkt);
	engine_run(rs, w->conf.state, w->scratch, &pkt, now, &ev->d);
	p->verdict = ev->d.verdict;
	p->mark = ev->d.mark;
	stats_count(&w->stats, &pkt, &ev->d);
	if (w->hep)
		hep_feed_put(w->hep, p, &pkt, &ev->d, &w->stats);
	told = ev->d.notify || ev->d.ban || ev->d.known || ev->d.called ||
	       ev->d.mark_time;
	outbox_put(w->outbox, w->scratch, &ev->d, &(struct outbox_asked){ p, &pkt }, now,
		   &w->stats);
	if (ev->d.reset)
		w->ending[w->endings++] = (struct ending){ ev->d.ending, p->link,
							   told ? ev : NULL };
	if (!told)
		return;
	ev->when = now;
	ev->src = pkt.src;
	ev->dst = pkt.dst;
	ev->sport = pkt.sport;
	ev->dport = pkt.dport;
	ev->proto = pkt.proto;
	if (notes_read(&w->notes, ev, now))
		engine_about(rs, w->scratch, &pkt, &ev->d, &t->about);
	else
		t->about = (struct about){ .excerpt_n = 0 };
	w->notes.n++;
}

static bool end_connection(struct worker *w, const struct reset *r, uint32_t link)
{
	bool ended = w->inject && inject_reset(w->inject, r, link);

	if (r->ends == RESET_OUTSIDE) /* of one that was counted when it was answered */
		return ended;
	stats_add(ended ? &w->stats.resets : &w->stats.reset_lost, 1);
	return ended;
}

/* Before the bans are told: on the server's own host the kernel would drop a RST in
 * the name of a source that is banned already. */
static void end_connections(struct worker *w)
{
	for (unsigned i = 0; i < w->endings; i++) {
		const struct ending *e = &w->ending[i];

		if (!end_connection(w, &e->reset, e->link) && e->note)
			e->note->d.reset = false; /* nobody shall read that it was ended */
	}
	w->endings = 0;
}

static void tell(struct worker *w)
{
	const struct notes_to to = { .bans = w->conf.bans, .events = w->conf.events,
				     .bans_fd = w->conf.bans_fd, .events_fd = w->conf.events_fd };

	notes_tell(&w->notes, &to, &w->stats);
}

static void count_lost(struct worker *w)
{
	atomic_uint_fast64_t *counter[LANES] = { [LANE_STRANGERS] = &w->stats.queue_lost,
						 [LANE_KNOWN] = &w->stats.known_lost };

	for (unsigned i = 0; i < LANES; i++) {
		uint32_t lost = queue_lost(w->queue[i]);

		stats_add(counter[i], lost - w->lost_seen[i]);
		w->lost_seen[i] = lost;
	}
}

typedef size_t finder(const struct ruleset *rs, struct state *st, uint64_t now, struct reset *out);

static size_t find_waiting(const struct ruleset *rs, struct state *st, uint64_t now,
			   struct reset *out)
{
	return engine_sweep(rs, st, now, out, SWEEP_ROOM);
}

/* Ends connections that were found; one worker does it for all.  more: there may be others
 * when so many were. */
static void end_found(struct worker *w, finder *find, size_t more, atomic_uint_fast64_t *count,
		      uint64_t now)
{
	struct reset found[SWEEP_ROOM];
	size_t n = more;

	for (unsigned i = 0; n >= more && i < SWEEP_ROUNDS; i++) {
		const struct ruleset *rs = publish_pin(w->conf.live, w->conf.index);

		n = find(rs, w->conf.state, now, found);
		publish_unpin(w->conf.live, w->conf.index);
		for (size_t k = 0; k < n; k++) {
			stats_add(count, found[k].ends == RESET_BOTH);
			end_connection(w, &found[k], 0);
		}
	}
}

/* Ends a call for both sides, or says so again, and keeps what is to be told. */
static void end_call(struct worker *w, const struct call_notice *c, uint64_t now)
{
	struct news *t = &w->notes.at[w->notes.n];

	for (unsigned i = 0; c->cut && i < 2; i++)
		if (c->parcel[i].n && w->inject)
			(void)inject_parcel(w->inject, &c->parcel[i], 0, false);
	if (c->cut && c->d.reset)
		(void)end_connection(w, &c->d.ending, 0);
	if (!c->d.notify)
		return;
	stats_add(&w->stats.cut, c->d.verdict == VERDICT_DROP);
	stats_hit(&w->stats, &c->d);
	*t = (struct news){ .ev = { .when = now, .src = c->src, .dst = c->dst,
				       .sport = c->sport, .dport = c->dport, .proto = c->proto,
				       .d = c->d } };
	snprintf(t->about.user, sizeof(t->about.user), "%s", c->user);
	snprintf(t->about.number, sizeof(t->about.number), "%s", c->number);
	w->notes.n++;
}

/* What becomes due while calls run; one worker does it for all, between its batches. */
static void run_calls(struct worker *w, uint64_t now)
{
	struct call_notice due[CALLS_ROOM];
	size_t n = CALLS_ROOM;

	if (w->index != 0 || now - w->calls_at < CALLS_NS)
		return;
	w->calls_at = now;
	end_found(w, engine_cut, 1, &w->stats.barred, now);
	for (unsigned i = 0; n == CALLS_ROOM && i < SWEEP_ROUNDS; i++) {
		const struct ruleset *rs = publish_pin(w->conf.live, w->conf.index);

		n = engine_calls(rs, w->conf.state, w->scratch, now, due, CALLS_ROOM);
		publish_unpin(w->conf.live, w->conf.index);
		for (size_t k = 0; k < n; k++)
			end_call(w, &due[k], now);
		tell(w);
	}
}

/* Both clocks at once: somebody may have set the other one meanwhile. */
static uint64_t read_clocks(struct worker *w)
{
	uint64_t now = clock_now();

	state_set_wall(w->conf.state, now, clock_wall());
	return now;
}

static void adopt_settings(struct worker *w)
{
	const struct ruleset *rs = publish_pin(w->conf.live, w->conf.index);

	for (unsigned i = 0; i < LANES; i++)
		lane_adopt(w->queue[i], i, ruleset_settings(rs));
	publish_unpin(w->conf.live, w->conf.index);
}

static void chores(struct worker *w, uint64_t now)
{
	w->chores_at = now;
	count_lost(w);
	adopt_settings(w);
	run_calls(w, now); /* also where no packet comes any more */
	if (w->index != 0)
		return;
	end_found(w, find_waiting, SWEEP_ROOM, &w->stats.waited, now);
	sights_tell(w->conf.state, now);
}

/* One batch of one lane.  Returns how many messages it read, or -errno. */
static int turn(struct worker *w, enum lane lane)
{
	const struct ruleset *rs;
	struct queue_read in;
	uint64_t now, waited;
	int r = queue_read(w->queue[lane], w->batch, &in);

	if (r < 0)
		return r;
	if (in.errors)
		stats_add(&w->stats.errors, in.errors);
	if (!in.packets)
		return (int)in.messages;
	now = read_clocks(w);
	waited = clock_since(in.packet[0].stamped); /* the oldest */
	state_set_delay(w->conf.state, now, waited);
	stats_delayed(&w->stats, lane, waited);
	rs = publish_pin(w->conf.live, w->conf.index);
	for (unsigned i = 0; i < in.packets; i++)
		judge(w, rs, now, &in.packet[i]);
	publish_unpin(w->conf.live, w->conf.index);
	r = queue_answer(w->queue[lane], w->batch);
	stats_worked(&w->stats, in.packets, clock_now() - now);
	stats_add(&w->stats.batches, 1);
	if (r)
		stats_add(&w->stats.errors, r > 0 ? (unsigned)r : 1);
	/* first: conntrack takes no RST from before what an answer acknowledges */
	end_connections(w);
	(void)outbox_send(w->outbox, w->inject, w->conf.state, now, &w->stats);
	tell(w);
	if (w->hep)
		hep_feed_send(w->hep, &w->stats);
	run_calls(w, now);
	if (now - w->chores_at >= CHORES_NS)
		chores(w, now);
	return r < 0 ? r : (int)in.messages;
}

/* The queue's socket is dead.  The kernel has let go of its packets; without a
 * listener it lets the next ones through (or not, as configured). */
static int reopen(struct worker *w, enum lane lane, int why)
{
	const struct timespec pause = { .tv_nsec = REOPEN_PAUSE_NS };
	struct queue_conf conf = *queue_conf_of(w->queue[lane]);
	char err[QUEUE_ERROR] = "";

	log_error("queue %u is lost: %s; opening it again", conf.number, strerror(-why));
	queue_close(w->queue[lane]);
	w->queue[lane] = NULL;
	w->lost_seen[lane] = 0;
	for (int i = 0; i < REOPEN_TRIES; i++) {
		if (!queue_open(&w->queue[lane], &conf, err)) {
			log_warn("queue %u is open again", conf.number);
			return 0;
		}
		nanosleep(&pause, NULL);
	}
	log_error("%s; giving up", err);
	return -EPIPE;
}

/* Works a lane off as far as its turn allows; false: the lane is dead for good. */
static bool serve(struct worker *w, enum lane lane, bool ready[LANES])
{
	unsigned batches = lane == LANE_KNOWN ? KNOWN_BATCHES : 1;

	for (unsigned i = 0; ready[lane] && i < batches; i++) {
		int n = turn(w, lane);

		if (n < 0 && reopen(w, lane, n))
			return false;
		/* a batch that was not full has emptied the socket */
		ready[lane] = n == QUEUE_BATCH;
	}
	return true;
}

/* No packet came; true: it was time for an answer only. */
static bool idle(struct worker *w)
{
	uint64_t now = read_clocks(w);
	bool sent = outbox_send(w->outbox, w->inject, w->conf.state, now, &w->stats);

	if (!sent || now - w->chores_at >= CHORES_NS)
		chores(w, now);
	return sent;
}

/* Sleeps until a packet, a poke or the time comes; false when nothing was to be done. */
static bool wait_for_work(struct worker *w, unsigned ms, bool ready[LANES])
{
	struct pollfd pfd[LANES + 1] = { { .fd = w->poke_fd, .events = POLLIN } };
	eventfd_t drained;
	int n;

	for (unsigned i = 0; i < LANES; i++)
		pfd[i + 1] = (struct pollfd){ .fd = queue_fd(w->queue[i]), .events = POLLIN };
	queue_batch_rest(w->batch);
	n = poll(pfd, LANES + 1, (int)outbox_wait(w->outbox, clock_now(), ms));
	if (n == 0 && idle(w))
		n = 1;
	if (pfd[0].revents)
		eventfd_read(w->poke_fd, &drained);
	/* an error is for the read to find */
	for (unsigned i = 0; i < LANES; i++)
		ready[i] = pfd[i + 1].revents != 0;
	return n != 0;
}

static enum worker_phase run(struct worker *w)
{
	bool ready[LANES] = { true, true };

	for (;;) {
		enum worker_phase phase = worker_phase(w);

		stats_add(&w->beats, 1);
		if (phase == WORKER_LEAVE)
			return WORKER_ENDED;
		/* while one lane keeps us busy nobody polls for the other */
		if (ready[LANE_KNOWN] || ready[LANE_STRANGERS])
			ready[LANE_KNOWN] = ready[LANE_STRANGERS] = true;
		else if (!wait_for_work(w, phase == WORKER_DRAIN ? DRAINED_MS : IDLE_MS, ready) &&
			 phase == WORKER_DRAIN)
			return WORKER_ENDED;
		if (!serve(w, LANE_KNOWN, ready) || !serve(w, LANE_STRANGERS, ready))
			return WORKER_FAILED;
	}
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	enum worker_phase last = run(w);

	atomic_store(&w->phase, last);
	eventfd_write(w->conf.phase_fd, 1);
	return NULL;
}

/* Without raw sockets the firewall still does all but to end connections. */
static void open_inject(struct worker *w)
{
	char err[INJECT_ERROR];

	if (inject_open(&w->inject, err) && w->index == 0)
		log_warn("%s: refused TCP connections are not ended, they stall", err);
}

int worker_new(struct worker **out, const struct worker_conf *conf, char err[QUEUE_ERROR])
{
	const struct settings *s = conf->settings;
	struct worker *w = calloc(1, sizeof(*w));
	int r = -ENOMEM;

	snprintf(err, QUEUE_ERROR, "worker %u: not enough memory", conf->index);
	if (!w)
		return r;
	w->index = conf->index;
	w->conf = *conf;
	w->conf.settings = NULL;
	w->poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->batch = queue_batch_new();
	w->scratch = scratch_new();
	w->hep = hep_feed_new(conf->hep, conf->workers);
	w->outbox = outbox_new((s->answers_delayed - 1) / conf->workers + 1);
	if (w->poke_fd < 0 || !w->batch || !w->scratch || !w->outbox)
		goto out;
	r = 0;
	for (unsigned i = 0; !r && i < LANES; i++)
		r = lane_open(&w->queue[i], i, s, conf->index, conf->workers, err);
	if (!r)
		open_inject(w);
out:
	if (r)
		worker_free(w);
	else
		*out = w;
	return r;
}

int worker_start(struct worker *w)
{
	char name[16];
	int r = pthread_create(&w->thread, NULL, worker_main, w);

	if (r)
		return -r;
	w->started = true;
	snprintf(name, sizeof(name), "worker-%u", w->index % 1000);
	pthread_setname_np(w->thread, name);
	return 0;
}

void worker_stop(struct worker *w, enum worker_phase how)
{
	int phase = worker_phase(w);

	/* the worker's own last word stands */
	while (phase < (int)how && !atomic_compare_exchange_weak(&w->phase, &phase, (int)how))
		;
	eventfd_write(w->poke_fd, 1);
}

enum worker_phase worker_phase(struct worker *w)
{
	return (enum worker_phase)atomic_load(&w->phase);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	if (w->started) {
		worker_stop(w, WORKER_LEAVE);
		pthread_join(w->thread, NULL);
	}
	for (unsigned i = 0; i < LANES; i++)
		queue_close(w->queue[i]);
	inject_close(w->inject);
	scratch_free(w->scratch);
	outbox_free(w->outbox);
	hep_feed_free(w->hep);
	queue_batch_free(w->batch);
	if (w->poke_fd >= 0)
		close(w->poke_fd);
	free(w);
}

uint64_t worker_beats(struct worker *w)
{
	return atomic_load_explicit(&w->beats, memory_order_relaxed);
}

const struct stats *worker_stats(struct worker *w)
{
	return &w->stats;
}
