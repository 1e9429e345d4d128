/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"
#include "compiler.h"
#include "rows.h"
#include "ruleset.h"

#define WEEK 604800

static const char *const modes[] = { "off", "observe", "enforce", NULL };
static const char *const actions[] = { "alert", "drop", "reject", "approve", "decoy", "tarpit",
				       "mark", NULL };

/* No fallback here: every check brings its own defaults. */
const struct conf_row policy_rows[] = {
	{ .name = "mode", .type = CONF_WORD, .offset = offsetof(struct policy, mode),
	  .words = modes, .help = "off: not run; observe: only told; enforce: acted upon" },
	{ .name = "action", .type = CONF_WORD, .offset = offsetof(struct policy, action),
	  .words = actions, .help = "alert: only told; drop: the packet goes no further; "
			  "reject: and an answer goes back; approve: until somebody approves; "
			  "decoy: and a false one; tarpit: and a late one; mark: it passes, "
			  "marked" },
	{ .name = "code", .type = CONF_INT, .offset = offsetof(struct policy, code),
	  .min = 400, .max = 699, .help = "status of that answer" },
	{ .name = "reason", .type = CONF_TEXT, .offset = offsetof(struct policy, phrase),
	  .help = "and its reason phrase" },
	{ .name = "retry_after", .type = CONF_TEXT,
	  .offset = offsetof(struct policy, retry_after),
	  .help = "when to ask again: \"30s\", or anything in \"5s-30s\"; empty: not said" },
	{ .name = "mark", .type = CONF_INT, .offset = offsetof(struct policy, mark),
	  .min = 0, .max = INT32_MAX,
	  .help = "the mark that packets of the source get in the kernel, 0 = none" },
	{ .name = "ban", .type = CONF_DURATION, .offset = offsetof(struct policy, ban),
	  .min = 0, .max = 52 * WEEK, .help = "how long the source is banned, 0 = not at all" },
	{ .name = "ban_after", .type = CONF_INT, .offset = offsetof(struct policy, ban_after),
	  .min = 1, .max = 65535, .help = "hits within ban_window that earn the ban" },
	{ .name = "ban_window", .type = CONF_DURATION,
	  .offset = offsetof(struct policy, ban_window), .min = 1, .max = WEEK,
	  .help = "the time in which hits are counted together" },
	{ .name = NULL },
};

#define PHRASE_MOST 64
#define RETRY_MOST 86400
#define RETRY_TEXT 32

unsigned policy_code(const struct check *check)
{
	return check->defaults.code ? check->defaults.code : 403;
}

static void phrase_check(const struct policy *p, struct compiler *c)
{
	const char *at = p->phrase;

	while (*at >= ' ' && *at < 127)
		at++;
	if (*at || at == p->phrase || at - p->phrase > PHRASE_MOST)
		compiler_error(c, NULL, "reason", "must be 1 to %d printable ASCII characters",
			       PHRASE_MOST);
}

/* Those that nobody may say without a header that only a server, or one check, knows. */
static void code_check(const struct policy *p, const struct check *check, struct compiler *c)
{
	static const struct {
		unsigned code;
		const char *header;
	} needs[] = {
		{ 401, "WWW-Authenticate" }, { 405, "Allow" }, { 407, "Proxy-Authenticate" },
		{ 420, "Unsupported" }, { 421, "Require" }, { 423, "Min-Expires" },
		{ 494, "Security-Server" },
	};

	for (unsigned i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (p->code == needs[i].code && p->code != policy_code(check))
			compiler_error(c, NULL, "code", "an answer %u must say %s, which this "
				       "check does not know: choose another", p->code,
				       needs[i].header);
}

/* "30s", "5s-30s" */
static bool retry_parse(const char *text, uint32_t *least, uint32_t *most)
{
	char first[RETRY_TEXT] = "";
	const char *dash = strchr(text, '-');
	size_t n = dash ? (size_t)(dash - text) : 0;
	int64_t from, to;

	if (n >= sizeof(first) || !rows_duration(dash ? dash + 1 : text, &to))
		return false;
	memcpy(first, text, n);
	from = to;
	if ((dash && !rows_duration(first, &from)) || from < 1 || from > to || to > RETRY_MOST)
		return false;
	*least = (uint32_t)from;
	*most = (uint32_t)to;
	return true;
}

static void mark_check(const struct policy *p, struct compiler *c)
{
	if (p->action == ACTION_MARK && !p->mark)
		compiler_error(c, NULL, "mark", "is 0, and action is \"mark\": say which");
	if (p->mark == OWN_MARK || p->mark == OWN_UNTRACKED)
		compiler_error(c, NULL, "mark", "0x%x is that of packets which sipmoat itself "
			       "sends: choose another", p->mark);
}

void policy_compile(struct policy *p, const struct check *check, struct compiler *c)
{
	phrase_check(p, c);
	code_check(p, check, c);
	mark_check(p, c);
	p->retry_least = p->retry_most = 0;
	if (p->retry_after[0] && !retry_parse(p->retry_after, &p->retry_least, &p->retry_most))
		compiler_error(c, NULL, "retry_after", "\"%s\": write \"30s\", or \"5s-30s\" for "
			       "anything between, of 1s to 1d", p->retry_after);
}

void policy_warn(const struct policy *p, const struct check *check, const struct settings *s,
		 struct compiler *c)
{
	bool decoy = p->action == ACTION_DECOY;

	if (p->mode == MODE_OFF)
		return;
	if (p->mark && !action_passes(p->action) && p->ban)
		conf_report_add(c->report, CONF_WARNING, c->file, c->line, c->group,
				"mark: of whoever is banned nothing is left to be marked: "
				"ban \"0s\"");
	if (p->retry_least && !check->defaults.retry_after && !answer_later(p->code))
		conf_report_add(c->report, CONF_WARNING, c->file, c->line, c->group,
				"retry_after: an answer %u does not say it: code = 503 does",
				p->code);
	if (!decoy && p->action != ACTION_TARPIT)
		return;
	if (s->answers_strangers == STRANGERS_SILENT)
		conf_report_add(c->report, CONF_WARNING, c->file, c->line, c->group,
				"action: strangers get no answer over UDP unless "
				"answers.strangers is \"small\"");
	if (decoy && p->ban && p->ban_after == 1)
		conf_report_add(c->report, CONF_WARNING, c->file, c->line, c->group,
				"action: whoever is banned with his first hit is not deceived: "
				"ban \"0s\", or a larger ban_after");
}

bool ruleset_marks(const struct ruleset *rs, uint32_t mark)
{
	for (unsigned z = 0; z < rs->n_zones; z++)
		for (unsigned i = 0; i < check_count; i++) {
			const struct policy *p = &rs->zone[z].policy[i];

			if (p->mark && p->mode != MODE_OFF && (!mark || p->mark == mark))
				return true;
		}
	return false;
}
