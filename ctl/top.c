/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sipmoat top`: the running firewall, live. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "ctl.h"
#include "screen.h"
#include "times.h"
#include "top.h"

#define ASKED_MOST 4
#define EVENTS_AT_ONCE 200
#define ROWS_AT_ONCE 200
#define PATIENCE 10.0 /* s for the answers of a round */
#define AGAIN 1.0     /* s until it connects anew */

enum asked { ASKED_STATS, ASKED_EVENTS, ASKED_SOURCES, ASKED_BANS, ASKED_CALLS };

struct session {
	const char *socket;
	struct link *link; /* NULL: there is none now */
	enum asked asked[ASKED_MOST]; /* whose answers are on their way, the first first */
	unsigned n;
	double sent, next; /* when the round was asked; when something is due */
	int signal_fd;
	struct top top;
	struct canvas canvas;
};

static void usage(FILE *to)
{
	fputs("usage: sipmoat top [--interval SECONDS] [-s SOCKET]\n"
	      "Shows the running firewall on the whole terminal: what each check finds, sources,\n"
	      "users and countries, bans, calls, the lanes and the last events.  q leaves, ?\n"
	      "tells the other keys.\n\n"
	      "  -i, --interval SECONDS  between two readings, 1 to 9; 1\n"
	      "  -s, --socket PATH       instead of " CLIENT_SOCKET "\n"
	      "  -h, --help              this text\n\n"
	      "Exit status: 0 left, 2 wrong usage, or no terminal to show it on.\n", to);
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the daemon ---- */

static void hang_up(struct session *s, int e, double now)
{
	link_trouble(s->socket, e, s->top.trouble);
	link_close(s->link);
	s->link = NULL;
	s->n = 0;
	s->next = now + AGAIN;
}

static int ask(struct session *s, enum asked what)
{
	static const char *const commands[] = { [ASKED_STATS] = "stats", [ASKED_BANS] = "bans",
						[ASKED_EVENTS] = "events",
						[ASKED_SOURCES] = "sources",
						[ASKED_CALLS] = "calls" };
	struct client_arg args[] = { { NULL, NULL, 0 }, { NULL, NULL, 0 }, { NULL, NULL, 0 } };

	if (what != ASKED_STATS)
		args[0] = (struct client_arg){ "most", NULL, what == ASKED_EVENTS ?
					       EVENTS_AT_ONCE : ROWS_AT_ONCE };
	if (what == ASKED_EVENTS && s->top.follows)
		args[1] = (struct client_arg){ "after", NULL, s->top.after };
	if (what == ASKED_SOURCES)
		args[1] = (struct client_arg){ "sort", top_source_order(&s->top), 0 };
	s->asked[s->n++] = what;
	return link_send(s->link, commands[what], args);
}

static void ask_round(struct session *s, double now)
{
	int e = 0;

	if (!s->link)
		e = link_open(s->socket, &s->link);
	if (!e)
		e = ask(s, ASKED_STATS);
	if (!e)
		e = ask(s, ASKED_EVENTS);
	if (!e && top_shows(&s->top, PANE_SOURCES))
		e = ask(s, ASKED_SOURCES);
	if (!e && top_shows(&s->top, PANE_BANS))
		e = ask(s, ASKED_BANS);
	if (!e && top_shows(&s->top, PANE_CALLS))
		e = ask(s, ASKED_CALLS);
	s->sent = now;
	s->next = now + s->top.interval;
	if (e)
		hang_up(s, e, now);
}

static void take(struct session *s, struct reply *r, double now)
{
	enum asked what = s->asked[0];

	s->n--;
	for (unsigned i = 0; i < s->n; i++)
		s->asked[i] = s->asked[i + 1];
	s->top.trouble[0] = '\0';
	if (!reply_true(r, -1, "ok"))
		snprintf(s->top.trouble, LINK_TROUBLE, "%s", reply_text(r, -1, "text"));
	else if (what == ASKED_STATS)
		top_stats(&s->top, r, now);
	else if (what == ASKED_EVENTS)
		top_events(&s->top, r, now);
	else if (what == ASKED_SOURCES)
		top_sources(&s->top, r);
	else if (what == ASKED_BANS)
		top_bans(&s->top, r);
	else
		top_calls(&s->top, r);
}

static void listen_to(struct session *s, double now)
{
	struct reply *r;
	int e = 0;

	while (s->link && s->n) {
		e = link_take(s->link, &r);
		if (e || !r)
			break;
		take(s, r, now);
		reply_free(r);
	}
	if (e)
		hang_up(s, e, now);
	else if (s->link && !s->n && link_take(s->link, &r)) {
		/* it hangs up on who says nothing for long, as while paused */
		link_close(s->link);
		s->link = NULL;
	}
}

/* ---- the terminal ---- */

static void draw(struct session *s, double now)
{
	time_t t = time(NULL);
	unsigned rows, columns;
	char text[16] = "";
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	screen_size(&rows, &columns);
	if (!canvas_size(&s->canvas, rows, columns))
		return;
	top_draw(&s->top, &s->canvas, now, text);
	screen_show(&s->canvas);
}

/* Keys that ask for what is not there yet bring it at once. */
static void keys(struct session *s)
{
	enum top_pane before = s->top.focus;
	unsigned order = s->top.sort[before];
	bool resized = true;
	int key;

	for (;;) {
		resized = false;
		key = screen_key(&resized);
		if (!key && !resized)
			break;
		if (key)
			top_key(&s->top, key);
	}
	if ((s->top.focus != before || s->top.sort[before] != order) && s->link && !s->n)
		s->next = 0;
}

/* 0, or the signal that ends it. */
static int signalled(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	return info.ssi_signo == SIGWINCH ? 0 : (int)info.ssi_signo;
}

static int run(struct session *s)
{
	struct pollfd p[3] = { { .fd = STDIN_FILENO, .events = POLLIN },
			       { .fd = s->signal_fd, .events = POLLIN } };
	int sig = 0, wait;

	while (!s->top.leave && !sig) {
		double now = seconds_now();

		if (s->n && now > s->sent + PATIENCE)
			hang_up(s, ETIMEDOUT, now);
		if (!s->top.paused && !s->n && now >= s->next)
			ask_round(s, now);
		draw(s, now);
		p[2] = (struct pollfd){ .fd = s->link ? link_fd(s->link) : -1, .events = POLLIN };
		now = s->next > now ? s->next - now : 0.01;
		wait = s->n || s->top.paused ? 250 : (int)(now * 1e3) + 10;
		if (poll(p, 3, wait) < 0)
			p[0].revents = p[1].revents = p[2].revents = 0; /* another size */
		if (p[0].revents & (POLLHUP | POLLERR))
			return CTL_OK; /* the terminal is gone */
		if (p[1].revents)
			sig = signalled(s->signal_fd);
		keys(s);
		if (p[2].revents)
			listen_to(s, seconds_now());
	}
	return sig ? 128 + sig : CTL_OK;
}

/* false: it is done, and *status to be returned. */
static bool options(int argc, char **argv, struct session *s, int *status)
{
	static const struct option known[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	optind = 1;
	*status = CTL_USAGE;
	while ((c = getopt_long(argc, argv, "i:s:h", known, NULL)) != -1) {
		if (c == 's') {
			s->socket = optarg;
		} else if (c == 'i') {
			s->top.interval = (unsigned)time_parse(optarg, TOP_INTERVAL_MOST);
		} else {
			usage(c == 'h' ? stdout : stderr);
			*status = c == 'h' ? CTL_OK : CTL_USAGE;
			return false;
		}
	}
	if (optind == argc && s->top.interval)
		return true;
	usage(stderr);
	return false;
}

/* Signals become readable: whatever ends it, the terminal is put back first. */
static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int top_main(int argc, char **argv)
{
	struct session *s = calloc(1, sizeof(*s));
	char err[LINK_TROUBLE];
	int status;

	if (!s) {
		fputs("sipmoat top: not enough memory\n", stderr);
		return CTL_REFUSED;
	}
	s->socket = CLIENT_SOCKET;
	top_begin(&s->top);
	if (!options(argc, argv, s, &status)) {
		free(s);
		return status;
	}
	s->signal_fd = signals_open();
	if (s->signal_fd < 0) {
		fputs("sipmoat top: no signals\n", stderr);
		status = CTL_REFUSED;
	} else if (!screen_open(err, sizeof(err))) {
		fprintf(stderr, "sipmoat top: %s\n", err);
		status = CTL_USAGE;
	} else {
		status = run(s);
		screen_close();
	}
	link_close(s->link);
	canvas_free(&s->canvas);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	free(s);
	return status;
}
