/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sinks.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "confined.h"
#include "journal.h"
#include "log.h"
#include "request.h"
#include "sinkfile.h"
#include "sinktext.h"
#include "statefile.h"

#define AT_ONCE 32        /* events that are read from the journal */
#define STDOUT_MS 1000    /* so long may a reader of standard output be busy, once */
#define QUIET_NS (3 * NS)
#define PIPE_PART 4096    /* as much a pipe that is ready takes without waiting */
#define JOURNALD "/run/systemd/journal/socket"
#define MEBI ((uint64_t)1 << 20)

/* What the config says. */
struct plan {
	char path[STATEFILE_PATH]; /* "": no file */
	uint64_t most;
	unsigned keep;
	bool line, to_stdout, to_journal;
};

/* One of the places where events go, and whether it takes them. */
struct place {
	const char *name;
	uint64_t lost;
	bool failing; /* told once */
	uint64_t bad_at; /* ns: when it took nothing for the last time */
};

struct sinks {
	struct journal *journal;
	pthread_mutex_t lock;
	struct plan next; /* under the lock */
	bool fresh;       /* likewise: next is to be taken */
	bool stop;        /* likewise */
	int wake_fd;      /* of the journal, and of the two below */
	pthread_t thread;
	/* the thread's own */
	struct plan plan;
	struct sinkfile file;
	struct place at_file, at_stdout, at_journal;
	int journal_fd;
	bool cut; /* standard output took the beginning of a line only */
	uint64_t seen;
	struct told told[AT_ONCE];
};

static void plan_make(struct plan *p, const struct settings *s)
{
	*p = (struct plan){ .most = s->events_size * MEBI, .keep = s->events_keep,
			    .line = s->events_format == EVENTS_LINE,
			    .to_stdout = s->events_stdout, .to_journal = s->events_journal };
	if (!s->events_file[0])
		return;
	if (!statefile_path(s->events_file, p->path)) {
		p->path[0] = '\0';
		log_error("events.file: there is no StateDirectory for \"%s\"; events are not "
			  "written", s->events_file);
	}
}

/* ---- the thread ---- */

/* Said once until it is over for a while, since a full disk takes a short line now and then;
 * it becomes an event itself, of which the same holds. */
static void account(struct place *p, int r)
{
	if (r) {
		p->lost++;
		p->bad_at = clock_kernel();
		if (!p->failing)
			log_error("events cannot be written to %s: %s%s; those that are lost are "
				  "counted", p->name, strerror(-r), confined_hint(-r));
		p->failing = true;
	} else if (p->failing && clock_kernel() - p->bad_at > QUIET_NS) {
		p->failing = false;
		log_warn("events are written to %s again: %" PRIu64 " are lost", p->name, p->lost);
		p->lost = 0;
	}
}

/* How much was taken, or -errno. */
static ssize_t write_part(const char *bytes, size_t n, int patience)
{
	struct pollfd pfd = { .fd = STDOUT_FILENO, .events = POLLOUT };
	ssize_t w;

	if (poll(&pfd, 1, patience) != 1)
		return -EAGAIN;
	w = write(STDOUT_FILENO, bytes, n < PIPE_PART ? n : PIPE_PART);
	return w < 0 ? -errno : w ? w : -EIO;
}

/* Who has not taken one is not waited for again, or the other places, and the stop, would be
 * late by a second for each event. */
static int to_stdout(struct sinks *k, const char *line, size_t n)
{
	int patience = k->at_stdout.failing ? 0 : STDOUT_MS;
	ssize_t w = k->cut ? write_part("\n", 1, patience) : 1;

	if (w < 0)
		return (int)w;
	k->cut = false;
	for (size_t at = 0; at < n; at += (size_t)w) {
		w = write_part(line + at, n - at, patience);
		if (w < 0) {
			k->cut = at > 0;
			return (int)w;
		}
	}
	return 0;
}

static int to_journal(struct sinks *k, const struct told *t)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = JOURNALD };
	char text[SINK_TEXT];
	size_t n = sinktext_journal(t, text);

	if (k->journal_fd < 0)
		k->journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (k->journal_fd < 0)
		return -errno;
	return sendto(k->journal_fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

/* As a line of JSON or of words; malloc'd, NULL: no memory. */
static char *text_of(const struct told *t, bool line, size_t *n)
{
	struct request *r;
	char *text;

	if (line) {
		text = malloc(SINK_TEXT);
		*n = text ? sinktext_line(t, text) : 0;
		return text;
	}
	r = request_object();
	if (!r)
		return NULL;
	told_put(r, t);
	text = request_answer(r, n);
	request_free(r);
	return text;
}

static void put(struct sinks *k, const struct told *t)
{
	bool text_wanted = k->file.path || k->plan.to_stdout;
	size_t n = 0;
	char *text = text_wanted ? text_of(t, k->plan.line, &n) : NULL;

	if (k->file.path)
		account(&k->at_file, text ? sinkfile_put(&k->file, text, n) : -ENOMEM);
	if (k->plan.to_stdout)
		account(&k->at_stdout, text ? to_stdout(k, text, n) : -ENOMEM);
	if (k->plan.to_journal)
		account(&k->at_journal, to_journal(k, t));
	free(text);
}

static bool drain(struct sinks *k)
{
	uint64_t missed;
	size_t n = journal_read(k->journal, k->seen, NULL, NULL, k->told, AT_ONCE, &k->seen,
				&missed);

	if (!k->file.path && !k->plan.to_stdout && !k->plan.to_journal)
		return n == AT_ONCE;
	if (missed)
		log_warn("%" PRIu64 " events came too fast to be written", missed);
	if (n)
		sinkfile_look(&k->file);
	for (size_t i = 0; i < n; i++)
		put(k, &k->told[i]);
	return n == AT_ONCE;
}

/* true: the end has come. */
static bool take_plan(struct sinks *k)
{
	bool fresh, stop;

	pthread_mutex_lock(&k->lock);
	fresh = k->fresh;
	stop = k->stop;
	if (fresh)
		k->plan = k->next;
	k->fresh = false;
	pthread_mutex_unlock(&k->lock);
	if (fresh) {
		sinkfile_close(&k->file);
		if (k->plan.path[0])
			(void)sinkfile_init(&k->file, k->plan.path, k->plan.most, k->plan.keep);
	}
	return stop;
}

static void *sinks_main(void *arg)
{
	struct sinks *k = arg;
	struct pollfd pfd = { .fd = k->wake_fd, .events = POLLIN };
	eventfd_t drained;
	bool stop;

	do {
		poll(&pfd, 1, -1);
		eventfd_read(k->wake_fd, &drained);
		stop = take_plan(k);
		while (drain(k))
			;
	} while (!stop);
	sinkfile_close(&k->file);
	return NULL;
}

/* ---- the main thread ---- */

static void hand_over(struct sinks *k, const struct plan *p, bool stop)
{
	pthread_mutex_lock(&k->lock);
	if (p)
		k->next = *p;
	k->fresh |= p != NULL;
	k->stop = stop;
	pthread_mutex_unlock(&k->lock);
	eventfd_write(k->wake_fd, 1);
}

int sinks_start(struct sinks **out, struct journal *j, const struct settings *s)
{
	struct sinks *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return -ENOMEM;
	k->journal = j;
	plan_make(&k->next, s);
	k->fresh = true;
	k->file.fd = k->journal_fd = -1;
	k->at_file.name = "events.file";
	k->at_stdout.name = "standard output";
	k->at_journal.name = "journald";
	pthread_mutex_init(&k->lock, NULL);
	k->seen = journal_first(j);
	k->wake_fd = eventfd(1, EFD_CLOEXEC);
	r = k->wake_fd < 0 ? -errno : !journal_watch(j, k->wake_fd) ? -EBUSY :
	    -pthread_create(&k->thread, NULL, sinks_main, k);
	if (r) {
		if (k->wake_fd >= 0) {
			journal_unwatch(j, k->wake_fd);
			close(k->wake_fd);
		}
		free(k);
		return r;
	}
	pthread_setname_np(k->thread, "sinks");
	*out = k;
	return 0;
}

void sinks_reload(struct sinks *k, const struct settings *s)
{
	struct plan p;

	if (!k)
		return;
	plan_make(&p, s);
	hand_over(k, &p, false);
}

void sinks_stop(struct sinks *k)
{
	if (!k)
		return;
	hand_over(k, NULL, true);
	pthread_join(k->thread, NULL);
	journal_unwatch(k->journal, k->wake_fd);
	close(k->wake_fd);
	if (k->journal_fd >= 0)
		close(k->journal_fd);
	pthread_mutex_destroy(&k->lock);
	free(k);
}
