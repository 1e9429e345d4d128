/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The check interface.  A check finds, policy decides: it looks at one packet
 * and says CLEAR, HIT or TRUST with evidence.  It never drops, bans, logs,
 * allocates, reads a clock or knows another check.
 *
 * A new check is one file in rules/check/, one row in rules/checks.c, one folder
 * in tests/cases/ and one page in docs/checks/.
 *
 * Locking: run() is called by many workers at once; conf is const; state has its
 * own locks inside.
 */
#ifndef SIPMOAT_CHECK_H
#define SIPMOAT_CHECK_H

#include "conf.h"
#include "decision.h"
#include "pkt.h"
#include "sip.h"

enum stage {
	STAGE_SOURCE,   /* the address only, before any parse */
	STAGE_TRANSPORT, /* how it came: TCP connections, TLS, what a zone may use */
	STAGE_FRAME,    /* is it SIP, is it well-formed, is it too much */
	STAGE_MESSAGE,  /* one message by itself */
	STAGE_BEHAVIOUR /* memory across messages: probe.names */
};

enum found {
	CLEAR, /* nothing found, go on */
	HIT,   /* found: the policy of this check decides */
	TRUST, /* stop and accept */
};

enum need {
	NEED_ANY = 0,      /* every inbound packet that reaches the stage */
	NEED_SIP = 1,      /* a request or a response */
	NEED_REQUEST = 2,  /* a request */
};

/* What a check looks at, by the direction of the packet. */
enum way {
	WAY_IN,       /* what comes from outside */
	WAY_OUT_TOLD, /* what leaves; a hit is told, and the message passes */
	WAY_BOTH,     /* both, and it may refuse either: pkt->dir says which it is */
};

struct account; /* rules/account.h */
struct call;    /* rules/state/calls.h */
struct call_draft; /* rules/state/calls.h */
struct names;   /* rules/state/names.h */
struct number;  /* rules/number/number.h */
struct ruleset;
struct segment; /* rules/state/flows.h */
struct state;
struct strict;  /* rules/sip/strict.h */
struct zone;

/* All that a check may look at. */
struct probe {
	const struct pkt *pkt;
	const struct sip_msg *sip; /* NULL before STAGE_FRAME */
	const struct segment *segment; /* over TCP, from STAGE_TRANSPORT on; else NULL */
	struct strict *strict;     /* the worker's room for a second opinion */
	const struct names *names; /* from STAGE_MESSAGE on: what a request or response goes
	                            * by; else NULL */
	const struct number *number; /* from STAGE_MESSAGE on, of an INVITE outside a dialog:
	                              * what its Request-URI dials; else NULL */
	const struct account *account; /* from STAGE_MESSAGE on, of INVITE, REFER, MESSAGE and
	                                * SUBSCRIBE from outside: who pays; else NULL */
	struct call_draft *draft;  /* with number: what the checks take for the call; else NULL */
	bool trusted;              /* the peer is: only checks with .of_trusted are asked */
	bool spared;               /* over TCP, where the end of a connection would be the end
	                            * of others' calls: what is found is told, and passes */
	const struct ruleset *rules;
	const struct zone *zone;   /* zone of the outside end */
	struct state *state;
	uint64_t now;              /* ns */
	uint64_t wall;             /* s since 1970, UTC; 0: nobody knows */
	struct addr site;          /* addr_site() of the outside end */
	uint64_t site_key;         /* key_of_addr(site), rules/state/key.h */
	uint8_t proof;             /* enum proof of this request (rules/state/state.h) */
	bool tag_shared;           /* it is PROOF_TAG, but others were given such a tag, too */
};

#define ANSWER_HEADERS 192

/*
 * What shows that the sender of the packet did what is found, and not somebody else in his
 * name.  MESSAGE: the packet alone has what is found; if it shows its sender, so is this.
 * SUM: what came before counts too, and some of it may have been forged.  SHOWN: each part
 * of it has shown its sender.
 */
enum grounds { GROUNDS_MESSAGE, GROUNDS_SUM, GROUNDS_SHOWN };

/* Filled by a check that hits.  Use the writers below: they bound and escape. */
struct evidence {
	char reason[REASON_TEXT];
	char text[EVIDENCE_TEXT];
	char label[APPROVAL_LABEL]; /* what is approved of (`what`), for people */
	char headers[ANSWER_HEADERS]; /* with status: lines that such an answer must have */
	/* all below is cleared before each check (engine.c) */
	bool no_ban; /* drop this packet, but the source is not to blame alone */
	uint8_t grounds; /* enum grounds */
	bool gentle; /* over TCP: the sender may try again, do not end the connection */
	bool quiet;  /* dropped without a word: networks do that, or it was told before */
	bool alert;  /* this finding is only told, whatever the policy's action is */
	bool reject; /* what is dropped is answered, whatever the policy's action is */
	uint32_t ban; /* s, in place of the policy's; 0: as that says */
	bool approve; /* refused until somebody approves, whatever the policy's action is but
	               * "alert": for limits with an action of their own */
	uint64_t what; /* what somebody could approve of, the same in each call: evidence_what;
	                * 0: nothing, it is refused as with "drop" */
	bool approved; /* somebody had, of something in this message: evidence_approved */
	uint16_t status; /* of the answer, while the operator leaves the check's own `code` */
	uint8_t defect; /* which enum sip_defect, for the counters; DEFECT_COUNT = none */
};

/*
 * reason: our own words; %s takes a struct slice * and escapes it, %u takes an
 * unsigned, %% is a percent sign; nothing else.  Cut at REASON_TEXT.
 */
void evidence_reason(struct evidence *ev, const char *fmt, ...);
/* evidence: bytes from the wire, escaped and cut. */
void evidence_bytes(struct evidence *ev, struct slice bytes);

/* What the answer says, where there is one: a status whose phrase answer.c knows, and as
 * above the header that it must have, "": none. */
void evidence_answer(struct evidence *ev, unsigned status, const char *fmt, ...);

/* What is refused, for action = "approve": "class" and "premium", "limit" and its name.
 * Other checks than this one must not use the same kind for something else. */
void evidence_what(struct evidence *ev, const char *kind, struct slice name);
/*
 * Has somebody approved of ev->what for the account of the message?  The engine asks
 * before it refuses and then goes on with the next check; a check that may find more than
 * one thing asks itself, and looks on.
 */
bool evidence_approved(const struct probe *p, struct evidence *ev);

/* What the operator may write for every check; see rules/policy.c. */
enum mode { MODE_OFF, MODE_OBSERVE, MODE_ENFORCE };
enum action {
	ACTION_ALERT,
	ACTION_DROP,
	ACTION_REJECT,  /* drop, and answer for the server: rules/answer.h */
	ACTION_APPROVE, /* REJECT, with a token by which somebody may let the account have it
	                 * for a while: rules/approve.h */
	ACTION_DECOY,   /* drop, and say that all is well: rules/decoy.h */
	ACTION_TARPIT,  /* REJECT, with an answer that comes late */
	ACTION_MARK,    /* the packet passes, and carries policy.mark */
};

/* Does what hits go on its way all the same? */
static inline bool action_passes(enum action action)
{
	return action == ACTION_ALERT || action == ACTION_MARK;
}

struct policy {
	uint8_t mode;        /* enum mode */
	uint8_t action;      /* enum action */
	uint32_t code;       /* REJECT: status and phrase of the answer */
	const char *phrase;
	const char *retry_after;      /* as written; compiled to */
	uint32_t retry_least, retry_most; /* s that it may say, 0 = nothing */
	uint32_t mark;       /* of the packets of a source, 0 = none */
	uint32_t ban;        /* seconds, 0 = no ban */
	uint32_t ban_after;  /* hits within ban_window before the ban, at least 1 */
	uint32_t ban_window; /* seconds */
};

/* A limit that a running call has reached, in the words of the check that set it. */
struct limit_words {
	const char *name;     /* "": it has none */
	const char *whose;    /* "call", "calls", "all calls" */
	const char *within;   /* "", " a day" */
	const char *currency; /* of money, else "" */
};

struct check {
	const char *name;
	const char *help;       /* one line for the sample config and --help */
	const char *remedy;     /* what to do so that it does not hit who is harmless, one line */
	enum stage stage;
	enum need needs;
	bool uses_geo;          /* the databases are opened when it is not off */
	bool quiet;             /* its drops are no news: something was told before */
	enum way way;           /* but for WAY_IN: STAGE_MESSAGE and STAGE_BEHAVIOUR only */
	bool approves;          /* its evidence says what is refused: action may be "approve" */
	bool of_trusted;        /* likewise: it looks at messages of trusted peers, too */
	uint32_t methods;       /* bit per enum sip_method: of requests it looks at these only;
	                         * 0: at all */
	struct policy defaults;
	const struct conf_row *rows; /* its own keys, ends with a row without name */
	size_t conf_size;            /* bytes of its conf struct, 0 = none */
	/* Turns the rows' raw values into what run() needs; 0 or -1 after having
	 * reported to c.  NULL when the raw values will do. */
	int (*compile)(void *conf, struct compiler *c);
	void (*release)(void *conf); /* frees what compile made; takes a zeroed conf */
	/* Compiled so that run() would always say CLEAR, and do nothing: it is not asked.
	 * NULL: never. */
	bool (*idle)(const void *conf);
	enum found (*run)(const struct probe *p, const void *conf, struct evidence *ev);
	/* The limit of one of its slots of a call, or (CALL_SLOTS) that of how long it may
	 * last; false: this config has it no more.  NULL: it limits no calls. */
	bool (*limit)(const void *conf, const struct call *c, unsigned slot,
		      struct limit_words *out);
	/* For `sipmoat check`: what compile made of an operator's rules; may be NULL. */
	void (*describe)(const void *conf, conf_line *line, void *arg);
};

/* rules/checks.c: order in the table = order of execution; stages ascend. */
extern const struct check *const checks[];
extern const unsigned check_count; /* at most CHECK_MAX */

const char *check_name(unsigned index); /* "-" for CHECK_NONE */

#endif
