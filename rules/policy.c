/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ruleset.h"

#define WEEK 604800

static const char *const modes[] = { "off", "observe", "enforce", NULL };
static const char *const actions[] = { "alert", "drop", "reject", "approve", NULL };

/* No fallback here: every check brings its own defaults. */
const struct conf_row policy_rows[] = {
	{ .name = "mode", .type = CONF_WORD, .offset = offsetof(struct policy, mode),
	  .words = modes, .help = "off: not run; observe: only told; enforce: acted upon" },
	{ .name = "action", .type = CONF_WORD, .offset = offsetof(struct policy, action),
	  .words = actions, .help = "alert: only told; drop: the packet goes no further; "
			  "reject: and an answer goes back; approve: until somebody approves" },
	{ .name = "code", .type = CONF_INT, .offset = offsetof(struct policy, code),
	  .min = 300, .max = 699, .help = "status of that answer" },
	{ .name = "reason", .type = CONF_TEXT, .offset = offsetof(struct policy, phrase),
	  .help = "and its reason phrase" },
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

void policy_compile(struct policy *p, struct compiler *c)
{
	const char *at = p->phrase;

	while (*at >= ' ' && *at < 127)
		at++;
	if (*at || at == p->phrase || at - p->phrase > PHRASE_MOST)
		compiler_error(c, NULL, "reason", "must be 1 to %d printable ASCII characters",
			       PHRASE_MOST);
}
