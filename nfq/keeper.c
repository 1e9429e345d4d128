/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keeping.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "netwatch.h"
#include "refusal.h"
#include "ruleparts.h"
#include "shed.h"
#include "steer.h"

/* Two who put their own tables back at every change of the other's would keep each
 * other, and the log, busy for ever. */
#define RESTORES_AT_ONCE 20
#define RESTORE_EVERY (5 * NS) /* beyond them */

void keeper_take(struct keeper *k, const struct event *ev, uint64_t now)
{
	k->bans.now = now;
	banlist_take(&k->bans, ev);
}

void keeper_count(struct keeper *k, struct ban_counts *out)
{
	banlist_count(&k->bans, out);
	out->native = k->kind == STEER_NATIVE; /* for good since keeper_open */
	out->broken = k->broken;
	out->stale = k->stale;
}

uint64_t keeper_sent(struct keeper *k)
{
	return elem_sent(k->bans.elems);
}

int keeper_known(struct keeper *k, uint64_t now, struct addr **sites, size_t *n)
{
	return elem_list(k->bans.elems, ELEM_KNOWN, now, sites, n);
}

/* --- the tables --- */

int keeper_write_tables(struct keeper *k, const struct plan *p, bool anew)
{
	int e;

	nftset_begin(k->nft);
	if (anew)
		steer_drop_main(k->nft);
	if (k->steered && (k->old_queue || (anew && k->kind == STEER_XT)))
		steer_drop_queue(k->nft);
	steer_base(k->nft, p);
	if (k->steered)
		steer_on(k->nft, p, k->kind, anew || !k->serving);
	e = nftset_commit(k->nft, NULL, 0, NULL);
	if (e == 0)
		k->sure[0] = k->sure[1] = false;
	return e;
}

void keeper_tell_lost(struct keeper *k)
{
	k->lost = false;
	if (k->on_lost)
		k->on_lost(k->lost_arg);
}

/* The kernel's sets are empty. */
static int write_elements(struct keeper *k)
{
	int e = elem_rewrite(k->bans.elems, k->bans.now);

	nets_rewrite(k->bans.nets);
	state_ban_walk(k->bans.state, k->bans.now, banlist_check, &k->bans);
	if (e == 0)
		e = elem_flush(k->bans.elems, k->bans.now);
	return e < 0 ? e : nets_flush(k->bans.nets, k->bans.now, true);
}

/* Puts everything back from memory: tables and steering in one stroke, then elements.
 * Rules are mended in place: chains that go take the waiting packets with them. */
static void restore(struct keeper *k, enum damage damage, const char *who, uint32_t pid)
{
	int e = keeper_write_tables(k, &k->plan, damage == DAMAGE_TABLE);

	k->broken = e < 0;
	if (e < 0) {
		log_error("%s (pid %u) changed our nftables tables and they cannot be put back: %s",
			  who, pid, strerror(-e));
		return;
	}
	keeper_tell_lost(k);
	if (damage == DAMAGE_RULES) {
		log_warn("%s (pid %u) changed rules or settings in our nftables tables: put back",
			 who, pid);
		return;
	}
	e = write_elements(k);
	banlist_publish(&k->bans);
	log_warn("%s (pid %u) removed our nftables tables or a part of them: put back, %u bans%s%s",
		 who, pid, elem_count(k->bans.elems, ELEM_BAN, true) +
		 elem_count(k->bans.elems, ELEM_BAN, false),
		 e < 0 ? "; elements failed: " : "", e < 0 ? strerror(-e) : "");
}

/* At once, unless it was so too often lately: then keeper_sweep does it. */
void keeper_mend(struct keeper *k, enum damage damage, const char *who, uint32_t pid)
{
	uint64_t earned = (k->bans.now - k->restores_at) / RESTORE_EVERY;

	if (earned) {
		k->restores = earned + k->restores > RESTORES_AT_ONCE ?
				      RESTORES_AT_ONCE : k->restores + (unsigned)earned;
		k->restores_at = k->bans.now;
	}
	if (k->restores) {
		k->restores--;
		restore(k, damage, who, pid);
	} else if (!k->broken) {
		k->broken = true;
		log_error("%s (pid %u) changes our nftables tables again and again (a second "
			  "sipmoatd?): they are now put back only every few seconds", who, pid);
	}
}

/* While we run, the sets of sites hold nobody who is never banned: whoever adds one sees it
 * deleted.  Without us, nobody does that. */
static int write_sites(struct keeper *k, bool serving)
{
	bool sure[2], changed = false;
	int e;

	for (unsigned f = 0; f < 2; f++) {
		sure[f] = serving && !k->bans.strays &&
			  !nets_allows(k->bans.nets, f == 0, k->bans.now);
		changed |= sure[f] != k->sure[f];
	}
	if (!changed)
		return 0;
	nftset_begin(k->nft);
	for (unsigned f = 0; f < 2; f++)
		shed_sites(k->nft, &k->plan, &families[f], sure[f]);
	e = nftset_commit(k->nft, NULL, 0, NULL);
	if (e == 0)
		memcpy(k->sure, sure, sizeof(sure));
	return e;
}

/* 0, or why the kernel does not hold what it should. */
static int flush(struct keeper *k, uint64_t now, bool at_once)
{
	int e = elem_flush(k->bans.elems, now);

	if (e == 0)
		e = nets_flush(k->bans.nets, now, at_once);
	k->bans.now = now;
	if (e == 0)
		e = write_sites(k, k->steered);
	/* the event that tells who it was is on the way, but bans must not wait */
	if (e == -ENOENT) {
		keeper_mend(k, DAMAGE_TABLE, "somebody", 0);
	} else if (e < 0) {
		k->bans.strays = true; /* what could not be deleted */
		log_error("nftables did not take elements: %s; trying again within a minute",
			  strerror(-e));
	}
	banlist_publish(&k->bans);
	return e == -ENOENT && !k->broken ? 0 : e;
}

void keeper_flush(struct keeper *k, uint64_t now)
{
	flush(k, now, false);
}

uint64_t keeper_due(const struct keeper *k)
{
	uint64_t nets = nets_due(k->bans.nets), renew = renew_due(&k->renew, &k->plan);

	return !nets || (renew && renew < nets) ? renew : nets;
}

void keeper_go_on(struct keeper *k, uint64_t now)
{
	uint64_t renew = renew_due(&k->renew, &k->plan);

	k->bans.now = now;
	if (renew && renew <= now)
		renew_step(&k->renew, &k->bans, k->broken ? NULL : k->reader);
	flush(k, now, false);
}

void keeper_by_hand(struct keeper *k, struct byhand *o, uint64_t now)
{
	k->bans.now = now;
	byhand_run(&k->bans, o);
	byhand_written(&k->bans, o, flush(k, now, true));
}

void keeper_reconcile(struct keeper *k, uint64_t now)
{
	keeper_sweep(k, now);
	state_ban_walk(k->bans.state, now, banlist_check, &k->bans);
	keeper_flush(k, now);
}

void keeper_sweep(struct keeper *k, uint64_t now)
{
	k->bans.now = now;
	if (k->broken)
		restore(k, DAMAGE_TABLE, "somebody", 0);
	elem_sweep(k->bans.elems, now);
	banlist_publish(&k->bans);
}

/* --- start, steering, reload --- */

static void check_set(const struct nftset_desc *d, void *arg)
{
	struct keeper *k = arg;
	bool ban = strcmp(d->name, "banned4") == 0 || strcmp(d->name, "banned6") == 0;
	bool known = strcmp(d->name, "known4") == 0 || strcmp(d->name, "known6") == 0;
	bool marked = strcmp(d->name, "marked4") == 0 || strcmp(d->name, "marked6") == 0;
	uint8_t type = strchr(d->name, '4') ? NFTSET_IPV4 : NFTSET_IPV6;
	enum nets_kind kind;

	if (nets_is(d->name, &kind) &&
	    (d->type != type || d->flags != (NFTSET_INTERVAL | NFTSET_TIMEOUT)))
		k->broken = true;
	if (!ban && !known && !marked)
		return;
	if (d->type != type || d->flags != (NFTSET_TIMEOUT | (marked ? NFTSET_MAP : 0)) ||
	    d->size != (ban ? k->plan.ban_max : known ? k->plan.known_max : k->plan.mark_max) ||
	    d->counter != (ban && k->plan.counters))
		k->broken = true;
}

/* Reads what an earlier run, or an operator, left in the sets. */
static int read_sets(struct keeper *k)
{
	struct nftlink *l = k->reader;
	int e = nftread_sets(l, &steer_main, check_set, k);

	if (e == 0)
		e = nftread_elems(l, &steer_main, "banned4", banlist_found, &k->bans);
	if (e == 0 || e == -ENOENT)
		e = nftread_elems(l, &steer_main, "banned6", banlist_found, &k->bans);
	if (e == 0 || e == -ENOENT)
		e = nftread_elems(l, &steer_main, "known4", banlist_known, &k->bans);
	if (e == 0 || e == -ENOENT)
		e = nftread_elems(l, &steer_main, "known6", banlist_known, &k->bans);
	if (e == 0 || e == -ENOENT)
		e = nftread_elems(l, &steer_main, "marked4", banlist_marked, &k->bans);
	if (e == 0 || e == -ENOENT)
		e = nftread_elems(l, &steer_main, "marked6", banlist_marked, &k->bans);
	if (e == 0 || e == -ENOENT)
		e = netwatch_adopt(&k->bans, l);
	return e == -ENOENT ? 0 : e;
}

/* Those whose mark no check gives any more, if it ever did. */
static void unmark(struct keeper *k, const struct ruleset *rules, uint64_t now)
{
	struct addr *site;
	size_t n;

	if (elem_list(k->bans.elems, ELEM_MARK, now, &site, &n) < 0)
		return; /* they end by themselves */
	for (size_t i = 0; i < n; i++)
		if (!ruleset_marks(rules, elem_mark_of(k->bans.elems, &site[i])))
			elem_remove(k->bans.elems, ELEM_MARK, &site[i], now);
	free(site);
}

/* Keeps a table of ours as it is if it has the right shape, else makes it anew. */
static int take_over(struct keeper *k, const struct ban_conf *conf)
{
	const struct ruleset *rules = conf->rules;
	bool found = nftread_has_table(k->reader, &steer_main);
	int e;

	byhand_restore(&k->bans, clock_wall());
	e = found ? read_sets(k) : 0;
	if (!found)
		banlist_kept(&k->bans, conf->kept, conf->kept_n);
	if (e == 0 && found && !k->broken && keeper_write_tables(k, &k->plan, false) == 0) {
		elem_probe(k->bans.elems);
		state_ban_walk(k->bans.state, k->bans.now, banlist_check, &k->bans);
		nets_rewrite(k->bans.nets);
		unmark(k, rules, k->bans.now);
		e = elem_flush(k->bans.elems, k->bans.now);
		return e < 0 ? e : nets_flush(k->bans.nets, k->bans.now, true);
	}
	k->broken = false;
	if (e == 0)
		e = keeper_write_tables(k, &k->plan, true);
	if (e < 0)
		return e;
	elem_probe(k->bans.elems);
	unmark(k, rules, k->bans.now);
	return write_elements(k);
}

static int open_elements(struct keeper *k, const struct ban_conf *conf)
{
	const uint32_t max[ELEM_KINDS] = { [ELEM_BAN] = k->plan.ban_max,
					   [ELEM_KNOWN] = k->plan.known_max,
					   [ELEM_MARK] = k->plan.mark_max };
	int e = elem_open(&k->bans.elems, k->nft, max);

	if (e == 0)
		elem_on_mark(k->bans.elems, conf->on_mark, conf->mark_arg);
	return e;
}

static int open_parts(struct keeper *k, const struct ban_conf *conf)
{
	int e = plan_init(&k->plan, conf->rules, conf->workers);

	if (e == 0)
		e = nftset_open(&k->nft);
	if (e == 0)
		e = nftlink_open(&k->reader, 0);
	if (e == 0)
		e = nftread_watch(&k->watch, nftlink_port(nftset_link(k->nft)),
				  conf->other_port);
	if (e == 0)
		e = open_elements(k, conf);
	if (e == 0)
		e = nets_open(&k->bans.nets, k->nft);
	k->bans.state = conf->state;
	k->bans.hand = conf->hand;
	k->bans.plan = &k->plan;
	k->on_lost = conf->on_lost;
	k->lost_arg = conf->lost_arg;
	return e;
}

static void report_start(struct keeper *k)
{
	unsigned flowtables = nftread_flowtables(k->reader);

	log_info("table inet sipmoat is in place, %u bans read back; steering will use %s",
		 (unsigned)atomic_load(&k->bans.n.restored), k->kind == STEER_NATIVE ?
		 "nft's queue" : "the xt NFQUEUE target: the kernel has no nft queue");
	if (!k->plan.enforce)
		log_info("mode is observe: bans are counted in the kernel, nothing is dropped");
	if (k->plan.renew && !k->plan.counters)
		log_info("bans are not renewed while their sources keep sending: the kernel does "
			 "not count for more than 65536 (bans.max), or on so many cores");
	if (flowtables)
		log_warn("%u flowtable(s) found: flows that the kernel offloads are invisible to "
			 "sipmoat; what to do: sipmoat doctor", flowtables);
}

int keeper_open(struct keeper **out, const struct ban_conf *conf, uint64_t now,
		char err[BAN_ERROR])
{
	struct keeper *k = calloc(1, sizeof(*k));
	int e = -ENOMEM;

	*out = NULL;
	if (k) {
		k->bans.now = k->restores_at = now;
		k->restores = RESTORES_AT_ONCE;
		renew_begin(&k->renew, now);
		e = open_parts(k, conf);
	}
	if (e < 0) {
		refusal_explain(err, "a socket", e);
		keeper_close(k);
		return e;
	}
	e = take_over(k, conf);
	if (e < 0)
		refusal_explain(err, "our table", e);
	else
		e = steer_probe(k->nft, ruleset_settings(conf->rules)->steering, &k->kind, err);
	if (e < 0) {
		keeper_close(k);
		return e;
	}
	k->old_queue = nftread_has_table(k->reader, &steer_queue4) ||
		       nftread_has_table(k->reader, &steer_queue6);
	banlist_publish(&k->bans);
	report_start(k);
	*out = k;
	return 0;
}

void keeper_close(struct keeper *k)
{
	if (!k)
		return;
	elem_close(k->bans.elems);
	nets_close(k->bans.nets);
	nftlink_close(k->watch);
	nftlink_close(k->reader);
	nftset_close(k->nft);
	plan_free(&k->plan);
	free(k);
}

int keeper_steer(struct keeper *k, uint64_t now, char err[BAN_ERROR])
{
	int e;

	keeper_flush(k, now);
	k->steered = true;
	e = keeper_write_tables(k, &k->plan, false);
	if (e < 0) {
		k->steered = false;
		return refusal_explain(err, "the steering", e);
	}
	k->old_queue = false;
	k->serving = true;
	if (k->kind == STEER_XT)
		e = elem_copy(k->bans.elems, now);
	nets_copy(k->bans.nets, k->kind == STEER_XT);
	if (e == 0)
		e = nets_flush(k->bans.nets, now, true);
	log_info("steering SIP into queues %u to %u", k->plan.queue_first,
		 k->plan.queue_first + 2 * k->plan.workers - 1);
	return e < 0 ? refusal_explain(err, "the known sources", e) : 0;
}

int keeper_reload(struct keeper *k, const struct ruleset *rules, uint64_t now,
		  char err[BAN_ERROR])
{
	struct plan fresh, old = k->plan;
	int e = plan_init(&fresh, rules, old.workers);

	if (e < 0)
		return refusal_explain(err, "the new settings", e);
	/* sized and bound once, at the start */
	fresh.queue_first = old.queue_first;
	fresh.ban_max = old.ban_max;
	fresh.known_max = old.known_max;
	fresh.mark_max = old.mark_max;
	fresh.marked = old.marks || old.marked;
	fresh.counters = old.counters;
	e = keeper_write_tables(k, &fresh, false);
	k->stale = e < 0;
	if (e < 0) {
		plan_free(&fresh);
		return refusal_change(err, e);
	}
	k->plan = fresh;
	plan_free(&old);
	unmark(k, rules, now);
	banlist_lift_spared(&k->bans, now);
	keeper_reconcile(k, now);
	return 0;
}

void keeper_unsteer(struct keeper *k)
{
	int e = write_sites(k, false);

	if (e < 0)
		log_error("the rules of the banned could not be written: %s", strerror(-e));
	nftset_begin(k->nft);
	steer_off(k->nft, k->kind);
	e = nftset_commit(k->nft, NULL, 0, NULL);
	elem_copy_end(k->bans.elems);
	nets_copy(k->bans.nets, false);
	k->steered = false;
	if (e < 0)
		log_error("the steering could not be removed: %s", strerror(-e));
}

void keeper_remove(struct keeper *k)
{
	int e;

	if (!k->serving)
		return;
	nftset_begin(k->nft);
	steer_remove(k->nft, k->kind);
	e = nftset_commit(k->nft, NULL, 0, NULL);
	k->steered = k->serving = false;
	if (e < 0)
		log_error("the steering chains could not be removed: %s", strerror(-e));
}
