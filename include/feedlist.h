/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Feeds: lists of addresses that others keep, in files that somebody else downloads.  Here is
 * how a file is read; nfq/feeds.h watches files and writes them into the kernel's sets.
 *
 * Ownership: feed_read allocates, feed_text_free takes a zeroed text.  Locking: none.
 */
#ifndef SIPMOAT_FEEDLIST_H
#define SIPMOAT_FEEDLIST_H

#include "addr.h"
#include "conf.h"

enum feed_list { FEED_BLOCK, FEED_ALLOW, FEED_LISTS };
enum feed_format {
	FEED_AUTO,
	FEED_PLAIN,     /* one address or prefix a line */
	FEED_APIBAN,    /* {"ipaddress":[...],"ID":...}, or plain */
	FEED_VOIPBL,    /* plain */
	FEED_BLOCKLIST, /* blocklist.de: plain */
	FEED_DROP,      /* {"cidr":...} a line, or plain with "; SBL..." behind */
};

/* One entry of the key feeds. */
struct feed_entry {
	struct conf_item at;
	const char *name, *file;
	uint8_t list, format; /* enum feed_list, feed_format */
};
#define FEED_MAX 32
#define FEED_NAME 32 /* with its NUL */

struct feed_item {
	struct prefix who;
	uint32_t line;
};

/* What was wrong with a line, for people: printable. */
#define FEED_NOTES 3
#define FEED_NOTE 112
struct feed_note {
	uint32_t line;
	char text[FEED_NOTE];
};

struct feed_text {
	struct feed_item *item; /* as written: any order, with duplicates and overlaps */
	size_t n;
	size_t nets;            /* of them that are more than one address */
	uint32_t wrong;         /* lines, or texts of JSON, that are no address */
	uint32_t ignored;       /* addresses that no feed can mean */
	struct feed_note note[FEED_NOTES];
	unsigned notes;         /* of the first that were wrong or ignored */
	size_t room;
};

/*
 * Reads a whole file.  NULL: it is good, as far as can be told from itself; else why it cannot
 * be used, static text, and what was found so far is in *out all the same.
 */
const char *feed_read(struct feed_text *out, const char *bytes, size_t n, enum feed_list list,
		      enum feed_format format);
void feed_text_free(struct feed_text *t);

#endif
