/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a number, in words. */
#include <stdio.h>

#include "check/cost.h"
#include "number.h"
#include "ruleset.h"

#define LINE 512

struct telling {
	void (*say)(void *arg, const char *what, const char *text);
	void *arg;
};

static const char *const kinds[] = {
	[NUMBER_NONE] = "none: there is nobody to call",
	[NUMBER_NAME] = "name: no number",
	[NUMBER_EXTENSION] = "extension: of the house",
	[NUMBER_SERVICE] = "service: a feature code, or too short for a subscriber",
	[NUMBER_EMERGENCY] = "emergency: never refused, limited or counted",
	[NUMBER_WORLD] = "world: E.164",
	[NUMBER_LOCAL] = "local: the dial plan does not say of which country or area",
	[NUMBER_UNPARSABLE] = "unparsable: dialled like a number, and none",
};

/* What was written may be anything: it must not reach a terminal as it is. */
static void tell(const struct telling *t, const char *what, const char *text)
{
	char line[LINE];
	size_t n = 0;

	for (; *text && n < sizeof(line) - 1; text++)
		line[n++] = *text >= ' ' && *text < 127 ? *text : '?';
	line[n] = '\0';
	t->say(t->arg, what, line);
}

static void tell_step(void *arg, const char *line)
{
	tell(arg, "step", line);
}

static void tell_country(const struct telling *t, const struct number *n)
{
	char line[LINE];

	if (!n->country)
		return;
	snprintf(line, sizeof(line), "%s (%s)", number_country(n->country),
		 number_country_name(n->country));
	tell(t, "country", line);
}

static void tell_classes(const struct telling *t, const struct ruleset *rs,
			 const struct number *n)
{
	char line[LINE] = "";
	size_t at = 0;

	for (unsigned i = 0; number_class_name(rs, i) && at < sizeof(line); i++)
		if (n->classes >> i & 1)
			at += (size_t)snprintf(line + at, sizeof(line) - at, "%s%s", at ? ", " : "",
					       number_class_name(rs, i));
	if (at)
		tell(t, "classes", line);
}

void ruleset_number(const struct ruleset *rs, unsigned zone, const char *text,
		    void (*say)(void *arg, const char *what, const char *text), void *arg)
{
	struct telling t = { say, arg };
	char number[NUMBER_TEXT], price[LINE];
	struct number n;

	number_explain(rs, slice_of(text), tell_step, &t, &n);
	tell(&t, "kind", kinds[n.kind]);
	if (number_print(&n, number))
		tell(&t, "number", number);
	tell_country(&t, &n);
	tell_classes(&t, rs, &n);
	if (cost_print(rs, zone, &n, price, sizeof(price)))
		tell(&t, "price", price);
}
