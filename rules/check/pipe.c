/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Named rate limits over whatever an operator describes, by four algorithms
 * (state/pipes.h).  A message must fit into each pipe whose conditions it meets; one that a
 * pipe refuses fills none.
 *
 * A retransmission of what has passed is no further message, and passes.  Calls for help are
 * never refused and never counted.  What belongs to a known dialog, or ends or acknowledges
 * what has passed, is counted and never refused: a call that goes on is worth more than one
 * that begins.  Who is known, by what this message shows or by a live registration, goes
 * before strangers.  Whoever only claims a name is counted at his own site.
 */
#include "check.h"
#include "compiler.h"
#include "condition.h"
#include "ruleset.h"
#include "state/dialogs.h"
#include "state/flows.h"
#include "state/memory.h"
#include "state/names.h"
#include "state/pipes.h"
#include "state/state.h"
#include "state/transactions.h"
#include "text.h"

#define PIPES 64
#define KEY_PIPE 0x90
#define MS 1000000ull

enum pipe_action { REFUSE_ANSWERED, REFUSE, TELL };

struct pipe_entry {
	struct conf_item at;
	struct condition when;
	uint32_t limit, window, burst, early, target, reserve;
	uint8_t per, algorithm, action;
	/* compiled */
	struct pipe_limit most;
};

struct pipe_conf {
	struct conf_groups pipes;
	struct condition_methods methods; /* that a pipe is for */
};

static const char *const pers[] = { "", "source", "user", "zone", "", "all", "prefix",
				    "destination", NULL };
static const char *const algorithms[] = { "taildrop", "bucket", "red", "feedback", NULL };
static const char *const actions[] = { "reject", "drop", "alert", NULL };

#define AT(member) offsetof(struct pipe_entry, member)

static const struct conf_row entry_rows[] = {
	CONDITION_ROWS(struct pipe_entry, when),
	{ "limit", CONF_INT, AT(limit), 0, TIMELOG_MOST, "0", NULL,
	  "messages that may pass in a window; must be given, but for \"feedback\"" },
	{ "window", CONF_DURATION, AT(window), 1, TIMELOG_WINDOW, "1s", NULL,
	  "the time of the limit; it slides" },
	{ "per", CONF_WORD, AT(per), 0, 0, "all", pers, "what each has such a pipe of its own" },
	{ "algorithm", CONF_WORD, AT(algorithm), 0, 0, "taildrop", algorithms,
	  "how it is decided what is refused" },
	{ "burst", CONF_INT, AT(burst), 0, TIMELOG_MOST, "0", NULL,
	  "bucket: so many at once, when there were fewer before; 0: limit" },
	{ "early", CONF_INT, AT(early), 0, 99, "50", NULL,
	  "red: percent of the limit from which some are refused" },
	{ "target", CONF_INT, AT(target), PIPE_TARGET / MS, 10000, "20", NULL,
	  "feedback: ms that packets may wait for the daemon" },
	{ "reserve", CONF_INT, AT(reserve), 0, 100, "20", NULL,
	  "percent of a pipe for several that strangers cannot fill" },
	{ "action", CONF_WORD, AT(action), 0, 0, "reject", actions,
	  "reject: dropped and answered; drop; alert: only told" },
	{ NULL },
};

static const struct conf_row pipe_rows[] = {
	{ .name = "pipes", .type = CONF_GROUPS, .offset = offsetof(struct pipe_conf, pipes),
	  .max = PIPES, .fallback = "", .rows = entry_rows, .size = sizeof(struct pipe_entry),
	  .help = "rate limits: a message must fit into all whose conditions it meets" },
	{ NULL },
};

/* ---- from the config ---- */

/* Where one source or user fills a pipe alone, nobody else needs room in it. */
static bool is_shared(const struct pipe_entry *e)
{
	return e->per != WHOSE_SOURCE && e->per != WHOSE_USER;
}

static int entry_check(const struct pipe_entry *e, struct compiler *c)
{
	bool feedback = e->algorithm == PIPE_FEEDBACK;

	if (!feedback && !e->limit)
		compiler_error(c, NULL, "limit", "must say how many may pass in the window");
	else if (feedback && e->limit)
		compiler_error(c, NULL, "limit", "is not asked with algorithm = \"feedback\", "
			       "which goes by target");
	else if (feedback && e->per != WHOSE_ALL)
		compiler_error(c, NULL, "per", "must be \"all\" with algorithm = \"feedback\": all "
			       "packets wait for the same daemon");
	else if (e->burst && e->algorithm != PIPE_BUCKET)
		compiler_error(c, NULL, "burst", "is for algorithm = \"bucket\"");
	else if (e->per == WHOSE_DESTINATION && !e->when.when_conf.to.n)
		compiler_error(c, NULL, "per", "\"destination\" counts for each entry of the key "
			       "to, which is empty");
	else
		return 0;
	return -1;
}

static int entry_compile(struct pipe_entry *e, struct compiler *c)
{
	int err = condition_compile(&e->when, c);

	e->most = (struct pipe_limit){
		.algorithm = e->algorithm, .limit = e->limit,
		.burst = e->burst ? e->burst : e->limit, .early = e->early,
		.reserve = is_shared(e) ? e->reserve : 0,
		.window = e->window * NS, .target = e->target * MS,
	};
	return err | entry_check(e, c);
}

static int pipe_compile(void *conf, struct compiler *c)
{
	struct pipe_conf *pc = conf;
	struct pipe_entry *entry = pc->pipes.entry;
	int err = 0;

	for (unsigned i = 0; i < pc->pipes.n; i++) {
		struct compiler at = compiler_of_entry(c, &entry[i].at);

		err |= entry_compile(&entry[i], &at);
		err |= condition_distinct(&entry[0].when, sizeof(*entry), i, "pipe", &at);
		condition_methods_add(&pc->methods, &entry[i].when);
	}
	return err;
}

static void pipe_release(void *conf)
{
	struct pipe_conf *pc = conf;
	struct pipe_entry *entry = pc->pipes.entry;

	for (unsigned i = 0; i < pc->pipes.n; i++)
		condition_free(&entry[i].when);
}

/* ---- who asks ---- */

static bool is_known(const struct probe *p)
{
	return p->pkt->dir == DIR_OUTBOUND || p->trusted || p->proof != PROOF_NONE ||
	       (p->segment && !p->segment->guessed) ||
	       source_standing(p->state, p->site_key, p->now) == REGISTERED;
}

/* Does it belong to something that has passed?  Shortly after the start that may be a call
 * which is older than our memory. */
static bool goes_on(const struct probe *p)
{
	const struct names *n = p->names;
	struct transaction t;
	struct dialog d;

	if (p->sip->kind != SIP_REQUEST)
		return false;
	if (n->invite && txn_find(p->state, n->invite, p->now, &t))
		return true;
	return n->to && (dialog_find(p->state, n, p->now, &d) ||
			 dialog_find_asked(p->state, n, p->now, &d) ||
			 memory_learning(p->state, &p->rules->settings, p->now));
}

static enum pipe_who who_asks(const struct probe *p)
{
	return goes_on(p) ? PIPE_ALWAYS : is_known(p) ? PIPE_KNOWN : PIPE_STRANGER;
}

/* ---- into the pipes ---- */

/* 0: there is nobody to count it for. */
static uint64_t key_of(const struct pipe_entry *e, struct inquiry *k)
{
	uint64_t key = inquiry_key(k, &e->when, e->per);

	return key ? key_with(key, e->when.id + KEY_PIPE + e->per + e->most.window +
				   ((uint64_t)e->algorithm << 56)) : 0;
}

static void explain(const struct pipe_entry *e, const struct inquiry *k, uint32_t load,
		    struct evidence *ev)
{
	struct slice name = slice_of(e->when.name), per = slice_of(whose_text(e->per));
	const struct probe *p = k->p;

	switch (e->algorithm) {
	case PIPE_BUCKET:
		evidence_reason(ev, "pipe %s: more than %u in %u s %s, %u at once", &name, e->limit,
				e->window, &per, e->most.burst);
		break;
	case PIPE_RED:
		evidence_reason(ev, "pipe %s: %u of %u in %u s %s, early", &name, load - 1,
				e->limit, e->window, &per);
		break;
	case PIPE_FEEDBACK:
		evidence_reason(ev, "pipe %s: packets wait %u us, %u %% of such are refused", &name,
				(unsigned)(state_delay(p->state, p->now) / 1000),
				(unsigned)((uint64_t)load * 100 / PIPE_WHOLE));
		break;
	default:
		evidence_reason(ev, "pipe %s: more than %u in %u s %s", &name, e->limit, e->window,
				&per);
	}
	evidence_bytes(ev, k->shown.n ? k->shown : k->answers ? p->sip->reason : p->sip->uri);
	ev->grounds = GROUNDS_SUM;
}

/* Others fill a pipe as well: only who has one of his own is to blame. */
static void refuse(const struct pipe_entry *e, const struct inquiry *k, uint32_t load,
		   struct evidence *ev)
{
	explain(e, k, load, ev);
	ev->alert = e->action == TELL;
	ev->reject = e->action == REFUSE_ANSWERED;
	ev->no_ban = k->leaves || e->per != WHOSE_SOURCE;
	ev->gentle = true;
}

/* What fits into one of them; false: it does not. */
static bool fill(const struct pipe_entry *e, struct inquiry *k, enum pipe_who who,
		 struct evidence *ev, bool *took)
{
	const struct probe *p = k->p;
	uint64_t key = key_of(e, k);
	uint8_t rank = !is_shared(e) || e->per == WHOSE_PREFIX ? who != PIPE_STRANGER : 2;
	uint32_t load;

	*took = key && pipe_take(p->state, key, &e->most, who, rank, p->now, &load);
	if (!key || *took)
		return true;
	refuse(e, k, load, ev);
	return false;
}

static void give_back(const struct pipe_entry *entry, uint64_t taken, struct inquiry *k)
{
	for (; taken; taken &= taken - 1) {
		const struct pipe_entry *e = &entry[__builtin_ctzll(taken)];

		pipe_give(k->p->state, key_of(e, k), &e->most, k->p->now);
	}
}

static enum found pipe_run(const struct probe *p, const void *conf, struct evidence *ev)
{
	const struct pipe_conf *pc = conf;
	const struct pipe_entry *entry = pc->pipes.entry;
	enum found found = CLEAR;
	enum pipe_who who = PIPE_STRANGER;
	uint64_t taken = 0;
	bool asked = false, took;
	struct inquiry k;

	if (!inquiry_begin(&k, p, &pc->methods))
		return CLEAR;
	for (unsigned i = 0; i < pc->pipes.n; i++) {
		const struct pipe_entry *e = &entry[i];

		if (!condition_holds(&e->when, &k))
			continue;
		if (!asked && (inquiry_help(&k) || inquiry_again(&k)))
			return CLEAR;
		who = asked ? who : who_asks(p);
		asked = true;
		if (!fill(e, &k, who, ev, &took)) {
			found = HIT;
			if (e->action != TELL)
				break;
		}
		taken |= (uint64_t)took << i;
	}
	if (found == HIT && !ev->alert)
		give_back(entry, taken, &k);
	return found;
}

static bool pipe_idle(const void *conf)
{
	return !((const struct pipe_conf *)conf)->pipes.n;
}

/* ---- for people ---- */

static void put_limit(struct text *w, const struct pipe_entry *e)
{
	static const char *const whose[] = { "", "per source", "per user", "per zone", "",
					     "in all", "per prefix", "per destination" };

	if (e->algorithm == PIPE_FEEDBACK) {
		text_put(w, "; while packets wait more than %u ms", e->target);
	} else {
		text_put(w, "; %u in ", e->limit);
		text_duration(w, e->window);
		text_put(w, " %s", whose[e->per]);
	}
	if (e->algorithm == PIPE_BUCKET)
		text_put(w, ", %u at once", e->most.burst);
	if (e->algorithm == PIPE_RED)
		text_put(w, ", from %u %% of it on some are refused", e->early);
	if (e->most.reserve)
		text_put(w, ", %u %% kept for the known", e->reserve);
	text_put(w, ": %s", actions[e->action]);
}

static void pipe_describe(const void *conf, conf_line *line, void *arg)
{
	const struct pipe_conf *pc = conf;
	const struct pipe_entry *entry = pc->pipes.entry;
	char room[1024];

	for (unsigned i = 0; i < pc->pipes.n; i++) {
		struct text w = { room, sizeof(room), 0 };

		text_put(&w, "%u. %s: ", i + 1, entry[i].when.name);
		condition_text(&w, &entry[i].when);
		put_limit(&w, &entry[i]);
		line(arg, room);
	}
}

/* Nobody is banned for what others fill, and of a source the operator must say so. */
const struct check check_pipe = {
	.name = "pipe",
	.help = "rate limits of your own: how much may pass of what, by four algorithms",
	.remedy = "one of your own rate limits was full, the reason names it: raise "
		  "it in pipe.pipes",
	.stage = STAGE_BEHAVIOUR,
	.needs = NEED_SIP,
	.way = WAY_BOTH,
	.of_trusted = true,
	.defaults = { .mode = MODE_ENFORCE, .action = ACTION_DROP, .code = 503,
		      .phrase = "Service Unavailable", .retry_after = "1s-5s",
		      .ban = 0, .ban_after = 1, .ban_window = 60 },
	.rows = pipe_rows,
	.conf_size = sizeof(struct pipe_conf),
	.compile = pipe_compile,
	.release = pipe_release,
	.idle = pipe_idle,
	.run = pipe_run,
	.describe = pipe_describe,
};
