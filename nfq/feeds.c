/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feeds.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "feedguard.h"
#include "feedset.h"
#include "log.h"

#define LOOK_MS 2000
#define RETRY (60 * NS)     /* a refused list may be good once a phone has moved on */
#define MEND (10 * NS)      /* until the kernel is tried again */
#define RANGES_MOST 65536   /* in an interval set: each transaction costs by all of them */
#define ADDRESSES_MOST 4194304

/* What a ruleset says of feeds. */
struct orders {
	struct feedfile *file;
	unsigned files;
	struct feedguard guard;
	bool enforce;
};

struct feeds {
	struct feedset *set;
	struct state *state;
	struct ban_thread *ban;
	int wake_fd;
	pthread_t thread;
	bool started;
	atomic_bool lost, stop;
	pthread_mutex_t lock; /* of next, and of what feeds_status reads */
	struct orders *next;  /* to be taken over */
	struct orders now;
	struct feedmix allowed;
	bool dirty[FEED_LISTS]; /* the kernel does not hold it yet */
	uint64_t mend_at;       /* sets that could not be made */
	struct feeds_total total[FEED_LISTS];
};

/* ---- orders ---- */

static void orders_free(struct orders *o)
{
	if (!o)
		return;
	for (unsigned i = 0; i < o->files; i++)
		feedfile_free(&o->file[i]);
	free(o->file);
	feedguard_free(&o->guard);
	free(o);
}

static struct orders *orders_new(const struct ruleset *rules)
{
	const struct settings *s = ruleset_settings(rules);
	const struct feed_entry *e = s->feeds.entry;
	struct orders *o = calloc(1, sizeof(*o));
	int r = 0;

	if (!o)
		return NULL;
	o->enforce = s->mode == MODE_ENFORCE;
	o->file = calloc(s->feeds.n + 1, sizeof(*o->file));
	r = o->file ? feedguard_init(&o->guard, rules) : -ENOMEM;
	for (unsigned i = 0; i < s->feeds.n && !r; i++, o->files++)
		r = feedfile_init(&o->file[i], &e[i]);
	if (r < 0) {
		orders_free(o);
		return NULL;
	}
	return o;
}

/* What was loaded of a feed that goes on goes on. */
static void inherit(struct orders *fresh, struct orders *old)
{
	for (unsigned i = 0; i < fresh->files; i++) {
		struct feedfile *to = &fresh->file[i];
		const struct feed_entry e = { .name = to->name, .file = to->path,
					      .list = (uint8_t)to->list,
					      .format = (uint8_t)to->format };

		for (unsigned k = 0; k < old->files; k++) {
			struct feedfile *from = &old->file[k], was = *to;

			if (!from->path || !feedfile_same(from, &e))
				continue;
			*to = *from;
			*from = was;
			to->any = false; /* whom it may not hit may have changed */
			break;
		}
	}
}

/* ---- one feed ---- */

static size_t others(const struct feeds *f, const struct feedfile *file, bool nets)
{
	size_t n = 0;

	for (unsigned i = 0; i < f->now.files; i++) {
		const struct feedfile *o = &f->now.file[i];

		if (o != file && o->list == file->list)
			n += nets ? o->text.nets : o->text.n - o->text.nets;
	}
	return n;
}

/* Who is known at this moment, but whom allow lists name. */
static void learn_known(struct feeds *f)
{
	struct addr *site;
	size_t n;

	if (ban_known(f->ban, &site, &n) < 0)
		return;
	if (feedguard_known(&f->now.guard, site, n, f->state, &f->allowed) < 0)
		log_error("feeds: no memory for the known sources");
	free(site);
}

/* May a list that is good in itself be used?  Else why not. */
static bool permitted(struct feeds *f, const struct feedfile *file, const struct feed_text *fresh,
		      char why[FEEDFILE_WHY])
{
	if (fresh->nets + others(f, file, true) > RANGES_MOST ||
	    fresh->n - fresh->nets + others(f, file, false) > ADDRESSES_MOST) {
		snprintf(why, FEEDFILE_WHY, "it is too long: all feeds of a kind may have %u "
			 "prefixes and %u addresses", RANGES_MOST, ADDRESSES_MOST);
		return false;
	}
	if (file->list == FEED_ALLOW)
		return true;
	learn_known(f);
	return !feedguard_hit(&f->now.guard, fresh, why);
}

static void tell_notes(const struct feedfile *file, const struct feed_text *t)
{
	char text[FEED_NOTES * (FEED_NOTE + 16)] = "";
	size_t n = 0;

	if (!t->notes)
		return;
	for (unsigned i = 0; i < t->notes && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sline %u: %s", i ? "; " : "",
				      t->note[i].line, t->note[i].text);
	log_warn("feed %s: %u lines are wrong, %u ignored: %s%s", file->name, t->wrong,
		 t->ignored, text, t->wrong + t->ignored > t->notes ? " ..." : "");
}

static void take(struct feeds *f, struct feedfile *file, struct feed_text *fresh)
{
	log_info("feed %s: %zu entries of %s (before: %zu)", file->name, fresh->n, file->path,
		 file->text.n);
	tell_notes(file, fresh);
	pthread_mutex_lock(&f->lock);
	feed_text_free(&file->text);
	file->text = *fresh;
	file->why[0] = '\0';
	file->loaded = clock_wall();
	pthread_mutex_unlock(&f->lock);
	f->dirty[file->list] = true;
}

static void tell_refused(const struct feedfile *file)
{
	if (file->loaded)
		log_warn("feed %s: %s is refused, the %zu entries of before stay: %s", file->name,
			 file->path, file->text.n, file->why);
	else
		log_warn("feed %s: %s is not loaded: %s", file->name, file->path, file->why);
}

static void look(struct feeds *f, struct feedfile *file)
{
	uint64_t now = clock_now();
	char why[FEEDFILE_WHY];
	struct feed_text fresh;
	enum feedfile_news news;
	bool told;

	news = feedfile_look(file, file->why[0] && now >= file->retry, &fresh, why);
	if (news == FEEDFILE_SAME)
		return;
	file->retry = now + RETRY;
	if (news == FEEDFILE_FRESH && permitted(f, file, &fresh, why)) {
		take(f, file, &fresh);
		return;
	}
	feed_text_free(&fresh);
	pthread_mutex_lock(&f->lock);
	told = strcmp(file->why, why) == 0;
	memcpy(file->why, why, sizeof(why));
	pthread_mutex_unlock(&f->lock);
	if (!told)
		tell_refused(file);
}

/* ---- the kernel ---- */

static int build(const struct feeds *f, enum feed_list list, struct feedmix *m)
{
	const struct feed_text *text[FEED_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < f->now.files; i++)
		if (f->now.file[i].list == list)
			text[n++] = &f->now.file[i].text;
	return feedmix_build(m, text, n);
}

static void count(struct feeds *f, enum feed_list list, bool writing)
{
	const struct feedmix *m = feedset_held(f->set, list);

	pthread_mutex_lock(&f->lock);
	f->total[list] = (struct feeds_total){ m->hosts, m->nets.n, writing };
	pthread_mutex_unlock(&f->lock);
}

/* Nobody knows what the kernel holds: all over again, but not at once. */
static void start_over(struct feeds *f, const char *what, int e)
{
	f->mend_at = clock_now() + MEND;
	atomic_store(&f->lost, true);
	/* our table is being put back: whoever does so tells us */
	if (e != -ENOENT && e != -EINTR)
		log_error("nftables did not take the %s of feeds: %s; trying again", what,
			  strerror(-e));
}

static void write_list(struct feeds *f, enum feed_list list)
{
	uint64_t begin = clock_now();
	struct feedmix m;
	int e;

	if (atomic_load(&f->lost) || atomic_load(&f->stop))
		return;
	e = build(f, list, &m);
	if (e == 0) {
		count(f, list, true);
		e = feedset_put(f->set, list, &m, &f->stop);
	}
	if (e < 0) {
		start_over(f, "entries", e);
		return;
	}
	f->dirty[list] = false;
	count(f, list, false);
	if (!feedset_held(f->set, list)->hosts && !feedset_held(f->set, list)->nets.n)
		return;
	log_info("feeds: %zu addresses and %zu ranges to %s are in the kernel, after %" PRIu64
		 " ms", feedset_held(f->set, list)->hosts, feedset_held(f->set, list)->nets.n,
		 list == FEED_BLOCK ? "block" : "allow", (clock_now() - begin) / 1000000);
}

/* Somebody removed our sets, or may have: empty ones, to be filled again. */
static void renew(struct feeds *f)
{
	int e;

	atomic_store(&f->lost, false);
	e = feedset_anew(f->set, f->now.files > 0, f->now.enforce);
	if (e < 0)
		start_over(f, "sets", e);
	for (unsigned i = 0; i < FEED_LISTS; i++)
		f->dirty[i] = f->now.files > 0;
}

/* ---- the thread ---- */

static void take_orders(struct feeds *f)
{
	struct orders *o, old;
	bool any = f->now.files > 0;

	pthread_mutex_lock(&f->lock);
	o = f->next;
	f->next = NULL;
	if (o) {
		inherit(o, &f->now);
		old = f->now;
		f->now = *o;
		*o = old;
	}
	pthread_mutex_unlock(&f->lock);
	if (!o)
		return;
	if (any != (f->now.files > 0))
		atomic_store(&f->lost, true);
	else if (any && f->now.enforce != o->enforce && feedset_rules(f->set, f->now.enforce) < 0)
		atomic_store(&f->lost, true);
	for (unsigned i = 0; i < FEED_LISTS; i++)
		f->dirty[i] = f->now.files > 0;
	orders_free(o);
}

static void look_at_all(struct feeds *f, enum feed_list list)
{
	for (unsigned i = 0; i < f->now.files; i++)
		if (f->now.file[i].list == list)
			look(f, &f->now.file[i]);
}

/* Allow lists first: for what they name no block list is refused.  What an earlier run left
 * goes when all files have been read. */
static void go_round(struct feeds *f)
{
	take_orders(f);
	look_at_all(f, FEED_ALLOW);
	if (f->dirty[FEED_ALLOW]) {
		feedmix_free(&f->allowed);
		if (build(f, FEED_ALLOW, &f->allowed) < 0)
			log_error("feeds: no memory for the allowed addresses");
	}
	look_at_all(f, FEED_BLOCK);
	if (atomic_load(&f->lost) && clock_now() >= f->mend_at)
		renew(f);
	if (f->dirty[FEED_ALLOW])
		write_list(f, FEED_ALLOW);
	if (f->dirty[FEED_BLOCK])
		write_list(f, FEED_BLOCK);
}

/* As urgent as all others: bans wait while it holds the kernel's lock. */
static void *run(void *arg)
{
	struct feeds *f = arg;
	struct pollfd wake = { f->wake_fd, POLLIN, 0 };
	uint64_t n;

	while (!atomic_load(&f->stop)) {
		go_round(f);
		if (poll(&wake, 1, f->now.files || atomic_load(&f->lost) ? LOOK_MS : -1) > 0)
			while (read(f->wake_fd, &n, sizeof(n)) < 0 && errno == EINTR)
				;
	}
	return NULL;
}

static void wake(struct feeds *f)
{
	const uint64_t one = 1;

	while (write(f->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- for others ---- */

int feeds_new(struct feeds **out)
{
	struct feeds *f = calloc(1, sizeof(*f));
	int e = -ENOMEM;

	*out = NULL;
	if (!f)
		return e;
	pthread_mutex_init(&f->lock, NULL);
	f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e = f->wake_fd < 0 ? -errno : feedset_open(&f->set);
	if (e < 0) {
		feeds_stop(f);
		return e;
	}
	*out = f;
	return 0;
}

uint32_t feeds_port(const struct feeds *f)
{
	return feedset_port(f->set);
}

void feeds_lost(void *arg)
{
	struct feeds *f = arg;

	atomic_store(&f->lost, true);
	wake(f);
}

int feeds_start(struct feeds *f, const struct ruleset *rules, struct state *st,
		struct ban_thread *ban)
{
	int e;

	f->state = st;
	f->ban = ban;
	atomic_store(&f->lost, true); /* what an earlier run left may be of other files */
	f->next = orders_new(rules);
	if (!f->next)
		return -ENOMEM;
	e = pthread_create(&f->thread, NULL, run, f);
	if (e)
		return -e;
	f->started = true;
	pthread_setname_np(f->thread, "sipmoatd-feeds");
	return 0;
}

int feeds_reload(struct feeds *f, const struct ruleset *rules)
{
	struct orders *o = orders_new(rules), *unused;

	if (!o)
		return -ENOMEM;
	pthread_mutex_lock(&f->lock);
	unused = f->next;
	f->next = o;
	pthread_mutex_unlock(&f->lock);
	orders_free(unused);
	wake(f);
	return 0;
}

void feeds_stop(struct feeds *f)
{
	struct orders *last;

	if (!f)
		return;
	atomic_store(&f->stop, true);
	if (f->started) {
		wake(f);
		pthread_join(f->thread, NULL);
	}
	last = malloc(sizeof(*last));
	if (last)
		*last = f->now;
	orders_free(last);
	orders_free(f->next);
	feedmix_free(&f->allowed);
	feedset_close(f->set);
	if (f->wake_fd >= 0)
		close(f->wake_fd);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static void fill(struct feed_status *to, const struct feedfile *from)
{
	*to = (struct feed_status){ .allow = from->list == FEED_ALLOW, .entries = from->text.n,
				    .prefixes = from->text.nets, .wrong = from->text.wrong,
				    .ignored = from->text.ignored, .loaded = from->loaded };
	memcpy(to->name, from->name, sizeof(to->name));
	snprintf(to->path, sizeof(to->path), "%s", from->path);
	memcpy(to->why, from->why, sizeof(to->why));
}

unsigned feeds_status(struct feeds *f, struct feed_status out[FEED_MAX],
		      struct feeds_total total[FEED_LISTS])
{
	unsigned n;

	pthread_mutex_lock(&f->lock);
	n = f->now.files;
	for (unsigned i = 0; i < n; i++)
		fill(&out[i], &f->now.file[i]);
	memcpy(total, f->total, sizeof(f->total));
	pthread_mutex_unlock(&f->lock);
	return n;
}

bool feeds_find(struct feeds *f, const struct addr *a, struct feed_status *out)
{
	const struct feedfile *found = NULL;

	pthread_mutex_lock(&f->lock);
	for (unsigned i = 0; i < f->now.files; i++) {
		const struct feedfile *file = &f->now.file[i];
		bool has = false;

		if (found && (found->list == FEED_ALLOW || file->list != FEED_ALLOW))
			continue;
		for (size_t k = 0; k < file->text.n && !has; k++)
			has = prefix_has(&file->text.item[k].who, a);
		found = has ? file : found;
	}
	if (found)
		fill(out, found);
	pthread_mutex_unlock(&f->lock);
	return found != NULL;
}
