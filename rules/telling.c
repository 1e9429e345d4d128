/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "telling.h"

#include <stdio.h>

#include "addr.h"
#include "engine.h"

#define AT(member) offsetof(struct settings, member)

static const char *const formats[] = { "json", "line", NULL };
static const char *const alert_formats[] = { "event", "text", NULL };
static const char *const whats[] = { "refused", "all", NULL };

const char *telling_command_unfit(const char *text)
{
	return *text && *text != '/' ?
		       "must begin with the whole path of the command, \"/...\"" : NULL;
}

static const char *url_unfit(const char *text)
{
	return *text && strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0 ?
		       "must begin with https:// or http://" : NULL;
}

void telling_check(const struct settings *s, struct conf_report *r)
{
	static const char words[] = " banned marked refused deceived dropped cut noticed observed "
				    "approval warning error ";
	const struct conf_list *l = &s->alerts_what;
	char word[32];

	for (unsigned i = 0; i < l->n; i++) {
		const struct conf_item *item = &l->item[i];

		snprintf(word, sizeof(word), " %s ", item->text);
		if (strchr(item->text, ' ') || !strstr(words, word))
			conf_report_add(r, CONF_ERROR, item->file, item->line, "alerts.what",
					"\"%s\" is none of%s", item->text, words);
	}
}

static const char *endpoint_unfit(const char *text)
{
	struct addr a;
	uint16_t port;

	return *text && addr_parse_endpoint(slice_of(text), &a, &port) ?
		       "must be an address and a port, \"192.0.2.9:9060\", \"[2001:db8::9]:9060\"" :
		       NULL;
}

/* What sipmoat-alert reads. */
const struct conf_row alerts_rows[] = {
	{ "command", CONF_TEXT, AT(alerts_command), 0, 0, "", NULL,
	  "is given each alert on its standard input; no shell reads it",
	  .unfit = telling_command_unfit },
	{ "url", CONF_TEXT, AT(alerts_url), 0, 0, "", NULL,
	  "is sent each alert by POST", .unfit = url_unfit },
	{ "what", CONF_LIST, AT(alerts_what), 0, 0, "cut,approval,error", NULL,
	  "which events: what became of it, approval, warning, error; observed, too" },
	{ "format", CONF_WORD, AT(alerts_format), 0, 0, "event", alert_formats,
	  "of what is posted: the event, or { text } for chats" },
	{ "per_minute", CONF_INT, AT(alerts_per_minute), 1, 6000, "10", NULL,
	  "alerts in a minute; those beyond are told together" },
	{ "queue", CONF_INT, AT(alerts_queue), 1, 10000, "200", NULL,
	  "alerts that wait; then the oldest is lost, and counted" },
	{ "timeout", CONF_DURATION, AT(alerts_timeout), 1, 300, "10s", NULL,
	  "that one delivery may take" },
	{ "retries", CONF_INT, AT(alerts_retries), 0, 20, "5", NULL,
	  "how often more it is tried, after 1 s, 2 s, 4 s ..." },
	{ NULL },
};

const struct conf_row events_rows[] = {
	{ "file", CONF_TEXT, AT(events_file), 0, 0, "", NULL,
	  "where events are written; without \"/\": in systemd's StateDirectory; empty: nowhere" },
	{ "format", CONF_WORD, AT(events_format), 0, 0, "json", formats,
	  "of the file and of standard output: a line of JSON, or of words, for each" },
	{ "size", CONF_INT, AT(events_size), 1, 65536, "100", NULL,
	  "MiB until the file becomes FILE.1, FILE.1 becomes FILE.2 ..." },
	{ "keep", CONF_INT, AT(events_keep), 0, 100, "4", NULL, "of which so many are kept" },
	{ "stdout", CONF_BOOL, AT(events_stdout), 0, 0, "false", NULL,
	  "events go to standard output, too" },
	{ "journal", CONF_BOOL, AT(events_journal), 0, 0, "false", NULL,
	  "... and to journald, with fields of their own" },
	{ NULL },
};

const struct conf_row hep_rows[] = {
	{ "server", CONF_TEXT, AT(hep_server), 0, 0, "", NULL,
	  "address and UDP port of HOMER, which is told of packets; empty: nobody is",
	  .unfit = endpoint_unfit },
	{ "what", CONF_WORD, AT(hep_what), 0, 0, "refused", whats,
	  "packets in which a check has found something, or all SIP messages" },
	{ "id", CONF_INT, AT(hep_id), 0, 2147483647, "2001", NULL,
	  "this node's number there (capture id)" },
	{ "node", CONF_TEXT, AT(hep_node), 0, 0, "", NULL,
	  "this node's name there; empty: the name of this host" },
	{ "password", CONF_TEXT, AT(hep_password), 0, 0, "", NULL,
	  "what it must be given by each packet; empty: nothing" },
	{ "rate", CONF_INT, AT(hep_rate), 0, 1000000, "2000", NULL,
	  "packets a second that it is told of at most; 0 = no limit" },
	{ NULL },
};
