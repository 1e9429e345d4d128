/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for people out of bytes from strangers.  Printable ASCII passes, all else
 * becomes \xNN and a backslash \\, so that no byte of an attacker reaches a log
 * or a terminal as such; an escape is written whole or not at all.
 */
#include <stdarg.h>

#include "check.h"
#include "printable.h"

static void text_unsigned(struct printable *t, unsigned u)
{
	char digit[10];
	size_t n = sizeof(digit);

	do {
		digit[--n] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	printable_put(t, digit + n, sizeof(digit) - n);
}

static void text_format(struct printable *t, const char *fmt, va_list ap)
{
	for (const char *f = fmt; *f; f++) {
		if (*f != '%')
			printable_put(t, f, 1);
		else if (*++f == 's')
			printable_bytes(t, *va_arg(ap, const struct slice *));
		else if (*f == 'u')
			text_unsigned(t, va_arg(ap, unsigned));
		else if (*f == '%')
			printable_put(t, f, 1);
		else
			break; /* not in the contract: what follows cannot be read safely */
	}
}

void evidence_reason(struct evidence *ev, const char *fmt, ...)
{
	struct printable t = { .p = ev->reason, .room = sizeof(ev->reason) };
	va_list ap;

	va_start(ap, fmt);
	text_format(&t, fmt, ap);
	va_end(ap);
	printable_end(&t);
}

static uint64_t what_hash(uint64_t h, struct slice bytes)
{
	/* FNV-1a: these are an operator's own words, and it must outlast a restart */
	for (uint32_t i = 0; i < bytes.n; i++)
		h = (h ^ (uint8_t)bytes.p[i]) * 0x100000001b3u;
	return (h ^ 0x100) * 0x100000001b3u; /* no byte: where one ends the next begins */
}

void evidence_what(struct evidence *ev, const char *kind, struct slice name)
{
	struct printable t = { .p = ev->label, .room = sizeof(ev->label) };

	printable_bytes(&t, slice_of(kind));
	printable_put(&t, " ", 1);
	printable_bytes(&t, name);
	printable_end(&t);
	ev->what = what_hash(what_hash(0xcbf29ce484222325u, slice_of(kind)), name);
	ev->what |= !ev->what;
}

void evidence_answer(struct evidence *ev, unsigned status, const char *fmt, ...)
{
	struct printable t = { .p = ev->headers, .room = sizeof(ev->headers) };
	va_list ap;

	ev->status = (uint16_t)status;
	va_start(ap, fmt);
	text_format(&t, fmt, ap);
	va_end(ap);
	if (t.n)
		printable_put(&t, "\r\n", 2);
	/* rather no line than half of one */
	t.p[t.cut ? 0 : t.n] = '\0';
}

/* Up to the digest, if there is one: whoever has that can guess at the password. */
static struct slice without_digest(struct slice bytes)
{
	const struct slice key = SLICE("response");

	bytes.n = bytes.n < EVIDENCE_TEXT ? bytes.n : EVIDENCE_TEXT; /* no more is shown */
	for (uint32_t i = 0; i < bytes.n; i++) {
		struct slice rest = { bytes.p + i, bytes.n - i };

		if (!slice_istarts(rest, key))
			continue;
		rest = slice_trim((struct slice){ rest.p + key.n, rest.n - key.n });
		if (rest.n && rest.p[0] == '=')
			bytes.n = i;
	}
	return bytes;
}

void evidence_bytes(struct evidence *ev, struct slice bytes)
{
	struct printable t = { .p = ev->text, .room = sizeof(ev->text) };

	printable_bytes(&t, without_digest(bytes));
	printable_end(&t);
}
