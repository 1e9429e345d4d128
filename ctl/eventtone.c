/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eventtone.h"

#include <string.h>

static enum grid_tone level_tone(const char *level)
{
	if (strcmp(level, "error") == 0)
		return TONE_BAD;
	return strcmp(level, "warning") == 0 ? TONE_WARN : TONE_PLAIN;
}

enum grid_tone event_tone(const struct reply *r, int row)
{
	static const struct {
		const char *action;
		enum grid_tone tone;
	} tones[] = {
		{ "banned", TONE_BAD }, { "cut", TONE_BAD }, { "refused", TONE_WARN },
		{ "deceived", TONE_WARN }, { "dropped", TONE_WARN }, { "marked", TONE_WARN },
		{ "noticed", TONE_GOOD }, /* it passed */
	};
	const char *action = reply_text(r, row, "action");

	if (reply_true(r, row, "observed"))
		return TONE_QUIET;
	for (size_t i = 0; i < sizeof(tones) / sizeof(*tones); i++)
		if (strcmp(action, tones[i].action) == 0)
			return tones[i].tone;
	return level_tone(reply_text(r, row, "level"));
}
