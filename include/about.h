/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a judged message says of itself, for people: who, whom, which call, and its first
 * lines.  All of it is what somebody wrote, and proves nothing.
 *
 * Ownership: values, in rings and journals.  Texts are printable ASCII (printable.h), but
 * for excerpt: bytes as they came.  "": the message has none, or was not read.
 */
#ifndef SIPMOAT_ABOUT_H
#define SIPMOAT_ABOUT_H

#include <stdint.h>

#define ABOUT_USER 40
#define ABOUT_TEXT 72
#define ABOUT_EXCERPT 384

struct about {
	char user[ABOUT_USER];     /* who claims to ask: of the credentials, else of From; of a
	                            * REGISTER, of To */
	char from[ABOUT_TEXT], to[ABOUT_TEXT]; /* URIs */
	char call_id[ABOUT_TEXT];
	char agent[ABOUT_TEXT];    /* User-Agent */
	char number[ABOUT_USER];   /* of a running call: whom it is to */
	char country[3];           /* of the outside end, ISO 3166; "" unknown */
	uint16_t excerpt_n;
	char excerpt[ABOUT_EXCERPT]; /* start line and headers, without credentials */
};

#endif
