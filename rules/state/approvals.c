/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "approvals.h"

#include "plain.h"
#include "store.h"

/* No two of these are taken for each other when read aloud or off a bad print. */
#define ALPHABET "23456789ACDEFGHJKMNPQRTVWXY"
#define SIGNS (sizeof(ALPHABET) - 1)
#define TOKEN_SIGNS 8

#define TELL_AGAIN (60 * NS)
#define LIFE_MOST (63 * 86400 * NS) /* longer than any setting: what is more is damaged */

enum { BY_USER = 0xa1, BY_SITE = 0xa2, STRANGERS_OF_SITE = 0xa3, STRANGERS = 0xa4 };
/* Who has shown nothing makes room first, what somebody granted last. */
enum { RANK_STRANGER, RANK_SHOWN, RANK_GRANTED = 3 };
enum { FREE, WAITS, GRANTED };

struct item {
	uint64_t what, until, told;
	uint32_t grant_life; /* s */
	uint8_t kind;
	char token[TOKEN_SIGNS]; /* without the dash */
	char number[sizeof(((struct approval *)0)->number)];
	char label[sizeof(((struct approval *)0)->label)];
};

struct record {
	uint64_t key;
	struct addr site; /* that asked last */
	uint8_t shown; /* a damaged file may say more than yes or no */
	char user[sizeof(((struct approval *)0)->user)];
	struct item item[APPROVALS_MOST];
};

size_t approvals_size(void)
{
	return sizeof(struct record);
}

static uint64_t key_at_site(const struct approval_who *who)
{
	return key_with(key_with(who->account->user_key, BY_SITE), who->site_key);
}

static uint64_t key_of(const struct approval_who *who)
{
	return who->account->shown ? key_with(who->account->user_key, BY_USER) : key_at_site(who);
}

/* A record that was saved and came back damaged says nothing for ever. */
static bool alive(const struct item *i, uint64_t now)
{
	return (i->kind == WAITS || i->kind == GRANTED) && i->until > now &&
	       i->until - now <= LIFE_MOST;
}

static struct item *find_item(struct record *r, uint64_t what, uint64_t now)
{
	for (unsigned i = 0; i < APPROVALS_MOST; i++)
		if (r->item[i].what == what && alive(&r->item[i], now))
			return &r->item[i];
	return NULL;
}

/* The record lives as long as the last of what is in it. */
static void keep(struct hold *h, uint64_t now)
{
	const struct record *r = h->value;
	uint8_t rank = r->shown ? RANK_SHOWN : RANK_STRANGER;
	uint64_t until = now;

	for (unsigned i = 0; i < APPROVALS_MOST; i++) {
		if (!alive(&r->item[i], now))
			continue;
		if (r->item[i].until > until)
			until = r->item[i].until;
		if (r->item[i].kind == GRANTED)
			rank = RANK_GRANTED;
	}
	table_set(h, now, until, rank);
}

static bool granted(struct state *st, uint64_t key, uint64_t what, uint64_t now)
{
	struct hold h = table_find(st->approvals, key, now);
	struct record *r = h.value;
	const struct item *i = r && r->key == key ? find_item(r, what, now) : NULL;
	bool is = i && i->kind == GRANTED;

	table_release(&h);
	return is;
}

bool approval_granted(struct state *st, const struct approval_who *who, uint64_t what,
		      uint64_t now)
{
	if (!who->account || !who->account->user_key || !what)
		return false;
	return (who->account->shown && granted(st, key_of(who), what, now)) ||
	       granted(st, key_at_site(who), what, now);
}

/* ---- asking ---- */

static void token_make(const struct state *st, const struct item *i, uint64_t key,
		       char out[TOKEN_SIGNS])
{
	const uint64_t of[] = { 0x6e656b6f74, key, i->what, i->told };
	uint64_t bits = hash_bytes(&st->secret, of, sizeof(of));

	for (unsigned n = 0; n < TOKEN_SIGNS; n++, bits /= SIGNS)
		out[n] = ALPHABET[bits % SIGNS];
}

static void token_print(const char token[TOKEN_SIGNS], char out[APPROVAL_TOKEN])
{
	_Static_assert(APPROVAL_TOKEN == TOKEN_SIGNS + 2, "a dash and the end");
	for (unsigned n = 0; n < TOKEN_SIGNS; n++)
		out[n + n / 4] = token[n] > 0x20 && token[n] < 0x7f ? token[n] : '?';
	out[4] = '-';
	out[APPROVAL_TOKEN - 1] = '\0';
}

/* A free place, when no more than so many wait already. */
static struct item *new_item(struct record *r, uint32_t most, uint64_t now)
{
	struct item *place = NULL;
	uint32_t waiting = 0;

	for (unsigned i = 0; i < APPROVALS_MOST; i++) {
		bool is = alive(&r->item[i], now);

		waiting += is && r->item[i].kind == WAITS;
		if (!is && !place)
			place = &r->item[i];
	}
	return waiting < most ? place : NULL;
}

/* Names cost nothing, tokens are somebody's attention. */
static bool stranger_may(struct state *st, const struct approval_ask *ask, uint64_t now)
{
	struct meter_limit site = { APPROVALS_SITE, APPROVALS_SITE, ask->token_life * NS };
	struct meter_limit all = { APPROVALS_STRANGERS, APPROVALS_STRANGERS,
				   ask->token_life * NS };
	bool over;

	meter_add(state_meter(st), key_with(ask->who.site_key, STRANGERS_OF_SITE), &site, now,
		  &over);
	if (!over)
		meter_add(state_meter(st), key_with(st->secret.k0, STRANGERS), &all, now, &over);
	return !over;
}

static void item_fill(const struct state *st, struct item *i, const struct approval_ask *ask,
		      uint64_t key, uint64_t now)
{
	*i = (struct item){ .what = ask->what, .until = now + ask->token_life * NS, .told = now,
			    .grant_life = ask->grant_life, .kind = WAITS };
	plain_put(i->number, sizeof(i->number), ask->number);
	plain_put(i->label, sizeof(i->label), ask->label);
	token_make(st, i, key, i->token);
}

/* With the record in hand. */
static bool ask_record(struct state *st, struct hold *h, const struct approval_ask *ask,
		       uint64_t key, uint64_t now, struct approval_token *out)
{
	struct record *r = h->value;
	struct item *i = find_item(r, ask->what, now);

	if (i && i->kind == GRANTED)
		return false; /* by somebody just now: the next attempt passes */
	out->news = !i || now - i->told >= TELL_AGAIN;
	if (!i) {
		i = new_item(r, ask->most, now);
		if (!i)
			return false;
		item_fill(st, i, ask, key, now);
	}
	if (out->news)
		i->told = now;
	r->key = key;
	r->site = ask->who.site;
	r->shown = ask->who.account->shown;
	plain_put(r->user, sizeof(r->user), account_user(ask->who.account));
	token_print(i->token, out->text);
	out->key = key;
	keep(h, now);
	return true;
}

static bool waits_already(struct state *st, const struct approval_ask *ask, uint64_t key,
			  uint64_t now)
{
	struct hold h = table_find(st->approvals, key, now);
	struct record *r = h.value;
	bool is = r && r->key == key && find_item(r, ask->what, now);

	table_release(&h);
	return is;
}

bool approval_ask(struct state *st, const struct approval_ask *ask, uint64_t now,
		  struct approval_token *out)
{
	const struct account *a = ask->who.account;
	struct hold h;
	uint64_t key;
	bool given;

	if (!a || !a->user_key || !ask->what)
		return false;
	key = key_of(&ask->who);
	if (!a->shown && !waits_already(st, ask, key, now) && !stranger_may(st, ask, now))
		return false;
	h = table_make(st->approvals, key, now, a->shown ? RANK_SHOWN : RANK_STRANGER);
	if (!h.value)
		return false;
	if (((struct record *)h.value)->key != key)
		memset(h.value, 0, sizeof(struct record)); /* two keys taken for one */
	given = ask_record(st, &h, ask, key, now, out);
	table_release(&h);
	return given;
}

/* ---- for people ---- */

static void show(const struct record *r, const struct item *i, struct approval *out)
{
	*out = (struct approval){ .until = i->until, .grant_life = i->grant_life,
				  .granted = i->kind == GRANTED, .shown = r->shown,
				  .site = r->site };
	if (!out->granted)
		token_print(i->token, out->token);
	/* what was saved may come back without its ends */
	plain_put(out->user, sizeof(out->user),
		  (struct slice){ r->user, (uint32_t)strnlen(r->user, sizeof(r->user)) });
	plain_put(out->number, sizeof(out->number),
		  (struct slice){ i->number, (uint32_t)strnlen(i->number, sizeof(i->number)) });
	plain_put(out->label, sizeof(out->label),
		  (struct slice){ i->label, (uint32_t)strnlen(i->label, sizeof(i->label)) });
}

/* As people type it: any case, with or without dash and spaces. */
static bool token_read(const char *text, char out[TOKEN_SIGNS])
{
	unsigned n = 0;

	for (; *text; text++) {
		char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;

		if (c == '-' || c == ' ')
			continue;
		if (n == TOKEN_SIGNS || !strchr(ALPHABET, c))
			return false;
		out[n++] = c;
	}
	return n == TOKEN_SIGNS;
}

static struct item *find_token(struct record *r, const char token[TOKEN_SIGNS], uint64_t now)
{
	for (unsigned i = 0; i < APPROVALS_MOST; i++)
		if (alive(&r->item[i], now) && r->item[i].kind == WAITS &&
		    memcmp(r->item[i].token, token, TOKEN_SIGNS) == 0)
			return &r->item[i];
	return NULL;
}

/* One walk over all records; what for is told by who calls. */
struct walk {
	uint64_t now;
	const char *token; /* find its record */
	uint64_t key;      /* 0: not found */
	const char *user;  /* forget his */
	size_t forgotten;
	struct approval *out; /* list them */
	size_t n, room;
};

static bool walk_token(void *value, void *arg)
{
	struct record *r = value;
	struct walk *w = arg;

	if (find_token(r, w->token, w->now))
		w->key = r->key;
	return false;
}

static bool walk_list(void *value, void *arg)
{
	const struct record *r = value;
	struct walk *w = arg;

	for (unsigned i = 0; i < APPROVALS_MOST; i++) {
		if (!alive(&r->item[i], w->now))
			continue;
		if (w->n < w->room)
			show(r, &r->item[i], &w->out[w->n]);
		w->n++;
	}
	return false;
}

static bool walk_forget(void *value, void *arg)
{
	const struct record *r = value;
	struct walk *w = arg;
	bool any = false;

	if (strncmp(r->user, w->user, sizeof(r->user)) != 0)
		return false;
	for (unsigned i = 0; i < APPROVALS_MOST; i++) {
		any |= alive(&r->item[i], w->now);
		w->forgotten += alive(&r->item[i], w->now);
	}
	return any;
}

static void walk(struct state *st, struct walk *w, bool (*each)(void *value, void *arg))
{
	for (unsigned i = 0; i < table_shards(st->approvals); i++)
		table_sweep_shard(st->approvals, i, each, w);
}

bool state_approve(struct state *st, const char *token, uint32_t seconds, uint64_t now,
		   struct approval *out)
{
	char plain[TOKEN_SIGNS];
	struct walk w = { .now = now, .token = plain };
	struct item *i = NULL;
	struct hold h;

	if (!token_read(token, plain))
		return false;
	walk(st, &w, walk_token);
	h = table_find(st->approvals, w.key, now);
	if (h.value)
		i = find_token(h.value, plain, now);
	/* somebody else may have been faster */
	if (i) {
		i->kind = GRANTED;
		i->until = now + (seconds ? seconds : i->grant_life) * NS;
		memset(i->token, 0, sizeof(i->token));
		show(h.value, i, out);
		keep(&h, now);
	}
	table_release(&h);
	return i != NULL;
}

bool state_approval_of(struct state *st, uint64_t key, const char *token, uint64_t now,
		       struct approval *out)
{
	struct hold h = table_find(st->approvals, key, now);
	struct item *i = NULL;
	char plain[TOKEN_SIGNS];

	if (h.value && token_read(token, plain))
		i = find_token(h.value, plain, now);
	if (i)
		show(h.value, i, out);
	table_release(&h);
	return i != NULL;
}

size_t state_approval_revoke(struct state *st, const char *user, uint64_t now)
{
	struct walk w = { .now = now, .user = user };

	if (user[0])
		walk(st, &w, walk_forget);
	return w.forgotten;
}

size_t state_approvals(struct state *st, uint64_t now, struct approval *out, size_t room)
{
	struct walk w = { .now = now, .out = out, .room = room };

	walk(st, &w, walk_list);
	return w.n;
}
