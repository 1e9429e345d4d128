/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sipmoatd: command line, privileges, signals, the watchdog.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "daemon.h"
#include "log.h"
#include "notify.h"
#include "options.h"

#define DRAIN_NS (3 * NS)  /* longest graceful stop */
#define STUCK_NS (3 * NS)  /* a worker without a beat for so long is stuck */
#define BANS_STUCK_NS (30 * NS) /* so is the thread of bans: who changes a large ruleset
				 * holds it up for seconds, too */
#define STATUS_NS (10 * NS)
#define LINE_TEXT 256

/* When a thread was last seen to move. */
struct seen {
	uint64_t beats, since;
	bool stuck; /* said once */
};

struct watch {
	struct seen *worker, bans;
	uint64_t watchdog; /* ns, 0 = none */
};

static bool privileged(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return !syscall(SYS_capget, &head, data) && (data[0].effective >> CAP_NET_ADMIN & 1);
}

/* Blocked in the main thread before any other exists, so blocked everywhere. */
static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int signal_next(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

static bool moves(struct seen *s, uint64_t beats, uint64_t limit, uint64_t now, const char *who)
{
	bool stuck;

	if (beats != s->beats || !s->since) {
		s->beats = beats;
		s->since = now;
	}
	stuck = now - s->since >= limit;
	if (stuck && !s->stuck)
		log_error("%s is stuck: the watchdog is fed no more", who);
	s->stuck = stuck;
	return !stuck;
}

static bool all_move(struct watch *w, struct daemon *d, uint64_t now)
{
	bool all = moves(&w->bans, ban_beats(d->ban), BANS_STUCK_NS, now, "the thread of bans");
	char who[LINE_TEXT];

	for (unsigned i = 0; i < d->workers; i++) {
		snprintf(who, sizeof(who), "worker %u", i);
		all &= moves(&w->worker[i], worker_beats(d->worker[i]), STUCK_NS, now, who);
	}
	return all;
}

/* What is due every now and then; returns how long to sleep until the next. */
static int tick(struct watch *w, struct daemon *d)
{
	uint64_t next = STATUS_NS;
	char line[LINE_TEXT];

	daemon_overflow(d);
	daemon_capped(d);
	daemon_watch(d);
	if (w->watchdog && all_move(w, d, clock_now()))
		notify_send("WATCHDOG=1");
	daemon_line(d, line, sizeof(line));
	notify_send("STATUS=%s", line);
	if (w->watchdog && w->watchdog / 2 < next)
		next = w->watchdog / 2;
	return (int)(next / 1000000);
}

static void reload(struct daemon *d)
{
	struct order_result res = { 0 };

	daemon_reload(d, &res);
	order_result_free(&res);
}

/* Until somebody ends us: EX_OK, or EX_SOFTWARE when a worker is lost. */
static int serve(struct daemon *d, struct watch *w, int signal_fd)
{
	struct pollfd pfd[3] = { { .fd = signal_fd, .events = POLLIN },
				 { .fd = d->phase_fd, .events = POLLIN },
				 { .fd = orders_fd(d->orders), .events = POLLIN } };
	unsigned failed;

	for (;;) {
		poll(pfd, 3, tick(w, d));
		if (daemon_running(d, &failed) < d->workers) {
			log_error("a worker is lost: leaving, for a fresh start by the supervisor");
			return EX_SOFTWARE;
		}
		switch (signal_next(signal_fd)) {
		case SIGHUP:
			reload(d);
			break;
		case SIGUSR1:
			daemon_report(d);
			break;
		case SIGINT:
		case SIGTERM:
			return EX_OK;
		}
		daemon_orders(d);
	}
}

/* Waits for the workers to empty their queues; a second signal cuts it short. */
static void drain(struct daemon *d, int signal_fd)
{
	struct pollfd pfd[2] = { { .fd = signal_fd, .events = POLLIN },
				 { .fd = d->phase_fd, .events = POLLIN } };
	uint64_t end = clock_now() + DRAIN_NS, now;
	eventfd_t ended;
	unsigned failed;
	int sig;

	notify_send("STOPPING=1\nSTATUS=draining the queues");
	daemon_drain(d);
	while (daemon_running(d, &failed) && (now = clock_now()) < end) {
		poll(pfd, 2, (int)((end - now) / 1000000) + 1);
		eventfd_read(d->phase_fd, &ended);
		sig = signal_next(signal_fd);
		if (sig == SIGINT || sig == SIGTERM)
			end = 0;
	}
	if (daemon_running(d, &failed)) {
		log_warn("leaving before the queues are empty");
		daemon_leave(d);
	}
}

static int guard(const struct options *opt, struct ruleset *rs)
{
	struct daemon d = { .config = opt->config };
	struct watch w = { .watchdog = notify_watchdog() };
	char line[LINE_TEXT];
	int signal_fd, r;

	daemon_fork(&d, ruleset_settings(rs));
	signal_fd = signals_open();
	r = daemon_start(&d, rs);
	if (!r) {
		w.worker = calloc(d.workers, sizeof(*w.worker));
		r = w.worker && signal_fd >= 0 ? EX_OK : EX_OSERR;
	}
	if (!r) {
		log_info("sipmoatd " SIPMOAT_VERSION " guards");
		notify_send("READY=1");
		r = serve(&d, &w, signal_fd);
		drain(&d, signal_fd);
		daemon_overflow(&d);
		daemon_line(&d, line, sizeof(line));
		log_info("stopped: %s; bans stay in force", line);
	}
	daemon_free(&d);
	free(w.worker);
	if (signal_fd >= 0)
		close(signal_fd);
	return r;
}

int main(int argc, char **argv)
{
	struct options opt;
	struct conf_report report = { 0 };
	struct ruleset *rs;
	int r = options_parse(argc, argv, &opt);

	if (r >= 0)
		return r;
	log_open(LOG_INFO_);
	rs = daemon_load(opt.config, &report);
	conf_report_free(&report);
	if (!rs)
		return EX_CONFIG;
	if (opt.test) {
		printf("configuration OK\n");
		ruleset_free(rs);
		return EX_OK;
	}
	if (!privileged()) {
		log_error("needs CAP_NET_ADMIN: run as root or give the service "
			  "AmbientCapabilities=CAP_NET_ADMIN");
		ruleset_free(rs);
		return EX_NOPERM;
	}
	log_level_set((enum log_level)ruleset_settings(rs)->log_level);
	return guard(&opt, rs);
}
