/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

void text_put(struct text *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->out + w->n, w->room - w->n, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	for (; n > 0 && w->n < w->room - 1; n--, w->n++)
		if ((unsigned char)w->out[w->n] < ' ' || w->out[w->n] == 0x7f)
			w->out[w->n] = '?'; /* what an escape in the config made */
}

#define SHOWN 6 /* entries of a list, which may have a million */

void text_list(struct text *w, const char *before, const struct conf_list *l)
{
	if (!l->n)
		return;
	text_put(w, "%s", before);
	for (unsigned i = 0; i < l->n && i < SHOWN; i++)
		text_put(w, "%s%.60s", i ? ", " : "", l->item[i].text);
	if (l->n > SHOWN)
		text_put(w, " and %u more", l->n - SHOWN);
}

void text_duration(struct text *w, uint32_t s)
{
	static const struct {
		uint32_t seconds;
		char unit;
	} units[] = { { 604800, 'w' }, { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	unsigned i = 0;

	while (i < 4 && s % units[i].seconds)
		i++;
	text_put(w, "%u%c", s / units[i].seconds, units[i].unit);
}
