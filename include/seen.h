/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the memory holds, for people: copies of its records as they are at the moment.
 *
 * Texts from the wire are printable ASCII, cut where their room ends, and "" where nothing is
 * known.  Numbers are 0 then.
 *
 * Ownership: values; texts without room of their own are static.
 * Locking: any thread, while others judge; no lock is held while `each` runs, and for no longer
 * than to copy a few KiB.  A record that is moved meanwhile may be missed.
 * Units: ns of the engine's clock for times, s for durations.
 */
#ifndef SIPMOAT_SEEN_H
#define SIPMOAT_SEEN_H

#include "engine.h"

#define SEEN_NAME 64    /* user, or user and domain */
#define SEEN_CALL_ID 128

/* Calls under way, and those that are over since a minute at most. */
struct seen_call {
	uint64_t key;      /* its own with `began`, across restarts too */
	uint64_t began;    /* its first INVITE */
	uint64_t rang, answered, ended; /* 0: not, or not yet */
	uint64_t cost;     /* millionths of the currency's unit, so far; see priced */
	bool priced;
	bool over;
	bool inbound;      /* its first INVITE came from outside */
	bool shown;        /* `user` has proven that he is it */
	const char *state; /* "asked", "ringing", "answered", "ended", "canceled", "failed" */
	const char *why;   /* over: "bye", "refused", "cancel", "expired", "cut"; else "" */
	const char *check; /* cut: the check that did it; else "" */
	uint16_t status;   /* final answer to its INVITE */
	uint8_t zone;      /* ruleset_zone_name */
	uint8_t proto;     /* enum proto */
	int16_t trunk;     /* ruleset_trunk_name; -1: none */
	uint32_t seconds;  /* since its answer, until its end */
	uint16_t outside_port, inside_port;
	struct addr outside, inside; /* ends of its first INVITE */
	char user[SEEN_NAME];   /* on whose account it runs */
	char number[32];        /* dialled: E.164 with its plus, an extension as it is */
	const char *country;    /* ISO 3166 code of where the number is */
	char from[SEEN_NAME], to[SEEN_NAME]; /* users of From and To */
	char call_id[SEEN_CALL_ID];
};

/* What is gone without having been over was lost sight of.  false: no memory for the copies. */
bool state_calls_walk(struct state *st, uint64_t now,
		      void (*each)(const struct seen_call *c, void *arg), void *arg);

/* A contact that a server of ours has accepted, and that has not ended. */
struct seen_registration {
	char user[SEEN_NAME], domain[SEEN_NAME]; /* address-of-record */
	char contact[SEEN_NAME]; /* URI, as the server lists it; "": it listed none */
	char agent[32];          /* User-Agent of the phone */
	struct addr outside, inside; /* the phone as we see it, and the server */
	uint16_t outside_port, inside_port;
	uint8_t proto;           /* enum proto */
	uint64_t since, refreshed, until;
};

bool state_registrations_walk(struct state *st, uint64_t now,
			      void (*each)(const struct seen_registration *r, void *arg),
			      void *arg);

/* A dialog: a call, or a subscription.  A call through a PBX is two. */
struct seen_dialog {
	bool call;
	bool heard;        /* the outside has spoken in it, so it knows both tags */
	const char *state; /* "early", "answered", "confirmed", "ended" */
	uint64_t since;    /* its answer, or its first sign; 0: not known */
	char call_id[SEEN_CALL_ID], from[SEEN_NAME], to[SEEN_NAME];
	unsigned ends;     /* outside: 2 where a proxy inside joins two */
	struct addr outside[2], inside; /* inside: where its texts are known */
	uint16_t outside_port[2], inside_port;
};
bool state_dialogs_walk(struct state *st, uint64_t now,
			void (*each)(const struct seen_dialog *d, void *arg), void *arg);

/*
 * A site that has proven something within the last day, or was refused something within the
 * last hour: IPv4 addresses, and IPv6 /64s.  The walk fills the first part only.
 */
struct seen_source {
	struct prefix who;
	uint64_t first, last;   /* when it proved or was refused something */
	const char *standing;   /* "stranger", "returned", "registered" (state/state.h) */
	bool partner;           /* our servers have to do with it, since a week at most */
	unsigned score;         /* points of the check scan, faded by now */
	unsigned registrations; /* saturates at 48 */
	/* source_more */
	unsigned users;         /* addresses-of-record bound there */
	unsigned failed;        /* logins within the last hour */
	unsigned refused, reached, open; /* targets: as struct scan_facts */
	unsigned bans;          /* that are remembered */
};
bool state_sources_walk(struct state *st, uint64_t now,
			void (*each)(const struct seen_source *s, void *arg), void *arg);
void state_source_more(struct state *st, const struct settings *settings, uint64_t now,
		       struct seen_source *out);
/* All of one; false: nothing is known of it. */
bool state_source_seen(struct state *st, const struct settings *settings, const struct addr *a,
		       uint64_t now, struct seen_source *out);
/* It was refused something: by the thread that tells of it. */
void state_source_note(struct state *st, const struct addr *a, uint64_t now);
/* Messages a second that its site sends: what the check flood counts, up to its budgets. */
double state_source_rate(const struct ruleset *rs, struct state *st, const struct addr *a,
			 uint64_t now);

/* Where an address is, by the databases of the ruleset. */
struct seen_place {
	char country[3]; /* ISO 3166, "" */
	uint32_t asn;    /* 0: not known */
};
void ruleset_place(const struct ruleset *rs, const struct addr *a, struct seen_place *out);

/* NULL: none of that number. */
const char *ruleset_trunk_name(const struct ruleset *rs, int trunk);

#endif
