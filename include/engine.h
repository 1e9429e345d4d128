/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All of rules/ that nfq/ and ctl/ may call.  Policy is a deterministic function:
 * (ruleset, state, now, bytes) -> decision.  Nothing behind this header reads a
 * clock, opens a socket or writes to a stream.
 *
 * Ownership: _new/_load allocate, _free take NULL.  A ruleset is const after
 * load and may be used by any number of threads until freed.
 * Locking: state is shared by all threads and locks inside, one shard at a time;
 * a scratch belongs to one thread.
 * Units: now is nanoseconds of any clock that does not run backwards, and starts
 * above zero; durations are seconds.
 */
#ifndef SIPMOAT_ENGINE_H
#define SIPMOAT_ENGINE_H

#include "about.h"
#include "audit.h"
#include "conf.h"
#include "decision.h"
#include "event.h"
#include "pkt.h"
#include "sip.h"
#include "stats.h"
#include "tables.h"

#define NS 1000000000ull

enum hook { HOOK_INPUT = 1, HOOK_FORWARD = 2, HOOK_OUTPUT = 4 };
enum on_trouble { TROUBLE_ACCEPT, TROUBLE_DROP };
/* A TCP connection whose beginning was not seen: LEARN picks it up where a message
 * begins (and, shortly after the start, lets pass what comes before). */
enum midstream { MIDSTREAM_LEARN, MIDSTREAM_RESET };
enum shared { SHARED_SPARE, SHARED_END }; /* connections of many, where something is refused */
enum ban_scope { SCOPE_SIP, SCOPE_ALL };
enum decoys { DECOY_OK, DECOY_CHALLENGE }; /* what OPTIONS and REGISTER hear from a decoy */
enum ban_calls { CALLS_KEEP, CALLS_END }; /* those that whoever is banned has under way */
enum strangers { STRANGERS_SILENT, STRANGERS_SMALL }; /* who has shown nothing: unanswered */

/* The part of the config that is not about one check (rules/settings.c). */
enum events_format { EVENTS_JSON, EVENTS_LINE };
enum alerts_format { ALERTS_EVENT, ALERTS_TEXT };
enum hep_what { HEP_REFUSED, HEP_ALL };

struct settings {
	uint8_t mode;            /* enum mode; MODE_OFF is not a choice */
	struct conf_list inside; /* as written; empty: nfq/ works it out */
	struct conf_list emergency; /* numbers as dialled: rules/emergency.h */
	struct conf_groups schedules, groups, trunks, classes; /* schedule.h, groups.h, number.h */
	struct conf_groups feeds; /* feedlist.h */
	const char *country_code;   /* dialplan.country, "49" */
	struct conf_list dial_international, dial_outside, dial_extensions;
	const char *dial_national;  /* trunk prefix */
	const char *dial_area;      /* area code, put before local numbers */
	struct conf_list udp_ports, tcp_ports; /* as written, checked */
	uint16_t port[2][16];    /* [0] UDP, [1] TCP; host order */
	unsigned ports[2];
	uint32_t workers;        /* 0 = cores - 1, at least 1 */
	uint32_t queue_first;    /* queues first .. first + LANES * workers - 1 */
	uint32_t queue_length;   /* packets */
	uint8_t when_full[LANES], when_gone[LANES]; /* enum on_trouble */
	uint8_t steering;        /* 0 auto, 1 native, 2 xt */
	uint32_t police_rate[LANES]; /* packets/s a source may send to its queue, 0 = off */
	uint8_t ban_scope;       /* enum ban_scope */
	uint8_t ban_calls;       /* enum ban_calls */
	uint32_t ban_max;        /* elements in each banned set, and in memory */
	uint32_t known_max;      /* elements in each known set */
	struct conf_list never;  /* bans.never as written */
	bool ban_renew;          /* a proven ban begins anew while its source keeps sending */
	uint32_t mark_time;      /* s that a source is marked */
	uint8_t mark_scope;      /* enum ban_scope */
	uint32_t mark_max;       /* elements in each map of marked sources */
	uint8_t answers_strangers; /* enum strangers */
	uint32_t answers_source; /* answers a second to a site, */
	uint32_t answers_total;  /* ... in all, */
	uint32_t answers_unproven; /* ... and of them to strangers */
	uint8_t answers_decoy;   /* enum decoys */
	const char *answers_realm; /* of a decoy's challenges */
	uint32_t answers_delay;  /* s that answers of tarpits wait, */
	uint32_t answers_delayed; /* ... and how many may, in all */
	uint32_t ban_unproven;   /* s at most, of a ban that somebody else may have brought about */
	uint32_t ban_factor;     /* how many times as long each further proven ban lasts, */
	uint32_t ban_longest;    /* s: ... up to this, */
	uint32_t ban_memory;     /* s: ... until one is forgotten for each time without a ban */
	uint32_t ban_jitter;     /* percent by which the end of a proven ban may be later */
	uint32_t ban_neighbours; /* sites under proven bans until their prefix is; 0: never */
	uint32_t ban_rate;       /* new bans a second at most, proven or not; 0: no limit */
#define X(name, records, least, help) uint32_t name; /* records of a table */
	TABLES(X)
#undef X
	uint32_t stream_memory;  /* KiB for bytes of TCP connections */
	uint8_t midstream;       /* enum midstream */
	uint8_t tcp_shared;      /* enum shared */
	uint32_t tcp_first;      /* s until the first message of a new connection */
	uint32_t learning;       /* s after the start in which what is not known is learned */
	uint32_t dialog_early, dialog_unacknowledged; /* s without a message until a dialog */
	uint32_t dialog_confirmed, dialog_ended;      /* in that state is forgotten */
	uint32_t call_life;      /* s: an answered call without a word is over */
	uint32_t tcp_idle;       /* s without a packet until a connection is ended */
	const char *store_file;  /* what survives a restart; "" = nothing does */
	uint32_t store_interval; /* s between two savings, 0 = only at the stop */
	uint32_t store_max_age;  /* s after which the memory in it is of no use */
	uint32_t store_gap;      /* s that may have been missed without learning anew */
	uint32_t store_history;  /* s that records of calls, and counters, are kept */
	uint32_t store_calls;    /* records of calls at most, 0: none */
	uint32_t approve_token, approve_grant; /* s that a token waits, and a grant holds */
	uint32_t approve_waiting; /* tokens of an account that may wait at once */
	const char *approve_hook; /* a command and its arguments; "" = none */
	uint32_t approve_timeout; /* s that it may take */
	const char *control_socket; /* "" = none */
	const char *events_file; /* where events are written, "" = nowhere */
	uint8_t events_format;   /* enum events_format */
	uint32_t events_size, events_keep; /* MiB of the file; old ones that are kept */
	bool events_stdout, events_journal; /* do they go there, too */
	const char *alerts_command, *alerts_url; /* "" = none */
	struct conf_list alerts_what; /* which events */
	uint8_t alerts_format;   /* enum alerts_format */
	uint32_t alerts_per_minute, alerts_queue; /* that are told, that wait */
	uint32_t alerts_timeout, alerts_retries;  /* s for one try, how many more there are */
	const char *hep_server;  /* address and port of HOMER; "" = none */
	const char *hep_password, *hep_node; /* "" = none, this host's name */
	uint32_t hep_id;         /* of this node there */
	uint32_t hep_rate;       /* packets a second that it is told of, 0 = all */
	uint8_t hep_what;        /* enum hep_what */
	uint8_t log_level;       /* 0 error .. 3 debug */
	const char *country_file, *asn_file; /* "" = look in the usual places */
};

struct ruleset;
struct state;
struct scratch;

/*
 * Loads file, then conf.d/ *.conf beside it in name order, and the lists they
 * name.  file NULL: the built-in defaults, nothing is read but the databases.
 * Returns NULL when report->errors is not zero.  report is filled either way;
 * the caller frees it.
 */
struct ruleset *ruleset_load(const char *file, struct conf_report *report);
void ruleset_free(struct ruleset *rs);
/* The same in another mode (of MODE_OBSERVE, MODE_ENFORCE), for ruleset_free; `of` must be there as
 * long.  NULL: no memory. */
struct ruleset *ruleset_in_mode(const struct ruleset *of, uint8_t mode);
const struct settings *ruleset_settings(const struct ruleset *rs);
/* When the databases in use were made, s since 1970; 0: there is none. */
struct databases {
	uint64_t country, asn;
	bool wanted; /* the config cannot do without */
};
struct databases ruleset_databases(const struct ruleset *rs);
/* Replaces the inside addresses; only before the ruleset is shared.  0, -ENOMEM. */
int ruleset_set_inside(struct ruleset *rs, const struct prefix *p, size_t n);
/*
 * Interfaces that lead outside and to no inside address of the family.  Whoever
 * comes in there with an inside source has forged it, and is judged like anybody
 * from outside.  Only before the ruleset is shared; 0, -ENOMEM.
 */
struct outside_link {
	uint32_t index;
	bool v4;
};
int ruleset_set_outside(struct ruleset *rs, const struct outside_link *link, size_t n);
const struct prefix *ruleset_inside(const struct ruleset *rs, size_t *n);
/* Addresses that are trusted whatever else holds, for the kernel's trusted sets. */
const struct prefix *ruleset_trusted(const struct ruleset *rs, size_t *n);
/*
 * Who is never banned, beside those that are inside or trusted: what bans.never names, and
 * what this host cannot do without.
 */
struct never {
	struct prefix who;
	const char *why; /* behind "it is": "a gateway of this host"; static text */
};
/* Those of this host; only before the ruleset is shared.  0, -ENOMEM. */
int ruleset_set_never(struct ruleset *rs, const struct never *list, size_t n);
/* All of them. */
const struct never *ruleset_never(const struct ruleset *rs, size_t *n);
/* Does the prefix hold anybody who must not be banned: inside, trusted, or as above? */
bool ruleset_spares(const struct ruleset *rs, const struct prefix *who);
/* Does any check that is on mark with that; 0: with anything at all? */
bool ruleset_marks(const struct ruleset *rs, uint32_t mark);
/* What the checks have made of their lists of rules, zone by zone, for people. */
void ruleset_describe(const struct ruleset *rs, conf_line *line, void *arg);
/* Where an address is, by the country database: ISO 3166, "" for unknown or no database. */
void ruleset_country(const struct ruleset *rs, const struct addr *a, char out[3]);
const char *ruleset_zone_name(const struct ruleset *rs, unsigned zone);
/* The code of a country's numbers, by ISO 3166 ("de": "49"); "" when there is none. */
void country_code_of(const char *iso, char out[4]);
/*
 * How a number, or a URI, is read, for people: said as pairs, "step" for each step, then
 * "kind", "number", and what there is of "country", "classes", "price" (to callers of that
 * zone).  Texts are printable, and are gone when say returns.
 */
void ruleset_number(const struct ruleset *rs, unsigned zone, const char *text,
		    void (*say)(void *arg, const char *what, const char *text), void *arg);

/* Memory across packets; sized once.  seed: 16 unpredictable bytes.  NULL: no memory. */
struct state *state_new(const struct settings *s, const uint8_t seed[16]);
void state_free(struct state *st);
size_t state_bytes(const struct state *st);
/* For the log: "meters 65536 x 96 B = 6.3 MB, ..."; returns the length written. */
size_t state_describe(const struct state *st, char *out, size_t room);
/* What each table holds.  Looks at every record: for reports. */
void state_fill(struct state *st, uint64_t now, struct table_fill out[TABLE_COUNT]);
/* Calls that are remembered, likewise. */
struct call_counts {
	uint64_t asked, ringing, answered, over;
};
void state_calls(struct state *st, uint64_t now, struct call_counts *out);

/*
 * What survives the process, as bytes: the secret that keys are made with, and the live
 * records of those tables that outlast seconds (not rates, bans, or TCP connections).
 * They hold times of the engine's clock, which must go on where it stood.  Whoever has
 * them can do what a reader of this process's memory can: they are a secret.
 *
 * They come in parts, always as many and in the same order: put together they are the bytes
 * that are read back.  A part is what is in a shard of a table, or the rest; its hash tells
 * whether it has changed since an earlier save of this state.
 *
 * state_save: any thread, while others judge; no lock is held while put runs.  put returns 0
 * or -errno, which ends it; parts hold multiples of 8 bytes.  stamp is the caller's.
 * state_saved_read: are these all bytes of a save by a build like this one?  state_restore:
 * of bytes that are, into a state that has seen no packet and holds no ban.
 * Tables whose size has changed start empty.
 */
#define STATE_PARTS (2 + 64 * TABLE_COUNT) /* at most */
struct state_part {
	unsigned number;   /* from 0 on */
	const char *table; /* NULL: of none */
	const void *bytes; /* until put returns */
	size_t n;
	uint64_t hash;
};
struct state_saved {
	uint64_t now, stamp;  /* as they were given to state_save */
	const char *why;      /* not restored: what is wrong, else NULL */
	struct {
		const char *name;
		uint64_t records;
		bool cold;    /* started empty: its size has changed */
	} table[TABLE_COUNT];
	unsigned tables;
};
int state_save(struct state *st, uint64_t now, uint64_t stamp,
	       int (*put)(void *arg, const struct state_part *part), void *arg);
bool state_saved_read(const void *bytes, size_t n, struct state_saved *out);
/* whole: hardly any packet can have passed since; else the time of learning
 * (settings.learning) begins again, as it does when a table starts empty. */
bool state_restore(struct state *st, const void *bytes, size_t n, uint64_t now, bool whole,
		   struct state_saved *out);

/*
 * The wall clock: it is wall (s since 1970, UTC) at `now`.  Call it with every reading of
 * the clock: so a step of the wall clock is followed at once.  Before that no schedule
 * holds.
 */
void state_set_wall(struct state *st, uint64_t now, uint64_t wall);

/*
 * How long packets wait for us: one that was read at `now` had waited so many ns.  Call it
 * with each batch, for its oldest packet; other pipes than those with algorithm = "feedback"
 * do without.  state_delay: the longest wait of the last moment (4 to 8 ms), 0: none is known.
 */
void state_set_delay(struct state *st, uint64_t now, uint64_t ns);
uint64_t state_delay(const struct state *st, uint64_t now);

/*
 * Approvals (rules/state/approvals.h): tokens that wait, and what was granted.  Texts are
 * printable.  These look at every record, each under its shard's lock for a moment.
 */
struct approval {
	char token[APPROVAL_TOKEN]; /* "" once granted */
	char user[40], number[28], label[APPROVAL_LABEL];
	struct addr site;    /* that asked last */
	bool shown;          /* the user is meant wherever he is, else at that site alone */
	bool granted;
	uint64_t until;      /* ns: of the token, or of the grant */
	uint32_t grant_life; /* s, as settings said when it was asked for */
};
/* Once, for seconds (0: as the settings say).  false: no such token waits.  token: as
 * people type it, in any case, with or without its dash. */
bool state_approve(struct state *st, const char *token, uint32_t seconds, uint64_t now,
		   struct approval *out);
/* What waits under a token, of which decision.approval is the key: one look. */
bool state_approval_of(struct state *st, uint64_t key, const char *token, uint64_t now,
		       struct approval *out);
/* Forgets all that a user waits for or was granted; returns how much that was. */
size_t state_approval_revoke(struct state *st, const char *user, uint64_t now);
/* Fills out with those that wait or are granted, at most room; returns how many there are. */
size_t state_approvals(struct state *st, uint64_t now, struct approval *out, size_t room);

/*
 * Bans, and their opposite: the truth that the kernel's sets mirror.  One is of a site, or of
 * another prefix: of neighbours that misbehave together, or as somebody wrote it by hand.
 */
#define BAN_FOREVER (UINT64_MAX / 2) /* an end that never comes */
struct ban {
	struct prefix who; /* an address, as its site */
	uint64_t until;  /* ns, exclusive */
	uint8_t check;   /* index into checks[], CHECK_NONE when set by hand or read back */
	bool allow;      /* no ban: whoever is in it is trusted for so long */
	bool hand;       /* set by hand: no check prolongs it */
	bool proven;     /* the source receives what is sent to its address */
	uint8_t times;   /* bans of it that are remembered, this one included; 0: not counted */
	char reason[REASON_TEXT];
};
/* The ban that an address is under: of its site before those of prefixes, the longest first. */
bool state_ban_find(struct state *st, const struct addr *a, uint64_t now, struct ban *out);
/* Likewise what allows it. */
bool state_allow_find(struct state *st, const struct addr *a, uint64_t now, struct ban *out);
/* Of just that prefix: a ban, or what allows it. */
bool state_ban_get(struct state *st, const struct prefix *who, bool allow, uint64_t now,
		   struct ban *out);
/* Adds, or prolongs when the new end is later; one set by hand takes the place of any other.
 * false: the table is full of others. */
bool state_ban_add(struct state *st, const struct ban *ban, uint64_t now);
/* Just that prefix, and what of it would make the next ban longer; false: there was none. */
bool state_ban_remove(struct state *st, const struct prefix *who);
bool state_allow_remove(struct state *st, const struct prefix *who);
/* How many there can be at most. */
size_t state_ban_most(const struct state *st);
/*
 * The source of a ban keeps sending.  A proven one of a check begins anew then, with its full
 * length, but ends growth->longest after it was set, since anybody can send in that name; how
 * often it was banned is remembered from the new end on.
 * false: it stays as it is; out: as it is now.
 */
struct ban_growth {
	uint32_t longest, memory; /* s: settings.ban_longest, ban_memory */
};
bool state_ban_renew(struct state *st, const struct addr *site, const struct ban_growth *growth,
		     uint64_t now, struct ban *out);
/* One of that kind? */
bool state_ban_renewable(struct state *st, const struct addr *site, uint64_t now);
/* Calls each for every live one, on copies, without a lock held; returns how many. */
size_t state_ban_walk(struct state *st, uint64_t now, void (*each)(const struct ban *, void *),
		      void *arg);

/*
 * The ban of an address that ends what it has under way: somebody wrote it by hand, or with
 * nft, or the address itself has shown what cannot be forged; and it is neither allowed nor
 * one with live registrations.
 */
bool state_ban_cuts(struct state *st, const struct addr *a, uint64_t now, struct ban *out);
/* Bans so far that are certain, and were not before: modulo 2^32. */
uint32_t state_bans_made(const struct state *st);
/* So many of them engine_calls and engine_cut have gone through everything for. */
uint32_t state_bans_cut(const struct state *st);

/*
 * News of a server inside: it is asked and asked, and no answer is seen (*hears
 * false), or it is heard again.  false: no more news.  Call about once a second.
 */
bool state_sight_news(struct state *st, uint64_t now, struct addr *server, bool *hears);
/* Servers inside that were heard or asked; fills out, returns how many there are. */
#define SERVERS_MOST 64
struct server_sight {
	struct addr server;
	bool heard; /* as above */
};
size_t state_servers(struct state *st, uint64_t now, struct server_sight out[SERVERS_MOST]);
/* s that learning goes on at most (settings.learning); 0: it is over. */
uint64_t state_learns(const struct state *st, uint32_t learning, uint64_t now);
/* Contacts that servers have registered; an end is seen up to 69 s late. */
uint64_t state_contacts(struct state *st, uint64_t now);

struct scratch *scratch_new(void);
void scratch_free(struct scratch *s);

/*
 * A packet of ours: bytes from one address to another, in the name of whoever is at the
 * first one.  Over UDP; tcp: a segment of a connection that goes on, seq and ack are its.
 */
#define PARCEL_BYTES 1400
struct parcel {
	struct addr from, to;
	uint16_t sport, dport;
	uint16_t n; /* 0: nothing is to be sent */
	bool tcp;
	uint32_t seq, ack;
	char bytes[PARCEL_BYTES];
};

/* Judges one packet: sets pkt->dir, fills *d. */
void engine_run(const struct ruleset *rs, struct state *st, struct scratch *s, struct pkt *pkt,
		uint64_t now, struct decision *d);
/* What its message says, for people.  pkt and d as engine_run left them; before the next one. */
void engine_about(const struct ruleset *rs, const struct scratch *s, const struct pkt *pkt,
		  const struct decision *d, struct about *out);
/* What is to be sent when the verdict is REJECT or DECOY; until the next engine_run. */
const struct parcel *engine_answer(const struct scratch *s);
/* With decision.answer_after, what is to be sent at once so that nobody repeats himself
 * meanwhile: 100; n is 0 where there is none. */
const struct parcel *engine_trying(const struct scratch *s);

/*
 * Finds TCP connections that waited too long (settings.tcp_first, tcp_idle), or in which a
 * request was answered some seconds ago (RESET_OUTSIDE), and forgets them.  Call about once
 * a second; fills out, returns how many, at most room: then call again.
 */
size_t engine_sweep(const struct ruleset *rs, struct state *st, uint64_t now, struct reset *out,
		    size_t room);

/*
 * Likewise TCP connections of those who were banned, if what showed it cannot be forged.
 * After new bans it goes through all connections once, in a second: call it at least so
 * often, always by the same thread; and again when it has found some.
 */
#define ENGINE_CUT 64
size_t engine_cut(const struct ruleset *rs, struct state *st, uint64_t now,
		  struct reset out[ENGINE_CUT]);

/*
 * Calls whose time has come: a threshold is passed, they have to end, or their end has to
 * be said again.  d: what is to be told (d.notify), as of the packets of a call; its src
 * and dst are the ends of the call's first INVITE.  parcel: a BYE to each side; a TCP
 * connection that carries it is in d.reset and d.ending, if need be.
 */
struct call_notice {
	struct addr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
	bool cut;    /* parcels and resets are to be sent */
	char user[40], number[28]; /* whose call, and whom it is to: printable, maybe empty */
	struct decision d;
	struct parcel parcel[2];
};

/*
 * Call it at least once a second, always by the same thread; fills out, returns how many,
 * at most room: then call again.  It goes through all calls once a second, and each time
 * through the share that is due.
 */
size_t engine_calls(const struct ruleset *rs, struct state *st, struct scratch *s, uint64_t now,
		    struct call_notice *out, size_t room);
/* Did its last round through all calls find any that something may become due of? */
bool engine_calls_run(const struct state *st);

#endif
