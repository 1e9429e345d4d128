/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text for people out of bytes from strangers.  Printable ASCII passes, all else
 * becomes \xNN and a backslash \\, so that no byte of an attacker reaches a log
 * or a terminal as such; an escape is written whole or not at all.
 */
#include <stdarg.h>

#include "check.h"

struct text {
	char *p;
	size_t room, n;
	bool cut;
};

static void text_put(struct text *t, const char *piece, size_t n)
{
	if (t->cut || t->n + n >= t->room) {
		t->cut = true; /* nothing after a gap: a later short piece would mislead */
		return;
	}
	memcpy(t->p + t->n, piece, n);
	t->n += n;
}

static void text_bytes(struct text *t, struct slice bytes)
{
	static const char hex[] = "0123456789abcdef";

	for (uint32_t i = 0; i < bytes.n && !t->cut; i++) {
		uint8_t c = (uint8_t)bytes.p[i];
		char escape[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

		if (c == '\\')
			text_put(t, "\\\\", 2);
		else if (c < 0x20 || c > 0x7e)
			text_put(t, escape, 4);
		else
			text_put(t, bytes.p + i, 1);
	}
}

static void text_unsigned(struct text *t, unsigned u)
{
	char digit[10];
	size_t n = sizeof(digit);

	do {
		digit[--n] = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	text_put(t, digit + n, sizeof(digit) - n);
}

/* Shows that something is missing, when there is room for the dots. */
static void text_end(struct text *t)
{
	if (t->cut && t->n + 3 < t->room) {
		memcpy(t->p + t->n, "...", 3);
		t->n += 3;
	}
	t->p[t->n] = '\0';
}

static void text_format(struct text *t, const char *fmt, va_list ap)
{
	for (const char *f = fmt; *f; f++) {
		if (*f != '%')
			text_put(t, f, 1);
		else if (*++f == 's')
			text_bytes(t, *va_arg(ap, const struct slice *));
		else if (*f == 'u')
			text_unsigned(t, va_arg(ap, unsigned));
		else if (*f == '%')
			text_put(t, f, 1);
		else
			break; /* not in the contract: what follows cannot be read safely */
	}
}

void evidence_reason(struct evidence *ev, const char *fmt, ...)
{
	struct text t = { .p = ev->reason, .room = sizeof(ev->reason) };
	va_list ap;

	va_start(ap, fmt);
	text_format(&t, fmt, ap);
	va_end(ap);
	text_end(&t);
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
	struct text t = { .p = ev->label, .room = sizeof(ev->label) };

	text_bytes(&t, slice_of(kind));
	text_put(&t, " ", 1);
	text_bytes(&t, name);
	text_end(&t);
	ev->what = what_hash(what_hash(0xcbf29ce484222325u, slice_of(kind)), name);
	ev->what |= !ev->what;
}

void evidence_answer(struct evidence *ev, unsigned status, const char *fmt, ...)
{
	struct text t = { .p = ev->headers, .room = sizeof(ev->headers) };
	va_list ap;

	ev->status = (uint16_t)status;
	va_start(ap, fmt);
	text_format(&t, fmt, ap);
	va_end(ap);
	if (t.n)
		text_put(&t, "\r\n", 2);
	/* rather no line than half of one */
	t.p[t.cut ? 0 : t.n] = '\0';
}

void evidence_bytes(struct evidence *ev, struct slice bytes)
{
	struct text t = { .p = ev->text, .room = sizeof(ev->text) };

	text_bytes(&t, bytes);
	text_end(&t);
}
