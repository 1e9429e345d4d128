/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auditor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "digest.h"
#include "engine.h"
#include "log.h"
#include "words.h"

#define AT_ONCE 32         /* words between two looks at the clocks */
#define AHEAD (2 * NS / 1000) /* ns of wall time that it may owe before it sleeps */
#define SAVED (NS / 10)    /* and that it may have left over */
#define LOOK_MS 1000       /* between looks for a digest */

struct auditor {
	struct auditor_conf conf;
	struct audit_plan plan;
	struct words *words;
	uint64_t paid, used; /* ns: both clocks, as far as they are settled */
	int stop_fd;
	pthread_t thread;
};

static uint64_t clock_of(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static bool stopped(const struct auditor *a, int ms)
{
	struct pollfd pfd = { .fd = a->stop_fd, .events = POLLIN };

	return poll(&pfd, 1, ms) > 0;
}

/* Sleeps off what was used beyond the budget.  true: it is to stop. */
static bool rest(struct auditor *a)
{
	uint64_t used = clock_of(CLOCK_THREAD_CPUTIME_ID), wall = clock_of(CLOCK_MONOTONIC);
	uint64_t cost = (used - a->used) * 100 / a->plan.budget;

	a->used = used;
	/* what was not used long ago is gone */
	if (wall > a->paid + SAVED)
		a->paid = wall - SAVED;
	a->paid += cost;
	if (a->paid < wall + AHEAD)
		return false;
	return stopped(a, (int)((a->paid - wall) / (NS / 1000)));
}

/* Tries all words with one reading of the names; false: it is to stop. */
static bool try_all(struct auditor *a, const struct audit_task *task, bool plain, unsigned year,
		    enum audit_result *result)
{
	struct digest_try try;
	enum audit_result kind;
	struct slice word;
	struct walk walk;
	unsigned n = 0;
	bool stop = false;

	digest_begin(&try, task, plain);
	walk_begin(&walk, a->words, task, year);
	while (!stop && *result == AUDIT_STRONG && walk_next(&walk, &word, &kind)) {
		if (digest_fits(&try, word))
			*result = kind;
		if (++n % AT_ONCE == 0)
			stop = rest(a);
	}
	explicit_bzero(&walk, sizeof(walk));
	digest_wipe(&try);
	return !stop;
}

static unsigned year_now(void)
{
	time_t now = time(NULL);
	struct tm tm;

	return gmtime_r(&now, &tm) ? (unsigned)tm.tm_year + 1900 : 2026;
}

static void tell(const struct auditor *a, const struct event *ev)
{
	const struct news t = { .ev = *ev };

	if (ring_put(a->conf.ring, &t))
		eventfd_write(a->conf.wake_fd, 1);
	else
		log_warn("a finding of the password audit was lost: too many events wait");
}

/* false: it is to stop. */
static bool audit(struct auditor *a, const struct audit_task *task)
{
	enum audit_result result = AUDIT_STRONG;
	unsigned year = year_now();
	struct event ev;

	if (!try_all(a, task, false, year, &result))
		return false;
	if (result == AUDIT_STRONG && digest_escaped(task) &&
	    !try_all(a, task, true, year, &result))
		return false;
	if (state_audit_done(a->conf.state, &a->plan, task, result, clock_now(), &ev))
		tell(a, &ev);
	return !rest(a);
}

/* What nobody else wants; where that is forbidden, as little as possible. */
static void step_back(void)
{
	const struct sched_param none = { 0 };

	if (sched_setscheduler(0, SCHED_IDLE, &none) &&
	    setpriority(PRIO_PROCESS, (id_t)gettid(), 19))
		log_info("the password audit runs with ordinary priority, within its budget: %s",
			 strerror(errno));
}

static void *auditor_main(void *arg)
{
	struct auditor *a = arg;
	struct audit_task task;
	bool on = true;

	step_back();
	a->used = clock_of(CLOCK_THREAD_CPUTIME_ID);
	while (on) {
		on = state_audit_next(a->conf.state, clock_now(), &task) ?
			     audit(a, &task) : !stopped(a, LOOK_MS);
		explicit_bzero(&task, sizeof(task));
	}
	return NULL;
}

static void auditor_free(struct auditor *a)
{
	if (a->stop_fd >= 0)
		close(a->stop_fd);
	words_free(a->words);
	free(a);
}

int auditor_start(struct auditor **out, const struct auditor_conf *conf)
{
	struct audit_plan plan;
	struct auditor *a;
	int r;

	*out = NULL;
	if (!ruleset_audit(conf->rules, &plan)) {
		state_audit_forget(conf->state);
		return 0;
	}
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->conf = *conf;
	a->conf.rules = NULL;
	a->plan = plan;
	a->words = words_new(plan.words, plan.digits);
	a->plan.words = NULL; /* the ruleset's */
	a->stop_fd = eventfd(0, EFD_CLOEXEC);
	r = !a->words ? -ENOMEM : a->stop_fd < 0 ? -errno :
		-pthread_create(&a->thread, NULL, auditor_main, a);
	if (r) {
		auditor_free(a);
		return r;
	}
	pthread_setname_np(a->thread, "sipmoatd-audit");
	*out = a;
	return 0;
}

void auditor_stop(struct auditor *a)
{
	const struct sched_param none = { 0 };

	if (!a)
		return;
	eventfd_write(a->stop_fd, 1);
	/* who runs only when nobody else does could keep us waiting */
	(void)pthread_setschedparam(a->thread, SCHED_OTHER, &none);
	pthread_join(a->thread, NULL);
	auditor_free(a);
}
