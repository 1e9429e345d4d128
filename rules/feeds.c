/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which feeds there are, from the config. */
#include "feeds.h"

#include "compiler.h"
#include "named.h"
#include "ruleset.h"

static const char *const lists[] = { [FEED_BLOCK] = "block", [FEED_ALLOW] = "allow", NULL };
static const char *const formats[] = {
	[FEED_AUTO] = "auto", [FEED_PLAIN] = "plain", [FEED_APIBAN] = "apiban",
	[FEED_VOIPBL] = "voipbl", [FEED_BLOCKLIST] = "blocklist.de", [FEED_DROP] = "drop", NULL
};

const struct conf_row feed_rows[] = {
	{ "name", CONF_TEXT, offsetof(struct feed_entry, name), 0, 0, "", NULL,
	  "what messages call it" },
	{ "file", CONF_TEXT, offsetof(struct feed_entry, file), 0, 0, "", NULL,
	  "the whole path of the list; it is read again whenever it changes" },
	{ "list", CONF_WORD, offsetof(struct feed_entry, list), 0, 0, "block", lists,
	  "what becomes of those that are on it" },
	{ "format", CONF_WORD, offsetof(struct feed_entry, format), 0, 0, "auto", formats,
	  "how the file is written; auto: as it looks" },
	{ NULL },
};

static bool named_before(const struct feed_entry *first, const struct feed_entry *e)
{
	for (; first < e; first++)
		if (strcmp(first->name, e->name) == 0)
			return true;
	return false;
}

void feeds_compile(struct ruleset *rs, struct compiler *c)
{
	const struct conf_groups *g = &rs->settings.feeds;
	const struct feed_entry *first = g->entry;

	for (unsigned i = 0; i < g->n; i++) {
		const struct feed_entry *e = &first[i];
		struct compiler at = compiler_of_entry(c, &e->at);

		if (named_check(&at, e->name) && named_before(first, e))
			compiler_error(&at, NULL, "name", "a feed of this name was written before");
		if (e->file[0] != '/')
			compiler_error(&at, NULL, "file",
				       "must begin with the whole path of the list, \"/...\"");
	}
}
